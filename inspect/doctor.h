/* SPDX-License-Identifier: MIT */
/*
 * Which gate stops a load: everything between a program and a load with a token, as a
 * table in the kernel's order, and then the proof: a token is made, and one thing of each
 * delegated kind is loaded and let go. Nothing is attached.
 */
#ifndef BPFTOKEN_INSPECT_DOCTOR_H
#define BPFTOKEN_INSPECT_DOCTOR_H

#include "error.h"
#include "policy.h"

#include <sys/types.h>

enum gate_state {
	GATE_OPEN,
	GATE_LIMITED, /* everything loads, but something of it cannot be used */
	GATE_SHUT, /* stops a load */
	GATE_UNSEEN, /* cannot be seen from here */
	GATE_BEHIND, /* not reached: a gate before it is shut */
};

/* "open", "limited", "shut", "unseen", "behind". */
const char *gate_state_name(uint32_t state);

#define DOCTOR_GATES_MAX 32

struct doctor_finding {
	uint32_t state; /* enum gate_state */
	uint32_t kind; /* of a shut gate: enum bpftoken_kind */
	char why[512]; /* what is there, or what is wrong; printable */
	char fix[320]; /* of a gate that is not open */
};

/* Without pointers: it may come from another process. */
struct doctor_report {
	struct doctor_finding findings[DOCTOR_GATES_MAX]; /* in the order of the gates */
	uint64_t asked[BPFTOKEN_SETS], loaded[BPFTOKEN_SETS]; /* one bit each */
	char bpffs[256]; /* that the token was made of, printable; "" = none */
};

struct doctor_opts {
	const char *path; /* of a bpffs, NULL = what is found */
	int token_fd; /* a token that is there already, -1 = make one */
	/* what has to load; NULL: everything that is delegated */
	const struct bpftoken_policy *wanted;
	/* of the object that wanted is of, if any: what else it is about */
	uint64_t capabilities; /* one bit each */
	char never[328]; /* what no token can give it, "" = nothing */
	/*
	 * Bytes that are left to another process, whose memory cgroup nobody joins; 0:
	 * this process is meant.
	 */
	int64_t memory_left;
	bool filter_unseen; /* another process's seccomp filter is meant, not ours */
};

/* Name of the n-th gate and the question that it answers; NULL behind the last. */
const char *doctor_gate_name(size_t n);
const char *doctor_gate_question(size_t n);

/* Asks them all, about this process. 0, or a negative errno: it could not be done. */
int doctor_run(const struct doctor_opts *opts, struct doctor_report *ret_report,
	       struct bpftoken_error *err);

/*
 * The same about another process: a helper joins its namespaces with its ids and
 * capabilities, and is neither dumpable nor has a descriptor of the host.
 */
int doctor_run_in(int pidfd, const struct doctor_opts *opts,
		  struct doctor_report *ret_report, struct bpftoken_error *err);

/* The gate that decides: the first that is shut, else the first that limits; or -1. */
int doctor_decides(const struct doctor_report *report);

#endif
