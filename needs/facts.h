/* SPDX-License-Identifier: MIT */
/*
 * What libbpf says about one BPF object, as plain numbers and names. An object is foreign
 * data, and libelf and libbpf are where it is read: that happens in a child process, which
 * fills these structs in shared memory. Whatever becomes of the child, the command lives.
 */
#ifndef BPFTOKEN_NEEDS_FACTS_H
#define BPFTOKEN_NEEDS_FACTS_H

#include "error.h"

#include <stdbool.h>

#define FACTS_NAME 64
#define FACTS_SECTION 128
#define FACTS_PROGS 1024
#define FACTS_MAPS 1024
#define FACTS_KFUNCS 128

/* No type: the map has no inner map, the program no member. */
#define FACTS_NONE UINT32_MAX

/* The helper functions that are called, one bit each. */
struct facts_helpers {
	uint64_t mask[8];
};

struct facts_prog {
	char name[FACTS_NAME], section[FACTS_SECTION];
	uint32_t type,
		attach_type; /* as libbpf would load it; type 0: it does not know */
	bool autoload; /* loaded unless the application says otherwise */
	struct facts_helpers helpers; /* without those of its subprograms */
	/* of struct_ops: the member's name and its index in the running kernel */
	char member[FACTS_NAME];
	uint32_t member_index; /* FACTS_NONE: the kernel has no such member */
};

struct facts_map {
	char name[FACTS_NAME];
	uint32_t type, flags;
	uint32_t inner; /* type of the inner map, FACTS_NONE */
	bool internal; /* global variables */
	bool autocreate;
};

enum facts_end {
	FACTS_UNFINISHED, /* the child did not come to an end */
	FACTS_READ,
	FACTS_NO_LIBBPF, /* it is not installed; said tells more */
	FACTS_REFUSED, /* libbpf does not take it; said tells why */
	FACTS_TOO_LARGE, /* more programs or maps than there is room for */
	FACTS_NO_MEMORY,
};

struct facts {
	enum facts_end end;
	uint32_t libbpf; /* installed version, 1.4 = 0x0104 */
	char said[256]; /* the first of libbpf's warnings */
	bool btf; /* has BTF of its own */
	bool subprograms; /* has a section .text */
	uint32_t prog_count, map_count, kfunc_count;
	struct facts_helpers text; /* helpers that section .text calls */
	struct facts_prog progs[FACTS_PROGS];
	struct facts_map maps[FACTS_MAPS];
	char kfuncs[FACTS_KFUNCS][FACTS_NAME]; /* kernel functions that it calls */
};

/*
 * Reads the object that begins at image, of at most size bytes: 0 and the facts, which
 * facts_free() takes back, or a negative errno with err filled, where name says what was
 * read.
 */
int facts_read(const char *name, const void *image, size_t size, struct facts **ret_facts,
	       struct bpftoken_error *err);
void facts_free(struct facts **facts);

#define _cleanup_facts_ _cleanup_(facts_free)

/* The child's part: fills facts, whatever comes. */
void facts_fill(const void *image, size_t size, struct facts *facts);

#endif
