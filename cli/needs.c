/* SPDX-License-Identifier: MIT */
/* bpftoken needs: the delegation that BPF objects need, from the objects alone. */
#include "needs.h"

#include "dialects.h"
#include "needs-report.h"
#include "policy-cli.h"
#include "policy-options.h"
#include "print-json.h"

#include <string.h>

struct needs_arguments {
	const char *to;
	struct policy_options covers;
	struct needs_opts opts;
	bool json;
};

static int take_libbpf(void *member, const struct cli_option *option, const char *value,
		       struct bpftoken_error *err)
{
	struct needs_opts *opts = member;

	opts->no_libbpf = !strcmp(value, "none");
	if (opts->no_libbpf || !needs_parse_libbpf(value, &opts->libbpf))
		return 0;
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL, "\"%s\" is no version of libbpf",
		  text_quote(value, strlen(value)).text);
	err_kind(err, BPFTOKEN_KIND_USAGE);
	err_what(err, "cannot use --%s", option->name);
	err_fix(err, "write it as 1.4, or none");
	return -EINVAL;
}

/* ------------------------------------------------------------------- output */

/* Whether it covers what is needed: the missing items, and one line that sums them up. */
static int report_missing(const struct needs *needs,
			  const struct bpftoken_policy *missing, bool json)
{
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;
	int r = bpftoken_policy_format(missing, "mount", &text, &err);

	if (r < 0)
		return cli_fail(&err);
	if (!json)
		needs_report_missing(stdout, needs, missing);
	fflush(stdout);
	text[strcspn(text, "\n")] = '\0';
	err_raise(&err, BPFTOKEN_STAGE_POLICY, -EPERM,
		  "something that is needed is not delegated");
	err_what(&err, "the policy does not suffice");
	err_fix(&err, "add %s", text);
	return cli_fail(&err);
}

static int covers(const struct needs *needs, const struct bpftoken_policy *given,
		  bool json)
{
	_cleanup_policy_ struct bpftoken_policy *missing = NULL;
	_cleanup_json_ struct json_object *root = NULL;
	struct bpftoken_policy wanted;
	struct bpftoken_error err;
	int r;

	needs_policy(needs, &wanted);
	r = bpftoken_policy_covers(given, &wanted, &missing);
	if (json && r >= 0) {
		root = needs_report_json(needs, missing);
		if (!root || !cli_print_json(root))
			r = -ENOMEM;
	}
	if (r < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	if (!r)
		return report_missing(needs, missing, json);
	if (!json)
		puts("the policy suffices");
	return CLI_DONE;
}

static int report_json(const struct needs *needs)
{
	_cleanup_json_ struct json_object *root = needs_report_json(needs, NULL);
	struct bpftoken_error err;

	if (root && cli_print_json(root))
		return CLI_DONE;
	err_oom(&err);
	return cli_fail(&err);
}

/* With --to, standard output is the policy alone. */
static int report(const struct needs *needs, const char *dialect, char **paths)
{
	struct bpftoken_policy policy;
	struct bpftoken_error err;

	needs_policy(needs, &policy);
	if (needs_report_text(dialect ? stderr : stdout, needs) < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	if (!dialect)
		putchar('\n');
	return policy_write_found(&policy, dialect ? dialect : "mount",
				  needs_provenance(needs, paths));
}

/* ---------------------------------------------------------------------- run */

static int add_all(struct needs *needs, int count, char **paths)
{
	struct bpftoken_error err;
	int r = 0;

	for (int i = 0; i < count && r >= 0; i++)
		r = needs_add_file(needs, paths[i], &err);
	if (r >= 0)
		r = needs_finish(needs, &err);
	return r < 0 ? cli_fail(&err) : CLI_DONE;
}

static int run_with(const struct cli_command *command, struct needs_arguments *arguments,
		    int count, char **paths)
{
	_cleanup_needs_ struct needs needs = { 0 };
	int status;

	if (!count)
		return cli_usage(command, "no object given");
	if (!!arguments->to + arguments->json > 1 ||
	    (arguments->to && arguments->covers.policy))
		return cli_usage(command, "--to goes with neither --json nor --covers");
	needs.opts = arguments->opts;
	needs.opts.several = count > 1;
	status = add_all(&needs, count, paths);
	if (status)
		return status;
	if (arguments->covers.policy)
		return covers(&needs, arguments->covers.policy, arguments->json);
	return arguments->json ? report_json(&needs)
			       : report(&needs, arguments->to, paths);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct needs_arguments arguments = { 0 };
	int status, first = cli_parse(command, argc, argv, &arguments, &status);

	if (first >= 0)
		status = run_with(command, &arguments, argc - first, argv + first);
	policy_options_done(&arguments.covers);
	return status;
}

#define OPTION(member) offsetof(struct needs_arguments, member)

static const struct cli_option rows[] = {
	{ "to", 't', "DIALECT", "Write the policy alone, in this dialect.",
	  policy_take_dialect, OPTION(to), .complete = "dialect" },
	{ "covers", 'c', "POLICY", "Ask whether this policy is enough; repeatable.",
	  policy_options_take_text, OPTION(covers), .complete = "file" },
	{ "libbpf", 'l', "VERSION", "What loads the objects: 1.4, or none.", take_libbpf,
	  OPTION(opts) },
	{ "optional", 0, NULL, "Count programs that load only when told to.",
	  cli_take_flag, OPTION(opts.optional) },
	{ "json", 'j', NULL, "Write JSON.", cli_take_flag, OPTION(json) },
	{ 0 },
};

const struct cli_command cmd_needs = {
	.name = "needs",
	.synopsis = "[--to DIALECT|--json] [--covers POLICY] [--libbpf VERSION|none] "
		    "OBJECT.o|PROGRAM...",
	.summary = "Find what BPF objects need delegated, from the objects alone",
	.options = rows,
	.run = run,
};
