/* SPDX-License-Identifier: MIT */
/* bpftoken policy lint: what the rules find, or the policy with what they can fix. */
#include "policy-cli.h"

#include "dialects.h"
#include "error.h"
#include "lint.h"
#include "print-json.h"

struct lint_output {
	struct json_object *findings; /* NULL: lines on stream */
	int count[LINT_ERROR + 1];
	FILE *stream; /* for the lines */
	bool failed;
};

static void take_finding(const struct lint_finding *finding, void *data)
{
	const char *severity = lint_severity_name(finding->severity);
	struct lint_output *out = data;
	struct json_object *object;

	out->count[finding->severity]++;
	if (!out->findings) {
		fprintf(out->stream, "%s: %s: %s; %s\n", severity, finding->rule,
			finding->reason, finding->fix);
		return;
	}
	object = json_object_new_object();
	if (!json_add(object, "severity", json_object_new_string(severity)) ||
	    !json_add(object, "rule", json_object_new_string(finding->rule)) ||
	    !json_add(object, "reason", json_object_new_string(finding->reason)) ||
	    !json_add(object, "fix", json_object_new_string(finding->fix)) ||
	    !json_add(object, "fixable", json_object_new_boolean(finding->fixable)))
		out->failed = true;
	if (!json_append(out->findings, object))
		out->failed = true;
}

static int lint_text(const struct lint_input *input, struct lint_output *out)
{
	int r = lint_policy(input, take_finding, out);

	if (r == 0)
		fputs("no findings\n", out->stream);
	return r;
}

static int lint_json(const struct lint_input *input, struct lint_output *out)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	int r;

	out->findings = json_object_new_array();
	if (!json_add(root, "findings", out->findings))
		return -ENOMEM;
	r = lint_policy(input, take_finding, out);
	if (r < 0)
		return r;
	if (out->failed ||
	    !json_add(root, "errors", json_object_new_int(out->count[LINT_ERROR])) ||
	    !json_add(root, "warnings", json_object_new_int(out->count[LINT_WARNING])) ||
	    !json_add(root, "notes", json_object_new_int(out->count[LINT_NOTE])))
		return -ENOMEM;
	return cli_print_json(root) ? 0 : -ENOMEM;
}

/*
 * The fixed policy on standard output, in the dialect that it had, and on standard error
 * what is left. What the text alone got wrong, such as a number that means two things, no
 * fix can decide: it is still there.
 */
static int lint_fixed(struct lint_input *input, const char *dialect,
		      struct lint_output *out)
{
	struct bpftoken_policy fixed;
	struct list_notes notes = *input->notes;
	int r = lint_fix(input, &fixed), status;

	if (r < 0)
		return r;
	status = policy_write(&fixed, dialect, NULL);
	if (status)
		return status;
	input->policy = &fixed;
	/* written anew, a unit has its companions */
	notes.systemd_lacks = 0;
	input->notes = &notes;
	out->stream = stderr;
	r = lint_policy(input, take_finding, out);
	return r < 0 ? r : 0;
}

int policy_run_lint(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct list_notes notes = { .count = 0 };
	struct lint_output out = { .stream = stdout };
	struct lint_input input = { .notes = &notes };
	struct bpftoken_error err;
	int r, status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (options.fix && options.json)
		return cli_usage(command, "--fix and --json contradict each other");
	status = policy_read_one(command, argc - first, argv + first, &text);
	if (status)
		return status;
	if (host_policy_parse(options.from, text, &policy, &notes, &err) < 0)
		return cli_fail(&err);
	input.policy = policy;
	input.kernel = options.kernel;
	if (options.fix)
		r = lint_fixed(&input,
			       options.from ? options.from : host_dialect_of(text), &out);
	else
		r = options.json ? lint_json(&input, &out) : lint_text(&input, &out);
	if (r < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	if (options.fix && r)
		return r;
	return out.count[LINT_ERROR] ? CLI_POLICY : CLI_DONE;
}
