/* SPDX-License-Identifier: MIT */
/* bpftoken learn --minimize: progress on a terminal, and the report of what was found. */
#include "learn-cli.h"

#include "minimize.h"

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

int learn_run_minimize(const struct learn_options *learn, char **program)
{
	bool terminal = isatty(STDERR_FILENO);
	const struct learn_minimize minimize = {
		.argv = program,
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
		return learn_failure_status(&err);
	if (learn_recording_add(&recording, &run) < 0)
		status = learn_out_of_memory();
	else
		status = learn_report_on(&recording, &minimum, stderr, learn);
	if (!status && learn->output)
		status = learn_write_recording(&recording, learn->output);
	learn_recording_done(&recording);
	return status ? CLI_OWN_FAILURE : CLI_DONE;
}
