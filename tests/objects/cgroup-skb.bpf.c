// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets that leave a cgroup, and those that come in. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/egress")
int leave(struct __sk_buff *skb)
{
	return 1;
}

SEC("cgroup_skb/ingress")
int enter(struct __sk_buff *skb)
{
	return 1;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
