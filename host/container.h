/* SPDX-License-Identifier: MIT */
/*
 * A container of `bpftoken run`: one process tree in namespaces of its own, with a
 * delegated bpffs. Three processes: the caller (host side of the handshake, waits), init
 * (pid 1 inside: sets up, reaps, forwards signals) and the program.
 */
#ifndef BPFTOKEN_CONTAINER_H
#define BPFTOKEN_CONTAINER_H

#include "error.h"

#include <signal.h>

struct container {
	const struct bpftoken_policy *policy; /* NULL = delegate nothing, mount nothing */
	const char *bpffs; /* where, inside */
	const char *rootfs; /* NULL = the host's files */
	bool host_net;
	uint32_t map_inside, map_outside, map_count; /* of uids and gids alike */
	uint32_t uid, gid; /* of the program, inside */
	bool caps_given;
	uint64_t caps; /* that the program keeps, one bit each */
	char *const *argv;
};

#define CONTAINER_MAP_OUTSIDE 100000U
#define CONTAINER_MAP_COUNT 65536U

/*
 * Runs it to its end. Returns the exit status of the program (128 + n when signal n ended
 * it), or a negative errno: then the program never ran, or somebody ended the whole
 * container, and nothing is left.
 */
int container_run(const struct container *container, struct bpftoken_error *err);

/* --- inside: container-init.c, rootfs.c, program.c --- */

/* Pid 1. sock is the container's end of the handshake; old_mask is the caller's. */
void container_init(const struct container *container, int sock, const sigset_t *old_mask)
	__attribute__((noreturn));

/* The container's mounts, in its own mount namespace. */
int rootfs_setup(const struct container *container, struct bpftoken_error *err);

/* Becomes the program: ids, capabilities, exec. Returns only on failure. */
int program_exec(const struct container *container, struct bpftoken_error *err);

#endif
