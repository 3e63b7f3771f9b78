/* SPDX-License-Identifier: MIT */
/*
 * What works here: the smallest map and the smallest program of each type, really made
 * with the token in question and closed again. An errno that only comes after the
 * kernel's permission checks counts as a yes for those types whose smallest object
 * needs more than this file makes.
 */
#include "attr.h"
#include "denial.h"
#include "names.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENOTSUPP_ 524 /* the kernel's own, not in errno.h */
#define BPF_F_NO_PREALLOC_ (1U << 0)
#define BPF_F_MMAPABLE_ (1U << 10)
#define NO_FD UINT32_MAX

struct map_shape {
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t btf_ids; /* key and value type id, with an invalid BTF fd */
	uint32_t inner_fd, vmlinux_value_type_id;
	int means_yes; /* errno of a check behind the permission checks */
	bool pages; /* max_entries counts in units of the page size */
};

#define LOCAL_STORAGE                                                        \
	{                                                                    \
		.key_size = 4, .value_size = 4, .flags = BPF_F_NO_PREALLOC_, \
		.btf_ids = 1, .means_yes = EBADF                             \
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
	[7] = { .key_size = 4, .value_size = 8, .max_entries = 1 }, /* stack_trace */
	[11] = { .key_size = 8,
		 .value_size = 8,
		 .max_entries = 1,
		 .flags = BPF_F_NO_PREALLOC_ }, /* lpm_trie */
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
	[27] = RING, /* ringbuf */
	[28] = LOCAL_STORAGE, /* inode_storage */
	[29] = LOCAL_STORAGE, /* task_storage */
	[30] = KEYLESS(4), /* bloom_filter */
	[31] = RING, /* user_ringbuf */
	[32] = LOCAL_STORAGE, /* cgrp_storage */
	[33] = { .max_entries = 1, .flags = BPF_F_MMAPABLE_ }, /* arena */
	[34] = { .key_size = 4, .value_size = 16, .max_entries = 1 }, /* insn_array */
	[35] = { .key_size = 4,
		 .value_size = 4,
		 .max_entries = 1,
		 .flags = BPF_F_NO_PREALLOC_ }, /* rhash */
};

static const struct map_shape usual_shape = { .key_size = 4,
					      .value_size = 4,
					      .max_entries = 1 };

/* Program types whose smallest program has to name something in the kernel's BTF. */
static const uint32_t btf_target_types[] = { 26, 27, 28, 29 };
#define PROG_SYSCALL 31

const char *bpftoken_answer_name(uint32_t answer)
{
	static const char *const names[] = {
		[BPFTOKEN_WORKS] = "works",
		[BPFTOKEN_KERNEL_LACKS] = "kernel lacks it",
		[BPFTOKEN_NOT_DELEGATED] = "not delegated",
		[BPFTOKEN_NO_CAPABILITY] = "capability missing",
		[BPFTOKEN_BLOCKED] = "blocked",
	};

	return answer < ARRAY_SIZE(names) ? names[answer] : "unknown";
}

/* The kernel took the permission checks and then said that it has no such thing. */
static int not_configured(uint32_t set, uint32_t type, struct bpftoken_error *reason)
{
	const char *name = bpftoken_name(set, type);

	snprintf(reason->why, sizeof(reason->why),
		 "the running kernel has no %s %s (%u): it is older, or built without it",
		 names_set_noun(set), name ? name : "of number", type);
	snprintf(reason->fix, sizeof(reason->fix), "use a kernel that has it");
	reason->kind = BPFTOKEN_KIND_KERNEL;
	return BPFTOKEN_KERNEL_LACKS;
}

/* From the result of a real call to one of the five answers. */
static int judge(int r, int means_yes, uint32_t set, struct bpftoken_error *failure,
		 struct bpftoken_error *reason)
{
	int answer = BPFTOKEN_BLOCKED;
	struct denied_call call;

	if (r >= 0)
		sys_close(r);
	if (r >= 0 || (means_yes && r == -means_yes))
		return BPFTOKEN_WORKS;
	switch (-r) {
	case EPERM:
		if (denial_call_of(failure, &call))
			answer = (int)denial_find(&call, failure);
		break;
	case EINVAL:
	case E2BIG:
	case EOPNOTSUPP:
	case ENOTSUPP_:
		answer = not_configured(set, failure->type, failure);
		break;
	case EACCES:
	case ENOSYS:
		break;
	default:
		return r;
	}
	(void)bpftoken_explain(failure);
	if (reason)
		*reason = *failure;
	return answer;
}

int bpftoken_probe_map_type(uint32_t type, int token_fd, struct bpftoken_error *reason)
{
	const struct map_shape *shape = &usual_shape;
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	struct bpftoken_error failure;

	if (type < ARRAY_SIZE(map_shapes) &&
	    (map_shapes[type].max_entries || map_shapes[type].key_size))
		shape = &map_shapes[type];
	opts.token_fd = token_fd;
	opts.type = type;
	opts.key_size = shape->key_size;
	opts.value_size = shape->value_size;
	opts.max_entries =
		shape->max_entries * (shape->pages ? (uint32_t)getpagesize() : 1);
	opts.flags = shape->flags;
	opts.inner_map_fd = shape->inner_fd;
	opts.btf_fd = shape->btf_ids ? NO_FD : 0;
	opts.btf_key_type_id = shape->btf_ids;
	opts.btf_value_type_id = shape->btf_ids;
	opts.btf_vmlinux_value_type_id = shape->vmlinux_value_type_id;
	return judge(bpftoken_map_create(&opts, &failure), shape->means_yes,
		     BPFTOKEN_MAPS, &failure, reason);
}

int bpftoken_probe_prog_type(uint32_t type, uint32_t attach_type, int token_fd,
			     struct bpftoken_error *reason)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	struct bpftoken_error failure;

	for (size_t i = 0; i < ARRAY_SIZE(btf_target_types); i++)
		if (type == btf_target_types[i])
			return err_raise(
				reason, BPFTOKEN_STAGE_OPTIONS, -EOPNOTSUPP,
				"a program of this type needs a target in the "
				"kernel's BTF, which this probe does not choose");
	if (attach_type == BPFTOKEN_ATTACH_DEFAULT)
		attach_type = attr_default_attach_type(type);
	opts.token_fd = token_fd;
	opts.type = type;
	opts.expected_attach_type = attach_type;
	opts.insns = insns;
	opts.insn_cnt = ARRAY_SIZE(insns);
	opts.license = "GPL";
	opts.flags = type == PROG_SYSCALL ? ATTR_F_SLEEPABLE : 0;
	return judge(bpftoken_prog_load(&opts, &failure), 0, BPFTOKEN_PROGS, &failure,
		     reason);
}
