/* SPDX-License-Identifier: MIT */
/*
 * Calls whose attr has no room for a token. Such an attr is of before Linux 6.9, and what
 * it can hold will not change any more: it is copied here with all that it refers to,
 * given the token, and called with the caller's own capabilities.
 */
#ifndef BPFTOKEN_FROZEN_H
#define BPFTOKEN_FROZEN_H

#include "caller.h"

/*
 * attr: size bytes of the caller's, from address. Answers the caller, and returns 0; or
 * returns -ECANCELED and has changed nothing: the call is not one of these.
 */
int frozen_perform(const struct caller *caller, uint32_t cmd, uint64_t address,
		   const void *attr, uint32_t size);

#endif
