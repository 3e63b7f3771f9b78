/* SPDX-License-Identifier: MIT */
/*
 * The only raw system calls of the project. Every function returns a value >= 0 or
 * -errno; nothing above this file looks at errno. Tests replace this object at link time
 * by a scripted fake that fails the n-th call (tests/unit/fake-sys.c).
 */
#ifndef BPFTOKEN_SYS_H
#define BPFTOKEN_SYS_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* bpf(2): attr is one of the structs of attr.h, size its size in bytes. */
int sys_bpf(unsigned int cmd, void *attr, uint32_t size);
/* perf_event_open(2) for pid (0 = the caller) on cpu (-1 = any), close-on-exec. */
struct perf_event_attr;
int sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu);
/* With the fifth argument, which Linux 7.2 looks at where cmd says so. */
int sys_bpf_common(unsigned int cmd, void *attr, uint32_t size, void *common,
		   uint32_t common_size);

/* The mount calls of Linux 5.2. fsopen() and fsmount() descriptors are close-on-exec. */
int sys_fsopen(const char *fstype);
int sys_fsconfig(int fs_fd, unsigned int cmd, const char *key, const char *value);
/* A context to reconfigure the filesystem that a directory is on. */
int sys_fspick(int dir_fd);
int sys_fsmount(int fs_fd, unsigned int mount_attrs);
int sys_move_mount(int from_fd, int to_fd);
/* The same, but below the mount whose root to_fd is, which goes on hiding it. */
int sys_move_mount_beneath(int from_fd, int to_fd);
/* The mount sends nothing to other mounts and takes nothing from them. */
int sys_mount_private(int mount_fd);
int sys_mount_readonly(int mount_fd);
/*
 * A detached copy of a mount or of one file, or of the whole tree, for sys_move_mount().
 */
int sys_open_tree(const char *path, bool whole_tree);
/* A detached copy of the mount that a file is on, with that file as its root. */
int sys_clone_mount(int fd);
int sys_chroot(const char *path);
int sys_unshare(int flags);
int sys_mount(const char *source, const char *target, const char *fstype,
	      unsigned long flags, const char *data);
int sys_umount(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_chdir(const char *path);
int sys_fchdir(int fd);
int sys_mkdir(const char *path, mode_t mode);
int sys_mkdirat(int dir_fd, const char *name, mode_t mode);
int sys_rmdirat(int dir_fd, const char *name);

/* Files. */
int sys_openat(int dir_fd, const char *path, int flags);
int sys_creat(const char *path, mode_t mode);
int sys_symlink(const char *target, const char *path);
/* openat2() with RESOLVE_IN_ROOT, no symbolic links, no magic links. */
int sys_open_in_root(int root_fd, const char *path, int flags);
/* The same for a path that the host's administrator chose: symbolic links count. */
int sys_follow_in_root(int root_fd, const char *path, int flags);
int sys_close(int fd);
/* A copy that is no standard descriptor, at least 3. */
int sys_dup_high(int fd);
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);
/* The whole of a file, read-only; -EFBIG when it is larger than that, or empty. */
int sys_map_file(int fd, size_t largest, void **ret_data, size_t *ret_size);
void sys_unmap(void *data, size_t size);
/* f_type of the filesystem that fd is on. */
int sys_fs_type(int fd, uint32_t *ret_type);
/* st_mode and st_nlink of what fd is. */
int sys_file_mode(int fd, mode_t *ret_mode, uint64_t *ret_links);
int sys_set_cloexec(int fd);
/* Mount id of the mount that fd is on, as in mountinfo. */
int sys_mount_id(int fd, uint64_t *ret_id);
/* Takes the advisory lock of the file, or -EWOULDBLOCK; it ends with the descriptor. */
int sys_lock(int fd);
int sys_unlock(int fd);
/* f_type of what a path leads to. */
int sys_path_fs_type(const char *path, uint32_t *ret_type);
/*
 * What a path leads to, as far as the kernel knows it: no server of a network or user
 * space filesystem is asked.
 */
struct sys_file {
	uint64_t dev, ino, mount_id, size;
	uint32_t mode, nlink;
	uint32_t uid;
	int64_t oldest; /* of its times, in seconds since 1970 */
};
int sys_look(const char *path, struct sys_file *ret_file);
/* The same below a directory; "" is the directory itself. */
int sys_look_at(int dir_fd, const char *path, struct sys_file *ret_file);
/*
 * Has the user namespace that a bpffs was mounted for ids for these, the caller's being
 * able to be them? 1, 0, or a negative errno when that cannot be told. dir_fd is a
 * directory of a bpffs, may be O_PATH, and stays as it is: asked is for a special file,
 * which no bpffs can have, and the kernel looks the ids up first.
 */
int sys_knows_ids(int dir_fd, uid_t uid, gid_t gid);
/* The next names of a directory, each terminated: bytes, 0 at the end. */
ssize_t sys_read_names(int dir_fd, char *names, size_t size);
/* Is fd the root directory of a mount? 1 and the mount's id, or 0. */
int sys_mount_root(int fd, uint64_t *ret_id);
/* Inode number: two namespaces are the same when theirs are. */
int sys_inode(int dir_fd, const char *path, uint64_t *ret_inode);
/* Who owns what is behind fd, and its type and permissions (st_mode). */
struct sys_owner {
	uid_t uid;
	mode_t mode;
};
int sys_owner(int fd, struct sys_owner *ret_owner);
/* ioctl() that takes a pointer. */
int sys_ioctl(int fd, unsigned long request, void *arg);

/* Sockets that carry descriptors. */
int sys_socketpair(int ret_fds[2]);
int sys_socket_inet(void);
/* One message, with one descriptor (fd >= 0) or none. */
int sys_send_fd(int sock, const void *data, size_t size, int fd);
/*
 * Waits at most timeout_ms for a message of exactly size bytes: 1, or 0 when the other
 * side is gone. ret_fd is -EBADF when the message carried no descriptor.
 */
int sys_recv_fd(int sock, int timeout_ms, void *data, size_t size, int *ret_fd);

/* Processes. A child is always held by a pidfd. */
pid_t sys_clone(uint64_t flags, int *ret_pidfd);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_signal(int pidfd, int sig);
/* Pid of the process behind a pidfd, from its fdinfo; -ESRCH when it is gone. */
pid_t sys_pidfd_pid(int pidfd);
/* Reaps a child: 0 and its wait status, or -ETIMEDOUT. timeout_ms < 0 waits for ever. */
int sys_reap(int pidfd, int timeout_ms, siginfo_t *ret_info);
int sys_poll(struct pollfd *fds, unsigned int count, int timeout_ms);
/* Have two threads the same table of descriptors? 1, 0, or a negative errno. */
int sys_same_fds(pid_t a, pid_t b);
int sys_setns(int fd, int nstype);
int sys_set_ids(uid_t uid, gid_t gid);
int sys_drop_groups(void);
int sys_set_dumpable(bool dumpable);
int sys_death_signal(int sig);
/* Fails where a descriptor may have stayed open. */
int sys_close_all_but(const int keep[], size_t count);
/* Blocks exactly these signals; ret_old may be NULL. */
int sys_block_signals(const sigset_t *set, sigset_t *ret_old);
int sys_signalfd(const sigset_t *set);
int sys_wait_signal(const sigset_t *set, siginfo_t *ret_info);
int sys_kill(pid_t pid, int sig);
/* Reaps any child that has ended: its pid and ret_info, 0 when none has. */
pid_t sys_reap_any(siginfo_t *ret_info);
/* Memory that a child shares, zeroed; NULL when there is none. */
void *sys_share_memory(size_t size);
void sys_unshare_memory(void *memory, size_t size);
/* No more than so many seconds of processor time, and no core dump. */
int sys_limit_effort(unsigned int seconds);
/* Lets the process have as many descriptors as it may: how many that is. */
int sys_raise_files(void);
int sys_set_memlock(uint64_t bytes, uint64_t *ret_got);
int sys_keep_capabilities(void);
int sys_execvp(const char *file, char *const argv[]);
/*
 * Effective capabilities of the calling thread in its own user namespace, one bit each.
 */
int sys_capabilities(uint64_t *ret_effective);
uint64_t sys_now_ms(void);

#endif
