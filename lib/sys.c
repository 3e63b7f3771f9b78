/* SPDX-License-Identifier: MIT */
/*
 * Files, mounts, sockets and bpf(): the raw calls, each returning >= 0 or -errno. Calls
 * that the C library may lack go through syscall(2).
 */
#include "sys.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Values of the mount API (linux/mount.h), which older C libraries do not wrap. */
#define FSOPEN_CLOEXEC_ 1U
#define FSMOUNT_CLOEXEC_ 1U
#define OPEN_TREE_CLONE_ 1U
#define AT_RECURSIVE_ 0x8000U
#define MOVE_MOUNT_F_EMPTY_PATH_ 0x04U
#define MOVE_MOUNT_T_EMPTY_PATH_ 0x40U

static int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

int sys_bpf(unsigned int cmd, void *attr, uint32_t size)
{
	return result(syscall(SYS_bpf, cmd, attr, size));
}

int sys_fsopen(const char *fstype)
{
	return result(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC_));
}

int sys_fsconfig(int fs_fd, unsigned int cmd, const char *key, const char *value)
{
	return result(syscall(SYS_fsconfig, fs_fd, cmd, key, value, 0));
}

int sys_fsmount(int fs_fd, unsigned int mount_attrs)
{
	return result(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC_, mount_attrs));
}

int sys_move_mount(int from_fd, int to_fd)
{
	return result(syscall(SYS_move_mount, from_fd, "", to_fd, "",
			      MOVE_MOUNT_F_EMPTY_PATH_ | MOVE_MOUNT_T_EMPTY_PATH_));
}

int sys_open_tree(const char *path, bool whole_tree)
{
	return result(syscall(SYS_open_tree, AT_FDCWD, path,
			      OPEN_TREE_CLONE_ | (unsigned int)O_CLOEXEC |
				      (whole_tree ? AT_RECURSIVE_ : 0)));
}

int sys_chroot(const char *path)
{
	return result(chroot(path));
}

int sys_mount(const char *source, const char *target, const char *fstype,
	      unsigned long flags, const char *data)
{
	return result(mount(source, target, fstype, flags, data));
}

int sys_umount(const char *target, int flags)
{
	return result(umount2(target, flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_chdir(const char *path)
{
	return result(chdir(path));
}

int sys_fchdir(int fd)
{
	return result(fchdir(fd));
}

int sys_mkdir(const char *path, mode_t mode)
{
	return result(mkdir(path, mode));
}

int sys_openat(int dir_fd, const char *path, int flags)
{
	return result(openat(dir_fd, path, flags | O_CLOEXEC));
}

int sys_creat(const char *path, mode_t mode)
{
	return result(open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
}

int sys_symlink(const char *target, const char *path)
{
	return result(symlink(target, path));
}

int sys_open_in_root(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return result(syscall(SYS_openat2, root_fd, path, &how, sizeof(how)));
}

int sys_dup_high(int fd)
{
	return result(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

int sys_close(int fd)
{
	return result(close(fd));
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	ssize_t len;

	do {
		len = read(fd, buf, size);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : len;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	ssize_t len;

	do {
		len = write(fd, buf, size);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : len;
}

int sys_fs_type(int fd, uint32_t *ret_type)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_type = (uint32_t)fs.f_type;
	return 0;
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -errno;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret_id = stx.stx_mnt_id;
	return 0;
}

int sys_inode(int dir_fd, const char *path, uint64_t *ret_inode)
{
	struct stat st;

	if (fstatat(dir_fd, path, &st, path[0] ? 0 : AT_EMPTY_PATH) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return result(ioctl(fd, request, arg));
}

int sys_socketpair(int ret_fds[2])
{
	return result(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds));
}

int sys_socket_inet(void)
{
	return result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

union fd_message {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int sys_send_fd(int sock, const void *data, size_t size, int fd)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	union fd_message control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;

	if (fd >= 0) {
		struct cmsghdr *cmsg = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	do {
		len = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

/* One descriptor or none. Anything else is closed and refused: it comes from outside. */
static int take_rights(struct msghdr *msg, int *ret_fd)
{
	int taken = -EBADF;
	size_t total = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (total++)
				close(fd);
			else
				taken = fd;
		}
	}
	/* The buffer's alignment leaves room for a second one. */
	if (msg->msg_flags & MSG_CTRUNC || total > 1) {
		if (taken >= 0)
			close(taken);
		return -EPROTO;
	}
	*ret_fd = taken;
	return 0;
}

int sys_recv_fd(int sock, int timeout_ms, void *data, size_t size, int *ret_fd)
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	union fd_message control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int fd = -EBADF;
	ssize_t len;
	int r;

	r = sys_poll(&pfd, 1, timeout_ms);
	if (r < 0)
		return r;
	do {
		len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (len < 0 && errno == EINTR);
	if (len <= 0)
		return len < 0 ? -errno : 0;
	r = take_rights(&msg, &fd);
	if (r < 0)
		return r;
	if ((size_t)len != size || msg.msg_flags & MSG_TRUNC) {
		if (fd >= 0)
			close(fd);
		return -EPROTO;
	}
	*ret_fd = fd;
	return 1;
}
