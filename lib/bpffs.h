/* SPDX-License-Identifier: MIT */
/* Host side, inside: what bpffs.c shares with the container engine in host/. */
#ifndef BPFTOKEN_BPFFS_H
#define BPFTOKEN_BPFFS_H

#include "error.h"

#include <limits.h>
#include <stdbool.h>

/* f_type of a bpffs, and so of every token: BPF_FS_MAGIC of linux/magic.h. */
#define BPFFS_MAGIC 0xcafe4a11U

#define BPFFS_DEFAULT_TARGET "/sys/fs/bpf"
#define BPFFS_DEFAULT_TIMEOUT_MS 5000

/*
 * May this process delegate at all: kernel, capability, initial user namespace. Asked
 * before anything is made, so that the answer is one sentence and not a failed step.
 */
int bpffs_may_delegate(struct bpftoken_error *err);
/* The same without the kernel: may it start a container at all. */
int bpffs_may_map(struct bpftoken_error *err);

/* Does a process live in the initial user namespace? 1, 0, or a negative errno. */
int bpffs_in_initial_userns(pid_t pid);

/*
 * A target path, resolved inside a root that it cannot leave. When make is set and
 * nothing but the last directory is missing, that is created; bpffs_target_undo() removes
 * it again.
 */
struct bpffs_target {
	int fd; /* O_PATH */
	int parent_fd; /* where it was created, -EBADF when it was there */
	char name[NAME_MAX + 1];
};

int bpffs_target_open(int root_fd, const char *path, bool make,
		      struct bpffs_target *ret_target, struct bpftoken_error *err);
void bpffs_target_undo(const struct bpffs_target *target);
void bpffs_target_done(struct bpffs_target *target);

#define BPFFS_TARGET_NONE                         \
	{                                         \
		.fd = -EBADF, .parent_fd = -EBADF \
	}
#define _cleanup_target_ _cleanup_(bpffs_target_done)

/* Puts a detached mount on it, and out of every peer group. */
int bpffs_target_mount(int target_fd, int mount_fd, struct bpftoken_error *err);

/*
 * How a mount would get to the process behind a pidfd: whether another user namespace
 * than its own owns its mount namespace. Looks, checks as bpftoken_bpffs_mount() does,
 * and changes nothing.
 */
int bpffs_route(int pidfd, pid_t *ret_pid, bool *ret_foreign, struct bpftoken_error *err);

/* Is what the kernel shows what was asked? As bpftoken_bpffs_verify(). */
int bpffs_compare(const struct bpftoken_policy *asked, const struct bpftoken_policy *got,
		  struct bpftoken_error *err);

/*
 * Detaches the topmost mount above the root directory of a mount, which is that mount
 * itself unless something was put on it. Not by a path, which may be another's by now.
 * Leaves the process in that directory: for helpers.
 */
int bpffs_detach(int root_fd);

#endif
