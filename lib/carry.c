/* SPDX-License-Identifier: MIT */
/*
 * The token in a bpf() call. The flag is BPF_F_TOKEN_FD and the field the command's own;
 * both came with Linux 6.9, those of BPF_BTF_GET_FD_BY_ID with 6.15, and a kernel refuses
 * what it does not know (kernel/bpf/syscall.c, CHECK_ATTR()).
 */
#include "carry.h"

#include <stdatomic.h>
#include <string.h>

enum { UNKNOWN, TAKES, TAKES_NONE };

/* By row of the table in attr.c. */
static atomic_uchar takes[ATTR_TOKEN_ROWS];

int carry_resolve(int token_fd)
{
	if (token_fd == 0)
		return bpftoken_global_get();
	return token_fd < 0 ? -1 : token_fd;
}

/* At least min_size bytes of attr. */
static void put(const struct attr_token_row *row, void *attr, uint32_t fd)
{
	uint32_t flags;

	memcpy(&flags, (char *)attr + row->flags_offset, sizeof(flags));
	flags |= ATTR_F_TOKEN_FD;
	memcpy((char *)attr + row->flags_offset, &flags, sizeof(flags));
	memcpy((char *)attr + row->fd_offset, &fd, sizeof(fd));
}

/*
 * With no descriptor as token: a kernel that knows the field says EBADF, another EINVAL.
 * A map's type and sizes are looked at before its token, so they have to be good.
 */
static unsigned char ask_kernel(const struct attr_token_row *row)
{
	union {
		struct attr_map_create map;
		struct attr_prog_load prog;
	} attr = { .prog = { 0 } };
	int r;

	if (row->cmd == ATTR_MAP_CREATE)
		attr.map = (struct attr_map_create){ ATTR_MAP_TYPE_ARRAY, 4, 4, 1 };
	put(row, &attr, UINT32_MAX);
	r = sys_bpf(row->cmd, &attr, row->min_size);
	return r == -EBADF ? TAKES : r == -EINVAL ? TAKES_NONE : UNKNOWN;
}

static bool row_takes(const struct attr_token_row *row)
{
	atomic_uchar *known = &takes[row->index];
	unsigned char answer = atomic_load_explicit(known, memory_order_relaxed);

	if (answer == UNKNOWN) {
		answer = ask_kernel(row);
		atomic_store_explicit(known, answer, memory_order_relaxed);
	}
	return answer != TAKES_NONE;
}

bool carry_kernel_takes(uint32_t cmd)
{
	const struct attr_token_row *row = attr_token_row(cmd);

	return row && row_takes(row);
}

void carry_token(uint32_t cmd, void *attr, int token_fd)
{
	const struct attr_token_row *row = attr_token_row(cmd);

	if (row && token_fd >= 0 && row_takes(row))
		put(row, attr, (uint32_t)token_fd);
}

int carry_raise(struct bpftoken_error *err, uint32_t cmd, int code, const void *attr,
		int token_fd)
{
	const struct attr_token_row *row = attr_token_row(cmd);

	err_raise(err, row ? row->stage : BPFTOKEN_STAGE_BPF, code, NULL);
	if (!err || !row)
		return code;
	err->token_fd = token_fd;
	if (cmd != ATTR_BTF_LOAD)
		memcpy(&err->type, attr, sizeof(err->type));
	if (cmd == ATTR_PROG_LOAD)
		memcpy(&err->attach_type,
		       (const char *)attr +
			       offsetof(struct attr_prog_load, expected_attach_type),
		       sizeof(err->attach_type));
	return code;
}

void carry_forget(void)
{
	for (size_t i = 0; i < ATTR_TOKEN_ROWS; i++)
		atomic_store(&takes[i], UNKNOWN);
}
