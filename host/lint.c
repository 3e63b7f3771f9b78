/* SPDX-License-Identifier: MIT */
/*
 * The lint rules, each a row of the table at the end with the function that checks it.
 * What the rules know of the kernel is in bpf_prog_load(), bpf_prog_load_check_attach()
 * and bpf_token_allow_prog_type(); what they know of libbpf is how its versions up to
 * 1.7 find out what the kernel can do: by loading small programs, through the token.
 */
#include "lint.h"

#include "names.h"

#include <string.h>

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
static const struct prog_type {
	uint64_t attachs;
	bool zero; /* may be loaded with 0 instead, and attached nevertheless */
	bool probed; /* libbpf names the attach type only after its probe for that */
	bool host; /* sees or changes the host, not only the container */
} prog_types[] = {
	[1] = { .attachs = BIT(0) }, /* socket_filter */
	[2] = { BIT(0) | BIT(42) | BIT(48) | BIT(56) | BIT(57),
		.host = true }, /* kprobe */
	[3] = { BIT(0) | BIT(46) | BIT(47) | BIT(54) | BIT(55),
		.zero = true }, /* sched_cls */
	[4] = { .attachs = BIT(0) }, /* sched_act */
	[5] = { .attachs = BIT(0), .host = true }, /* tracepoint */
	[6] = { BIT(33) | BIT(35) | BIT(37), .zero = true, .probed = true }, /* xdp */
	[7] = { .attachs = BIT(0), .host = true }, /* perf_event */
	[8] = { BIT(0) | BIT(1), .zero = true, .probed = true }, /* cgroup_skb */
	[9] = { .attachs = BIT(2) | BIT(12) | BIT(13) | BIT(34) }, /* cgroup_sock */
	[10] = { .attachs = BIT(0) }, /* lwt_in */
	[11] = { .attachs = BIT(0) }, /* lwt_out */
	[12] = { .attachs = BIT(0) }, /* lwt_xmit */
	[13] = { BIT(3), .zero = true, .probed = true }, /* sock_ops */
	[14] = { BIT(4) | BIT(5) | BIT(38), .zero = true, .probed = true }, /* sk_skb */
	[15] = { BIT(6), .zero = true, .probed = true }, /* cgroup_device */
	[16] = { BIT(7), .zero = true, .probed = true }, /* sk_msg */
	[17] = { .attachs = BIT(0), .host = true }, /* raw_tracepoint */
	[18] = { .attachs = BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(14) | BIT(15) |
			    BIT(19) | BIT(20) | BIT(29) | BIT(30) | BIT(31) | BIT(32) |
			    BIT(49) | BIT(50) | BIT(51) | BIT(52) |
			    BIT(53) }, /* cgroup_sock_addr */
	[19] = { .attachs = BIT(0) }, /* lwt_seg6local */
	[20] = { BIT(16), .zero = true, .probed = true }, /* lirc_mode2 */
	[21] = { .attachs = BIT(39) | BIT(40) }, /* sk_reuseport */
	[22] = { BIT(17), .zero = true, .probed = true }, /* flow_dissector */
	[23] = { BIT(18), .zero = true }, /* cgroup_sysctl */
	[24] = { .attachs = BIT(0), .host = true }, /* raw_tracepoint_writable */
	[25] = { .attachs = BIT(21) | BIT(22) }, /* cgroup_sockopt */
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

/* One run of all rules. A rule writes reason and fix, then calls found(). */
struct lint {
	uint64_t cmds, maps, progs, attachs; /* progs: without those of "any" */
	const struct bpftoken_policy *policy;
	const struct list_notes *notes;
	const struct lint_rule *rule;
	struct text reason, fix;
	lint_report report;
	void *data;
	int count; /* findings, or -ENOMEM */
};

struct lint_rule {
	const char *name;
	enum lint_severity severity;
	void (*check)(struct lint *lint);
};

static void found(struct lint *lint)
{
	struct lint_finding finding = {
		.severity = lint->rule->severity,
		.rule = lint->rule->name,
		.reason = lint->reason.data,
		.fix = lint->fix.data,
	};

	if (lint->reason.failed || lint->fix.failed)
		lint->count = -ENOMEM;
	if (lint->count >= 0) {
		lint->count++;
		lint->report(&finding, lint->data);
	}
	text_done(&lint->reason);
	text_done(&lint->fix);
}

static void found_plain(struct lint *lint, const char *reason, const char *fix)
{
	text_add(&lint->reason, "%s", reason);
	text_add(&lint->fix, "%s", fix);
	found(lint);
}

/* "reason: names" */
static void found_names(struct lint *lint, const char *reason, uint32_t set,
			uint64_t mask, const char *fix)
{
	text_add(&lint->reason, "%s: ", reason);
	list_format(&lint->reason, set, mask, ", ");
	text_add(&lint->fix, "%s", fix);
	found(lint);
}

/* Values of a set that our tables name: lint says the same on every kernel. */
static uint64_t known_values(uint32_t set)
{
	uint64_t mask = 0;
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].value <= NAMES_MAX_VALUE)
			mask |= BIT(rows[i].value);
	return mask;
}

/* The program types of mask for which a property holds. */
static uint64_t progs_where(uint64_t mask, bool (*holds)(const struct prog_type *type))
{
	uint64_t progs = 0;

	for (uint32_t i = 1; i < ARRAY_SIZE(prog_types); i++)
		if (mask & BIT(i) && holds(&prog_types[i]))
			progs |= BIT(i);
	return progs;
}

static bool is_zero(const struct prog_type *type)
{
	return type->zero;
}

static bool is_probed(const struct prog_type *type)
{
	return type->probed;
}

static bool is_host(const struct prog_type *type)
{
	return type->host;
}

/* ---------------------------------------------------------------- the text */

static void check_empty(struct lint *lint)
{
	if (bpftoken_policy_is_empty(lint->policy, BPFTOKEN_SETS))
		found_plain(lint,
			    "nothing is delegated, so the kernel makes no token of it",
			    "delegate something");
}

static size_t count_notes(const struct lint *lint)
{
	size_t count = lint->notes ? lint->notes->count : 0;

	return count < ARRAY_SIZE(lint->notes->items) ? count
						      : ARRAY_SIZE(lint->notes->items);
}

static void add_note(struct lint *lint, const struct list_note *note)
{
	text_add(&lint->reason, "line %u, column %u: ", note->at.line, note->at.column);
}

static void check_number_overwrites(struct lint *lint)
{
	for (size_t i = 0; i < count_notes(lint); i++) {
		const struct list_note *note = &lint->notes->items[i];

		if (!note->after_names)
			continue;
		add_note(lint, note);
		text_add(&lint->reason,
			 "the kernel takes the number 0x%jx for all of the "
			 "list and forgets what stands before it",
			 (uintmax_t)note->number);
		text_add(&lint->fix, "write the number first, or names only");
		found(lint);
	}
}

static void check_number_as_enum(struct lint *lint)
{
	for (size_t i = 0; i < count_notes(lint); i++) {
		const struct list_note *note = &lint->notes->items[i];
		const char *name;

		if (!note->decimal || note->number > NAMES_MAX_VALUE)
			continue;
		name = bpftoken_name(note->set, (uint32_t)note->number);
		add_note(lint, note);
		text_add(&lint->reason, "%u is a mask, that of ",
			 (unsigned int)note->number);
		if (note->number)
			list_format(&lint->reason, note->set, note->number, ", ");
		else
			text_add(&lint->reason, "nothing");
		if (name)
			text_add(&lint->reason, "; the %s with this value is %s",
				 names_set_noun(note->set), name);
		text_add(&lint->fix, "write %s%s0x%jx if the mask is meant",
			 name ? name : "", name ? ", or " : "", (uintmax_t)note->number);
		found(lint);
	}
}

/* ------------------------------------------------------------ set by set */

static void check_any(struct lint *lint)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!bpftoken_policy_is_any(lint->policy, set))
			continue;
		text_add(&lint->reason,
			 "every %s is delegated, those of future kernels too",
			 names_set_noun(set));
		text_add(&lint->fix, "name the ones that are used");
		found(lint);
	}
}

static void check_inert_command(struct lint *lint)
{
	uint64_t inert = lint->cmds & known_values(BPFTOKEN_CMDS) & ~CMDS_WITH_TOKEN;

	if (inert && lint->cmds != POLICY_ANY)
		found_names(lint, "the kernel never asks a token for these commands",
			    BPFTOKEN_CMDS, inert,
			    "remove them: only map_create, prog_load, btf_load and "
			    "btf_get_fd_by_id count");
}

static void check_unspec(struct lint *lint)
{
	static const uint32_t sets[] = { BPFTOKEN_MAPS, BPFTOKEN_PROGS };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		uint64_t mask = lint->policy->mask[sets[i]];

		if (!(mask & BIT(0)) || mask == POLICY_ANY)
			continue;
		text_add(&lint->reason, "unspec, the value 0, is no %s",
			 names_set_noun(sets[i]));
		text_add(&lint->fix, "remove it");
		found(lint);
	}
}

static void check_unknown_bit(struct lint *lint)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t mask = lint->policy->mask[set];
		uint64_t unknown = mask & ~known_values(set);

		if (!unknown || mask == POLICY_ANY)
			continue;
		text_add(&lint->reason,
			 "no %s up to Linux 7.3 has the bits 0x%jx, and a later kernel "
			 "gives them a meaning",
			 names_set_noun(set), (uintmax_t)unknown);
		text_add(&lint->fix, "remove them");
		found(lint);
	}
}

/* A command works on types: without one of the two the other has no effect. */
static const struct pair {
	uint64_t cmd;
	uint32_t set;
	const char *no_types; /* the command is there, the types are not */
	const char *fix;
	const char *no_command; /* the other way round */
	const char *command_fix;
} pairs[] = {
	{ CMD_MAP_CREATE, BPFTOKEN_MAPS, "map_create without map types creates no map",
	  "add map types or remove map_create",
	  "map types without the command map_create have no effect", "add map_create" },
	{ CMD_PROG_LOAD, BPFTOKEN_PROGS,
	  "prog_load without program types loads no program",
	  "add program types or remove prog_load",
	  "program types without the command prog_load have no effect", "add prog_load" },
	{ CMD_PROG_LOAD, BPFTOKEN_ATTACHS,
	  "prog_load without attach types loads no program",
	  "add attach types; programs that need none still need cgroup_inet_ingress, "
	  "which is 0",
	  "attach types without the command prog_load have no effect", "add prog_load" },
};

static void check_command_without_types(struct lint *lint)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (lint->cmds & pairs[i].cmd && !lint->policy->mask[pairs[i].set])
			found_plain(lint, pairs[i].no_types, pairs[i].fix);
}

static void check_types_without_command(struct lint *lint)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!(lint->cmds & pairs[i].cmd) && lint->policy->mask[pairs[i].set])
			found_plain(lint, pairs[i].no_command, pairs[i].command_fix);
}

/* ------------------------------------- program types and their attach types */

/* Attach types that programs of a type may be loaded with. */
static uint64_t loaded_with(const struct prog_type *type)
{
	return type->attachs | (type->zero ? ATTACH_ZERO : 0);
}

static void check_attach_zero(struct lint *lint)
{
	uint64_t progs = 0;

	for (uint32_t i = 1; i < ARRAY_SIZE(prog_types); i++)
		if (lint->progs & BIT(i) && prog_types[i].attachs & ATTACH_ZERO &&
		    !(lint->attachs & loaded_with(&prog_types[i])))
			progs |= BIT(i);
	if (progs && lint->attachs)
		found_names(
			lint,
			"programs that name no attach type are loaded with 0, which is "
			"cgroup_inet_ingress, and the kernel asks the token for it",
			BPFTOKEN_PROGS, progs, "add cgroup_inet_ingress");
}

static void check_attach_missing(struct lint *lint)
{
	for (uint32_t i = 1; i < ARRAY_SIZE(prog_types); i++) {
		const struct prog_type *type = &prog_types[i];

		if (!(lint->progs & BIT(i)) || type->attachs & ATTACH_ZERO ||
		    !lint->attachs || lint->attachs & loaded_with(type))
			continue;
		text_add(&lint->reason, "%s programs cannot be loaded without one of ",
			 bpftoken_name(BPFTOKEN_PROGS, i));
		list_format(&lint->reason, BPFTOKEN_ATTACHS, type->attachs, ", ");
		text_add(&lint->fix, "add those that are used to the attach types");
		found(lint);
	}
}

static void check_attach_unused(struct lint *lint)
{
	uint64_t used = 0, unused;

	for (uint32_t i = 1; i < ARRAY_SIZE(prog_types); i++)
		if (lint->progs & BIT(i))
			used |= loaded_with(&prog_types[i]);
	unused = lint->attachs & known_values(BPFTOKEN_ATTACHS) & ~used;
	/* a program type that we do not know may use anything */
	if (!unused || lint->attachs == POLICY_ANY || !lint->progs ||
	    lint->progs & ~known_values(BPFTOKEN_PROGS))
		return;
	found_names(lint,
		    "no program of the delegated types is loaded with these attach types",
		    BPFTOKEN_ATTACHS, unused, "remove them or add their program types");
}

static void check_attach_wildcard(struct lint *lint)
{
	uint64_t progs = progs_where(lint->progs, is_zero);

	if (progs && lint->attachs & ATTACH_ZERO && lint->attachs != POLICY_ANY)
		found_names(
			lint,
			"loaded with attach type 0, cgroup_inet_ingress, these can be "
			"attached wherever their type can",
			BPFTOKEN_PROGS, progs,
			"remove cgroup_inet_ingress if no program needs it");
}

static void check_struct_ops_member(struct lint *lint)
{
	if (lint->progs & PROG_STRUCT_OPS && lint->attachs != POLICY_ANY)
		found_plain(
			lint,
			"a struct_ops program is loaded with the index of its member in "
			"the struct as its attach type",
			"add the attach types that have these values");
}

uint64_t lint_host_wide(const struct bpftoken_policy *policy)
{
	return progs_where(policy->mask[BPFTOKEN_PROGS], is_host);
}

static void check_host_wide(struct lint *lint)
{
	uint64_t progs = lint_host_wide(lint->policy);

	if (progs)
		found_names(
			lint,
			"programs of these types see or change the whole host, not the "
			"container only",
			BPFTOKEN_PROGS, progs,
			"delegate them only where you would give root on the host");
}

/* ----------------------------------------------------------- BTF and libbpf */

/* The map types that cannot do without BTF; of "any" the rule any says enough. */
static uint64_t maps_with_btf(const struct lint *lint)
{
	return lint->maps == POLICY_ANY ? 0 : lint->maps & MAPS_WITH_BTF;
}

static bool needs_btf(const struct lint *lint)
{
	return maps_with_btf(lint) || lint->progs & PROGS_WITH_BTF;
}

static void check_btf_needed(struct lint *lint)
{
	uint64_t maps = maps_with_btf(lint), progs = lint->progs & PROGS_WITH_BTF;

	if (!needs_btf(lint) || lint->cmds & CMD_BTF_LOAD)
		return;
	text_add(&lint->reason, "these types need BTF of the program's own: ");
	list_format(&lint->reason, BPFTOKEN_MAPS, maps, ", ");
	text_add(&lint->reason, "%s", maps && progs ? ", " : "");
	list_format(&lint->reason, BPFTOKEN_PROGS, progs, ", ");
	text_add(&lint->fix, "add btf_load");
	found(lint);
}

static void check_btf_load(struct lint *lint)
{
	if (lint->cmds & (CMD_MAP_CREATE | CMD_PROG_LOAD) &&
	    !(lint->cmds & CMD_BTF_LOAD) && !needs_btf(lint))
		found_plain(
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

static void check_libbpf_first_load(struct lint *lint)
{
	bool tracepoint = lint->progs & PROG_TRACEPOINT && lint->attachs & ATTACH_ZERO;

	if (loads_programs(lint) && !probes_load(lint) && !tracepoint)
		found_plain(
			lint,
			"libbpf up to 1.7 loads a socket_filter program with attach type "
			"0 before all else, and no object without it",
			"add socket_filter and cgroup_inet_ingress, or load with "
			"something else");
}

static void check_libbpf_attach_probe(struct lint *lint)
{
	uint64_t progs = progs_where(lint->progs, is_probed);
	bool probe =
		lint->progs & PROG_CGROUP_SOCK && lint->attachs & ATTACH_INET_SOCK_CREATE;

	if (progs && loads_programs(lint) && !probe && !(lint->attachs & ATTACH_ZERO))
		found_names(
			lint,
			"libbpf loads these with attach type 0 where it cannot load a "
			"cgroup_sock program with cgroup_inet_sock_create",
			BPFTOKEN_PROGS, progs,
			"add cgroup_sock and cgroup_inet_sock_create, or "
			"cgroup_inet_ingress");
}

static void check_libbpf_global_data(struct lint *lint)
{
	if (loads_programs(lint) && lint->cmds & CMD_MAP_CREATE &&
	    !(lint->maps & MAP_ARRAY && probes_load(lint)))
		found_plain(
			lint,
			"libbpf creates the maps of global variables only where it can "
			"create an array and load a socket_filter program with attach "
			"type 0",
			"add array, socket_filter and cgroup_inet_ingress if the program "
			"has global variables");
}

static void check_libbpf_usdt(struct lint *lint)
{
	if (lint->progs & PROG_KPROBE && loads_programs(lint) &&
	    !(lint->attachs & ATTACH_UPROBE_MULTI))
		found_plain(lint,
			    "without trace_uprobe_multi libbpf attaches uprobes and USDT "
			    "through perf events, which a container may not open",
			    "add trace_uprobe_multi if the program has such probes");
}

static const struct lint_rule rules[] = {
	{ "empty", LINT_ERROR, check_empty },
	{ "number-overwrites-names", LINT_ERROR, check_number_overwrites },
	{ "number-as-enum", LINT_WARNING, check_number_as_enum },
	{ "any", LINT_WARNING, check_any },
	{ "inert-command", LINT_WARNING, check_inert_command },
	{ "unspec", LINT_WARNING, check_unspec },
	{ "unknown-bit", LINT_WARNING, check_unknown_bit },
	{ "command-without-types", LINT_ERROR, check_command_without_types },
	{ "types-without-command", LINT_ERROR, check_types_without_command },
	{ "attach-zero", LINT_ERROR, check_attach_zero },
	{ "attach-missing", LINT_ERROR, check_attach_missing },
	{ "attach-unused", LINT_WARNING, check_attach_unused },
	{ "attach-wildcard", LINT_NOTE, check_attach_wildcard },
	{ "struct-ops-member", LINT_NOTE, check_struct_ops_member },
	{ "host-wide", LINT_WARNING, check_host_wide },
	{ "btf-needed", LINT_WARNING, check_btf_needed },
	{ "btf-load", LINT_NOTE, check_btf_load },
	{ "libbpf-first-load", LINT_WARNING, check_libbpf_first_load },
	{ "libbpf-attach-probe", LINT_WARNING, check_libbpf_attach_probe },
	{ "libbpf-global-data", LINT_NOTE, check_libbpf_global_data },
	{ "libbpf-usdt", LINT_NOTE, check_libbpf_usdt },
};

const char *lint_severity_name(enum lint_severity severity)
{
	static const char *const names[] = {
		[LINT_NOTE] = "note",
		[LINT_WARNING] = "warning",
		[LINT_ERROR] = "error",
	};

	return names[severity];
}

const char *lint_rule_name(size_t n)
{
	return n < ARRAY_SIZE(rules) ? rules[n].name : NULL;
}

int lint_policy(const struct bpftoken_policy *policy, const struct list_notes *notes,
		lint_report report, void *data)
{
	struct lint lint = {
		.cmds = policy->mask[BPFTOKEN_CMDS],
		.maps = policy->mask[BPFTOKEN_MAPS],
		.attachs = policy->mask[BPFTOKEN_ATTACHS],
		.policy = policy,
		.notes = notes,
		.report = report,
		.data = data,
	};

	/* of "any" the rule any says enough: no finding for each type */
	if (!bpftoken_policy_is_any(policy, BPFTOKEN_PROGS))
		lint.progs = policy->mask[BPFTOKEN_PROGS];
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		lint.rule = &rules[i];
		rules[i].check(&lint);
	}
	return lint.count;
}
