/* SPDX-License-Identifier: MIT */
/*
 * A table of chains, one entry for each question, in each a chain of the answers that it
 * was given. Chains grow at their heads; a pointer is stored with release after what it
 * points to is complete, and loaded with acquire.
 */
#include "probe-cache.h"

#include "util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define CHAINS 8192U /* a report asks as many questions */

struct given {
	struct given *next; /* answers given before this one */
	const struct bpftoken_error *reason;
	int answer;
	atomic_bool counts; /* false: forgotten */
};

struct entry {
	struct entry *next;
	struct cache_key key;
	_Atomic(struct given *) answers;
};

static _Atomic(struct entry *) chains[CHAINS];
static atomic_uint epoch;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static _Atomic(struct entry *) *chain_of(const struct cache_key *key)
{
	uint64_t hash = key->what;

	hash = (hash ^ key->a) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32 ^ key->b) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32 ^ (uint32_t)key->token_fd) *
	       UINT64_C(0x9e3779b97f4a7c15);
	return &chains[hash >> 51];
}

static bool same_key(const struct cache_key *a, const struct cache_key *b)
{
	return a->what == b->what && a->a == b->a && a->b == b->b &&
	       a->token_fd == b->token_fd;
}

static struct entry *find_entry(const struct cache_key *key)
{
	struct entry *entry = atomic_load_explicit(chain_of(key), memory_order_acquire);

	while (entry && !same_key(&entry->key, key))
		entry = entry->next;
	return entry;
}

bool cache_find(const struct cache_key *key, struct cache_answer *ret_answer)
{
	const struct entry *entry = find_entry(key);
	struct given *given;

	if (!entry)
		return false;
	given = atomic_load_explicit(&entry->answers, memory_order_acquire);
	for (; given; given = given->next) {
		if (!atomic_load_explicit(&given->counts, memory_order_relaxed))
			continue;
		*ret_answer = (struct cache_answer){ given->answer, given->reason };
		return true;
	}
	return false;
}

uint32_t cache_epoch(void)
{
	return atomic_load(&epoch);
}

static struct entry *add_entry(const struct cache_key *key)
{
	_Atomic(struct entry *) *chain = chain_of(key);
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->key = *key;
	entry->next = atomic_load_explicit(chain, memory_order_relaxed);
	atomic_store_explicit(chain, entry, memory_order_release);
	return entry;
}

static bool same_answer(const struct given *given, int answer,
			const struct bpftoken_error *reason)
{
	if (given->answer != answer || !given->reason != !reason)
		return false;
	return !reason || !memcmp(given->reason, reason, sizeof(*reason));
}

static void add_answer(struct entry *entry, int answer,
		       const struct bpftoken_error *reason)
{
	_cleanup_free_ struct bpftoken_error *copy = NULL;
	struct given *given = atomic_load_explicit(&entry->answers, memory_order_relaxed);
	struct given *first = given;

	for (; given; given = given->next) {
		if (!same_answer(given, answer, reason))
			continue;
		atomic_store_explicit(&given->counts, true, memory_order_relaxed);
		return;
	}
	if (reason) {
		copy = malloc(sizeof(*copy));
		if (!copy)
			return;
		*copy = *reason;
	}
	given = calloc(1, sizeof(*given));
	if (!given)
		return;
	given->next = first;
	given->answer = answer;
	given->reason = TAKE_PTR(copy);
	atomic_init(&given->counts, true);
	atomic_store_explicit(&entry->answers, given, memory_order_release);
}

void cache_keep(const struct cache_key *key, uint32_t asked, int answer,
		const struct bpftoken_error *reason)
{
	struct cache_answer other;
	struct entry *entry;

	pthread_mutex_lock(&lock);
	/* two threads may have asked the same: one answer is enough */
	if (asked == atomic_load(&epoch) && !cache_find(key, &other)) {
		entry = find_entry(key);
		if (!entry)
			entry = add_entry(key);
		if (entry)
			add_answer(entry, answer, reason);
	}
	pthread_mutex_unlock(&lock);
}

static int forget_entry(struct entry *entry)
{
	struct given *given = atomic_load_explicit(&entry->answers, memory_order_relaxed);
	int forgotten = 0;

	for (; given; given = given->next)
		forgotten += atomic_exchange(&given->counts, false);
	return forgotten;
}

int cache_forget(int32_t token_fd)
{
	int forgotten = 0;

	pthread_mutex_lock(&lock);
	atomic_fetch_add(&epoch, 1);
	for (size_t i = 0; i < CHAINS; i++) {
		struct entry *entry =
			atomic_load_explicit(&chains[i], memory_order_relaxed);

		for (; entry; entry = entry->next)
			if (token_fd == INT32_MIN || entry->key.token_fd == token_fd)
				forgotten += forget_entry(entry);
	}
	pthread_mutex_unlock(&lock);
	return forgotten;
}
