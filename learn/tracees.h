/* SPDX-License-Identifier: MIT */
/* The threads that a recorder holds, and the processes that they belong to. */
#ifndef BPFTOKEN_LEARN_TRACEES_H
#define BPFTOKEN_LEARN_TRACEES_H

#include "record.h"

struct process {
	pid_t pid;
	int pidfd;
	unsigned int threads; /* of it that have a row */
	char exe[128];
	uint32_t *fds; /* seq of the call that last made the descriptor, 0: none */
	size_t fd_count;
};

struct tracee {
	pid_t tid;
	struct process *process; /* NULL until its first call that counts */
	char comm[16];
	uint32_t seq; /* of the call that it is in, 0: none */
};

struct tracees {
	struct tracee *rows;
	size_t count, size;
};

/* The row of a thread, which is made if it is new; NULL: no memory. Moves the others. */
struct tracee *tracees_get(struct tracees *tracees, pid_t tid);
/* Whether a thread has a row; never makes one. */
struct tracee *tracees_find(struct tracees *tracees, pid_t tid);
void tracees_remove(struct tracees *tracees, pid_t tid);
void tracees_done(struct tracees *tracees);

/* Fills process, its exe and comm, from /proc; the thread is stopped. */
int tracee_identify(struct tracees *tracees, struct tracee *tracee);
/* Another program runs in it, with other names and no descriptors of BPF. */
void tracee_exec(struct tracee *tracee);

/*
 * The process was given the descriptor fd by the call seq. Returns the seq of the call
 * that gave it the same one before, and so it has been closed since; 0: none.
 */
uint32_t process_take_fd(struct process *process, int fd, uint32_t seq);

#endif
