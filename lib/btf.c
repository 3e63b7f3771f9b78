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
#define BTF_KIND_TYPEDEF 8
#define BTF_KIND_FUNC 12
#define BTF_KIND_DECL_TAG 17
#define KFUNC_TAG "bpf_kfunc"
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
	struct btf_index *index; /* NULL: enums are all that is wanted */
	uint32_t *func_names; /* by type id, offset of a function's name, 0 for others */
	size_t func_room;
	uint32_t id; /* of the type being read, from 1 */
	uint32_t *tagged; /* ids of the kfuncs */
	size_t tagged_count, tagged_room;
};

static const struct {
	uint32_t kind;
	const char *name;
} targets[BTF_TARGETS] = {
	[BTF_TARGET_FUNCTION] = { BTF_KIND_FUNC, "bpf_prog_put" },
	[BTF_TARGET_SECURITY] = { BTF_KIND_FUNC, "security_file_mprotect" },
	[BTF_TARGET_TRACEPOINT] = { BTF_KIND_TYPEDEF, "btf_trace_sched_switch" },
	[BTF_TARGET_ITERATOR] = { BTF_KIND_FUNC, "bpf_iter_bpf_map" },
	[BTF_TARGET_LSM] = { BTF_KIND_FUNC, "bpf_lsm_file_mprotect" },
	[BTF_TARGET_LSM_CGROUP] = { BTF_KIND_FUNC, "bpf_lsm_socket_bind" },
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

static void find_target(struct reader *reader, uint32_t kind, const char *name)
{
	/* all of them begin with b or s, and most names do not */
	if (name[0] != 'b' && name[0] != 's')
		return;
	for (size_t i = 1; i < BTF_TARGETS; i++)
		if (targets[i].kind == kind && !strcmp(targets[i].name, name) &&
		    !reader->index->target_ids[i])
			reader->index->target_ids[i] = reader->id;
}

/* Room for one more element; doubles. */
static int make_room(void *array, size_t *room, size_t count, size_t size)
{
	size_t more = *room ? *room * 2 : 256;
	void *grown;

	if (count < *room)
		return 0;
	while (more <= count)
		more *= 2;
	grown = reallocarray(*(void **)array, more, size);
	if (!grown)
		return -ENOMEM;
	*(void **)array = grown;
	*room = more;
	return 0;
}

static int index_type(struct reader *reader, uint32_t kind, const struct btf_type *type,
		      const char *name)
{
	int r;

	if (kind == BTF_KIND_FUNC || kind == BTF_KIND_TYPEDEF)
		find_target(reader, kind, name);
	if (kind == BTF_KIND_FUNC && reader->id < reader->func_room)
		reader->func_names[reader->id] = type->name_off;
	if (kind != BTF_KIND_DECL_TAG || strcmp(name, KFUNC_TAG) != 0)
		return 0;
	r = make_room(&reader->tagged, &reader->tagged_room, reader->tagged_count,
		      sizeof(*reader->tagged));
	if (r < 0)
		return r;
	reader->tagged[reader->tagged_count++] = type->size_or_type;
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
	reader->id++;
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
	if (kind == BTF_KIND_ENUM)
		return read_enum(reader, name, members);
	return reader->index ? index_type(reader, kind, &type, name) : 0;
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

static int compare_kfuncs(const void *a, const void *b)
{
	return strcmp(((const struct btf_kfunc *)a)->name,
		      ((const struct btf_kfunc *)b)->name);
}

/* The names of the tagged functions, which the BTF is free to declare after the tags. */
static int name_kfuncs(struct reader *reader)
{
	struct btf_index *index = reader->index;

	index->kfuncs = calloc(reader->tagged_count + 1, sizeof(*index->kfuncs));
	if (!index->kfuncs)
		return -ENOMEM;
	for (size_t i = 0; i < reader->tagged_count; i++) {
		uint32_t id = reader->tagged[i];
		struct btf_kfunc *kfunc = &index->kfuncs[index->kfunc_count];

		if (id >= reader->func_room || !reader->func_names[id])
			continue;
		kfunc->id = id;
		kfunc->name = strdup(string_at(reader, reader->func_names[id]));
		if (!kfunc->name)
			return -ENOMEM;
		index->kfunc_count++;
	}
	qsort(index->kfuncs, index->kfunc_count, sizeof(*index->kfuncs), compare_kfuncs);
	return 0;
}

int btf_read_all(const void *data, size_t size, const char *const names[], size_t count,
		 btf_enumerator_fn enumerator, void *arg, struct btf_index *index)
{
	_cleanup_free_ uint32_t *func_names = NULL, *tagged = NULL;
	struct reader reader = {
		.names = names,
		.count = count,
		.enumerator = enumerator,
		.arg = arg,
		.index = index,
	};
	int r, named;

	if (count > BTF_MAX_WANTED)
		return -EINVAL;
	r = read_header(&reader, (struct section){ data, size });
	if (r < 0)
		return r;
	/* no type is smaller, so that there are no more ids than this */
	reader.func_room = reader.types.len / sizeof(struct btf_type) + 1;
	func_names = calloc(reader.func_room, sizeof(*func_names));
	if (!func_names)
		return -ENOMEM;
	reader.func_names = func_names;
	while (reader.types.len && r >= 0)
		r = read_type(&reader);
	tagged = reader.tagged;
	index->complete = r >= 0;
	named = name_kfuncs(&reader);
	if (r < 0 || named < 0)
		return r < 0 ? r : named;
	return __builtin_popcountll(reader.found);
}

void btf_index_done(struct btf_index *index)
{
	for (size_t i = 0; i < index->kfunc_count; i++)
		free(index->kfuncs[i].name);
	free(index->kfuncs);
	*index = (struct btf_index){ 0 };
}

const struct btf_kfunc *btf_index_find(const struct btf_index *index, const char *name)
{
	struct btf_kfunc key = { .name = (char *)(uintptr_t)name };

	return index->kfunc_count ? bsearch(&key, index->kfuncs, index->kfunc_count,
					    sizeof(key), compare_kfuncs)
				  : NULL;
}

const char *btf_target_name(enum btf_target target)
{
	return targets[target].name;
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

static int read_whole(int fd, struct btf_bytes *ret)
{
	_cleanup_free_ void *data = NULL;
	size_t size = 0, room = 0;
	ssize_t n;
	int r;

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
	*ret = (struct btf_bytes){ TAKE_PTR(data), size, false };
	return 0;
}

int btf_load_kernel(struct btf_bytes *ret)
{
	_cleanup_close_ int fd = -EBADF;
	size_t size;
	void *data;

	fd = sys_openat(AT_FDCWD, BTF_PATH, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (sys_map_file(fd, BTF_LARGEST, &data, &size) < 0)
		return read_whole(fd, ret);
	*ret = (struct btf_bytes){ data, size, true };
	return 0;
}

void btf_unload(struct btf_bytes *bytes)
{
	if (bytes->mapped)
		sys_unmap(bytes->data, bytes->size);
	else
		free(bytes->data);
	*bytes = (struct btf_bytes){ 0 };
}
