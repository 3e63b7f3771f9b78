/* SPDX-License-Identifier: MIT */
/* bpftoken learn --minimize: progress on a terminal, and the report of what was found. */
#include "learn-cli.h"

#include "exec.h"
#include "minimize.h"
#include "util.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 30

static void show_progress(const struct learn_progress *progress, _unused_ void *data)
{
	fprintf(stderr, "\rrun %u: %u values left, at most %u more runs, %.0f s \033[K",
		progress->runs + 1, progress->values, progress->left,
		(double)progress->left_ms / 1000);
}

static uint32_t goal_of(const char *name)
{
	uint32_t goal = LEARN_GOAL_OBJECTS;

	for (uint32_t i = 0; name && learn_goal_name(i); i++)
		if (!strcmp(name, learn_goal_name(i)))
			goal = i;
	return goal;
}

/*
 * The program as bpftoken exec runs it, by the preloaded library: a listener would take
 * its calls before the recorder sees them.
 */
static int through_exec(const struct learn_options *learn, char **program,
			char ***ret_argv)
{
	static char self[PATH_MAX];
	char *const before[] = { self, (char *)"exec", (char *)"--via", (char *)"preload",
				 (char *)"--" };
	size_t count = 0;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return cli_usage(&cmd_learn, "--exec: /proc/self/exe: %s",
				 strerror(errno));
	if (!learn->container.rootfs && exec_is_dynamic(program[0]) == 0)
		return cli_usage(&cmd_learn,
				 "--exec preloads a library, and %s is statically linked",
				 program[0]);
	while (program[count])
		count++;
	*ret_argv = calloc(ARRAY_SIZE(before) + count + 1, sizeof(char *));
	if (!*ret_argv)
		return learn_out_of_memory();
	memcpy(*ret_argv, before, sizeof(before));
	memcpy(*ret_argv + ARRAY_SIZE(before), program, count * sizeof(char *));
	return 0;
}

static int find(const struct learn_options *learn, char **program)
{
	bool terminal = isatty(STDERR_FILENO);
	const struct learn_minimize minimize = {
		.argv = program,
		.container = learn->container,
		.goal = goal_of(learn->goal),
		.check = learn->check,
		.timeout_ms = (learn->timeout ? learn->timeout : DEFAULT_TIMEOUT) * 1000,
		.progress = terminal ? show_progress : NULL,
	};
	struct learn_recording recording = { 0 };
	struct learn_minimum minimum;
	struct bpftoken_error err;
	struct learn_run run;
	int r, status;

	r = learn_minimize(&minimize, &minimum, &run, &err);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (r < 0)
		return cli_fail_program(&err);
	if (learn_recording_add(&recording, &run) < 0)
		status = learn_out_of_memory();
	else
		status = learn_report_on(&recording, &minimum, stderr, learn);
	if (!status && learn->output)
		status = learn_write_recording(&recording, learn->output);
	learn_recording_done(&recording);
	return status ? CLI_OWN_FAILURE : CLI_DONE;
}

int learn_run_minimize(const struct learn_options *learn, char **program)
{
	_cleanup_free_ char **argv = NULL;
	int status = learn->exec ? through_exec(learn, program, &argv) : CLI_DONE;

	return status ? status : find(learn, learn->exec ? argv : program);
}
