// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the place of a function of another program. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("freplace/decide")
int replaced(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
