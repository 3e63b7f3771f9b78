/* SPDX-License-Identifier: MIT */
/* What the files of lint share: one run, the tools of a rule, and the rules. */
#ifndef BPFTOKEN_HOST_LINT_RULES_H
#define BPFTOKEN_HOST_LINT_RULES_H

#include "lint.h"

#define BIT(n) (UINT64_C(1) << (n))

/* Values that rules name; enum bpf_cmd, bpf_map_type, bpf_prog_type, bpf_attach_type. */
#define CMD_MAP_CREATE BIT(0)
#define CMD_PROG_LOAD BIT(5)
#define CMD_BTF_LOAD BIT(18)
#define CMD_BTF_GET_FD_BY_ID BIT(19)
#define CMDS_WITH_TOKEN \
	(CMD_MAP_CREATE | CMD_PROG_LOAD | CMD_BTF_LOAD | CMD_BTF_GET_FD_BY_ID)
#define MAP_ARRAY BIT(2)
/* sk_storage, struct_ops, inode_storage, task_storage, cgrp_storage */
#define MAPS_WITH_BTF (BIT(24) | BIT(26) | BIT(28) | BIT(29) | BIT(32))
#define PROG_SOCKET_FILTER BIT(1)
#define PROG_KPROBE BIT(2)
#define PROG_TRACEPOINT BIT(5)
#define PROG_CGROUP_SOCK BIT(9)
#define PROG_STRUCT_OPS BIT(27)
/* struct_ops, ext */
#define PROGS_WITH_BTF (BIT(27) | BIT(28))
#define ATTACH_ZERO BIT(0) /* cgroup_inet_ingress */
#define ATTACH_INET_SOCK_CREATE BIT(2)
#define ATTACH_UPROBE_MULTI BIT(48)

/*
 * What programs of a type are loaded with and what they reach. attachs are their attach
 * types after the kernel's own replacement of 0 (cgroup_sock, sk_reuseport).
 */
struct prog_type {
	uint64_t attachs;
	bool zero; /* may be loaded with 0 instead, and attached nevertheless */
	bool probed; /* libbpf names the attach type only after its probe for that */
	bool host; /* sees or changes the host, not only the container */
	bool cgroup; /* attaches to any cgroup that the container can open */
};

#define LINT_PROG_TYPES 33U
extern const struct prog_type lint_prog_types[LINT_PROG_TYPES];

/* One run of all rules. A rule writes reason and fix, then calls lint_found(). */
struct lint {
	uint64_t cmds, maps, progs, attachs; /* progs: without those of "any" */
	const struct bpftoken_policy *policy;
	const struct list_notes *notes;
	uint32_t kernel; /* 6.12 = 0x060c, 0 = any */
	const struct lint_rule *rule;
	struct text reason, fix;
	/*
	 * What the fix of this finding adds and drops, where that is certain; and whether
	 * writing the policy anew is the fix.
	 */
	uint64_t add[BPFTOKEN_SETS], drop[BPFTOKEN_SETS];
	bool rewrite;
	struct bpftoken_policy *fixed; /* takes the certain fixes; NULL = none wanted */
	lint_report report; /* NULL: only fixes are wanted */
	void *data;
	int count; /* findings, or -ENOMEM */
};

struct lint_rule {
	const char *name;
	enum lint_severity severity;
	void (*check)(struct lint *lint);
};

void lint_found(struct lint *lint);
void lint_found_plain(struct lint *lint, const char *reason, const char *fix);
/* "reason: names" */
void lint_found_names(struct lint *lint, const char *reason, uint32_t set, uint64_t mask,
		      const char *fix);
/* Values of a set that our tables name: lint says the same on every kernel. */
uint64_t lint_known_values(uint32_t set);
/* The program types of mask for which a property holds. */
uint64_t lint_progs_where(uint64_t mask, bool (*holds)(const struct prog_type *type));

/* Are all program types of the policy such that know the attach type 0 only? */
bool lint_progs_take_zero(const struct lint *lint);

/* The rules, in lint-text.c, lint-types.c and lint-libbpf.c. */
void lint_empty(struct lint *lint);
void lint_number_overwrites(struct lint *lint);
void lint_number_as_enum(struct lint *lint);
void lint_any(struct lint *lint);
void lint_inert_command(struct lint *lint);
void lint_unspec(struct lint *lint);
void lint_unknown_bit(struct lint *lint);
void lint_command_without_types(struct lint *lint);
void lint_types_without_command(struct lint *lint);
void lint_attach_zero(struct lint *lint);
void lint_attach_missing(struct lint *lint);
void lint_attach_unused(struct lint *lint);
void lint_attach_wildcard(struct lint *lint);
void lint_struct_ops_member(struct lint *lint);
void lint_host_wide(struct lint *lint);
void lint_btf_needed(struct lint *lint);
void lint_btf_load(struct lint *lint);
void lint_libbpf_first_load(struct lint *lint);
void lint_libbpf_attach_probe(struct lint *lint);
void lint_libbpf_global_data(struct lint *lint);
void lint_libbpf_usdt(struct lint *lint);
void lint_inert_only(struct lint *lint);
void lint_newer_than_kernel(struct lint *lint);
void lint_systemd_companion(struct lint *lint);
void lint_systemd_mounts(struct lint *lint);
void lint_systemd_name(struct lint *lint);
void lint_cgroup_reach(struct lint *lint);

#endif
