/* SPDX-License-Identifier: MIT */
/* What the probes remember: answers and reasons, forgetting, and many threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "probe-cache.h"
#include "util.h"

#define QUESTIONS 20000U /* more than there are chains */
#define THREADS 4
#define ROUNDS 20

static struct cache_key key_of(uint32_t n, int32_t token_fd)
{
	return (struct cache_key){ n % 7, n, n / 3, token_fd };
}

static int forget_all(_unused_ void **state)
{
	(void)cache_forget(INT32_MIN);
	return 0;
}

static void test_keeps(_unused_ void **state)
{
	struct bpftoken_error reason = { .code = -EPERM, .why = "because" };
	struct cache_key key = key_of(1, 5), other = key_of(1, 6);
	struct cache_answer answer;

	assert_false(cache_find(&key, &answer));
	cache_keep(&key, cache_epoch(), BPFTOKEN_BLOCKED, &reason);
	reason.why[0] = '\0';
	assert_true(cache_find(&key, &answer));
	assert_int_equal(answer.answer, BPFTOKEN_BLOCKED);
	assert_string_equal(answer.reason->why, "because");
	assert_false(cache_find(&other, &answer));
	cache_keep(&other, cache_epoch(), BPFTOKEN_WORKS, NULL);
	assert_true(cache_find(&other, &answer));
	assert_int_equal(answer.answer, BPFTOKEN_WORKS);
	assert_null(answer.reason);
}

static void test_first_answer_stays(_unused_ void **state)
{
	struct cache_key key = key_of(2, 5);
	struct cache_answer answer;

	cache_keep(&key, cache_epoch(), BPFTOKEN_WORKS, NULL);
	cache_keep(&key, cache_epoch(), BPFTOKEN_BLOCKED, NULL);
	assert_true(cache_find(&key, &answer));
	assert_int_equal(answer.answer, BPFTOKEN_WORKS);
}

static void test_forgets(_unused_ void **state)
{
	struct cache_answer answer;

	for (uint32_t n = 0; n < QUESTIONS; n++) {
		struct cache_key key = key_of(n, n % 2 ? 5 : -1);

		cache_keep(&key, cache_epoch(), BPFTOKEN_WORKS, NULL);
	}
	assert_int_equal(cache_forget(7), 0);
	assert_int_equal(cache_forget(5), QUESTIONS / 2);
	for (uint32_t n = 0; n < QUESTIONS; n++) {
		struct cache_key key = key_of(n, n % 2 ? 5 : -1);

		assert_int_equal(cache_find(&key, &answer), n % 2 == 0);
	}
	assert_int_equal(cache_forget(INT32_MIN), QUESTIONS / 2);
	assert_int_equal(cache_forget(INT32_MIN), 0);
}

/* Another answer after forgetting; the first again is the very same object. */
static void test_answers_change(_unused_ void **state)
{
	struct bpftoken_error first = { .code = -EPERM, .why = "first" };
	struct bpftoken_error second = { .code = -EPERM, .why = "second" };
	struct cache_key key = key_of(3, 5);
	struct cache_answer answer, again;

	cache_keep(&key, cache_epoch(), BPFTOKEN_BLOCKED, &first);
	assert_true(cache_find(&key, &answer));
	assert_int_equal(cache_forget(5), 1);
	assert_false(cache_find(&key, &again));
	cache_keep(&key, cache_epoch(), BPFTOKEN_NO_CAPABILITY, &second);
	assert_true(cache_find(&key, &again));
	assert_string_equal(again.reason->why, "second");
	/* whoever still holds the old one may read it */
	assert_string_equal(answer.reason->why, "first");
	assert_int_equal(cache_forget(5), 1);
	cache_keep(&key, cache_epoch(), BPFTOKEN_BLOCKED, &first);
	assert_true(cache_find(&key, &again));
	assert_ptr_equal(again.reason, answer.reason);
	assert_int_equal(cache_forget(5), 1);
}

/* Asked before somebody forgot, answered afterwards: may be true no more. */
static void test_late_answer(_unused_ void **state)
{
	struct cache_key key = key_of(4, 5);
	uint32_t epoch = cache_epoch();
	struct cache_answer answer;

	(void)cache_forget(5);
	cache_keep(&key, epoch, BPFTOKEN_WORKS, NULL);
	assert_false(cache_find(&key, &answer));
}

static atomic_uint wrong;

static void *work(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg;
	struct bpftoken_error reason = { .code = -EPERM };

	for (uint32_t i = 0; i < ROUNDS * 500; i++) {
		uint32_t n = (i * 7 + seed) % 500;
		struct cache_key key = key_of(n, 5);
		struct cache_answer answer;
		uint32_t epoch = cache_epoch();

		if (cache_find(&key, &answer)) {
			if (answer.answer != (int)(n % 5) || !answer.reason ||
			    answer.reason->type != n)
				atomic_fetch_add(&wrong, 1);
			continue;
		}
		reason.type = n;
		cache_keep(&key, epoch, (int)(n % 5), &reason);
		if (i % 999 == seed)
			(void)cache_forget(5);
	}
	return NULL;
}

static void test_threads(_unused_ void **state)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keeps, forget_all),
		cmocka_unit_test_setup(test_first_answer_stays, forget_all),
		cmocka_unit_test_setup(test_forgets, forget_all),
		cmocka_unit_test_setup(test_answers_change, forget_all),
		cmocka_unit_test_setup(test_late_answer, forget_all),
		cmocka_unit_test_setup(test_threads, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
