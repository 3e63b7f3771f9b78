/* SPDX-License-Identifier: MIT */
/* bpftoken learn report, merge, diff, check: what can be done with recordings. */
#include "learn-cli.h"

#include "policy-cli.h"
#include "print-json.h"

#include <string.h>

static int read_files(const struct cli_command *command, int count, char **files,
		      struct learn_recording *recording)
{
	struct bpftoken_error err;

	if (count < 1)
		return cli_usage(command, "no recording given");
	for (int i = 0; i < count; i++)
		if (learn_recording_read(recording, files[i], &err) < 0)
			return cli_fail(&err);
	return CLI_DONE;
}

int learn_run_report(const struct cli_command *command, int argc, char **argv)
{
	struct learn_recording recording = { 0 };
	struct learn_options learn = { 0 };
	int status, first = cli_parse(command, argc, argv, &learn, &status);

	if (first >= 0 && learn.json && learn.to)
		status = cli_usage(command, "--json and --to both want standard output");
	else if (first >= 0)
		status = read_files(command, argc - first, argv + first, &recording);
	if (first >= 0 && !status)
		status = learn_report_on(&recording, NULL, learn.to ? stderr : stdout,
					 &learn);
	learn_recording_done(&recording);
	policy_options_done(&learn.policy);
	return status;
}

int learn_run_merge(const struct cli_command *command, int argc, char **argv)
{
	struct learn_recording recording = { 0 };
	struct learn_options learn = { 0 };
	int status, first = cli_parse(command, argc, argv, &learn, &status);

	if (first < 0)
		return status;
	status = read_files(command, argc - first, argv + first, &recording);
	if (!status)
		status = learn_write_recording(&recording, learn.output);
	learn_recording_done(&recording);
	return status;
}

/* -------------------------------------------------------------------- diff */

static bool has_item(const struct learn_summary *summary, const struct learn_item *item)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->items[i].set == item->set &&
		    summary->items[i].value == item->value)
			return true;
	return false;
}

static int print_missing(char sign, const struct learn_summary *of,
			 const struct learn_summary *in)
{
	_cleanup_text_ struct text out = { 0 };

	for (size_t i = 0; i < of->count; i++) {
		const struct learn_item *item = &of->items[i];

		if (has_item(in, item))
			continue;
		text_add(&out, "%c ", sign);
		learn_add_item(&out, item->set, item->value);
		text_add(&out, "  (%s) ", learn_verdict_name(item->verdict));
		learn_add_evidence(&out, item->run, item->evidence);
		text_add(&out, "\n");
	}
	if (out.failed)
		return learn_out_of_memory();
	fputs(out.data ? out.data : "", stdout);
	return CLI_DONE;
}

static struct json_object *missing_json(const struct learn_summary *of,
					const struct learn_summary *in)
{
	const struct learn_report report = { .summary = of };
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < of->count; i++)
		if (!has_item(in, &of->items[i]) &&
		    !json_append(list, learn_item_json(&report, &of->items[i])))
			return NULL;
	return TAKE_PTR(list);
}

static int print_difference(const struct learn_summary summaries[2], bool json)
{
	_cleanup_json_ struct json_object *root = NULL;
	int status;

	if (!json) {
		status = print_missing('+', &summaries[1], &summaries[0]);
		return status ? status : print_missing('-', &summaries[0], &summaries[1]);
	}
	root = json_object_new_object();
	if (json_add(root, "more", missing_json(&summaries[1], &summaries[0])) &&
	    json_add(root, "less", missing_json(&summaries[0], &summaries[1])) &&
	    cli_print_json(root))
		return CLI_DONE;
	return learn_out_of_memory();
}

int learn_run_diff(const struct cli_command *command, int argc, char **argv)
{
	struct learn_recording recordings[2] = { 0 };
	struct learn_summary summaries[2] = { 0 };
	struct learn_options learn = { 0 };
	int status, first = cli_parse(command, argc, argv, &learn, &status);

	if (first < 0)
		return status;
	if (argc - first != 2)
		return cli_usage(command, "two recordings are needed");
	status = CLI_DONE;
	for (int i = 0; i < 2 && !status; i++) {
		status = read_files(command, 1, argv + first + i, &recordings[i]);
		if (!status && learn_summarize(&recordings[i], &summaries[i]) < 0)
			status = learn_out_of_memory();
	}
	if (!status)
		status = print_difference(summaries, learn.json);
	for (int i = 0; i < 2; i++) {
		learn_summary_done(&summaries[i]);
		learn_recording_done(&recordings[i]);
	}
	return status;
}

/* ------------------------------------------------------------------- check */

/* What has had its line: values that calls and that probes lack. */
struct shown {
	uint64_t mask[2][BPFTOKEN_SETS];
};

/* The line of a call that the policy refuses; what is only tried is a note. */
static bool check_call(const struct bpftoken_policy *policy, const struct learn_run *run,
		       const struct learn_call *call, struct shown *shown)
{
	bool probe = learn_is_probe(call), covered = true, fresh = false;
	_cleanup_text_ struct text line = { 0 };
	struct learn_value values[3];
	size_t count = learn_call_values(call, values);

	/* What fails by itself fails under any policy. */
	if (call->result < 0 && call->result != -EPERM)
		return true;
	for (size_t i = 0; i < count; i++) {
		uint64_t bit;

		if (bpftoken_policy_has(policy, values[i].set, values[i].value) > 0)
			continue;
		text_add(&line, "%s", covered ? "" : ", ");
		learn_add_item(&line, values[i].set, values[i].value);
		covered = false;
		bit = values[i].value < 64 ? 1ULL << values[i].value : 0;
		fresh |= !(shown->mask[probe][values[i].set] & bit);
		shown->mask[probe][values[i].set] |= bit;
	}
	if (covered || !fresh)
		return covered || probe;
	text_add(&line, ": ");
	learn_add_evidence(&line, run, call);
	printf("%s: lacks %s\n", probe ? "probe" : "denied",
	       line.failed ? "out of memory" : line.data);
	return probe;
}

static int check_recording(const struct learn_recording *recording,
			   const struct bpftoken_policy *policy)
{
	struct shown shown = { 0 };
	unsigned int calls = 0, denied = 0;
	int status = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct learn_run *run = &recording->runs[i];

		for (size_t n = 0; n < run->count; n++) {
			calls += learn_is_delegable(&run->calls[n]);
			denied += !check_call(policy, run, &run->calls[n], &shown);
		}
		status |= run->status;
	}
	printf("%u calls that a policy decides, %u would be denied\n", calls, denied);
	if (denied)
		return CLI_POLICY;
	if (status) {
		cli_note(
			"the program ended with status %d: what it does when it succeeds "
			"is not known",
			status);
		return CLI_FAILED;
	}
	return CLI_DONE;
}

int learn_run_check(const struct cli_command *command, int argc, char **argv)
{
	/* The program's output must not look like ours. */
	struct learn_options learn = { .json = true };
	struct learn_recording recording = { 0 };
	struct bpftoken_error err;
	int status, first = cli_parse(command, argc, argv, &learn, &status);

	if (first < 0)
		goto out;
	if (!learn.policy.policy)
		status = cli_usage(command, "no policy given");
	else if (strcmp(argv[first - 1], "--") != 0)
		status = read_files(command, argc - first, argv + first, &recording);
	else if (!argv[first])
		status = cli_usage(command, "no PROGRAM given");
	else
		status = learn_record(&learn, argv + first, &recording, &err) < 0
				 ? cli_fail_program(&err)
				 : CLI_DONE;
	if (!status)
		status = check_recording(&recording, learn.policy.policy);
out:
	learn_recording_done(&recording);
	policy_options_done(&learn.policy);
	return status;
}
