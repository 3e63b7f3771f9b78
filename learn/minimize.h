/* SPDX-License-Identifier: MIT */
/*
 * The least policy under which a program still does what it does: it is run again and
 * again, in a fresh container each time, under policies that shrink.
 *
 * A program may need less with more: libbpf behaves differently when its probes are
 * refused, and what loads under a policy may fail under a wider one. So nothing is
 * concluded from other policies: the one that is reported has been run itself, and each
 * of its values has been seen to be missed in a run without it alone.
 */
#ifndef BPFTOKEN_LEARN_MINIMIZE_H
#define BPFTOKEN_LEARN_MINIMIZE_H

#include "goal.h"
#include "report.h"
#include "trace.h"

struct learn_progress {
	unsigned int runs;
	unsigned int values; /* in the policy so far */
	unsigned int left; /* runs, if all of them fail */
	uint64_t left_ms;
};

struct learn_minimize {
	char *const *argv;
	struct container container; /* policy and argv are the search's */
	uint32_t goal; /* enum learn_goal */
	/*
	 * A command, run in the container while the program runs, again and again until it
	 * succeeds: then the program has done its work, and is ended. NULL: it has when it
	 * ends, or, of one that never ends, when it shows what it did under everything.
	 */
	const char *check;
	int timeout_ms; /* of one run */
	void (*progress)(const struct learn_progress *progress, void *data);
	void *data;
};

/*
 * Returns 0: *ret_minimum, and *ret_run is the run with everything delegated, which the
 * goal is taken from. Or a negative errno, with err filled.
 */
int learn_minimize(const struct learn_minimize *minimize,
		   struct learn_minimum *ret_minimum, struct learn_run *ret_run,
		   struct bpftoken_error *err);

struct learn_contained {
	struct learn_run run;
	bool checked; /* the check succeeded */
	bool interrupted;
};

/*
 * Runs the program once in such a container, under this policy; one that delegates nothing
 * is none. wanted is the signature that will do, NULL: none does. 0, or a negative errno.
 */
int learn_run_under(const struct learn_minimize *minimize,
		    const struct bpftoken_policy *policy, const char *wanted,
		    const sigset_t *mask, struct learn_contained *ret,
		    struct bpftoken_error *err);

#endif
