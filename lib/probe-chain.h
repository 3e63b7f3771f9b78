/* SPDX-License-Identifier: MIT */
/*
 * Programs that call one helper after the other: as long as programs of a type have them,
 * one load proves many. Only helpers whose arguments can be made without a map or a
 * socket, are worth it, each for the types that usually have it.
 */
#ifndef BPFTOKEN_PROBE_CHAIN_H
#define BPFTOKEN_PROBE_CHAIN_H

#include "attr.h"

#include <stdbool.h>

#define CHAIN_LONGEST 80
#define CHAIN_INSNS (CHAIN_LONGEST * 7 + 16)

/* The nth helper of the chain, 0 beyond the end. */
uint32_t chain_helper(size_t n);
/* Its place, or -1 when it is not in the chain. */
int chain_place(uint32_t helper);

/* Is the nth helper worth asking for in the chain of this program type? */
bool chain_has(uint32_t type, size_t n);

/*
 * A program that calls the helpers first <= n < last that the type's chain has; how many
 * instructions.
 */
uint32_t chain_program(uint32_t type, size_t first, size_t last,
		       struct attr_insn insns[CHAIN_INSNS]);

/*
 * From the verifier's log of such a program: the calls of how many places are
 * proven. Either they are all, or *ret_hidden says that the next one is hidden from the
 * type. -1 when the log does not tell.
 */
int chain_proven(size_t first, size_t last, const char *log, bool *ret_hidden);

#endif
