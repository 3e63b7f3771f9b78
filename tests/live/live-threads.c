/* SPDX-License-Identifier: MIT */
/*
 * Many threads at once: some set the process-wide token, others read it, load with it and
 * probe with it, and some forget what was probed. The process always has a token, so no
 * load may fail, and every probe has one answer. Under ThreadSanitizer (the suite
 * live-tsan) a race is a failure, too.
 */
#include "live-more.h"

#include <pthread.h>
#include <stdatomic.h>

#define RUN_MS 1500
#define LONGEST_MS 20000

enum {
	CMD_MAP_FREEZE = 22,
	HELPER_LOOKUP = 1, /* map_lookup_elem: all types have it */
	HELPER_XDP = 44, /* xdp_adjust_head: one has it */
};

static int tokens[2];
static atomic_bool over;
static atomic_uint loads, sets, probes, forgets;

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
	unsigned int rounds = 0;

	(void)data;
	while (!atomic_load(&over)) {
		int token = bpftoken_global_get(), fd;

		EXPECT(token == tokens[0] || token == tokens[1]);
		EXPECT_EQ(closed(EXPECT_OK(try_map(MAP_RINGBUF, 0, &err), &err)), 0);
		/* the kernel's workers free programs: so few that they keep up */
		if (++rounds % 16 == 1)
			EXPECT_EQ(
				closed(EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, 0, &err),
						 &err)),
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

/* One of each kind of question, with a reason where there is one. */
static void ask_all(void)
{
	struct bpftoken_error reason;

	EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, 0, &reason), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_HASH, 0, &reason), BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "map type hash");
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_RINGBUF, 1, 0, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	EXPECT_HAS(reason.why, "no_prealloc");
	EXPECT_EQ(bpftoken_probe_prog_type(PROG_SOCKET_FILTER, 0, 0, &reason),
		  BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_helper(PROG_SOCKET_FILTER, HELPER_LOOKUP, 0, &reason),
		  BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_helper(PROG_SOCKET_FILTER, HELPER_XDP, 0, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	EXPECT_HAS(reason.why, "socket_filter");
	EXPECT_EQ(bpftoken_probe_helper(PROG_XDP, HELPER_XDP, 0, &reason),
		  BPFTOKEN_NOT_DELEGATED);
	EXPECT(bpftoken_probe_kfunc(0, "bpftoken_no_such_function", 0, &reason) != 0);
	EXPECT_EQ(bpftoken_probe_btf_kind(1, 0, &reason), BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "command btf_load");
	EXPECT_EQ(bpftoken_probe_cmd(CMD_MAP_FREEZE, 0, &reason), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_cmd(ATTR_BTF_LOAD, 0, &reason), BPFTOKEN_NOT_DELEGATED);
	EXPECT_EQ(bpftoken_probe_link(BPFTOKEN_LINK_SK_LOOKUP, 0, &reason),
		  BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "sk_lookup");
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_RING_BUFFER, 0, &reason),
		  BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_BOUNDED_LOOPS, 0, &reason),
		  BPFTOKEN_WORKS);
}

static void *probe(void *data)
{
	(void)data;
	while (!atomic_load(&over)) {
		ask_all();
		EXPECT_STR(bpftoken_name(BPFTOKEN_MAPS, MAP_RINGBUF), "ringbuf");
		atomic_fetch_add(&probes, 1);
		usleep(1000);
	}
	return NULL;
}

static void *forget(void *data)
{
	unsigned int i = 0;

	(void)data;
	while (!atomic_load(&over)) {
		EXPECT(bpftoken_probe_forget(i++ % 2 ? 0 : INT32_MIN) >= 0);
		atomic_fetch_add(&forgets, 1);
		usleep(500);
	}
	return NULL;
}

static bool all_ran(void)
{
	return atomic_load(&loads) > 10 && atomic_load(&sets) > 10 &&
	       atomic_load(&probes) > 10 && atomic_load(&forgets) > 10;
}

static void stress(void *data)
{
	static void *(*const bodies[])(void *) = { set_tokens, load, probe, load,  probe,
						   set_tokens, load, probe, forget };
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
	printf("# %u loads, %u rounds of probes, %u times another token, %u forgotten\n",
	       atomic_load(&loads), atomic_load(&probes), atomic_load(&sets),
	       atomic_load(&forgets));
	fflush(stdout);
}

static void threads_at_once(void)
{
	live_in_container(SMALL_POLICY, stress, NULL);
}

static const struct live_test tests[] = {
	{ "tokens, loads and probes in nine threads", threads_at_once, false },
};

LIVE_MAIN(tests)
