/* SPDX-License-Identifier: MIT */
/*
 * The kernel refuses CLONE_NEWUSER to a process in a chroot (user_namespaces(7)), since a
 * user namespace with CAP_SYS_CHROOT would be a way out. Who may do so anyway can put the
 * same directory where the kernel wants it: on top of the root of a mount namespace that
 * nobody else is in.
 */
#include "chroot.h"

#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

/* The same directory on the same mount? */
static int same_place(int fd, const char *path)
{
	_cleanup_close_ int other = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	uint64_t inodes[2], mounts[2];
	int r = other;

	if (r >= 0)
		r = sys_inode(fd, "", &inodes[0]);
	if (r >= 0)
		r = sys_inode(other, "", &inodes[1]);
	if (r >= 0)
		r = sys_mount_id(fd, &mounts[0]);
	if (r >= 0)
		r = sys_mount_id(other, &mounts[1]);
	return r < 0 ? r : inodes[0] == inodes[1] && mounts[0] == mounts[1];
}

/* Joining a mount namespace, be it one's own, makes its root the process's root. */
static int go_to_namespace_root(void)
{
	_cleanup_close_ int ns_fd = sys_openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY);

	return ns_fd < 0 ? ns_fd : sys_setns(ns_fd, CLONE_NEWNS);
}

static int cover_root(int tree_fd)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

	if (r < 0)
		return r;
	root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
	if (root_fd < 0)
		return root_fd;
	r = sys_move_mount(tree_fd, root_fd);
	if (r == 0)
		r = sys_fchdir(tree_fd);
	return r < 0 ? r : sys_chroot(".");
}

int chroot_become_root(void)
{
	_cleanup_close_ int old_root = -EBADF, tree_fd = -EBADF;
	char cwd[PATH_MAX];
	int r, same;

	if (!getcwd(cwd, sizeof(cwd)))
		return -errno;
	r = sys_unshare(CLONE_NEWNS);
	if (r < 0)
		return r;
	old_root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
	tree_fd = sys_open_tree("/", true);
	if (old_root < 0 || tree_fd < 0)
		return old_root < 0 ? old_root : tree_fd;
	r = go_to_namespace_root();
	if (r < 0)
		return r;
	same = same_place(old_root, "/");
	r = same == 0 ? cover_root(tree_fd) : same;
	if (r >= 0)
		r = sys_chdir(cwd);
	return r < 0 ? r : !same;
}
