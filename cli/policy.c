/* SPDX-License-Identifier: MIT */
/* bpftoken policy: convert, show and lint policy texts. No privilege, no system state. */
#include "cli.h"

#include "dialects.h"
#include "error.h"
#include "json.h"
#include "lint.h"
#include "names.h"

#include <stddef.h>
#include <string.h>

#define DIALECT_WORDS "oci json systemd ini lxd incus mount"
#define LXD_PLACEHOLDER "INSTANCE"

/* One struct for all sub-commands; each fills what its rows name. */
struct policy_arguments {
	const char *from, *to, *instance;
	bool json;
};

#define OPTION(member) .offset = offsetof(struct policy_arguments, member)

static int take_dialect(void *member, const struct cli_option *option, const char *value,
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

/* The text of the one operand, read by get, or of standard input when there is none. */
static int read_operand(const struct cli_command *command, int count, char **operands,
			int (*get)(const char *, char **, struct bpftoken_error *),
			char **ret_text)
{
	struct bpftoken_error err;
	int r;

	if (count > 1)
		return cli_usage(command, "more than one policy given");
	r = count ? get(operands[0], ret_text, &err) : host_read_stdin(ret_text, &err);
	return r < 0 ? cli_fail(&err) : CLI_DONE;
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
	return 0;
}

static void print_for_instance(const char *text, const char *instance)
{
	const char *at;

	while (instance && (at = strstr(text, LXD_PLACEHOLDER))) {
		printf("%.*s%s", (int)(at - text), text, instance);
		text = at + strlen(LXD_PLACEHOLDER);
	}
	fputs(text, stdout);
}

static int convert(const struct policy_arguments *options, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *written = NULL;
	struct bpftoken_error err;

	if (host_policy_parse(options->from, text, &policy, NULL, &err) < 0)
		return cli_fail(&err);
	if (policy_require(policy, &err) < 0)
		return cli_fail(&err);
	if (host_policy_format(options->to, policy, &written, &err) < 0 ||
	    check_written(options->to, written, policy, &err) < 0)
		return cli_fail(&err);
	print_for_instance(written, options->instance);
	return CLI_DONE;
}

static int run_convert(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_free_ char *text = NULL;
	int status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (!options.to)
		return cli_usage(command, "no --to DIALECT given");
	if (options.instance && strcmp(options.to, dialect_lxd.name) &&
	    strcmp(options.to, dialect_incus.name))
		return cli_usage(command, "--instance is for --to lxd and --to incus");
	status = read_operand(command, argc - first, argv + first, host_read_file, &text);
	return status ? status : convert(&options, text);
}

/* -------------------------------------------------------------------- show */

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
	return 0;
}

/* {"any": bool, "mask": "0x...", "names": [...], "unnamed": [value...]} */
static struct json_object *set_json(uint32_t set, uint64_t mask)
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

static bool print_json(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);

	if (text)
		puts(text);
	return text;
}

static int show_json(const struct bpftoken_policy *policy)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	bool ok = true;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		ok = ok &&
		     json_add(root, host_keys[set], set_json(set, policy->mask[set]));
	if (policy->memlock == POLICY_UNLIMITED)
		ok = ok && json_add(root, "memlock", json_object_new_string("unlimited"));
	else if (policy->memlock)
		ok = ok &&
		     json_add(root, "memlock", json_object_new_uint64(policy->memlock));
	return ok && print_json(root) ? 0 : -ENOMEM;
}

static int run_show(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;
	int r, status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	status = read_operand(command, argc - first, argv + first, host_argument_text,
			      &text);
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

/* -------------------------------------------------------------------- lint */

struct lint_output {
	struct json_object *findings; /* NULL: lines on standard output */
	int count[LINT_ERROR + 1];
	bool failed;
};

static void take_finding(const struct lint_finding *finding, void *data)
{
	const char *severity = lint_severity_name(finding->severity);
	struct lint_output *out = data;
	struct json_object *object;

	out->count[finding->severity]++;
	if (!out->findings) {
		printf("%s: %s: %s; %s\n", severity, finding->rule, finding->reason,
		       finding->fix);
		return;
	}
	object = json_object_new_object();
	if (!json_add(object, "severity", json_object_new_string(severity)) ||
	    !json_add(object, "rule", json_object_new_string(finding->rule)) ||
	    !json_add(object, "reason", json_object_new_string(finding->reason)) ||
	    !json_add(object, "fix", json_object_new_string(finding->fix)))
		out->failed = true;
	if (!json_append(out->findings, object))
		out->failed = true;
}

static int lint_text(const struct bpftoken_policy *policy, const struct list_notes *notes,
		     struct lint_output *out)
{
	int r = lint_policy(policy, notes, take_finding, out);

	if (r == 0)
		puts("no findings");
	return r;
}

static int lint_json(const struct bpftoken_policy *policy, const struct list_notes *notes,
		     struct lint_output *out)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	int r;

	out->findings = json_object_new_array();
	if (!json_add(root, "findings", out->findings))
		return -ENOMEM;
	r = lint_policy(policy, notes, take_finding, out);
	if (r < 0)
		return r;
	if (out->failed ||
	    !json_add(root, "errors", json_object_new_int(out->count[LINT_ERROR])) ||
	    !json_add(root, "warnings", json_object_new_int(out->count[LINT_WARNING])) ||
	    !json_add(root, "notes", json_object_new_int(out->count[LINT_NOTE])))
		return -ENOMEM;
	return print_json(root) ? 0 : -ENOMEM;
}

static int run_lint(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct list_notes notes = { .count = 0 };
	struct lint_output out = { 0 };
	struct bpftoken_error err;
	int r, status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	status = read_operand(command, argc - first, argv + first, host_read_file, &text);
	if (status)
		return status;
	if (host_policy_parse(options.from, text, &policy, &notes, &err) < 0)
		return cli_fail(&err);
	r = options.json ? lint_json(policy, &notes, &out)
			 : lint_text(policy, &notes, &out);
	if (r < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	return out.count[LINT_ERROR] ? CLI_POLICY : CLI_DONE;
}

/* -------------------------------------------------------------------- rows */

#define OPTION_FROM                                                                   \
	{                                                                             \
		"from", 'f', "DIALECT", "Read this dialect instead of detecting it.", \
			take_dialect, OPTION(from), .complete = DIALECT_WORDS         \
	}
#define OPTION_JSON                                                           \
	{                                                                     \
		"json", 'j', NULL, "Write JSON.", cli_take_flag, OPTION(json) \
	}

static const struct cli_option convert_rows[] = {
	OPTION_FROM,
	{ "to", 't', "DIALECT", "Write this dialect.", take_dialect, OPTION(to),
	  .complete = DIALECT_WORDS },
	{ "instance", 'i', "NAME", "Write the lxd commands for this instance.",
	  take_instance, OPTION(instance) },
	{ 0 },
};

static const struct cli_option show_rows[] = { OPTION_FROM, OPTION_JSON, { 0 } };
static const struct cli_option lint_rows[] = { OPTION_FROM, OPTION_JSON, { 0 } };

static const struct cli_command subcommands[] = {
	{ "policy convert", "[--from DIALECT] --to DIALECT [FILE]",
	  "Write a policy in another dialect", convert_rows, run_convert },
	{ "policy show", "[--from DIALECT] [--json] [FILE|TEXT]",
	  "Show what a policy delegates", show_rows, run_show },
	{ "policy lint", "[--from DIALECT] [--json] [FILE]",
	  "Find what a policy gets wrong", lint_rows, run_lint },
	{ 0 },
};

const struct cli_command cmd_policy = {
	.name = "policy",
	.synopsis = "convert|show|lint [OPTIONS] [FILE]",
	.summary = "Convert, show and check policy texts",
	.run = cli_dispatch,
	.subcommands = subcommands,
};
