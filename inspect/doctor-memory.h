/* SPDX-License-Identifier: MIT */
/* The memory of a process that is looked at from the host. */
#ifndef BPFTOKEN_INSPECT_DOCTOR_MEMORY_H
#define BPFTOKEN_INSPECT_DOCTOR_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes that its memory cgroups leave; INT64_MAX where no limit is seen. */
int64_t doctor_memory_left(pid_t pid);

#endif
