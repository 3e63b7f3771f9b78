/* SPDX-License-Identifier: MIT */
/* The table of functions that libbpf.h declares, and filling it. */
#include "libbpf.h"

#include "util.h"

#include <dlfcn.h>

#define BPF "libbpf.so.1"
#define ELF "libelf.so.1"

static const struct function {
	const char *library, *name;
	size_t offset; /* in struct libbpf */
} functions[] = {
#define FUNCTION(library, member, name)                        \
	{                                                      \
		library, name, offsetof(struct libbpf, member) \
	}
	FUNCTION(BPF, major_version, "libbpf_major_version"),
	FUNCTION(BPF, minor_version, "libbpf_minor_version"),
	FUNCTION(BPF, set_print, "libbpf_set_print"),
	FUNCTION(BPF, type_of_section, "libbpf_prog_type_by_name"),
	FUNCTION(BPF, open_mem, "bpf_object__open_mem"),
	FUNCTION(BPF, close, "bpf_object__close"),
	FUNCTION(BPF, object_btf, "bpf_object__btf"),
	FUNCTION(BPF, next_program, "bpf_object__next_program"),
	FUNCTION(BPF, next_map, "bpf_object__next_map"),
	FUNCTION(BPF, prog_name, "bpf_program__name"),
	FUNCTION(BPF, prog_section, "bpf_program__section_name"),
	FUNCTION(BPF, prog_type, "bpf_program__type"),
	FUNCTION(BPF, prog_attach_type, "bpf_program__expected_attach_type"),
	FUNCTION(BPF, prog_autoload, "bpf_program__autoload"),
	FUNCTION(BPF, prog_insns, "bpf_program__insns"),
	FUNCTION(BPF, prog_insn_count, "bpf_program__insn_cnt"),
	FUNCTION(BPF, map_name, "bpf_map__name"),
	FUNCTION(BPF, map_type, "bpf_map__type"),
	FUNCTION(BPF, map_flags, "bpf_map__map_flags"),
	FUNCTION(BPF, map_internal, "bpf_map__is_internal"),
	FUNCTION(BPF, map_autocreate, "bpf_map__autocreate"),
	FUNCTION(BPF, map_inner, "bpf_map__inner_map"),
	FUNCTION(BPF, map_value_type, "bpf_map__btf_value_type_id"),
	FUNCTION(BPF, map_value, "bpf_map__initial_value"),
	FUNCTION(BPF, kernel_btf, "btf__load_vmlinux_btf"),
	FUNCTION(BPF, btf_free, "btf__free"),
	FUNCTION(BPF, btf_count, "btf__type_cnt"),
	FUNCTION(BPF, btf_type, "btf__type_by_id"),
	FUNCTION(BPF, btf_name, "btf__name_by_offset"),
	FUNCTION(BPF, btf_find, "btf__find_by_name_kind"),
	FUNCTION(ELF, elf_version, "elf_version"),
	FUNCTION(ELF, elf_memory, "elf_memory"),
	FUNCTION(ELF, elf_end, "elf_end"),
	FUNCTION(ELF, elf_names, "elf_getshdrstrndx"),
	FUNCTION(ELF, elf_next, "elf_nextscn"),
	FUNCTION(ELF, elf_header, "gelf_getshdr"),
	FUNCTION(ELF, elf_string, "elf_strptr"),
	FUNCTION(ELF, elf_data, "elf_getdata"),
};

#ifdef NEEDS_STATIC
const char *libbpf_load(struct libbpf *libbpf)
{
	(void)libbpf, (void)functions;
	return "this program is linked statically, and cannot open " BPF;
}
#else
const char *libbpf_load(struct libbpf *libbpf)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		/* each is loaded once, and stays: the process is a short one */
		void *library = dlopen(functions[i].library, RTLD_NOW | RTLD_LOCAL);
		void *function = library ? dlsym(library, functions[i].name) : NULL;

		if (!function)
			return dlerror();
		*(void **)((char *)libbpf + functions[i].offset) = function;
	}
	return NULL;
}
#endif
