/* SPDX-License-Identifier: MIT */
/* What the tests of the host's dialects share: random policies, and errors by a table. */
#ifndef TEST_HOST_POLICY_H
#define TEST_HOST_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialects.h"

/* xorshift64: the same policies in every run. */
static inline uint64_t random_bits(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t random_mask(uint64_t *state)
{
	uint64_t bits = random_bits(state);

	switch (random_bits(state) % 6) {
	case 0:
		return 0;
	case 1:
		return POLICY_ANY;
	case 2: /* all names */
		return (UINT64_C(1) << 62) - 1;
	case 3: /* one bit */
		return UINT64_C(1) << bits % 64;
	case 4: /* few, low bits, which have names */
		return bits & random_bits(state) & 0xffffffff;
	default:
		return bits;
	}
}

static inline uint64_t random_memlock(uint64_t *state)
{
	uint64_t bits = random_bits(state);

	return bits % 3 == 0 ? 0 : bits % 3 == 1 ? POLICY_UNLIMITED : bits >> bits % 60;
}

/* parse(format(p)) == p, with the dialect named and detected, and format() is stable. */
static inline void check_round_trips(const char *dialect, int count)
{
	uint64_t state = 0x9e3779b97f4a7c15;

	for (int i = 0; i < count; i++) {
		struct bpftoken_policy policy = { .memlock = random_memlock(&state) };
		struct bpftoken_policy *again;
		char *text, *second;

		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
			policy.mask[set] = random_mask(&state);
		assert_int_equal(host_policy_format(dialect, &policy, &text, NULL), 0);
		assert_int_equal(host_policy_parse(i % 2 ? dialect : NULL, text, &again,
						   NULL, NULL),
				 0);
		assert_memory_equal(again, &policy, sizeof(policy));
		assert_int_equal(host_policy_format(dialect, again, &second, NULL), 0);
		assert_string_equal(text, second);
		bpftoken_policy_free(again);
		free(second);
		free(text);
	}
}

struct bad_text {
	const char *text;
	int code;
	uint32_t line, column;
	const char *why, *fix; /* parts of the error's sentences */
};

/* Every text is refused, at its position, with and without an error to fill. */
static inline void check_bad_texts(const char *dialect, const struct bad_text *rows,
				   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bpftoken_policy *policy = NULL;
		struct bpftoken_error err;
		int r = host_policy_parse(dialect, rows[i].text, &policy, NULL, &err);

		if (r != rows[i].code || err.line != rows[i].line ||
		    err.column != rows[i].column || !strstr(err.why, rows[i].why) ||
		    !strstr(err.fix, rows[i].fix))
			fail_msg("%s: %d at %u:%u: %s: %s", rows[i].text, r, err.line,
				 err.column, err.why, err.fix);
		assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
		assert_null(strpbrk(err.why, "\n\t\x1b"));
		r = host_policy_parse(dialect, rows[i].text, &policy, NULL, NULL);
		assert_int_equal(r, rows[i].code);
		assert_null(policy);
	}
}

#endif
