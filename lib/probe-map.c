/* SPDX-License-Identifier: MIT */
/*
 * Maps: the smallest of each type, and the flags that they take. An errno that only comes
 * after the kernel's permission checks counts as a yes for those types whose smallest map
 * needs more than this file makes.
 *
 * Source: Linux kernel/bpf/syscall.c, map_create(), and the types' map_alloc_check().
 */
#include "denial.h"
#include "names.h"
#include "probe.h"

#include <linux/capability.h>
#include <stdio.h>
#include <unistd.h>

#define F_NO_PREALLOC (1U << 0)
#define F_STACK_BUILD_ID (1U << 5)
#define F_ZERO_SEED (1U << 6)
#define F_MMAPABLE (1U << 10)
#define F_LINK (1U << 13)
#define F_VTYPE_BTF_OBJ_FD (1U << 15)
#define TYPE_STACK_TRACE 7
#define BUILD_ID_SIZE 32 /* of struct bpf_stack_build_id */

struct map_shape {
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t btf_ids; /* key and value type id, with an invalid BTF fd */
	uint32_t inner_fd, vmlinux_value_type_id;
	int means_yes; /* errno of a check behind the permission checks */
	bool pages; /* max_entries counts in units of the page size */
};

#define LOCAL_STORAGE                                                                 \
	{                                                                             \
		.key_size = 4, .value_size = 4, .flags = F_NO_PREALLOC, .btf_ids = 1, \
		.means_yes = EBADF                                                    \
	}
#define MAP_OF_MAPS                                                                  \
	{                                                                            \
		.key_size = 4, .value_size = 4, .max_entries = 1, .inner_fd = NO_FD, \
		.means_yes = EBADF                                                   \
	}
#define KEYLESS(value)                                  \
	{                                               \
		.value_size = (value), .max_entries = 1 \
	}
#define RING                                    \
	{                                       \
		.max_entries = 1, .pages = true \
	}

/* Types that are not here take the usual shape: key 4, value 4, one entry. */
static const struct map_shape map_shapes[] = {
	[TYPE_STACK_TRACE] = { .key_size = 4, .value_size = 8, .max_entries = 1 },
	[11] = { .key_size = 8,
		 .value_size = 8,
		 .max_entries = 1,
		 .flags = F_NO_PREALLOC }, /* lpm_trie */
	[12] = MAP_OF_MAPS, /* array_of_maps */
	[13] = MAP_OF_MAPS, /* hash_of_maps */
	[19] = { .key_size = 8, .value_size = 4 }, /* cgroup_storage */
	[21] = { .key_size = 8, .value_size = 4 }, /* percpu_cgroup_storage */
	[22] = KEYLESS(4), /* queue */
	[23] = KEYLESS(4), /* stack */
	[24] = LOCAL_STORAGE, /* sk_storage */
	[26] = { .key_size = 4,
		 .value_size = 4,
		 .max_entries = 1,
		 .vmlinux_value_type_id = 1,
		 .means_yes = ENOTSUPP_ }, /* struct_ops */
	[TYPE_RINGBUF] = RING,
	[28] = LOCAL_STORAGE, /* inode_storage */
	[29] = LOCAL_STORAGE, /* task_storage */
	[30] = KEYLESS(4), /* bloom_filter */
	[31] = RING, /* user_ringbuf */
	[32] = LOCAL_STORAGE, /* cgrp_storage */
	[33] = { .max_entries = 1, .flags = F_MMAPABLE }, /* arena */
	[34] = { .key_size = 4, .value_size = 16, .max_entries = 1 }, /* insn_array */
	[35] = { .key_size = 4,
		 .value_size = 4,
		 .max_entries = 1,
		 .flags = F_NO_PREALLOC }, /* rhash */
};

static const struct map_shape usual_shape = { .key_size = 4,
					      .value_size = 4,
					      .max_entries = 1 };

static const struct probe_flag flags[] = {
	{ F_NO_PREALLOC, "no_prealloc" },
	{ 1U << 1, "no_common_lru" },
	{ 1U << 2, "numa_node" },
	{ 1U << 3, "rdonly" },
	{ 1U << 4, "wronly" },
	{ F_STACK_BUILD_ID, "stack_build_id" },
	{ F_ZERO_SEED, "zero_seed" },
	{ 1U << 7, "rdonly_prog" },
	{ 1U << 8, "wronly_prog" },
	{ 1U << 9, "clone" },
	{ F_MMAPABLE, "mmapable" },
	{ 1U << 11, "preserve_elems" },
	{ 1U << 12, "inner_map" },
	{ F_LINK, "link" },
	{ 1U << 14, "path_fd" },
	{ F_VTYPE_BTF_OBJ_FD, "vtype_btf_obj_fd" },
	{ 1U << 17, "segv_on_fault" },
	{ 1U << 18, "no_user_conv" },
	{ 1U << 19, "rb_overwrite" },
};

const struct probe_flag *probe_map_flag_row(size_t n)
{
	return n < ARRAY_SIZE(flags) ? &flags[n] : NULL;
}

const char *probe_map_flag_name(uint32_t flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].flag == flag)
			return flags[i].name;
	return "of no name";
}

void probe_map_shape(uint32_t type, int token_fd, struct probe_map *ret)
{
	const struct map_shape *shape = &usual_shape;
	uint32_t unit = 1;

	if (type < ARRAY_SIZE(map_shapes) &&
	    (map_shapes[type].max_entries || map_shapes[type].key_size))
		shape = &map_shapes[type];
	if (shape->pages)
		unit = (uint32_t)getpagesize();
	*ret = (struct probe_map){
		.means_yes = shape->means_yes,
		.opts = { .sz = sizeof(ret->opts),
			  .token_fd = token_fd,
			  .type = type,
			  .key_size = shape->key_size,
			  .value_size = shape->value_size,
			  .max_entries = shape->max_entries * unit,
			  .flags = shape->flags,
			  .inner_map_fd = shape->inner_fd,
			  .btf_fd = shape->btf_ids ? NO_FD : 0,
			  .btf_key_type_id = shape->btf_ids,
			  .btf_value_type_id = shape->btf_ids,
			  .btf_vmlinux_value_type_id = shape->vmlinux_value_type_id },
	};
}

/*
 * 0 when the map could be created, else the errno. A map with invalid BTF says as much as
 * one with BTF, but the kernel waits some 20 ms for readers before that call returns.
 */
static int try_map(struct probe_map *map, struct bpftoken_error *failure)
{
	_cleanup_close_ int btf_fd = -EBADF;
	int r;

	if (map->opts.btf_fd == NO_FD)
		btf_fd = probe_int_btf(map->opts.token_fd);
	if (btf_fd >= 0)
		map->opts.btf_fd = (uint32_t)btf_fd;
	r = bpftoken_map_create(&map->opts, failure);
	if (r >= 0)
		sys_close(r);
	return r >= 0 || (map->means_yes && r == -map->means_yes) ? 0 : r;
}

static int ask_map_type(const struct probe_question *question,
			struct bpftoken_error *reason)
{
	struct denied_call call = { .cmd = ATTR_MAP_CREATE,
				    .type = question->a,
				    .token_fd = question->token_fd };
	struct bpftoken_error failure;
	struct probe_map map;
	int r;

	if (denial_kernel_lacks(&call, reason)) {
		reason->stage = BPFTOKEN_STAGE_MAP_CREATE;
		reason->code = -EINVAL;
		reason->type = question->a;
		(void)bpftoken_explain(reason);
		return BPFTOKEN_KERNEL_LACKS;
	}
	probe_map_shape(question->a, question->token_fd, &map);
	r = try_map(&map, &failure);
	if (r == 0)
		return BPFTOKEN_WORKS;
	r = probe_refused(r, &failure);
	*reason = failure;
	return r;
}

int bpftoken_probe_map_type(uint32_t type, int token_fd, struct bpftoken_error *reason)
{
	return probe_answer(PROBE_MAP_TYPE, type, 0, token_fd, ask_map_type, reason);
}

/* ------------------------------------------------------------------- flags */

/* What a map needs besides, to be one with this flag. */
static void shape_flag(struct probe_map *map, uint32_t flag)
{
	map->opts.flags |= flag;
	if (flag == F_STACK_BUILD_ID && map->opts.type == TYPE_STACK_TRACE)
		map->opts.value_size = BUILD_ID_SIZE;
	if (flag == F_VTYPE_BTF_OBJ_FD) {
		map->opts.value_type_btf_obj_fd = NO_FD;
		map->means_yes = EBADF;
	}
}

/*
 * The type works and with the flag it is refused. The one flag with a check of its own is
 * zero_seed, for CAP_SYS_ADMIN, which no token replaces.
 */
static int flag_denied(struct bpftoken_error *failure)
{
	if (!denial_needs_host(1ULL << CAP_SYS_ADMIN, failure))
		return probe_refused(-EPERM, failure);
	(void)bpftoken_explain(failure);
	return BPFTOKEN_NO_CAPABILITY;
}

static int ask_map_flag(const struct probe_question *question,
			struct bpftoken_error *reason)
{
	const char *type = bpftoken_name(BPFTOKEN_MAPS, question->a);
	struct bpftoken_error failure;
	struct probe_map map;
	int r;

	r = bpftoken_probe_map_type(question->a, question->token_fd, reason);
	if (r != BPFTOKEN_WORKS)
		return r;
	probe_map_shape(question->a, question->token_fd, &map);
	shape_flag(&map, question->b);
	r = try_map(&map, &failure);
	if (r == 0)
		return BPFTOKEN_WORKS;
	if (r == -EPERM)
		r = flag_denied(&failure);
	else if (r == -EINVAL || r == -EOPNOTSUPP || r == -ENOTSUPP_)
		r = probe_lacks(&failure,
				"maps of type %s do not take the flag %s (0x%x) on the "
				"running kernel",
				type ? type : "of no name",
				probe_map_flag_name(question->b), question->b);
	else
		r = probe_refused(r, &failure);
	*reason = failure;
	return r;
}

int bpftoken_probe_map_flag(uint32_t type, uint32_t flag, int token_fd,
			    struct bpftoken_error *reason)
{
	if (!flag || flag & (flag - 1) || flag == ATTR_F_TOKEN_FD)
		return err_raise(reason, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
				 "0x%x is not one flag of a map", flag);
	return probe_answer(PROBE_MAP_FLAG, type, flag, token_fd, ask_map_flag, reason);
}
