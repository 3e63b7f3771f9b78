/* SPDX-License-Identifier: MIT */
/*
 * JSON texts whose errors need positions: json-c reads them and keeps none, so that they
 * are looked up in the text, which is known to be JSON by then.
 */
#ifndef BPFTOKEN_HOST_JSON_TEXT_H
#define BPFTOKEN_HOST_JSON_TEXT_H

#include "policy.h"

#include <json-c/json.h>

/* Reads a whole text, strictly, or raises an error with a position. */
int json_text_read(struct span text, int max_depth, struct json_object **ret_root,
		   struct bpftoken_error *err);

/* Length of the string that begins the text, quotes included. */
size_t json_text_string(struct span text);

/* A string without its quotes. */
struct span json_text_inside(struct span text);

/*
 * The members of an object, one by one: *rest begins as the text from its '{' on. False
 * behind the last. The key is without quotes, the value as it stands.
 */
bool json_text_next(struct span *rest, struct span *ret_key, struct span *ret_value);

#endif
