/* SPDX-License-Identifier: MIT */
/*
 * libbpf and libelf, opened when they are needed and by nobody else, so that the paths of
 * the command which hold privileges never load them. Only the functions that are used;
 * their interface is libbpf's and libelf's own (libbpf.h, btf.h, libelf.h).
 */
#ifndef BPFTOKEN_NEEDS_LIBBPF_H
#define BPFTOKEN_NEEDS_LIBBPF_H

#include <gelf.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;
struct bpf_map;
struct btf;

typedef int (*libbpf_print_fn)(int level, const char *format, va_list args);

struct libbpf {
	uint32_t (*major_version)(void);
	uint32_t (*minor_version)(void);
	libbpf_print_fn (*set_print)(libbpf_print_fn print);
	int (*type_of_section)(const char *section, int *ret_type, int *ret_attach_type);

	struct bpf_object *(*open_mem)(const void *image, size_t size, const void *opts);
	void (*close)(struct bpf_object *object);
	struct btf *(*object_btf)(const struct bpf_object *object);
	struct bpf_program *(*next_program)(const struct bpf_object *object,
					    struct bpf_program *last);
	struct bpf_map *(*next_map)(const struct bpf_object *object,
				    const struct bpf_map *last);

	const char *(*prog_name)(const struct bpf_program *prog);
	const char *(*prog_section)(const struct bpf_program *prog);
	int (*prog_type)(const struct bpf_program *prog);
	int (*prog_attach_type)(const struct bpf_program *prog);
	bool (*prog_autoload)(const struct bpf_program *prog);
	const void *(*prog_insns)(const struct bpf_program *prog);
	size_t (*prog_insn_count)(const struct bpf_program *prog);

	const char *(*map_name)(const struct bpf_map *map);
	int (*map_type)(const struct bpf_map *map);
	uint32_t (*map_flags)(const struct bpf_map *map);
	bool (*map_internal)(const struct bpf_map *map);
	bool (*map_autocreate)(const struct bpf_map *map);
	struct bpf_map *(*map_inner)(struct bpf_map *map);
	uint32_t (*map_value_type)(const struct bpf_map *map);
	void *(*map_value)(const struct bpf_map *map, size_t *ret_size);

	struct btf *(*kernel_btf)(void);
	struct btf *(*btf_new)(const void *data, uint32_t size);
	void (*btf_free)(struct btf *btf);
	uint32_t (*btf_count)(const struct btf *btf);
	const struct btf_type *(*btf_type)(const struct btf *btf, uint32_t id);
	const char *(*btf_name)(const struct btf *btf, uint32_t offset);
	int32_t (*btf_find)(const struct btf *btf, const char *name, uint32_t kind);

	unsigned int (*elf_version)(unsigned int version);
	Elf *(*elf_memory)(char *image, size_t size);
	int (*elf_end)(Elf *elf);
	int (*elf_names)(Elf *elf, size_t *ret_index);
	Elf_Scn *(*elf_next)(Elf *elf, Elf_Scn *last);
	GElf_Shdr *(*elf_header)(Elf_Scn *section, GElf_Shdr *ret_header);
	char *(*elf_string)(Elf *elf, size_t section, size_t offset);
	Elf_Data *(*elf_data)(Elf_Scn *section, Elf_Data *last);
};

/* Opens both. NULL, or what is missing, as the loader says it. */
const char *libbpf_load(struct libbpf *libbpf);

#endif
