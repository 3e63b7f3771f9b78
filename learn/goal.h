/* SPDX-License-Identifier: MIT */
/* What a run has to show again so that a smaller policy is as good. */
#ifndef BPFTOKEN_LEARN_GOAL_H
#define BPFTOKEN_LEARN_GOAL_H

#include "record.h"

enum learn_goal {
	LEARN_GOAL_EXIT, /* the exit status */
	LEARN_GOAL_OBJECTS, /* that, and the same objects and links in the kernel */
	LEARN_GOAL_CALLS, /* that, and the same calls with the same results */
	LEARN_GOALS,
};

/* "exit", "objects", "calls"; NULL behind the last. */
const char *learn_goal_name(uint32_t goal);

/*
 * What the run shows, as lines in an order of their own: of each object its kind, type,
 * name, whether it has BTF, and the attach type as the kernel takes it. Two runs that
 * achieved the same have the same text.
 */
int learn_goal_signature(const struct learn_run *run, uint32_t goal, char **ret_text);

#endif
