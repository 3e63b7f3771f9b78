/* SPDX-License-Identifier: MIT */
/*
 * The attrs that attach a program: BPF_LINK_CREATE and BPF_RAW_TRACEPOINT_OPEN, at the
 * kernel's offsets. The header that we are built with may be older than the kernel.
 */
#ifndef BPFTOKEN_PROBE_LINK_H
#define BPFTOKEN_PROBE_LINK_H

#include <stddef.h>
#include <stdint.h>

/* No byte of it is padding: what the kernel does not expect has to be zero. */
struct link_attr {
	uint32_t prog_fd; /* a struct_ops map's fd */
	uint32_t target_fd; /* or ifindex */
	uint32_t attach_type, flags;
	union {
		struct {
			uint64_t path, offsets, ref_ctr_offsets, cookies;
			uint32_t count, flags, pid, unused;
		} uprobe_multi; /* the largest */
		struct {
			uint32_t flags, count;
			uint64_t symbols, addresses, cookies;
		} kprobe_multi;
		struct {
			uint32_t family, hook;
			int32_t priority;
			uint32_t flags;
		} netfilter;
	};
};

#define LINK_ATTR_NONE                       \
	{                                    \
		.uprobe_multi = {.path = 0 } \
	}

_Static_assert(offsetof(struct link_attr, kprobe_multi.symbols) == 24, "symbols");
_Static_assert(offsetof(struct link_attr, uprobe_multi.offsets) == 24, "offsets");
_Static_assert(offsetof(struct link_attr, uprobe_multi.count) == 48, "count");
_Static_assert(offsetof(struct link_attr, netfilter.priority) == 24, "priority");
_Static_assert(sizeof(struct link_attr) == 64, "no padding");

struct link_raw_tp_attr {
	uint64_t name; /* NULL: what the program was loaded for */
	uint32_t prog_fd, unused;
};

/* BPF_F_LINK: a struct_ops map that takes effect through a link. */
#define LINK_MAP_FLAG (1U << 13)

#endif
