/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken exec` in front of a container's program, which its image knows nothing of:
 *
 *	/dev/.bpftoken/         a small read-only tmpfs of this container's own
 *	    front               copy of bpftoken-front, static, for any image
 *	    bin/NAME            the container's own file, bound here before it is covered
 *	    entry -> bin/NAME   via -> auto   token -> /sys/fs/bpf   lock
 *
 * with `front` mounted over that file. Covered is what the kernel loads when it executes
 * the program: the file itself, or the interpreter at the end of a script's #! lines, so
 * that the script keeps its path. The first front that runs starts exec and holds the lock;
 * each later one goes on to the covered file at once.
 *
 * Nothing of the host is reachable through it: the files are copies, the superblock is
 * the initial user namespace's, and read-only. Every path of the container's is resolved
 * inside, by a helper with the container's rights (guest.h).
 */
#ifndef BPFTOKEN_HOST_COVER_H
#define BPFTOKEN_HOST_COVER_H

#include "error.h"

struct cover {
	const char *via; /* auto, notify or preload */
	const char *token; /* where the bpffs is inside */
	const char *program; /* as the container's configuration names it */
	const char *path; /* PATH, for a program without a slash */
	const char *cwd;
	const char *front, *preload; /* of the host; preload may be NULL */
	const char *root; /* of the container, as in struct bpftoken_bpffs_opts */
};

/*
 * Puts it in front for the process of pidfd, which has not executed its program yet. What
 * fails leaves no mount there.
 */
int cover_place(int pidfd, const struct cover *cover, struct bpftoken_error *err);

/* What the front is called among the host's files. */
#define COVER_PROGRAM "bpftoken-front"

/* Where the tmpfs may be: the first where it can be, in this order. */
#define COVER_NAME ".bpftoken"
#define COVER_PLACES "/dev/" COVER_NAME, "/run/" COVER_NAME, "/" COVER_NAME

#define COVER_FRONT "front"
#define COVER_ENTRY "entry"
#define COVER_BIN "bin"
#define COVER_VIA "via"
#define COVER_TOKEN "token"
#define COVER_LOCK "lock"

/* Inside, for cover.c: guest_run()'s function; data is a struct cover. */
struct guest;
#define COVER_ASKS 2
int cover_guest(const struct guest *guest, void *data, struct bpftoken_error *err);
/* What one that was killed has left. */
int cover_guest_undo(const struct guest *guest, void *data, struct bpftoken_error *err);

/* The last part of a program's path, which its process is called by. */
const char *cover_base(const char *program);

int cover_raise(struct bpftoken_error *err, int code, const char *fix, const char *why,
		...) __attribute__((format(printf, 4, 5)));

#endif
