// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* XDP with global variables of all three kinds, and a hash. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} queues SEC(".maps");

const volatile __u32 wanted = 1;
__u64 seen;
__u64 limit = 1000;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	__u64 one = 1;

	if (queue >= wanted && seen++ < limit)
		bpf_map_update_elem(&queues, &queue, &one, BPF_ANY);
	return XDP_PASS;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
