/* SPDX-License-Identifier: MIT */
/*
 * The command's front: a command is a row, an option is a row, and --help, parsing and
 * completion come from the same rows. Commands return their exit status.
 */
#ifndef BPFTOKEN_CLI_H
#define BPFTOKEN_CLI_H

#include "bpftoken.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses; 1 to 5 are enum bpftoken_kind. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = BPFTOKEN_KIND_FAILED,
	CLI_USAGE = BPFTOKEN_KIND_USAGE,
	CLI_POLICY = BPFTOKEN_KIND_POLICY,
	CLI_KERNEL = BPFTOKEN_KIND_KERNEL,
	CLI_DENIED = BPFTOKEN_KIND_DENIED,
	/* run, exec, learn: our own failure; the program's status otherwise */
	CLI_OWN_FAILURE = 125,
	CLI_CANNOT_EXECUTE = 126,
	CLI_NOT_FOUND = 127,
};

/*
 * One option. take() receives the address of the member at offset in the command's own
 * options struct; it returns 0, or a negative errno with err filled.
 */
struct cli_option {
	const char *name; /* long name without dashes; NULL ends the array */
	char letter; /* short name, 0 = none */
	const char *arg; /* name of the argument in help, NULL = takes none */
	const char *help;
	int (*take)(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err);
	size_t offset;
	int data; /* for take() */
	/* What the shells offer for the argument: a source of complete.c, or words. */
	const char *complete;
};

/* take() of the common cases: a bool set to true, a const char *, a uint32_t. */
int cli_take_flag(void *member, const struct cli_option *option, const char *value,
		  struct bpftoken_error *err);
int cli_take_string(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err);

struct cli_command {
	const char *name;
	const char *synopsis; /* what follows the name, for --help */
	const char *summary; /* one line */
	const struct cli_option *options; /* ends with a row without name */
	/* argv[0] is the command's name, as for main() */
	int (*run)(const struct cli_command *command, int argc, char **argv);
	/*
	 * Rows of sub-commands (policy convert...), or NULL; ends with a row without
	 * name.
	 */
	const struct cli_command *subcommands;
	bool program; /* what follows the options is a PROGRAM: no option after it is ours
		       */
	const char *operands; /* what the shells offer for operands, as .complete */
};

/*
 * Parses argv into the command's options struct. Returns the index of the first operand,
 * or -1 when it has printed an error or the help: *ret_exit is then the exit status.
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, void *options,
	      int *ret_exit);

/* Finds and runs a sub-command of command by argv[1]. */
int cli_dispatch(const struct cli_command *command, int argc, char **argv);

/* Explains err, prints "bpftoken: what: why: fix" on stderr, returns its exit status. */
int cli_fail(struct bpftoken_error *err);

/* The same where a program could not be started: with the statuses of env(1). */
int cli_fail_program(struct bpftoken_error *err);

/* The same for a usage error: "bpftoken: COMMAND: why: fix"; returns CLI_USAGE. */
int cli_usage(const struct cli_command *command, const char *why, ...)
	__attribute__((format(printf, 2, 3)));

/* "bpftoken: note: ..." on stderr. */
void cli_note(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* Nearest of the words to a misspelt one, or NULL. words ends with NULL. */
const char *cli_nearest(const char *word, const char *const words[]);

extern const struct cli_command cmd_doctor;
extern const struct cli_command cmd_hook;
extern const struct cli_command cmd_exec;
extern const struct cli_command cmd_learn;
extern const struct cli_command cmd_run;
extern const struct cli_command cmd_list;
extern const struct cli_command cmd_mount;
extern const struct cli_command cmd_umount;
extern const struct cli_command cmd_policy;
extern const struct cli_command cmd_probe;
extern const struct cli_command cmd_needs;
extern const struct cli_command cmd_test;

#endif
