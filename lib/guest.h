/* SPDX-License-Identifier: MIT */
/*
 * A function that runs inside a container, as its root (as the host's, where the user
 * namespace does not own the mount namespace), in a helper that nobody there can trace:
 * for what has to be resolved and placed with the container's own rights. See join.c.
 */
#ifndef BPFTOKEN_GUEST_H
#define BPFTOKEN_GUEST_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

struct guest {
	int sock, timeout_ms;
	int root_fd; /* the container's root directory */
	int mount_fd; /* the host's detached mount */
	uint64_t confirmed; /* for undo(): what run() has confirmed, if it came to that */
};

/*
 * To be called inside: may something be mounted on what fd is? Not on a mount whose peers
 * on the host would get it.
 */
int guest_ask(const struct guest *guest, int fd, struct bpftoken_error *err);

/*
 * The last thing that run() does: says that all is done, and a number for undo(). Where
 * the host does not hear of it, or answers no more, it fails, and run() takes back what it
 * did.
 */
int guest_confirm(const struct guest *guest, uint64_t number, struct bpftoken_error *err);

struct guest_opts {
	const char *root; /* as in struct bpftoken_bpffs_opts */
	int mount_fd; /* handed over */
	size_t asks; /* how often run() calls guest_ask() */
	int (*run)(const struct guest *guest, void *data, struct bpftoken_error *err);
	/*
	 * After a failure, in another helper, as root of the host: the container's root can
	 * kill or stop the first one before it takes back what it did.
	 */
	int (*undo)(const struct guest *guest, void *data, struct bpftoken_error *err);
	void *data;
};
/* 0 when run() has returned 0; its error otherwise. Every wait has a bound. */
int guest_run(int pidfd, const struct guest_opts *opts, struct bpftoken_error *err);

#endif
