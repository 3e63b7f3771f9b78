/* SPDX-License-Identifier: MIT */
/*
 * What program types are loaded with and what they reach, and the lint rules that follow
 * from it. The source is the kernel's bpf_prog_load(), bpf_prog_load_check_attach() and
 * bpf_token_allow_prog_type().
 */
#include "lint-rules.h"

#include "attr.h"
#include "names.h"

const struct prog_type lint_prog_types[LINT_PROG_TYPES] = {
	[2] = { .host = true }, /* kprobe */
	[3] = { .zero = true, .network = true }, /* sched_cls */
	[4] = { .network = true }, /* sched_act */
	[5] = { .host = true }, /* tracepoint */
	[6] = { .zero = true, .probed = true, .network = true }, /* xdp */
	[7] = { .host = true }, /* perf_event */
	[8] = { .zero = true, .probed = true, .cgroup = true }, /* cgroup_skb */
	[9] = { .cgroup = true }, /* cgroup_sock */
	[10] = { .network = true }, /* lwt_in */
	[11] = { .network = true }, /* lwt_out */
	[12] = { .network = true }, /* lwt_xmit */
	[13] = { .zero = true, .probed = true, .cgroup = true }, /* sock_ops */
	[14] = { .zero = true, .probed = true }, /* sk_skb */
	[15] = { .zero = true, .probed = true, .cgroup = true }, /* cgroup_device */
	[16] = { .zero = true, .probed = true }, /* sk_msg */
	[17] = { .host = true }, /* raw_tracepoint */
	[18] = { .cgroup = true }, /* cgroup_sock_addr */
	[19] = { .network = true }, /* lwt_seg6local */
	[20] = { .zero = true, .probed = true }, /* lirc_mode2 */
	[22] = { .zero = true, .probed = true, .network = true }, /* flow_dissector */
	[23] = { .zero = true, .cgroup = true }, /* cgroup_sysctl */
	[24] = { .host = true }, /* raw_tracepoint_writable */
	[25] = { .cgroup = true }, /* cgroup_sockopt */
	[26] = { .host = true }, /* tracing */
	[27] = { .host = true }, /* struct_ops */
	[28] = { .host = true }, /* ext */
	[29] = { .host = true }, /* lsm */
	[30] = { .network = true }, /* sk_lookup */
	[31] = { .host = true }, /* syscall */
	[32] = { .network = true }, /* netfilter */
};

static bool is_zero(const struct prog_type *type)
{
	return type->zero;
}

static bool is_host(const struct prog_type *type)
{
	return type->host;
}

static bool is_cgroup(const struct prog_type *type)
{
	return type->cgroup;
}

static bool is_network(const struct prog_type *type)
{
	return type->network;
}

uint64_t lint_host_progs(const struct bpftoken_policy *policy)
{
	return lint_progs_where(policy->mask[BPFTOKEN_PROGS], is_host);
}

uint64_t lint_cgroup_progs(const struct bpftoken_policy *policy)
{
	return lint_progs_where(policy->mask[BPFTOKEN_PROGS], is_cgroup);
}

uint64_t lint_network_progs(const struct bpftoken_policy *policy)
{
	return lint_progs_where(policy->mask[BPFTOKEN_PROGS], is_network);
}

static uint64_t attachs_of(const struct prog_type *type)
{
	return attr_prog_attach_types((uint32_t)(type - lint_prog_types));
}

/* Attach types that programs of a type may be loaded with. */
static uint64_t loaded_with(const struct prog_type *type)
{
	return attachs_of(type) | (type->zero ? ATTACH_ZERO : 0);
}

static bool is_zero_only(const struct prog_type *type)
{
	return attachs_of(type) == ATTACH_ZERO;
}

bool lint_progs_take_zero(const struct lint *lint)
{
	return lint->progs && lint_progs_where(lint->progs, is_zero_only) == lint->progs;
}

void lint_attach_zero(struct lint *lint)
{
	uint64_t progs = 0;

	for (uint32_t i = 1; i < LINT_PROG_TYPES; i++)
		if (lint->progs & BIT(i) && attr_prog_attach_types(i) & ATTACH_ZERO &&
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

		if (!(lint->progs & BIT(i)) || attachs_of(type) & ATTACH_ZERO ||
		    !lint->attachs || lint->attachs & loaded_with(type))
			continue;
		text_add(&lint->reason, "%s programs cannot be loaded without one of ",
			 bpftoken_name(BPFTOKEN_PROGS, i));
		list_format(&lint->reason, BPFTOKEN_ATTACHS, attachs_of(type), ", ");
		text_add(&lint->fix, "add those that are used to the attach types");
		if (!(attachs_of(type) & (attachs_of(type) - 1)))
			lint->add[BPFTOKEN_ATTACHS] = attachs_of(type);
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
