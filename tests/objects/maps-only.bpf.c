// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* No program at all. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 8);
	__type(value, __u32);
} filter SEC(".maps");

char program_license[] SEC("license") = "Dual BSD/GPL";
