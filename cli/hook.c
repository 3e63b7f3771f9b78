/* SPDX-License-Identifier: MIT */
/*
 * bpftoken hook oci, bpftoken hook lxc: called by container engines, not by people. Not
 * every engine shows what a hook writes to standard error: a refusal is also logged.
 */
#include "cli.h"

#include "cover.h"
#include "dialects.h"
#include "error.h"
#include "hook.h"
#include "installed.h"
#include "policy-options.h"
#include "policy.h"
#include "preload-env.h"
#include "util.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define MAX_ARGS 64

struct hook_options {
	struct policy_options policy;
	const char *target, *exec;
	bool print_config;
};

#define OPTION(member) offsetof(struct hook_options, member)

/* Where the reason can be found: the engine's output, and the system's log. */
static int refuse(struct bpftoken_error *err)
{
	int status = cli_fail(err);

	openlog("bpftoken", LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "%s: %s%s%s", err->what, err->why, err->fix[0] ? ": " : "",
	       err->fix);
	closelog();
	return status;
}

/* What stands on the hook's line is the administrator's. */
static int ask_options(struct hook_request *request, const struct hook_options *options,
		       struct bpftoken_error *err)
{
	int r = 0;

	if (options->policy.policy)
		r = hook_ask_policy(request, options->policy.policy, err);
	if (r == 0 && options->target)
		r = hook_ask(request, HOOK_ADMINISTRATOR, "target", options->target, err);
	if (r == 0 && options->exec)
		r = hook_ask(request, HOOK_ADMINISTRATOR, "exec", options->exec, err);
	return r;
}

static int delegate(struct hook_request *request, struct bpftoken_error *err)
{
	_cleanup_free_ char *front = NULL, *preload = NULL;

	if (request->via) {
		front = cli_find_installed(COVER_PROGRAM, FRONT_PATH);
		preload = cli_find_installed(PRELOAD_NAME, PRELOAD_PATH);
	}
	request->front = front;
	request->preload = preload;
	return request->policy ? hook_delegate(request, err) : 0;
}

/* ---------------------------------------------------------------------- oci */

static int call_oci(const struct hook_options *options)
{
	_cleanup_free_ char *state = NULL;
	struct hook_request request = HOOK_REQUEST_EMPTY;
	struct bpftoken_error err;
	int r = host_read_stdin(&state, &err);

	if (r < 0) {
		err_what(&err, "cannot read the container's state");
		err_fix(&err, "let an OCI runtime call it, as createRuntime hook");
		return refuse(&err);
	}
	r = ask_options(&request, options, &err);
	if (r == 0)
		r = hook_oci_read(&request, state, &err);
	if (r == 0)
		r = delegate(&request, &err);
	hook_request_done(&request);
	return r < 0 ? refuse(&err) : CLI_DONE;
}

/* The same command line, without the option that prints it. */
static int print_config(const struct cli_command *command,
			const struct hook_options *options, int argc, char **argv)
{
	_cleanup_free_ char *text = NULL, *path = realpath("/proc/self/exe", NULL);
	char name[] = "bpftoken", word[] = "hook";
	char *args[MAX_ARGS + 3] = { name, word };
	struct bpftoken_error err;
	size_t count = 2;

	if (argc > MAX_ARGS)
		return cli_usage(command, "too many arguments");
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--print-config") != 0)
			args[count++] = argv[i];
	if (!path) {
		err_raise(&err, BPFTOKEN_STAGE_OPTIONS, -errno, NULL);
		return cli_fail(&err);
	}
	if (hook_oci_config(path, args, options->policy.policy != NULL, &text, &err) < 0)
		return cli_fail(&err);
	puts(text);
	return CLI_DONE;
}

static int run_oci(const struct cli_command *command, int argc, char **argv)
{
	struct hook_options options = { 0 };
	int status;
	/* getopt_long() moves operands behind the options; there are none. */
	int first = cli_parse(command, argc, argv, &options, &status);

	if (first >= 0 && first < argc)
		status = cli_usage(command, "\"%.64s\" is no option", argv[first]);
	else if (first >= 0 && !options.print_config && isatty(STDIN_FILENO))
		status = cli_usage(command, "engines call it, with the container's state "
					    "on standard input");
	else if (first >= 0)
		status = options.print_config
				 ? print_config(command, &options, argc, argv)
				 : call_oci(&options);
	policy_options_done(&options.policy);
	return status;
}

/* ---------------------------------------------------------------------- lxc */

static int call_lxc(const struct hook_options *options, const struct hook_lxc *lxc)
{
	struct hook_request request = HOOK_REQUEST_EMPTY;
	struct bpftoken_error err;
	int r = ask_options(&request, options, &err), status;

	if (r == 0)
		r = hook_lxc_read(&request, lxc, &err);
	if (r == 0)
		r = delegate(&request, &err);
	hook_request_done(&request);
	if (r == 0)
		return CLI_DONE;
	status = refuse(&err);
	/* liblxc logs what a hook writes here, and only that. */
	printf("bpftoken: %s: %s: %s\n", err.what, err.why, err.fix);
	return status;
}

/* Version 0 of liblxc's hooks appends NAME lxc TYPE, version 1 sets the environment. */
static int run_lxc(const struct cli_command *command, int argc, char **argv)
{
	struct hook_options options = { 0 };
	struct hook_lxc lxc = {
		.type = getenv("LXC_HOOK_TYPE"),
		.pid = getenv("LXC_PID"),
		.config = getenv("LXC_CONFIG_FILE"),
	};
	int status;
	int first = cli_parse(command, argc, argv, &options, &status);
	int count = argc - first;

	if (first >= 0 && count != 0 && (count != 3 || strcmp(argv[first + 1], "lxc")))
		status = cli_usage(command,
				   "liblxc gives the arguments NAME lxc start-host");
	else if (first >= 0) {
		if (count)
			lxc.type = argv[first + 2];
		status = call_lxc(&options, &lxc);
	}
	policy_options_done(&options.policy);
	return status;
}

/* --------------------------------------------------------------------- rows */

#define TARGET_ROW                                                                 \
	{                                                                          \
		"target", 't', "PATH", "Where the bpffs is inside (/sys/fs/bpf).", \
			cli_take_string, OPTION(target), .complete = "dir"         \
	}

#define EXEC_ROW                                                                         \
	{                                                                                \
		"exec", 0, "auto|notify|preload",                                        \
			"Put bpftoken exec in front of the container's program.",        \
			cli_take_string, OPTION(exec), .complete = "auto notify preload" \
	}

static const struct cli_option oci_rows[] = {
	POLICY_OPTION_ROWS(struct hook_options, policy),
	TARGET_ROW,
	EXEC_ROW,
	{ "print-config", 0, NULL, "Write the hooks.d file of this hook.", cli_take_flag,
	  OPTION(print_config) },
	{ 0 },
};

static const struct cli_option lxc_rows[] = {
	POLICY_OPTION_ROWS(struct hook_options, policy),
	TARGET_ROW,
	EXEC_ROW,
	{ 0 },
};

static const struct cli_command subcommands[] = {
	{ "hook oci", "[POLICY] [--target PATH] [--exec VIA] [--print-config]",
	  "Delegate to the container of an OCI runtime", oci_rows, run_oci },
	{ "hook lxc", "[POLICY] [--target PATH] [--exec VIA]",
	  "Delegate to a container of plain LXC", lxc_rows, run_lxc },
	{ 0 },
};

const struct cli_command cmd_hook = {
	.name = "hook",
	.synopsis = "oci|lxc [OPTIONS]",
	.summary = "Delegate to a container that an engine starts (engines call it)",
	.run = cli_dispatch,
	.subcommands = subcommands,
};
