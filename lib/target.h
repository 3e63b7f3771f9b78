/* SPDX-License-Identifier: MIT */
/* A container that already runs, as join.c and guest.c change it: its namespaces, locked. */
#ifndef BPFTOKEN_TARGET_H
#define BPFTOKEN_TARGET_H

#include "guest.h"

#include <stdbool.h>
#include <sys/types.h>

struct target {
	int pidfd;
	pid_t pid;
	int user_fd, mount_ns_fd;
	bool locked;
	bool foreign; /* another user namespace owns the mount namespace */
	const char *root, *path;
	bool make;
	int timeout_ms;
	/* guest_run()'s */
	int (*guest)(const struct guest *guest, void *data, struct bpftoken_error *err);
	void *data;
	uint64_t confirmed;
};

#define TARGET_NONE                                      \
	{                                                \
		.user_fd = -EBADF, .mount_ns_fd = -EBADF \
	}

/*
 * The target's pid and its namespaces, of a caller who may delegate. -EINVAL for a process
 * that cannot have a delegation.
 */
int target_take(int pidfd, const struct bpftoken_bpffs_opts *opts, struct target *target,
		struct bpftoken_error *err);

/*
 * One change of a mount namespace at a time, or two would both find nothing and both
 * mount. The container can hold the lock as well, and hinders itself.
 */
int target_lock(struct target *target, struct bpftoken_error *err);
void target_done(struct target *target);

/* ENOENT is what /proc says of a process that has ended, reaped or not. */
int target_raise(int code, struct bpftoken_error *err);

#endif
