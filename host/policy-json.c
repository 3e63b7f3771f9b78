/* SPDX-License-Identifier: MIT */
/* A policy in the reports: see policy-json.h. */
#include "policy-json.h"

#include "json.h"
#include "names.h"

#include <stdio.h>

struct json_object *policy_set_json(uint32_t set, uint64_t mask)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();
	_cleanup_json_ struct json_object *names = json_object_new_array();
	_cleanup_json_ struct json_object *unnamed = json_object_new_array();
	bool any = mask == POLICY_ANY, ok = true;
	char hex[2 + 16 + 1];

	snprintf(hex, sizeof(hex), "0x%jx", (uintmax_t)mask);
	for (uint32_t value = 0; ok && !any && value <= NAMES_MAX_VALUE; value++) {
		const char *name = bpftoken_name(set, value);

		if (!(mask >> value & 1))
			continue;
		ok = name ? json_append(names, json_object_new_string(name))
			  : json_append(unnamed, json_object_new_int((int)value));
	}
	ok = ok && json_add(object, "any", json_object_new_boolean(any)) &&
	     json_add(object, "mask", json_object_new_string(hex)) &&
	     json_add(object, "names", TAKE_PTR(names)) &&
	     json_add(object, "unnamed", TAKE_PTR(unnamed));
	return ok ? TAKE_PTR(object) : NULL;
}
