/* SPDX-License-Identifier: MIT */
/*
 * The lint rules about BTF and libbpf, whose versions up to 1.7 find out what the kernel
 * can do by loading small programs, through the token.
 */
#include "lint-rules.h"

#include "names.h"

static bool is_probed(const struct prog_type *type)
{
	return type->probed;
}

/* The map types that cannot do without BTF; of "any" the rule any says enough. */
static uint64_t maps_with_btf(const struct lint *lint)
{
	return lint->maps == POLICY_ANY ? 0 : lint->maps & MAPS_WITH_BTF;
}

static bool needs_btf(const struct lint *lint)
{
	return maps_with_btf(lint) || lint->progs & PROGS_WITH_BTF;
}

void lint_btf_needed(struct lint *lint)
{
	uint64_t maps = maps_with_btf(lint), progs = lint->progs & PROGS_WITH_BTF;

	if (!needs_btf(lint) || lint->cmds & CMD_BTF_LOAD)
		return;
	text_add(&lint->reason, "these types need BTF of the program's own: ");
	list_format(&lint->reason, BPFTOKEN_MAPS, maps, ", ");
	text_add(&lint->reason, "%s", maps && progs ? ", " : "");
	list_format(&lint->reason, BPFTOKEN_PROGS, progs, ", ");
	text_add(&lint->fix, "add btf_load");
	lint->add[BPFTOKEN_CMDS] = CMD_BTF_LOAD;
	lint_found(lint);
}

void lint_btf_load(struct lint *lint)
{
	if (lint->cmds & (CMD_MAP_CREATE | CMD_PROG_LOAD) &&
	    !(lint->cmds & CMD_BTF_LOAD) && !needs_btf(lint))
		lint_found_plain(
			lint,
			"without btf_load, objects lose their BTF: no types of maps and "
			"global data, no kernel functions, no line numbers",
			"add btf_load");
}

/* Can libbpf load the socket filter that most of its probes are? */
static bool probes_load(const struct lint *lint)
{
	return lint->policy->mask[BPFTOKEN_PROGS] & PROG_SOCKET_FILTER &&
	       lint->attachs & ATTACH_ZERO;
}

/*
 * Are programs of some known types delegated, so that what libbpf makes of them counts?
 */
static bool loads_programs(const struct lint *lint)
{
	return lint->cmds & CMD_PROG_LOAD && lint->policy->mask[BPFTOKEN_PROGS] &&
	       lint->attachs;
}

void lint_libbpf_first_load(struct lint *lint)
{
	bool tracepoint = lint->progs & PROG_TRACEPOINT && lint->attachs & ATTACH_ZERO;

	if (loads_programs(lint) && !probes_load(lint) && !tracepoint)
		lint_found_plain(
			lint,
			"libbpf up to 1.7 loads a socket_filter program with attach type "
			"0 before all else, and no object without it",
			"add socket_filter and cgroup_inet_ingress, or load with "
			"something else");
}

void lint_libbpf_attach_probe(struct lint *lint)
{
	uint64_t progs = lint_progs_where(lint->progs, is_probed);
	bool probe =
		lint->progs & PROG_CGROUP_SOCK && lint->attachs & ATTACH_INET_SOCK_CREATE;

	if (progs && loads_programs(lint) && !probe && !(lint->attachs & ATTACH_ZERO))
		lint_found_names(
			lint,
			"libbpf loads these with attach type 0 where it cannot load a "
			"cgroup_sock program with cgroup_inet_sock_create",
			BPFTOKEN_PROGS, progs,
			"add cgroup_sock and cgroup_inet_sock_create, or "
			"cgroup_inet_ingress");
}

void lint_libbpf_global_data(struct lint *lint)
{
	if (loads_programs(lint) && lint->cmds & CMD_MAP_CREATE &&
	    !(lint->maps & MAP_ARRAY && probes_load(lint)))
		lint_found_plain(
			lint,
			"libbpf creates the maps of global variables only where it can "
			"create an array and load a socket_filter program with attach "
			"type 0",
			"add array, socket_filter and cgroup_inet_ingress if the program "
			"has global variables");
}

void lint_libbpf_usdt(struct lint *lint)
{
	if (lint->progs & PROG_KPROBE && loads_programs(lint) &&
	    !(lint->attachs & ATTACH_UPROBE_MULTI))
		lint_found_plain(
			lint,
			"without trace_uprobe_multi libbpf attaches uprobes and USDT "
			"through perf events, which a container may not open",
			"add trace_uprobe_multi if the program has such probes");
}
