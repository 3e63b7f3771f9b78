/* SPDX-License-Identifier: MIT */
/*
 * map-create ROUNDS: what bpftoken_map_create() costs against the same bpf() call made by
 * hand, in turns in one process: rounds of CALLS calls of each, whichever first. Prints a
 * line for each round: the microseconds of a call by hand, and of one of the library. With
 * a token where there is one (bpftoken run), else without.
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

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int token = bpftoken_open(NULL, NULL);

	if (rounds < 4) {
		fputs("usage: map-create ROUNDS\n", stderr);
		return 2;
	}
	(void)measure(by_hand, token);
	(void)measure(by_library, token);
	for (size_t i = 0; i < rounds; i++) {
		double hand = 0, library;

		if (i % 2)
			hand = measure(by_hand, token);
		library = measure(by_library, token);
		if (i % 2 == 0)
			hand = measure(by_hand, token);
		printf("%.4f %.4f\n", hand, library);
	}
	return 0;
}
