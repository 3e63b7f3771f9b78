/* SPDX-License-Identifier: MIT */
/*
 * A program of before BPF tokens, linked in every way: it makes a map and loads a program
 * with attrs of their old sizes, COUNT times. Its status is 0, or the errno.
 *
 * old [COUNT]
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct old_map {
	uint32_t map_type, key_size, value_size, max_entries, map_flags, inner_map_fd;
	uint32_t numa_node;
	char map_name[16];
	uint32_t map_ifindex, btf_fd, btf_key_type_id, btf_value_type_id;
	uint32_t btf_vmlinux_value_type_id;
	uint64_t map_extra;
} __attribute__((aligned(8)));

struct old_prog {
	uint32_t prog_type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, prog_flags;
	char prog_name[16];
	uint32_t prog_ifindex, expected_attach_type;
};

static int fail(const char *what)
{
	int error = errno;

	fprintf(stderr, "old: %s: %s\n", what, strerror(error));
	return error;
}

static int once(void)
{
	static const uint64_t insns[] = { 0x00000000000000b7, 0x0000000000000095 };
	struct old_map map = { .map_type = 1,
			       .key_size = 4,
			       .value_size = 8,
			       .max_entries = 16,
			       .map_name = "old_map" };
	struct old_prog prog = { .prog_type = 1,
				 .insn_cnt = 2,
				 .insns = (uintptr_t)insns,
				 .license = (uintptr_t) "GPL",
				 .prog_name = "old_prog" };
	long map_fd, prog_fd;

	map_fd = syscall(SYS_bpf, 0, &map, 72);
	if (map_fd < 0)
		return fail("map");
	prog_fd = syscall(SYS_bpf, 5, &prog, sizeof(prog));
	if (prog_fd < 0)
		return fail("program");
	close((int)prog_fd);
	close((int)map_fd);
	return 0;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1, r = 0;

	while (count-- > 0 && r == 0)
		r = once();
	/* what else goes through syscall(3) is as it was */
	if (syscall(SYS_getpid) != getpid() || syscall(SYS_close, -1) != -1 ||
	    errno != EBADF)
		return 99;
	return r;
}
