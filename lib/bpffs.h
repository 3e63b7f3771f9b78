/* SPDX-License-Identifier: MIT */
/* Host side, inside: what bpffs.c shares with the container engine in host/. */
#ifndef BPFTOKEN_BPFFS_H
#define BPFTOKEN_BPFFS_H

#include "error.h"

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

#endif
