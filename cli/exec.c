/* SPDX-License-Identifier: MIT */
/* bpftoken exec: a program that knows no tokens, with the container's token. */
#include "cli.h"

#include "error.h"
#include "exec.h"
#include "installed.h"
#include "preload-env.h"
#include "token-option.h"
#include "util.h"

struct exec_command {
	const char *token;
	struct exec_options options;
};

static int take_via(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err)
{
	int via = exec_via_of(value);

	if (via >= 0) {
		*(enum exec_via *)member = (enum exec_via)via;
		return 0;
	}
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
		  "it has to be auto, notify or preload");
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see bpftoken exec --help");
	return -EINVAL;
}

#define IN_OPTIONS(member) \
	(offsetof(struct exec_command, options) + offsetof(struct exec_options, member))

static const struct cli_option options[] = {
	{ "token", 0, "PATH",
	  "The bpffs to make the token of (the first that gives one).", cli_take_string,
	  offsetof(struct exec_command, token), 0, "dir" },
	{ "via", 0, "auto|notify|preload", "How calls get the token (auto).", take_via,
	  IN_OPTIONS(via), 0, "auto notify preload" },
	{ "pid-file", 0, "FILE", "Write PROGRAM's process id there while it runs.",
	  cli_take_string, IN_OPTIONS(pid_file), 0, "file" },
	{ 0 },
};

static void note(const char *sentence)
{
	cli_note("%s", sentence);
}

static int run_program(const struct cli_command *command, struct exec_command *exec,
		       char **program)
{
	_cleanup_free_ char *preload = NULL;
	struct bpftoken_error err;
	int r;

	if (!program[0])
		return cli_usage(command, "no PROGRAM given");
	r = exec_may_run(&err);
	if (r == 0)
		r = cli_open_token(exec->token, &exec->options.token_fd, &err);
	if (r == 0 && exec->options.token_fd < 0 && !err.code)
		return cli_usage(command, "there is nothing to do without a token");
	if (r < 0 || exec->options.token_fd < 0)
		return cli_fail_program(&err);
	exec->options.argv = program;
	preload = cli_find_installed(PRELOAD_NAME, PRELOAD_PATH);
	exec->options.preload = preload;
	exec->options.note = note;
	r = exec_run(&exec->options, &err);
	return r < 0 ? cli_fail_program(&err) : r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct exec_command exec = { 0 };
	int status;
	int first = cli_parse(command, argc, argv, &exec, &status);

	if (first >= 0)
		return run_program(command, &exec, argv + first);
	return status == CLI_FAILED ? CLI_OWN_FAILURE : status;
}

const struct cli_command cmd_exec = {
	.name = "exec",
	.synopsis = "[OPTIONS] [--] PROGRAM [ARG...]",
	.summary = "Run a program that knows no tokens, with the container's token",
	.options = options,
	.run = run,
	.program = true,
};
