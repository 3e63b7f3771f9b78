/* SPDX-License-Identifier: MIT */
/*
 * The answers that were given, by question and token. Reading takes no lock and may
 * happen while other threads add and forget: what was once published is never changed but
 * for the mark that it counts, and never freed. Asked again after being forgotten, an
 * answer that is the same is marked again, so that memory is bounded by the different
 * answers to the different questions.
 */
#ifndef BPFTOKEN_PROBE_CACHE_H
#define BPFTOKEN_PROBE_CACHE_H

#include "bpftoken.h"

#include <stdbool.h>

struct cache_key {
	uint32_t what, a, b;
	int32_t token_fd; /* -1 = none */
};

struct cache_answer {
	int answer; /* enum bpftoken_answer */
	const struct bpftoken_error *reason; /* NULL where there is none to keep */
};

bool cache_find(const struct cache_key *key, struct cache_answer *ret_answer);

/* Take this before asking: an answer to an older question is not kept. */
uint32_t cache_epoch(void);

/* Keeps copies; without memory nothing is kept. */
void cache_keep(const struct cache_key *key, uint32_t epoch, int answer,
		const struct bpftoken_error *reason);

/* Forgets what was asked with this token, or all for INT32_MIN: how many answers. */
int cache_forget(int32_t token_fd);

#endif
