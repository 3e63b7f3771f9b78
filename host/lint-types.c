/* SPDX-License-Identifier: MIT */
/*
 * What program types are loaded with and what they reach, and the lint rules that follow
 * from it. The source is the kernel's bpf_prog_load(), bpf_prog_load_check_attach() and
 * bpf_token_allow_prog_type().
 */
#include "lint-rules.h"

#include "names.h"

const struct prog_type lint_prog_types[LINT_PROG_TYPES] = {
	[1] = { .attachs = BIT(0) }, /* socket_filter */
	[2] = { BIT(0) | BIT(42) | BIT(48) | BIT(56) | BIT(57),
		.host = true }, /* kprobe */
	[3] = { BIT(0) | BIT(46) | BIT(47) | BIT(54) | BIT(55),
		.zero = true }, /* sched_cls */
	[4] = { .attachs = BIT(0) }, /* sched_act */
	[5] = { .attachs = BIT(0), .host = true }, /* tracepoint */
	[6] = { BIT(33) | BIT(35) | BIT(37), .zero = true, .probed = true }, /* xdp */
	[7] = { .attachs = BIT(0), .host = true }, /* perf_event */
	[8] = { BIT(0) | BIT(1), .zero = true, .probed = true,
		.cgroup = true }, /* cgroup_skb */
	[9] = { .attachs = BIT(2) | BIT(12) | BIT(13) | BIT(34),
		.cgroup = true }, /* cgroup_sock */
	[10] = { .attachs = BIT(0) }, /* lwt_in */
	[11] = { .attachs = BIT(0) }, /* lwt_out */
	[12] = { .attachs = BIT(0) }, /* lwt_xmit */
	[13] = { BIT(3), .zero = true, .probed = true, .cgroup = true }, /* sock_ops */
	[14] = { BIT(4) | BIT(5) | BIT(38), .zero = true, .probed = true }, /* sk_skb */
	[15] = { BIT(6), .zero = true, .probed = true,
		 .cgroup = true }, /* cgroup_device */
	[16] = { BIT(7), .zero = true, .probed = true }, /* sk_msg */
	[17] = { .attachs = BIT(0), .host = true }, /* raw_tracepoint */
	[18] = { .attachs = BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(14) | BIT(15) |
			    BIT(19) | BIT(20) | BIT(29) | BIT(30) | BIT(31) | BIT(32) |
			    BIT(49) | BIT(50) | BIT(51) | BIT(52) | BIT(53),
		 .cgroup = true }, /* cgroup_sock_addr */
	[19] = { .attachs = BIT(0) }, /* lwt_seg6local */
	[20] = { BIT(16), .zero = true, .probed = true }, /* lirc_mode2 */
	[21] = { .attachs = BIT(39) | BIT(40) }, /* sk_reuseport */
	[22] = { BIT(17), .zero = true, .probed = true }, /* flow_dissector */
	[23] = { BIT(18), .zero = true, .cgroup = true }, /* cgroup_sysctl */
	[24] = { .attachs = BIT(0), .host = true }, /* raw_tracepoint_writable */
	[25] = { .attachs = BIT(21) | BIT(22), .cgroup = true }, /* cgroup_sockopt */
	[26] = { BIT(23) | BIT(24) | BIT(25) | BIT(26) | BIT(28) | BIT(58) | BIT(59) |
			 BIT(60) | BIT(61),
		 .host = true }, /* tracing */
	[27] = { .attachs = POLICY_ANY,
		 .host = true }, /* struct_ops: index of a member */
	[28] = { .attachs = BIT(0), .host = true }, /* ext */
	[29] = { BIT(27) | BIT(43), .host = true }, /* lsm */
	[30] = { .attachs = BIT(36) }, /* sk_lookup */
	[31] = { .attachs = BIT(0), .host = true }, /* syscall */
	[32] = { .attachs = BIT(45) }, /* netfilter */
};

static bool is_zero(const struct prog_type *type)
{
	return type->zero;
}

static bool is_host(const struct prog_type *type)
{
	return type->host;
}

/* Attach types that programs of a type may be loaded with. */
static uint64_t loaded_with(const struct prog_type *type)
{
	return type->attachs | (type->zero ? ATTACH_ZERO : 0);
}

static bool is_zero_only(const struct prog_type *type)
{
	return type->attachs == ATTACH_ZERO;
}

bool lint_progs_take_zero(const struct lint *lint)
{
	return lint->progs && lint_progs_where(lint->progs, is_zero_only) == lint->progs;
}

void lint_attach_zero(struct lint *lint)
{
	uint64_t progs = 0;

	for (uint32_t i = 1; i < LINT_PROG_TYPES; i++)
		if (lint->progs & BIT(i) && lint_prog_types[i].attachs & ATTACH_ZERO &&
		    !(lint->attachs & loaded_with(&lint_prog_types[i])))
			progs |= BIT(i);
	/* certain only for those that know no other */
	if (progs && !(progs & ~lint_progs_where(progs, is_zero_only)))
		lint->add[BPFTOKEN_ATTACHS] = ATTACH_ZERO;
	if (progs && lint->attachs)
		lint_found_names(
			lint,
			"programs that name no attach type are loaded with 0, which is "
			"cgroup_inet_ingress, and the kernel asks the token for it",
			BPFTOKEN_PROGS, progs, "add cgroup_inet_ingress");
}

void lint_attach_missing(struct lint *lint)
{
	for (uint32_t i = 1; i < LINT_PROG_TYPES; i++) {
		const struct prog_type *type = &lint_prog_types[i];

		if (!(lint->progs & BIT(i)) || type->attachs & ATTACH_ZERO ||
		    !lint->attachs || lint->attachs & loaded_with(type))
			continue;
		text_add(&lint->reason, "%s programs cannot be loaded without one of ",
			 bpftoken_name(BPFTOKEN_PROGS, i));
		list_format(&lint->reason, BPFTOKEN_ATTACHS, type->attachs, ", ");
		text_add(&lint->fix, "add those that are used to the attach types");
		if (!(type->attachs & (type->attachs - 1)))
			lint->add[BPFTOKEN_ATTACHS] = type->attachs;
		lint_found(lint);
	}
}

void lint_attach_unused(struct lint *lint)
{
	uint64_t used = 0, unused;

	for (uint32_t i = 1; i < LINT_PROG_TYPES; i++)
		if (lint->progs & BIT(i))
			used |= loaded_with(&lint_prog_types[i]);
	unused = lint->attachs & lint_known_values(BPFTOKEN_ATTACHS) & ~used;
	/* a program type that we do not know may use anything */
	if (!unused || lint->attachs == POLICY_ANY || !lint->progs ||
	    lint->progs & ~lint_known_values(BPFTOKEN_PROGS))
		return;
	lint->drop[BPFTOKEN_ATTACHS] = unused;
	lint_found_names(
		lint,
		"no program of the delegated types is loaded with these attach types",
		BPFTOKEN_ATTACHS, unused, "remove them or add their program types");
}

void lint_attach_wildcard(struct lint *lint)
{
	uint64_t progs = lint_progs_where(lint->progs, is_zero);

	if (progs && lint->attachs & ATTACH_ZERO && lint->attachs != POLICY_ANY)
		lint_found_names(
			lint,
			"loaded with attach type 0, cgroup_inet_ingress, these can be "
			"attached wherever their type can",
			BPFTOKEN_PROGS, progs,
			"remove cgroup_inet_ingress if no program needs it");
}

void lint_struct_ops_member(struct lint *lint)
{
	if (lint->progs & PROG_STRUCT_OPS && lint->attachs != POLICY_ANY)
		lint_found_plain(
			lint,
			"a struct_ops program is loaded with the index of its member in "
			"the struct as its attach type",
			"add the attach types that have these values");
}

void lint_host_wide(struct lint *lint)
{
	uint64_t progs = lint_progs_where(lint->policy->mask[BPFTOKEN_PROGS], is_host);

	if (progs)
		lint_found_names(
			lint,
			"programs of these types see or change the whole host, not the "
			"container only",
			BPFTOKEN_PROGS, progs,
			"delegate them only where you would give root on the host");
}

static bool is_cgroup(const struct prog_type *type)
{
	return type->cgroup;
}

void lint_cgroup_reach(struct lint *lint)
{
	uint64_t progs = lint_progs_where(lint->progs, is_cgroup);

	if (progs)
		lint_found_names(
			lint,
			"programs of these types can be attached to every cgroup whose "
			"directory the container can open, the host's too",
			BPFTOKEN_PROGS, progs,
			"give the container a cgroup namespace and no cgroupfs of the "
			"host's");
}
