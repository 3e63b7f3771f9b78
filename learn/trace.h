/* SPDX-License-Identifier: MIT */
/*
 * The recorder: runs a program, here or in a container of its own, or watches processes
 * that run already, and records what they ask of BPF.
 *
 * A seccomp filter stops the calls that can matter (trap.h), each once before and once
 * after the kernel has acted; all else, signals included, passes untouched. What is
 * recorded begins with the exec of the program.
 */
#ifndef BPFTOKEN_LEARN_TRACE_H
#define BPFTOKEN_LEARN_TRACE_H

#include "container.h"
#include "record.h"

struct learn_trace {
	char *const *argv; /* the program; NULL: pid */
	const struct container *container; /* that it runs in (argv is in there, too) */
	pid_t pid; /* of a process to watch, with all that it has started */
	int out_fd; /* that becomes the program's standard output, -EBADF: ours */
	bool quiet; /* no input, and its output is thrown away */
	const sigset_t *mask; /* the program's blocked signals, NULL: ours */
	int timeout_ms; /* 0 = none; then the program is killed */
	/* All of these may be NULL. */
	void (*each)(const struct learn_call *call, void *data); /* it has its result */
	/* Its exec; pid is as this process sees it. */
	void (*started)(pid_t pid, void *data);
	/* Every POLL_MS and less; non-zero: that will do, kill the program. */
	int (*poll)(const struct learn_run *run, void *data);
	/* PROGRAM itself has ended and others that it started go on. */
	void (*left)(int status, size_t threads, void *data);
	/* A child of this process that is not watched has ended. */
	void (*other)(pid_t pid, int status, void *data);
	/* 1: the user wants an end (SIGINT, SIGTERM...): the program is killed. */
	bool *interrupted;
	void *data;
};

/*
 * Until the program and all that it has started have ended, or, of processes that were
 * running already, until a SIGINT or SIGTERM. Signals that a user sends to this process
 * go to the program, and once it has ended, to those that it left.
 *
 * Returns 0, and run is filled: run->ended unless it was killed here; or a negative errno, and
 * run is empty: no process is left stopped, and none that was started is left at all.
 */
int learn_trace(const struct learn_trace *trace, struct learn_run *run,
		struct bpftoken_error *err);

#endif
