/* SPDX-License-Identifier: MIT */
/* Memory and descriptors of a caller: see copy.h. */
#include "copy.h"

#include "util.h"

#include <stdlib.h>
#include <string.h>

/* The kernel's own limits are all below: 64 maps, 256 modules, a million instructions. */
#define MAX_FDS 1024
#define MAX_BYTES ((size_t)256 << 20)

void copy_init(struct copy *copy, const struct caller *caller)
{
	*copy = (struct copy){ .caller = caller, .pidfd = -EBADF };
}

void copy_done(struct copy *copy)
{
	for (size_t i = 0; i < copy->piece_count; i++)
		free(copy->pieces[i]);
	for (size_t i = 0; i < copy->fd_count; i++)
		close_fd(&copy->fds[i].ours);
	free(copy->fds);
	close_fd(&copy->pidfd);
}

static void *new_piece(struct copy *copy, size_t size)
{
	void *piece = copy->piece_count < COPY_PIECES ? malloc(size) : NULL;

	if (piece)
		copy->pieces[copy->piece_count++] = piece;
	return piece;
}

int copy_bytes(struct copy *copy, uint64_t *address, size_t size, void **ret_piece)
{
	uint64_t from = *address;
	void *piece;
	int r;

	*address = COPY_BAD_ADDRESS;
	if (ret_piece)
		*ret_piece = NULL;
	if (!size)
		return 0;
	piece = size <= MAX_BYTES ? new_piece(copy, size) : NULL;
	if (!piece)
		return -ECANCELED;
	r = caller_read(copy->caller, from, piece, size);
	if (r == -EFAULT)
		return 0;
	if (r < 0)
		return -ECANCELED;
	*address = (uintptr_t)piece;
	if (ret_piece)
		*ret_piece = piece;
	return 0;
}

/* It may end just before memory that is not there. */
int copy_text(struct copy *copy, uint64_t *address, size_t size)
{
	uint64_t from = *address;
	char *piece = new_piece(copy, size + 1);
	ssize_t len;

	*address = COPY_BAD_ADDRESS;
	if (!piece)
		return -ECANCELED;
	len = sys_task_read(copy->caller->tid, from, piece, size);
	if (len < 0)
		return len == -EFAULT ? 0 : -ECANCELED;
	piece[len] = '\0';
	if ((size_t)len == size || memchr(piece, '\0', (size_t)len))
		*address = (uintptr_t)piece;
	return 0;
}

static int known_fd(const struct copy *copy, int theirs, int *ret_ours)
{
	for (size_t i = 0; i < copy->fd_count; i++)
		if (copy->fds[i].theirs == theirs) {
			*ret_ours = copy->fds[i].ours;
			return 1;
		}
	return 0;
}

static int keep_fd(struct copy *copy, int theirs, int ours)
{
	void *more = NULL;

	if (copy->fd_count < MAX_FDS)
		more = realloc(copy->fds, (copy->fd_count + 1) * sizeof(copy->fds[0]));
	if (!more) {
		close_fd(&ours);
		return -ECANCELED;
	}
	copy->fds = more;
	copy->fds[copy->fd_count++] = (struct copied_fd){ theirs, ours };
	return 0;
}

int copy_fd(struct copy *copy, int32_t *fd)
{
	int theirs = *fd, ours, r;

	if (theirs < 0 || known_fd(copy, theirs, fd))
		return 0;
	if (copy->pidfd < 0)
		copy->pidfd = sys_task_open(copy->caller->tid);
	if (copy->pidfd < 0)
		return -ECANCELED;
	ours = sys_task_fd(copy->pidfd, theirs);
	if (ours < 0 && ours != -EBADF)
		return -ECANCELED;
	r = keep_fd(copy, theirs, ours < 0 ? -1 : ours);
	if (r == 0)
		*fd = ours < 0 ? -1 : ours;
	return r;
}
