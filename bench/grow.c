/* SPDX-License-Identifier: MIT */
/*
 * Work of any size for bench/curves:
 *
 * grow calls COUNT none|token    makes COUNT maps, one after another
 * grow insns COUNT none|token    loads one program of COUNT instructions
 * grow old COUNT                 the same, as software from before tokens asks for it: with
 *                                an attr that has no room for one
 *
 * token: with a token of /sys/fs/bpf, as a program that knows tokens.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CMD_MAP_CREATE 0
#define CMD_PROG_LOAD 5
#define CMD_TOKEN_CREATE 36
#define FLAG_TOKEN (1U << 16)

/* As the kernel has them since 6.9; the header that this is built with may be older. */
struct map_attr {
	uint32_t type, key_size, value_size, max_entries, flags, unused[14], token_fd;
};

struct prog_attr {
	uint32_t type, insn_cnt;
	uint64_t insns, license;
	uint32_t log[5], flags;
	uint32_t unused[24], token_fd;
};
_Static_assert(offsetof(struct map_attr, token_fd) == 76, "where the kernel has it");
_Static_assert(offsetof(struct prog_attr, flags) == 44, "where the kernel has it");
_Static_assert(offsetof(struct prog_attr, token_fd) == 144, "where the kernel has it");

#define OLD_PROG_ATTR 72

static int bpf(int cmd, void *attr, size_t size)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, size);

	if (fd < 0) {
		perror("grow: bpf");
		exit(1);
	}
	return fd;
}

static int make_token(void)
{
	uint32_t attr[2] = { 0, 0 };
	int bpffs = open("/sys/fs/bpf", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	attr[1] = (uint32_t)bpffs;
	return bpf(CMD_TOKEN_CREATE, attr, sizeof(attr));
}

static void make_maps(long count, int token)
{
	struct map_attr attr = {
		.type = 2 /* array */, .key_size = 4, .value_size = 8, .max_entries = 1
	};

	if (token >= 0) {
		attr.flags = FLAG_TOKEN;
		attr.token_fd = (uint32_t)token;
	}
	while (count-- > 0)
		close(bpf(CMD_MAP_CREATE, &attr, sizeof(attr)));
}

static void load(long count, int token, size_t size)
{
	struct prog_attr attr = { .type = 1 /* socket_filter */ };
	uint64_t *insns = calloc((size_t)count, sizeof(*insns));

	if (!insns)
		exit(1);
	for (long i = 0; i < count - 1; i++)
		insns[i] = 0xb7; /* r0 = 0 */
	insns[count - 1] = 0x95; /* exit */
	attr.insn_cnt = (uint32_t)count;
	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t) "GPL";
	if (token >= 0) {
		attr.flags = FLAG_TOKEN;
		attr.token_fd = (uint32_t)token;
	}
	close(bpf(CMD_PROG_LOAD, &attr, size));
	free(insns);
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;
	int token = argc > 3 && !strcmp(argv[3], "token") ? make_token() : -1;

	if (count > 1 && !strcmp(argv[1], "calls"))
		make_maps(count, token);
	else if (count > 1 && !strcmp(argv[1], "insns"))
		load(count, token, sizeof(struct prog_attr));
	else if (count > 1 && !strcmp(argv[1], "old"))
		load(count, -1, OLD_PROG_ATTR);
	else
		return 2;
	return 0;
}
