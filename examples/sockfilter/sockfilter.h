/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the BPF program tells the loader about one packet. */
#ifndef SOCKFILTER_H
#define SOCKFILTER_H

#include <linux/types.h>

struct sockfilter_event {
	__u32 ifindex;
	__u32 pkt_type; /* PACKET_HOST, PACKET_OUTGOING...: linux/if_packet.h */
	__u16 ether_type; /* ETH_P_IP or ETH_P_IPV6 */
	__u16 protocol; /* IPPROTO_* */
	__u16 src_port, dst_port; /* 0 where the packet has none */
	__u8 src[16], dst[16]; /* an IPv4 address takes the first four bytes */
};

#endif
