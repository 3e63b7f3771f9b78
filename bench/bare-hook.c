/* SPDX-License-Identifier: MIT */
/*
 * The bare reference for `bpftoken hook oci`: a createRuntime hook that makes the same
 * kernel calls in a straight line, with no JSON and no policy texts: it takes the pid from
 * the state and everything else from its arguments, and looks at nothing that it reads.
 * It is linked with the same libraries: loading them is kernel calls, too.
 *
 * bare-hook BUNDLE ROOT CMDS MAPS PROGS ATTACHS    the hook
 * bare-hook --measure FILE PROGRAM ARG...   runs a hook, and adds a line to FILE with its
 *                                           wall time in ms and its peak memory in KiB
 */
#include "bare.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void read_file(const char *path)
{
	char buf[16384];
	ssize_t len;
	int fd;

	FAILED(fd = open(path, O_RDONLY | O_CLOEXEC));
	do {
		FAILED(len = read(fd, buf, sizeof(buf)));
	} while (len > 0);
	close(fd);
}

/* Reads a file of the process to its end. */
static void read_of(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	read_file(path);
}

static void look_at(pid_t pid, const char *namespace)
{
	const pid_t pids[] = { pid, getpid(), 1 };
	struct stat st;
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pids[i], namespace);
		(void)!stat(path, &st);
	}
}

/* May it delegate, and whose are the namespaces; twice, as they are two steps' questions. */
static void ask(void)
{
	uint32_t attr[2] = { 0, UINT32_MAX }, caps[6] = { 0 }, header[2] = { 0x20080522 };
	struct stat st;

	(void)syscall(SYS_bpf, 36, attr, sizeof(attr));
	FAILED(stat("/proc/self/ns/user", &st));
	FAILED(syscall(SYS_capget, header, caps));
}

/* The namespaces to join, opened and held; locks the mount namespace. */
static void open_namespaces(pid_t pid, int ret[2])
{
	struct stat st;
	char path[64];
	int owner;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	FAILED(stat(path, &st));
	FAILED(ret[0] = open(path, O_RDONLY | O_CLOEXEC));
	FAILED(ioctl(ret[0], NS_GET_OWNER_UID, &owner));
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	FAILED(ret[1] = open(path, O_RDONLY | O_CLOEXEC));
	FAILED(owner = ioctl(ret[1], NS_GET_USERNS));
	FAILED(fstat(owner, &st));
	FAILED(fstat(ret[0], &st));
	close(owner);
	FAILED(flock(ret[1], LOCK_EX | LOCK_NB));
}

static void place(int sock, int pidfd, const int namespaces[2], pid_t pid,
		  const char *path)
{
	uint64_t how[3] = { O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0x10 | 0x04 | 0x02 };
	uint64_t private[4] = { 0, 0, 1 << 18, 0 };
	int context, mount_fd, target, outer, root;
	struct statx stx;
	char own[64];

	FAILED(syscall(SYS_close_range, 0, 2, 0));
	FAILED(syscall(SYS_close_range, sock + 1, ~0U, 0));
	snprintf(own, sizeof(own), "/proc/%d/root", pid);
	FAILED(outer = open(own, O_PATH | O_DIRECTORY | O_CLOEXEC));
	FAILED(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	FAILED(root = (int)syscall(SYS_openat2, outer, path, how, sizeof(how)));
	close(outer);
	FAILED(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	FAILED(setns(namespaces[0], CLONE_NEWUSER));
	FAILED(setns(namespaces[1], CLONE_NEWNS));
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
	FAILED(syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH, private,
		       sizeof(private)));
	send_fd(sock, -1);
	recv_fd(sock);
	_exit(0);
}

static void delegate(int sock, pid_t pid, char *const masks[4])
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };
	struct statx stx;
	struct statfs fs;
	struct stat st;
	int context, mount_fd;

	recv_fd(sock);
	FAILED(context = recv_fd(sock));
	FAILED(syscall(SYS_fsconfig, context, 1, keys[0], "0", 0));
	(void)syscall(SYS_fsconfig, context, 1, keys[0], ":", 0);
	for (int i = 0; i < 4; i++)
		FAILED(syscall(SYS_fsconfig, context, 1, keys[i], masks[i], 0));
	FAILED(syscall(SYS_fsconfig, context, 6, NULL, NULL, 0));
	FAILED(mount_fd = (int)syscall(SYS_fsmount, context, 1, 0xe));
	FAILED(fstatfs(mount_fd, &fs));
	FAILED(fstat(mount_fd, &st));
	send_fd(sock, mount_fd);
	recv_fd(sock);
	FAILED(statx(mount_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx));
	read_of(pid, "mountinfo");
	send_fd(sock, -1);
}

static int hook(char **argv)
{
	char state[65536], path[PATH_MAX], own[64];
	int pair[2], namespaces[2], pidfd, status;
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
	ask();
	FAILED(pidfd = (int)syscall(SYS_pidfd_open, pid, 0));
	snprintf(path, sizeof(path), "%s/config.json", argv[1]);
	read_file(path);
	read_of(pid, "uid_map");
	read_of(pid, "gid_map");
	if (!realpath(argv[2], path))
		return 1;
	read_of(getpid(), "mountinfo");
	read_of(pid, "mountinfo");
	(void)!open("/etc/bpftoken/ceiling.ini", O_RDONLY | O_CLOEXEC);
	look_at(pid, "net");
	look_at(pid, "cgroup");
	snprintf(own, sizeof(own), "fdinfo/%d", pidfd);
	read_of(getpid(), own);
	read_of(getpid(), own);
	ask();
	open_namespaces(pid, namespaces);
	FAILED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	FAILED(child = fork());
	if (child == 0)
		place(pair[1], pidfd, namespaces, pid, path);
	delegate(pair[0], pid, argv + 3);
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
	return argc == 7 ? hook(argv) : 2;
}
