/* SPDX-License-Identifier: MIT */
/*
 * Raw BTF, as in /sys/kernel/btf/vmlinux: a header, a section of types, a section of
 * strings, and in newer kernels optionally one that tells the sizes of all kinds. A type
 * is three 32-bit words, a fixed part of its kind, and vlen members of its kind.
 *
 * Source: include/uapi/linux/btf.h; Documentation/bpf/btf.rst.
 */
#include "btf.h"

#include "util.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define BTF_MAGIC 0xeb9f
#define BTF_KIND_ENUM 6
#define BTF_FIRST_READ (8U << 20)
#define BTF_LARGEST (256U << 20)

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

struct btf_type {
	uint32_t name_off;
	uint32_t info;
	uint32_t size_or_type;
};

struct btf_enum {
	uint32_t name_off;
	uint32_t value;
};

/* What follows struct btf_type: info bytes, and elem bytes for each member. */
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
	[BTF_KIND_ENUM] = { .elem = 8 },
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

/* A section of the bytes. Reads go through memcpy: nothing promises alignment. */
struct section {
	const unsigned char *data;
	size_t len;
};

struct reader {
	struct section types, strings, layouts;
	const char *const *names;
	size_t count;
	btf_enumerator_fn enumerator;
	void *arg;
	uint64_t found; /* one bit for each of names */
};

static bool section_take(struct section *section, void *ret, size_t size)
{
	if (section->len < size)
		return false;
	if (ret)
		memcpy(ret, section->data, size);
	section->data += size;
	section->len -= size;
	return true;
}

static bool section_of(struct section whole, uint32_t off, uint32_t len,
		       struct section *ret)
{
	if (off > whole.len || len > whole.len - off)
		return false;
	*ret = (struct section){ whole.data + off, len };
	return true;
}

static int read_header(struct reader *reader, struct section whole)
{
	struct section rest = whole;
	struct btf_header header = { 0 };
	size_t known;

	if (!section_take(&rest, &header, BTF_HEADER_OLD))
		return -EINVAL;
	if (header.magic != BTF_MAGIC || header.version != 1 ||
	    header.hdr_len < BTF_HEADER_OLD || header.hdr_len > whole.len)
		return -EINVAL;
	known = header.hdr_len < sizeof(header) ? BTF_HEADER_OLD : sizeof(header);
	memcpy(&header, whole.data, known);
	section_take(&whole, NULL, header.hdr_len);
	if (!section_of(whole, header.type_off, header.type_len, &reader->types) ||
	    !section_of(whole, header.str_off, header.str_len, &reader->strings) ||
	    !section_of(whole, header.layout_off, header.layout_len, &reader->layouts))
		return -EINVAL;
	/* with a zero at its end, every offset within is a terminated string */
	if (!reader->strings.len || reader->strings.data[reader->strings.len - 1])
		return -EINVAL;
	return 0;
}

static const char *string_at(const struct reader *reader, uint32_t off)
{
	if (off >= reader->strings.len)
		return NULL;
	return (const char *)reader->strings.data + off;
}

static int layout_of(const struct reader *reader, uint32_t kind, struct btf_layout *ret)
{
	struct section rest = reader->layouts;

	if (kind && kind < ARRAY_SIZE(layouts)) {
		*ret = layouts[kind];
		return 0;
	}
	if (!kind)
		return -EINVAL;
	if (!section_take(&rest, NULL, kind * sizeof(*ret)) ||
	    !section_take(&rest, ret, sizeof(*ret)))
		return -EOPNOTSUPP;
	return 0;
}

/* Index of the enum's name in names[], or -1 when it is not wanted or known already. */
static ssize_t wanted(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (!(reader->found & 1ULL << i) && !strcmp(reader->names[i], name))
			return (ssize_t)i;
	}
	return -1;
}

static int read_enum(struct reader *reader, const char *name, struct section members)
{
	ssize_t which = wanted(reader, name);
	struct btf_enum member;
	int r;

	/* no member: a declaration, the enum itself is elsewhere */
	if (which < 0 || !members.len)
		return 0;
	reader->found |= 1ULL << which;
	while (section_take(&members, &member, sizeof(member))) {
		const char *enumerator = string_at(reader, member.name_off);

		if (!enumerator)
			return -EINVAL;
		r = reader->enumerator((size_t)which, enumerator, member.value,
				       reader->arg);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_type(struct reader *reader)
{
	struct btf_layout layout;
	struct section members;
	struct btf_type type;
	const char *name;
	uint32_t kind, vlen;
	int r;

	if (!section_take(&reader->types, &type, sizeof(type)))
		return -EINVAL;
	name = string_at(reader, type.name_off);
	if (!name)
		return -EINVAL;
	/* older kernels have a vlen of 16 bits and a kind of 5, and zeros between */
	kind = type.info >> 24 & 0x7f;
	vlen = type.info & 0xffffff;
	r = layout_of(reader, kind, &layout);
	if (r < 0)
		return r;
	if (!section_take(&reader->types, NULL, layout.info))
		return -EINVAL;
	members.data = reader->types.data;
	members.len = (size_t)vlen * layout.elem;
	if (!section_take(&reader->types, NULL, members.len))
		return -EINVAL;
	return kind == BTF_KIND_ENUM ? read_enum(reader, name, members) : 0;
}

int btf_read_enums(const void *data, size_t size, const char *const names[], size_t count,
		   btf_enumerator_fn enumerator, void *arg)
{
	struct reader reader = {
		.names = names,
		.count = count,
		.enumerator = enumerator,
		.arg = arg,
	};
	int r;

	if (count > BTF_MAX_WANTED)
		return -EINVAL;
	r = read_header(&reader, (struct section){ data, size });
	if (r < 0)
		return r;
	while (reader.types.len && (size_t)__builtin_popcountll(reader.found) < count) {
		r = read_type(&reader);
		if (r < 0)
			return r;
	}
	return __builtin_popcountll(reader.found);
}

/* Room for more bytes: the file's size is not known before its end. */
static int grow(void **data, size_t *room)
{
	size_t more = *room ? *room * 2 : BTF_FIRST_READ;
	void *grown;

	if (more > BTF_LARGEST)
		return -EFBIG;
	grown = realloc(*data, more);
	if (!grown)
		return -ENOMEM;
	*data = grown;
	*room = more;
	return 0;
}

int btf_load_kernel(void **ret_data, size_t *ret_size)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ void *data = NULL;
	size_t size = 0, room = 0;
	ssize_t n;
	int r;

	fd = sys_openat(AT_FDCWD, BTF_PATH, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	do {
		if (size == room) {
			r = grow(&data, &room);
			if (r < 0)
				return r;
		}
		n = sys_read(fd, (char *)data + size, room - size);
		if (n < 0)
			return (int)n;
		size += (size_t)n;
	} while (n);
	*ret_data = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}
