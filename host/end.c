/* SPDX-License-Identifier: MIT */
/* See end.h. The pidfd comes first, so that what is looked at is what is killed. */
#include "end.h"

#include "holders.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>

#define END_TIMEOUT_MS 5000
#define MAX_LEVELS 33 /* of user namespaces; the kernel's own limit is 32 */

/* 1 when the process lives in the user namespace or below it. */
static int lives_in(pid_t pid, int user_fd)
{
	uint64_t wanted, inode;
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	r = fd < 0 ? fd : sys_inode(user_fd, "", &wanted);
	for (int level = 0; r >= 0 && level < MAX_LEVELS; level++) {
		int parent_fd;

		r = sys_inode(fd, "", &inode);
		if (r < 0 || inode == wanted)
			break;
		/* The initial one has no parent: EPERM */
		parent_fd = sys_ioctl(fd, NS_GET_PARENT, NULL);
		sys_close(fd);
		fd = r = parent_fd;
	}
	close_fd(&fd);
	if (r == -EPERM)
		return 0;
	return r < 0 ? r : inode == wanted;
}

static int raise_holder(const struct bpftoken_holder *holder, int code, const char *why,
			struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_TARGET, code, "%s", why ? why : strerror(-code));
	err_what(err, "cannot end process %d", holder->pid);
	return code;
}

int end_holder(const struct bpftoken_holder *holder, uint64_t device, int user_fd,
	       struct bpftoken_error *err)
{
	_cleanup_close_ int pidfd = sys_pidfd_open(holder->pid);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	struct bpftoken_holder now;
	int r = pidfd;

	if (r >= 0)
		r = holders_look(holder->pid, device, &now);
	if (r > 0)
		r = lives_in(holder->pid, user_fd);
	else if (r == 0)
		return 0;
	if (r == 0) {
		raise_holder(holder, -EPERM, "it is not of the container", err);
		err_fix(err, "end it yourself, if it has to end");
		return -EPERM;
	}
	if (r > 0)
		r = sys_pidfd_signal(pidfd, SIGKILL);
	if (r == 0)
		r = sys_poll(&ended, 1, END_TIMEOUT_MS);
	if (r == -ESRCH)
		return 0;
	return r < 0 ? raise_holder(holder, r, NULL, err) : 1;
}
