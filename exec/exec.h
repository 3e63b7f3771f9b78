/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken exec`: a program that knows no tokens, with a token. The program is a child of
 * this process, which answers its calls, reaps, passes signals on and ends with it.
 */
#ifndef BPFTOKEN_EXEC_H
#define BPFTOKEN_EXEC_H

#include "error.h"

enum exec_via {
	EXEC_AUTO, /* notify, or preload where no listener can be had */
	EXEC_NOTIFY,
	EXEC_PRELOAD,
};
/* The words auto, notify and preload; -EINVAL for another. */
int exec_via_of(const char *word);

struct exec_options {
	int token_fd;
	enum exec_via via;
	const char *pid_file; /* NULL: none */
	const char *preload; /* path of the library; NULL where there is none */
	const char *file; /* what is executed; NULL: argv[0], found in PATH */
	char *const *argv;
	/* What the user should know, one sentence at a time. */
	void (*note)(const char *sentence);
};

/*
 * Is this a place to do so? Not the initial user namespace: there is no token, and a
 * supervisor's own privilege would stand in for it.
 */
int exec_may_run(struct bpftoken_error *err);

/*
 * Runs the program to its end. Returns its exit status (128 + n when signal n ended it),
 * or a negative errno: then it never ran, and nothing is left.
 */
int exec_run(const struct exec_options *options, struct bpftoken_error *err);

/*
 * Does the dynamic linker load this program, found as execvp(3) would? Only into such a
 * one can a library be preloaded. -ENOENT and the like when it cannot be read.
 */
int exec_is_dynamic(const char *file);

#endif
