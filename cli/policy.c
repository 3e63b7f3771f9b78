/* SPDX-License-Identifier: MIT */
/*
 * bpftoken policy: what can be done with policy texts. No privilege, no system state. This
 * file has the rows, what the sub-commands share, and convert.
 */
#include "policy-cli.h"

#include "dialects.h"
#include "error.h"
#include "lint.h"
#include "names.h"
#include "settings.h"

#include <stddef.h>
#include <string.h>

#define OPTION(member) .offset = offsetof(struct policy_arguments, member)

int policy_take_dialect(void *member, const struct cli_option *option, const char *value,
			struct bpftoken_error *err)
{
	_cleanup_text_ struct text known = { 0 };
	struct nearest nearest;

	nearest_init(&nearest, value, strlen(value));
	for (size_t i = 0; host_dialects[i]; i++) {
		if (!strcmp(value, host_dialects[i]->name)) {
			*(const char **)member = value;
			return 0;
		}
		nearest_offer(&nearest, host_dialects[i]->name);
		text_add(&known, "%s%s", i ? ", " : "", host_dialects[i]->name);
	}
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL, "unknown dialect \"%s\"%s%s",
		  text_quote(value, strlen(value)).text,
		  nearest.best ? "; nearest is " : "", nearest.best ? nearest.best : "");
	err_kind(err, BPFTOKEN_KIND_USAGE);
	err_what(err, "cannot use --%s", option->name);
	err_fix(err, "name one of %s", known.failed ? DIALECT_WORDS : known.data);
	return -EINVAL;
}

/* LXD's own rule for names; it also keeps the commands that we print harmless. */
static bool is_instance_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] = "0123456789-";
	size_t len = strlen(name), i = 0;

	while (i < len && (strchr(letters, name[i]) || strchr(others, name[i])))
		i++;
	return len && len < 64 && i == len && strchr(letters, name[0]) &&
	       name[len - 1] != '-';
}

static int take_instance(void *member, const struct cli_option *option, const char *value,
			 struct bpftoken_error *err)
{
	if (is_instance_name(value)) {
		*(const char **)member = value;
		return 0;
	}
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL, "\"%s\" is no name of an instance",
		  text_quote(value, strlen(value)).text);
	err_kind(err, BPFTOKEN_KIND_USAGE);
	err_what(err, "cannot use --%s", option->name);
	err_fix(err, "use at most 63 letters, digits and '-', a letter first");
	return -EINVAL;
}

static int take_kernel(void *member, const struct cli_option *option, const char *value,
		       struct bpftoken_error *err)
{
	if (!lint_parse_kernel(value, member))
		return 0;
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL, "\"%s\" is no kernel version",
		  text_quote(value, strlen(value)).text);
	err_kind(err, BPFTOKEN_KIND_USAGE);
	err_what(err, "cannot use --%s", option->name);
	err_fix(err, "write it as uname -r does, such as 6.12");
	return -EINVAL;
}

int policy_read(const char *operand, char **ret_text)
{
	struct bpftoken_error err;
	int r = strcmp(operand, "-") ? host_argument_text(operand, ret_text, &err)
				     : host_read_stdin(ret_text, &err);

	return r < 0 ? cli_fail(&err) : CLI_DONE;
}

int policy_read_one(const struct cli_command *command, int count, char **operands,
		    char **ret_text)
{
	if (count > 1)
		return cli_usage(command, "more than one policy given");
	return policy_read(count ? operands[0] : "-", ret_text);
}

/* ----------------------------------------------------------------- convert */

/* What was written, read again: nothing of the delegation may be lost on the way. */
static int check_written(const char *dialect, const char *text,
			 const struct bpftoken_policy *policy, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *again = NULL;
	int r = host_policy_parse(dialect, text, &again, NULL, err);

	if (r < 0)
		return r;
	if (!bpftoken_policy_equal(policy, again)) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
			  "the dialect %s reads back as something else", dialect);
		err_kind(err, BPFTOKEN_KIND_FAILED);
		err_what(err, "cannot write the policy");
		err_fix(err, "use another dialect and report this");
		return -EINVAL;
	}
	if (policy->memlock != again->memlock)
		cli_note("the dialect %s has no place for the memory limit (memlock)",
			 dialect);
	if (strcmp(policy->target, again->target))
		cli_note("the dialect %s has no place for the target %s", dialect,
			 policy->target);
	return 0;
}

static void print_for_instance(const char *text, const char *instance)
{
	const char *at;

	while (instance && (at = strstr(text, SETTINGS_INSTANCE))) {
		printf("%.*s%s", (int)(at - text), text, instance);
		text = at + strlen(SETTINGS_INSTANCE);
	}
	fputs(text, stdout);
}

/* The text of a policy in JSON, with another member. */
static int add_provenance(char **text, struct json_object *provenance,
			  struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *root = json_tokener_parse(*text);
	_cleanup_text_ struct text out = { 0 };
	const char *added = NULL;

	if (json_add(root, "provenance", json_object_get(provenance)))
		added = json_object_to_json_string_ext(
			root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
	if (added)
		text_add(&out, "%s\n", added);
	free(TAKE_PTR(*text));
	return !added || text_take(&out, text) < 0 ? err_oom(err) : 0;
}

static int write_policy(const struct bpftoken_policy *policy, const char *dialect,
			const char *instance, struct json_object *provenance)
{
	_cleanup_free_ char *written = NULL;
	struct bpftoken_error err;
	int r = policy_require(policy, &err);

	if (r == 0)
		r = host_policy_format(dialect, policy, &written, &err);
	if (r == 0 && provenance && !strcmp(dialect, dialect_json.name))
		r = add_provenance(&written, provenance, &err);
	if (r == 0)
		r = check_written(dialect, written, policy, &err);
	if (r < 0)
		return cli_fail(&err);
	print_for_instance(written, instance);
	return CLI_DONE;
}

int policy_write(const struct bpftoken_policy *policy, const char *dialect,
		 const char *instance)
{
	return write_policy(policy, dialect, instance, NULL);
}

int policy_write_found(const struct bpftoken_policy *policy, const char *dialect,
		       struct json_object *provenance)
{
	_cleanup_json_ struct json_object *taken = provenance;
	struct bpftoken_error err;

	if (taken)
		return write_policy(policy, dialect, NULL, taken);
	err_oom(&err);
	return cli_fail(&err);
}

int policy_check_instance(const struct cli_command *command,
			  const struct policy_arguments *options)
{
	if (!options->instance || !strcmp(options->to, dialect_lxd.name) ||
	    !strcmp(options->to, dialect_incus.name))
		return CLI_DONE;
	return cli_usage(command, "--instance is for the dialects lxd and incus");
}

static int run_convert(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;
	int status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (!options.to)
		return cli_usage(command, "no --to DIALECT given");
	status = policy_check_instance(command, &options);
	if (!status)
		status = policy_read_one(command, argc - first, argv + first, &text);
	if (status)
		return status;
	if (host_policy_parse(options.from, text, &policy, NULL, &err) < 0)
		return cli_fail(&err);
	return policy_write(policy, options.to, options.instance);
}

/* -------------------------------------------------------------------- rows */

#define OPTION_FROM                                                                   \
	{                                                                             \
		"from", 'f', "DIALECT", "Read this dialect instead of detecting it.", \
			policy_take_dialect, OPTION(from), .complete = "dialect"      \
	}
#define OPTION_TO                                                                 \
	{                                                                         \
		"to", 't', "DIALECT", "Write this dialect.", policy_take_dialect, \
			OPTION(to), .complete = "dialect"                         \
	}
#define OPTION_INSTANCE                                                       \
	{                                                                     \
		"instance", 'i', "NAME",                                      \
			"Write the lxd or incus commands for this instance.", \
			take_instance, OPTION(instance)                       \
	}
#define OPTION_JSON                                                           \
	{                                                                     \
		"json", 'j', NULL, "Write JSON.", cli_take_flag, OPTION(json) \
	}

static const struct cli_option convert_rows[] = {
	OPTION_FROM,
	OPTION_TO,
	OPTION_INSTANCE,
	{ 0 },
};

static const struct cli_option show_rows[] = {
	OPTION_FROM,
	OPTION_JSON,
	{ "presets", 0, NULL, "List the presets instead.", cli_take_flag,
	  OPTION(presets) },
	{ 0 },
};

static const struct cli_option lint_rows[] = {
	OPTION_FROM,
	OPTION_JSON,
	{ "fix", 0, NULL, "Write the policy with the fixes that are certain.",
	  cli_take_flag, OPTION(fix) },
	{ "kernel", 'k', "VERSION", "Also find what this kernel does not have.",
	  take_kernel, OPTION(kernel) },
	{ 0 },
};

static const struct cli_option diff_rows[] = { OPTION_FROM, OPTION_JSON, { 0 } };

static const struct cli_option merge_rows[] = {
	OPTION_FROM,
	OPTION_TO,
	OPTION_INSTANCE,
	{ 0 },
};

static const struct cli_command subcommands[] = {
	{ "policy convert", "[--from DIALECT] --to DIALECT [FILE|@PRESET|TEXT]",
	  "Write a policy in another dialect", convert_rows, run_convert,
	  .operands = "policy" },
	{ "policy show", "[--from DIALECT] [--json] [FILE|@PRESET|TEXT] | --presets",
	  "Show what a policy delegates", show_rows, policy_run_show,
	  .operands = "policy" },
	{ "policy lint",
	  "[--from DIALECT] [--kernel VERSION] [--json|--fix] [FILE|@PRESET|TEXT]",
	  "Find what a policy gets wrong", lint_rows, policy_run_lint,
	  .operands = "policy" },
	{ "policy diff", "[--from DIALECT] [--json] A B",
	  "Show what B delegates more (+) and less (-) than A", diff_rows,
	  policy_run_diff, .operands = "policy" },
	{ "policy merge", "[--from DIALECT] [--to DIALECT] A B...",
	  "Write one policy that delegates all that these do", merge_rows,
	  policy_run_merge, .operands = "policy" },
	{ 0 },
};

const struct cli_command cmd_policy = {
	.name = "policy",
	.synopsis = "convert|show|lint|diff|merge [OPTIONS] [FILE|@PRESET|TEXT]",
	.summary = "Convert, show, check and compare policy texts",
	.run = cli_dispatch,
	.subcommands = subcommands,
};
