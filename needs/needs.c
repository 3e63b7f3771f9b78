/* SPDX-License-Identifier: MIT */
/*
 * From one object's facts to items: what the kernel will ask the token for when a loader
 * creates these maps and loads these programs, and which capabilities.
 */
#include "items.h"

#include "attr.h"
#include "image.h"
#include "names.h"
#include "sections.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

/* BPF_F_ZERO_SEED of map_flags. */
#define MAP_ZERO_SEED (1U << 6)
/* sk_storage, struct_ops, inode_storage, task_storage, cgrp_storage */
#define MAPS_WITH_BTF (1ULL << 24 | 1ULL << 26 | 1ULL << 28 | 1ULL << 29 | 1ULL << 32)

bool needs_counts_prog(const struct needs *needs, const struct facts_prog *prog)
{
	return prog->autoload || needs->opts.optional;
}

bool needs_counts_map(const struct facts_map *map)
{
	return map->autocreate;
}

uint32_t needs_prog_type(const struct facts_prog *prog)
{
	const struct section *section = section_find(prog->section);

	return !prog->type && section ? section->type : prog->type;
}

uint32_t needs_attach_type(const struct facts_prog *prog)
{
	const struct section *section = section_find(prog->section);

	if (needs_prog_type(prog) == PROG_STRUCT_OPS)
		return prog->member_index;
	if (section && section->flags & SECTION_USDT)
		return ATTACH_UPROBE_MULTI;
	return !prog->type && section ? section->attach_type : prog->attach_type;
}

static void capability(struct needs_pass *pass, uint32_t cap, const char *words)
{
	pass->needs->capabilities |= UINT64_C(1) << cap;
	items_why(items_get(pass->needs, NEEDS_CAPABILITY, cap, NEEDS_OBJECT,
			    needs_capability_name(cap)),
		  "%s", words);
}

/* Those of a mask; CAP_BPF is said once, for all. */
static void capabilities(struct needs_pass *pass, uint64_t mask, uint32_t set,
			 uint32_t type)
{
	const char *name = bpftoken_name(set, type);
	char words[96];

	snprintf(words, sizeof(words), "%s %s", name ? name : "new",
		 set == BPFTOKEN_MAPS ? "maps" : "programs");
	for (uint32_t cap = 0; cap < 64; cap++)
		if (mask >> cap & 1)
			capability(pass, cap,
				   cap == CAP_BPF ? "making the token, and each load"
						  : words);
}

static void aside(struct needs_pass *pass, uint32_t kind, const char *name,
		  const char *words)
{
	items_why(items_get(pass->needs, kind, 0, NEEDS_OBJECT, name), "%s", words);
}

/* --------------------------------------------------------------- programs */

struct helper_of {
	struct needs_pass *pass;
	const char *prog;
};

static void take_helper(const char *helper, uint32_t cap, void *data)
{
	const struct helper_of *of = data;
	char words[160];

	snprintf(words, sizeof(words), "%s() in %s%s", helper, of->pass->label, of->prog);
	capability(of->pass, cap, words);
}

/* What attaching it takes, beyond what the policy says. */
static void add_attaching(struct needs_pass *pass, const struct facts_prog *prog)
{
	const struct section *section = section_find(prog->section);
	char name[96], words[160];

	if (!section)
		return;
	if (section->flags & SECTION_REPLACES) {
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_CMDS, CMD_BTF_GET_FD_BY_ID,
			  "%s%s finds its target's BTF, Linux 6.15 and later",
			  pass->label, prog->name);
		capability(pass, CAP_SYS_ADMIN, "command btf_get_fd_by_id");
	}
	if (section->flags & SECTION_PERF) {
		snprintf(name, sizeof(name), "attaching %.24s (%.*s)", prog->name,
			 (int)strcspn(section->name, "+"), section->name);
		snprintf(words, sizeof(words), "goes through perf_event_open(): %s%s",
			 section->instead ? "use " : "nothing replaces it",
			 section->instead ? section->instead : "");
		aside(pass, NEEDS_NEVER, name, words);
	}
	if (needs_prog_type(prog) == PROG_CGROUP_SKB)
		capability(pass, CAP_NET_ADMIN, "attaching cgroup_skb programs");
}

static void add_program(struct needs_pass *pass, const struct facts_prog *prog)
{
	uint32_t type = needs_prog_type(prog);
	uint32_t attach = attr_fixup_attach_type(type, needs_attach_type(prog));
	struct helper_of of = { pass, prog->name };
	char name[160];

	if (!type) {
		snprintf(name, sizeof(name), "%s%s", pass->label, prog->name);
		aside(pass, NEEDS_NOTE, name,
		      "libbpf knows no such section: the application sets its type; see "
		      "bpftoken learn");
		return;
	}
	items_bit(pass, NEEDS_OBJECT, BPFTOKEN_CMDS, CMD_PROG_LOAD, "%s%s", pass->label,
		  prog->name);
	items_bit(pass, NEEDS_OBJECT, BPFTOKEN_PROGS, type, "%s%s (%s)", pass->label,
		  prog->name, prog->section);
	if (type != PROG_STRUCT_OPS)
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_ATTACHS, attach, "%s%s%s",
			  pass->label, prog->name,
			  attach ? "" : " (names none, which is 0)");
	else if (attach != FACTS_NONE)
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_ATTACHS, attach,
			  "%s%s is member %u, %s", pass->label, prog->name, attach,
			  prog->member);
	else
		aside(pass, NEEDS_NEVER, prog->name,
		      "the running kernel has no such struct or member");
	capabilities(pass, attr_prog_capabilities(type), BPFTOKEN_PROGS, type);
	helpers_each(&prog->helpers, take_helper, &of);
	add_attaching(pass, prog);
	pass->needs->programs++;
}

/* ------------------------------------------------------------------- maps */

static void add_map(struct needs_pass *pass, const struct facts_map *map)
{
	items_bit(pass, NEEDS_OBJECT, BPFTOKEN_CMDS, CMD_MAP_CREATE, "%s%s", pass->label,
		  map->name);
	items_bit(pass, NEEDS_OBJECT, BPFTOKEN_MAPS, map->type, "%s%s", pass->label,
		  map->name);
	capabilities(pass, attr_map_capabilities(map->type), BPFTOKEN_MAPS, map->type);
	if (map->inner != FACTS_NONE) {
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_MAPS, map->inner, "inside %s%s",
			  pass->label, map->name);
		capabilities(pass, attr_map_capabilities(map->inner), BPFTOKEN_MAPS,
			     map->inner);
	}
	if (map->type <= NAMES_MAX_VALUE && MAPS_WITH_BTF >> map->type & 1)
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_CMDS, CMD_BTF_LOAD,
			  "%s%s is not created without", pass->label, map->name);
	if (map->flags & MAP_ZERO_SEED)
		aside(pass, NEEDS_NEVER, map->name,
		      "flag BPF_F_ZERO_SEED asks for CAP_SYS_ADMIN on the host");
	if (map->type == MAP_PERF_EVENT_ARRAY)
		aside(pass, NEEDS_NEVER, map->name,
		      "a perf buffer is read through perf_event_open(): use ringbuf");
	pass->needs->maps++;
}

static void add_btf(struct needs_pass *pass)
{
	const struct facts *facts = pass->facts;

	if (facts->btf)
		items_bit(pass, NEEDS_OBJECT, BPFTOKEN_CMDS, CMD_BTF_LOAD,
			  "types of maps and functions, line numbers");
	for (uint32_t i = 0; i < facts->kfunc_count; i++)
		aside(pass, NEEDS_NOTE, "kernel functions", facts->kfuncs[i]);
}

/* ------------------------------------------------------------------ objects */

static void add_facts(struct needs *needs, const char *label, const struct facts *facts)
{
	struct needs_pass pass = { .needs = needs, .facts = facts, .label = label };
	struct helper_of of = { &pass, "a subprogram" };

	for (uint32_t i = 0; i < facts->map_count; i++)
		if (needs_counts_map(&facts->maps[i]))
			add_map(&pass, &facts->maps[i]);
	for (uint32_t i = 0; i < facts->prog_count; i++) {
		const struct facts_prog *prog = &facts->progs[i];

		if (needs_counts_prog(needs, prog))
			add_program(&pass, prog);
		else
			aside(&pass, NEEDS_NOTE, "not loaded by itself", prog->name);
	}
	helpers_each(&facts->text, take_helper, &of);
	add_btf(&pass);
	if (!needs->opts.libbpf)
		needs->opts.libbpf = facts->libbpf;
	if (!needs->opts.no_libbpf)
		needs_libbpf(&pass, needs->opts.libbpf);
	bpftoken_policy_merge(&needs->object, &pass.own);
	needs->objects++;
}

int needs_add_file(struct needs *needs, const char *path, struct bpftoken_error *err)
{
	_cleanup_(image_file_done) struct image_file file = { 0 };
	struct image image = { 0 };
	int r = image_file_read(path, &file, err);

	while (r >= 0 && image_next(&file, &image)) {
		_cleanup_facts_ struct facts *facts = NULL;

		r = facts_read(image.name, image.data, image.size, &facts, err);
		if (r >= 0)
			add_facts(needs,
				  needs->opts.several || file.count > 1 ? image.label
									: "",
				  facts);
	}
	return r;
}
