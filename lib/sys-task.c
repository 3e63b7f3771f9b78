/* SPDX-License-Identifier: MIT */
/* The raw calls of sys-task.h. */
#include "sys-task.h"
#include "sys-result.h"
#include "sys-statx.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Linux 6.6; build headers may be older. */
#define NOTIF_SET_FLAGS_ SECCOMP_IOW(4, uint64_t)
#define NOTIF_SYNC_WAKE_UP_ 1ULL
/* Linux 6.9, as every kernel with tokens. */
#define PIDFD_THREAD_ O_EXCL

int sys_seccomp_listen(const struct sock_filter *filter, unsigned short len)
{
	const struct sock_fprog program = {
		.len = len,
		.filter = (struct sock_filter *)(uintptr_t)filter,
	};

	return result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			      SECCOMP_FILTER_FLAG_NEW_LISTENER |
				      SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			      &program));
}

int sys_no_new_privs(void)
{
	return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int sys_notif_sync(int listener)
{
	return result(ioctl(listener, NOTIF_SET_FLAGS_, NOTIF_SYNC_WAKE_UP_));
}

/*
 * A signal that stops a process, which none can block, interrupts these while they wait
 * for the kernel's lock: nothing was done then, and a caller waits for the answer.
 */
static int answer_ioctl(int listener, unsigned long request, const void *arg)
{
	int r;

	do {
		r = result(ioctl(listener, request, arg));
	} while (r == -EINTR);
	return r;
}

/* The kernel's struct may be longer than ours, and wants to be all zero. */
int sys_notif_recv(int listener, struct seccomp_notif *ret_notif)
{
	union {
		struct seccomp_notif notif;
		char room[512];
	} buf = { .room = { 0 } };
	int r = result(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &buf));

	if (r >= 0)
		*ret_notif = buf.notif;
	return r;
}

int sys_notif_send(int listener, const struct seccomp_notif_resp *answer)
{
	union {
		struct seccomp_notif_resp answer;
		char room[256];
	} buf = { .room = { 0 } };

	buf.answer = *answer;
	return answer_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &buf);
}

int sys_notif_valid(int listener, uint64_t id)
{
	return answer_ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

int sys_notif_addfd(int listener, const struct seccomp_notif_addfd *add)
{
	return answer_ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, add);
}

/* --------------------------------------------------------- another's memory */

/* Where there is no process_vm_readv(2), or a filter forbids it. */
static ssize_t read_mem_file(pid_t tid, uint64_t address, void *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = pread(fd, buf, size, (off_t)address);
	len = len < 0 ? (errno == EIO ? -EFAULT : -errno) : len;
	close(fd);
	return len;
}

/* One element for each page: a transfer stops at the first page that is not there. */
#define PAGES_AT_ONCE 64

static int split_pages(struct iovec iov[PAGES_AT_ONCE], uint64_t address, size_t *size)
{
	const size_t page = 4096;
	size_t left = *size;
	int n = 0;

	for (; left && n < PAGES_AT_ONCE; n++) {
		size_t len = page - (size_t)(address % page);

		len = len < left ? len : left;
		iov[n] = (struct iovec){ (void *)(uintptr_t)address, len };
		address += len;
		left -= len;
	}
	*size -= left;
	return n;
}

typedef ssize_t (*transfer_fn)(pid_t pid, const struct iovec *local,
			       unsigned long liovcnt, const struct iovec *remote,
			       unsigned long riovcnt, unsigned long flags);

static ssize_t transfer(transfer_fn move, pid_t tid, uint64_t address, char *buf,
			size_t size)
{
	size_t done = 0;

	while (done < size) {
		struct iovec remote[PAGES_AT_ONCE], local = { buf + done, size - done };
		int n = split_pages(remote, address + done, &local.iov_len);
		ssize_t len = move(tid, &local, 1, remote, (unsigned long)n, 0);

		if (len < 0 && !done)
			return -errno;
		if (len <= 0)
			break;
		done += (size_t)len;
		if ((size_t)len < local.iov_len)
			break;
	}
	return (ssize_t)done;
}

ssize_t sys_task_read(pid_t tid, uint64_t address, void *buf, size_t size)
{
	ssize_t len = transfer(process_vm_readv, tid, address, buf, size);

	if (len == -ENOSYS || len == -EPERM)
		return read_mem_file(tid, address, buf, size);
	return len;
}

/*
 * Not through /proc/PID/mem, which writes to pages that the task itself could not write.
 */
ssize_t sys_task_write(pid_t tid, uint64_t address, const void *buf, size_t size)
{
	return transfer(process_vm_writev, tid, address, (char *)(uintptr_t)buf, size);
}

int sys_task_open(pid_t tid)
{
	return result(syscall(SYS_pidfd_open, tid, PIDFD_THREAD_));
}

int sys_task_fd(int pidfd, int fd)
{
	return result(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

/* Linux 6.2 and newer tell the count as the directory's size. */
int sys_task_fd_count(pid_t tid, uint64_t *ret_open, uint64_t *ret_limit)
{
	struct rlimit limit;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)tid);
	if (prlimit(tid, RLIMIT_NOFILE, NULL, &limit) < 0 || stat(path, &st) < 0)
		return -errno;
	*ret_open = (uint64_t)st.st_size;
	*ret_limit = limit.rlim_cur;
	return 0;
}

int sys_task_capabilities(pid_t tid, uint64_t *ret_effective)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = tid,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
	return 0;
}

int sys_identity(const char *path, struct sys_identity *ret_identity)
{
	struct statx stx;
	int r = sys_statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &stx);

	if (r < 0)
		return r;
	*ret_identity = (struct sys_identity){
		.dev = (uint64_t)stx.stx_dev_major << 32 | stx.stx_dev_minor,
		.ino = stx.stx_ino,
	};
	return 0;
}

int sys_link_exists(const char *path)
{
	struct stat st;

	return result(lstat(path, &st));
}

int sys_set_effective(uint64_t effective)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++, effective >>= 32)
		data[i].effective = (uint32_t)effective & data[i].permitted;
	return result(syscall(SYS_capset, &header, data));
}

void *sys_reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void sys_unreserve(void *memory, size_t size)
{
	if (memory)
		(void)munmap(memory, size);
}

int sys_memfd(const char *name)
{
	return result(memfd_create(name, MFD_CLOEXEC));
}

int sys_rewind(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

ssize_t sys_pread(int fd, void *buf, size_t size, uint64_t offset)
{
	ssize_t len = pread(fd, buf, size, (off_t)offset);

	return len < 0 ? -errno : len;
}

int sys_dup_inherited(int fd, int least)
{
	return result(fcntl(fd, F_DUPFD, least));
}

int sys_raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

int sys_unlink(const char *path)
{
	return result(unlink(path));
}

int sys_symlinkat(const char *target, int dir_fd, const char *path)
{
	return result(symlinkat(target, dir_fd, path));
}

mode_t sys_umask(mode_t mask)
{
	return umask(mask);
}

int sys_creatat(int dir_fd, const char *path, mode_t mode)
{
	return result(
		openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
}
