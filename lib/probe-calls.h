/* SPDX-License-Identifier: MIT */
/*
 * Many helpers in one load. Since Linux 6.15 the verifier works out, before it follows a
 * program, which registers are alive before each instruction, and prints them when asked
 * for its longest log. Before a call those are the arguments of the helper; where programs
 * of the type have no such helper, all five registers that could be.
 *
 *     12: .12....... (85) call bpf_map_lookup_elem#1       two arguments: it is there
 *     13: .12345.... (85) call bpf_xdp_adjust_head#44      hidden
 *
 * A helper with five arguments looks the same either way and is asked by itself.
 *
 * Source: Linux kernel/bpf/verifier.c, compute_live_registers(), get_call_summary().
 */
#ifndef BPFTOKEN_PROBE_CALLS_H
#define BPFTOKEN_PROBE_CALLS_H

#include "attr.h"

#include <stdbool.h>
#include <stdint.h>

#define CALLS_MORE_INSNS 3U /* of a program, beside one for each helper */
#define CALLS_LINE 96U /* bytes of log for an instruction, or less */
#define CALLS_LOG_LEVEL 2

enum calls_tell {
	CALLS_UNTOLD,
	CALLS_THERE,
	CALLS_HIDDEN,
};

/* Can be told from the log at all: false for those that need a program of their own. */
bool calls_can_tell(uint32_t helper);

/*
 * The program that calls all helpers below count that can be told; it is never loaded to
 * the end. insns has room for count + CALLS_MORE_INSNS. Returns how many there are.
 */
uint32_t calls_program(uint32_t count, struct attr_insn *insns);

/* What the log of that program tells of each; false when it tells nothing. */
bool calls_read(const char *log, uint32_t count, uint8_t *ret_tells);

#endif
