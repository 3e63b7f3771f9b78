/* SPDX-License-Identifier: MIT */
/* The raw calls of sys.h that are about processes, namespaces, signals and credentials. */
#include "sys-result.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

pid_t sys_clone(uint64_t flags, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

int sys_pidfd_open(pid_t pid)
{
	return result(syscall(SYS_pidfd_open, pid, 0));
}

int sys_pidfd_signal(int pidfd, int sig)
{
	return result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

pid_t sys_pidfd_pid(int pidfd)
{
	char path[64], text[512];
	const char *line;
	ssize_t len;
	long pid;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return fd;
	len = sys_read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return (pid_t)len;
	text[len] = '\0';
	line = strstr(text, "\nPid:");
	if (!line)
		return -EBADF;
	pid = strtol(line + strlen("\nPid:"), NULL, 10);
	return pid > 0 ? (pid_t)pid : -ESRCH;
}

int sys_reap(int pidfd, int timeout_ms, siginfo_t *ret_info)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int r = sys_poll(&pfd, 1, timeout_ms);

	if (r < 0)
		return r;
	memset(ret_info, 0, sizeof(*ret_info));
	do {
		r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, ret_info, WEXITED);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

uint64_t sys_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A wait has one deadline, however many signals arrive. -ETIMEDOUT, never 0. */
int sys_poll(struct pollfd *fds, unsigned int count, int timeout_ms)
{
	uint64_t deadline = sys_now_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
	int left = timeout_ms;

	for (;;) {
		int r = poll(fds, count, left);

		if (r > 0)
			return r;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms < 0)
			continue;
		left = sys_now_ms() < deadline ? (int)(deadline - sys_now_ms()) : 0;
	}
}

int sys_unshare(int flags)
{
	return result(unshare(flags));
}

int sys_same_fds(pid_t a, pid_t b)
{
	int r = result(syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0));

	return r < 0 ? r : r == 0;
}

int sys_setns(int fd, int nstype)
{
	return result(setns(fd, nstype));
}

/*
 * The C library's wrappers change the ids of every thread that it remembers, which in a
 * child of sys_clone() are threads that do not exist. These change the caller alone.
 */
#ifdef SYS_setresuid32
#define SYS_SETRESUID SYS_setresuid32
#define SYS_SETRESGID SYS_setresgid32
#define SYS_SETGROUPS SYS_setgroups32
#else
#define SYS_SETRESUID SYS_setresuid
#define SYS_SETRESGID SYS_setresgid
#define SYS_SETGROUPS SYS_setgroups
#endif

/* Real, effective and saved ids together; the group first, while that is permitted. */
int sys_set_ids(uid_t uid, gid_t gid)
{
	if (syscall(SYS_SETRESGID, gid, gid, gid) < 0)
		return -errno;
	return result(syscall(SYS_SETRESUID, uid, uid, uid));
}

int sys_drop_groups(void)
{
	return result(syscall(SYS_SETGROUPS, 0, NULL));
}

int sys_set_dumpable(bool dumpable)
{
	return result(prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0));
}

int sys_death_signal(int sig)
{
	return result(prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0));
}

/* From the lowest kept descriptor to the next, so that no list is needed. */
int sys_close_all_but(const int keep[], size_t count)
{
	unsigned int next = 0;
	int r = 0;

	for (;;) {
		unsigned int lowest = ~0U;

		for (size_t i = 0; i < count; i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= next &&
			    (unsigned int)keep[i] < lowest)
				lowest = (unsigned int)keep[i];
		if (lowest > next)
			r = result(syscall(SYS_close_range, next,
					   lowest - (lowest != ~0U), 0));
		if (r < 0 || lowest == ~0U)
			return r;
		next = lowest + 1;
	}
}

int sys_block_signals(const sigset_t *set, sigset_t *ret_old)
{
	return result(sigprocmask(SIG_SETMASK, set, ret_old));
}

int sys_signalfd(const sigset_t *set)
{
	return result(signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int sys_wait_signal(const sigset_t *set, siginfo_t *ret_info)
{
	int sig;

	do {
		sig = sigwaitinfo(set, ret_info);
	} while (sig < 0 && errno == EINTR);
	return result(sig);
}

int sys_kill(pid_t pid, int sig)
{
	return result(kill(pid, sig));
}

pid_t sys_reap_any(siginfo_t *ret_info)
{
	int r;

	memset(ret_info, 0, sizeof(*ret_info));
	do {
		r = waitid(P_ALL, 0, ret_info, WEXITED | WNOHANG);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : ret_info->si_pid;
}

/* As far as the caller may: the wanted limit, else the hard limit that it has. */

int sys_keep_capabilities(void)
{
	return result(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
}

int sys_execvp(const char *file, char *const argv[])
{
	execvp(file, argv);
	return -errno;
}

int sys_capabilities(uint64_t *ret_effective)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
	return 0;
}
