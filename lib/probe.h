/* SPDX-License-Identifier: MIT */
/*
 * What the probes share: the cache around every question, the judgement of an errno, and
 * for those that need a program or a map of no special type, one that the token permits.
 */
#ifndef BPFTOKEN_PROBE_H
#define BPFTOKEN_PROBE_H

#include "attr.h"
#include "error.h"

#define ENOTSUPP_ 524 /* the kernel's own, not in errno.h */
#define NO_FD UINT32_MAX
/* struct_ops and ext: what a program of theirs may call depends on its target. */
#define PROBE_NOT_LOADED                                                                \
	"what a program of this type may call depends on its target, which this probe " \
	"does not choose"

enum {
	TYPE_PERF_EVENT_ARRAY = 4,
	TYPE_ARRAY = 2,
	TYPE_RINGBUF = 27,
	TYPE_SOCKET_FILTER = 1,
	TYPE_CGROUP_SOCK_ADDR = 18,
	TYPE_TRACING = 26,
	TYPE_STRUCT_OPS = 27,
	TYPE_EXT = 28,
	TYPE_LSM = 29,
	TYPE_SYSCALL = 31,
};

/* What can be asked; a question is one of these and two numbers. */
enum probe_what {
	PROBE_MAP_TYPE, /* type */
	PROBE_PROG_TYPE, /* type, attach type */
	PROBE_MAP_FLAG, /* type, flag */
	PROBE_HELPER, /* program type, helper */
	PROBE_KFUNC, /* program type, BTF id */
	PROBE_BTF_KIND, /* kind */
	PROBE_CMD, /* command */
	PROBE_LINK, /* enum bpftoken_link */
	PROBE_FEATURE, /* feature */
};

struct probe_question {
	uint32_t what, a, b;
	int token_fd; /* -1 = none */
};

/*
 * Asks the kernel: an answer, or a negative errno when the question could not be asked.
 * reason is zeroed before and may stay so.
 */
typedef int (*probe_ask)(const struct probe_question *question,
			 struct bpftoken_error *reason);

/* From the cache, or asked and kept. token_fd as callers give it; reason may be NULL. */
int probe_answer(enum probe_what what, uint32_t a, uint32_t b, int token_fd,
		 probe_ask ask, struct bpftoken_error *reason);

/*
 * The answer to a refused load (r < 0, and what bpftoken_map_create() or one of its
 * siblings left in failure), which is completed.
 */
int probe_refused(int r, struct bpftoken_error *failure);

/* The answer that the kernel lacks it, with the sentence why. */
int probe_lacks(struct bpftoken_error *reason, const char *why, ...) _printf_(2, 3);

/* BTF whose type 1 is an int: its fd, or a negative errno. */
int probe_int_btf(int token_fd);

/* What a smallest map or program of a type needs to be one; false when it cannot be. */
struct probe_map {
	struct bpftoken_map_create_opts opts;
	int means_yes; /* errno of a check behind the permission checks, 0 = none */
};
void probe_map_shape(uint32_t type, int token_fd, struct probe_map *ret);

struct probe_prog {
	struct bpftoken_prog_load_opts opts; /* without instructions */
	int means_yes;
	const char *yes_text; /* that the log has to hold besides, or NULL */
	const char *missing; /* what the kernel's BTF lacks for it, or NULL */
};
void probe_prog_shape(uint32_t type, uint32_t attach_type, int token_fd,
		      struct probe_prog *ret);

/* A program type that the token permits and whose programs run alone, or socket_filter. */
uint32_t probe_usual_prog(int token_fd);
/* A map type that the token permits and whose maps need no more than it, or array. */
uint32_t probe_usual_map(int token_fd);

/* The map flags that there are names for, in the order of bits; NULL beyond. */
struct probe_flag {
	uint32_t flag;
	const char *name;
};
const struct probe_flag *probe_map_flag_row(size_t n);
/* Name of one flag, or "of no name". */
const char *probe_map_flag_name(uint32_t flag);

/* The kfuncs that the kernel's BTF shows, in the order of names; NULL beyond. */
const char *probe_kfunc_name(size_t n);
/* As many kinds of BTF type as have a name. */
uint32_t probe_btf_kind_count(void);

#endif
