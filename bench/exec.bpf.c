// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program of usual size for bench/exec: counts packets by source, protocol and port,
 * walks over VLAN tags, IPv6 extension headers and TCP options, and tells of new sources.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct source {
	__u32 address[4];
	__u16 port;
	__u8 protocol, options;
};

struct count {
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct source);
	__type(value, struct count);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} news SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct count);
} protocols SEC(".maps");

const volatile __u32 sample = 16;
__u64 dropped;

static __always_inline void add(struct count *count, __u64 bytes)
{
	if (!count)
		return;
	__sync_fetch_and_add(&count->packets, 1);
	__sync_fetch_and_add(&count->bytes, bytes);
}

static __noinline int tcp_options(struct xdp_md *context, __u32 offset, __u32 len)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	int seen = 0;

	if (offset > 512 || len > 40)
		return 0;
	for (int i = 0; i < 40 && len > 0; i++) {
		__u8 *option = data + offset, size = 1;

		if ((void *)(option + 2) > end)
			return seen;
		if (option[0] == 0)
			return seen;
		if (option[0] > 1)
			size = option[1];
		if (size == 0 || size > len || offset > 512)
			return seen;
		seen |= 1 << (option[0] & 7);
		offset += size;
		len -= size;
	}
	return seen;
}

static __always_inline void count_source(struct source *source, __u64 bytes)
{
	struct count first = { 1, bytes }, *count = bpf_map_lookup_elem(&counts, source);
	__u32 protocol = source->protocol;
	struct source *event;

	add(bpf_map_lookup_elem(&protocols, &protocol), bytes);
	if (count) {
		add(count, bytes);
		return;
	}
	bpf_map_update_elem(&counts, source, &first, BPF_ANY);
	event = bpf_ringbuf_reserve(&news, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&dropped, 1);
		return;
	}
	*event = *source;
	bpf_ringbuf_submit(event, 0);
}

SEC("xdp")
int count_packets(struct xdp_md *context)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	struct ethhdr *eth = data;
	struct source source = { 0 };
	__u32 offset = sizeof(*eth);
	__u16 type;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	type = eth->h_proto;
	for (int i = 0;
	     i < 8 && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD));
	     i++) {
		__u16 *tag = data + offset;

		if ((void *)(tag + 2) > end)
			return XDP_PASS;
		type = tag[1];
		offset += 4;
	}
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = data + offset;

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		source.address[0] = ip->saddr;
		source.protocol = ip->protocol;
		offset += (__u32)ip->ihl * 4;
	} else if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = data + offset;

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		__builtin_memcpy(source.address, &ip->saddr, sizeof(source.address));
		source.protocol = ip->nexthdr;
		offset += sizeof(*ip);
		for (int i = 0; i < 6 && (source.protocol == 0 || source.protocol == 43 ||
					  source.protocol == 60);
		     i++) {
			__u8 *header = data + offset;

			if (offset > 400 || (void *)(header + 8) > end)
				return XDP_PASS;
			source.protocol = header[0];
			offset += 8;
		}
	} else {
		return XDP_PASS;
	}
	if (source.protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = data + offset;

		if (offset > 400 || (void *)(tcp + 1) > end)
			return XDP_PASS;
		source.port = tcp->dest;
		source.options =
			(__u8)tcp_options(context, offset + sizeof(*tcp),
					  tcp->doff > 5 ? tcp->doff * 4U - 20 : 0);
	}
	count_source(&source, (__u64)(end - data));
	return XDP_PASS;
}

char terms[] SEC("license") = "GPL";
