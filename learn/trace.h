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
	bool quiet; /* its output is thrown away */
	int timeout_ms; /* 0 = none; then the program is killed, and -ETIMEDOUT */
	/* Called with each call that has its result; may be NULL. */
	void (*each)(const struct learn_call *call, void *data);
	/* Called every now and then (POLL_MS); non-zero ends the program. May be NULL. */
	int (*poll)(void *data);
	/* PROGRAM itself has ended and others that it started go on; may be NULL. */
	void (*left)(int status, size_t processes, void *data);
	void *data;
};

/*
 * Until the program and all that it has started have ended, or, of processes that were
 * running already, until a SIGINT or SIGTERM. Signals that a user sends to this process
 * go to the program, and once it has ended, to those that it left.
 *
 * Returns 0, run is filled, and run->status is the program's; or a negative errno, and
 * run is empty: no process is left stopped, and none that was started is left at all.
 */
int learn_trace(const struct learn_trace *trace, struct learn_run *run,
		struct bpftoken_error *err);

#endif
