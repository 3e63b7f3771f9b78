/* SPDX-License-Identifier: MIT */
/* bpftoken exec: a program that knows no tokens, with the container's token. */
#include "cli.h"

#include "error.h"
#include "exec.h"
#include "preload-env.h"
#include "token-option.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

struct exec_command {
	const char *token;
	struct exec_options options;
};

static int take_via(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err)
{
	static const char *const names[] = {
		[EXEC_AUTO] = "auto", [EXEC_NOTIFY] = "notify", [EXEC_PRELOAD] = "preload"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(value, names[i])) {
			*(enum exec_via *)member = (enum exec_via)i;
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

/*
 * Beside the command, as in a build directory or where one copied both, or where it is
 * installed.
 */
static const char *find_preload(void)
{
	static const char *const places[] = { "", "preload/", "../lib/bpftoken/" };
	static char path[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *name;

	if (len <= 0)
		return NULL;
	path[len] = '\0';
	name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(name, (size_t)(path + sizeof(path) - name), "%s" PRELOAD_NAME,
			 places[i]);
		if (access(path, R_OK) == 0)
			return path;
	}
	return access(PRELOAD_PATH, R_OK) == 0 ? PRELOAD_PATH : NULL;
}

/*
 * env(1)'s statuses for a program that does not start; a kind where it says more than 1.
 */
static int failure_status(struct bpftoken_error *err)
{
	int kind = cli_fail(err);

	if (err->stage == BPFTOKEN_STAGE_EXEC)
		return err->code == -ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_EXECUTE;
	return kind == CLI_FAILED ? CLI_OWN_FAILURE : kind;
}

static int run_program(const struct cli_command *command, struct exec_command *exec,
		       char **program)
{
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
		return failure_status(&err);
	exec->options.argv = program;
	exec->options.preload = find_preload();
	exec->options.note = note;
	r = exec_run(&exec->options, &err);
	return r < 0 ? failure_status(&err) : r;
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
