/* SPDX-License-Identifier: MIT */
/*
 * Programs that call one helper after the other: as long as programs of a type have them,
 * one load proves many. Only helpers whose arguments can be made without a map or a
 * socket, and which nearly every type has, are worth it.
 */
#ifndef BPFTOKEN_PROBE_CHAIN_H
#define BPFTOKEN_PROBE_CHAIN_H

#include "attr.h"

#include <stdbool.h>

#define CHAIN_LONGEST 40
#define CHAIN_INSNS (CHAIN_LONGEST * 7 + 16)

/* The nth helper of the chain, 0 beyond the end. */
uint32_t chain_helper(size_t n);
/* Its place, or -1 when it is not in the chain. */
int chain_place(uint32_t helper);

/* A program that calls the helpers first <= n < last; how many instructions. */
uint32_t chain_program(size_t first, size_t last, struct attr_insn insns[CHAIN_INSNS]);

/*
 * From the verifier's log of such a program: how many of its calls are proven. Of those
 * the last was taken, or *ret_hidden says that the next one is hidden from the type. -1
 * when the log does not tell.
 */
int chain_proven(size_t first, size_t last, const char *log, bool *ret_hidden);

#endif
