/* SPDX-License-Identifier: MIT */
/* bpftoken mount: a delegated part of BPF into a running container. */
#include "target.h"

#include "bpffs.h"
#include "grant.h"
#include "idmap.h"
#include "mount-plan.h"
#include "policy-options.h"
#include "policy.h"
#include "warn.h"

#include <string.h>

struct mount_options {
	struct policy_options policy;
	struct target_options target;
	bool replace, make, dry_run;
	bool owner_given;
	uint32_t uid, gid; /* as the container has them */
	uint32_t mode;
};

static int take_owner(void *member, const struct cli_option *option, const char *value,
		      struct bpftoken_error *err)
{
	struct mount_options *mount = member;
	int used = 0;

	if (value[0] < '0' || value[0] > '9' ||
	    sscanf(value, "%u:%u%n", &mount->uid, &mount->gid, &used) != 2 ||
	    (size_t)used != strlen(value))
		return target_bad_value(option, value, "UID:GID, two numbers", err);
	mount->owner_given = true;
	return 0;
}

static int take_mode(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (value[0] < '0' || value[0] > '7' || *end || !mode || mode > 07777)
		return target_bad_value(option, value, "an octal number such as 700",
					err);
	*(uint32_t *)member = (uint32_t)mode;
	return 0;
}

#define IN_MOUNT(member) offsetof(struct mount_options, member)

static const struct cli_option options[] = {
	POLICY_OPTION_ROWS(struct mount_options, policy),
	TARGET_OPTION_ROWS(struct mount_options, target),
	{ "owner", 0, "UID:GID", "Owner, ids of the container (0:0).", take_owner, 0, 0,
	  NULL },
	{ "mode", 0, "OCTAL", "Permissions of its root directory (1777).", take_mode,
	  IN_MOUNT(mode), 0, NULL },
	{ "replace", 0, NULL, "In place of a delegation that is there.", cli_take_flag,
	  IN_MOUNT(replace), 0, NULL },
	{ "mkdir", 0, NULL, "Create the last directory of PATH.", cli_take_flag,
	  IN_MOUNT(make), 0, NULL },
	{ "dry-run", 'n', NULL, "Say what would be done, and do nothing.", cli_take_flag,
	  IN_MOUNT(dry_run), 0, NULL },
	{ 0 },
};

static int check_policy(const struct cli_command *command, struct mount_options *mount)
{
	struct bpftoken_error err;

	if (mount->target.kill && !mount->replace)
		return cli_usage(command, "--kill ends who holds a token of what "
					  "--replace replaces, which is not given");
	if (!mount->policy.policy)
		return cli_usage(command, "no policy given (-p, --cmds, --maps, --progs "
					  "or --attachs)");
	if (policy_require(mount->policy.policy, &err) < 0 ||
	    grant_check_ceiling(mount->policy.policy, &err) < 0)
		return cli_fail(&err);
	return 0;
}

/* The ids of the container as the host has them. */
static int map_owner(const struct mount_options *mount, struct bpftoken_bpffs_opts *opts,
		     struct bpftoken_error *err)
{
	pid_t pid = (pid_t)mount->target.pid;
	int r = idmap_to_host(pid, "uid_map", mount->uid, &opts->uid);

	if (r == 0)
		r = idmap_to_host(pid, "gid_map", mount->gid, &opts->gid);
	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_FSCONFIG_OWNER, r == -ENXIO ? -EINVAL : r,
			  r == -ENXIO ? "the container maps no ids %u:%u" : NULL,
			  mount->uid, mount->gid);
		err_fix(err, "give ids that exist in the container");
		return r;
	}
	opts->flags |= BPFTOKEN_BPFFS_UID | BPFTOKEN_BPFFS_GID;
	return 0;
}

static int delegate(const struct mount_options *mount, struct bpftoken_bpffs_opts *opts,
		    struct target_result *result, uint64_t *device)
{
	const struct bpftoken_policy *policy = mount->policy.policy;
	struct bpftoken_error err;
	int r;

	r = mount->replace
		    ? bpftoken_bpffs_replace(mount->target.pidfd, policy, opts, device,
					     &err)
		    : bpftoken_bpffs_mount(mount->target.pidfd, policy, opts, &err);
	if (r < 0)
		return cli_fail(&err);
	result->device_count = r == 0 && *device;
	result->word = r ? "already" : *device ? "replaced" : "delegated";
	result->text = r ? "delegated already, nothing to do" : result->word;
	return target_report(&mount->target, result);
}

static int mount_into(const struct mount_options *mount)
{
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	uint64_t device = 0;
	struct target_result result = { .devices = &device };
	struct warn_facts facts;
	struct bpftoken_error err;
	int r = mount->owner_given ? map_owner(mount, &opts, &err) : 0;

	opts.target = mount->target.target;
	opts.root = mount->target.root;
	opts.mode = mount->mode;
	opts.flags |= mount->make ? BPFTOKEN_BPFFS_MKDIR : 0;
	if (r == 0)
		r = warn_observe((pid_t)mount->target.pid, &facts, &err);
	if (r < 0)
		return cli_fail(&err);
	if (mount->dry_run) {
		r = mount_plan(mount->target.pidfd, mount->policy.policy, &opts,
			       mount->replace, &err);
		if (r < 0)
			return cli_fail(&err);
	}
	warn_each(mount->policy.policy, &facts, warn_print, NULL);
	return mount->dry_run ? CLI_DONE : delegate(mount, &opts, &result, &device);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct mount_options mount = { .target = { .pidfd = -EBADF, .user_fd = -EBADF } };
	int status;
	int first = cli_parse(command, argc, argv, &mount, &status);

	if (first >= 0) {
		status = first < argc ? cli_usage(command, "unexpected operand \"%.64s\"",
						  argv[first])
				      : check_policy(command, &mount);
		if (status == 0)
			status = target_open(command, &mount.target);
		if (status == 0)
			status = mount_into(&mount);
	}
	target_close(&mount.target);
	policy_options_done(&mount.policy);
	return status;
}

const struct cli_command cmd_mount = {
	.name = "mount",
	.synopsis = "(--pid PID | --pidfd N | --container NAME) [POLICY] [OPTIONS]",
	.summary = "Delegate a part of BPF to a running container",
	.options = options,
	.run = run,
};
