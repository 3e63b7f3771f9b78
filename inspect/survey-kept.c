/* SPDX-License-Identifier: MIT */
/*
 * Mount namespaces that no process is in, and that a bind mount or a descriptor keeps.
 * Since Linux 6.12 the kernel goes from one to the next for who may see them all; before
 * that, and for others, there are those that the walk has met. A child enters each and
 * sends its mountinfo, since the way to a bind mount may lead through a filesystem that
 * does not answer.
 */
#include "survey-walk.h"

#include "aside.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* linux/nsfs.h */
struct space_info {
	uint32_t size, mounts;
	uint64_t id;
};
#define NS_MNT_GET_NEXT_ _IOR(0xb7, 11, struct space_info)
#define NS_MNT_GET_PREV_ _IOR(0xb7, 12, struct space_info)

/* So many descriptors at most are open at a time. */
#define AT_ONCE 64

typedef int (*space_fn)(struct walk *walk, int fd, uint64_t space);

static int each_towards(struct walk *walk, unsigned long way, space_fn each)
{
	int fd = sys_openat(walk->proc_fd, "self/ns/mnt", O_RDONLY), r = 0;

	while (fd >= 0 && r == 0) {
		struct space_info info = { .size = sizeof(info) };
		int next = sys_ioctl(fd, way, &info);
		uint64_t space;

		sys_close(fd);
		fd = next;
		if (fd >= 0 && sys_inode(fd, "", &space) == 0)
			r = each(walk, fd, space);
	}
	if (fd >= 0)
		sys_close(fd);
	return r;
}

/* From the own one, in order of their ids. Nothing where the kernel does not tell. */
static int each_space(struct walk *walk, space_fn each)
{
	int r = each_towards(walk, NS_MNT_GET_PREV_, each);

	return r < 0 ? r : each_towards(walk, NS_MNT_GET_NEXT_, each);
}

static int note_space(struct walk *walk, int fd, uint64_t space)
{
	(void)fd;
	return table_put(&walk->before, space, 1);
}

int walk_note_spaces(struct walk *walk)
{
	struct sys_file own;
	int r;

	/* In a pid namespace the processes in the others are out of sight. */
	r = walk->survey->part ? 0 : each_space(walk, note_space);
	if (!walk->before.count && sys_look_at(walk->proc_fd, "self/ns/mnt", &own) == 0)
		walk->nsfs = own.dev;
	return r;
}

int walk_keep(struct walk *walk, const struct walk_kept *kept)
{
	struct walk_kept *one;

	if (table_get(&walk->met, kept->space))
		return 0;
	one = ARRAY_ADD(walk, kept);
	if (!one)
		return -ENOMEM;
	*one = *kept;
	one->path = kept->path ? strdup(kept->path) : NULL;
	if (kept->path && !one->path)
		return -ENOMEM;
	return table_put(&walk->met, kept->space, 1);
}

/* ---------------------------------------------------------- in the child */

struct opening {
	int proc_fd; /* absolute paths are the namespace's, once one was entered */
	uint64_t nsfs;
	const struct walk_kept *at;
};

/* A descriptor that is only a name, so that nothing but a namespace gets opened. */
static int find_kept(int proc_fd, const struct walk_kept *kept)
{
	_cleanup_close_ int root_fd = -EBADF;
	char name[48];
	int fd;

	if (!kept->path) {
		snprintf(name, sizeof(name), "%d/fd/%d", (int)kept->pid, kept->fd);
		return sys_openat(proc_fd, name, O_PATH);
	}
	if (!kept->pid)
		return -EXDEV;
	snprintf(name, sizeof(name), "%d/root", (int)kept->pid);
	root_fd = sys_openat(proc_fd, name, O_PATH | O_DIRECTORY);
	if (root_fd < 0)
		return root_fd;
	fd = sys_open_in_root(root_fd, kept->path, O_PATH);
	/* Covered: it is there all the same. */
	return fd == -ENOENT ? -ESTALE : fd;
}

static int enter_kept(const struct opening *opening, const struct walk_kept *kept)
{
	_cleanup_close_ int found = -EBADF, fd = -EBADF;
	char name[48];
	struct sys_file file;

	if (kept->ns_fd >= 0)
		return sys_setns(kept->ns_fd, CLONE_NEWNS);
	found = find_kept(opening->proc_fd, kept);
	if (found < 0)
		return found;
	/* No other file, a token least of all, is opened by its name in /proc. */
	if (sys_look_at(found, "", &file) < 0 || file.dev != opening->nsfs ||
	    file.ino != kept->space)
		return -ESTALE;
	snprintf(name, sizeof(name), "self/fd/%d", found);
	fd = sys_openat(opening->proc_fd, name, O_RDONLY);
	return fd < 0 ? fd : sys_setns(fd, CLONE_NEWNS);
}

static void open_mounts(size_t index, void *answer, const void *data)
{
	const struct opening *opening = data;
	int r = enter_kept(opening, &opening->at[index]);

	if (r == 0)
		r = sys_openat(opening->proc_fd, "self/mountinfo", O_RDONLY);
	memcpy(answer, &r, sizeof(r));
}

/* ------------------------------------------------------------- in the walk */

/* A namespace of another kind cannot be entered as one of mounts: that is -EINVAL. */
static int take_mounts(struct walk *walk, const struct walk_kept *kept, int fd)
{
	if (fd < 0) {
		walk->survey->unseen.spaces += !walk_is_gone(fd);
		return 0;
	}
	return walk_mountinfo(walk, fd, 0, kept->space);
}

/* All that are kept and in which no process was; more may be met meanwhile. */
static int settle(struct walk *walk)
{
	int r = 0;

	for (size_t at = 0, count; r == 0 && at < walk->kept.count; at += count) {
		struct opening opening = { walk->proc_fd, walk->nsfs,
					   &walk->kept.at[at] };
		int fds[AT_ONCE];

		count = walk->kept.count - at;
		count = count < AT_ONCE ? count : AT_ONCE;
		for (size_t i = 0; i < count; i++)
			fds[i] = -ETIMEDOUT;
		aside_open(count, open_mounts, fds, &opening);
		for (size_t i = 0; i < count; i++) {
			const struct walk_kept kept = walk->kept.at[at + i];

			r = r < 0 ? r : take_mounts(walk, &kept, fds[i]);
			if (fds[i] >= 0)
				sys_close(fds[i]);
		}
	}
	walk_drop_kept(walk);
	return r;
}

void walk_drop_kept(struct walk *walk)
{
	for (size_t i = 0; i < walk->kept.count; i++) {
		free(walk->kept.at[i].path);
		if (walk->kept.at[i].ns_fd >= 0)
			sys_close(walk->kept.at[i].ns_fd);
	}
	walk->kept.count = 0;
}

/* One that is newer than the walk has processes that the walk has not seen. */
static int keep_space(struct walk *walk, int fd, uint64_t space)
{
	struct walk_kept kept = { .space = space, .ns_fd = -EBADF };
	int r;

	if (!table_get(&walk->before, space) || table_get(&walk->met, space) ||
	    table_get(&walk->looked, space))
		return 0;
	r = walk_keep(walk, &kept);
	if (r < 0)
		return r;
	fd = sys_dup_high(fd);
	walk->kept.at[walk->kept.count - 1].ns_fd = fd;
	walk->survey->unseen.spaces += fd < 0;
	return walk->kept.count == AT_ONCE ? settle(walk) : 0;
}

/* Without those that have processes. */
static void sift(struct walk *walk)
{
	size_t left = 0;

	for (size_t i = 0; i < walk->kept.count; i++) {
		struct walk_kept *kept = &walk->kept.at[i];

		if (table_get(&walk->looked, kept->space))
			free(kept->path);
		else
			walk->kept.at[left++] = *kept;
	}
	walk->kept.count = left;
}

int walk_settle_kept(struct walk *walk)
{
	int r = 0;

	sift(walk);
	if (walk->before.count)
		r = each_space(walk, keep_space);
	return r < 0 ? r : settle(walk);
}
