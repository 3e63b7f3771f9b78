/* SPDX-License-Identifier: MIT */
/*
 * bpftoken test: makes a token and shows what it is worth, in up to three columns:
 * without the token, with it, and with it after the capabilities are dropped. Every cell
 * is a real bpf() call.
 */
#include "cli.h"

#include "answers.h"
#include "attr.h"
#include "bpffs.h"
#include "error.h"
#include "policy.h"
#include "test-report.h"
#include "token-option.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/capability.h>

struct test_options {
	bool drop_caps;
	bool json;
};

static const struct cli_option options[] = {
	{ "drop-caps", 0, NULL, "Ask again without CAP_BPF, SYS_ADMIN, PERFMON.",
	  cli_take_flag, offsetof(struct test_options, drop_caps), 0, NULL },
	{ "json", 0, NULL, "Report as JSON.", cli_take_flag,
	  offsetof(struct test_options, json), 0, NULL },
	{ 0 },
};

#define PROBES "Feature Probes"

/* The types that the cilium/ebpf test program asks for, in its order. */
static struct test_row rows[] = {
	{ PROBES, BPFTOKEN_PROGS, 1, false, { 0 }, { { 0 } } }, /* socket_filter */
	{ PROBES, BPFTOKEN_PROGS, 2, false, { 0 }, { { 0 } } }, /* kprobe */
	{ PROBES, BPFTOKEN_PROGS, 3, false, { 0 }, { { 0 } } }, /* sched_cls */
	{ PROBES, BPFTOKEN_PROGS, 6, false, { 0 }, { { 0 } } }, /* xdp */
	{ PROBES, BPFTOKEN_PROGS, 5, false, { 0 }, { { 0 } } }, /* tracepoint */
	{ PROBES, BPFTOKEN_PROGS, 8, false, { 0 }, { { 0 } } }, /* cgroup_skb */
	{ PROBES, BPFTOKEN_MAPS, 1, false, { 0 }, { { 0 } } }, /* hash */
	{ PROBES, BPFTOKEN_MAPS, 2, false, { 0 }, { { 0 } } }, /* array */
	{ PROBES, BPFTOKEN_MAPS, 4, false, { 0 }, { { 0 } } }, /* perf_event_array */
	{ PROBES, BPFTOKEN_MAPS, 9, false, { 0 }, { { 0 } } }, /* lru_hash */
	{ PROBES, BPFTOKEN_MAPS, 27, false, { 0 }, { { 0 } } }, /* ringbuf */
	{ "Program Load", BPFTOKEN_PROGS, 1, true, { 0 }, { { 0 } } },
	{ "Map Create", BPFTOKEN_MAPS, 1, true, { 0 }, { { 0 } } },
};

#define MAP_RINGBUF 27
#define RINGBUF_SIZE 4096

static int probe(const struct test_row *row, int token_fd, struct bpftoken_error *reason)
{
	if (row->set == BPFTOKEN_MAPS)
		return bpftoken_probe_map_type(row->type, token_fd, reason);
	return bpftoken_probe_prog_type(row->type, BPFTOKEN_ATTACH_DEFAULT, token_fd,
					reason);
}

/* As an application would: with a name, and through the public calls. */
static int load_program(uint32_t type, int token_fd, struct bpftoken_error *err)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token_fd;
	opts.type = type;
	opts.expected_attach_type = attr_default_attach_type(type);
	opts.insns = insns;
	opts.insn_cnt = ARRAY_SIZE(insns);
	opts.license = "GPL";
	opts.name = "bpftoken_test";
	return bpftoken_prog_load(&opts, err);
}

static int create_map(uint32_t type, int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token_fd;
	opts.type = type;
	opts.key_size = type == MAP_RINGBUF ? 0 : 4;
	opts.value_size = opts.key_size;
	opts.max_entries = type == MAP_RINGBUF ? RINGBUF_SIZE : 1;
	opts.name = "bpftoken_test";
	return bpftoken_map_create(&opts, err);
}

/* A load that fails is asked as a probe, whose answer says which check refused. */
static int load(const struct test_row *row, int token_fd, struct bpftoken_error *reason)
{
	struct bpftoken_error err;
	_cleanup_close_ int fd = row->set == BPFTOKEN_MAPS
					 ? create_map(row->type, token_fd, &err)
					 : load_program(row->type, token_fd, &err);
	int answer;

	if (fd >= 0)
		return BPFTOKEN_WORKS;
	answer = probe(row, token_fd, reason);
	if (answer != BPFTOKEN_WORKS)
		return answer;
	(void)bpftoken_explain(&err);
	*reason = err;
	return BPFTOKEN_BLOCKED;
}

static void ask(enum test_column column, int token_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct test_row *row = &rows[i];

		row->answer[column] =
			(row->load ? load : probe)(row, token_fd, &row->reason[column]);
	}
}

/*
 * The rows that load take a type that the token permits, where it permits a probed one.
 */
static void choose_types(const struct bpftoken_policy *permits)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct test_row *row = &rows[i];

		if (!row->load)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
			if (rows[j].set != row->set || rows[j].load ||
			    !bpftoken_policy_has(permits, row->set, rows[j].type))
				continue;
			row->type = rows[j].type;
			break;
		}
	}
}

static const cap_value_t dropped[] = { CAP_BPF, CAP_SYS_ADMIN, CAP_PERFMON };

/* Is a dropped capability in any set of any thread? The kernel's answer, not ours. */
static int still_there(struct bpftoken_error *err)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	int found = tasks ? 0 : -errno;

	while (tasks && (task = readdir(tasks))) {
		pid_t tid = (pid_t)atoi(task->d_name);
		cap_t caps = tid > 0 ? cap_get_pid(tid) : NULL;
		cap_flag_value_t value = CAP_CLEAR;

		for (size_t i = 0; caps && i < ARRAY_SIZE(dropped); i++)
			for (cap_flag_t flag = CAP_EFFECTIVE; flag <= CAP_INHERITABLE;
			     flag++)
				if (cap_get_flag(caps, dropped[i], flag, &value) == 0)
					found |= value == CAP_SET;
		cap_free(caps);
	}
	if (tasks)
		closedir(tasks);
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		found |= cap_get_bound(dropped[i]) != 0 ||
			 cap_get_ambient(dropped[i]) != 0;
	return found ? err_raise(err, BPFTOKEN_STAGE_SETUP, -EPERM,
				 "a capability is still there after it was dropped")
		     : 0;
}

/* From all sets: ambient and bounding first, while CAP_SETPCAP is there to do it. */
static int drop_caps(struct bpftoken_error *err)
{
	cap_t caps = cap_get_proc();
	int r = caps ? cap_reset_ambient() : -1;

	for (size_t i = 0; i < ARRAY_SIZE(dropped) && r == 0; i++)
		r = cap_drop_bound(dropped[i]);
	for (cap_flag_t flag = CAP_EFFECTIVE; flag <= CAP_INHERITABLE && r == 0; flag++)
		r = cap_set_flag(caps, flag, ARRAY_SIZE(dropped), dropped, CAP_CLEAR);
	if (r == 0)
		r = cap_set_proc(caps);
	if (r < 0)
		err_raise(err, BPFTOKEN_STAGE_SETUP, -errno, "capabilities: %s",
			  strerror(errno));
	cap_free(caps);
	return r < 0 ? -EPERM : still_there(err);
}

/* With the token, does everything work whose type it permits? Else why not. */
static int verdict(const struct test_report *report)
{
	size_t permitted = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct test_row *row = &report->rows[i];
		int answer = row->answer[TEST_WITH];

		if (!bpftoken_policy_has(report->permits, row->set, row->type))
			continue;
		permitted++;
		if (answer != BPFTOKEN_WORKS)
			return answer_status(answer);
	}
	return permitted ? CLI_DONE : CLI_POLICY;
}

static void say(const struct test_options *test, const char *text)
{
	if (test->json)
		return;
	fputs(text, stdout);
	fflush(stdout);
}

static int ask_all(const struct test_options *test, struct test_report *report,
		   int token_fd, struct bpftoken_error *err)
{
	int r;

	choose_types(report->permits);
	ask(TEST_WITHOUT, -1);
	ask(TEST_WITH, token_fd);
	report->columns = TEST_DROPPED;
	if (!test->drop_caps)
		return 0;
	say(test, "Dropping CAP_BPF, CAP_SYS_ADMIN, CAP_PERFMON...\n");
	r = drop_caps(err);
	if (r < 0)
		return r;
	/* what was answered before the drop is true no more */
	(void)bpftoken_probe_forget(INT32_MIN);
	say(test, "Capabilities dropped, from every set of every thread.\n");
	ask(TEST_DROPPED, token_fd);
	report->columns = TEST_COLUMNS;
	return 0;
}

static int test_path(const struct test_options *test, const char *path)
{
	struct test_report report = { .path = cli_token_origin(path),
				      .rows = rows,
				      .count = ARRAY_SIZE(rows) };
	_cleanup_policy_ struct bpftoken_policy *permits = NULL;
	_cleanup_close_ int token_fd = -EBADF;
	struct bpftoken_error err;

	if (!test->json)
		printf("Creating BPF token from %s...\n", report.path);
	fflush(stdout);
	if (cli_open_token(path, &token_fd, &err) < 0 ||
	    bpftoken_info(token_fd, &permits, &err) < 0)
		return cli_fail(&err);
	if (!test->json)
		printf("BPF token created: fd=%d\n", token_fd);
	report.permits = permits;
	if (ask_all(test, &report, token_fd, &err) < 0)
		return cli_fail(&err);
	if (test->json)
		test_report_print_json(&report);
	else
		test_report_print(&report);
	return verdict(&report);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct test_options test = { 0 };
	const char *path;
	int status;
	int first = cli_parse(command, argc, argv, &test, &status);

	if (first < 0)
		return status;
	if (argc - first > 1)
		return cli_usage(command, "one PATH, not %d", argc - first);
	path = argc > first ? argv[first] : NULL;
	if (!cli_token_origin(path))
		path = BPFFS_DEFAULT_TARGET;
	else if (!strcmp(cli_token_origin(path), "none"))
		return cli_usage(command,
				 "a token is what it tests, and none is asked for");
	return test_path(&test, path);
}

const struct cli_command cmd_test = {
	.name = "test",
	.synopsis = "[--drop-caps] [--json] [PATH]",
	.summary = "Make a token and show, call by call, what it is worth",
	.options = options,
	.run = run,
	.operands = "dir",
};
