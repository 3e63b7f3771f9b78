/* SPDX-License-Identifier: MIT */
/*
 * The bare reference for `bpftoken run -- PROGRAM`: the same namespaces, the same
 * delegation and the same kernel calls in a straight line, with nothing around them: no
 * options, no policy texts, no checks beyond "it failed", no reasons. What run costs
 * above this is the price of the tool.
 *
 * bare MASKS... PROGRAM: four masks as numbers (cmds maps progs attachs), then argv.
 */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(uint64_t flags, int *pidfd)
{
	struct clone_args args = { .flags = flags | CLONE_PIDFD,
				   .pidfd = (uintptr_t)pidfd,
				   .exit_signal = SIGCHLD };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void write_map(pid_t pid, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	FAILED(fd = open(path, O_WRONLY | O_CLOEXEC));
	FAILED(write(fd, "0 100000 65536\n", 15));
	close(fd);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int sock;

	FAILED(sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	FAILED(ioctl(sock, SIOCGIFFLAGS, &request));
	request.ifr_flags |= IFF_UP;
	FAILED(ioctl(sock, SIOCSIFFLAGS, &request));
	close(sock);
}

static void place(int sock)
{
	uint64_t how[3] = { O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0x10 | 0x04 | 0x02 };
	int root, context, mount_fd, target;

	FAILED(root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	FAILED(context = (int)syscall(SYS_fsopen, "bpf", 1));
	send_fd(sock, context);
	FAILED(mount_fd = recv_fd(sock));
	FAILED(target = (int)syscall(SYS_openat2, root, "/sys/fs/bpf", how, sizeof(how)));
	FAILED(syscall(SYS_move_mount, mount_fd, "", target, "", 0x44));
	send_fd(sock, -1);
	recv_fd(sock);
	close(target);
	close(mount_fd);
	close(context);
	close(root);
}

static void inside(int sock, char **argv)
{
	sigset_t all, none;
	siginfo_t info;
	int pidfd;
	pid_t pid;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	recv_fd(sock);
	FAILED(syscall(SYS_setgroups, 0, NULL));
	FAILED(syscall(SYS_setresgid, 0, 0, 0));
	FAILED(syscall(SYS_setresuid, 0, 0, 0));
	FAILED(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	FAILED(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	FAILED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	FAILED(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	loopback_up();
	place(sock);
	FAILED(pid = start(0, &pidfd));
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(sock);
	for (;;) {
		sigwaitinfo(&all, &info);
		info.si_pid = 0;
		waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
		if (info.si_pid == pid)
			_exit(info.si_status);
	}
}

static void delegate(int sock, pid_t pid, char *const masks[4])
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };
	char buf[16384];
	struct statx stx;
	struct statfs fs;
	int context, mount_fd, fd;
	ssize_t len;

	FAILED(context = recv_fd(sock));
	for (int i = 0; i < 4; i++)
		FAILED(syscall(SYS_fsconfig, context, 1, keys[i], masks[i], 0));
	FAILED(syscall(SYS_fsconfig, context, 6, NULL, NULL, 0));
	FAILED(mount_fd = (int)syscall(SYS_fsmount, context, 1, 0xe));
	FAILED(fstatfs(mount_fd, &fs));
	send_fd(sock, mount_fd);
	recv_fd(sock);
	FAILED(statx(mount_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx));
	snprintf(buf, sizeof(buf), "/proc/%d/mountinfo", pid);
	FAILED(fd = open(buf, O_RDONLY | O_CLOEXEC));
	do {
		FAILED(len = read(fd, buf, sizeof(buf)));
	} while (len > 0);
	close(fd);
	close(mount_fd);
	close(context);
	send_fd(sock, -1);
}

int main(int argc, char **argv)
{
	struct pollfd pfd = { .events = POLLIN };
	int pair[2], pidfd, signal_fd;
	siginfo_t info;
	sigset_t mask;
	pid_t pid;

	if (argc < 6)
		return 2;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	FAILED(signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
	FAILED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	FAILED(pid = start(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
				   CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET,
			   &pidfd));
	if (pid == 0)
		inside(pair[1], argv + 5);
	close(pair[1]);
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	send_fd(pair[0], -1);
	delegate(pair[0], pid, argv + 1);
	recv_fd(pair[0]); /* the end: the program runs */
	pfd.fd = pidfd;
	FAILED(poll(&pfd, 1, -1));
	FAILED(waitid((idtype_t)3, (id_t)pidfd, &info, WEXITED));
	return info.si_status;
}
