/* SPDX-License-Identifier: MIT */
/*
 * The system calls of a tracer: ptrace(2), seccomp(2), another process's memory and
 * descriptors. Apart from sys.h because the library traces nobody; learn/ links it.
 */
#ifndef BPFTOKEN_SYS_TRACE_H
#define BPFTOKEN_SYS_TRACE_H

#include "sys.h"

#include <linux/filter.h>

/* What a stopped thread is about to call, or has called; PTRACE_GET_SYSCALL_INFO. */
struct sys_trace_call {
	uint8_t op; /* PTRACE_SYSCALL_INFO_* */
	uint32_t arch;
	uint64_t nr, args[6]; /* at an entry or a seccomp stop */
	int64_t result; /* at an exit */
};

/* options: PTRACE_O_*. Follows the thread without stopping it. */
int sys_trace_seize(pid_t tid, unsigned long options);
/* PTRACE_CONT, _SYSCALL, _LISTEN, _INTERRUPT or _DETACH; sig is delivered, 0 = none. */
int sys_trace_resume(unsigned int request, pid_t tid, int sig);
int sys_trace_call(pid_t tid, struct sys_trace_call *ret_call);
int sys_trace_message(pid_t tid, unsigned long *ret_message);
/* A stop or the end of any tracee: its tid and wait status; 0: none now; -ECHILD. */
pid_t sys_trace_wait(int *ret_status);

/* The next of these signals; -ETIMEDOUT. timeout_ms < 0 waits for ever. */
int sys_wait_signal_for(const sigset_t *set, int timeout_ms, siginfo_t *ret_info);

/* All of size bytes at an address of a stopped thread, or -EFAULT. */
int sys_read_memory(pid_t tid, uint64_t address, void *buf, size_t size);
/* A string, cut to size - 1 bytes. */
int sys_read_string(pid_t tid, uint64_t address, char *buf, size_t size);
/* A copy of another process's descriptor. */
int sys_pidfd_getfd(int pidfd, int fd);

/* Installs a filter; with no_new_privs, which a process without CAP_SYS_ADMIN needs. */
int sys_seccomp_filter(const struct sock_fprog *program, bool no_new_privs);

/* The time of day, and a clock that never jumps, in microseconds. */
uint64_t sys_time_of_day_us(void);
uint64_t sys_clock_us(void);

/* dup2(): fd becomes a copy of from. */
int sys_dup_to(int from, int fd);
/* The target of a symbolic link, cut to size - 1 bytes. */
int sys_read_link(const char *path, char *buf, size_t size);

#endif
