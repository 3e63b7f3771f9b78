// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A socket filter that reports each IP packet of a packet socket through a ring buffer.
 *
 * It loads where nothing is delegated but the commands prog_load and map_create, the map
 * type ringbuf, the program type socket_filter and the attach type cgroup_inet_ingress
 * (which is what 0 means, and a socket filter has no other). Hence no global variable and
 * no constant outside the code: each would be an array map.
 *
 * It reads Ethernet frames with IPv4 (options and fragments too) or IPv6. It does not
 * follow IPv6 extension headers: such a packet is reported as the first of them, without
 * ports. Frames with a VLAN tag inside, and all that is not IP, are not reported.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "sockfilter.h"

#define IPV4_FRAGMENT_OFFSET 0x1fff /* of frag_off, in units of 8 bytes */
#define PROTOCOL_ICMPV6 58 /* linux/in.h has IPv4's protocols only */

char program_license[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

/* Protocols whose header starts with two 16-bit words worth showing as ports. */
static __always_inline int has_ports(__u16 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_ICMP || protocol == PROTOCOL_ICMPV6 ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_UDPLITE;
}

/* A packet that ends before its ports keeps 0. */
static __always_inline void read_ports(struct __sk_buff *skb, __u32 offset,
				       struct sockfilter_event *event)
{
	__be16 ports[2];

	if (!has_ports(event->protocol) ||
	    bpf_skb_load_bytes(skb, offset, ports, sizeof(ports)) < 0)
		return;
	event->src_port = bpf_ntohs(ports[0]);
	event->dst_port = bpf_ntohs(ports[1]);
}

static __always_inline int read_ipv4(struct __sk_buff *skb,
				     struct sockfilter_event *event)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.version != 4 ||
	    ip.ihl < 5)
		return -1;
	event->protocol = ip.protocol;
	__builtin_memcpy(event->src, &ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(event->dst, &ip.daddr, sizeof(ip.daddr));
	/* Only the first fragment carries the header with the ports. */
	if (!(ip.frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET)))
		read_ports(skb, ETH_HLEN + ip.ihl * 4, event);
	return 0;
}

static __always_inline int read_ipv6(struct __sk_buff *skb,
				     struct sockfilter_event *event)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.version != 6)
		return -1;
	event->protocol = ip.nexthdr;
	__builtin_memcpy(event->src, &ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(event->dst, &ip.daddr, sizeof(ip.daddr));
	read_ports(skb, ETH_HLEN + sizeof(ip), event);
	return 0;
}

static __always_inline int read_packet(struct __sk_buff *skb,
				       struct sockfilter_event *event)
{
	__be16 ether_type;

	if (bpf_skb_load_bytes(skb, ETH_HLEN - sizeof(ether_type), &ether_type,
			       sizeof(ether_type)) < 0)
		return -1;
	__builtin_memset(event, 0, sizeof(*event));
	event->ifindex = skb->ifindex;
	event->pkt_type = skb->pkt_type;
	event->ether_type = bpf_ntohs(ether_type);
	if (event->ether_type == ETH_P_IP)
		return read_ipv4(skb, event);
	if (event->ether_type == ETH_P_IPV6)
		return read_ipv6(skb, event);
	return -1;
}

/* The answer 0 keeps no byte for the socket itself, so that its queue stays empty. */
SEC("socket")
int report_packet(struct __sk_buff *skb)
{
	struct sockfilter_event *event = bpf_ringbuf_reserve(&rb, sizeof(*event), 0);

	if (!event)
		return 0;
	if (read_packet(skb, event) < 0)
		bpf_ringbuf_discard(event, 0);
	else
		bpf_ringbuf_submit(event, 0);
	return 0;
}
