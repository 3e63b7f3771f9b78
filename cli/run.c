/* SPDX-License-Identifier: MIT */
/* bpftoken run: a program in a container of its own, with a delegated part of BPF. */
#include "cli.h"

#include "bpffs.h"
#include "container.h"
#include "grant.h"
#include "policy-options.h"
#include "policy.h"
#include "sys.h"
#include "warn.h"

#include <string.h>
#include <sys/capability.h>

struct run_options {
	struct policy_options policy;
	bool no_delegation;
	struct container container;
};

/* One decimal number at *text, which it moves on. */
static bool take_number(const char **text, uint32_t *ret_number)
{
	char *end;
	unsigned long long number;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoull(*text, &end, 10);
	*text = end;
	*ret_number = (uint32_t)number;
	return !errno && number < UINT32_MAX;
}

static int bad_value(const struct cli_option *option, const char *value, const char *form,
		     struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL, "it has to be %s", form);
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see bpftoken run --help");
	return -EINVAL;
}

static int take_map(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err)
{
	struct container *container = member;
	const char *text = value;

	if (!take_number(&text, &container->map_inside) || *text++ != ':' ||
	    !take_number(&text, &container->map_outside) || *text++ != ':' ||
	    !take_number(&text, &container->map_count) || *text || !container->map_count)
		return bad_value(option, value, "INSIDE:OUTSIDE:COUNT, three numbers",
				 err);
	/* Nobody could become root inside, and the handshake needs that. */
	if (container->map_inside != 0)
		return bad_value(option, value,
				 "a map that has uid 0 inside (0:OUTSIDE:COUNT)", err);
	return 0;
}

static int take_user(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err)
{
	struct container *container = member;
	const char *text = value;
	bool good = take_number(&text, &container->uid);

	container->gid = container->uid;
	if (good && *text == ':')
		good = text++ && take_number(&text, &container->gid);
	if (!good || *text)
		return bad_value(option, value, "UID or UID:GID, numbers", err);
	return 0;
}

static int take_net(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err)
{
	bool host = !strcmp(value, "host");

	if (!host && strcmp(value, "private") != 0)
		return bad_value(option, value, "private or host", err);
	*(bool *)member = host;
	return 0;
}

static int take_absolute(void *member, const struct cli_option *option, const char *value,
			 struct bpftoken_error *err)
{
	if (value[0] != '/')
		return bad_value(option, value, "an absolute path", err);
	*(const char **)member = value;
	return 0;
}

/* "cap_bpf,net_admin": as in capabilities(7), the prefix may be left out. */
static int take_caps(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err)
{
	struct container *container = member;
	const char *word = value;

	container->caps_given = true;
	for (size_t len; *word; word += len + (word[len] != '\0')) {
		char name[64];
		cap_value_t cap;

		len = strcspn(word, ", ");
		if (!len)
			continue;
		snprintf(name, sizeof(name), "%s%.*s",
			 strncasecmp(word, "cap_", 4) ? "cap_" : "", (int)len, word);
		if (cap_from_name(name, &cap) < 0)
			return bad_value(
				option, value,
				"capability names, such as cap_bpf,cap_net_admin", err);
		container->caps |= 1ULL << cap;
	}
	return 0;
}

#define IN_CONTAINER(member) \
	(offsetof(struct run_options, container) + offsetof(struct container, member))

static const struct cli_option options[] = {
	POLICY_OPTION_ROWS(struct run_options, policy),
	{ "no-delegation", 0, NULL, "The same container, but nothing delegated.",
	  cli_take_flag, offsetof(struct run_options, no_delegation), 0, NULL },
	{ "bpffs", 0, "PATH", "Where the bpffs is inside (/sys/fs/bpf).", take_absolute,
	  IN_CONTAINER(bpffs), 0, "dir" },
	{ "rootfs", 0, "DIR", "Root directory (the host's files).", cli_take_string,
	  IN_CONTAINER(rootfs), 0, "dir" },
	{ "net", 0, "private|host", "Network: its own, with lo up (private).", take_net,
	  IN_CONTAINER(host_net), 0, "private host" },
	{ "map", 0, "IN:OUT:COUNT", "Map of uids and gids (0:100000:65536).", take_map,
	  offsetof(struct run_options, container), 0, NULL },
	{ "user", 0, "UID[:GID]", "Run PROGRAM as this user inside (0).", take_user,
	  offsetof(struct run_options, container), 0, NULL },
	{ "caps", 0, "LIST", "Capabilities PROGRAM has (all for uid 0).", take_caps,
	  offsetof(struct run_options, container), 0, "capabilities" },
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
 * env(1)'s statuses for a program that does not start; a kind where it says more than 1.
 */
static int failure_status(const struct bpftoken_error *err, int kind)
{
	if (err->stage == BPFTOKEN_STAGE_EXEC)
		return err->code == -ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_EXECUTE;
	return kind == CLI_FAILED ? CLI_OWN_FAILURE : kind;
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
		return failure_status(&err, cli_fail(&err));
	honour_memlock(run->container.policy);
	run->container.argv = program;
	r = container_run(&run->container, &err);
	return r < 0 ? failure_status(&err, cli_fail(&err)) : r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct run_options run = {
		.container = { .bpffs = BPFFS_DEFAULT_TARGET,
			       .map_outside = CONTAINER_MAP_OUTSIDE,
			       .map_count = CONTAINER_MAP_COUNT },
	};
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
