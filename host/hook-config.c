/* SPDX-License-Identifier: MIT */
/*
 * The hooks.d file with which podman and CRI-O learn of the hook.
 *
 * Source: oci-hooks(5) of containers/common, version 1.0.0.
 */
#include "hook.h"

#include "error.h"
#include "json.h"

#include <string.h>

static struct json_object *args_of(char *const args[])
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && args[i]; i++)
		if (!json_append(array, json_object_new_string(args[i]))) {
			json_object_put(array);
			return NULL;
		}
	return array;
}

/* One pattern: podman and CRI-O want every pattern to match some annotation. */
static struct json_object *when_of(bool always)
{
	_cleanup_json_ struct json_object *when = json_object_new_object();
	_cleanup_json_ struct json_object *keys = NULL;

	if (always)
		return json_add(when, "always", json_object_new_boolean(true))
			       ? TAKE_PTR(when)
			       : NULL;
	keys = json_object_new_object();
	if (!json_add(keys, "^bpftoken\\.", json_object_new_string(".*")) ||
	    !json_add(when, "annotations", TAKE_PTR(keys)))
		return NULL;
	return TAKE_PTR(when);
}

int hook_oci_config(const char *path, char *const args[], bool always, char **ret_text,
		    struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *config = json_object_new_object();
	_cleanup_json_ struct json_object *hook = json_object_new_object();
	_cleanup_json_ struct json_object *stages = json_object_new_array();
	const char *text;

	if (!json_add(hook, "path", json_object_new_string(path)) ||
	    !json_add(hook, "args", args_of(args)) ||
	    !json_append(stages, json_object_new_string("createRuntime")) ||
	    !json_add(config, "version", json_object_new_string("1.0.0")) ||
	    !json_add(config, "hook", TAKE_PTR(hook)) ||
	    !json_add(config, "when", when_of(always)) ||
	    !json_add(config, "stages", TAKE_PTR(stages)))
		return err_oom(err);
	text = json_object_to_json_string_ext(
		config, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				JSON_C_TO_STRING_NOSLASHESCAPE);
	*ret_text = text ? strdup(text) : NULL;
	return *ret_text ? 0 : err_oom(err);
}
