/* SPDX-License-Identifier: MIT */
/*
 * bpftoken learn: what a program asks of BPF, and the policy for that. Standard output is
 * the program's own, unless the policy (--to) or the report as JSON (--json) is wanted
 * there: then the program's goes to standard error, where the report for people is.
 */
#include "learn-cli.h"

#include "dialects.h"
#include "goal.h"
#include "policy-cli.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTION(member) offsetof(struct learn_options, member)

int learn_take_number(void *member, const struct cli_option *option, const char *value,
		      struct bpftoken_error *err)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (number > 0 && number < option->data && !*end) {
		*(int *)member = (int)number;
		return 0;
	}
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
		  "it has to be a number from 1 to %d", option->data - 1);
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see bpftoken learn --help");
	return -EINVAL;
}

static int take_goal(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err)
{
	for (uint32_t goal = 0; learn_goal_name(goal); goal++) {
		if (!strcmp(value, learn_goal_name(goal))) {
			*(const char **)member = learn_goal_name(goal);
			return 0;
		}
	}
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
		  "it has to be exit, objects or calls");
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see bpftoken learn --help");
	return -EINVAL;
}

static const struct cli_option options[] = {
	{ "follow", 'f', NULL, "Show each item when it is first seen.", cli_take_flag,
	  OPTION(follow), 0, NULL },
	{ "to", 't', "DIALECT", "Write the policy to standard output in this dialect.",
	  policy_take_dialect, OPTION(to), 0, "dialect" },
	{ "json", 'j', NULL, "Write the report to standard output as JSON.",
	  cli_take_flag, OPTION(json), 0, NULL },
	{ "output", 'o', "FILE", "Write the recording there (JSON Lines).",
	  cli_take_string, OPTION(output), 0, "file" },
	{ "html", 0, "FILE", "Write the report there as a page.", cli_take_string,
	  OPTION(html), 0, "file" },
	{ "pid", 'p', "PID", "Watch a running process and all that it started.",
	  learn_take_number, OPTION(pid), INT32_MAX, NULL },
	{ "minimize", 'm', NULL, "Run it again and again until no value can go.",
	  cli_take_flag, OPTION(minimize), 0, NULL },
	{ "goal", 0, "GOAL", "What has to stay: exit, objects (default) or calls.",
	  take_goal, OPTION(goal), 0, "exit objects calls" },
	{ "check", 0, "COMMAND", "Ends a run well when it succeeds in the container.",
	  cli_take_string, OPTION(check), 0, NULL },
	{ "timeout", 0, "SECONDS", "Limit of one run (30).", learn_take_number,
	  OPTION(timeout), 1000000, NULL },
	{ "exec", 0, NULL, "Run it as bpftoken exec does.", cli_take_flag, OPTION(exec),
	  0, NULL },
	CONTAINER_OPTION_ROWS(struct learn_options, container),
	{ 0 },
};

/* ------------------------------------------------------------------ output */

static int cannot_write(const char *path, int code)
{
	struct bpftoken_error err;

	err_raise(&err, BPFTOKEN_STAGE_POLICY, code, NULL);
	err_kind(&err, BPFTOKEN_KIND_FAILED);
	err_what(&err, "cannot write \"%.64s\"", path);
	err_fix(&err, "name a file that can be written");
	return cli_fail(&err);
}

/* A file without a name, where there can be one; else the file itself. */
static FILE *open_output(const char *path, bool *ret_nameless)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat st;
	int fd = -1;

	if (copy && (stat(path, &st) < 0 || S_ISREG(st.st_mode)))
		fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	*ret_nameless = fd >= 0;
	return fd >= 0 ? fdopen(fd, "w") : fopen(path, "we");
}

/* Gives it its name once it is whole, so that nobody ever finds half of it. */
static bool name_output(FILE *file, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	char self[64];

	if (fflush(file) != 0 || (real && unlink(real) < 0))
		return false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(file));
	return linkat(AT_FDCWD, self, AT_FDCWD, real ? real : path, AT_SYMLINK_FOLLOW) ==
	       0;
}

int learn_write_file(const char *path, const struct text *text)
{
	bool nameless, good;
	FILE *file = open_output(path, &nameless);
	int code = 0;

	if (!file)
		return cannot_write(path, -errno);
	good = fwrite(text->data ? text->data : "", 1, text->len, file) == text->len;
	if (good && nameless)
		good = name_output(file, path);
	if (!good)
		code = -errno;
	if (fclose(file) != 0 && good)
		code = -errno;
	return code < 0 ? cannot_write(path, code) : CLI_DONE;
}

int learn_out_of_memory(void)
{
	struct bpftoken_error err;

	err_oom(&err);
	return cli_fail(&err);
}

int learn_write_recording(const struct learn_recording *recording, const char *path)
{
	_cleanup_text_ struct text text = { 0 };

	if (learn_recording_format(recording, &text) < 0)
		return learn_out_of_memory();
	if (path)
		return learn_write_file(path, &text);
	fputs(text.data ? text.data : "", stdout);
	return CLI_DONE;
}

static int print_report(const struct learn_report *report, FILE *people,
			const struct learn_options *learn)
{
	_cleanup_text_ struct text text = { 0 }, page = { 0 };
	int status = CLI_DONE;
	int r = learn->json ? learn_report_json(report, &text)
			    : learn_report_text(report, &text);

	if (r == 0 && learn->html)
		r = learn_report_html(report, &page);
	if (r < 0)
		return learn_out_of_memory();
	fputs(text.data, learn->json ? stdout : people);
	if (learn->html)
		status = learn_write_file(learn->html, &page);
	if (!status && learn->to && report->summary->count)
		status = policy_write_found(learn_report_policy(report), learn->to,
					    learn_provenance(report));
	else if (!status && learn->to)
		cli_note("there is no policy to write: nothing needs a delegation");
	return status;
}

/* What the runs had, together, or what the user names instead. */
static const struct bpftoken_policy *now_of(const struct learn_recording *recording,
					    const struct learn_options *learn,
					    struct bpftoken_policy *now)
{
	bool any = false;

	if (learn->policy.policy)
		return learn->policy.policy;
	for (size_t i = 0; i < recording->count; i++) {
		any |= recording->runs[i].delegated;
		(void)bpftoken_policy_merge(now, &recording->runs[i].now);
	}
	return any ? now : NULL;
}

int learn_report_on(const struct learn_recording *recording,
		    const struct learn_minimum *minimum, FILE *people,
		    const struct learn_options *learn)
{
	struct bpftoken_policy now = { 0 };
	struct learn_summary summary;
	const struct learn_report report = {
		.recording = recording,
		.summary = &summary,
		.minimum = minimum,
		.now = now_of(recording, learn, &now),
		.dialect = learn->to,
	};
	int status;

	if (learn_summarize(recording, &summary) < 0)
		return learn_out_of_memory();
	status = print_report(&report, people, learn);
	learn_summary_done(&summary);
	return status;
}

/* ------------------------------------------------------------------ running */

/* What --follow has shown. */
struct live {
	bool follow;
	uint64_t seen[BPFTOKEN_SETS];
};

static void show_call(const struct learn_call *call, void *data)
{
	const struct learn_run alone = { 0 };
	struct learn_value values[3];
	struct live *live = data;
	size_t count = learn_call_values(call, values);

	for (size_t i = 0; live->follow && i < count; i++) {
		_cleanup_text_ struct text line = { 0 };
		uint64_t bit = values[i].value < 64 ? 1ULL << values[i].value : 0;

		if (live->seen[values[i].set] & bit)
			continue;
		live->seen[values[i].set] |= bit;
		text_add(&line, "+ ");
		learn_add_item(&line, values[i].set, values[i].value);
		text_add(&line, "  ");
		learn_add_evidence(&line, &alone, call);
		if (!line.failed)
			fprintf(stderr, "%s\n", line.data);
	}
}

static void show_left(int status, size_t processes, _unused_ void *data)
{
	cli_note(
		"the program has ended with status %d; %zu thread%s that it started go%s on: "
		"interrupt this to end them",
		status, processes, processes == 1 ? "" : "s", processes == 1 ? "es" : "");
}

int learn_record(const struct learn_options *learn, char **program,
		 struct learn_recording *ret_recording, struct bpftoken_error *err)
{
	struct live live = { .follow = learn->follow };
	const struct learn_trace trace = {
		.argv = program,
		.pid = learn->pid,
		.out_fd = learn->to || learn->json ? STDERR_FILENO : -EBADF,
		.each = show_call,
		.left = show_left,
		.data = &live,
	};
	struct learn_run run;
	int r = learn_trace(&trace, &run, err);

	if (r == 0 && learn_recording_add(ret_recording, &run) < 0)
		r = err_oom(err);
	return r;
}

/* The program's status; our own failure counts where the program had none. */
static int record(const struct learn_options *learn, char **program)
{
	struct learn_recording recording = { 0 };
	struct bpftoken_error err;
	int status, own;

	if (learn_record(learn, program, &recording, &err) < 0)
		return cli_fail_program(&err);
	status = recording.runs[0].status;
	own = learn_report_on(&recording, NULL, stderr, learn);
	if (!own && learn->output)
		own = learn_write_recording(&recording, learn->output);
	learn_recording_done(&recording);
	return status || !own ? status : CLI_OWN_FAILURE;
}

static bool wants_container(const struct learn_options *learn)
{
	static const struct container plain = CONTAINER_DEFAULTS;
	const struct container *container = &learn->container;

	return learn->exec || container->rootfs || container->host_net ||
	       container->caps_given || container->uid || container->gid ||
	       container->map_outside != plain.map_outside ||
	       container->map_count != plain.map_count ||
	       strcmp(container->bpffs, plain.bpffs) != 0;
}

static int run_program(const struct cli_command *command, int argc, char **argv)
{
	struct learn_options learn = { .container = CONTAINER_DEFAULTS };
	int first, status;

	first = cli_parse(command, argc, argv, &learn, &status);
	if (first < 0)
		return status == CLI_FAILED ? CLI_OWN_FAILURE : status;
	if (learn.json && learn.to)
		return cli_usage(command, "--json and --to both want standard output");
	if (!learn.pid && !argv[first])
		return cli_usage(command, "no PROGRAM given");
	if (learn.pid && argv[first])
		return cli_usage(command, "--pid and a PROGRAM given");
	if (!learn.minimize && (learn.goal || learn.check || learn.timeout))
		return cli_usage(command,
				 "--goal, --check and --timeout are of --minimize");
	if (!learn.minimize && wants_container(&learn))
		return cli_usage(command, "--exec and what the container is like are of "
					  "--minimize, which makes one");
	if (learn.minimize && (learn.pid || learn.follow))
		return cli_usage(command, "--minimize runs a PROGRAM itself");
	if (learn.minimize)
		return learn_run_minimize(&learn, argv + first);
	return record(&learn, argv + first);
}

static const struct cli_option report_options[] = {
	POLICY_OPTION_ROWS(struct learn_options, policy),
	{ "to", 't', "DIALECT", "Write the policy instead, in this dialect.",
	  policy_take_dialect, OPTION(to), 0, "dialect" },
	{ "json", 'j', NULL, "Write the report as JSON.", cli_take_flag, OPTION(json), 0,
	  NULL },
	{ "html", 0, "FILE", "Write the report there as a page, too.", cli_take_string,
	  OPTION(html), 0, "file" },
	{ 0 },
};

static const struct cli_option merge_options[] = {
	{ "output", 'o', "FILE", "Write the recording there.", cli_take_string,
	  OPTION(output), 0, "file" },
	{ 0 },
};

static const struct cli_option diff_options[] = {
	{ "json", 'j', NULL, "Write JSON.", cli_take_flag, OPTION(json), 0, NULL },
	{ 0 },
};

static const struct cli_option check_options[] = {
	POLICY_OPTION_ROWS(struct learn_options, policy),
	{ 0 },
};

static const struct cli_command subcommands[] = {
	{ "learn report", "[OPTIONS] FILE...", "Report on recordings", report_options,
	  learn_run_report },
	{ "learn merge", "[-o FILE] FILE...", "Make one recording of several",
	  merge_options, learn_run_merge },
	{ "learn diff", "[--json] A B",
	  "Show what B asks for more (+) and less (-) than A", diff_options,
	  learn_run_diff },
	{ .name = "learn check",
	  .synopsis = "POLICY FILE... | POLICY -- PROGRAM [ARG...]",
	  .summary = "Fail with 3 when the policy would refuse a needed call",
	  .options = check_options,
	  .run = learn_run_check,
	  .program = true },
	{ 0 },
};

/* The name of a sub-command comes first; a program of that name stands behind "--". */
static int run(const struct cli_command *command, int argc, char **argv)
{
	for (const struct cli_command *c = subcommands; argc > 1 && c->name; c++)
		if (!strcmp(argv[1], strrchr(c->name, ' ') + 1))
			return c->run(c, argc - 1, argv + 1);
	return run_program(command, argc, argv);
}

const struct cli_command cmd_learn = {
	.name = "learn",
	.synopsis =
		"[OPTIONS] [--] PROGRAM [ARG...] | --pid PID | report|merge|diff|check ...",
	.summary = "Find the policy that a program needs, by running it",
	.options = options,
	.run = run,
	.subcommands = subcommands,
	.program = true,
};
