/* SPDX-License-Identifier: MIT */
/* Processes that enter a container: see helper.h. */
#include "helper.h"

#include "handshake.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The new credentials make the process dumpable again where fs.suid_dumpable says so. */
static int become_root(const struct target *target)
{
	int r = sys_setns(target->user_fd, CLONE_NEWUSER);

	if (r == 0 && !target->foreign)
		r = sys_setns(target->mount_ns_fd, CLONE_NEWNS);
	if (r == 0 && target->foreign)
		r = sys_unshare(CLONE_NEWNS);
	if (r == 0)
		r = sys_drop_groups();
	if (r == 0)
		r = sys_set_ids(0, 0);
	return r;
}

int helper_join(const struct target *target, bool placer, struct bpftoken_error *err)
{
	int r = sys_set_dumpable(false);

	if (r == 0)
		r = placer && target->foreign
			    ? sys_setns(target->mount_ns_fd, CLONE_NEWNS)
			    : become_root(target);
	if (r == 0)
		r = sys_set_dumpable(false);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_JOIN, r, NULL) : 0;
}

int helper_open_root(const struct target *target, struct bpftoken_error *err)
{
	_cleanup_close_ int own_fd = -EBADF;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)target->pid);
	own_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (own_fd < 0)
		return target_raise(own_fd, err);
	/* Still alive, so that the pid was not somebody else's by now. */
	r = sys_pidfd_signal(target->pidfd, 0);
	if (r < 0)
		return target_raise(r, err);
	if (!target->root)
		return TAKE_FD(own_fd);
	r = sys_follow_in_root(own_fd, target->root, O_PATH | O_DIRECTORY);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, "%s: %s", target->root,
				 strerror(-r))
		     : r;
}

int helper_start(const struct target *target,
		 int (*run)(const struct target *target, int sock,
			    struct bpftoken_error *err),
		 struct helper *helper, struct bpftoken_error *err)
{
	_cleanup_close_ int theirs = -EBADF;
	struct bpftoken_error inside;
	int r = handshake_pair(&helper->sock, &theirs, err);

	if (r < 0)
		return r;
	helper->timeout_ms = target->timeout_ms;
	helper->pid = sys_clone(0, &helper->pidfd);
	if (helper->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, helper->pid, NULL);
	if (helper->pid == 0) {
		/* What is inherited here would leave the host. */
		const int keep[] = { target->pidfd, target->user_fd, target->mount_ns_fd,
				     theirs };

		r = sys_close_all_but(keep, ARRAY_SIZE(keep));
		r = r < 0 ? err_raise(&inside, BPFTOKEN_STAGE_JOIN, r, NULL)
			  : run(target, theirs, &inside);
		if (r < 0)
			handshake_fail(theirs, &inside);
		_exit(r < 0);
	}
	return 0;
}

void helper_end(struct helper *helper)
{
	siginfo_t info;

	close_fd(&helper->sock);
	helper->sock = -EBADF;
	if (helper->pidfd < 0)
		return;
	if (sys_reap(helper->pidfd, helper->timeout_ms, &info) < 0) {
		(void)sys_pidfd_signal(helper->pidfd, SIGKILL);
		(void)sys_reap(helper->pidfd, helper->timeout_ms, &info);
	}
	close_fd(&helper->pidfd);
	helper->pidfd = -EBADF;
}
