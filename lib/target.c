/* SPDX-License-Identifier: MIT */
/* Which container is changed: see target.h. */
#include "target.h"

#include "bpffs.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>

#define LOCK_PAUSE_MS 5

void target_done(struct target *target)
{
	/* Helpers have it, too: closing is not enough. */
	if (target->locked)
		(void)sys_unlock(target->mount_ns_fd);
	close_fd(&target->user_fd);
	close_fd(&target->mount_ns_fd);
}

int target_raise(int code, struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_TARGET, code == -ENOENT ? -ESRCH : code,
			 NULL);
}

static int open_namespace(pid_t pid, const char *name, struct bpftoken_error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	return fd < 0 ? target_raise(fd, err) : fd;
}

static int same_inode(int fd, const char *path)
{
	uint64_t ours, theirs;
	int r = sys_inode(fd, "", &theirs);

	if (r == 0)
		r = sys_inode(AT_FDCWD, path, &ours);
	return r < 0 ? r : ours == theirs;
}

/* Whose it is decides the route; one of the host's is nobody's to change. */
static int find_owner(struct target *target, struct bpftoken_error *err)
{
	static const char *const of_host[] = { "/proc/self/ns/mnt", "/proc/1/ns/mnt" };
	_cleanup_close_ int owner_fd = -EBADF;
	uint64_t owner, user;
	int r;

	owner_fd = sys_ioctl(target->mount_ns_fd, NS_GET_USERNS, NULL);
	r = owner_fd < 0 ? owner_fd : sys_inode(owner_fd, "", &owner);
	if (r == 0)
		r = sys_inode(target->user_fd, "", &user);
	if (r < 0)
		return target_raise(r, err);
	target->foreign = owner != user;
	for (size_t i = 0; target->foreign && i < ARRAY_SIZE(of_host); i++) {
		r = same_inode(target->mount_ns_fd, of_host[i]);
		/* A host's root that may not look at pid 1 still knows its own. */
		if (r == -EACCES && i)
			continue;
		if (r < 0)
			return target_raise(r, err);
		if (r > 0)
			return err_raise(err, BPFTOKEN_STAGE_TARGET, -EINVAL,
					 "the process lives in the host's mount "
					 "namespace, and nothing is mounted there for a "
					 "container");
	}
	return 0;
}

/* The pid behind the pidfd and its namespaces; all are of one living process. */
static int open_target(struct target *target, struct bpftoken_error *err)
{
	int r;

	target->pid = sys_pidfd_pid(target->pidfd);
	if (target->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, target->pid, NULL);
	r = bpffs_in_initial_userns(target->pid);
	if (r < 0)
		return target_raise(r, err);
	if (r > 0)
		return err_raise(
			err, BPFTOKEN_STAGE_TARGET, -EINVAL,
			"the process lives in the initial user namespace, where the "
			"kernel makes no tokens");
	r = target->user_fd = open_namespace(target->pid, "user", err);
	if (r >= 0)
		r = target->mount_ns_fd = open_namespace(target->pid, "mnt", err);
	if (r >= 0)
		r = find_owner(target, err);
	if (r < 0)
		return r;
	r = sys_pidfd_signal(target->pidfd, 0);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL) : 0;
}

int target_lock(struct target *target, struct bpftoken_error *err)
{
	uint64_t deadline = sys_now_ms() + (uint64_t)target->timeout_ms;
	int r;

	while ((r = sys_lock(target->mount_ns_fd)) == -EWOULDBLOCK) {
		if (sys_now_ms() > deadline)
			break;
		(void)sys_poll(NULL, 0, LOCK_PAUSE_MS);
	}
	if (r == -EWOULDBLOCK)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, -ETIMEDOUT,
				 "somebody else holds the lock of its mount namespace");
	if (r < 0)
		return target_raise(r, err);
	target->locked = true;
	return 0;
}

int target_take(int pidfd, const struct bpftoken_bpffs_opts *opts, struct target *target,
		struct bpftoken_error *err)
{
	int r = bpffs_may_delegate(err);

	if (r < 0)
		return r;
	target->pidfd = pidfd;
	target->root = opts->root;
	target->path = opts->target ? opts->target : BPFFS_DEFAULT_TARGET;
	target->make = opts->flags & BPFTOKEN_BPFFS_MKDIR;
	target->timeout_ms =
		opts->timeout_ms ? (int)opts->timeout_ms : BPFFS_DEFAULT_TIMEOUT_MS;
	return open_target(target, err);
}

int bpffs_route(int pidfd, pid_t *ret_pid, bool *ret_foreign, struct bpftoken_error *err)
{
	_cleanup_(target_done) struct target target = TARGET_NONE;
	const struct bpftoken_bpffs_opts none = { 0 };
	int r = target_take(pidfd, &none, &target, err);

	if (r < 0)
		return r;
	*ret_pid = target.pid;
	*ret_foreign = target.foreign;
	return 0;
}
