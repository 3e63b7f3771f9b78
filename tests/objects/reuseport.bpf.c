// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chooses among the sockets of one port. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	__u32 index = ctx->hash & 1;

	return bpf_sk_select_reuseport(ctx, &sockets, &index, 0) ? SK_DROP : SK_PASS;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
