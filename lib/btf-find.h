/* SPDX-License-Identifier: MIT */
/*
 * One type of the running kernel's BTF by its name: what a program that is attached to a
 * function or a struct of the kernel has to name by number.
 */
#ifndef BPFTOKEN_BTF_FIND_H
#define BPFTOKEN_BTF_FIND_H

#include <stdint.h>

/* BTF_KIND_*, as far as somebody looks for one. */
enum btf_kind {
	BTF_FIND_STRUCT = 4,
	BTF_FIND_TYPEDEF = 8,
	BTF_FIND_FUNC = 12,
};

struct btf_found {
	uint32_t id;
	uint32_t size; /* of a struct, in bytes */
	uint32_t member; /* index of the member that was asked for */
	uint32_t offset; /* where in the struct it is, in bytes */
};

/*
 * Finds the first type of that kind and name, and in a struct the member of that name
 * (NULL: none is asked for). Returns 0; -ENOENT when the kernel shows no BTF; -ESRCH when
 * its BTF has no such type or member; -EINVAL or -EOPNOTSUPP when it cannot be read.
 */
int btf_find(uint32_t kind, const char *name, const char *member,
	     struct btf_found *ret_found);

#endif
