/* SPDX-License-Identifier: MIT */
/* statx(2) where the C library does not have it, as musl before 1.2.4. */
#ifndef BPFTOKEN_SYS_STATX_H
#define BPFTOKEN_SYS_STATX_H

#include <sys/stat.h>

#ifndef STATX_BASIC_STATS
#include <linux/stat.h>
#endif

int sys_statx(int dir_fd, const char *path, int flags, unsigned int mask,
	      struct statx *ret_stx);

#endif
