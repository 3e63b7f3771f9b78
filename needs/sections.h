/* SPDX-License-Identifier: MIT */
/*
 * libbpf's section names: what a program in such a section is loaded as. libbpf itself
 * knows the types; here are also what it does not tell, and sections that are newer than
 * the installed one.
 */
#ifndef BPFTOKEN_NEEDS_SECTIONS_H
#define BPFTOKEN_NEEDS_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum section_flags {
	/*
	 * libbpf from 1.5 on names the attach type only where it could load a cgroup_sock
	 * program with one, and 0 otherwise.
	 */
	SECTION_ATTACH_PROBED = 1 << 0,
	/* Attached through perf_event_open(2), which a container may not. */
	SECTION_PERF = 1 << 1,
	/* Loaded as a uprobe of many where the kernel has them. */
	SECTION_USDT = 1 << 2,
	/* Attached to another BPF program, which it finds by the id of its BTF. */
	SECTION_REPLACES = 1 << 3,
};

struct section {
	/* "name": this section; "name+": also name/ANYTHING */
	const char *name;
	uint32_t type, attach_type;
	unsigned int flags;
	const char
		*instead; /* of SECTION_PERF: what attaches from a container, or NULL */
};

/* The row of a section's name, without a leading '?'; NULL: libbpf knows no such. */
const struct section *section_find(const char *name);

/* The n-th row, NULL behind the last. */
const struct section *section_row(unsigned int n);

#endif
