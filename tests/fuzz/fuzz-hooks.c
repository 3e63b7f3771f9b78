/* SPDX-License-Identifier: MIT */
/*
 * The hooks.d file that `hook oci --print-config` writes: a letter ('a': for every
 * container), the hook's path, and its arguments, each behind a NUL. What podman and
 * CRI-O read from it is what was given.
 */
#include "fuzz.h"
#include "hook.h"
#include "json.h"

#define ARGS 16

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	fuzz_check(json_object_object_get_ex(object, key, &value));
	return value;
}

static void check_config(const char *text, const char *path, char *const args[],
			 bool always)
{
	struct json_object *root = json_tokener_parse(text), *array;
	struct json_object *when;
	size_t count = 0;

	fuzz_check(json_object_is_type(root, json_type_object));
	fuzz_check(!strcmp(json_object_get_string(member(member(root, "hook"), "path")),
			   path));
	array = member(member(root, "hook"), "args");
	for (; args[count]; count++) {
		const char *arg =
			json_object_get_string(json_object_array_get_idx(array, count));

		fuzz_check(arg && !strcmp(arg, args[count]));
	}
	fuzz_check(json_object_array_length(array) == count);
	when = member(root, "when");
	fuzz_check(json_object_object_length(when) == 1);
	fuzz_check(
		json_object_object_get_ex(when, always ? "always" : "annotations", NULL));
	json_object_put(root);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	char *texts[ARGS + 2] = { NULL };
	struct bpftoken_error err = { .code = 0 };
	_cleanup_free_ char *config = NULL;
	size_t count = 0;

	if (!size)
		return false;
	for (size_t at = 1; count <= ARGS && at <= size; count++) {
		texts[count] = fuzz_text(data + at, size - at);
		at += strlen(texts[count]) + 1;
	}
	fuzz_check(hook_oci_config(texts[0], texts + 1, data[0] == 'a', &config, &err) ==
		   0);
	check_config(config, texts[0], texts + 1, data[0] == 'a');
	while (count)
		free(texts[--count]);
	return true;
}
