/* SPDX-License-Identifier: MIT */
/*
 * The child's part of reading an object: opens it with libbpf, which creates and loads
 * nothing by that, and writes down what it would create and load.
 */
#include "facts.h"

#include "attr.h"
#include "libbpf.h"
#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PROG_STRUCT_OPS = 27, MAP_STRUCT_OPS = 26 };

#define BTF_INFO_IS_KIND(type, kind) (BTF_INFO_KIND((type)->info) == (kind))

/* libbpf's callback is given nothing of ours. */
static struct facts *said_to;

__attribute__((format(printf, 2, 0))) static int take_words(int level, const char *format,
							    va_list args)
{
	char line[sizeof(said_to->said)];

	if (level > 0 || said_to->said[0])
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	for (char *c = line; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	memcpy(said_to->said, line, sizeof(line));
	return 0;
}

/* Names come from the object: printable, or they do not count. */
static void copy_name(char *to, size_t size, const char *name)
{
	snprintf(to, size, "%s", name && *name ? name : "?");
	for (char *c = to; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
}

/* --------------------------------------------------------------- programs */

/* Of instructions that may stand anywhere in a file. */
static void take_helpers(const void *insns, size_t count, struct facts_helpers *helpers)
{
	const uint32_t bits = sizeof(helpers->mask) * CHAR_BIT;

	for (size_t i = 0; i < count; i++) {
		struct attr_insn insn;
		uint32_t helper;

		memcpy(&insn, (const char *)insns + i * sizeof(insn), sizeof(insn));
		helper = (uint32_t)insn.imm;
		/* a call whose source register is 0 is one of a helper */
		if (insn.code == 0x85 && insn.regs >> 4 == 0 && helper < bits)
			helpers->mask[helper / 64] |= 1ULL << helper % 64;
	}
}

static void take_program(const struct libbpf *bpf, const struct bpf_program *prog,
			 struct facts_prog *facts)
{
	copy_name(facts->name, sizeof(facts->name), bpf->prog_name(prog));
	copy_name(facts->section, sizeof(facts->section), bpf->prog_section(prog));
	facts->type = (uint32_t)bpf->prog_type(prog);
	facts->attach_type = (uint32_t)bpf->prog_attach_type(prog);
	facts->autoload = bpf->prog_autoload(prog);
	facts->member_index = FACTS_NONE;
	take_helpers(bpf->prog_insns(prog), bpf->prog_insn_count(prog), &facts->helpers);
}

static bool take_programs(const struct libbpf *bpf, const struct bpf_object *object,
			  struct facts *facts)
{
	const struct bpf_program *prog = NULL;

	while ((prog = bpf->next_program(object,
					 (struct bpf_program *)(uintptr_t)prog))) {
		if (facts->prog_count == FACTS_PROGS)
			return false;
		take_program(bpf, prog, &facts->progs[facts->prog_count++]);
	}
	return true;
}

/* ------------------------------------------------------------------- maps */

/* libbpf puts the object's name before that of a section: ".bss" is enough here. */
static void take_map_name(const struct libbpf *bpf, const struct bpf_map *map,
			  struct facts_map *facts)
{
	const char *name = bpf->map_name(map);
	const char *dot = name ? strchr(name, '.') : NULL;

	facts->internal = bpf->map_internal(map);
	copy_name(facts->name, sizeof(facts->name), facts->internal && dot ? dot : name);
}

static bool take_maps(const struct libbpf *bpf, const struct bpf_object *object,
		      struct facts *facts)
{
	struct bpf_map *map = NULL;

	while ((map = bpf->next_map(object, map))) {
		struct facts_map *row = &facts->maps[facts->map_count];
		const struct bpf_map *inner = bpf->map_inner(map);

		if (facts->map_count++ == FACTS_MAPS)
			return false;
		take_map_name(bpf, map, row);
		row->type = (uint32_t)bpf->map_type(map);
		row->flags = bpf->map_flags(map);
		row->autocreate = bpf->map_autocreate(map);
		row->inner = inner ? (uint32_t)bpf->map_type(inner) : FACTS_NONE;
	}
	return true;
}

/* ---------------------------------------------------------- the file itself */

/* The functions among the externs of a section; the others are variables. */
static void take_kfuncs(const struct libbpf *bpf, const struct btf *btf,
			const struct btf_type *section, struct facts *facts)
{
	const struct btf_var_secinfo *rows =
		(const struct btf_var_secinfo *)(section + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(section->info); i++) {
		const struct btf_type *type = bpf->btf_type(btf, rows[i].type);

		if (type && BTF_INFO_IS_KIND(type, BTF_KIND_FUNC) &&
		    facts->kfunc_count < FACTS_KFUNCS)
			copy_name(facts->kfuncs[facts->kfunc_count++], FACTS_NAME,
				  bpf->btf_name(btf, type->name_off));
	}
}

/* As it stands: an opened object's BTF no longer says which functions are the kernel's. */
static void take_btf_section(const struct libbpf *bpf, const Elf_Data *data,
			     struct facts *facts)
{
	struct btf *btf = bpf->btf_new(data->d_buf, (uint32_t)data->d_size);

	for (uint32_t id = 1; btf && id < bpf->btf_count(btf); id++) {
		const struct btf_type *type = bpf->btf_type(btf, id);
		const char *name = bpf->btf_name(btf, type->name_off);

		if (BTF_INFO_IS_KIND(type, BTF_KIND_DATASEC) && name &&
		    !strcmp(name, ".ksyms"))
			take_kfuncs(bpf, btf, type, facts);
	}
	if (btf)
		bpf->btf_free(btf);
}

/* Subprograms are no programs to libbpf before it loads. */
static void take_text_section(const struct libbpf *bpf _unused_, const Elf_Data *data,
			      struct facts *facts)
{
	facts->subprograms = true;
	take_helpers(data->d_buf, data->d_size / sizeof(struct attr_insn), &facts->text);
}

static const struct {
	const char *name;
	void (*take)(const struct libbpf *bpf, const Elf_Data *data, struct facts *facts);
} elf_sections[] = {
	{ ".text", take_text_section },
	{ ".BTF", take_btf_section },
};

static void take_section(const struct libbpf *bpf, Elf_Scn *section, const char *name,
			 struct facts *facts)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(elf_sections); i++) {
		const Elf_Data *data = strcmp(name, elf_sections[i].name)
					       ? NULL
					       : bpf->elf_data(section, NULL);

		if (data && data->d_buf && data->d_size)
			elf_sections[i].take(bpf, data, facts);
	}
}

/* What libbpf does not tell of an object that it has opened. */
static void take_sections(const struct libbpf *bpf, const void *image, size_t size,
			  struct facts *facts)
{
	Elf *elf = bpf->elf_memory((char *)(uintptr_t)image, size);
	Elf_Scn *section = NULL;
	size_t names;

	if (elf && bpf->elf_names(elf, &names) == 0) {
		while ((section = bpf->elf_next(elf, section))) {
			GElf_Shdr header;

			if (bpf->elf_header(section, &header))
				take_section(bpf, section,
					     bpf->elf_string(elf, names, header.sh_name),
					     facts);
		}
	}
	bpf->elf_end(elf);
}

/* ------------------------------------------------------------- struct_ops */

/* Index of a member of the kernel's struct of this name, or FACTS_NONE. */
static uint32_t kernel_member(const struct libbpf *bpf, const struct btf *kernel,
			      const char *name, const char *member)
{
	int32_t id = kernel ? bpf->btf_find(kernel, name, BTF_KIND_STRUCT) : -1;
	const struct btf_type *type = id > 0 ? bpf->btf_type(kernel, (uint32_t)id) : NULL;
	const struct btf_member *members;

	if (!type)
		return FACTS_NONE;
	members = (const struct btf_member *)(type + 1);
	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		const char *has = bpf->btf_name(kernel, members[i].name_off);

		if (has && !strcmp(has, member))
			return i;
	}
	return FACTS_NONE;
}

/* The program that begins at this address in libbpf's memory. */
static struct facts_prog *find_program(const struct libbpf *bpf,
				       const struct bpf_object *object,
				       const void *address, struct facts *facts)
{
	struct bpf_program *prog = NULL;

	for (uint32_t i = 0; i < facts->prog_count; i++) {
		prog = bpf->next_program(object, prog);
		if (prog == address)
			return &facts->progs[i];
	}
	return NULL;
}

/*
 * The value of a struct_ops map has pointers to libbpf's programs where its members are
 * functions. A program is loaded with the index of its member in the kernel's struct.
 */
static void take_members(const struct libbpf *bpf, const struct bpf_object *object,
			 const struct btf *kernel, const struct bpf_map *map,
			 struct facts *facts)
{
	const struct btf *btf = bpf->object_btf(object);
	const struct btf_type *type = bpf->btf_type(btf, bpf->map_value_type(map));
	const struct btf_member *members;
	size_t size = 0;
	const char *value = bpf->map_value(map, &size);
	char name[FACTS_NAME];

	if (!type || !value || !BTF_INFO_IS_KIND(type, BTF_KIND_STRUCT))
		return;
	members = (const struct btf_member *)(type + 1);
	copy_name(name, sizeof(name), bpf->btf_name(btf, type->name_off));
	if (strstr(name, "___"))
		*strstr(name, "___") = '\0';
	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		size_t offset = members[i].offset / CHAR_BIT;
		struct facts_prog *prog;
		const void *address;

		if (offset + sizeof(address) > size)
			continue;
		memcpy(&address, value + offset, sizeof(address));
		prog = find_program(bpf, object, address, facts);
		if (!prog)
			continue;
		copy_name(prog->member, sizeof(prog->member),
			  bpf->btf_name(btf, members[i].name_off));
		prog->member_index = kernel_member(bpf, kernel, name, prog->member);
	}
}

static void take_struct_ops(const struct libbpf *bpf, const struct bpf_object *object,
			    struct facts *facts)
{
	const struct btf *kernel = bpf->kernel_btf();
	const struct bpf_map *map = NULL;

	while ((map = bpf->next_map(object, map)))
		if (bpf->map_type(map) == MAP_STRUCT_OPS)
			take_members(bpf, object, kernel, map, facts);
}

static bool has_struct_ops(const struct facts *facts)
{
	uint32_t i = 0;

	while (i < facts->prog_count && facts->progs[i].type != PROG_STRUCT_OPS)
		i++;
	return i < facts->prog_count;
}

static void take_btf(const struct libbpf *bpf, const struct bpf_object *object,
		     struct facts *facts)
{
	facts->btf = bpf->object_btf(object);
	if (facts->btf && has_struct_ops(facts))
		take_struct_ops(bpf, object, facts);
}

/* ------------------------------------------------------------------ object */

/* The beginning of libbpf's options; without a name it takes the object's address. */
struct open_options {
	size_t size;
	const char *name;
};

void facts_fill(const void *image, size_t size, struct facts *facts)
{
	const struct open_options options = { sizeof(options), "the object" };
	struct libbpf bpf;
	const char *missing = libbpf_load(&bpf);
	struct bpf_object *object;

	if (missing) {
		snprintf(facts->said, sizeof(facts->said), "%s", missing);
		facts->end = FACTS_NO_LIBBPF;
		return;
	}
	facts->libbpf = bpf.major_version() << 8 | bpf.minor_version();
	said_to = facts;
	bpf.set_print(take_words);
	bpf.elf_version(EV_CURRENT);
	object = bpf.open_mem(image, size, &options);
	if (!object) {
		if (!facts->said[0])
			snprintf(facts->said, sizeof(facts->said), "%s", strerror(errno));
		facts->end = FACTS_REFUSED;
		return;
	}
	if (!take_programs(&bpf, object, facts) || !take_maps(&bpf, object, facts)) {
		facts->end = FACTS_TOO_LARGE;
		return;
	}
	take_sections(&bpf, image, size, facts);
	take_btf(&bpf, object, facts);
	facts->end = FACTS_READ;
}
