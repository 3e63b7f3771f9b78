/* SPDX-License-Identifier: MIT */
/*
 * Raw BTF, as in /sys/kernel/btf/vmlinux: a header, a section of types, a section of
 * strings, and in newer kernels optionally one that tells the sizes of all kinds. A type
 * is three 32-bit words, a fixed part of its kind, and vlen members of its kind.
 *
 * Source: include/uapi/linux/btf.h; Documentation/bpf/btf.rst.
 */
#include "btf-walk.h"

#include "btf.h"
#include "util.h"

#include <string.h>

#define BTF_MAGIC 0xeb9f

struct btf_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	/* offsets are from the end of the header */
	uint32_t type_off;
	uint32_t type_len;
	uint32_t str_off;
	uint32_t str_len;
	/* only when hdr_len covers them */
	uint32_t layout_off;
	uint32_t layout_len;
};

#define BTF_HEADER_OLD offsetof(struct btf_header, layout_off)

/* A type as it is in the bytes. */
struct raw_type {
	uint32_t name_off;
	uint32_t info;
	uint32_t size_or_type;
};

/* What follows struct raw_type: info bytes, and elem bytes for each member. */
struct btf_layout {
	uint8_t info;
	uint8_t elem;
	uint16_t flags;
};

static const struct btf_layout layouts[] = {
	[1] = { .info = 4 }, /* int */
	[2] = { 0 }, /* pointer */
	[3] = { .info = 12 }, /* array */
	[4] = { .elem = 12 }, /* struct */
	[5] = { .elem = 12 }, /* union */
	[BTF_ENUM] = { .elem = 8 },
	[7] = { 0 }, /* forward declaration */
	[8] = { 0 }, /* typedef */
	[9] = { 0 }, /* volatile */
	[10] = { 0 }, /* const */
	[11] = { 0 }, /* restrict */
	[12] = { 0 }, /* function */
	[13] = { .elem = 8 }, /* function prototype */
	[14] = { .info = 4 }, /* variable */
	[15] = { .elem = 12 }, /* data section */
	[16] = { 0 }, /* float */
	[17] = { .info = 4 }, /* declaration tag */
	[18] = { 0 }, /* type tag */
	[19] = { .elem = 12 }, /* 64-bit enum */
};

bool btf_section_take(struct btf_section *section, void *ret, size_t size)
{
	if (section->len < size)
		return false;
	if (ret)
		memcpy(ret, section->data, size);
	section->data += size;
	section->len -= size;
	return true;
}

static bool section_of(struct btf_section whole, uint32_t off, uint32_t len,
		       struct btf_section *ret)
{
	if (off > whole.len || len > whole.len - off)
		return false;
	*ret = (struct btf_section){ whole.data + off, len };
	return true;
}

int btf_walk_start(struct btf_walk *walk, const void *data, size_t size)
{
	struct btf_section whole = { data, size };
	struct btf_section rest = whole;
	struct btf_header header = { 0 };
	size_t known;

	*walk = (struct btf_walk){ 0 };
	if (!btf_section_take(&rest, &header, BTF_HEADER_OLD))
		return -EINVAL;
	if (header.magic != BTF_MAGIC || header.version != 1 ||
	    header.hdr_len < BTF_HEADER_OLD || header.hdr_len > whole.len)
		return -EINVAL;
	known = header.hdr_len < sizeof(header) ? BTF_HEADER_OLD : sizeof(header);
	memcpy(&header, whole.data, known);
	btf_section_take(&whole, NULL, header.hdr_len);
	if (!section_of(whole, header.type_off, header.type_len, &walk->types) ||
	    !section_of(whole, header.str_off, header.str_len, &walk->strings) ||
	    !section_of(whole, header.layout_off, header.layout_len, &walk->layouts))
		return -EINVAL;
	/* with a zero at its end, every offset within is a terminated string */
	if (!walk->strings.len || walk->strings.data[walk->strings.len - 1])
		return -EINVAL;
	return 0;
}

const char *btf_walk_string(const struct btf_walk *walk, uint32_t off)
{
	if (off >= walk->strings.len)
		return NULL;
	return (const char *)walk->strings.data + off;
}

static int layout_of(const struct btf_walk *walk, uint32_t kind, struct btf_layout *ret)
{
	struct btf_section rest = walk->layouts;

	if (kind && kind < ARRAY_SIZE(layouts)) {
		*ret = layouts[kind];
		return 0;
	}
	if (!kind)
		return -EINVAL;
	if (!btf_section_take(&rest, NULL, kind * sizeof(*ret)) ||
	    !btf_section_take(&rest, ret, sizeof(*ret)))
		return -EOPNOTSUPP;
	return 0;
}

int btf_walk_next(struct btf_walk *walk, struct btf_type *ret)
{
	struct btf_layout layout;
	struct raw_type type;
	uint32_t vlen;
	int r;

	if (!walk->types.len)
		return 0;
	if (!btf_section_take(&walk->types, &type, sizeof(type)))
		return -EINVAL;
	ret->name_off = type.name_off;
	ret->size_or_type = type.size_or_type;
	ret->name = btf_walk_string(walk, type.name_off);
	if (!ret->name)
		return -EINVAL;
	walk->id++;
	/* older kernels have a vlen of 16 bits and a kind of 5, and zeros between */
	ret->kind = type.info >> 24 & 0x7f;
	vlen = type.info & 0xffffff;
	r = layout_of(walk, ret->kind, &layout);
	if (r < 0)
		return r;
	if (!btf_section_take(&walk->types, NULL, layout.info))
		return -EINVAL;
	ret->members.data = walk->types.data;
	ret->members.len = (size_t)vlen * layout.elem;
	return btf_section_take(&walk->types, NULL, ret->members.len) ? 1 : -EINVAL;
}
