/* SPDX-License-Identifier: MIT */
/* What a target has mounted on it, and whether that is what somebody asks for. */
#ifndef BPFTOKEN_CURRENT_H
#define BPFTOKEN_CURRENT_H

#include "bpffs.h"
#include "policy.h"

struct current {
	bool delegated; /* it is a bpffs that delegates something; the rest is set then */
	bool stacked; /* and so is what lies below it */
	uint64_t dev, below; /* below: of that */
	struct bpftoken_policy policy;
	uint32_t uid, gid, mode; /* of its root; host ids */
};

/* mount_id 0: nothing. pid: a process that has the mount in its mountinfo. */
int current_read(pid_t pid, uint64_t mount_id, struct current *ret_current,
		 struct bpftoken_error *err);

/* Would mounting for the process pid make the very same? 1, 0, or a negative errno. */
int current_is(const struct current *current, pid_t pid,
	       const struct bpftoken_policy *policy,
	       const struct bpftoken_bpffs_opts *opts, struct bpftoken_error *err);

#endif
