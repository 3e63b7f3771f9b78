/* SPDX-License-Identifier: MIT */
/*
 * The report of `bpftoken probe` as a C header. What works is HAVE_... 1, what does not
 * NO_HAVE_... 1, so that #if and #ifdef agree; the names are bpftool's where it has one.
 */
#include "probe-report.h"

#include "util.h"

#include <ctype.h>
#include <string.h>

/* A name of bpftool's that is not made of the section's form. */
static const struct {
	const char *feature, *macro;
} feature_macros[] = {
	{ "large_programs", "LARGE_INSN_LIMIT" }, { "bounded_loops", "BOUNDED_LOOPS" },
	{ "isa_v2", "V2_ISA_EXTENSION" },	  { "isa_v3", "V3_ISA_EXTENSION" },
	{ "isa_v4", "V4_ISA_EXTENSION" },
};

static const char *upper(const char *name, char text[128])
{
	size_t i = 0;

	for (; name[i] && i < 127; i++)
		text[i] = isalnum((unsigned char)name[i])
				  ? (char)toupper((unsigned char)name[i])
				  : '_';
	text[i] = '\0';
	return text;
}

/* HAVE_[PREFIX]A[_B][SUFFIX] 1, or the same with NO_ before it. */
static void define(const struct probe_item *item, const char *prefix, const char *name,
		   const char *suffix)
{
	char first[128], second[128];
	bool grouped = item->group;

	printf("#define %s%s%s%s%s%s 1\n",
	       item->answer == BPFTOKEN_WORKS ? "HAVE_" : "NO_HAVE_", prefix,
	       grouped ? upper(item->group, first) : "", grouped ? "_" : "",
	       upper(name, second), suffix);
}

static void print_feature(const struct probe_item *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(feature_macros); i++) {
		if (strcmp(feature_macros[i].feature, item->name) != 0)
			continue;
		define(item, "", feature_macros[i].macro, "");
		return;
	}
	define(item, "BPF_", item->name, "");
}

/* The kernel calls two of its map types deprecated; bpftool does not. */
static void print_map_type(const struct probe_item *item)
{
	const char suffix[] = "_deprecated";
	size_t len = strlen(item->name);
	char name[128];

	if (len > sizeof(suffix) &&
	    !strcmp(item->name + len - sizeof(suffix) + 1, suffix))
		len -= sizeof(suffix) - 1;
	snprintf(name, sizeof(name), "%.*s", (int)len, item->name);
	define(item, "", name, "_MAP_TYPE");
}

static void print_helper(const struct probe_item *item)
{
	printf("#define BPF__PROG_TYPE_%s__HELPER_bpf_%s %d\n", item->group, item->name,
	       item->answer == BPFTOKEN_WORKS);
}

static void print_kfunc(const struct probe_item *item)
{
	if (item->group)
		printf("#define BPF__PROG_TYPE_%s__KFUNC_%s %d\n", item->group,
		       item->name, item->answer == BPFTOKEN_WORKS);
	else
		printf("#define BPF__KFUNC_%s %d\n", item->name,
		       item->answer == BPFTOKEN_WORKS);
}

#define DEFINE(print, prefix, suffix)                     \
	static void print(const struct probe_item *item)  \
	{                                                 \
		define(item, prefix, item->name, suffix); \
	}

DEFINE(print_command, "BPF_", "_CMD")
DEFINE(print_prog_type, "", "_PROG_TYPE")
DEFINE(print_attach_type, "", "_ATTACH_TYPE")
DEFINE(print_map_flag, "", "_MAP_FLAG")
DEFINE(print_btf_kind, "", "_BTF_KIND")
DEFINE(print_link, "", "_LINK")

static const struct {
	const char *section;
	void (*print)(const struct probe_item *item);
} printers[] = {
	{ "commands", print_command },
	{ "program_types", print_prog_type },
	{ "attach_types", print_attach_type },
	{ "map_types", print_map_type },
	{ "map_flags", print_map_flag },
	{ "helpers", print_helper },
	{ "kfuncs", print_kfunc },
	{ "btf_kinds", print_btf_kind },
	{ "links", print_link },
	{ "features", print_feature },
};

static void print_item(const struct probe_item *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++)
		if (!strcmp(printers[i].section, item->section->name))
			printers[i].print(item);
}

static void print_facts(const struct system_facts *facts)
{
	if (facts->count)
		puts("\n/* system */");
	for (size_t i = 0; i < facts->count; i++)
		if (!strcmp(facts->facts[i].name, "CONFIG_HZ") && facts->facts[i].value)
			printf("#define CONFIG_HZ %s\n", facts->facts[i].value);
	if (facts->count)
		puts("#define HAVE_BPF_SYSCALL 1");
}

int probe_print_macros(const struct probe_report *report)
{
	const struct probe_section *section = NULL;

	puts("/* Made by bpftoken probe --macros: what works there, and then. */\n"
	     "#ifndef BPFTOKEN_PROBE_MACROS_H\n"
	     "#define BPFTOKEN_PROBE_MACROS_H");
	print_facts(&report->facts);
	for (size_t i = 0; i < report->list.count; i++) {
		const struct probe_item *item = &report->list.items[i];

		if (item->section != section) {
			section = item->section;
			printf("\n/* %s */\n", section->name);
			if (!strcmp(section->name, "helpers"))
				puts("#define HAVE_PROG_TYPE_HELPER(prog_type, helper) "
				     "\\\n\tBPF__PROG_TYPE_##prog_type##__HELPER_"
				     "##helper");
		}
		print_item(item);
	}
	puts("\n#endif");
	return 0;
}
