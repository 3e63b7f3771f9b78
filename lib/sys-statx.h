/* SPDX-License-Identifier: MIT */
/*
 * statx(2) where the C library does not have it, as musl before 1.2.4, or not all of it, as
 * musl 1.2.5: what came with Linux 5.8.
 */
#ifndef BPFTOKEN_SYS_STATX_H
#define BPFTOKEN_SYS_STATX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#ifndef STATX_BASIC_STATS
#include <linux/stat.h>
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

/* The id is behind the device's numbers; a C library that cannot name it has the room. */
#define STATX_MNT_ID_AT 144
_Static_assert(offsetof(struct statx, stx_dev_minor) + sizeof(uint32_t) ==
		       STATX_MNT_ID_AT,
	       "the kernel's struct statx");
_Static_assert(sizeof(struct statx) == 256, "the kernel's struct statx");

static inline uint64_t statx_mount_id(const struct statx *stx)
{
	uint64_t id;

	memcpy(&id, (const char *)stx + STATX_MNT_ID_AT, sizeof(id));
	return id;
}

int sys_statx(int dir_fd, const char *path, int flags, unsigned int mask,
	      struct statx *ret_stx);

#endif
