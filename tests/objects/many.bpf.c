// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of several kinds in one object, one of which loads only when told to. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

__u64 events;

SEC("sockops")
int on_event(struct bpf_sock_ops *ctx)
{
	__u32 port = ctx->local_port;

	events++;
	bpf_sock_hash_update(ctx, &sockets, &port, BPF_ANY);
	return 1;
}

SEC("sk_msg")
int on_message(struct sk_msg_md *ctx)
{
	return SK_PASS;
}

SEC("cgroup/sock_create")
int on_create(struct bpf_sock *ctx)
{
	return 1;
}

SEC("cgroup/dev")
int on_device(struct bpf_cgroup_dev_ctx *ctx)
{
	return 1;
}

SEC("?netfilter")
int on_packet(void *ctx)
{
	return 1;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
