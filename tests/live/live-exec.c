/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken exec`, call by call: each command with an attr of every size, the same errno
 * and the same log as a call that carries the token itself, and no right beyond its.
 */
#include "live-exec.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <sched.h>
#include <sys/mman.h>

/* ------------------------------------------------------------------- each call */

static struct {
	struct btf_header header;
	struct btf_type type;
	uint32_t encoding;
	char strings[5];
} raw_btf = {
	.header = { .magic = BTF_MAGIC,
		    .version = BTF_VERSION,
		    .hdr_len = sizeof(struct btf_header),
		    .type_len = sizeof(struct btf_type) + sizeof(uint32_t),
		    .str_off = sizeof(struct btf_type) + sizeof(uint32_t),
		    .str_len = 5 },
	.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
	.encoding = BTF_INT_SIGNED << 24 | 32,
	.strings = "\0int",
};

static union any_attr btf_attr(void)
{
	return (union any_attr){ .btf = { .btf = (uintptr_t)&raw_btf,
					  .btf_size = sizeof(raw_btf.header) +
						      raw_btf.header.str_off +
						      raw_btf.header.str_len } };
}

static int maps_of_all_sizes(int argc, char **argv)
{
	const uint32_t sizes[] = { 48, 64, OLD_MAP, 76, 80, 88, 120 };

	(void)argc, (void)argv;
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++)
		close(MADE(create_map(sizes[i])));
	return 0;
}

static int progs_of_all_sizes(int argc, char **argv)
{
	const uint32_t sizes[] = { 48, 64, 72, 116, OLD_PROG, 144, 148, 152, 168 };

	(void)argc, (void)argv;
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++)
		close(MADE(load_prog(sizes[i])));
	return 0;
}

static int btfs_of_all_sizes(int argc, char **argv)
{
	const uint32_t sizes[] = { 24, OLD_BTF, 32, 40 };

	(void)argc, (void)argv;
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		union any_attr attr = btf_attr();

		close(MADE(sys_bpf(ATTR_BTF_LOAD, &attr, sizes[i])));
	}
	return 0;
}

static uint32_t id_of(int fd)
{
	struct bpf_btf_info info = { 0 };
	struct attr_obj_info attr = { .bpf_fd = (uint32_t)fd,
				      .info_len = sizeof(info),
				      .info = (uintptr_t)&info };

	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	return info.id;
}

static int btf_by_id(int argc, char **argv)
{
	union any_attr attr = btf_attr();
	int fd = MADE(sys_bpf(ATTR_BTF_LOAD, &attr, 40));
	uint32_t id = id_of(fd);

	(void)argc, (void)argv;
	for (uint32_t size = 4; size <= 16; size += 4) {
		attr = (union any_attr){ .by_id = { .btf_id = id } };
		close(MADE(sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, size)));
		attr = (union any_attr){ .by_id = { .btf_id = INT32_MAX } };
		EXPECT_EQ(sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, size), -ENOENT);
	}
	return 0;
}

/* What the program makes has its name, and is closed on exec, as ever. */
static int names_and_flags(int argc, char **argv)
{
	struct bpf_map_info info = { 0 };
	struct attr_obj_info attr = { .info_len = sizeof(info),
				      .info = (uintptr_t)&info };
	union any_attr prog = prog_attr();
	int fd;

	(void)argc, (void)argv;
	for (uint32_t size = OLD_MAP; size <= 80; size += 8) {
		fd = MADE(create_map(size));
		EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		attr.bpf_fd = (uint32_t)fd;
		EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
		EXPECT_STR(info.name, "counts");
	}
	/* Whether there can be names libbpf 1.4 asks like this: no room for the token. */
	prog.prog.prog_flags = ATTR_F_TOKEN_FD;
	for (uint32_t size = OLD_PROG; size < 148; size += 8)
		close(MADE(sys_bpf(ATTR_PROG_LOAD, &prog, size)));
	return 0;
}

/* Every command but those four, at whatever speed the kernel has. */
static int data_plane(int argc, char **argv)
{
	int fd = MADE(create_map(OLD_MAP));
	uint32_t key = 1;
	uint64_t value = 7, read = 0;
	union bpf_attr attr = { .map_fd = (uint32_t)fd,
				.key = (uintptr_t)&key,
				.value = (uintptr_t)&value };

	(void)argc, (void)argv;
	EXPECT_EQ(sys_bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), 0);
	attr.value = (uintptr_t)&read;
	EXPECT_EQ(sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), 0);
	EXPECT_EQ(read, 7);
	return 0;
}

/* What refers to other objects, through every descriptor that the old layout has. */
static int references(int argc, char **argv)
{
	int inner = MADE(create_map(OLD_MAP)), outer, fds[2] = { -1, -1 };
	struct attr_insn insns[] = {
		{ .code = 0x18, .regs = 1 << 4 | 1, .imm = inner }, /* r1 = map */
		{ 0 },
		ATTR_INSN_MOV_IMM(0, 0),
		ATTR_INSN_EXIT(),
	};
	union any_attr attr = map_attr();

	(void)argc, (void)argv;
	attr.map.map_type = 12; /* array_of_maps */
	attr.map.value_size = 4;
	attr.map.inner_map_fd = (uint32_t)inner;
	outer = MADE(sys_bpf(ATTR_MAP_CREATE, &attr, OLD_MAP));
	attr = prog_attr();
	attr.prog.insns = (uintptr_t)insns;
	attr.prog.insn_cnt = LIVE_COUNT(insns);
	close(MADE(sys_bpf(ATTR_PROG_LOAD, &attr, OLD_PROG)));
	/* by index into the array, whose first entry is no descriptor */
	fds[1] = outer;
	insns[0].regs = 5 << 4 | 1;
	insns[0].imm = 1;
	attr.prog.fd_array = (uintptr_t)fds;
	close(MADE(sys_bpf(ATTR_PROG_LOAD, &attr, OLD_PROG)));
	/* type information of the map's key and value */
	attr = btf_attr();
	fds[0] = MADE(sys_bpf(ATTR_BTF_LOAD, &attr, OLD_BTF));
	attr = map_attr();
	attr.map.map_type = MAP_ARRAY;
	attr.map.value_size = 4;
	attr.map.btf_fd = (uint32_t)fds[0];
	attr.map.btf_key_type_id = attr.map.btf_value_type_id = 1;
	close(MADE(sys_bpf(ATTR_MAP_CREATE, &attr, OLD_MAP)));
	return 0;
}

static void each_call(void)
{
	only_with_exec("maps");
	only_with_exec("progs");
	only_with_exec("btfs");
	only_with_exec("names");
	only_with_exec("data");
	only_with_exec("references");
}

static void each_btf_by_id(void)
{
	struct attr_btf_get_fd_by_id attr = { .btf_id = 1,
					      .open_flags = ATTR_F_TOKEN_FD,
					      .fd_by_id_token_fd = UINT32_MAX };

	/* Before Linux 6.15 there is no token for it, and the call is left alone. */
	if (sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr)) != -EBADF)
		run_exec(EPERM, EXEC_ANY, "--via notify", "by-id");
	else
		only_with_exec("by-id");
}

/* --------------------------------------------------------------- errors and logs */

static char log_text[2][1 << 16];

struct wrong {
	const char *what;
	uint32_t cmd, size;
	int error; /* what it has to be; 0: whatever it is with a token */
	void (*spoil)(union any_attr *attr);
};

#define SPOIL(name, statement)                 \
	static void name(union any_attr *attr) \
	{                                      \
		statement;                     \
	}
SPOIL(nothing, (void)attr)
SPOIL(no_key, attr->map.key_size = 0)
SPOIL(bad_map_type, attr->map.map_type = 60)
SPOIL(bad_map_flags, attr->map.map_flags = 1U << 30)
SPOIL(bad_name, attr->map.map_name[0] = '/')
SPOIL(bad_inner, (attr->map.map_type = 12, attr->map.inner_map_fd = 999))
SPOIL(inner_is_no_map, (attr->map.map_type = 12, attr->map.inner_map_fd = 0))
SPOIL(bad_btf, (attr->map.btf_fd = 999, attr->map.btf_value_type_id = 1))
SPOIL(bad_prog_type, attr->prog.prog_type = 60)
SPOIL(bad_prog_flags, attr->prog.prog_flags = 1U << 30)
SPOIL(no_insns, attr->prog.insn_cnt = 0)
SPOIL(many_insns, attr->prog.insn_cnt = 2000000)
SPOIL(insns_nowhere, attr->prog.insns = 16)
SPOIL(insns_to_the_end, attr->prog.insn_cnt = 1000000)
SPOIL(licence_nowhere, attr->prog.license = 16)
SPOIL(bad_attach_type, (attr->prog.prog_type = 9, attr->prog.expected_attach_type = 50))
SPOIL(log_without_buffer, attr->prog.log_level = 1; attr->prog.log_size = 16)
SPOIL(huge_log, attr->prog.log_level = 1; attr->prog.log_size = UINT32_MAX;
      attr->prog.log_buf = (uintptr_t)log_text[0])
SPOIL(bad_log_level, attr->prog.log_level = 99; attr->prog.log_size = 4096;
      attr->prog.log_buf = (uintptr_t)log_text[0])
SPOIL(log_nowhere, attr->prog.log_level = 2; attr->prog.log_size = 4096;
      attr->prog.log_buf = 16)
SPOIL(small_log, attr->prog.log_level = 2; attr->prog.log_size = 24;
      attr->prog.log_buf = (uintptr_t)log_text[0])
SPOIL(func_info_nowhere, attr->prog.func_info_cnt = 1; attr->prog.func_info_rec_size = 8;
      attr->prog.func_info = 16; attr->prog.prog_btf_fd = 999)
SPOIL(no_btf, attr->btf.btf_size = 0)
SPOIL(btf_nowhere, attr->btf.btf = 16)
SPOIL(huge_btf, attr->btf.btf_size = 17U << 20)
SPOIL(short_btf, attr->btf.btf_size = 20)

static void endless(union any_attr *attr)
{
	static const struct attr_insn loop[] = { { .code = 0x05, .off = -1 } };

	attr->prog.insns = (uintptr_t)loop;
	attr->prog.insn_cnt = LIVE_COUNT(loop);
}

static void map_is_no_map(union any_attr *attr)
{
	static const struct attr_insn insns[] = {
		{ .code = 0x18, .regs = 1 << 4 | 1, .imm = 999 },
		{ 0 },
		ATTR_INSN_MOV_IMM(0, 0),
		ATTR_INSN_EXIT(),
	};

	attr->prog.insns = (uintptr_t)insns;
	attr->prog.insn_cnt = LIVE_COUNT(insns);
}

static void odd_pointer(union any_attr *attr)
{
	/* the second of two slots is missing */
	static const struct attr_insn insns[] = { { .code = 0x18, .regs = 1 << 4 } };

	attr->prog.insns = (uintptr_t)insns;
	attr->prog.insn_cnt = LIVE_COUNT(insns);
}

/* Every refusal that is not about rights; with an attr of before and of after tokens. */
static const struct wrong wrongs[] = {
	{ "nothing", ATTR_MAP_CREATE, OLD_MAP, 1, nothing },
	{ "no key", ATTR_MAP_CREATE, OLD_MAP, EINVAL, no_key },
	{ "map type", ATTR_MAP_CREATE, OLD_MAP, 0, bad_map_type },
	{ "map flags", ATTR_MAP_CREATE, OLD_MAP, EINVAL, bad_map_flags },
	{ "map name", ATTR_MAP_CREATE, OLD_MAP, EINVAL, bad_name },
	{ "inner map", ATTR_MAP_CREATE, OLD_MAP, 0, bad_inner },
	{ "inner is no map", ATTR_MAP_CREATE, OLD_MAP, 0, inner_is_no_map },
	{ "map's btf", ATTR_MAP_CREATE, OLD_MAP, 0, bad_btf },
	{ "prog type", ATTR_PROG_LOAD, OLD_PROG, 0, bad_prog_type },
	{ "prog flags", ATTR_PROG_LOAD, OLD_PROG, EINVAL, bad_prog_flags },
	{ "no instructions", ATTR_PROG_LOAD, OLD_PROG, E2BIG, no_insns },
	{ "too many", ATTR_PROG_LOAD, OLD_PROG, E2BIG, many_insns },
	{ "instructions nowhere", ATTR_PROG_LOAD, OLD_PROG, EFAULT, insns_nowhere },
	{ "instructions to the end", ATTR_PROG_LOAD, OLD_PROG, 0, insns_to_the_end },
	{ "licence nowhere", ATTR_PROG_LOAD, OLD_PROG, EFAULT, licence_nowhere },
	{ "attach type", ATTR_PROG_LOAD, OLD_PROG, EINVAL, bad_attach_type },
	{ "log without buffer", ATTR_PROG_LOAD, OLD_PROG, EINVAL, log_without_buffer },
	{ "huge log", ATTR_PROG_LOAD, OLD_PROG, EINVAL, huge_log },
	{ "log level", ATTR_PROG_LOAD, OLD_PROG, EINVAL, bad_log_level },
	{ "log nowhere", ATTR_PROG_LOAD, OLD_PROG, EFAULT, log_nowhere },
	{ "small log", ATTR_PROG_LOAD, OLD_PROG, ENOSPC, small_log },
	{ "func info nowhere", ATTR_PROG_LOAD, OLD_PROG, 0, func_info_nowhere },
	{ "endless", ATTR_PROG_LOAD, OLD_PROG, 0, endless },
	{ "no such map", ATTR_PROG_LOAD, OLD_PROG, EBADF, map_is_no_map },
	{ "half a pointer", ATTR_PROG_LOAD, OLD_PROG, 0, odd_pointer },
	{ "no btf", ATTR_BTF_LOAD, OLD_BTF, 0, no_btf },
	{ "btf nowhere", ATTR_BTF_LOAD, OLD_BTF, EFAULT, btf_nowhere },
	{ "huge btf", ATTR_BTF_LOAD, OLD_BTF, E2BIG, huge_btf },
	{ "short btf", ATTR_BTF_LOAD, OLD_BTF, 0, short_btf },
};

static union any_attr usual_attr(uint32_t cmd)
{
	return cmd == ATTR_MAP_CREATE ? map_attr()
	       : cmd == ATTR_BTF_LOAD ? btf_attr()
				      : prog_attr();
}

/* The result of the call as a program makes it that has the token itself. */
static int natively(const struct wrong *wrong, int token)
{
	const struct attr_token_row *row = attr_token_row(wrong->cmd);
	union any_attr attr = usual_attr(wrong->cmd);
	uint32_t flags;

	wrong->spoil(&attr);
	memcpy(&flags, attr.bytes + row->flags_offset, sizeof(flags));
	flags |= ATTR_F_TOKEN_FD;
	memcpy(attr.bytes + row->flags_offset, &flags, sizeof(flags));
	memcpy(attr.bytes + row->fd_offset, &token, sizeof(token));
	return closed(sys_bpf(wrong->cmd, &attr, row->min_size));
}

static int same_errors(int argc, char **argv)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	(void)argc, (void)argv;
	for (size_t i = 0; i < LIVE_COUNT(wrongs); i++) {
		const struct wrong *wrong = &wrongs[i];
		const uint32_t sizes[] = { wrong->size,
					   attr_token_row(wrong->cmd)->min_size };
		int wanted = natively(wrong, token);

		if (wrong->error)
			EXPECT_EQ(wanted, wrong->error == 1 ? 0 : -wrong->error);
		for (size_t j = 0; j < LIVE_COUNT(sizes); j++) {
			union any_attr attr = usual_attr(wrong->cmd);
			int r;

			wrong->spoil(&attr);
			r = closed(sys_bpf(wrong->cmd, &attr, sizes[j]));
			if (r != wanted)
				live_fail(__FILE__, __LINE__,
					  "%s, %u bytes: %d, and %d with a token",
					  wrong->what, sizes[j], r, wanted);
		}
	}
	return 0;
}

static void errors(void)
{
	run_exec(0, EXEC_ANY, "--via notify", "errors");
}

/* A rejection with its whole log, and the size that it has; then the same of success. */
static int same_logs(int argc, char **argv)
{
	static const struct attr_insn bad[] = { { .code = 0xbf, .regs = 1 << 4 | 0 },
						{ .code = 0xbf, .regs = 2 << 4 | 0 },
						ATTR_INSN_EXIT() };
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	(void)argc, (void)argv;
	for (int good = 0; good < 2; good++) {
		union any_attr attr[2] = { prog_attr(), prog_attr() };
		int r[2];

		for (int i = 0; i < 2; i++) {
			memset(log_text[i], 0x55, sizeof(log_text[i]));
			attr[i].prog.log_level = 2;
			attr[i].prog.log_size = sizeof(log_text[i]);
			attr[i].prog.log_buf = (uintptr_t)log_text[i];
			if (!good) {
				attr[i].prog.insns = (uintptr_t)bad;
				attr[i].prog.insn_cnt = LIVE_COUNT(bad);
			}
		}
		attr[0].prog.prog_flags = ATTR_F_TOKEN_FD;
		attr[0].prog.prog_token_fd = (uint32_t)token;
		r[0] = closed(sys_bpf(ATTR_PROG_LOAD, &attr[0], 148));
		r[1] = closed(sys_bpf(ATTR_PROG_LOAD, &attr[1], 144));
		EXPECT_EQ(r[0], good ? 0 : -EACCES);
		EXPECT_EQ(r[1], r[0]);
		EXPECT(attr[0].prog.log_true_size > 20);
		EXPECT_EQ(attr[1].prog.log_true_size, attr[0].prog.log_true_size);
		EXPECT_HAS(log_text[0], "processed");
		EXPECT_STR(log_text[1], log_text[0]);
		/* and nothing was written behind it */
		EXPECT_EQ(log_text[1][attr[1].prog.log_true_size], 0x55);
	}
	return 0;
}

static void logs(void)
{
	run_exec(0, EXEC_ANY, "--via notify", "logs");
}

/* ------------------------------------------------------------------------ rights */

/* A status of its own where a call is refused: EPERM. */
static int after_drop(int argc, char **argv)
{
	(void)argc, (void)argv;
	set_capabilities(ALL_CAPS & ~(CAP(BPF) | CAP(SYS_ADMIN)));
	EXPECT_EQ(closed(create_map(OLD_MAP)), -EPERM);
	EXPECT_EQ(closed(create_map(80)), -EPERM);
	EXPECT_EQ(closed(load_prog(OLD_PROG)), -EPERM);
	EXPECT_EQ(closed(load_prog(148)), -EPERM);
	/* and it has not got a token for it: 0, 1, 2 and what was there are all */
	for (int fd = 3; fd < 64; fd++) {
		char path[64], name[64] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)!readlink(path, name, sizeof(name) - 1);
		EXPECT(!strstr(name, "bpf-token"));
	}
	return 0;
}

/* With CAP_BPF alone the supervisor's other capabilities are not lent to it. */
static int with_bpf_alone(int argc, char **argv)
{
	const uint32_t sizes[] = { OLD_PROG, 148 };

	(void)argc, (void)argv;
	set_capabilities(CAP(BPF));
	close(MADE(create_map(OLD_MAP)));
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		union any_attr attr = prog_attr();

		close(MADE(sys_bpf(ATTR_PROG_LOAD, &attr, sizes[i])));
		attr = prog_attr();
		attr.prog.prog_type = PROG_XDP;
		attr.prog.expected_attach_type = ATTACH_XDP;
		EXPECT_EQ(closed(sys_bpf(ATTR_PROG_LOAD, &attr, sizes[i])), -EPERM);
		attr = prog_attr();
		attr.prog.prog_type = PROG_KPROBE;
		EXPECT_EQ(closed(sys_bpf(ATTR_PROG_LOAD, &attr, sizes[i])), -EPERM);
	}
	return 0;
}

static int in_nested_userns(int argc, char **argv)
{
	(void)argc, (void)argv;
	EXPECT_EQ(unshare(CLONE_NEWUSER), 0);
	EXPECT_EQ(closed(create_map(OLD_MAP)), -EPERM);
	EXPECT_EQ(closed(create_map(80)), -EPERM);
	EXPECT_EQ(closed(load_prog(OLD_PROG)), -EPERM);
	EXPECT_EQ(closed(load_prog(148)), -EPERM);
	return 0;
}

static void no_more_rights(void)
{
	run_exec(0, EXEC_ANY, "--via notify", "after-drop");
	run_exec(0, EXEC_ANY, "--via notify", "bpf-alone");
	run_exec(0, EXEC_ANY, "--via notify", "nested-userns");
}

/* Each with exactly the bits that the kernel asks of a call with a token. */
static int one_map(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (uint32_t size = OLD_MAP; size <= 80; size += 8)
		close(MADE(create_map(size)));
	return 0;
}

static int one_prog(int argc, char **argv)
{
	(void)argc, (void)argv;
	close(MADE(load_prog(OLD_PROG)));
	close(MADE(load_prog(148)));
	return 0;
}

static void exactly_the_bits(void)
{
	const char *prog = "--cmds prog_load --progs socket_filter "
			   "--attachs cgroup_inet_ingress";

	run_exec(0, "--cmds map_create --maps hash", "", "one-map");
	run_exec(EPERM, "--cmds map_create --maps array", "", "one-map");
	run_exec(EPERM, "--cmds prog_load --maps hash", "", "one-map");
	run_exec(0, prog, "", "one-prog");
	run_exec(EPERM, "--cmds prog_load --progs xdp --attachs cgroup_inet_ingress", "",
		 "one-prog");
	run_exec(EPERM, "--cmds prog_load --progs socket_filter --attachs xdp", "",
		 "one-prog");
	run_exec(EPERM, "--cmds map_create --progs socket_filter --attachs any", "",
		 "one-prog");
}

static const struct live_inside inside[] = {
	{ "maps", maps_of_all_sizes },	 { "progs", progs_of_all_sizes },
	{ "btfs", btfs_of_all_sizes },	 { "by-id", btf_by_id },
	{ "names", names_and_flags },	 { "data", data_plane },
	{ "references", references },	 { "errors", same_errors },
	{ "logs", same_logs },		 { "after-drop", after_drop },
	{ "bpf-alone", with_bpf_alone }, { "nested-userns", in_nested_userns },
	{ "one-map", one_map },		 { "one-prog", one_prog },
};

static const struct live_test tests[] = {
	{ "each call, with an attr of every size", each_call, false },
	{ "btf by id, where the kernel takes a token", each_btf_by_id, false },
	{ "the errno of the call with a token", errors, false },
	{ "the log of the call with a token", logs, false },
	{ "no right beyond the caller's", no_more_rights, false },
	{ "no bit beyond the call's", exactly_the_bits, false },
};

LIVE_MAIN_INSIDE(tests, inside)
