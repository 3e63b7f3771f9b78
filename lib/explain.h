/* SPDX-License-Identifier: MIT */
/*
 * The rows behind bpftoken_explain(), for who wants all of them: docs/messages.md is made
 * of them.
 */
#ifndef BPFTOKEN_EXPLAIN_H
#define BPFTOKEN_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#define ANY_STAGE UINT32_MAX

struct remedy {
	uint32_t stage;
	int code; /* 0 = any */
	uint32_t kind;
	const char *why; /* NULL: the errno's own text */
	const char *fix; /* NULL: none */
};

/* What failed at a stage, as a sentence's beginning; NULL for one that there is not. */
const char *explain_stage(uint32_t stage);

/* Row n, in the order in which they are searched; NULL past the last. */
const struct remedy *explain_remedy(size_t n);

#endif
