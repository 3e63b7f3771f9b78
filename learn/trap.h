/* SPDX-License-Identifier: MIT */
/*
 * Which system calls stop a watched program: bpf(2), but for the data plane, and
 * perf_event_open(2), in every ABI that this kernel runs.
 */
#ifndef BPFTOKEN_LEARN_TRAP_H
#define BPFTOKEN_LEARN_TRAP_H

#include "sys-trace.h"

enum trap_call { TRAP_OTHER, TRAP_BPF, TRAP_PERF_EVENT_OPEN };

/* What a system call is; *ret_compat: a 32-bit process's. */
enum trap_call trap_call(uint32_t arch, uint64_t nr, bool *ret_compat);

/* The flag of Linux 7.2 that a command may carry. */
#define TRAP_COMMON_ATTRS 0x10000U

/*
 * Is it a command that moves data or only looks (map elements, test runs, object info)?
 * Needs no delegation, ever, and is never stopped.
 */
bool trap_is_data_plane(uint32_t cmd);

/* Installs the filter in the calling process, for it and all that it starts. */
int trap_install(bool no_new_privs);

#endif
