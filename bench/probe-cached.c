/* SPDX-License-Identifier: MIT */
/*
 * The nanoseconds that a probe takes which was asked before: for one that works, for one
 * with a reason, and for a helper, which asks for its program type, too.
 */
#include "bpftoken.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 100000
#define BATCHES 21

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
	for (int batch = 0; batch < BATCHES; batch++) {
		double start = now_ns(), each;

		for (int i = 0; i < ROUNDS; i++)
			(void)ask(&reason);
		each = (now_ns() - start) / ROUNDS;
		if (each < best)
			best = each;
	}
	printf("%s %.1f\n", name, best);
}

static int ask_works(struct bpftoken_error *reason)
{
	return bpftoken_probe_map_type(27 /* ringbuf */, -1, reason);
}

static int ask_reason(struct bpftoken_error *reason)
{
	return bpftoken_probe_map_type(63, -1, reason);
}

static int ask_helper(struct bpftoken_error *reason)
{
	return bpftoken_probe_helper(1 /* socket_filter */, 1, -1, reason);
}

int main(void)
{
	cached("works", ask_works);
	cached("reason", ask_reason);
	cached("helper", ask_helper);
	return 0;
}
