/* SPDX-License-Identifier: MIT */
/*
 * The scripted calls of a supervisor of sys-task.h, and those of sys-trace.h with which a
 * tracer begins. The caller's memory is this process's own; its descriptors are those
 * below 64, of which ours are copies.
 */
#include "fake-sys.h"

#include "sys-task.h"
#include "sys-trace.h"

#include <stdlib.h>

#define CALLERS_FDS 64

int sys_seccomp_listen(const struct sock_filter *filter, unsigned short len)
{
	return fake_step_new(__func__, "listener");
}

int sys_no_new_privs(void)
{
	return fake_step(__func__);
}

int sys_notif_sync(int listener)
{
	return fake_step_fd(__func__, listener);
}

int sys_notif_recv(int listener, struct seccomp_notif *ret_notif)
{
	int r = fake_step_fd(__func__, listener);

	if (r == 0)
		*ret_notif = (struct seccomp_notif){ .id = 42, .pid = FAKE_CHILD };
	return r;
}

int sys_notif_send(int listener, const struct seccomp_notif_resp *answer)
{
	int r = fake_step_fd(__func__, listener);

	assert_int_equal(answer->id, 42);
	if (r < 0)
		return r;
	fake.answers++;
	fake.continued += answer->flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	assert_true(answer->flags ? !answer->error : answer->error < 0);
	return 0;
}

int sys_notif_valid(int listener, uint64_t id)
{
	return fake_step_fd(__func__, listener);
}

int sys_notif_addfd(int listener, const struct seccomp_notif_addfd *add)
{
	int r = fake_step_fd(__func__, listener);

	if (r < 0)
		return r;
	assert_true(fake_is_known((int)add->srcfd, __func__));
	fake.answers += (add->flags & SECCOMP_ADDFD_FLAG_SEND) != 0;
	fake.returned_fds += (add->flags & SECCOMP_ADDFD_FLAG_SEND) != 0;
	return add->flags & SECCOMP_ADDFD_FLAG_SETFD ? (int)add->newfd : 3;
}

ssize_t sys_task_read(pid_t tid, uint64_t address, void *buf, size_t size)
{
	int r = fake_step(__func__);

	if (r == 0)
		memcpy(buf, (const void *)(uintptr_t)address, size);
	return r < 0 ? r : (ssize_t)size;
}

ssize_t sys_task_write(pid_t tid, uint64_t address, const void *buf, size_t size)
{
	int r = fake_step(__func__);

	if (r == 0)
		memcpy((void *)(uintptr_t)address, buf, size);
	return r < 0 ? r : (ssize_t)size;
}

int sys_task_open(pid_t tid)
{
	return fake_step_new(__func__, "thread");
}

int sys_task_fd(int pidfd, int fd)
{
	int r = fake_step_fd(__func__, pidfd);

	if (r == 0 && (fd < 0 || fd >= CALLERS_FDS))
		return -EBADF;
	return r < 0 ? r : fake_new_fd("copy", false);
}

int sys_task_fd_count(pid_t tid, uint64_t *ret_open, uint64_t *ret_limit)
{
	int r = fake_step(__func__);

	*ret_open = 4;
	*ret_limit = CALLERS_FDS;
	return r;
}

int sys_task_capabilities(pid_t tid, uint64_t *ret_effective)
{
	int r = fake_step(__func__);

	*ret_effective = fake.capabilities >> 1;
	return r;
}

/* The caller holds no token yet; all live in one user namespace. */
int sys_identity(const char *path, struct sys_identity *ret_identity)
{
	int r = fake_step(__func__);

	*ret_identity = (struct sys_identity){ .dev = 4, .ino = 1 };
	if (strstr(path, "/fd/"))
		ret_identity->ino = strstr(path, "/self/") ? 2 : 3;
	return r;
}

int sys_link_exists(const char *path)
{
	int r = fake_step(__func__);

	return r == 0 && fake.standard_closed ? -ENOENT : r;
}

/* What the caller may not, the call that is made for it may not. */
int sys_set_effective(uint64_t effective)
{
	int r = fake_step(__func__);

	if (r == 0)
		fake.effective = effective;
	return r;
}

void *sys_reserve(size_t size)
{
	void *memory = fake_step(__func__) < 0 ? NULL : malloc(size);

	fake.mapped += memory != NULL;
	return memory;
}

void sys_unreserve(void *memory, size_t size)
{
	fake.mapped -= memory != NULL;
	free(memory);
}

int sys_memfd(const char *name)
{
	return fake_step_new(__func__, "filter");
}

int sys_rewind(int fd)
{
	return fake_step_fd(__func__, fd);
}

ssize_t sys_pread(int fd, void *buf, size_t size, uint64_t offset)
{
	return sys_read(fd, buf, size);
}

int sys_dup_inherited(int fd, int least)
{
	int r = fake_step_fd(__func__, fd);

	return r < 0 ? r : fake_new_fd("token", false);
}

int sys_raise_nofile(void)
{
	return fake_step(__func__);
}

/* ---------------------------------------------------------------- a tracer */

int sys_trace_seize(pid_t tid, unsigned long options)
{
	return fake_step(__func__);
}

int sys_trace_resume(unsigned int request, pid_t tid, int sig)
{
	return fake_step(__func__);
}

int sys_dup_to(int from, int fd)
{
	return fake_step_fd(__func__, from);
}

int sys_seccomp_filter(const struct sock_fprog *program, bool no_new_privs)
{
	return fake_step(__func__);
}

int sys_read_link(const char *path, char *buf, size_t size)
{
	int r = fake_step(__func__);

	return r < 0 ? r : snprintf(buf, size, "/bin/program");
}

/* The files of a tmpfs go with it, and are not counted. */
int sys_creatat(int dir_fd, const char *path, mode_t mode)
{
	int r = fake_step_fd(__func__, dir_fd);

	return r < 0 ? r : fake_new_fd("file", false);
}

int sys_symlinkat(const char *target, int dir_fd, const char *path)
{
	return fake_step_fd(__func__, dir_fd);
}

mode_t sys_umask(mode_t mask)
{
	return 022;
}
