/* SPDX-License-Identifier: MIT */
/*
 * What an error means and what to do: (stage, errno) -> kind, sentence, remedy. The same
 * errno at two stages has two cures, which is why this is a table over both.
 */
#include "explain.h"

#include "denial.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define STAGE(name, what) [BPFTOKEN_STAGE_##name] = { #name, what }

static const struct {
	const char *name, *what;
} stages[] = {
	STAGE(NONE, "the operation failed"),
	STAGE(POLICY, "cannot use the policy"),
	STAGE(OPTIONS, "cannot use the options"),
	STAGE(MEMORY, "out of memory"),
	STAGE(KERNEL, "cannot use BPF tokens"),
	STAGE(PRIVILEGE, "cannot delegate"),
	STAGE(TARGET, "cannot delegate to this process"),
	STAGE(CLONE, "cannot create the process"),
	STAGE(IDMAP, "cannot map the user namespace's ids"),
	STAGE(JOIN, "cannot join the target's namespaces"),
	STAGE(FSOPEN, "cannot open a bpffs for the user namespace"),
	STAGE(HANDSHAKE, "the delegation did not complete"),
	STAGE(FSCONFIG_OWNER, "cannot set the owner of the bpffs"),
	STAGE(FSCONFIG_CMDS, "cannot delegate the commands"),
	STAGE(FSCONFIG_MAPS, "cannot delegate the map types"),
	STAGE(FSCONFIG_PROGS, "cannot delegate the program types"),
	STAGE(FSCONFIG_ATTACHS, "cannot delegate the attach types"),
	STAGE(CREATE, "cannot create the bpffs"),
	STAGE(FSMOUNT, "cannot make a mount of the bpffs"),
	STAGE(RESOLVE, "cannot use the target path"),
	STAGE(MOVE_MOUNT, "cannot mount the bpffs on the target path"),
	STAGE(VERIFY, "cannot delegate what was asked"),
	STAGE(SETUP, "cannot set up the container"),
	STAGE(EXEC, "cannot run the program"),
	STAGE(DISCOVER, "found no bpffs that gives such a token"),
	STAGE(TOKEN_OPEN, "cannot open the bpffs"),
	STAGE(TOKEN_CREATE, "cannot make a token"),
	STAGE(TOKEN_INFO, "cannot read what the token permits"),
	STAGE(MAP_CREATE, "cannot create the map"),
	STAGE(PROG_LOAD, "cannot load the program"),
	STAGE(BTF_LOAD, "cannot load the BTF"),
	STAGE(BTF_GET_FD_BY_ID, "cannot open the kernel's BTF object"),
	STAGE(BPF, "the bpf() command failed"),
	STAGE(LINK_CREATE, "cannot attach the program"),
	STAGE(PERF_EVENT_OPEN, "cannot open the perf event"),
	STAGE(LISTENER, "cannot listen to the program's bpf() calls"),
	STAGE(PRELOAD, "cannot preload the library that adds the token"),
};

#define RUN_AS_ROOT \
	"run as root on the host: delegating needs CAP_SYS_ADMIN in the initial user namespace"

/* The first row that fits counts: the precise before the general. code 0 = any. */
static const struct remedy remedies[] = {
	{ BPFTOKEN_STAGE_MEMORY, 0, BPFTOKEN_KIND_FAILED, NULL,
	  "free some memory and repeat" },
	{ BPFTOKEN_STAGE_POLICY, 0, BPFTOKEN_KIND_POLICY, NULL,
	  "correct the policy; bpftoken-policy(5) describes the dialects" },
	{ BPFTOKEN_STAGE_OPTIONS, -E2BIG, BPFTOKEN_KIND_USAGE, NULL,
	  "use a newer libbpftoken" },
	{ BPFTOKEN_STAGE_OPTIONS, 0, BPFTOKEN_KIND_USAGE, NULL, "correct the call" },
	{ BPFTOKEN_STAGE_KERNEL, -EOPNOTSUPP, BPFTOKEN_KIND_KERNEL,
	  "kernel lacks BPF tokens (Linux 6.9 or newer)", "boot a newer kernel" },
	{ BPFTOKEN_STAGE_KERNEL, -EPERM, BPFTOKEN_KIND_DENIED,
	  "the bpf() system call is refused as a whole",
	  "allow bpf() in the seccomp profile, or look for an LSM denial" },
	{ BPFTOKEN_STAGE_KERNEL, -ENOSYS, BPFTOKEN_KIND_KERNEL,
	  "there is no bpf() system call here",
	  "allow bpf() in the seccomp profile, or use a kernel with BPF" },
	{ BPFTOKEN_STAGE_PRIVILEGE, -EPERM, BPFTOKEN_KIND_DENIED, NULL, RUN_AS_ROOT },
	{ BPFTOKEN_STAGE_TARGET, -ESRCH, BPFTOKEN_KIND_FAILED, "the process has ended",
	  "name a process that runs" },
	{ BPFTOKEN_STAGE_TARGET, -EINVAL, BPFTOKEN_KIND_DENIED, NULL,
	  "run the container in a user namespace of its own" },
	{ BPFTOKEN_STAGE_IDMAP, -EPERM, BPFTOKEN_KIND_DENIED, NULL,
	  "mapping ids needs CAP_SETUID and CAP_SETGID on the host" },
	{ BPFTOKEN_STAGE_CLONE, -EPERM, BPFTOKEN_KIND_DENIED, NULL,
	  "check that user namespaces are permitted (user.max_user_namespaces)" },
	{ BPFTOKEN_STAGE_CLONE, -ENOSPC, BPFTOKEN_KIND_FAILED,
	  "the limit of nested or existing namespaces is reached",
	  "raise user.max_user_namespaces and its siblings" },
	{ BPFTOKEN_STAGE_JOIN, -EPERM, BPFTOKEN_KIND_DENIED,
	  "the process's user namespace does not own its mount namespace, or this "
	  "process lacks CAP_SYS_ADMIN",
	  "start the container with a user and a mount namespace of its own" },
	{ BPFTOKEN_STAGE_FSOPEN, -EPERM, BPFTOKEN_KIND_DENIED,
	  "the user namespace does not own the mount namespace",
	  "give the container a mount namespace of its own" },
	{ BPFTOKEN_STAGE_FSOPEN, -ENODEV, BPFTOKEN_KIND_KERNEL, "the kernel has no bpffs",
	  "use a kernel with CONFIG_BPF_SYSCALL" },
	{ BPFTOKEN_STAGE_FSCONFIG_OWNER, -EINVAL, BPFTOKEN_KIND_USAGE, NULL,
	  "give host ids that the container's user namespace maps" },
	{ BPFTOKEN_STAGE_FSCONFIG_CMDS, -EPERM, BPFTOKEN_KIND_DENIED, NULL, RUN_AS_ROOT },
	{ BPFTOKEN_STAGE_FSCONFIG_MAPS, -EPERM, BPFTOKEN_KIND_DENIED, NULL, RUN_AS_ROOT },
	{ BPFTOKEN_STAGE_FSCONFIG_PROGS, -EPERM, BPFTOKEN_KIND_DENIED, NULL,
	  RUN_AS_ROOT },
	{ BPFTOKEN_STAGE_FSCONFIG_ATTACHS, -EPERM, BPFTOKEN_KIND_DENIED, NULL,
	  RUN_AS_ROOT },
	{ BPFTOKEN_STAGE_CREATE, -EPERM, BPFTOKEN_KIND_DENIED, NULL,
	  "the host creates a container's bpffs, with CAP_SYS_ADMIN in the initial "
	  "user namespace" },
	{ BPFTOKEN_STAGE_CREATE, -EBUSY, BPFTOKEN_KIND_FAILED,
	  "the container used the context itself", "repeat with a fresh context" },
	{ BPFTOKEN_STAGE_HANDSHAKE, -ETIMEDOUT, BPFTOKEN_KIND_FAILED,
	  "the container's side did not answer in time",
	  "see whether the container is stopped" },
	{ BPFTOKEN_STAGE_RESOLVE, -ELOOP, BPFTOKEN_KIND_DENIED, NULL,
	  "name a path without symbolic links" },
	{ BPFTOKEN_STAGE_RESOLVE, -ENOENT, BPFTOKEN_KIND_FAILED, NULL,
	  "create the directory in the container first" },
	{ BPFTOKEN_STAGE_RESOLVE, -ENOTDIR, BPFTOKEN_KIND_FAILED, NULL,
	  "name a directory" },
	{ BPFTOKEN_STAGE_RESOLVE, -EEXIST, BPFTOKEN_KIND_FAILED, NULL,
	  "change it with bpftoken mount --replace, or end it with bpftoken umount" },
	{ BPFTOKEN_STAGE_RESOLVE, -EBUSY, BPFTOKEN_KIND_FAILED, NULL,
	  "detach them first: bpftoken umount" },
	{ BPFTOKEN_STAGE_RESOLVE, -ENODATA, BPFTOKEN_KIND_FAILED, NULL,
	  "name the path that the delegation is mounted on" },
	{ BPFTOKEN_STAGE_VERIFY, -EXDEV, BPFTOKEN_KIND_FAILED, NULL,
	  "let the container have its mounts private (mount --make-rprivate /)" },
	{ BPFTOKEN_STAGE_VERIFY, -EOPNOTSUPP, BPFTOKEN_KIND_KERNEL, NULL,
	  "leave it out, or use a newer kernel" },
	{ BPFTOKEN_STAGE_SETUP, 0, BPFTOKEN_KIND_FAILED, NULL,
	  "bpftoken-run(1) says what it needs" },
	{ BPFTOKEN_STAGE_DISCOVER, -ENOENT, BPFTOKEN_KIND_FAILED, NULL,
	  "delegate on the host: bpftoken run" },
	{ BPFTOKEN_STAGE_DISCOVER, -ECANCELED, BPFTOKEN_KIND_USAGE,
	  "the path is empty, which asks for none", "name the mount point of a bpffs" },
	{ BPFTOKEN_STAGE_TOKEN_OPEN, -ENOENT, BPFTOKEN_KIND_FAILED, NULL,
	  "name the mount point of a bpffs" },
	{ BPFTOKEN_STAGE_TOKEN_OPEN, -ENOTDIR, BPFTOKEN_KIND_FAILED, NULL,
	  "name the mount point of a bpffs" },
	{ BPFTOKEN_STAGE_TOKEN_OPEN, -EACCES, BPFTOKEN_KIND_DENIED, NULL,
	  "open it as its owner, or let the host delegate with another mode" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -EPERM, BPFTOKEN_KIND_DENIED,
	  "the bpffs belongs to another user namespace than this process",
	  "run in the user namespace that the bpffs was mounted for" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -EINVAL, BPFTOKEN_KIND_FAILED,
	  "it is not the root directory of a bpffs",
	  "name the mount point of a bpffs that the host delegates (bpftoken run)" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -EOPNOTSUPP, BPFTOKEN_KIND_DENIED,
	  "there are no tokens in the initial user namespace",
	  "run inside the container; root on the host needs no token" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -ENOENT, BPFTOKEN_KIND_POLICY,
	  "nothing is delegated on this bpffs", "delegate on the host: bpftoken run" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -EBADF, BPFTOKEN_KIND_USAGE,
	  "not an open descriptor, or an O_PATH one",
	  "open the directory itself: openat(fd, \".\", O_RDONLY | O_DIRECTORY)" },
	{ BPFTOKEN_STAGE_TOKEN_CREATE, -EACCES, BPFTOKEN_KIND_DENIED, NULL,
	  "look at the LSM's audit log" },
	{ BPFTOKEN_STAGE_TOKEN_INFO, -EINVAL, BPFTOKEN_KIND_USAGE,
	  "it is not a BPF token", "pass what BPF_TOKEN_CREATE returned" },
	{ BPFTOKEN_STAGE_TOKEN_INFO, -EBADF, BPFTOKEN_KIND_USAGE,
	  "it is not an open descriptor", "pass what BPF_TOKEN_CREATE returned" },
	{ BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, -EINVAL, BPFTOKEN_KIND_FAILED,
	  "the descriptor is no token", "pass what BPF_TOKEN_CREATE returned" },
	{ BPFTOKEN_STAGE_EXEC, -ENOENT, BPFTOKEN_KIND_FAILED, NULL,
	  "name a program that exists inside the container" },
	{ BPFTOKEN_STAGE_EXEC, -EACCES, BPFTOKEN_KIND_DENIED, NULL,
	  "put it where the container's root, an ordinary host user, may read it" },
	{ BPFTOKEN_STAGE_LISTENER, -EBUSY, BPFTOKEN_KIND_FAILED,
	  "a seccomp listener is there already, and the kernel takes one for a process",
	  "use --via preload, or run it where nothing else listens" },
	{ BPFTOKEN_STAGE_LISTENER, -EINVAL, BPFTOKEN_KIND_FAILED,
	  "no listener can be had here, as under a container manager that intercepts "
	  "system calls",
	  "use --via preload" },
	{ BPFTOKEN_STAGE_LISTENER, 0, BPFTOKEN_KIND_FAILED, NULL, "use --via preload" },
	{ ANY_STAGE, -EPERM, BPFTOKEN_KIND_DENIED, NULL, NULL },
	{ ANY_STAGE, -EACCES, BPFTOKEN_KIND_DENIED, NULL, NULL },
	{ ANY_STAGE, -EMFILE, BPFTOKEN_KIND_FAILED,
	  "this process has too many open files", "raise its limit (ulimit -n)" },
	{ ANY_STAGE, -ENFILE, BPFTOKEN_KIND_FAILED, "the system has too many open files",
	  "raise fs.file-max" },
	{ ANY_STAGE, 0, BPFTOKEN_KIND_FAILED, NULL, NULL },
};

const char *bpftoken_stage_name(uint32_t stage)
{
	return stage < ARRAY_SIZE(stages) ? stages[stage].name : "UNKNOWN";
}

const char *explain_stage(uint32_t stage)
{
	return stage < ARRAY_SIZE(stages) ? stages[stage].what : NULL;
}

const struct remedy *explain_remedy(size_t n)
{
	return n < ARRAY_SIZE(remedies) ? &remedies[n] : NULL;
}

static const struct remedy *find_remedy(uint32_t stage, int code)
{
	const struct remedy *row = remedies;

	while ((row->stage != stage && row->stage != ANY_STAGE) ||
	       (row->code && row->code != code))
		row++;
	return row;
}

static void keep_or_copy(char *field, size_t size, const char *text)
{
	if (!field[0] && text)
		snprintf(field, size, "%s", text);
}

uint32_t bpftoken_explain(struct bpftoken_error *err)
{
	const struct remedy *row;
	struct denied_call call;
	bool own_why = err->why[0];
	int number = err->code < 0 && err->code > -4096 ? -err->code : EINVAL;

	if (!own_why && denial_call_of(err, &call))
		(void)denial_find(&call, err);
	if (!own_why && err->stage == BPFTOKEN_STAGE_TOKEN_CREATE && err->code == -EPERM)
		(void)denial_no_capability(1ULL << CAP_BPF, "this user namespace", err);
	row = find_remedy(err->stage, err->code);
	keep_or_copy(err->what, sizeof(err->what),
		     stages[err->stage < ARRAY_SIZE(stages) ? err->stage : 0].what);
	keep_or_copy(err->why, sizeof(err->why), row->why ? row->why : strerror(number));
	keep_or_copy(err->fix, sizeof(err->fix), row->fix);
	if (!err->kind)
		err->kind = row->kind;
	return err->kind;
}
