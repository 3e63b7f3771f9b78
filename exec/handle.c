/* SPDX-License-Identifier: MIT */
/*
 * The decision about each call. An attr that has room for the token is patched where it
 * is, and the kernel runs the caller's own call, with every field that there is and will
 * be. One that has none is performed (frozen.c). Whatever does not work out, goes on
 * untouched: then the kernel says what it would have said without us.
 */
#include "handle.h"

#include "attr.h"
#include "filter.h"
#include "frozen.h"

#include <string.h>

/* The kernel refuses longer ones: a page. */
#define MAX_ATTR 4096

struct request {
	struct caller caller;
	uint32_t cmd, size;
	uint64_t address;
	const struct attr_token_row *row;
	unsigned char attr[MAX_ATTR];
};

static uint32_t field(const struct request *request, uint32_t offset)
{
	uint32_t value = 0;

	if (offset + sizeof(value) <= request->size)
		memcpy(&value, request->attr + offset, sizeof(value));
	return value;
}

/*
 * A token of the caller's own; or ours, from an earlier call with the same memory, and
 * still there. The flag without room for the number is libbpf 1.4's question whether the
 * kernel knows names: it means a token, and so gets one.
 */
static bool has_token(const struct request *request)
{
	int fd = (int)field(request, request->row->fd_offset);

	if (request->size < request->row->min_size ||
	    !(field(request, request->row->flags_offset) & ATTR_F_TOKEN_FD))
		return false;
	return !caller_had(&request->caller, fd) || caller_holds(&request->caller, fd);
}

/* 0, or why it has to be performed instead (-ECANCELED: nor that). */
static int patch(struct request *request)
{
	const struct attr_token_row *row = request->row;
	uint32_t flags = field(request, row->flags_offset) | ATTR_F_TOKEN_FD;
	int fd = caller_token(&request->caller), r;

	if (fd < 0)
		return fd == -EMFILE ? fd : -ECANCELED;
	r = caller_write(&request->caller, request->address + row->fd_offset, &fd,
			 sizeof(fd));
	if (r == 0)
		r = caller_write(&request->caller, request->address + row->flags_offset,
				 &flags, sizeof(flags));
	return r == 0 || r == -EFAULT ? r : -ECANCELED;
}

static int read_attr(struct request *request)
{
	if (request->size > MAX_ATTR || !request->row)
		return -ECANCELED;
	if (caller_read(&request->caller, request->address, request->attr,
			request->size) < 0)
		return -ECANCELED;
	return caller_waits(&request->caller) ? 0 : -ENOENT;
}

static int decide(struct request *request, bool common_attrs)
{
	int r = read_attr(request);

	if (r < 0 || has_token(request))
		return r < 0 ? r : -ECANCELED;
	r = -EFAULT;
	if (request->size >= request->row->min_size)
		r = patch(request);
	if (r == 0) {
		caller_continue(&request->caller);
		return 0;
	}
	/* The fourth and fifth argument are of later kernels than the frozen layout. */
	if (r == -ECANCELED || common_attrs)
		return -ECANCELED;
	return frozen_perform(&request->caller, request->cmd, request->address,
			      request->attr, request->size);
}

static uint32_t command(const struct seccomp_notif *notif)
{
	return (uint32_t)notif->data.args[0] & ~FILTER_COMMON_ATTRS;
}

void handle_notification(struct supply *supply, const struct seccomp_notif *notif)
{
	struct request request = {
		.caller = { .supply = supply, .id = notif->id, .tid = (pid_t)notif->pid },
		.cmd = command(notif),
		.size = (uint32_t)notif->data.args[2],
		.address = notif->data.args[1],
		.row = attr_token_row(command(notif)),
	};

	/* 0: a process that our pid namespace does not see. Who has gone hears nothing. */
	if (!notif->pid ||
	    decide(&request, notif->data.args[0] & FILTER_COMMON_ATTRS) < 0)
		caller_continue(&request.caller);
}

bool handle_may_last(const struct seccomp_notif *notif)
{
	const struct attr_token_row *row = attr_token_row(command(notif));

	return row && row->cmd != ATTR_MAP_CREATE &&
	       (uint32_t)notif->data.args[2] < row->min_size;
}
