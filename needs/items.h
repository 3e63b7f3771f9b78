/* SPDX-License-Identifier: MIT */
/* How the files of needs write items, and what each of them contributes. */
#ifndef BPFTOKEN_NEEDS_ITEMS_H
#define BPFTOKEN_NEEDS_ITEMS_H

#include "facts.h"
#include "needs.h"

/* Values that several files name; enum bpf_cmd, bpf_map_type, and so on. */
enum {
	CMD_MAP_CREATE = 0,
	CMD_PROG_LOAD = 5,
	CMD_BTF_LOAD = 18,
	CMD_BTF_GET_FD_BY_ID = 19,
	MAP_ARRAY = 2,
	MAP_PERF_EVENT_ARRAY = 4,
	PROG_SOCKET_FILTER = 1,
	PROG_KPROBE = 2,
	PROG_TRACEPOINT = 5,
	PROG_CGROUP_SKB = 8,
	PROG_CGROUP_SOCK = 9,
	PROG_STRUCT_OPS = 27,
	ATTACH_ZERO = 0, /* cgroup_inet_ingress */
	ATTACH_INET_SOCK_CREATE = 2,
	ATTACH_UPROBE_MULTI = 48,
};

/* One object's pass: the facts, and how to call it in evidence. */
struct needs_pass {
	struct needs *needs;
	const struct facts *facts;
	const char *label; /* "" while there is but one object, else "NAME:" */
	struct bpftoken_policy own; /* what this object alone needs */
};

/* The item of a kind and value (or, for the kinds without, of a name), new or not. */
struct needs_item *items_get(struct needs *needs, uint32_t kind, uint32_t value,
			     enum needs_by by, const char *name);

/* Adds words to an item's why, after a comma; the same words count once. NULL item: no-op. */
void items_why(struct needs_item *item, const char *format, ...) _printf_(2, 3);

/* An item of the policy, and its bit. */
void items_bit(struct needs_pass *pass, enum needs_by by, uint32_t set, uint32_t value,
	       const char *format, ...) _printf_(5, 6);

/* What libbpf needs to load this object (probes.c). */
void needs_libbpf(struct needs_pass *pass, uint32_t version);

/* Does a program load, and a map get created, without further ado? */
bool needs_counts_prog(const struct needs *needs, const struct facts_prog *prog);
bool needs_counts_map(const struct facts_map *map);

/* The attach type that a program is loaded with, in a container, before the kernel's fixup. */
uint32_t needs_attach_type(const struct facts_prog *prog);
uint32_t needs_prog_type(const struct facts_prog *prog);

/* Capabilities that helper functions ask for (helpers.c): calls take for each. */
void helpers_each(const struct facts_helpers *helpers,
		  void (*take)(const char *helper, uint32_t capability, void *data),
		  void *data);

/* Does any of the calls read the kernel's memory by the helpers that Linux 5.5 has? */
bool helpers_read_kernel(const struct facts_helpers *helpers);

#endif
