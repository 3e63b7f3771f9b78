/* SPDX-License-Identifier: MIT */
/*
 * map-create [ROUNDS]: what bpftoken_map_create() costs against the same bpf() call made
 * by hand, in turns in one process: rounds of CALLS calls of each, whichever first. Prints
 * both medians and the median and quartiles of the ratios within the rounds; fails above
 * MAX_RATIO. With a token where there is one (bpftoken run), else without.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpftoken.h>

#define CALLS 400
#define MAX_ROUNDS 2000
#define MAX_RATIO 1.05
#define TOKEN_FLAG (1U << 16)

/* As the kernel has it since 6.9; the header that we are built with may be older. */
struct map_attr {
	uint32_t type, key_size, value_size, max_entries, flags, inner, node;
	char name[16];
	uint32_t rest[8], token_fd;
};
_Static_assert(sizeof(struct map_attr) == 80, "token_fd is at 76");

static int by_hand(int token)
{
	struct map_attr attr = { .type = BPF_MAP_TYPE_ARRAY,
				 .key_size = 4,
				 .value_size = 4,
				 .max_entries = 1 };

	memcpy(attr.name, "bench", sizeof("bench"));
	if (token >= 0) {
		attr.flags = TOKEN_FLAG;
		attr.token_fd = (uint32_t)token;
	}
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int by_library(int token)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	struct bpftoken_error err;

	opts.token_fd = token;
	opts.type = BPF_MAP_TYPE_ARRAY;
	opts.key_size = opts.value_size = 4;
	opts.max_entries = 1;
	opts.name = "bench";
	return bpftoken_map_create(&opts, &err);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Microseconds of one call; closing is the same for both, and not measured. */
static double measure(int (*create)(int token), int token)
{
	int fds[CALLS];
	double start = now_us(), end;

	for (int i = 0; i < CALLS; i++)
		fds[i] = create(token);
	end = now_us();
	for (int i = 0; i < CALLS; i++) {
		if (fds[i] < 0) {
			fprintf(stderr, "map-create: no map: run as root\n");
			exit(1);
		}
		close(fds[i]);
	}
	return (end - start) / CALLS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double hand[MAX_ROUNDS], library[MAX_ROUNDS], ratio[MAX_ROUNDS];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 400;
	int token = bpftoken_open(NULL, NULL);

	if (rounds < 4 || rounds > MAX_ROUNDS)
		return 2;
	(void)measure(by_hand, token);
	(void)measure(by_library, token);
	for (size_t i = 0; i < rounds; i++) {
		if (i % 2)
			library[i] = measure(by_library, token);
		hand[i] = measure(by_hand, token);
		if (i % 2 == 0)
			library[i] = measure(by_library, token);
		ratio[i] = library[i] / hand[i];
	}
	qsort(hand, rounds, sizeof(double), compare);
	qsort(library, rounds, sizeof(double), compare);
	qsort(ratio, rounds, sizeof(double), compare);
	printf("a map, %s: by hand %.2f us, bpftoken_map_create %.2f us\n"
	       "ratio %.3f, quartiles %.3f %.3f, at most %.2f: %s\n",
	       token < 0 ? "without a token" : "with a token", hand[rounds / 2],
	       library[rounds / 2], ratio[rounds / 2], ratio[rounds / 4],
	       ratio[rounds * 3 / 4], MAX_RATIO,
	       ratio[rounds / 2] <= MAX_RATIO ? "ok" : "TOO SLOW");
	return ratio[rounds / 2] > MAX_RATIO;
}
