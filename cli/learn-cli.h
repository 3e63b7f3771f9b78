/* SPDX-License-Identifier: MIT */
/* What the files of `bpftoken learn` share. */
#ifndef BPFTOKEN_LEARN_CLI_H
#define BPFTOKEN_LEARN_CLI_H

#include "container-options.h"
#include "policy-options.h"
#include "report.h"
#include "trace.h"

/* One struct for all sub-commands; each fills what its rows name. */
struct learn_options {
	bool follow, json, minimize, exec;
	const char *to, *output, *html, *goal, *check;
	int pid, timeout;
	struct policy_options policy;
	struct container container; /* of --minimize */
};

int learn_take_number(void *member, const struct cli_option *option, const char *value,
		      struct bpftoken_error *err);

/* Each returns an exit status, and has said why if it is not CLI_DONE. */
int learn_write_file(const char *path, const struct text *text);
/* path NULL: standard output. */
int learn_write_recording(const struct learn_recording *recording, const char *path);
/* To people in words, or to standard output as JSON or as the policy, as asked. */
int learn_report_on(const struct learn_recording *recording,
		    const struct learn_minimum *minimum, FILE *people,
		    const struct learn_options *learn);
int learn_out_of_memory(void);

/* learn-minimize.c */
int learn_run_minimize(const struct learn_options *learn, char **program);

/* Runs the program, or watches what is asked for, and keeps the run. */
int learn_record(const struct learn_options *learn, char **program,
		 struct learn_recording *ret_recording, struct bpftoken_error *err);

/* learn-files.c */
int learn_run_report(const struct cli_command *command, int argc, char **argv);
int learn_run_merge(const struct cli_command *command, int argc, char **argv);
int learn_run_diff(const struct cli_command *command, int argc, char **argv);
int learn_run_check(const struct cli_command *command, int argc, char **argv);

#endif
