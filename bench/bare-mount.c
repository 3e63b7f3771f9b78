/* SPDX-License-Identifier: MIT */
/*
 * The bare reference for `bpftoken mount --pid PID`: the same calls in a straight line,
 * with nothing around them.
 *
 * bare-mount PID MASKS...: four masks as numbers (cmds maps progs attachs).
 */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_of(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	FAILED(fd = open(path, flags | O_CLOEXEC));
	return fd;
}

static void read_all(pid_t pid, const char *name)
{
	int fd = open_of(pid, name, O_RDONLY);
	char buf[16384];
	ssize_t len;

	do {
		FAILED(len = read(fd, buf, sizeof(buf)));
	} while (len > 0);
	close(fd);
}

static void helper(pid_t pid, int pidfd, int user, int mnt, int sock)
{
	uint64_t how[3] = { O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0x10 | 0x04 | 0x02 };
	uint64_t attr[4] = { 0, 0, MS_PRIVATE, 0 };
	int root, target, context, mount_fd;
	struct statx stx;

	root = open_of(pid, "root", O_PATH | O_DIRECTORY);
	FAILED(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	FAILED(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	FAILED(setns(user, CLONE_NEWUSER));
	FAILED(setns(mnt, CLONE_NEWNS));
	FAILED(syscall(SYS_setgroups, 0, NULL));
	FAILED(syscall(SYS_setresgid, 0, 0, 0));
	FAILED(syscall(SYS_setresuid, 0, 0, 0));
	FAILED(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	FAILED(target = (int)syscall(SYS_openat2, root, "/sys/fs/bpf", how, sizeof(how)));
	FAILED(statx(target, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx));
	send_fd(sock, -1);
	FAILED(context = (int)syscall(SYS_fsopen, "bpf", 1));
	send_fd(sock, context);
	FAILED(mount_fd = recv_fd(sock));
	FAILED(syscall(SYS_move_mount, mount_fd, "", target, "", 0x44));
	FAILED(syscall(442, mount_fd, "", AT_EMPTY_PATH, attr, sizeof(attr)));
	send_fd(sock, -1);
	recv_fd(sock);
	_exit(0);
}

static void delegate(int sock, pid_t placer, char *const masks[4])
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };
	int context, mount_fd;
	struct statx stx;
	struct statfs fs;

	recv_fd(sock);
	read_all(placer, "mountinfo");
	FAILED(context = recv_fd(sock));
	for (int i = 0; i < 4; i++)
		FAILED(syscall(SYS_fsconfig, context, 1, keys[i], masks[i], 0));
	FAILED(syscall(SYS_fsconfig, context, 6, NULL, NULL, 0));
	FAILED(mount_fd = (int)syscall(SYS_fsmount, context, 1, 0xe));
	FAILED(fstatfs(mount_fd, &fs));
	send_fd(sock, mount_fd);
	recv_fd(sock);
	FAILED(statx(mount_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx));
	read_all(placer, "mountinfo");
	send_fd(sock, -1);
}

/* What has to be known first: may this process delegate, and who shares what. */
static void observe(pid_t pid, int pidfd, int user)
{
	static const char *const namespaces[] = { "net", "cgroup" };
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t token[2] = { 0, UINT32_MAX };
	int etc = open("/etc", O_PATH | O_CLOEXEC), fd;
	char path[64];
	struct stat st;
	uid_t owner;

	close(openat(etc, "bpftoken", O_RDONLY | O_CLOEXEC));
	close(etc);
	FAILED(ioctl(user, NS_GET_OWNER_UID, &owner));
	for (int i = 0; i < 2; i++) {
		for (int host = 0; host < 3; host++) {
			snprintf(path, sizeof(path), "/proc/%d/ns/%s",
				 host == 0   ? pid
				 : host == 1 ? getpid()
					     : 1,
				 namespaces[i]);
			(void)stat(path, &st);
		}
	}
	(void)syscall(SYS_bpf, 36, token, sizeof(token));
	FAILED(stat("/proc/self/ns/user", &st));
	FAILED(syscall(SYS_capget, &header, data));
	snprintf(path, sizeof(path), "fdinfo/%d", pidfd);
	fd = open_of(getpid(), path, O_RDONLY);
	FAILED(read(fd, path, sizeof(path)));
	close(fd);
}

int main(int argc, char **argv)
{
	int pair[2], pidfd, child = -1, user, mnt, owner;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .pidfd = (uintptr_t)&child,
				   .exit_signal = SIGCHLD };
	struct pollfd pfd = { .events = POLLIN };
	siginfo_t info;
	struct stat st;
	pid_t pid, placer;

	if (argc != 6)
		return 2;
	pid = atoi(argv[1]);
	FAILED(pidfd = (int)syscall(SYS_pidfd_open, pid, 0));
	read_all(pid, "cgroup");
	user = open_of(pid, "ns/user", O_RDONLY);
	mnt = open_of(pid, "ns/mnt", O_RDONLY);
	observe(pid, pidfd, user);
	FAILED(owner = ioctl(mnt, NS_GET_USERNS));
	FAILED(fstat(owner, &st));
	FAILED(fstat(user, &st));
	FAILED(flock(mnt, LOCK_EX));
	FAILED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	FAILED(placer = (pid_t)syscall(SYS_clone3, &args, sizeof(args)));
	if (placer == 0)
		helper(pid, pidfd, user, mnt, pair[1]);
	close(pair[1]);
	delegate(pair[0], placer, argv + 2);
	close(pair[0]);
	pfd.fd = child;
	FAILED(poll(&pfd, 1, 5000));
	FAILED(waitid((idtype_t)3, (id_t)child, &info, WEXITED));
	return info.si_status;
}
