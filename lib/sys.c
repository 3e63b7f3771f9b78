/* SPDX-License-Identifier: MIT */
/*
 * The raw calls, each returning >= 0 or -errno: files and mounts, and sockets that carry
 * descriptors. Calls that the C library may lack go through syscall(2).
 */
#include "sys.h"
#include "sys-result.h"
#include "sys-statx.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Values of the mount API (linux/mount.h), which older C libraries do not wrap. */
#define FSPICK_CLOEXEC_ 1
#define FSPICK_EMPTY_PATH_ 8
#define FSOPEN_CLOEXEC_ 1U
#define FSMOUNT_CLOEXEC_ 1U
#define OPEN_TREE_CLONE_ 1U
#define AT_RECURSIVE_ 0x8000U
#define MOUNT_ATTR_RDONLY_ 1U
#define MOVE_MOUNT_F_EMPTY_PATH_ 0x04U
#define MOVE_MOUNT_T_EMPTY_PATH_ 0x40U
#define MOVE_MOUNT_BENEATH_ 0x200U
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/*
 * Where libbpftoken-libbpf is part of the program, syscall() is its own and sends bpf()
 * to this library: what comes from here has to pass it by.
 */
__attribute__((weak, visibility("default"))) long bpftoken_raw_syscall(long number, ...);

int sys_bpf(unsigned int cmd, void *attr, uint32_t size)
{
	return sys_bpf_common(cmd, attr, size, NULL, 0);
}

int sys_bpf_common(unsigned int cmd, void *attr, uint32_t size, void *common,
		   uint32_t common_size)
{
	long (*call)(long number, ...) =
		bpftoken_raw_syscall ? bpftoken_raw_syscall : syscall;

	return result(call(SYS_bpf, cmd, attr, size, common, common_size));
}

int sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	return result(
		syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

int sys_fsopen(const char *fstype)
{
	return result(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC_));
}

int sys_fsconfig(int fs_fd, unsigned int cmd, const char *key, const char *value)
{
	return result(syscall(SYS_fsconfig, fs_fd, cmd, key, value, 0));
}

int sys_fspick(int dir_fd)
{
	return result(
		syscall(SYS_fspick, dir_fd, "", FSPICK_CLOEXEC_ | FSPICK_EMPTY_PATH_));
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

int sys_move_mount_beneath(int from_fd, int to_fd)
{
	return result(syscall(SYS_move_mount, from_fd, "", to_fd, "",
			      MOVE_MOUNT_F_EMPTY_PATH_ | MOVE_MOUNT_T_EMPTY_PATH_ |
				      MOVE_MOUNT_BENEATH_));
}

/* struct mount_attr of linux/mount.h, which does not go with sys/mount.h */
struct mount_attr_ {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

static int set_attr(int mount_fd, struct mount_attr_ attr)
{
	return result(syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH, &attr,
			      sizeof(attr)));
}

int sys_mount_private(int mount_fd)
{
	return set_attr(mount_fd, (struct mount_attr_){ .propagation = MS_PRIVATE });
}

int sys_mount_readonly(int mount_fd)
{
	return set_attr(mount_fd, (struct mount_attr_){ .attr_set = MOUNT_ATTR_RDONLY_ });
}

int sys_open_tree(const char *path, bool whole_tree)
{
	return result(syscall(SYS_open_tree, AT_FDCWD, path,
			      OPEN_TREE_CLONE_ | (unsigned int)O_CLOEXEC |
				      (whole_tree ? AT_RECURSIVE_ : 0)));
}

int sys_clone_mount(int fd)
{
	return result(
		syscall(SYS_open_tree, fd, "",
			OPEN_TREE_CLONE_ | AT_EMPTY_PATH | (unsigned int)O_CLOEXEC));
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

int sys_mkdirat(int dir_fd, const char *name, mode_t mode)
{
	return result(mkdirat(dir_fd, name, mode));
}

int sys_rmdirat(int dir_fd, const char *name)
{
	return result(unlinkat(dir_fd, name, AT_REMOVEDIR));
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

static int open_resolved(int root_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};

	return result(syscall(SYS_openat2, root_fd, path, &how, sizeof(how)));
}

int sys_open_in_root(int root_fd, const char *path, int flags)
{
	return open_resolved(root_fd, path, flags, RESOLVE_NO_SYMLINKS);
}

int sys_follow_in_root(int root_fd, const char *path, int flags)
{
	return open_resolved(root_fd, path, flags, 0);
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

int sys_map_file(int fd, size_t largest, void **ret_data, size_t *ret_size)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || (size_t)st.st_size > largest)
		return -EFBIG;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret_data = data;
	*ret_size = (size_t)st.st_size;
	return 0;
}

void sys_unmap(void *data, size_t size)
{
	(void)munmap(data, size);
}

int sys_fs_type(int fd, uint32_t *ret_type)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_type = (uint32_t)fs.f_type;
	return 0;
}

int sys_file_mode(int fd, mode_t *ret_mode, uint64_t *ret_links)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_mode = st.st_mode;
	*ret_links = st.st_nlink;
	return 0;
}

int sys_set_cloexec(int fd)
{
	return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int sys_statx(int dir_fd, const char *path, int flags, unsigned int mask,
	      struct statx *ret_stx)
{
	return result((int)syscall(SYS_statx, dir_fd, path, flags, mask, ret_stx));
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	struct statx stx;
	int r = sys_statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx);

	if (r < 0)
		return r;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret_id = statx_mount_id(&stx);
	return 0;
}

int sys_lock(int fd)
{
	return result(flock(fd, LOCK_EX | LOCK_NB));
}

int sys_unlock(int fd)
{
	return result(flock(fd, LOCK_UN));
}

int sys_path_fs_type(const char *path, uint32_t *ret_type)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return -errno;
	*ret_type = (uint32_t)fs.f_type;
	return 0;
}

int sys_look_at(int dir_fd, const char *path, struct sys_file *ret_file)
{
	struct statx stx;
	int r = sys_statx(dir_fd, path,
			  AT_STATX_DONT_SYNC | (path[0] ? 0 : AT_EMPTY_PATH),
			  STATX_BASIC_STATS | STATX_MNT_ID, &stx);

	if (r < 0)
		return r;
	*ret_file = (struct sys_file){
		.dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.ino = stx.stx_ino,
		.mount_id = statx_mount_id(&stx),
		.size = stx.stx_size,
		.mode = stx.stx_mode,
		.nlink = stx.stx_nlink,
		.uid = stx.stx_uid,
		.oldest = stx.stx_mtime.tv_sec,
	};
	if (stx.stx_ctime.tv_sec < ret_file->oldest)
		ret_file->oldest = stx.stx_ctime.tv_sec;
	if (stx.stx_atime.tv_sec < ret_file->oldest)
		ret_file->oldest = stx.stx_atime.tv_sec;
	return 0;
}

int sys_look(const char *path, struct sys_file *ret_file)
{
	return sys_look_at(AT_FDCWD, path, ret_file);
}

/* fs/namei.c, may_create() and vfs_mknod(). */
int sys_knows_ids(int dir_fd, uid_t uid, gid_t gid)
{
	static const char name[] = "bpftoken";
	int gid_before = setfsgid(gid), uid_before = setfsuid(uid);
	int r = -EPERM;

	if (setfsuid((uid_t)-1) == (int)uid && setfsgid((gid_t)-1) == (int)gid) {
		r = result(mknodat(dir_fd, name, S_IFIFO, 0));
		if (r == 0)
			(void)unlinkat(dir_fd, name, 0);
		r = r == -EPERM ? 1 : r == -EOVERFLOW ? 0 : r < 0 ? r : -EIO;
	}
	setfsuid((uid_t)uid_before);
	setfsgid((gid_t)gid_before);
	return r;
}

/* struct linux_dirent64 of getdents64(2): what stands before the name. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* In place: a name is shorter than the entry that it comes in. */
ssize_t sys_read_names(int dir_fd, char *names, size_t size)
{
	long len = syscall(SYS_getdents64, dir_fd, names, size);
	size_t used = 0;

	if (len < 0)
		return -errno;
	for (long at = 0; at < len;) {
		const char *name = names + at + offsetof(struct entry, name);
		size_t name_len = strlen(name) + 1;
		uint16_t reclen;

		memcpy(&reclen, names + at + offsetof(struct entry, reclen),
		       sizeof(reclen));
		memmove(names + used, name, name_len);
		used += name_len;
		at += reclen;
	}
	return (ssize_t)used;
}

int sys_mount_root(int fd, uint64_t *ret_id)
{
	struct statx stx;
	int r = sys_statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx);

	if (r < 0)
		return r;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	if (!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	*ret_id = statx_mount_id(&stx);
	return 1;
}

int sys_inode(int dir_fd, const char *path, uint64_t *ret_inode)
{
	struct stat st;

	if (fstatat(dir_fd, path, &st, path[0] ? 0 : AT_EMPTY_PATH) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int sys_owner(int fd, struct sys_owner *ret_owner)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_owner = (struct sys_owner){ st.st_uid, st.st_mode };
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
