/* SPDX-License-Identifier: MIT */
/*
 * A walk over the types of raw BTF that counts them: a type's id is its place, from 1.
 * The layout is that of btf.c; the bytes are not trusted.
 *
 * Source: include/uapi/linux/btf.h.
 */
#include "btf-find.h"

#include "btf.h"
#include "util.h"

#include <stdbool.h>
#include <string.h>

#define BTF_HEADER_WORDS 6 /* what every kernel's header has */

struct type {
	uint32_t name_off, info, size_or_type;
};

struct member {
	uint32_t name_off, type, offset;
};

/* Bytes behind struct type: a fixed part, and some for each of its vlen members. */
static const struct {
	uint8_t fixed, each;
} layouts[] = {
	[1] = { .fixed = 4 }, /* int */
	[3] = { .fixed = 12 }, /* array */
	[4] = { .each = sizeof(struct member) }, /* struct */
	[5] = { .each = sizeof(struct member) }, /* union */
	[6] = { .each = 8 }, /* enum */
	[13] = { .each = 8 }, /* function prototype */
	[14] = { .fixed = 4 }, /* variable */
	[15] = { .each = 12 }, /* data section */
	[17] = { .fixed = 4 }, /* declaration tag */
	[19] = { .each = 12 }, /* 64-bit enum */
};

struct walk {
	const char *types, *end; /* what is left of the types */
	const char *strings;
	uint32_t strings_len;
};

static int start(struct walk *walk, const char *data, size_t size)
{
	uint32_t head[BTF_HEADER_WORDS], length, types, types_len, strings;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(head, data, sizeof(head));
	length = head[1];
	types = head[2];
	types_len = head[3];
	strings = head[4];
	walk->strings_len = head[5];
	if (length > size)
		return -EINVAL;
	size -= length;
	if (types > size || types_len > size - types || strings > size ||
	    walk->strings_len > size - strings || !walk->strings_len)
		return -EINVAL;
	walk->types = data + length + types;
	walk->end = walk->types + types_len;
	walk->strings = data + length + strings;
	return walk->strings[walk->strings_len - 1] ? -EINVAL : 0;
}

static bool is_called(const struct walk *walk, uint32_t name_off, const char *name)
{
	return name_off < walk->strings_len && !strcmp(walk->strings + name_off, name);
}

static bool take(struct walk *walk, void *ret, size_t size)
{
	if ((size_t)(walk->end - walk->types) < size)
		return false;
	memcpy(ret, walk->types, size);
	walk->types += size;
	return true;
}

static int find_member(struct walk *walk, uint32_t count, const char *name,
		       struct btf_found *found)
{
	struct member member;

	for (uint32_t i = 0; i < count; i++) {
		if (!take(walk, &member, sizeof(member)))
			return -EINVAL;
		if (is_called(walk, member.name_off, name)) {
			found->member = i;
			found->offset = member.offset / 8;
			return 0;
		}
	}
	return -ESRCH;
}

static int find(struct walk *walk, uint32_t wanted, const char *name, const char *member,
		struct btf_found *found)
{
	struct type type;

	for (uint32_t id = 1; take(walk, &type, sizeof(type)); id++) {
		/* older kernels have a vlen of 16 bits and a kind of 5 */
		uint32_t kind = type.info >> 24 & 0x7f, count = type.info & 0xffffff;
		size_t rest;

		if (!kind || kind >= ARRAY_SIZE(layouts))
			return -EOPNOTSUPP;
		if (kind == wanted && is_called(walk, type.name_off, name)) {
			found->id = id;
			found->size = type.size_or_type;
			return member ? find_member(walk, count, member, found) : 0;
		}
		rest = layouts[kind].fixed + (size_t)count * layouts[kind].each;
		if ((size_t)(walk->end - walk->types) < rest)
			return -EINVAL;
		walk->types += rest;
	}
	return -ESRCH;
}

int btf_find(uint32_t kind, const char *name, const char *member,
	     struct btf_found *ret_found)
{
	struct btf_found found = { 0 };
	struct btf_bytes bytes;
	struct walk walk;
	int r;

	r = btf_load_kernel(&bytes);
	if (r < 0)
		return r;
	r = start(&walk, bytes.data, bytes.size);
	if (r == 0)
		r = find(&walk, kind, name, member, &found);
	btf_unload(&bytes);
	if (r == 0)
		*ret_found = found;
	return r;
}
