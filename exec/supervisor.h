/* SPDX-License-Identifier: MIT */
/*
 * The threads that answer notifications. One always waits for the next: the kernel takes
 * a call back when a signal arrives before it was received, and never after. It answers
 * what is short itself; before what may last it makes another the one that waits.
 */
#ifndef BPFTOKEN_SUPERVISOR_H
#define BPFTOKEN_SUPERVISOR_H

#include "caller.h"
#include "error.h"

struct supervisor {
	struct supply supply;
	pthread_mutex_t lock;
	pthread_cond_t turn; /* nobody waits for notifications: one of the idle has to */
	size_t threads, idle;
	bool waiting, ended;
};

/*
 * Starts to answer, in threads of this process; supervisor has to live as long. All
 * signals have to be blocked: they are for the thread that calls.
 */
int supervisor_start(struct supervisor *supervisor, struct bpftoken_error *err);

#endif
