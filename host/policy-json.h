/* SPDX-License-Identifier: MIT */
/* How a set of a policy is shown in the JSON of reports, which nothing reads back. */
#ifndef BPFTOKEN_HOST_POLICY_JSON_H
#define BPFTOKEN_HOST_POLICY_JSON_H

#include "policy.h"

#include <json-c/json.h>

/* {"any": bool, "mask": "0x...", "names": [...], "unnamed": [value...]}; NULL: no memory. */
struct json_object *policy_set_json(uint32_t set, uint64_t mask);

#endif
