/* SPDX-License-Identifier: MIT */
/*
 * A small reader of raw BTF: it yields the enumerators of named enums, an index of the few
 * other things that the probes name, and single types by name, and skips everything else.
 * The bytes are not trusted.
 */
#ifndef BPFTOKEN_BTF_H
#define BPFTOKEN_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Called for every enumerator of a wanted enum, in the order of declaration. which is
 * the enum's index in names[]; name is valid during the call only. A negative answer ends
 * the reading and is its result.
 */
typedef int (*btf_enumerator_fn)(size_t which, const char *name, uint32_t value,
				 void *arg);

/* As many enums as one call of btf_read_enums() can look for. */
#define BTF_MAX_WANTED 64

/*
 * Finds the enums called names[0..count) in BTF of this machine's byte order. Of several
 * enums with one name the first counts, as in the kernel. Returns how many of the names
 * were found; -EINVAL when the bytes are no valid BTF, -EOPNOTSUPP when they hold a kind
 * of type whose size is unknown before all names were found (enumerators that came
 * before it were reported).
 */
int btf_read_enums(const void *data, size_t size, const char *const names[], size_t count,
		   btf_enumerator_fn enumerator, void *arg);

/* BTF_KIND_* of the kernel, as far as somebody looks for one. */
enum btf_kind {
	BTF_STRUCT = 4,
	BTF_ENUM = 6,
	BTF_TYPEDEF = 8,
	BTF_FUNC = 12,
	BTF_DECL_TAG = 17,
};

/* What probes name in the kernel's BTF: the rows of targets[] in btf.c. */
enum btf_target {
	BTF_TARGET_NONE,
	BTF_TARGET_FUNCTION, /* one that fentry and fexit may be attached to */
	BTF_TARGET_SECURITY, /* one whose result fmod_ret may replace */
	BTF_TARGET_TRACEPOINT, /* the type of a raw tracepoint */
	BTF_TARGET_ITERATOR,
	BTF_TARGET_LSM,
	BTF_TARGET_LSM_CGROUP, /* a hook that knows a socket */
	BTF_TARGETS,
};

struct btf_kfunc {
	char *name;
	uint32_t id;
};

/* What one reading of the kernel's BTF finds beside the enums. */
struct btf_index {
	struct btf_kfunc
		*kfuncs; /* functions tagged "bpf_kfunc", in the order of names */
	size_t kfunc_count;
	uint32_t target_ids[BTF_TARGETS]; /* 0 where the kernel has none */
	bool complete; /* no kind of type was unknown */
};

/* Name of a target in the BTF. */
const char *btf_target_name(enum btf_target target);

/*
 * As btf_read_enums(), to the end of the types, and fills index besides (to be freed with
 * btf_index_done()), as far as it got on failure.
 */
int btf_read_all(const void *data, size_t size, const char *const names[], size_t count,
		 btf_enumerator_fn enumerator, void *arg, struct btf_index *index);
void btf_index_done(struct btf_index *index);

/* The kfunc of that name, or NULL. */
const struct btf_kfunc *btf_index_find(const struct btf_index *index, const char *name);

struct btf_bytes {
	void *data;
	size_t size;
	bool mapped;
};

/*
 * The running kernel's BTF: mapped where the kernel can (Linux 6.16), else read. -ENOENT
 * when it has none. Give it back with btf_unload().
 */
int btf_load_kernel(struct btf_bytes *ret);
void btf_unload(struct btf_bytes *bytes);

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
