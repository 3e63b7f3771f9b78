/* SPDX-License-Identifier: MIT */
/* The host's part of cover.h: the tmpfs with all but the container's own file. */
#include "cover.h"

#include "guest.h"
#include "sys-task.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE (32U << 20)

/* linux/mount.h does not go with sys/mount.h */
#define FSCONFIG_SET_FLAG_ 0U
#define FSCONFIG_SET_STRING_ 1U
#define FSCONFIG_CMD_CREATE_ 6U
#define FSCONFIG_CMD_RECONFIGURE_ 7U
#define MOUNT_ATTR_NOSUID_ 0x2U
#define MOUNT_ATTR_NODEV_ 0x4U

int cover_raise(struct bpftoken_error *err, int code, const char *fix, const char *why,
		...)
{
	va_list args;

	va_start(args, why);
	err_vraise(err, BPFTOKEN_STAGE_RESOLVE, code, why, args);
	va_end(args);
	err_fix(err, "%s", fix);
	return code;
}

const char *cover_base(const char *program)
{
	const char *slash = strrchr(program, '/');

	return slash ? slash + 1 : program;
}

static int write_all(int fd, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t len = sys_write(fd, data + done, size - done);

		if (len < 0)
			return (int)len;
		done += (size_t)len;
	}
	return 0;
}

static int copy_file(const char *from, int dir_fd, const char *name, mode_t mode)
{
	_cleanup_close_ int in = sys_openat(AT_FDCWD, from, O_RDONLY), out = -EBADF;
	void *data;
	size_t size;
	int r = in < 0 ? in : sys_map_file(in, MAX_FILE, &data, &size);

	if (r < 0)
		return r;
	r = out = sys_creatat(dir_fd, name, mode);
	if (r >= 0)
		r = write_all(out, data, size);
	sys_unmap(data, size);
	return r;
}

static int make_empty(int dir_fd, const char *name)
{
	_cleanup_close_ int fd = sys_creatat(dir_fd, name, 0644);

	return fd < 0 ? fd : 0;
}

static int fill(const struct cover *cover, int dir_fd)
{
	char kept[512];
	int r = copy_file(cover->front, dir_fd, COVER_FRONT, 0755);

	if (r == 0 && cover->preload)
		r = copy_file(cover->preload, dir_fd, cover_base(cover->preload), 0644);
	if (r == 0)
		r = make_empty(dir_fd, COVER_LOCK);
	if (r == 0)
		r = sys_mkdirat(dir_fd, COVER_BIN, 0755);
	snprintf(kept, sizeof(kept), COVER_BIN "/%s", cover_base(cover->program));
	if (r == 0)
		r = make_empty(dir_fd, kept);
	if (r == 0)
		r = sys_symlinkat(kept, dir_fd, COVER_ENTRY);
	if (r == 0)
		r = sys_symlinkat(cover->via, dir_fd, COVER_VIA);
	if (r == 0)
		r = sys_symlinkat(cover->token, dir_fd, COVER_TOKEN);
	return r;
}

/* The superblock, which no remount in the container reaches, and the mount. */
static int make_readonly(int mount_fd)
{
	_cleanup_close_ int context_fd = sys_fspick(mount_fd);
	int r = context_fd;

	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_SET_FLAG_, "ro", NULL);
	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_CMD_RECONFIGURE_, NULL, NULL);
	return r < 0 ? r : sys_mount_readonly(mount_fd);
}

static int new_tmpfs(void)
{
	_cleanup_close_ int context_fd = sys_fsopen("tmpfs");
	int r = context_fd;

	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, "mode", "0755");
	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, "size", "64m");
	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, "source", "bpftoken");
	if (r >= 0)
		r = sys_fsconfig(context_fd, FSCONFIG_CMD_CREATE_, NULL, NULL);
	return r < 0 ? r
		     : sys_fsmount(context_fd, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_);
}

static int make(const struct cover *cover, struct bpftoken_error *err)
{
	_cleanup_close_ int mount_fd = new_tmpfs();
	mode_t mask = sys_umask(022);
	int r = mount_fd < 0 ? mount_fd : fill(cover, mount_fd);

	(void)sys_umask(mask);
	if (r >= 0)
		r = make_readonly(mount_fd);
	if (r < 0)
		return cover_raise(err, r, "see the memory and the files of the host",
				   "its files cannot be made: %s", strerror(-r));
	return TAKE_FD(mount_fd);
}

/* A service manager insists on being the first process, and exec is that. */
static int check_program(const struct cover *cover, struct bpftoken_error *err)
{
	static const char *const managers[] = { "init", "systemd", "openrc-init",
						"runit-init" };
	const char *name = cover_base(cover->program);

	if (!name[0] || strlen(name) > NAME_MAX)
		return cover_raise(
			err, -ENOENT, "name the container's program",
			"the program \"%s\" has no name",
			text_quote(cover->program, strlen(cover->program)).text);
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (!strcmp(name, managers[i]))
			return cover_raise(
				err, -EBUSY,
				"run the service itself under bpftoken exec, inside",
				"%s has to be the container's first process, which exec "
				"would be",
				name);
	return 0;
}

int cover_place(int pidfd, const struct cover *cover, struct bpftoken_error *err)
{
	_cleanup_close_ int mount_fd = -EBADF;
	struct guest_opts opts = {
		.root = cover->root,
		.asks = COVER_ASKS,
		.run = cover_guest,
		.undo = cover_guest_undo,
		.data = (void *)(uintptr_t)cover,
	};
	int r = check_program(cover, err);

	if (r == 0)
		r = mount_fd = make(cover, err);
	opts.mount_fd = mount_fd;
	if (r >= 0)
		r = guest_run(pidfd, &opts, err);
	if (r < 0)
		err_what(err, "cannot put exec in front of the container's program");
	return r;
}
