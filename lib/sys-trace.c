/* SPDX-License-Identifier: MIT */
/* The system calls of a tracer: see sys-trace.h. */
#include "sys-trace.h"
#include "sys-result.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define PAGE 4096U /* no machine has smaller ones */

int sys_trace_seize(pid_t tid, unsigned long options)
{
	return result(ptrace(PTRACE_SEIZE, tid, NULL, options));
}

int sys_trace_resume(unsigned int request, pid_t tid, int sig)
{
	return result(ptrace(request, tid, NULL, (unsigned long)(unsigned int)sig));
}

int sys_trace_call(pid_t tid, struct sys_trace_call *ret_call)
{
	struct __ptrace_syscall_info info = { 0 };
	struct sys_trace_call call = { 0 };
	long r = ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info);

	if (r < 0)
		return -errno;
	call.op = info.op;
	call.arch = info.arch;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		call.result = info.exit.rval;
	} else if (info.op != PTRACE_SYSCALL_INFO_NONE) {
		/* an entry and a seccomp stop begin alike */
		call.nr = info.entry.nr;
		memcpy(call.args, info.entry.args, sizeof(call.args));
	}
	*ret_call = call;
	return 0;
}

int sys_trace_message(pid_t tid, unsigned long *ret_message)
{
	return result(ptrace(PTRACE_GETEVENTMSG, tid, NULL, ret_message));
}

pid_t sys_trace_wait(int *ret_status)
{
	pid_t tid;

	do {
		tid = waitpid(-1, ret_status, __WALL | WNOHANG);
	} while (tid < 0 && errno == EINTR);
	return tid < 0 ? -errno : tid;
}

int sys_wait_signal_for(const sigset_t *set, int timeout_ms, siginfo_t *ret_info)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	int sig;

	do {
		sig = timeout_ms < 0 ? sigwaitinfo(set, ret_info)
				     : sigtimedwait(set, ret_info, &timeout);
	} while (sig < 0 && errno == EINTR);
	if (sig < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return sig;
}

static ssize_t read_piece(pid_t tid, uint64_t address, void *buf, size_t size)
{
	struct iovec ours = { buf, size };
	struct iovec theirs = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(tid, &ours, 1, &theirs, 1, 0);

	return got < 0 ? -errno : got;
}

int sys_read_memory(pid_t tid, uint64_t address, void *buf, size_t size)
{
	ssize_t got = size ? read_piece(tid, address, buf, size) : 0;

	if (got < 0)
		return (int)got;
	return (size_t)got == size ? 0 : -EFAULT;
}

int sys_read_string(pid_t tid, uint64_t address, char *buf, size_t size)
{
	size_t len = 0;

	memset(buf, 0, size);
	while (len < size - 1) {
		/* not over the end of a page, behind which there may be none */
		size_t piece = PAGE - (address + len) % PAGE;
		ssize_t got;

		if (piece > size - 1 - len)
			piece = size - 1 - len;
		got = read_piece(tid, address + len, buf + len, piece);
		if (got <= 0)
			return len ? 0 : -EFAULT;
		if (memchr(buf + len, '\0', (size_t)got))
			return 0;
		len += (size_t)got;
	}
	return 0;
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return result(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

int sys_seccomp_filter(const struct sock_fprog *program, bool no_new_privs)
{
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program));
}

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t sys_time_of_day_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

uint64_t sys_clock_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int sys_dup_to(int from, int fd)
{
	return result(dup2(from, fd));
}

int sys_read_link(const char *path, char *buf, size_t size)
{
	ssize_t len = readlink(path, buf, size - 1);

	buf[len < 0 ? 0 : len] = '\0';
	return len < 0 ? -errno : 0;
}
