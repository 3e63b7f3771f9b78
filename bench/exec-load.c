/* SPDX-License-Identifier: MIT */
/*
 * What `bpftoken exec` is measured with: a whole load with libbpf, and a busy data plane.
 *
 * exec-load load OBJECT PATH TIMES    loads OBJECT with the token of PATH; "" is none
 * exec-load data PATH FILTER MAP TIMES
 *                                     looks up and updates (MAP table), or looks up (array),
 *                                     a map made with that token, and prints the nanoseconds
 *                                     of one, the median of 100 parts of them: what else the
 *                                     machine does stretches some; FILTER idle or least:
 *                                     under such a seccomp filter
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PARTS 100

/* Linux 6.9: newer than the build header may be. */
#define F_TOKEN_FD (1U << 16)

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int load(const char *object, const char *path, int times)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .bpf_token_path = path);

	while (times-- > 0) {
		struct bpf_object *loaded = bpf_object__open_file(object, &opts);

		if (!loaded || bpf_object__load(loaded) < 0)
			return fail("load");
		bpf_object__close(loaded);
	}
	return 0;
}

/* The least that a filter can cost: the kernel answers from a bitmap and runs nothing. */
static const struct sock_filter idle[] = {
	BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
};

/* The least that one can cost which reads an argument, as one that tells commands has to. */
static const struct sock_filter least[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 2),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffff, 0, 0),
	BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
};

static int use_filter(const char *name)
{
	struct sock_fprog program = { 0 };

	if (!strcmp(name, "idle"))
		program = (struct sock_fprog){ sizeof(idle) / sizeof(idle[0]),
					       (struct sock_filter *)(uintptr_t)idle };
	else if (!strcmp(name, "least"))
		program = (struct sock_fprog){ sizeof(least) / sizeof(least[0]),
					       (struct sock_filter *)(uintptr_t)least };
	else
		return 0;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* A table of connections, say, as it is read and kept; or the cheapest map that there is. */
static const struct shape {
	const char *name;
	enum bpf_map_type type;
	uint32_t key, value, entries, updates_each;
} shapes[] = {
	{ "table", BPF_MAP_TYPE_HASH, 16, 64, 10000, 2 },
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 },
};

/* Key n of a table: neighbours are far from one another. */
static void *key_of(uint32_t n, const struct shape *shape, uint64_t key[2])
{
	key[0] = shape->entries > 1 ? n * 0x9e3779b97f4a7c15ULL : 0;
	key[1] = ~key[0];
	return key;
}

static int make_map(const char *path, const struct shape *shape)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	uint64_t key[2], value[8] = { 1 };
	int fd;

	if (path[0]) {
		opts.token_fd =
			bpf_token_create(open(path, O_RDONLY | O_DIRECTORY), NULL);
		opts.map_flags = F_TOKEN_FD;
	}
	fd = bpf_map_create(shape->type, "bench", shape->key, shape->value,
			    shape->entries, &opts);
	for (uint32_t i = 0; fd >= 0 && i < shape->entries; i++)
		if (bpf_map_update_elem(fd, key_of(i, shape, key), value, 0) < 0)
			return -1;
	return fd;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int data(const char *path, const char *filter, const char *map, uint32_t times)
{
	const struct shape *shape = &shapes[!strcmp(map, "array")];
	uint64_t key[2], value[8] = { 1 };
	int fd = make_map(path, shape);
	double parts[PARTS], begin;

	if (fd < 0)
		return fail("map");
	if (use_filter(filter) < 0)
		return fail("filter");
	begin = now_ns();
	for (uint32_t i = 0; i < times / PARTS * PARTS; i++) {
		void *place = key_of(i * 7919 % shape->entries, shape, key);
		int r = shape->updates_each && i % shape->updates_each
				? bpf_map_update_elem(fd, place, value, 0)
				: bpf_map_lookup_elem(fd, place, value);

		if (r < 0)
			return fail("data");
		if ((i + 1) % (times / PARTS))
			continue;
		parts[i / (times / PARTS)] = (now_ns() - begin) / (times / PARTS);
		begin = now_ns();
	}
	qsort(parts, PARTS, sizeof(parts[0]), compare);
	printf("%.2f\n", parts[PARTS / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], strcmp(argv[3], "none") ? argv[3] : "",
			    atoi(argv[4]));
	if (argc == 6 && !strcmp(argv[1], "data"))
		return data(strcmp(argv[2], "none") ? argv[2] : "", argv[3], argv[4],
			    (uint32_t)atol(argv[5]));
	fputs("usage: exec-load load OBJECT PATH TIMES | data PATH FILTER MAP TIMES\n",
	      stderr);
	return 2;
}
