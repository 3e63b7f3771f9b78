/* SPDX-License-Identifier: MIT */
/*
 * Commands of bpf(2), each called so that it changes nothing: with a descriptor or an id
 * that cannot be, so that its privilege is asked and then it fails. Of the four that take
 * a token, map_create and prog_load are asked for a type that the token permits.
 *
 * Source: Linux kernel/bpf/syscall.c, __sys_bpf() and the functions that it calls.
 */
#include "denial.h"
#include "names.h"
#include "probe.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define ATTR_SIZE 64
#define NO_ID 0x7ffffffeU /* the largest that *_get_next_id takes */
#define BTF_ID_OF_KERNEL 1
#define ADMIN (1ULL << CAP_SYS_ADMIN)
#define NET (1ULL << CAP_NET_ADMIN)

/* One word of the attr is set, the others are 0. yes: the errno behind the checks. */
static const struct cmd_row {
	uint16_t cmd, offset;
	uint32_t word;
	int yes;
	uint64_t host; /* capability in the initial user namespace, whatever the token */
} rows[] = {
	{ 1, 0, NO_FD, EBADF, 0 }, /* map_lookup_elem */
	{ 2, 0, NO_FD, EBADF, 0 }, /* map_update_elem */
	{ 3, 0, NO_FD, EBADF, 0 }, /* map_delete_elem */
	{ 4, 0, NO_FD, EBADF, 0 }, /* map_get_next_key */
	{ 6, 8, NO_FD, EINVAL, 0 }, /* obj_pin */
	{ 7, 0, 0, EFAULT, 0 }, /* obj_get: no path */
	{ 8, 4, NO_FD, EBADF, 0 }, /* prog_attach */
	{ 9, 0, NO_FD, EBADF, 0 }, /* prog_detach */
	{ 10, 0, NO_FD, EBADF, 0 }, /* prog_test_run */
	{ 11, 0, NO_ID, ENOENT, ADMIN }, /* prog_get_next_id */
	{ 12, 0, NO_ID, ENOENT, ADMIN }, /* map_get_next_id */
	{ 13, 0, 0, ENOENT, ADMIN }, /* prog_get_fd_by_id */
	{ 14, 0, 0, ENOENT, ADMIN }, /* map_get_fd_by_id */
	{ 15, 0, NO_FD, EBADFD, 0 }, /* obj_get_info_by_fd */
	{ 16, 0, NO_FD, EBADF, NET }, /* prog_query */
	{ 17, 8, NO_FD, EBADF, 0 }, /* raw_tracepoint_open */
	{ 20, 4, NO_FD, ENOENT, ADMIN }, /* task_fd_query: of no process */
	{ 21, 0, NO_FD, EBADF, 0 }, /* map_lookup_and_delete_elem */
	{ 22, 0, NO_FD, EBADF, 0 }, /* map_freeze */
	{ 23, 0, NO_ID, ENOENT, ADMIN }, /* btf_get_next_id */
	{ 24, 36, NO_FD, EBADF, 0 }, /* map_lookup_batch */
	{ 25, 36, NO_FD, EBADF, 0 }, /* map_lookup_and_delete_batch */
	{ 26, 36, NO_FD, EBADF, 0 }, /* map_update_batch */
	{ 27, 36, NO_FD, EBADF, 0 }, /* map_delete_batch */
	{ 28, 0, NO_FD, EBADF, 0 }, /* link_create */
	{ 29, 0, NO_FD, EBADF, 0 }, /* link_update */
	{ 30, 0, 0, ENOENT, ADMIN }, /* link_get_fd_by_id */
	{ 31, 0, NO_ID, ENOENT, ADMIN }, /* link_get_next_id */
	{ 32, 0, UINT32_MAX, EINVAL, ADMIN }, /* enable_stats: of no kind */
	{ 33, 0, NO_FD, EBADF, 0 }, /* iter_create */
	{ 34, 0, NO_FD, EBADF, 0 }, /* link_detach */
	{ 35, 0, NO_FD, EBADF, 0 }, /* prog_bind_map */
	{ 36, 4, NO_FD, EBADF, 0 }, /* token_create */
	{ 37, 16, NO_FD, EBADF, 0 }, /* prog_stream_read_by_fd */
	{ 38, 4, NO_FD, EBADF, 0 }, /* prog_assoc_struct_ops */
};

static const struct cmd_row *row_of(uint32_t cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cmd == cmd)
			return &rows[i];
	return NULL;
}

/* ---------------------------------------------------- those that take a token */

static int ask_btf_by_id(const struct probe_question *question,
			 struct bpftoken_error *reason)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);
	struct bpftoken_error failure;
	int r;

	opts.token_fd = question->token_fd;
	opts.id = BTF_ID_OF_KERNEL;
	r = bpftoken_btf_get_fd_by_id(&opts, &failure);
	if (r >= 0)
		sys_close(r);
	/* the id is looked for when the privilege is there */
	if (r >= 0 || r == -ENOENT)
		return BPFTOKEN_WORKS;
	r = probe_refused(r, &failure);
	if (r == BPFTOKEN_KERNEL_LACKS && question->token_fd >= 0)
		snprintf(failure.why, sizeof(failure.why),
			 "the running kernel takes no token here (before Linux 6.15)");
	*reason = failure;
	return r;
}

/* 1 when cmd takes a token, and then its answer. */
static int ask_with_token(const struct probe_question *question,
			  struct bpftoken_error *reason, int *ret_answer)
{
	int token_fd = question->token_fd;

	switch (question->a) {
	case ATTR_MAP_CREATE:
		*ret_answer = bpftoken_probe_map_type(probe_usual_map(token_fd), token_fd,
						      reason);
		return 1;
	case ATTR_PROG_LOAD:
		*ret_answer = bpftoken_probe_prog_type(probe_usual_prog(token_fd),
						       BPFTOKEN_ATTACH_DEFAULT, token_fd,
						       reason);
		return 1;
	case ATTR_BTF_LOAD:
		*ret_answer = bpftoken_probe_btf_kind(1, token_fd, reason);
		return 1;
	case ATTR_BTF_GET_FD_BY_ID:
		*ret_answer = ask_btf_by_id(question, reason);
		return 1;
	default:
		return 0;
	}
}

/* ---------------------------------------------------------------- the others */

static int refused(const struct cmd_row *row, int r, struct bpftoken_error *reason)
{
	const char *name = bpftoken_name(BPFTOKEN_CMDS, row->cmd);
	int answer = BPFTOKEN_BLOCKED;

	err_raise(reason, BPFTOKEN_STAGE_BPF, r, NULL);
	err_what(reason, "cannot use the command %s", name ? name : "of no name");
	if (r == -EPERM && row->host && denial_needs_host(row->host, reason))
		answer = BPFTOKEN_NO_CAPABILITY;
	else if (r == -EPERM || r == -ENOSYS || r == -EACCES)
		denial_blocked("it needs no privilege that this process lacks", reason);
	else
		return probe_lacks(reason, "the running kernel does not have it: %s",
				   strerror(-r));
	(void)bpftoken_explain(reason);
	return answer;
}

static int ask_cmd(const struct probe_question *question, struct bpftoken_error *reason)
{
	const struct cmd_row *row = row_of(question->a);
	int count = names_kernel_count(BPFTOKEN_CMDS), answer;
	uint32_t words[ATTR_SIZE / 4] = { 0 };
	int r;

	if (ask_with_token(question, reason, &answer))
		return answer;
	if (count >= 0 && question->a >= (uint32_t)count)
		return probe_lacks(reason, "the running kernel has no command %u",
				   question->a);
	if (!row) {
		err_raise(reason, BPFTOKEN_STAGE_BPF, -EOPNOTSUPP,
			  "how to call command %u without effect is not known",
			  question->a);
		err_fix(reason, "use a newer bpftoken");
		return -EOPNOTSUPP;
	}
	words[row->offset / 4] = row->word;
	r = sys_bpf(row->cmd, words, sizeof(words));
	if (r >= 0)
		sys_close(r);
	if (r >= 0 || r == -row->yes)
		return BPFTOKEN_WORKS;
	return refused(row, r, reason);
}

int bpftoken_probe_cmd(uint32_t cmd, int token_fd, struct bpftoken_error *reason)
{
	return probe_answer(PROBE_CMD, cmd, 0, token_fd, ask_cmd, reason);
}
