/* SPDX-License-Identifier: MIT */
/*
 * The thread that waits for an answer: its memory, descriptors and rights, and where it
 * holds the token. All of it is the caller's word until the kernel has judged the call;
 * nothing here decides about policy.
 */
#ifndef BPFTOKEN_CALLER_H
#define BPFTOKEN_CALLER_H

#include "sys-task.h"

#include <pthread.h>

/* Numbers at which callers were given the token: most recently used first. */
#define CALLER_PLACES 16

struct places {
	pthread_mutex_t lock;
	int fds[CALLER_PLACES];
	size_t count;
};

/* What every answer needs; one for a supervisor, the same for all its threads. */
struct supply {
	int listener, token_fd;
	struct sys_identity token; /* the file behind token_fd */
	struct sys_identity userns; /* our own user namespace */
	uint64_t capabilities; /* effective, of the supervisor */
	struct places places;
};

/* Learns the identities. token_fd stays the caller's. */
int supply_init(struct supply *supply, int listener, int token_fd);

struct caller {
	struct supply *supply;
	uint64_t id; /* of the notification */
	pid_t tid;
};

bool caller_waits(const struct caller *caller);
/* Exactly size bytes: 0, -EFAULT, or why we cannot. */
int caller_read(const struct caller *caller, uint64_t address, void *buf, size_t size);
int caller_write(const struct caller *caller, uint64_t address, const void *buf,
		 size_t size);

/*
 * 1 and the caller's effective capabilities if a token may be worth anything in its hands:
 * it lives in our user namespace and has CAP_BPF or CAP_SYS_ADMIN there. 0 if not.
 */
int caller_rights(const struct caller *caller, uint64_t *ret_effective);

/* Is fd of the caller a token that we gave, or a number where we once put one? */
bool caller_holds(const struct caller *caller, int fd);
bool caller_had(const struct caller *caller, int fd);

/* The number at which the caller holds the token; it is given one if it has none. */
int caller_token(const struct caller *caller);

/* Gives fd to the caller as the result of its call. */
int caller_answer_fd(const struct caller *caller, int fd);
void caller_answer(const struct caller *caller, int error);
/* The kernel goes on with the call as it stands in the caller's memory. */
void caller_continue(const struct caller *caller);

#endif
