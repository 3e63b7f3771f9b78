/* SPDX-License-Identifier: MIT */
/* json-c in this project's terms: cleanup on scope exit, and additions that take. */
#ifndef BPFTOKEN_HOST_JSON_H
#define BPFTOKEN_HOST_JSON_H

#include "util.h"

#include <json-c/json.h>
#include <stdbool.h>

static inline void json_putp(struct json_object **object)
{
	json_object_put(*object);
}

#define _cleanup_json_ _cleanup_(json_putp)

/* Both take the value in any case; false: no memory, for the value or its place. */
static inline bool json_add(struct json_object *object, const char *key,
			    struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static inline bool json_append(struct json_object *array, struct json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* Why a text is not JSON, and how many bytes before are. */
struct json_wrong {
	const char *why;
	size_t at;
};

/*
 * Reads a whole text strictly: the standard's JSON alone (but for keys in single quotes,
 * which json-c takes), in UTF-8, nested at most so deep. 0, -ENOMEM, or -EINVAL and
 * *ret_wrong.
 */
int json_read(const char *text, size_t len, int max_depth, struct json_object **ret_root,
	      struct json_wrong *ret_wrong);

#endif
