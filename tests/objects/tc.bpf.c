// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets of a device: a classifier of tc, and a tcx link. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	return skb->len > 1500 ? 2 : 0;
}

SEC("tcx/egress")
int pass(struct __sk_buff *skb)
{
	return -1;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
