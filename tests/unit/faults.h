/* SPDX-License-Identifier: MIT */
/*
 * Every system call of a path fails once, with each errno that it plausibly has. Whatever
 * fails: the result is negative and the error is about it, nothing that was opened stays
 * open, a child is gone, a mount or a file that was made is away again.
 */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include "fake-sys.h"

struct fault_path {
	const char *name;
	int (*run)(struct bpftoken_error *err);
	void (*set_up)(void);
	const char *survives; /* calls whose failure may leave a success, by blanks */
	bool returns_fd;
	int success; /* else */
	bool inside; /* a child runs it: what it opened ends with it */
	bool undoes; /* its mounts, also when its parent does not hear of the failure */
	bool own_mounts; /* they end with it, too */
	void (*check)(int r); /* more that has to hold, after every run */
};

/* What one run works on; made afresh for each. */
extern struct fault_given {
	int context, mount, root, sock, pidfd, bpffs, token;
} given;

int faults_main(const struct fault_path paths[], size_t count);

/* What comes in: made by the same functions that the other side uses. */
void faults_says(uint32_t tag, const char *kind);
void faults_finds(uint64_t mount_id);
void faults_ends(void);

/*
 * Runs what a child runs, up to its exec (0) or its _exit(): then what it told its parent
 * is raised, or that it ended without a word, as the parent would. For programs that are
 * linked with --wrap=_exit.
 */
int faults_inside(int (*body)(struct bpftoken_error *err), struct bpftoken_error *err);

#endif
