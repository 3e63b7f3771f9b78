/* SPDX-License-Identifier: MIT */
/* What the tests of the dialects have in common: tables of texts, random policies. */
#ifndef TEST_DIALECT_TEST_H
#define TEST_DIALECT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialect.h"

/* A text that is a policy; mask in the order of enum bpftoken_set. */
struct good_text {
	const char *text;
	uint64_t mask[BPFTOKEN_SETS];
	uint64_t memlock;
};

/* A text that is none. */
struct bad_text {
	const char *text;
	int code;
	uint32_t line, column;
	const char *why, *fix;
};

static inline void check_good(const char *dialect, const struct good_text *row)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err = { .code = 1 };

	if (bpftoken_policy_parse(row->text, dialect, &policy, &err) < 0)
		fail_msg("\"%s\": %s", row->text, err.why);
	if (memcmp(policy->mask, row->mask, sizeof(policy->mask)) ||
	    policy->memlock != row->memlock)
		fail_msg("\"%s\" was misread", row->text);
	assert_int_equal(err.code, 1);
}

static inline void check_bad(const char *dialect, const struct bad_text *row)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err = { .code = 1 };
	int r = bpftoken_policy_parse(row->text, dialect, &policy, &err);

	if (r != row->code || err.line != row->line || err.column != row->column)
		fail_msg("\"%s\": %d at %u:%u: %s", row->text, r, err.line, err.column,
			 err.why);
	assert_null(policy);
	assert_int_equal(err.code, r);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_POLICY);
	assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
	assert_string_equal(err.what, "cannot read the policy");
	assert_string_equal(err.why, row->why);
	assert_string_equal(err.fix, row->fix);
	assert_int_equal(bpftoken_policy_parse(row->text, dialect, &policy, NULL), r);
}

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Sets of every density, empty, "any", and bits that nobody names. */
static inline void random_policy(uint64_t *random, struct bpftoken_policy *policy)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t mask = next_random(random);
		unsigned int more = (unsigned int)(next_random(random) >> 32) % 8;

		for (unsigned int i = 0; i < more && i < 5; i++)
			mask &= next_random(random);
		policy->mask[set] = more == 6 ? 0 : more == 7 ? POLICY_ANY : mask;
	}
	policy->memlock = next_random(random) >> next_random(random) % 64;
	policy->target[0] = '\0';
}

static inline struct bpftoken_policy *
through(const char *dialect, const struct bpftoken_policy *policy, const char *parse_as)
{
	struct bpftoken_policy *back = NULL;
	struct bpftoken_error err;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(bpftoken_policy_format(policy, dialect, &text, &err), 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
	if (bpftoken_policy_parse(text, parse_as, &back, &err) < 0)
		fail_msg("%s: %s", text, err.why);
	return back;
}

/* parse(format(p)) == p, with the dialect named and with the dialect detected. */
static inline void check_round_trips(const char *dialect, bool memlock)
{
	uint64_t seed = 0x9e3779b97f4a7c15, random = seed;

	print_message("# seed 0x%llx\n", (unsigned long long)seed);
	for (int round = 0; round < 3000; round++) {
		_cleanup_policy_ struct bpftoken_policy *back = NULL;
		struct bpftoken_policy policy;

		random_policy(&random, &policy);
		back = through(dialect, &policy, round % 2 ? dialect : NULL);
		assert_true(bpftoken_policy_equal(&policy, back));
		if (memlock)
			assert_true(policy.memlock == back->memlock);
	}
}

/* Texts made of random pieces: whatever they are, nothing breaks. */
static inline void check_noise(const char *dialect, const char *const pieces[],
			       size_t count)
{
	uint64_t seed = 0xd1b54a32d192ed03, random = seed;

	print_message("# seed 0x%llx\n", (unsigned long long)seed);
	for (int round = 0; round < 20000; round++) {
		struct bpftoken_policy *policy = NULL;
		struct bpftoken_error err = { .code = 0 };
		char text[512] = "";
		size_t len = 0;

		for (uint64_t i = next_random(&random) % 12; i; i--)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
						pieces[next_random(&random) % count]);
		if (bpftoken_policy_parse(text, dialect, &policy, &err) >= 0) {
			bpftoken_policy_free(policy);
			continue;
		}
		assert_null(policy);
		for (const char *c = err.why; *c; c++)
			assert_in_range(*c, ' ', '~');
		for (const char *c = err.fix; *c; c++)
			assert_in_range(*c, ' ', '~');
	}
}

#endif
