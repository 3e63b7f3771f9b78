/* SPDX-License-Identifier: MIT */
/* How every command writes JSON for people and programs: one form. */
#ifndef BPFTOKEN_CLI_PRINT_JSON_H
#define BPFTOKEN_CLI_PRINT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>

/* On standard output, indented, with a newline; false: no memory. */
bool cli_print_json(struct json_object *root);

#endif
