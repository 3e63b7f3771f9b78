/* SPDX-License-Identifier: MIT */
/*
 * Kernel enum names and values, as data: names/<set>.def through Linux 7.3, the running
 * kernel's BTF for anything newer. The BTF is read only when the tables do not answer.
 */
#ifndef BPFTOKEN_NAMES_H
#define BPFTOKEN_NAMES_H

#include "bpftoken.h"
#include "btf.h"

#include <stdbool.h>

/* A delegation is a 64-bit mask: no value above 63 can be expressed. */
#define NAMES_MAX_VALUE 63U

/* One row of a .def file. */
struct name_row {
	uint32_t value;
	const char *name; /* as the kernel prints it, or an alias */
	uint32_t since; /* first kernel, 6.17 = 0x0611; 0 = 6.9 or older */
	bool alias; /* parses, is never printed */
};

/* "command", "map type", "program type", "attach type". */
const char *names_set_noun(uint32_t set);

/* Enumerator prefix that the kernel's names do not have: "BPF_", "BPF_MAP_TYPE_"... */
const char *names_prefix(uint32_t set);

/* The table of a set, aliases included; ret_count rows. */
const struct name_row *names_table(uint32_t set, size_t *ret_count);

/* As bpftoken_value(), for a name that is not terminated. */
int names_value(uint32_t set, const char *name, size_t len, uint32_t *ret_value);

/*
 * The name that a misspelt one probably means, or NULL when none is near. Knows names
 * with their prefix kept ("BPF_PROG_LOAD") and '-' for '_'. Only the tables.
 */
const char *names_nearest(uint32_t set, const char *name, size_t len);

/* The same search over any words: init, offer each candidate, look at best. */
struct nearest {
	const char *word;
	size_t len;
	unsigned int distance; /* of best; no candidate farther than this is taken */
	const char *best; /* NULL while no candidate is near */
};

void nearest_init(struct nearest *nearest, const char *word, size_t len);
void nearest_offer(struct nearest *nearest, const char *candidate);

/*
 * How many values the running kernel knows (its __MAX), from its BTF; -ENOENT when there
 * is no BTF. Reads the BTF.
 */
int names_kernel_count(uint32_t set);

/* What the probes name in the kernel's BTF; NULL when it has none. Reads the BTF. */
const struct btf_index *names_kernel_index(void);

#endif
