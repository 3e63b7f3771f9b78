/* SPDX-License-Identifier: MIT */
/* Who holds a token of a bpffs: one process of bpftoken_bpffs_holders(). */
#ifndef BPFTOKEN_HOLDERS_H
#define BPFTOKEN_HOLDERS_H

#include "bpftoken.h"

#include <sys/types.h>

/*
 * Looks at one process: 1 if it holds something of the bpffs, 0 if not or if it has ended,
 * -EACCES if it may not be looked at.
 */
int holders_look(pid_t pid, uint64_t device, struct bpftoken_holder *ret_holder);

#endif
