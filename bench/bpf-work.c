/* SPDX-License-Identifier: MIT */
/*
 * Work for bench/learn, that times itself, its start and end excluded:
 *
 * bpf-work data|array|load|other COUNT [allow|argument]
 *
 * data: look-ups and updates of a table of connections: a hash map of 65,536 entries with
 * keys of 16 bytes, in scattered order, and values of 64; array: of one entry of an array,
 * the cheapest call there is; load: maps and programs made and closed; other: getppid(2).
 * With a second word under a seccomp filter: one that allows everything, whose answer the
 * kernel keeps, so that it never runs; or the least that reads an argument of bpf(2), which
 * has to run for each call. Prints the nanoseconds of one of COUNT, the median of 100 parts
 * of them: what else the machine does stretches some.
 */
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

#define CMD_MAP_CREATE 0
#define CMD_LOOKUP 1
#define CMD_UPDATE 2
#define CMD_PROG_LOAD 5
#define CMD_UPDATE_BATCH 26
#define CMD_NONE 0xffff

#define MAP_HASH 1
#define MAP_ARRAY 2

/* As many as the kernel's own table of connections has by default on a small machine. */
#define CONNECTIONS 65536
#define STEP 7919 /* a prime: visits each of them before it comes to one again */

struct connection {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint32_t protocol;
};

struct element_attr {
	uint64_t map_fd, key, value, flags;
};

struct batch_attr {
	uint64_t in, out, keys, values;
	uint32_t count, map_fd;
	uint64_t element_flags, flags;
};

static long bpf(int cmd, void *attr, unsigned int size)
{
	long r = syscall(SYS_bpf, cmd, attr, size);

	if (r < 0) {
		perror("bpf-work: bpf");
		exit(1);
	}
	return r;
}

static int make_map(uint32_t type, uint32_t key_size, uint32_t value_size,
		    uint32_t entries)
{
	uint32_t attr[18] = { type, key_size, value_size, entries };

	return (int)bpf(CMD_MAP_CREATE, attr, sizeof(attr));
}

static int load_prog(void)
{
	static const uint64_t insns[] = { 0xb7, 0x95 }; /* r0 = 0; exit */
	uint64_t attr[9] = { 1 | (uint64_t)2 << 32, (uintptr_t)insns, (uintptr_t) "GPL" };

	return (int)bpf(CMD_PROG_LOAD, attr, sizeof(attr));
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static struct element_attr element; /* of the map that is worked on */
static struct connection table[CONNECTIONS];
static uint64_t value[8];

/* By one call, which strace does not hold up for long. */
static void prepare_data(void)
{
	static uint64_t values[CONNECTIONS][8];
	struct batch_attr all = { .keys = (uintptr_t)table, .values = (uintptr_t)values };

	for (uint32_t i = 0; i < CONNECTIONS; i++)
		table[i] = (struct connection){
			.source = 0x0a000000U + i * 2654435761U % 65536,
			.destination = 0xc0a80001U,
			.source_port = (uint16_t)(1024 + i),
			.destination_port = 443,
			.protocol = 6,
		};
	element.map_fd = (uint64_t)make_map(MAP_HASH, sizeof(table[0]), sizeof(value),
					    CONNECTIONS);
	element.value = (uintptr_t)value;
	all.map_fd = (uint32_t)element.map_fd;
	all.count = CONNECTIONS;
	bpf(CMD_UPDATE_BATCH, &all, sizeof(all));
}

static void work_data(long from, long to)
{
	for (long i = from; i < to; i++) {
		element.key = (uintptr_t)&table[i / 2 * STEP % CONNECTIONS];
		bpf(i % 2 ? CMD_UPDATE : CMD_LOOKUP, &element, sizeof(element));
	}
}

static void prepare_array(void)
{
	static uint32_t key = 1;

	element.map_fd = (uint64_t)make_map(MAP_ARRAY, sizeof(key), sizeof(value[0]), 64);
	element.key = (uintptr_t)&key;
	element.value = (uintptr_t)value;
}

static void work_array(long from, long to)
{
	for (long i = from; i < to; i++)
		bpf(i % 2 ? CMD_UPDATE : CMD_LOOKUP, &element, sizeof(element));
}

static void prepare_nothing(void)
{
}

static void work_load(long from, long to)
{
	for (long i = from; i < to; i++)
		close(i % 2 ? load_prog() : make_map(MAP_ARRAY, 4, 8, 64));
}

static void work_other(long from, long to)
{
	for (long i = from; i < to; i++)
		syscall(SYS_getppid);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif

static const struct sock_filter allow[] = {
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static const struct sock_filter argument[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 2),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		 offsetof(struct seccomp_data, args) + LOW_HALF),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CMD_NONE, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	unsigned short len;
	const struct sock_filter *insns;
} filters[] = { { "allow", COUNT(allow), allow },
		{ "argument", COUNT(argument), argument } };

static const struct {
	const char *name;
	void (*prepare)(void);
	void (*work)(long from, long to);
} works[] = { { "data", prepare_data, work_data },
	      { "array", prepare_array, work_array },
	      { "load", prepare_nothing, work_load },
	      { "other", prepare_nothing, work_other } };

#define PARTS 100

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds of one, in the part that is in the middle. */
static double measure(void (*work)(long from, long to), long count)
{
	double parts[PARTS];

	for (long part = 0; part < PARTS; part++) {
		long from = count * part / PARTS, to = count * (part + 1) / PARTS;
		double begin_ns = now_ns();

		work(from, to);
		parts[part] = (now_ns() - begin_ns) / (double)(to - from);
	}
	qsort(parts, PARTS, sizeof(parts[0]), compare);
	return (parts[PARTS / 2 - 1] + parts[PARTS / 2]) / 2;
}

static int usage(void)
{
	fputs("usage: bpf-work data|array|load|other COUNT [allow|argument]\n", stderr);
	return 2;
}

/* 0, or an exit status. */
static int install(const char *name)
{
	for (size_t i = 0; i < COUNT(filters); i++) {
		struct sock_fprog program = {
			filters[i].len, (struct sock_filter *)(uintptr_t)filters[i].insns
		};

		if (strcmp(name, filters[i].name) != 0)
			continue;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
			return 0;
		perror("bpf-work: seccomp");
		return 1;
	}
	return usage();
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;
	int status = argc > 3 ? install(argv[3]) : 0;

	for (size_t i = 0; !status && count >= PARTS && i < COUNT(works); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		works[i].prepare();
		printf("%.1f\n", measure(works[i].work, count));
		return 0;
	}
	return status ? status : usage();
}
