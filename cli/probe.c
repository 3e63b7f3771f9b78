/* SPDX-License-Identifier: MIT */
/*
 * bpftoken probe: what works here, and if not, why. Nothing is taken from a version
 * number: each answer is a call of the kernel, made and undone.
 */
#include "probe-report.h"

#include "answers.h"
#include "bpffs.h"
#include "error.h"
#include "policy.h"
#include "token-option.h"

#include <string.h>
#include <unistd.h>

struct probe_options {
	const char *token;
	bool json, macros, diff, full;
};

#define OPTION(member) .offset = offsetof(struct probe_options, member)

static const struct cli_option options[] = {
	{ "token", 't', "PATH", "Use the token of this bpffs; none: use no token.",
	  cli_take_string, OPTION(token), .complete = "dir" },
	{ "full", 0, NULL, "Ask what leaves a warning in the kernel's log, too.",
	  cli_take_flag, OPTION(full) },
	{ "json", 'j', NULL, "Write JSON.", cli_take_flag, OPTION(json) },
	{ "macros", 'm', NULL, "Write a C header of HAVE_... macros.", cli_take_flag,
	  OPTION(macros) },
	{ "diff", 'd', NULL, "Compare two reports of --json: A.json B.json.",
	  cli_take_flag, OPTION(diff) },
	{ 0 },
};

bool probe_colours(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && term &&
	       strcmp(term, "dumb") != 0;
}

/* On the host there is no token to find: one is used only where it is asked for. */
static int open_token(const char *arg, int *ret_fd, struct bpftoken_error *err)
{
	if (!cli_token_origin(arg) && bpffs_in_initial_userns(0) > 0) {
		*ret_fd = -1;
		return 0;
	}
	return cli_open_token(arg, ret_fd, err);
}

/* Of items asked by name: that of the first that does not work. */
static int items_status(const struct probe_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].answer != BPFTOKEN_WORKS)
			return answer_status(list->items[i].answer);
	return CLI_DONE;
}

static int print(const struct probe_options *probe, const struct probe_report *report)
{
	if (probe->json)
		return probe_print_json(report);
	return probe->macros ? probe_print_macros(report) : probe_print_text(report);
}

/* Asks what was selected and shows it; items: only single items were named. */
static int ask_and_print(const struct probe_options *probe, struct probe_report *report,
			 bool items)
{
	_cleanup_policy_ struct bpftoken_policy *permits = NULL;
	_cleanup_close_ int token_fd = -EBADF;
	struct bpftoken_error err = { 0 };

	if (open_token(probe->token, &token_fd, &err) < 0)
		return cli_fail(&err);
	if (token_fd < 0 && err.code) {
		(void)bpftoken_explain(&err);
		report->no_token = &err;
	}
	report->token_fd = token_fd < 0 ? -1 : token_fd;
	if (token_fd >= 0 && bpftoken_info(token_fd, &permits, &err) < 0)
		return cli_fail(&err);
	report->permits = permits;
	report->full = probe->full || items;
	report->counts_only = !probe->json && report->list.count > 1;
	if (probe_ask_all(report) < 0 || print(probe, report) < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	return items ? items_status(&report->list) : CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	_cleanup_(probe_report_done) struct probe_report report = { .token_fd = -1 };
	struct probe_options probe = { 0 };
	bool items;
	int status, first = cli_parse(command, argc, argv, &probe, &status);

	if (first < 0)
		return status;
	argc -= first;
	argv += first;
	if (probe.macros && (probe.json || probe.diff))
		return cli_usage(command, "--macros is a form of its own");
	if (probe.diff && (probe.token || probe.full))
		return cli_usage(command, "--diff asks nothing: it takes two reports");
	if (probe.diff)
		return probe_diff(command, argc, argv, probe.json);
	status = probe_select(command, &report, argc, argv, &items);
	return status ? status : ask_and_print(&probe, &report, items);
}

const struct cli_command cmd_probe = {
	.name = "probe",
	.synopsis = "[OPTIONS] [SECTION[/TYPE][/NAME]...] | --diff A.json B.json",
	.summary = "Show what works here, and if not, why",
	.options = options,
	.run = run,
	.operands = "section",
};
