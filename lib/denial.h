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
	uint64_t capabilities; /* beyond those of the type: what the program does */
};

/* The call that err is about, if err is the EPERM of one that takes a token. */
bool denial_call_of(const struct bpftoken_error *err, struct denied_call *ret_call);

/*
 * Is something that the call names unknown to the kernel, by its own BTF? Then fills why
 * and fix. An errno never says so: an unknown type is refused with EPERM, too.
 */
bool denial_kernel_lacks(const struct denied_call *call, struct bpftoken_error *reason);

/* Fills why, fix and kind of reason (not NULL) and returns enum bpftoken_answer. */
uint32_t denial_find(const struct denied_call *call, struct bpftoken_error *reason);

/*
 * Are some of these capabilities missing? Then fills why and fix, which name them; where
 * says in which user namespace.
 */
bool denial_no_capability(uint64_t needed, const char *where,
			  struct bpftoken_error *reason);

/* Nothing that we can see says no: names what is active and may have. */
void denial_blocked(const char *passed, struct bpftoken_error *reason);

/*
 * For what needs a capability in the initial user namespace, which no token replaces: is
 * that what this process lacks? Then fills why, fix and kind.
 */
bool denial_needs_host(uint64_t needed, struct bpftoken_error *reason);

#endif
