/* SPDX-License-Identifier: MIT */
/* Between syscall.S and the C half of libbpftoken-libbpf; all of it is hidden. */
#ifndef BPFTOKEN_LIBBPF_INTERNAL_H
#define BPFTOKEN_LIBBPF_INTERNAL_H

#include "bpftoken-libbpf.h"

/* To the kernel, whatever the number; errno as syscall(3) has it. lib/sys.c uses it. */
BPFTOKEN_API long bpftoken_raw_syscall(long number, ...);

/* A command that no kernel has: 0 from us, EINVAL from every other syscall(). */
#define BPFTOKEN_LIBBPF_QUESTION 0x70000000

/* syscall(SYS_bpf, ...): the same arguments. */
long bpftoken_libbpf_bpf(long number, long cmd, void *attr, unsigned long size,
			 void *common, unsigned long common_size);

/* Sets errno from what the kernel returned: -1. */
long bpftoken_libbpf_failed(long negative);

#endif
