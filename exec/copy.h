/* SPDX-License-Identifier: MIT */
/*
 * What a call of another process refers to, brought over here: pieces of its memory and
 * its descriptors. A reference that the kernel would find bad stays bad, so that the
 * kernel finds it at its own place in the order of checks; -ECANCELED says that it is we
 * who cannot look, and that the call has to go on without us.
 */
#ifndef BPFTOKEN_COPY_H
#define BPFTOKEN_COPY_H

#include "caller.h"

#include <stddef.h>

/* An address that no process has: what becomes of a pointer that leads nowhere. */
#define COPY_BAD_ADDRESS ((uint64_t)(uintptr_t)-4096)

#define COPY_PIECES 8

struct copy {
	const struct caller *caller;
	int pidfd; /* of the caller, once it is needed */
	void *pieces[COPY_PIECES];
	size_t piece_count;
	struct copied_fd {
		int theirs, ours;
	} * fds;
	size_t fd_count;
};

void copy_init(struct copy *copy, const struct caller *caller);
void copy_done(struct copy *copy);
#define _cleanup_copy_ _cleanup_(copy_done)

/* Replaces *address, in the caller, by that of a copy here. *ret_piece may be NULL. */
int copy_bytes(struct copy *copy, uint64_t *address, size_t size, void **ret_piece);
/* A text of at most size bytes, its end included. */
int copy_text(struct copy *copy, uint64_t *address, size_t size);
/* Replaces the number of a descriptor of the caller by that of the same one here. */
int copy_fd(struct copy *copy, int32_t *fd);

#endif
