/* SPDX-License-Identifier: MIT */
/*
 * bpf(2) with a token, for code that builds its own attr. The kernel gets a copy: the
 * caller's may be too short for the token, or be read by another thread.
 */
#include "carry.h"

#include <string.h>

/* The page of most machines, above which the kernel refuses an attr (E2BIG). */
#define ATTR_MAX 4096

struct call {
	const struct attr_token_row *row;
	const struct bpftoken_bpf_opts *opts;
	uint32_t cmd; /* as the caller has it, BPF_COMMON_ATTRS included */
	int token_fd;
};

static int call_kernel(const struct call *call, void *attr, uint32_t size)
{
	return sys_bpf_common(call->cmd, attr, size, call->opts->common,
			      call->opts->common_size);
}

/* libbpf 1.4 sets the flag in attrs that end before the descriptor: they carry none. */
static bool carries_a_token(const struct attr_token_row *row, const void *attr,
			    uint32_t size)
{
	uint32_t flags = 0;

	if (size >= row->min_size)
		memcpy(&flags, (const char *)attr + row->flags_offset, sizeof(flags));
	return flags & ATTR_F_TOKEN_FD;
}

/* Only what the kernel changed is written: the attr may be constant, or be shared. */
static void take_answers(void *attr, const unsigned char *sent,
			 const unsigned char *answered, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (answered[i] != sent[i])
			((unsigned char *)attr)[i] = answered[i];
}

static int call_with_token(const struct call *call, void *attr, uint32_t size)
{
	unsigned char sent[ATTR_MAX], answered[ATTR_MAX];
	uint32_t whole = size < call->row->min_size ? call->row->min_size : size;
	int r;

	memcpy(sent, attr, size);
	memset(sent + size, 0, whole - size);
	carry_token(call->row->cmd, sent, call->token_fd);
	memcpy(answered, sent, whole);
	r = call_kernel(call, answered, whole);
	take_answers(attr, sent, answered, size);
	return r;
}

/* What the call was about, from the caller's own attr, however short. */
static int raise_call(const struct call *call, const void *attr, uint32_t size, int code)
{
	struct attr_prog_load head = { 0 };
	int32_t token_fd = call->token_fd;

	/* Whether it really is as long as that, only the kernel knew for the others. */
	if (attr && call->opts->err && size <= ATTR_MAX)
		memcpy(&head, attr, size < sizeof(head) ? size : sizeof(head));
	if (call->row && carries_a_token(call->row, &head, size))
		memcpy(&token_fd, (const char *)&head + call->row->fd_offset,
		       sizeof(token_fd));
	return carry_raise(call->opts->err, call->cmd & ~ATTR_COMMON_ATTRS, code, &head,
			   token_fd);
}

/* Where the options end before it, there is none. */
static struct bpftoken_error *error_of(const struct bpftoken_bpf_opts *opts)
{
	size_t end = offsetof(struct bpftoken_bpf_opts, err) + sizeof(opts->err);

	return opts && opts->sz >= end ? opts->err : NULL;
}

int bpftoken_bpf(uint32_t cmd, void *attr, uint32_t size,
		 const struct bpftoken_bpf_opts *opts)
{
	struct bpftoken_bpf_opts own;
	struct call call = { .row = attr_token_row(cmd & ~ATTR_COMMON_ATTRS),
			     .opts = &own,
			     .cmd = cmd };
	int r;

	r = opts_take(&own, sizeof(own), opts, error_of(opts));
	if (r < 0)
		return r;
	call.token_fd = call.row ? carry_resolve(own.token_fd) : -1;
	if (call.token_fd >= 0 && attr && size > 0 && size <= ATTR_MAX &&
	    !carries_a_token(call.row, attr, size))
		r = call_with_token(&call, attr, size);
	else
		r = call_kernel(&call, attr, size);
	return r < 0 ? raise_call(&call, attr, size, r) : r;
}
