/* SPDX-License-Identifier: MIT */
/*
 * The processes that enter a container for the host: not dumpable, so that nobody inside
 * can ptrace them, with three descriptors, and not visible in its pid namespace.
 */
#ifndef BPFTOKEN_HELPER_H
#define BPFTOKEN_HELPER_H

#include "target.h"

struct helper {
	int sock, pidfd;
	pid_t pid;
	int timeout_ms;
};

#define HELPER_NONE                             \
	{                                       \
		.sock = -EBADF, .pidfd = -EBADF \
	}

/* Runs run() in a child, whose error is sent to the other end of helper->sock. */
int helper_start(const struct target *target,
		 int (*run)(const struct target *target, int sock,
			    struct bpftoken_error *err),
		 struct helper *helper, struct bpftoken_error *err);
/* It ends when its connection does, or is killed. */
void helper_end(struct helper *helper);

#define _cleanup_helper_ _cleanup_(helper_end)

/* ---------------------------------------------------------------- called inside */

/* Joins the namespaces; the placer of a foreign mount namespace that alone, as root. */
int helper_join(const struct target *target, bool placer, struct bpftoken_error *err);

/*
 * The root that the path begins at, opened with the host's rights and before joining: it
 * may be below a directory that the container's root may not enter.
 */
int helper_open_root(const struct target *target, struct bpftoken_error *err);

#endif
