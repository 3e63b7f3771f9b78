/* SPDX-License-Identifier: MIT */
/*
 * libbpf's part. Before and beside what it is asked to load, libbpf loads small programs
 * of its own to find out what the kernel can do, through the token, and takes a refusal
 * for an old kernel. Some of it then works differently, and some not at all: measured with
 * libbpf 1.4.6, 1.5 and 1.7, and asserted by tests/live/live-needs.c with that which is
 * installed.
 */
#include "items.h"

#include "sections.h"

#include <stdio.h>

#define BIT(n) (UINT64_C(1) << (n))

/* From this version on the first load is left out where there is a token. */
#define WITHOUT_FIRST_LOAD 0x0108
/* Before it, no token is made. */
#define WITH_TOKEN 0x0104
/* Before it, the target of a freplace program is looked up without the token. */
#define WITH_TARGET 0x0106
/* 1.4 asks whether attach types can be named, and names them in any case. */
#define ATTACH_PROBED 0x0105

static bool has_internal(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->map_count; i++)
		if (facts->maps[i].internal && needs_counts_map(&facts->maps[i]))
			return true;
	return false;
}

/* Two instructions of type socket_filter, or of type tracepoint where that is refused. */
static void first_load(struct needs_pass *pass)
{
	const char *why = "its first load; no object loads without";

	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_CMDS, CMD_PROG_LOAD, "%s", why);
	if (!(pass->own.mask[BPFTOKEN_PROGS] & BIT(PROG_TRACEPOINT)))
		items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_PROGS, PROG_SOCKET_FILTER, "%s",
			  why);
	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_ATTACHS, ATTACH_ZERO,
		  "the attach type of that load");
}

/* A socket filter that uses an array; without it no map is made of global variables. */
static void global_data(struct needs_pass *pass)
{
	const char *why = "its probe for global variables";

	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_CMDS, CMD_PROG_LOAD, "%s", why);
	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_PROGS, PROG_SOCKET_FILTER, "%s", why);
	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_ATTACHS, ATTACH_ZERO, "%s", why);
}

/* A cgroup_sock program; without it those of the table are loaded with attach type 0. */
static void attach_type(struct needs_pass *pass, const struct facts_prog *prog)
{
	const struct section *section = section_find(prog->section);
	uint32_t type = needs_attach_type(prog);

	/* the kernel itself makes of 0 what such a section asks for */
	if (!section || !(section->flags & SECTION_ATTACH_PROBED) || !type ||
	    needs_prog_type(prog) == PROG_CGROUP_SOCK)
		return;
	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_PROGS, PROG_CGROUP_SOCK,
		  "its probe, without which %s is loaded with attach type 0", prog->name);
	items_bit(pass, NEEDS_LIBBPF, BPFTOKEN_ATTACHS, ATTACH_INET_SOCK_CREATE,
		  "the attach type of that probe");
}

static void target(struct needs_pass *pass, const struct facts_prog *prog)
{
	const struct section *section = section_find(prog->section);
	char name[96];

	if (!section || !(section->flags & SECTION_REPLACES))
		return;
	snprintf(name, sizeof(name), "target of %.40s", prog->name);
	items_why(
		items_get(pass->needs, NEEDS_NEVER, 0, NEEDS_LIBBPF, name),
		"libbpf before 1.6 asks for its BTF without the token; run it by bpftoken "
		"exec");
}

static void with_less(struct needs_pass *pass, const char *name, const char *why)
{
	items_why(items_get(pass->needs, NEEDS_LESS, 0, NEEDS_LIBBPF, name), "%s", why);
}

static void probes_with_less(struct needs_pass *pass)
{
	const struct facts *facts = pass->facts;
	uint64_t progs = pass->own.mask[BPFTOKEN_PROGS];
	bool reads = helpers_read_kernel(&facts->text);

	for (uint32_t i = 0; i < facts->prog_count; i++)
		reads |= helpers_read_kernel(&facts->progs[i].helpers);
	with_less(pass, "names",
		  "maps and programs lose theirs, for it asks without the token whether "
		  "the kernel has names");
	if (reads && !(progs & BIT(PROG_TRACEPOINT)))
		with_less(pass, "tracepoint",
			  "without it bpf_probe_read_kernel and its kin are replaced by "
			  "the older bpf_probe_read");
	if (facts->btf && facts->subprograms && !(progs & BIT(PROG_KPROBE)))
		with_less(pass, "kprobe",
			  "without it libbpf itself rewrites the types of __arg_ctx "
			  "arguments");
}

void needs_libbpf(struct needs_pass *pass, uint32_t version)
{
	const struct facts *facts = pass->facts;

	if (version < WITH_TOKEN)
		items_why(items_get(pass->needs, NEEDS_NEVER, 0, NEEDS_LIBBPF,
				    "a token for this libbpf"),
			  "before 1.4 it knows none; run it by bpftoken exec");
	if (version < WITHOUT_FIRST_LOAD)
		first_load(pass);
	if (has_internal(facts))
		global_data(pass);
	for (uint32_t i = 0; i < facts->prog_count; i++) {
		const struct facts_prog *prog = &facts->progs[i];

		if (!needs_counts_prog(pass->needs, prog))
			continue;
		if (version >= ATTACH_PROBED)
			attach_type(pass, prog);
		if (version < WITH_TARGET)
			target(pass, prog);
	}
	probes_with_less(pass);
}
