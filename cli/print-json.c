/* SPDX-License-Identifier: MIT */
/* JSON on standard output: see print-json.h. */
#include "print-json.h"

#include <stdio.h>

bool cli_print_json(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			      JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		puts(text);
	return text;
}
