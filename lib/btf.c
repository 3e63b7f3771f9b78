/* SPDX-License-Identifier: MIT */
/*
 * What is looked for in the kernel's BTF, /sys/kernel/btf/vmlinux: named enums, kfuncs, the
 * few types that probes name, and single types by name.
 *
 * Source: include/uapi/linux/btf.h; Documentation/bpf/btf.rst.
 */
#include "btf.h"

#include "btf-walk.h"
#include "util.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define KFUNC_TAG "bpf_kfunc"
#define BTF_FIRST_READ (8U << 20)
#define BTF_LARGEST (256U << 20)

struct btf_enum {
	uint32_t name_off;
	uint32_t value;
};

struct btf_member {
	uint32_t name_off;
	uint32_t type;
	uint32_t offset; /* in bits */
};

struct reader {
	struct btf_walk walk;
	const char *const *names;
	size_t count;
	btf_enumerator_fn enumerator;
	void *arg;
	uint64_t found; /* one bit for each of names */
	struct btf_index *index; /* NULL: enums are all that is wanted */
	uint32_t *func_names; /* by type id, offset of a function's name, 0 for others */
	size_t func_room;
	uint32_t *tagged; /* ids of the kfuncs */
	size_t tagged_count, tagged_room;
};

static const struct {
	uint32_t kind;
	const char *name;
} targets[BTF_TARGETS] = {
	[BTF_TARGET_FUNCTION] = { BTF_FUNC, "bpf_prog_put" },
	[BTF_TARGET_SECURITY] = { BTF_FUNC, "security_file_mprotect" },
	[BTF_TARGET_TRACEPOINT] = { BTF_TYPEDEF, "btf_trace_sched_switch" },
	[BTF_TARGET_ITERATOR] = { BTF_FUNC, "bpf_iter_bpf_map" },
	[BTF_TARGET_LSM] = { BTF_FUNC, "bpf_lsm_file_mprotect" },
	[BTF_TARGET_LSM_CGROUP] = { BTF_FUNC, "bpf_lsm_socket_bind" },
};

/* Index of the enum's name in names[], or -1 when it is not wanted or known already. */
static ssize_t wanted(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (!(reader->found & 1ULL << i) && !strcmp(reader->names[i], name))
			return (ssize_t)i;
	}
	return -1;
}

static int read_enum(struct reader *reader, const char *name, struct btf_section members)
{
	ssize_t which = wanted(reader, name);
	struct btf_enum member;
	int r;

	/* no member: a declaration, the enum itself is elsewhere */
	if (which < 0 || !members.len)
		return 0;
	reader->found |= 1ULL << which;
	while (btf_section_take(&members, &member, sizeof(member))) {
		const char *enumerator = btf_walk_string(&reader->walk, member.name_off);

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
			reader->index->target_ids[i] = reader->walk.id;
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

static int index_type(struct reader *reader, const struct btf_type *type)
{
	int r;

	if (type->kind == BTF_FUNC || type->kind == BTF_TYPEDEF)
		find_target(reader, type->kind, type->name);
	if (type->kind == BTF_FUNC && reader->walk.id < reader->func_room)
		reader->func_names[reader->walk.id] = type->name_off;
	if (type->kind != BTF_DECL_TAG || strcmp(type->name, KFUNC_TAG) != 0)
		return 0;
	r = make_room(&reader->tagged, &reader->tagged_room, reader->tagged_count,
		      sizeof(*reader->tagged));
	if (r < 0)
		return r;
	reader->tagged[reader->tagged_count++] = type->size_or_type;
	return 0;
}

/* 1, 0 behind the last type, or -errno. */
static int read_type(struct reader *reader)
{
	struct btf_type type;
	int r = btf_walk_next(&reader->walk, &type);

	if (r <= 0)
		return r;
	if (type.kind == BTF_ENUM)
		r = read_enum(reader, type.name, type.members);
	else
		r = reader->index ? index_type(reader, &type) : 0;
	return r < 0 ? r : 1;
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
	r = btf_walk_start(&reader.walk, data, size);
	if (r < 0)
		return r;
	do {
		if ((size_t)__builtin_popcountll(reader.found) == count)
			break;
		r = read_type(&reader);
	} while (r > 0);
	return r < 0 ? r : __builtin_popcountll(reader.found);
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
		kfunc->name =
			strdup(btf_walk_string(&reader->walk, reader->func_names[id]));
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
	r = btf_walk_start(&reader.walk, data, size);
	if (r < 0)
		return r;
	/* no type is smaller, so that there are no more ids than this */
	reader.func_room = reader.walk.types.len / BTF_SMALLEST_TYPE + 1;
	func_names = calloc(reader.func_room, sizeof(*func_names));
	if (!func_names)
		return -ENOMEM;
	reader.func_names = func_names;
	do
		r = read_type(&reader);
	while (r > 0);
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

/* ----------------------------------------------------------- a type by name */

static int find_member(const struct btf_walk *walk, struct btf_section members,
		       const char *name, struct btf_found *found)
{
	struct btf_member member;

	for (uint32_t i = 0; btf_section_take(&members, &member, sizeof(member)); i++) {
		const char *called = btf_walk_string(walk, member.name_off);

		if (!called || strcmp(called, name) != 0)
			continue;
		found->member = i;
		found->offset = member.offset / 8;
		return 0;
	}
	return -ESRCH;
}

static int find_type(const struct btf_bytes *bytes, uint32_t kind, const char *name,
		     const char *member, struct btf_found *found)
{
	struct btf_walk walk;
	struct btf_type type;
	int r = btf_walk_start(&walk, bytes->data, bytes->size);

	if (r < 0)
		return r;
	while ((r = btf_walk_next(&walk, &type)) > 0) {
		if (type.kind != kind || strcmp(type.name, name) != 0)
			continue;
		found->id = walk.id;
		found->size = type.size_or_type;
		return member ? find_member(&walk, type.members, member, found) : 0;
	}
	return r < 0 ? r : -ESRCH;
}

int btf_find(uint32_t kind, const char *name, const char *member,
	     struct btf_found *ret_found)
{
	struct btf_found found = { 0 };
	struct btf_bytes bytes;
	int r;

	r = btf_load_kernel(&bytes);
	if (r < 0)
		return r;
	r = find_type(&bytes, kind, name, member, &found);
	btf_unload(&bytes);
	if (r == 0)
		*ret_found = found;
	return r;
}
