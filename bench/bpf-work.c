/* SPDX-License-Identifier: MIT */
/*
 * Work for bench/learn, that times itself, its start and end excluded:
 *
 * bpf-work data|load|other|filtered COUNT
 *
 * data: look-ups and updates of a map; load: maps and programs made and closed; other:
 * getppid(2); filtered: the same under a seccomp filter that allows everything. Prints the
 * nanoseconds of one of COUNT.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
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

static long bpf(int cmd, void *attr, unsigned int size)
{
	long r = syscall(SYS_bpf, cmd, attr, size);

	if (r < 0) {
		perror("bpf-work: bpf");
		exit(1);
	}
	return r;
}

static int make_map(void)
{
	/* type array, key size, value size, entries */
	uint32_t attr[18] = { 2, 4, 8, 64 };

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

static double begin_ns; /* what comes before is no part of the figure */

static void work_data(long count)
{
	uint32_t key = 1;
	uint64_t value = 2;
	struct {
		uint64_t map_fd, key, value, flags;
	} attr = { 0, (uintptr_t)&key, (uintptr_t)&value, 0 };

	attr.map_fd = (uint64_t)make_map();
	begin_ns = now_ns();
	for (long i = 0; i < count; i++)
		bpf(i % 2 ? CMD_UPDATE : CMD_LOOKUP, &attr, sizeof(attr));
}

static void work_load(long count)
{
	begin_ns = now_ns();
	for (long i = 0; i < count; i++)
		close(i % 2 ? load_prog() : make_map());
}

static void work_other(long count)
{
	begin_ns = now_ns();
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
}

static void work_filtered(long count)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("bpf-work: seccomp");
		exit(1);
	}
	work_other(count);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(long count);
	} works[] = { { "data", work_data },
		      { "load", work_load },
		      { "other", work_other },
		      { "filtered", work_filtered } };
	long count = argc > 2 ? atol(argv[2]) : 0;

	for (size_t i = 0; count > 0 && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		works[i].work(count);
		printf("%.1f\n", (now_ns() - begin_ns) / (double)count);
		return 0;
	}
	fputs("usage: bpf-work data|load|other|filtered COUNT\n", stderr);
	return 2;
}
