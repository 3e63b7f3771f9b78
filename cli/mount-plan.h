/* SPDX-License-Identifier: MIT */
/* mount --dry-run: the calls that would be made, in their order. */
#ifndef BPFTOKEN_MOUNT_PLAN_H
#define BPFTOKEN_MOUNT_PLAN_H

#include "bpftoken.h"

#include <stdbool.h>

/* Looks at the process, prints, and changes nothing. 0, or a negative errno. */
int mount_plan(int pidfd, const struct bpftoken_policy *policy,
	       const struct bpftoken_bpffs_opts *opts, bool replace,
	       struct bpftoken_error *err);

#endif
