/* SPDX-License-Identifier: MIT */
/*
 * The two sides of a delegation, over a SOCK_SEQPACKET pair:
 *
 *   container side                          host side
 *   (in the user and mount namespace,       (CAP_SYS_ADMIN in the initial
 *    uid 0 of it)                            user namespace)
 *   fsopen("bpf")
 *                    CONTEXT + fd    --->
 *                                           fsconfig masks, CREATE, fsmount
 *                    <---      MOUNT + fd
 *   openat2 target, move_mount
 *                    PLACED          --->
 *                                           read back from mountinfo, compare
 *                    <---              GO   or UNDO: detach it, then GONE --->
 *
 * Either side may send FAILED with its stage and errno instead. `bpftoken run` speaks it
 * with its own child, bpftoken_bpffs_mount() with helpers that joined the container
 * (join.c): they say FOUND first, with the id of the mount that the target is the root
 * of, and may be told, instead of GO,
 *
 *                    <---            SWAP
 *   the new mount goes below the old,
 *   the old is detached
 *                    SWAPPED         --->
 *
 * or, instead of MOUNT,
 *
 *                    <---          DETACH
 *   what is on the target is detached
 *                    GONE            --->
 */
#ifndef BPFTOKEN_HANDSHAKE_H
#define BPFTOKEN_HANDSHAKE_H

#include "error.h"

#include <stdbool.h>

enum handshake_tag {
	HANDSHAKE_READY, /* run's child exists; run's parent has written its id maps */
	HANDSHAKE_CONTEXT,
	HANDSHAKE_MOUNT,
	HANDSHAKE_PLACED,
	HANDSHAKE_GO,
	HANDSHAKE_UNDO,
	HANDSHAKE_GONE,
	HANDSHAKE_FOUND,
	HANDSHAKE_SWAP,
	HANDSHAKE_SWAPPED,
	HANDSHAKE_DETACH,
	/* exec's child, with its listener; NNP: it had to give up setuid for it */
	HANDSHAKE_LISTENER,
	HANDSHAKE_LISTENER_NNP,
	HANDSHAKE_FAILED,
};

/* The two ends of a new connection. */
int handshake_pair(int *ret_ours, int *ret_theirs, struct bpftoken_error *err);

int handshake_send(int sock, uint32_t tag, int fd, struct bpftoken_error *err);

/* Tells the other side why there will be no answer; best effort. */
void handshake_fail(int sock, const struct bpftoken_error *err);

/*
 * Waits for one message. Any other tag is an error; FAILED raises the other side's
 * error. ret_fd may be NULL when the message carries none.
 */
int handshake_expect(int sock, int timeout_ms, uint32_t tag, int *ret_fd,
		     struct bpftoken_error *err);

/* The same for any tag but FAILED; the message has to carry a descriptor. */
int handshake_expect_any(int sock, int timeout_ms, uint32_t *ret_tag, int *ret_fd,
			 struct bpftoken_error *err);

/* Waits until the other side closes its end: 0; what it says instead is an error. */
int handshake_expect_end(int sock, int timeout_ms, struct bpftoken_error *err);

/* FOUND and its mount id, 0 for none. */
int handshake_send_found(int sock, uint64_t mount_id, struct bpftoken_error *err);
int handshake_expect_found(int sock, int timeout_ms, uint64_t *ret_mount_id,
			   struct bpftoken_error *err);

/* Everything between CONTEXT and GO, for one side. root_fd is not consumed. */
int handshake_container_side(int sock, int timeout_ms, int root_fd, const char *target,
			     struct bpftoken_error *err);
/* pid: a process that shows the placed mount in its mountinfo. */
int handshake_host_side(int sock, int timeout_ms, pid_t pid,
			const struct bpftoken_policy *policy,
			const struct bpftoken_bpffs_opts *opts,
			struct bpftoken_error *err);

/* The halves of them, where two helpers share the container's side. */
int handshake_offer_context(int sock, struct bpftoken_error *err);
/* From MOUNT (or DETACH) to the end. */
int handshake_serve_target(int sock, int timeout_ms, int target_fd,
			   struct bpftoken_error *err);
/*
 * From the received context to GO, or SWAP. careful: the mount namespace may have peers
 * on the host, where nothing of this may appear. ret_device, which may be NULL, gets the
 * bpffs's st_dev as soon as it may be in the container, also on failure.
 */
int handshake_deliver(int sock, int timeout_ms, pid_t pid, int context_fd,
		      const struct bpftoken_policy *policy,
		      const struct bpftoken_bpffs_opts *opts, bool swap, bool careful,
		      uint64_t *ret_device, struct bpftoken_error *err);

#endif
