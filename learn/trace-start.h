/* SPDX-License-Identifier: MIT */
/* How a recorder gets hold of what it watches: see trace.h. */
#ifndef BPFTOKEN_LEARN_TRACE_START_H
#define BPFTOKEN_LEARN_TRACE_START_H

#include "trace.h"
#include "tracees.h"

/*
 * A new process that is traced, has the filter, and is about to run the program.
 * *ret_sock is where its failure to do so can be read, by start_failed().
 */
pid_t start_program(const struct learn_trace *trace, const sigset_t *old_mask,
		    int *ret_sock, struct bpftoken_error *err);

/* The program never ran: the error, with err filled; 0: it did. */
int start_failed(int sock, struct bpftoken_error *err);

/* Holds all threads of a process and of all that it has started. */
int start_watching(pid_t pid, struct tracees *tracees, struct bpftoken_error *err);

#endif
