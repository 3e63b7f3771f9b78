/* SPDX-License-Identifier: MIT */
/*
 * The container's mounts. With the host's files: all mounts private, a /proc of the new
 * pid namespace. With --rootfs: that directory as root, with /proc, /sys and a /dev of
 * the harmless devices; the host's tree is detached.
 */
#include "container.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* In the order of mounting, on directories that the root has or may create. */
static const struct {
	const char *fstype, *target, *data;
	unsigned long flags;
} own_mounts[] = {
	{ "proc", "/proc", NULL, SAFE },
	{ "sysfs", "/sys", NULL, SAFE | MS_RDONLY },
	{ "tmpfs", "/dev", "mode=0755,size=64k", MS_NOSUID | MS_NOEXEC },
	{ "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620",
	  MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "/dev/shm", "mode=1777,size=64m", MS_NOSUID | MS_NODEV },
};

static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "pts/ptmx", "/dev/ptmx" }, { "/proc/self/fd", "/dev/fd" },
	{ "fd/0", "/dev/stdin" },    { "fd/1", "/dev/stdout" },
	{ "fd/2", "/dev/stderr" },
};

static int raise_setup(int code, const char *what, struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_SETUP, code, "%s: %s", what,
			 strerror(-code));
}

static int mount_own(struct bpftoken_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_mounts); i++) {
		int r = sys_mkdir(own_mounts[i].target, 0755);

		/*
		 * An image has it, or the container's root may have no right to make it.
		 */
		if (r < 0 && r != -EEXIST) {
			raise_setup(r, own_mounts[i].target, err);
			err_fix(err, "make the directory in the root directory first");
			return r;
		}
		r = sys_mount(own_mounts[i].fstype, own_mounts[i].target,
			      own_mounts[i].fstype, own_mounts[i].flags,
			      own_mounts[i].data);
		/* A network namespace of the host: its sysfs is not ours to mount. */
		if (r == -EPERM && !strcmp(own_mounts[i].fstype, "sysfs"))
			continue;
		if (r < 0)
			return raise_setup(r, own_mounts[i].target, err);
	}
	return 0;
}

/* tree_fds: detached copies of the host's devices, taken before its tree went away. */
static int place_devices(const int tree_fds[], struct bpftoken_error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		_cleanup_close_ int fd = sys_creat(devices[i], 0666);

		r = fd < 0 ? fd : sys_move_mount(tree_fds[i], fd);
		if (r < 0)
			return raise_setup(r, devices[i], err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links) && r >= 0; i++)
		r = sys_symlink(links[i].target, links[i].path);
	return r < 0 ? raise_setup(r, "/dev", err) : 0;
}

/* After pivot_root(".", ".") the old root lies on top of the new one, at ".". */
static int change_root(const char *rootfs, const int tree_fds[],
		       struct bpftoken_error *err)
{
	int r = sys_mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL);

	if (r == 0)
		r = sys_chdir(rootfs);
	if (r == 0)
		r = sys_pivot_root(".", ".");
	if (r < 0) {
		raise_setup(r, rootfs, err);
		err_fix(err, "name a directory, other than /, that the container's root "
			     "may enter");
		return r;
	}
	/* The kernel gives out a new proc only while an old one is in sight. */
	r = mount_own(err);
	if (r == 0)
		r = place_devices(tree_fds, err);
	if (r < 0)
		return r;
	r = sys_umount(".", MNT_DETACH);
	if (r == 0)
		r = sys_chdir("/");
	return r < 0 ? raise_setup(r, rootfs, err) : 0;
}

static int with_rootfs(const char *rootfs, struct bpftoken_error *err)
{
	int tree_fds[ARRAY_SIZE(devices)];
	size_t taken = 0;
	int r = 0;

	while (taken < ARRAY_SIZE(devices) && r >= 0) {
		r = sys_open_tree(devices[taken], false);
		if (r >= 0)
			tree_fds[taken++] = r;
		else
			raise_setup(r, devices[taken], err);
	}
	if (r >= 0)
		r = change_root(rootfs, tree_fds, err);
	while (taken)
		sys_close(tree_fds[--taken]);
	return r < 0 ? r : 0;
}

int rootfs_setup(const struct container *container, struct bpftoken_error *err)
{
	int r = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

	if (r < 0)
		return raise_setup(r, "making the mounts private", err);
	if (container->rootfs)
		return with_rootfs(container->rootfs, err);
	r = sys_mount("proc", "/proc", "proc", SAFE, NULL);
	return r < 0 ? raise_setup(r, "/proc", err) : 0;
}
