/* SPDX-License-Identifier: MIT */
/*
 * Delegating to a container that already runs. A helper process joins the target's user
 * and mount namespace and speaks the container side of handshake.h; the caller never
 * leaves the host. The helper is not dumpable, so that nobody inside can ptrace it, keeps
 * three descriptors, and is not visible in the container's pid namespace.
 */
#include "bpffs.h"
#include "handshake.h"
#include "policy.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

struct target {
	int pidfd;
	pid_t pid;
	int root_fd;
	const char *path;
	int timeout_ms;
};

/* The new credentials make the process dumpable again where fs.suid_dumpable says so. */
static int join(const struct target *target, struct bpftoken_error *err)
{
	int r = sys_set_dumpable(false);

	if (r == 0)
		r = sys_setns(target->pidfd, CLONE_NEWUSER | CLONE_NEWNS);
	if (r == 0)
		r = sys_drop_groups();
	if (r == 0)
		r = sys_set_ids(0, 0);
	if (r == 0)
		r = sys_set_dumpable(false);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_JOIN, r, NULL) : 0;
}

static void helper(const struct target *target, int sock)
{
	/* What is inherited here would leave the host. */
	const int keep[] = { target->pidfd, target->root_fd, sock };
	struct bpftoken_error err;
	int r;

	sys_close_all_but(keep, ARRAY_SIZE(keep));
	r = join(target, &err);
	if (r == 0)
		r = handshake_container_side(sock, target->timeout_ms, target->root_fd,
					     target->path, &err);
	if (r < 0)
		handshake_fail(sock, &err);
	_exit(r < 0);
}

static void end_helper(int pidfd, int timeout_ms)
{
	siginfo_t info;

	if (sys_reap(pidfd, timeout_ms, &info) == 0)
		return;
	(void)sys_pidfd_signal(pidfd, SIGKILL);
	(void)sys_reap(pidfd, timeout_ms, &info);
}

static int with_helper(const struct target *target, const struct bpftoken_policy *policy,
		       const struct bpftoken_bpffs_opts *opts, struct bpftoken_error *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	pid_t pid;
	int r;

	r = handshake_pair(&ours, &theirs, err);
	if (r < 0)
		return r;
	pid = sys_clone(0, &pidfd);
	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, pid, NULL);
	if (pid == 0)
		helper(target, theirs);
	sys_close(TAKE_FD(theirs));
	r = handshake_host_side(ours, target->timeout_ms, pid, policy, opts, err);
	sys_close(TAKE_FD(ours));
	end_helper(pidfd, target->timeout_ms);
	return r;
}

/* ENOENT is what /proc says of a process that has ended, reaped or not. */
static int raise_target(int code, struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_TARGET, code == -ENOENT ? -ESRCH : code,
			 NULL);
}

/* The pid behind the pidfd, and that process's root; both are of one living process. */
static int open_target(int pidfd, struct target *target, struct bpftoken_error *err)
{
	char path[64];
	int r;

	target->pidfd = pidfd;
	target->pid = sys_pidfd_pid(pidfd);
	if (target->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, target->pid, NULL);
	r = bpffs_in_initial_userns(target->pid);
	if (r < 0)
		return raise_target(r, err);
	if (r > 0)
		return err_raise(
			err, BPFTOKEN_STAGE_TARGET, -EINVAL,
			"the process lives in the initial user namespace, where the "
			"kernel makes no tokens");
	snprintf(path, sizeof(path), "/proc/%d/root", (int)target->pid);
	target->root_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (target->root_fd < 0)
		return raise_target(target->root_fd, err);
	/* Still alive, so the pid was not somebody else's by now. */
	r = sys_pidfd_signal(pidfd, 0);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL) : 0;
}

int bpftoken_bpffs_mount(int pidfd, const struct bpftoken_policy *policy,
			 const struct bpftoken_bpffs_opts *opts,
			 struct bpftoken_error *err)
{
	struct target target = { .root_fd = -EBADF };
	struct bpftoken_bpffs_opts own;
	int r;

	r = opts_take(&own, sizeof(own), opts, err);
	if (r < 0)
		return r;
	r = policy_require(policy, err);
	if (r < 0)
		return r;
	r = bpffs_may_delegate(err);
	if (r < 0)
		return r;
	target.path = own.target ? own.target : BPFFS_DEFAULT_TARGET;
	target.timeout_ms =
		own.timeout_ms ? (int)own.timeout_ms : BPFFS_DEFAULT_TIMEOUT_MS;
	r = open_target(pidfd, &target, err);
	if (r == 0)
		r = with_helper(&target, policy, &own, err);
	close_fd(&target.root_fd);
	return r;
}
