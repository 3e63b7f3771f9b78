// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A static probe of a program, which libbpf attaches as one of many where it can. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("usdt//proc/self/exe:provider:name")
int hit(void *ctx)
{
	return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
