/* SPDX-License-Identifier: MIT */
/* One notification, from what it says to its answer. */
#ifndef BPFTOKEN_HANDLE_H
#define BPFTOKEN_HANDLE_H

#include "caller.h"

/*
 * Exactly one answer, unless the caller has gone: the call goes on in the caller, with the
 * token in its attr or as it was; or it has been performed, and the result is its result.
 */
void handle_notification(struct supply *supply, const struct seccomp_notif *notif);

/* May it take long, as what the verifier looks at does? */
bool handle_may_last(const struct seccomp_notif *notif);

#endif
