// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two members of a congestion control; the rest is the kernel's. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	char name[16];
};

SEC("struct_ops/threshold")
__u32 BPF_PROG(threshold, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/undo")
__u32 BPF_PROG(undo, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/avoid")
void BPF_PROG(avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC(".struct_ops")
struct tcp_congestion_ops two_packets = {
	.ssthresh = (void *)threshold,
	.undo_cwnd = (void *)undo,
	.cong_avoid = (void *)avoid,
	.name = "two_packets",
};

char program_license[] SEC("license") = "Dual BSD/GPL";
