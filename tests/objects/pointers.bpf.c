// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* XDP that computes with pointers, which the verifier permits with CAP_PERFMON alone. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int drop_long(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 1500 ? XDP_DROP : XDP_PASS;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
