/* SPDX-License-Identifier: MIT */
/* The table of functions that libbpf.h declares, and filling it. */
#include "libbpf.h"

#include "util.h"

#include <dlfcn.h>

#define BPF "libbpf.so.1"
#define ELF "libelf.so.1"

/* library, member of struct libbpf, name of the function */
#define FUNCTIONS(F)                                                \
	F(BPF, major_version, libbpf_major_version)                 \
	F(BPF, minor_version, libbpf_minor_version)                 \
	F(BPF, set_print, libbpf_set_print)                         \
	F(BPF, type_of_section, libbpf_prog_type_by_name)           \
	F(BPF, open_mem, bpf_object__open_mem)                      \
	F(BPF, close, bpf_object__close)                            \
	F(BPF, object_btf, bpf_object__btf)                         \
	F(BPF, next_program, bpf_object__next_program)              \
	F(BPF, next_map, bpf_object__next_map)                      \
	F(BPF, prog_name, bpf_program__name)                        \
	F(BPF, prog_section, bpf_program__section_name)             \
	F(BPF, prog_type, bpf_program__type)                        \
	F(BPF, prog_attach_type, bpf_program__expected_attach_type) \
	F(BPF, prog_autoload, bpf_program__autoload)                \
	F(BPF, prog_insns, bpf_program__insns)                      \
	F(BPF, prog_insn_count, bpf_program__insn_cnt)              \
	F(BPF, map_name, bpf_map__name)                             \
	F(BPF, map_type, bpf_map__type)                             \
	F(BPF, map_flags, bpf_map__map_flags)                       \
	F(BPF, map_internal, bpf_map__is_internal)                  \
	F(BPF, map_autocreate, bpf_map__autocreate)                 \
	F(BPF, map_inner, bpf_map__inner_map)                       \
	F(BPF, map_value_type, bpf_map__btf_value_type_id)          \
	F(BPF, map_value, bpf_map__initial_value)                   \
	F(BPF, kernel_btf, btf__load_vmlinux_btf)                   \
	F(BPF, btf_new, btf__new)                                   \
	F(BPF, btf_free, btf__free)                                 \
	F(BPF, btf_count, btf__type_cnt)                            \
	F(BPF, btf_type, btf__type_by_id)                           \
	F(BPF, btf_name, btf__name_by_offset)                       \
	F(BPF, btf_find, btf__find_by_name_kind)                    \
	F(ELF, elf_version, elf_version)                            \
	F(ELF, elf_memory, elf_memory)                              \
	F(ELF, elf_end, elf_end)                                    \
	F(ELF, elf_names, elf_getshdrstrndx)                        \
	F(ELF, elf_next, elf_nextscn)                               \
	F(ELF, elf_header, gelf_getshdr)                            \
	F(ELF, elf_string, elf_strptr)                              \
	F(ELF, elf_data, elf_getdata)

#ifdef NEEDS_LINKED
/* Only their addresses are taken: struct libbpf has the types. */
#define DECLARE(library, member, name) extern const char linked_##member[] __asm__(#name);
FUNCTIONS(DECLARE)
#define ADDRESS(member) linked_##member
#else
#define ADDRESS(member) NULL
#endif

static const struct function {
	const char *library, *name;
	size_t offset; /* in struct libbpf */
	const void *linked;
} functions[] = {
#define ROW(library, member, name) \
	{ library, #name, offsetof(struct libbpf, member), ADDRESS(member) },
	FUNCTIONS(ROW)
};

#ifdef NEEDS_LINKED
const char *libbpf_load(struct libbpf *libbpf)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		*(const void **)((char *)libbpf + functions[i].offset) =
			functions[i].linked;
	return NULL;
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
