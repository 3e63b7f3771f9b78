// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses that a cgroup connects to, and options that it sets. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return ctx->user_port != 9;
}

SEC("cgroup/setsockopt")
int set_option(struct bpf_sockopt *ctx)
{
	return 1;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
