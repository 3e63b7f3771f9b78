/* SPDX-License-Identifier: MIT */
/* Ending the processes that hold a token, which is the only way to take one back. */
#ifndef BPFTOKEN_HOST_END_H
#define BPFTOKEN_HOST_END_H

#include "error.h"

/*
 * Kills a process that bpftoken_bpffs_holders() reported, if it still holds something of
 * the bpffs and lives in the container: in the user namespace user_fd, or one below it.
 * A token can be sent to any process, and being sent one must not kill a process of the
 * host. Returns 1 when it was killed and has ended, 0 when it holds nothing any more.
 * Errors, at the stage TARGET: -EPERM, it is not of the container; -ETIMEDOUT, it does
 * not end.
 */
int end_holder(const struct bpftoken_holder *holder, uint64_t device, int user_fd,
	       struct bpftoken_error *err);

#endif
