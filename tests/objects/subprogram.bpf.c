// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A socket filter whose subprogram prints: a capability that its type does not ask for. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int print(__u32 len)
{
	bpf_printk("length %d", len);
	return len > 100;
}

SEC("socket")
int filter(struct __sk_buff *skb)
{
	return print(skb->len) ? -1 : 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
