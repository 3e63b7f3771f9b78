/* SPDX-License-Identifier: MIT */
/* The sections of `bpftoken probe`: what is asked, and by which call of the library. */
#include "probe-report.h"

#include "names.h"
#include "probe.h"
#include "util.h"

#include <string.h>

#define BIT(n) (1ULL << (n))

int probe_list_add(struct probe_list *list, const struct probe_item *item)
{
	if (!item->name)
		return 0;
	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 1024;
		struct probe_item *items =
			reallocarray(list->items, size, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] = *item;
	return 0;
}

/* One more than the largest value that this program or the running kernel names. */
static uint32_t value_count(uint32_t set)
{
	int known = names_kernel_count(set);
	uint32_t count = known > 0 ? (uint32_t)known : 0;
	size_t rows;
	const struct name_row *table = names_table(set, &rows);

	for (size_t i = 0; i < rows; i++)
		if (table[i].value >= count)
			count = table[i].value + 1;
	return count;
}

/* The types that are asked; 0 is "unspec" in both. */
static uint32_t first_value(int set)
{
	return set == BPFTOKEN_CMDS ? 0 : 1;
}

/* ---------------------------------------------------- lists without groups */

static int list_set(struct probe_list *list, const struct probe_section *section)
{
	uint32_t set = (uint32_t)section->set, count = value_count(set);
	int r = 0;

	for (uint32_t value = first_value(section->set); value < count && r == 0; value++)
		r = probe_list_add(
			list, &(struct probe_item){ .section = section,
						    .name = bpftoken_name(set, value),
						    .value = value });
	return r;
}

/* Values from first on, for as long as they have names. */
static int list_names(struct probe_list *list, const struct probe_section *section,
		      uint32_t first, const char *(*name)(uint32_t value))
{
	int r = 0;

	for (uint32_t value = first; name(value) && r == 0; value++)
		r = probe_list_add(list, &(struct probe_item){ .section = section,
							       .name = name(value),
							       .value = value });
	return r;
}

static int list_btf_kinds(struct probe_list *list, const struct probe_section *section)
{
	return list_names(list, section, 1, bpftoken_btf_kind_name);
}

static int list_links(struct probe_list *list, const struct probe_section *section)
{
	return list_names(list, section, 0, bpftoken_link_name);
}

static int list_features(struct probe_list *list, const struct probe_section *section)
{
	return list_names(list, section, 0, bpftoken_feature_name);
}

/* Whether the kernel has them; for a type of program they are asked by name. */
static int list_kfuncs(struct probe_list *list, const struct probe_section *section)
{
	const char *name;
	int r = 0;

	for (size_t n = 0; (name = probe_kfunc_name(n)) && r == 0; n++)
		r = probe_list_add(
			list, &(struct probe_item){ .section = section, .name = name });
	return r;
}

/* ------------------------------------------------------- lists with groups */

/* Of struct_ops the attach type is an index that its target gives a meaning to. */
static uint64_t attach_types_of(uint32_t prog_type)
{
	uint64_t types = attr_prog_attach_types(prog_type);

	if (types == BIT(0))
		return 0; /* it has none: the type alone is asked for */
	return prog_type == TYPE_STRUCT_OPS ? BIT(44) : types;
}

static int list_attach_types(struct probe_list *list, const struct probe_section *section)
{
	uint32_t types = value_count(BPFTOKEN_PROGS);
	int r = 0;

	for (uint32_t type = 1; type < types; type++) {
		struct probe_item item = { .section = section,
					   .group = bpftoken_name(BPFTOKEN_PROGS, type),
					   .type = type };

		for (uint32_t value = 0; value <= NAMES_MAX_VALUE && r == 0; value++) {
			if (!(attach_types_of(type) >> value & 1))
				continue;
			item.value = value;
			item.name = bpftoken_name(BPFTOKEN_ATTACHS, value);
			r = probe_list_add(list, &item);
		}
	}
	return r;
}

/* Which flags mean something to which map types; those a caller gives at creation. */
static const struct {
	uint32_t flag;
	uint64_t map_types;
} flag_rows[] = {
	{ 1U << 0, BIT(1) | BIT(5) | BIT(11) | BIT(13) | BIT(35) },
	{ 1U << 1, BIT(9) | BIT(10) },
	{ 1U << 2, BIT(1) | BIT(2) | BIT(9) | BIT(11) | BIT(16) | BIT(22) | BIT(23) },
	{ 1U << 3, BIT(1) | BIT(2) },
	{ 1U << 4, BIT(1) | BIT(2) },
	{ 1U << 5, BIT(7) },
	{ 1U << 6, BIT(1) | BIT(9) | BIT(30) },
	{ 1U << 7, BIT(1) | BIT(2) },
	{ 1U << 8, BIT(1) | BIT(2) },
	{ 1U << 9, BIT(24) },
	{ 1U << 10, BIT(2) | BIT(33) },
	{ 1U << 11, BIT(4) },
	{ 1U << 12, BIT(2) },
	{ 1U << 17, BIT(33) },
	{ 1U << 18, BIT(33) },
	{ 1U << 19, BIT(27) },
};

static int list_map_flags(struct probe_list *list, const struct probe_section *section)
{
	uint32_t count = value_count(BPFTOKEN_MAPS);
	int r = 0;

	for (uint32_t type = 1; type < count; type++) {
		struct probe_item item = { .section = section,
					   .group = bpftoken_name(BPFTOKEN_MAPS, type),
					   .type = type };

		for (size_t i = 0; i < ARRAY_SIZE(flag_rows) && r == 0; i++) {
			if (!(flag_rows[i].map_types >> type & 1))
				continue;
			item.value = flag_rows[i].flag;
			item.name = probe_map_flag_name(item.value);
			r = probe_list_add(list, &item);
		}
	}
	return r;
}

static int list_helpers(struct probe_list *list, const struct probe_section *section)
{
	uint32_t types = value_count(BPFTOKEN_PROGS), count = bpftoken_helper_count();
	int r = 0;

	for (uint32_t type = 1; type < types; type++) {
		struct probe_item item = { .section = section,
					   .group = bpftoken_name(BPFTOKEN_PROGS, type),
					   .type = type };

		for (uint32_t helper = 1; item.group && helper < count && r == 0;
		     helper++) {
			item.value = helper;
			item.name = bpftoken_helper_name(helper);
			r = probe_list_add(list, &item);
		}
	}
	return r;
}

/* Helpers that write a warning into the kernel's log when a program with them loads. */
bool probe_is_noisy(const struct probe_item *item)
{
	static const char *const names[] = { "trace_printk", "trace_vprintk",
					     "probe_write_user" };

	if (strcmp(item->section->name, "helpers") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(item->name, names[i]))
			return true;
	return false;
}

/* --------------------------------------------------------------- questions */

#define ASK(name, call)                                                    \
	static int ask_##name(const struct probe_item *item, int token_fd, \
			      struct bpftoken_error *reason)               \
	{                                                                  \
		return call;                                               \
	}

ASK(cmd, bpftoken_probe_cmd(item->value, token_fd, reason))
ASK(prog_type,
    bpftoken_probe_prog_type(item->value, BPFTOKEN_ATTACH_DEFAULT, token_fd, reason))
ASK(attach_type, bpftoken_probe_prog_type(item->type, item->value, token_fd, reason))
ASK(map_type, bpftoken_probe_map_type(item->value, token_fd, reason))
ASK(map_flag, bpftoken_probe_map_flag(item->type, item->value, token_fd, reason))
ASK(helper, bpftoken_probe_helper(item->type, item->value, token_fd, reason))
ASK(kfunc, bpftoken_probe_kfunc(item->type, item->name, token_fd, reason))
ASK(btf_kind, bpftoken_probe_btf_kind(item->value, token_fd, reason))
ASK(link, bpftoken_probe_link(item->value, token_fd, reason))
ASK(feature, bpftoken_probe_feature(item->value, token_fd, reason))

const struct probe_section probe_sections[] = {
	{ "commands", "Commands of bpf()", "command", NULL, BPFTOKEN_CMDS, list_set,
	  ask_cmd, false },
	{ "program_types", "Program types", "program type", NULL, BPFTOKEN_PROGS,
	  list_set, ask_prog_type, false },
	{ "attach_types", "Attach types, by program type", "attach type", "program type",
	  BPFTOKEN_ATTACHS, list_attach_types, ask_attach_type, false },
	{ "map_types", "Map types", "map type", NULL, BPFTOKEN_MAPS, list_set,
	  ask_map_type, false },
	{ "map_flags", "Map flags, by map type", "flag", "map type", -1, list_map_flags,
	  ask_map_flag, false },
	{ "helpers", "Helpers, by program type", "helper", "program type", -1,
	  list_helpers, ask_helper, true },
	{ "kfuncs", "Kernel functions (kfuncs)", "kfunc", "program type", -1, list_kfuncs,
	  ask_kfunc, true },
	{ "btf_kinds", "Kinds of BTF types", "kind", NULL, -1, list_btf_kinds,
	  ask_btf_kind, false },
	{ "links", "Links", "link", NULL, -1, list_links, ask_link, false },
	{ "features", "Other features", "feature", NULL, -1, list_features, ask_feature,
	  false },
	{ 0 },
};
