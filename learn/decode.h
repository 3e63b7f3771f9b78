/* SPDX-License-Identifier: MIT */
/* From a stopped thread's registers and memory to a record of its call. */
#ifndef BPFTOKEN_LEARN_DECODE_H
#define BPFTOKEN_LEARN_DECODE_H

#include "record.h"
#include "sys-trace.h"

/*
 * Fills the call from the arguments of bpf(2) or perf_event_open(2). pidfd is the
 * process's; -EBADF leaves what it uses unknown.
 */
void learn_decode_bpf(pid_t tid, int pidfd, const uint64_t args[6],
		      struct learn_call *call);
void learn_decode_perf(pid_t tid, const uint64_t args[6], struct learn_call *call);

/* The kernel's id of the object behind a process's descriptor, and its kind; or 0. */
uint32_t learn_object_id(int pidfd, int fd, uint32_t *kind);

/* Does an object still exist? 1, 0, or -EPERM: only the host's root may ask. */
int learn_object_exists(uint32_t kind, uint32_t id);

#endif
