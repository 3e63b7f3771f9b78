/* SPDX-License-Identifier: MIT */
/*
 * The few words that every file here speaks: cleanup on scope exit, taking ownership,
 * array sizes. No state, no system call but close() through sys.h.
 */
#ifndef BPFTOKEN_UTIL_H
#define BPFTOKEN_UTIL_H

#include "sys.h"

#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An fd variable that holds nothing is -EBADF. */
static inline void close_fd(const int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
}

static inline void free_ptr(void *ptr)
{
	free(*(void **)ptr);
}

#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_free_ _cleanup_(free_ptr)

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

#define TAKE_FD(fd) take_fd(&(fd))
#define TAKE_PTR(ptr)                       \
	__extension__({                     \
		__typeof__(ptr) _p = (ptr); \
		(ptr) = NULL;               \
		_p;                         \
	})

#endif
