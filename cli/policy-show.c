/* SPDX-License-Identifier: MIT */
/* bpftoken policy show: a policy for people or as JSON, and the list of presets. */
#include "policy-cli.h"

#include "dialects.h"
#include "error.h"
#include "names.h"
#include "policy-json.h"
#include "presets.h"
#include "print-json.h"

#include <string.h>

static int show_text(const struct bpftoken_policy *policy)
{
	const int column = 15;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		_cleanup_text_ struct text names = { 0 }, out = { 0 };
		_cleanup_text_ struct text title = { 0 };

		text_add(&title, "%ss", names_set_noun(set));
		list_format(&names, set, policy->mask[set], " ");
		if (title.failed || names.failed)
			return -ENOMEM;
		host_add_words(&out, names.data ? names.data : "none", (size_t)column);
		if (out.failed)
			return -ENOMEM;
		printf("%-*s%s\n", column, title.data, out.data);
	}
	if (policy->memlock == POLICY_UNLIMITED)
		printf("%-*sunlimited\n", column, "memlock");
	else if (policy->memlock)
		printf("%-*s%ju bytes\n", column, "memlock", (uintmax_t)policy->memlock);
	if (policy->target[0])
		printf("%-*s%s\n", column, "target", policy->target);
	return 0;
}

static int show_json(const struct bpftoken_policy *policy)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	bool ok = true;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		ok = ok && json_add(root, host_keys[set],
				    policy_set_json(set, policy->mask[set]));
	if (policy->memlock == POLICY_UNLIMITED)
		ok = ok && json_add(root, "memlock", json_object_new_string("unlimited"));
	else if (policy->memlock)
		ok = ok &&
		     json_add(root, "memlock", json_object_new_uint64(policy->memlock));
	if (policy->target[0])
		ok = ok &&
		     json_add(root, "target", json_object_new_string(policy->target));
	return ok && cli_print_json(root) ? 0 : -ENOMEM;
}

static void list_text(void)
{
	for (const struct preset *preset = presets; preset->name; preset++)
		printf("@%-16s  %s\n", preset->name, preset->what);
}

static struct json_object *preset_json(const struct preset *preset)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();

	if (!json_add(object, "name", json_object_new_string(preset->name)) ||
	    !json_add(object, "what", json_object_new_string(preset->what)) ||
	    !json_add(object, "capabilities", json_object_new_string(preset->caps)))
		return NULL;
	return TAKE_PTR(object);
}

static int list_json(void)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!json_add(root, "presets", list))
		return -ENOMEM;
	for (const struct preset *preset = presets; preset->name; preset++)
		if (!json_append(list, preset_json(preset)))
			return -ENOMEM;
	return cli_print_json(root) ? 0 : -ENOMEM;
}

static int list_presets(const struct cli_command *command, bool json, int operands)
{
	struct bpftoken_error err;

	if (operands)
		return cli_usage(command, "--presets and a policy given");
	if (json && list_json() < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	if (!json)
		list_text();
	return CLI_DONE;
}

int policy_run_show(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;
	int r, status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (options.presets)
		return list_presets(command, options.json, argc - first);
	status = policy_read_one(command, argc - first, argv + first, &text);
	if (status)
		return status;
	if (host_policy_parse(options.from, text, &policy, NULL, &err) < 0)
		return cli_fail(&err);
	r = options.json ? show_json(policy) : show_text(policy);
	if (r < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	return CLI_DONE;
}
