/* SPDX-License-Identifier: MIT */
/*
 * What a delegation is worth beyond the container that it is for: facts about a process,
 * and the warnings that follow from them and a policy. What is refused outright is in
 * the library: the initial user namespace (which is where privileged containers live) and
 * the host's own mount namespace.
 */
#ifndef BPFTOKEN_HOST_WARN_H
#define BPFTOKEN_HOST_WARN_H

#include "error.h"

#include <stdbool.h>

struct warn_facts {
	uint32_t owner; /* host uid that owns the user namespace; 0 = the host's root */
	bool host_net; /* the network namespace is the host's */
	bool host_cgroup; /* the cgroup namespace is the host's */
};

/* Looks at a process. 0, or a negative errno with err filled. */
int warn_observe(pid_t pid, struct warn_facts *ret_facts, struct bpftoken_error *err);

/*
 * Takes a warning: a sentence without full stop, and its name: "user-owned", "host-net",
 * "host-cgroup" or "host-wide".
 */
typedef void (*warn_say)(const char *name, const char *warning, void *data);

/* Calls say() with each warning. */
void warn_each(const struct bpftoken_policy *policy, const struct warn_facts *facts,
	       warn_say say, void *data);

/* The usual say(): "bpftoken: warning: ..." on stderr. */
void warn_print(const char *name, const char *warning, void *data);

#endif
