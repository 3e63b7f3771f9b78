/* SPDX-License-Identifier: MIT */
/* What lib/join.c and lib/handshake.c do, written down: one line for each call. */
#include "mount-plan.h"

#include "bpffs.h"
#include "dialect.h"
#include "policy.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *who, uint32_t stage, const char *call, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const char *who, uint32_t stage, const char *call, ...)
{
	va_list args;

	printf("%-7s %-16s ", who, bpftoken_stage_name(stage));
	va_start(args, call);
	vprintf(call, args);
	va_end(args);
	putchar('\n');
}

static void say_join(bool foreign)
{
	const char *ids = "setgroups(0), setresgid(0, 0, 0), setresuid(0, 0, 0)";
	const char *dumpable = "prctl(PR_SET_DUMPABLE, 0)";

	say("placer", BPFTOKEN_STAGE_JOIN, "%s", dumpable);
	if (foreign) {
		say("placer", BPFTOKEN_STAGE_JOIN, "setns(mnt), as root of the host");
		return;
	}
	say("placer", BPFTOKEN_STAGE_JOIN, "setns(user), setns(mnt)");
	say("placer", BPFTOKEN_STAGE_JOIN, "%s, %s", ids, dumpable);
}

static void say_context(bool foreign)
{
	if (foreign)
		say("opener", BPFTOKEN_STAGE_JOIN,
		    "setns(user), unshare(CLONE_NEWNS), ids 0, not dumpable");
	say(foreign ? "opener" : "placer", BPFTOKEN_STAGE_FSOPEN, "fsopen(\"bpf\")");
}

static void say_build(const struct bpftoken_policy *policy,
		      const struct bpftoken_bpffs_opts *opts)
{
	if (opts->flags & BPFTOKEN_BPFFS_UID)
		say("host", BPFTOKEN_STAGE_FSCONFIG_OWNER,
		    "fsconfig(SET_STRING, \"uid\", \"%u\")", opts->uid);
	if (opts->flags & BPFTOKEN_BPFFS_GID)
		say("host", BPFTOKEN_STAGE_FSCONFIG_OWNER,
		    "fsconfig(SET_STRING, \"gid\", \"%u\")", opts->gid);
	if (opts->mode)
		say("host", BPFTOKEN_STAGE_FSCONFIG_OWNER,
		    "fsconfig(SET_STRING, \"mode\", \"%o\")", opts->mode);
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		if (policy->mask[set])
			say("host", BPFTOKEN_STAGE_FSCONFIG_CMDS + set,
			    "fsconfig(SET_STRING, \"%s\", \"0x%llx\")",
			    dialect_mount_keys[set],
			    (unsigned long long)policy->mask[set]);
	say("host", BPFTOKEN_STAGE_CREATE, "fsconfig(CMD_CREATE)");
	say("host", BPFTOKEN_STAGE_FSMOUNT, "fsmount(NOSUID | NODEV | NOEXEC)");
}

static void say_place(bool foreign, bool replace)
{
	say("placer", BPFTOKEN_STAGE_MOVE_MOUNT,
	    "move_mount(), mount_setattr(MS_PRIVATE)");
	say("host", BPFTOKEN_STAGE_VERIFY, "/proc/<placer>/mountinfo: the same policy?");
	if (foreign)
		say("host", BPFTOKEN_STAGE_VERIFY,
		    "/proc/self/mountinfo: not on the host?");
	if (!replace)
		return;
	puts("and where a delegation is on the target already:");
	say("placer", BPFTOKEN_STAGE_MOVE_MOUNT,
	    "open_tree(CLONE), umount2(MNT_DETACH) the new mount");
	say("placer", BPFTOKEN_STAGE_MOVE_MOUNT,
	    "move_mount(BENEATH) the copy, mount_setattr(MS_PRIVATE)");
	say("placer", BPFTOKEN_STAGE_MOVE_MOUNT, "umount2(MNT_DETACH) the old mount");
}

int mount_plan(int pidfd, const struct bpftoken_policy *policy,
	       const struct bpftoken_bpffs_opts *opts, bool replace,
	       struct bpftoken_error *err)
{
	const char *target = opts->target ? opts->target : BPFFS_DEFAULT_TARGET;
	bool foreign;
	pid_t pid;
	int r = bpffs_route(pidfd, &pid, &foreign, err);

	if (r < 0)
		return r;
	say("placer", BPFTOKEN_STAGE_RESOLVE, "openat(\"/proc/%d/root\", O_PATH)",
	    (int)pid);
	if (opts->root)
		say("placer", BPFTOKEN_STAGE_RESOLVE,
		    "openat2(root, \"%s\", IN_ROOT | NO_MAGICLINKS)", opts->root);
	say_join(foreign);
	say("placer", BPFTOKEN_STAGE_RESOLVE,
	    "openat2(root, \"%s\", IN_ROOT | NO_SYMLINKS | NO_MAGICLINKS)", target);
	if (opts->flags & BPFTOKEN_BPFFS_MKDIR)
		say("placer", BPFTOKEN_STAGE_RESOLVE,
		    "mkdirat(), where the last directory is missing");
	say("host", BPFTOKEN_STAGE_RESOLVE,
	    "/proc/<placer>/mountinfo: the same policy, owner and mode there already?");
	say_context(foreign);
	say_build(policy, opts);
	say_place(foreign, replace);
	return 0;
}
