/* SPDX-License-Identifier: MIT */
/* bpftoken run: a program in a container of its own, with a delegated part of BPF. */
#include "cli.h"

#include "bpffs.h"
#include "container-options.h"
#include "grant.h"
#include "policy-options.h"
#include "policy.h"
#include "sys.h"
#include "warn.h"

#include <string.h>

struct run_options {
	struct policy_options policy;
	bool no_delegation;
	struct container container;
};

static const struct cli_option options[] = {
	POLICY_OPTION_ROWS(struct run_options, policy),
	{ "no-delegation", 0, NULL, "The same container, but nothing delegated.",
	  cli_take_flag, offsetof(struct run_options, no_delegation), 0, NULL },
	CONTAINER_OPTION_ROWS(struct run_options, container),
	{ 0 },
};

/*
 * What a run needs and nobody gave: a policy that delegates something, or the word for
 * none.
 */
static int check_policy(const struct cli_command *command, struct run_options *run)
{
	struct bpftoken_policy *policy = run->policy.policy;
	struct bpftoken_error err;

	if (run->no_delegation && policy)
		return cli_usage(command,
				 "--no-delegation and a policy contradict each other");
	if (run->no_delegation)
		return 0;
	if (!policy)
		return cli_usage(command, "no policy given (-p, --cmds, --maps, --progs, "
					  "--attachs, or --no-delegation)");
	if (policy_require(policy, &err) < 0)
		return cli_fail(&err);
	run->container.policy = policy;
	warn_each(policy, &(struct warn_facts){ .host_net = run->container.host_net },
		  warn_print, NULL);
	return 0;
}

/*
 * The limit is inherited, and only the host's side may raise it. BPF memory is charged to
 * the memory cgroup on every kernel with tokens, so that falling short harms nobody.
 */
static void honour_memlock(const struct bpftoken_policy *policy)
{
	uint64_t got = 0;
	int r;

	if (!policy || !policy->memlock)
		return;
	r = sys_set_memlock(policy->memlock, &got);
	if (r < 0)
		cli_note("RLIMIT_MEMLOCK stays as it is: %s", strerror(-r));
	else if (got != policy->memlock)
		cli_note("RLIMIT_MEMLOCK is %llu bytes, all that this process may give",
			 (unsigned long long)got);
}

/* Who may not delegate at all hears that, and nothing about files that it may not see. */
static int check_grant(const struct bpftoken_policy *policy, struct bpftoken_error *err)
{
	int r = policy ? bpffs_may_delegate(err) : 0;

	return r < 0 || !policy ? r : grant_check_ceiling(policy, err);
}

static int run_container(const struct cli_command *command, struct run_options *run,
			 char **program)
{
	struct bpftoken_error err;
	int r;

	if (!program[0])
		return cli_usage(command, "no PROGRAM given");
	r = check_policy(command, run);
	if (r)
		return r;
	r = check_grant(run->container.policy, &err);
	if (r < 0)
		return cli_fail_program(&err);
	honour_memlock(run->container.policy);
	run->container.argv = program;
	r = container_run(&run->container, &err);
	return r < 0 ? cli_fail_program(&err) : r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct run_options run = { .container = CONTAINER_DEFAULTS };
	int status;
	int first = cli_parse(command, argc, argv, &run, &status);

	if (first >= 0)
		status = run_container(command, &run, argv + first);
	else if (status == CLI_FAILED)
		status = CLI_OWN_FAILURE;
	policy_options_done(&run.policy);
	return status;
}

const struct cli_command cmd_run = {
	.name = "run",
	.synopsis = "[POLICY] [OPTIONS] [--] PROGRAM [ARG...]",
	.summary = "Run a program in a container with a delegated part of BPF",
	.options = options,
	.run = run,
	.program = true,
};
