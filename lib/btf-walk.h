/* SPDX-License-Identifier: MIT */
/*
 * The walk over the types of raw BTF, one after the other; a type's id is its place, from
 * 1. The bytes are not trusted.
 */
#ifndef BPFTOKEN_BTF_WALK_H
#define BPFTOKEN_BTF_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the bytes. Reads go through memcpy: nothing promises alignment. */
struct btf_section {
	const unsigned char *data;
	size_t len;
};

#define BTF_SMALLEST_TYPE 12U /* bytes */

struct btf_walk {
	struct btf_section types; /* what is left of them */
	struct btf_section strings, layouts;
	uint32_t id; /* of the last type */
};

struct btf_type {
	uint32_t name_off;
	uint32_t kind; /* enum btf_kind, or another */
	uint32_t size_or_type;
	const char *name;
	struct btf_section members;
};

/* 0, or -EINVAL when the bytes are no valid BTF of this machine's byte order. */
int btf_walk_start(struct btf_walk *walk, const void *data, size_t size);

/*
 * The next type: 1, or 0 behind the last one; -EINVAL when the bytes are no valid BTF,
 * -EOPNOTSUPP when they hold a kind of type whose size is unknown.
 */
int btf_walk_next(struct btf_walk *walk, struct btf_type *ret);

/* The string at that offset, NULL when there is none. */
const char *btf_walk_string(const struct btf_walk *walk, uint32_t off);

/* Takes size bytes from the section into ret, if that is not NULL; false: it is over. */
bool btf_section_take(struct btf_section *section, void *ret, size_t size);

#endif
