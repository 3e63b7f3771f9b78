// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts packets by protocol. What it is for is its names: a map that is declared, the
 * maps of its global data and constants, which libbpf makes, and a program.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char program_license[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 sample_every = 1; /* .rodata */
__u64 packets; /* .bss */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u16);
	__type(value, __u64);
} by_protocol SEC(".maps");

SEC("socket")
int count_packets(struct __sk_buff *skb)
{
	__u16 protocol = bpf_ntohs((__u16)skb->protocol);
	__u64 one = 1, *count;

	if (sample_every && ++packets % sample_every)
		return 0;
	count = bpf_map_lookup_elem(&by_protocol, &protocol);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&by_protocol, &protocol, &one, BPF_ANY);
	return 0;
}
