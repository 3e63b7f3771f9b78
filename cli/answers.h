/* SPDX-License-Identifier: MIT */
/*
 * How the commands that probe say what they found: the answer in words, its exit status,
 * and reasons with numbers, each said once below what refers to it.
 */
#ifndef BPFTOKEN_ANSWERS_H
#define BPFTOKEN_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

/* In the functions below answer is enum bpftoken_answer, or a negative errno. */

/* "works", "not delegated"...; "not asked" for an errno. */
const char *answer_word(int answer);
/* The exit status of a command that was asked this alone. */
int answer_status(int answer);

/* Zero is an empty list. */
struct reasons {
	struct reason_row {
		char *why, *fix;
	} * rows;
	size_t count, size;
};

/* Number of a reason, from 1; the same one is listed once. 0: no memory. */
size_t reasons_number(struct reasons *reasons, const char *why, const char *fix);
/* "[1] why" and "to change it: fix" of each. */
void reasons_print(const struct reasons *reasons);
void reasons_done(struct reasons *reasons);

#define _cleanup_reasons_ _cleanup_(reasons_done)

#endif
