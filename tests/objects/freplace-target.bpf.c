// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program whose function freplace.bpf.c replaces. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int decide(struct xdp_md *ctx)
{
	/* a function that the compiler neither inlines nor knows the result of */
	volatile int verdict = XDP_PASS;

	return ctx->rx_queue_index ? verdict : XDP_DROP;
}

SEC("xdp")
int target(struct xdp_md *ctx)
{
	return decide(ctx);
}

char program_license[] SEC("license") = "Dual BSD/GPL";
