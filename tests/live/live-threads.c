/* SPDX-License-Identifier: MIT */
/*
 * Many threads at once: some set the process-wide token, others read it, load with it and
 * probe with it. The process always has a token, so no load may fail. Under ThreadSanitizer
 * (the suite live-tsan) a race is a failure, too.
 */
#include "live-more.h"

#include <pthread.h>
#include <stdatomic.h>

#define RUN_MS 1500
#define LONGEST_MS 20000

static int tokens[2];
static atomic_bool over;
static atomic_uint loads, sets, probes;

static void *set_tokens(void *data)
{
	unsigned int i = 0;

	(void)data;
	while (!atomic_load(&over)) {
		int before = bpftoken_global_set(tokens[i++ % 2]);

		EXPECT(before == tokens[0] || before == tokens[1]);
		atomic_fetch_add(&sets, 1);
		usleep(20);
	}
	return NULL;
}

static void *load(void *data)
{
	struct attr_map_create attr = { .map_type = MAP_RINGBUF,
					.max_entries = (uint32_t)getpagesize() };
	struct bpftoken_error err;

	(void)data;
	while (!atomic_load(&over)) {
		int token = bpftoken_global_get(), fd;

		EXPECT(token == tokens[0] || token == tokens[1]);
		EXPECT_EQ(closed(EXPECT_OK(try_map(MAP_RINGBUF, 0, &err), &err)), 0);
		EXPECT_EQ(
			closed(EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, 0, &err), &err)),
			0);
		fd = bpftoken_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr), NULL);
		EXPECT(fd >= 0);
		close(fd);
		/* refused, and explained, while the others work */
		EXPECT_EQ(try_map(MAP_HASH, 0, &err), -EPERM);
		EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
		EXPECT_HAS(err.why, "map type hash");
		atomic_fetch_add(&loads, 1);
	}
	return NULL;
}

static void *probe(void *data)
{
	(void)data;
	while (!atomic_load(&over)) {
		EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, 0, NULL), BPFTOKEN_WORKS);
		EXPECT_EQ(bpftoken_probe_map_type(MAP_HASH, 0, NULL),
			  BPFTOKEN_NOT_DELEGATED);
		EXPECT_EQ(bpftoken_probe_prog_type(PROG_SOCKET_FILTER, 0, 0, NULL),
			  BPFTOKEN_WORKS);
		EXPECT_STR(bpftoken_name(BPFTOKEN_MAPS, MAP_RINGBUF), "ringbuf");
		atomic_fetch_add(&probes, 1);
	}
	return NULL;
}

static bool all_ran(void)
{
	return atomic_load(&loads) > 10 && atomic_load(&sets) > 10 &&
	       atomic_load(&probes) > 10;
}

static void stress(void *data)
{
	static void *(*const bodies[])(void *) = { set_tokens, load,	   probe, load,
						   probe,      set_tokens, load,  probe };
	pthread_t threads[LIVE_COUNT(bodies)];
	struct bpftoken_error err;

	(void)data;
	for (int i = 0; i < 2; i++)
		tokens[i] = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	bpftoken_global_set(tokens[0]);
	for (size_t i = 0; i < LIVE_COUNT(bodies); i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, bodies[i], NULL), 0);
	/* a slow machine gets the time that it needs to get anywhere */
	for (int ms = 0; ms < RUN_MS || (ms < LONGEST_MS && !all_ran()); ms += 100)
		usleep(100 * 1000);
	atomic_store(&over, true);
	for (size_t i = 0; i < LIVE_COUNT(bodies); i++)
		EXPECT_EQ(pthread_join(threads[i], NULL), 0);
	EXPECT(all_ran());
	printf("# %u loads, %u probes, %u times another token\n", atomic_load(&loads),
	       atomic_load(&probes), atomic_load(&sets));
	fflush(stdout);
}

static void threads_at_once(void)
{
	live_in_container(SMALL_POLICY, stress, NULL);
}

static const struct live_test tests[] = {
	{ "tokens, loads and probes in eight threads", threads_at_once, false },
};

LIVE_MAIN(tests)
