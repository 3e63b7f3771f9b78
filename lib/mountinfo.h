/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/mountinfo, line by line. The fields point into the line, with the kernel's
 * octal escapes undone; they are valid during the callback only.
 */
#ifndef BPFTOKEN_MOUNTINFO_H
#define BPFTOKEN_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mountinfo {
	uint64_t id;
	const char *root; /* of the mount within its filesystem */
	const char *mount_point;
	const char *fs_type;
	const char *super_options;
	uint64_t parent; /* id of the mount that it is on */
	uint64_t dev; /* of the superblock, as st_dev; makedev(3) */
	bool shared; /* what is mounted on it, its peers get as well */
};

/*
 * Calls each() for every mount until it returns non-zero; returns that, or 0 at the end,
 * or a negative errno from reading. pid 0 is the calling process.
 */
int mountinfo_each(pid_t pid, int (*each)(const struct mountinfo *mount, void *data),
		   void *data);

/* The same of an open file, with the lines as they are, for those who want few of them. */
int mountinfo_lines(int fd, int (*each)(char *line, void *data), void *data);

/* Splits one line (without newline), in place. -EPROTO when it is not one. */
int mountinfo_split(char *line, struct mountinfo *ret_mount);

#endif
