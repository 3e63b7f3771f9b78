/* SPDX-License-Identifier: MIT */
/*
 * The bare reference for `bpftoken hook oci`: a createRuntime hook that makes the same
 * kernel calls in a straight line, with no JSON and no policy texts: it takes the pid from
 * the state and everything else from its arguments, and looks at nothing that it reads.
 *
 * bare-hook ROOT CMDS MAPS PROGS ATTACHS    the hook
 * bare-hook --measure FILE PROGRAM ARG...   runs a hook, and adds a line to FILE with its
 *                                           wall time in ms and its peak memory in KiB
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED(call) ((call) < 0 ? (perror(#call), exit(125), 0) : 0)

static void send_fd(int sock, int fd)
{
	char byte = 1;
	struct iovec iov = { &byte, 1 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	FAILED(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

static int recv_fd(int sock)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int fd = -1;

	FAILED(poll(&pfd, 1, 5000));
	FAILED(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
	if (msg.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	return fd;
}

/* Reads a file of the process to its end. */
static void read_of(pid_t pid, const char *file)
{
	char path[64], buf[16384];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	FAILED(fd = open(path, O_RDONLY | O_CLOEXEC));
	do {
		FAILED(len = read(fd, buf, sizeof(buf)));
	} while (len > 0);
	close(fd);
}

static void place(int sock, int pidfd, int root)
{
	uint64_t how[3] = { O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0x10 | 0x04 | 0x02 };
	int context, mount_fd, target;

	FAILED(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	FAILED(setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS));
	FAILED(syscall(SYS_setgroups, 0, NULL));
	FAILED(syscall(SYS_setresgid, 0, 0, 0));
	FAILED(syscall(SYS_setresuid, 0, 0, 0));
	FAILED(context = (int)syscall(SYS_fsopen, "bpf", 1));
	send_fd(sock, context);
	FAILED(mount_fd = recv_fd(sock));
	FAILED(target = (int)syscall(SYS_openat2, root, "/sys/fs/bpf", how, sizeof(how)));
	FAILED(syscall(SYS_move_mount, mount_fd, "", target, "", 0x44));
	send_fd(sock, -1);
	recv_fd(sock);
	_exit(0);
}

static void delegate(int sock, pid_t pid, char *const masks[4])
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };
	struct statx stx;
	int context, mount_fd;

	FAILED(context = recv_fd(sock));
	for (int i = 0; i < 4; i++)
		FAILED(syscall(SYS_fsconfig, context, 1, keys[i], masks[i], 0));
	FAILED(syscall(SYS_fsconfig, context, 6, NULL, NULL, 0));
	FAILED(mount_fd = (int)syscall(SYS_fsmount, context, 1, 0xe));
	send_fd(sock, mount_fd);
	recv_fd(sock);
	FAILED(statx(mount_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx));
	read_of(pid, "mountinfo");
	send_fd(sock, -1);
}

static int hook(char **argv)
{
	char state[65536], path[4096];
	int pair[2], pidfd, root, status;
	ssize_t len = 0, more;
	const char *at;
	pid_t pid, child;

	while ((more = read(0, state + len, sizeof(state) - 1 - (size_t)len)) > 0)
		len += more;
	state[len] = '\0';
	at = strstr(state, "\"pid\":");
	if (!at)
		return 1;
	pid = atoi(at + strlen("\"pid\":"));
	FAILED(pidfd = (int)syscall(SYS_pidfd_open, pid, 0));
	read_of(pid, "uid_map");
	read_of(pid, "gid_map");
	read_of(pid, "mountinfo");
	read_of(getpid(), "mountinfo");
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, argv[1]);
	FAILED(root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	FAILED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	FAILED(child = fork());
	if (child == 0)
		place(pair[1], pidfd, root);
	delegate(pair[0], pid, argv + 2);
	FAILED(waitpid(child, &status, 0));
	return status != 0;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int measure(const char *file, char **argv)
{
	double start = now_ms();
	struct rusage usage;
	FILE *out;
	int status;
	pid_t pid;

	FAILED(pid = fork());
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	FAILED(wait4(pid, &status, 0, &usage));
	out = fopen(file, "a");
	if (!out)
		return 1;
	fprintf(out, "%.3f %ld\n", now_ms() - start, usage.ru_maxrss);
	fclose(out);
	return status != 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "--measure"))
		return measure(argv[2], argv + 3);
	return argc == 6 ? hook(argv) : 2;
}
