/* SPDX-License-Identifier: MIT */
/*
 * The raw system calls of a seccomp listener: the notifications themselves, and what one
 * process of a container may see and change of another that waits for an answer. As in
 * sys.h, every function returns a value >= 0 or -errno.
 */
#ifndef BPFTOKEN_SYS_TASK_H
#define BPFTOKEN_SYS_TASK_H

#include "sys.h"

#include <linux/seccomp.h>

struct sock_filter;

/* A file, by what stat(2) says of it. */
struct sys_identity {
	uint64_t dev, ino;
};

/* Installs the filter for the calling thread and returns its listener. */
int sys_seccomp_listen(const struct sock_filter *filter, unsigned short len);
int sys_no_new_privs(void);
/* A caller is woken on the processor that answers it: one switch, not two. */
int sys_notif_sync(int listener);
/* Waits for the next notification. -ENOENT: its caller has just gone. */
int sys_notif_recv(int listener, struct seccomp_notif *ret_notif);
int sys_notif_send(int listener, const struct seccomp_notif_resp *answer);
/* Does the caller still wait? 0, or -ENOENT. */
int sys_notif_valid(int listener, uint64_t id);
int sys_notif_addfd(int listener, const struct seccomp_notif_addfd *add);

/*
 * Memory of another task, as far as it is mapped: how many bytes were transferred, or
 * -EFAULT when not even the first could be. Protections count, as they do for the kernel
 * when the task itself calls.
 */
ssize_t sys_task_read(pid_t tid, uint64_t address, void *buf, size_t size);
ssize_t sys_task_write(pid_t tid, uint64_t address, const void *buf, size_t size);
/* A pidfd of one thread, whose own table of descriptors sys_task_fd() then reads. */
int sys_task_open(pid_t tid);
int sys_task_fd(int pidfd, int fd);
/* How many descriptors its table holds, and how many numbers it may use. */
int sys_task_fd_count(pid_t tid, uint64_t *ret_open, uint64_t *ret_limit);
int sys_task_capabilities(pid_t tid, uint64_t *ret_effective);
/*
 * The file behind a path, links followed; nothing is opened, and no server is asked: it
 * may be another's file, on whatever file system.
 */
int sys_identity(const char *path, struct sys_identity *ret_identity);
/* 0 when there is something at the path, be it a link. */
int sys_link_exists(const char *path);

/* The effective set of this thread alone, within what it is permitted. */
int sys_set_effective(uint64_t effective);

/* Memory that costs nothing until it is written to. */
void *sys_reserve(size_t size);
void sys_unreserve(void *memory, size_t size);

/* A file without a name, written and read by us alone. */
int sys_memfd(const char *name);
int sys_rewind(int fd);
ssize_t sys_pread(int fd, void *buf, size_t size, uint64_t offset);
/* A copy, at least at this number, that programs inherit. */
int sys_dup_inherited(int fd, int least);
int sys_raise_nofile(void);
int sys_unlink(const char *path);
int sys_symlinkat(const char *target, int dir_fd, const char *path);
/* A new file, to be written to. */
int sys_creatat(int dir_fd, const char *path, mode_t mode);
mode_t sys_umask(mode_t mask);

#endif
