/* SPDX-License-Identifier: MIT */
/* bpftoken: the table of commands, and nothing else. */
#include "cli.h"

#include <signal.h>
#include <string.h>

static const struct cli_command *const commands[] = {
	&cmd_run,    &cmd_mount, &cmd_umount, &cmd_hook, &cmd_exec,
	&cmd_policy, &cmd_probe, &cmd_test,   NULL,
};

static void print_help(void)
{
	puts("Usage: bpftoken COMMAND [OPTIONS] [-- PROGRAM [ARG...]]\n\n"
	     "Delegate a chosen part of BPF to a container, and see why "
	     "not.\n\nCommands:");
	for (const struct cli_command *const *c = commands; *c; c++)
		printf("  %-8s  %s\n", (*c)->name, (*c)->summary);
	puts("\nOptions:\n"
	     "  -h, --help     Show this text; bpftoken COMMAND --help for a command.\n"
	     "      --version  Show the version.\n\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 policy invalid, insufficient or\n"
	     "above the ceiling, 4 the kernel lacks it, 5 not permitted. run and exec\n"
	     "return the program's status; before the program runs 2 to 5 as above, 125\n"
	     "for any other failure, and 126 and 127 as env(1) does.");
}

static int unknown(const char *word)
{
	const char *names[sizeof(commands) / sizeof(commands[0])] = { NULL };
	const char *near;

	for (size_t i = 0; commands[i]; i++)
		names[i] = commands[i]->name;
	near = cli_nearest(word, names);
	fprintf(stderr,
		"bpftoken: unknown command \"%.64s\": %s%s: see bpftoken --help\n", word,
		near ? "the nearest is " : "there is none like it", near ? near : "");
	return CLI_USAGE;
}

/* Output that nobody could read is a failure, not a success. */
static int close_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("bpftoken: cannot write standard output: the other end is closed or full: "
	      "repeat with another output\n",
	      stderr);
	return status ? status : CLI_FAILED;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("bpftoken: no command: nothing to do: see bpftoken --help\n",
		      stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help();
		return close_output(CLI_DONE);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("bpftoken %s\n", bpftoken_version());
		return close_output(CLI_DONE);
	}
	for (const struct cli_command *const *c = commands; *c; c++)
		if (!strcmp(argv[1], (*c)->name))
			return close_output((*c)->run(*c, argc - 1, argv + 1));
	return unknown(argv[1]);
}
