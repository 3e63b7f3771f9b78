/* SPDX-License-Identifier: MIT */
/*
 * What the tests of `bpftoken exec` have in common: calls as software makes them that
 * knows no tokens, and the same functions run in a container without exec and with it.
 */
#ifndef BPFTOKEN_LIVE_EXEC_H
#define BPFTOKEN_LIVE_EXEC_H

#include "live-more.h"

#include "sys.h"

#define EXEC_ANY "--cmds any --maps any --progs any --attachs any"

/* Sizes of attrs before Linux 6.9, as old libraries send them. */
enum {
	OLD_MAP = 72,
	OLD_PROG = 128,
	OLD_BTF = 28,
	OLD_BTF_BY_ID = 8,
};

union any_attr {
	struct attr_map_create map;
	struct attr_prog_load prog;
	struct attr_btf_load btf;
	struct attr_btf_get_fd_by_id by_id;
	unsigned char bytes[168]; /* of Linux 6.18 */
};

static const struct attr_insn return_0[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };

static inline union any_attr map_attr(void)
{
	return (union any_attr){ .map = { .map_type = MAP_HASH,
					  .key_size = 4,
					  .value_size = 8,
					  .max_entries = 16,
					  .map_name = "counts" } };
}

static inline union any_attr prog_attr(void)
{
	return (union any_attr){ .prog = { .prog_type = PROG_SOCKET_FILTER,
					   .insns = (uintptr_t)return_0,
					   .insn_cnt = LIVE_COUNT(return_0),
					   .license = (uintptr_t) "GPL",
					   .prog_name = "filter" } };
}

static inline int create_map(uint32_t size)
{
	union any_attr attr = map_attr();

	return sys_bpf(ATTR_MAP_CREATE, &attr, size);
}

static inline int load_prog(uint32_t size)
{
	union any_attr attr = prog_attr();

	return sys_bpf(ATTR_PROG_LOAD, &attr, size);
}

/*
 * A function of this program in a container, as a program that knows no tokens: refused
 * without exec (its status is EPERM), and well (0) with it.
 */
static inline void run_exec(int status, const char *options, const char *exec,
			    const char *inside)
{
	static struct live_result result;
	char text[2048];

	snprintf(text, sizeof(text), "run %s -- %s exec %s -- %s --inside %s", options,
		 command_copy(), exec, live_self(), inside);
	run_command(&result, text, NULL);
	if (result.status != status)
		live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s%s", text,
			  result.status, status, result.out, result.err);
}

static inline void only_with_exec(const char *inside)
{
	run_inside(EPERM, EXEC_ANY, inside);
	run_exec(0, EXEC_ANY, "--via notify", inside);
}

/* In such a function: the first refusal is its answer; anything else has to work. */
static inline int made(const char *file, int line, const char *what, int result)
{
	if (result == -EPERM)
		exit(EPERM);
	if (result < 0)
		live_fail(file, line, "%s: %s", what, strerror(-result));
	return result;
}
#define MADE(call) made(__FILE__, __LINE__, #call, (call))

#endif
