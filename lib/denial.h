/* SPDX-License-Identifier: MIT */
/*
 * Why did the kernel refuse a token-taking call? Every refusal is the same EPERM, so the
 * kernel's checks are walked again, in its order, with what this process can see.
 */
#ifndef BPFTOKEN_DENIAL_H
#define BPFTOKEN_DENIAL_H

#include "error.h"

struct denied_call {
	uint32_t cmd;
	uint32_t type; /* map or program type */
	uint32_t attach_type; /* of a program, before the kernel's fixups */
	int token_fd; /* -1 = none */
};

/* The call that err is about, if err is the EPERM of one that takes a token. */
bool denial_call_of(const struct bpftoken_error *err, struct denied_call *ret_call);

/* Fills why, fix and kind of reason (not NULL) and returns enum bpftoken_answer. */
uint32_t denial_find(const struct denied_call *call, struct bpftoken_error *reason);

/*
 * Are some of these capabilities missing? Then fills why and fix, which name them; where
 * says in which user namespace.
 */
bool denial_no_capability(uint64_t needed, const char *where,
			  struct bpftoken_error *reason);

/*
 * A refusal that none of our checks explains: fills why and fix with the gates that are
 * active. passed says what was found in order.
 */
void denial_blocked(const char *passed, struct bpftoken_error *reason);

#endif
