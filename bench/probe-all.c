/* SPDX-License-Identifier: MIT */
/*
 * What bench/probe measures. `probe-all report` asks everything that the library can
 * answer, from two threads; `probe-all cached` prints the nanoseconds that a probe takes
 * which was asked before, for one that works and for one with a reason.
 */
#include "bpftoken.h"
#include "names.h"
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CACHED_ROUNDS 100000
#define CACHED_BATCHES 21

static atomic_ulong answers[5];
static atomic_uint next_unit;

static void count(int answer)
{
	/* what cannot be asked (links on a kernel without them...) is no answer */
	if (answer >= 0)
		atomic_fetch_add_explicit(&answers[answer], 1, memory_order_relaxed);
}

static void maps(void)
{
	int types = names_kernel_count(BPFTOKEN_MAPS);

	for (uint32_t type = 1; type < (uint32_t)types; type++) {
		count(bpftoken_probe_map_type(type, -1, NULL));
		for (size_t i = 0; probe_map_flag_row(i); i++)
			count(bpftoken_probe_map_flag(type, probe_map_flag_row(i)->flag,
						      -1, NULL));
	}
}

static void others(void)
{
	int cmds = names_kernel_count(BPFTOKEN_CMDS);

	for (uint32_t cmd = 0; cmd < (uint32_t)cmds; cmd++)
		count(bpftoken_probe_cmd(cmd, -1, NULL));
	for (uint32_t feature = 0; feature < BPFTOKEN_FEATURES; feature++)
		count(bpftoken_probe_feature(feature, -1, NULL));
	for (uint32_t kind = 1; kind < probe_btf_kind_count(); kind++)
		count(bpftoken_probe_btf_kind(kind, -1, NULL));
	for (uint32_t link = 0; link < BPFTOKEN_LINKS; link++)
		count(bpftoken_probe_link(link, -1, NULL));
	for (size_t i = 0; probe_kfunc_name(i); i++)
		count(bpftoken_probe_kfunc(0, probe_kfunc_name(i), -1, NULL));
}

static void prog_type(uint32_t type)
{
	uint64_t attachs = type == TYPE_STRUCT_OPS ? 1 : attr_prog_attach_types(type);
	int types = names_kernel_count(BPFTOKEN_ATTACHS);

	count(bpftoken_probe_prog_type(type, BPFTOKEN_ATTACH_DEFAULT, -1, NULL));
	for (uint32_t attach = 0; attach < (uint32_t)types; attach++)
		if (attachs >> attach & 1)
			count(bpftoken_probe_prog_type(type, attach, -1, NULL));
	for (uint32_t helper = 1; helper < bpftoken_helper_count(); helper++)
		count(bpftoken_probe_helper(type, helper, -1, NULL));
}

static void *work(void *arg)
{
	uint32_t types = (uint32_t)names_kernel_count(BPFTOKEN_PROGS);

	(void)arg;
	for (;;) {
		uint32_t unit = atomic_fetch_add(&next_unit, 1);

		if (unit == 0)
			maps();
		else if (unit == 1)
			others();
		else if (unit - 1 < types)
			prog_type(unit - 1);
		else
			return NULL;
	}
}

static int report(void)
{
	pthread_t other;

	if (pthread_create(&other, NULL, work, NULL))
		return 1;
	work(NULL);
	pthread_join(other, NULL);
	for (uint32_t answer = 0; answer < 5; answer++)
		printf("%s %lu\n", bpftoken_answer_name(answer), answers[answer]);
	return answers[BPFTOKEN_WORKS] < 1000;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The best of some batches: others use the machine, too. */
static void cached(const char *name, int (*ask)(struct bpftoken_error *reason))
{
	struct bpftoken_error reason;
	double best = 1e9;

	(void)ask(&reason);
	for (int batch = 0; batch < CACHED_BATCHES; batch++) {
		double start = now_ns(), each;

		for (int i = 0; i < CACHED_ROUNDS; i++)
			(void)ask(&reason);
		each = (now_ns() - start) / CACHED_ROUNDS;
		if (each < best)
			best = each;
	}
	printf("%s %.1f\n", name, best);
}

static int ask_works(struct bpftoken_error *reason)
{
	return bpftoken_probe_map_type(TYPE_RINGBUF, -1, reason);
}

static int ask_reason(struct bpftoken_error *reason)
{
	return bpftoken_probe_map_type(63, -1, reason);
}

static int ask_helper(struct bpftoken_error *reason)
{
	return bpftoken_probe_helper(TYPE_SOCKET_FILTER, 1, -1, reason);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "report"))
		return report();
	if (argc != 2 || strcmp(argv[1], "cached") != 0) {
		fprintf(stderr, "usage: probe-all report|cached\n");
		return 2;
	}
	cached("works", ask_works);
	cached("reason", ask_reason);
	cached("helper", ask_helper);
	return 0;
}
