/* SPDX-License-Identifier: MIT */
/*
 * The scripted calls that are about processes, as the parent sees them. Time passes by
 * waiting only. What only a child calls is counted and has no effect.
 */
#include "fake-sys.h"

#include "sys-task.h"

#include <linux/nsfs.h>

static uint64_t now;

pid_t sys_clone(uint64_t flags, int *ret_pidfd)
{
	int r;

	if (fake.become && !--fake.become)
		return 0;
	r = fake_step_new(__func__, "child");
	if (r < 0)
		return r;
	*ret_pidfd = r;
	fake.cloned = true;
	fake.reaped = false;
	fake.alive++;
	return FAKE_CHILD;
}

int sys_pidfd_open(pid_t pid)
{
	return fake_step_new(__func__, "pidfd");
}

int sys_pidfd_signal(int pidfd, int sig)
{
	int r = fake_step_fd(__func__, pidfd);

	if (r < 0 || !fake_is_kind(pidfd, "child"))
		return r;
	if (sig == SIGKILL)
		fake.killed = true;
	else if (sig)
		fake.forwarded++;
	return 0;
}

pid_t sys_pidfd_pid(int pidfd)
{
	int r = fake_step_fd(__func__, pidfd);

	if (r < 0)
		return r;
	return fake_is_kind(pidfd, "child") ? FAKE_CHILD : FAKE_PID;
}

static bool child_ended(void)
{
	return fake.cloned && (!fake.child_hangs || fake.killed);
}

int sys_reap(int pidfd, int timeout_ms, siginfo_t *ret_info)
{
	int r = fake_step_fd(__func__, pidfd);

	if (r < 0)
		return r;
	if (!fake_is_kind(pidfd, "child") || !fake.alive)
		fail_msg("sys_reap: there is no such child");
	if (!child_ended() && timeout_ms < 0)
		fail_msg("sys_reap: waits for ever for a child that does not end");
	if (!child_ended())
		return -ETIMEDOUT;
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->si_pid = FAKE_CHILD;
	ret_info->si_code = fake.killed ? CLD_KILLED : CLD_EXITED;
	ret_info->si_status = fake.killed ? SIGKILL : fake.exit_status;
	fake.reaped = --fake.alive == 0;
	return 0;
}

/* Signals come before the end of the child. */
int sys_poll(struct pollfd *polled, unsigned int count, int timeout_ms)
{
	int r = fake_step(__func__), ready = 0;

	for (unsigned int i = 0; r == 0 && i < count; i++) {
		bool is_signal = fake_is_kind(polled[i].fd, "signalfd");
		bool is_ready = fake.signals ? is_signal : !is_signal && child_ended();

		if (fake_is_kind(polled[i].fd, "listener"))
			is_ready = true;

		polled[i].revents = is_ready ? polled[i].events : 0;
		ready += is_ready;
	}
	if (r == 0 && !ready && timeout_ms < 0)
		fail_msg("sys_poll: waits for ever");
	now += r == 0 && !ready ? (uint64_t)timeout_ms : 0;
	return r < 0 ? r : ready ? ready : -ETIMEDOUT;
}

uint64_t sys_now_ms(void)
{
	return now++;
}

int sys_block_signals(const sigset_t *set, sigset_t *ret_old)
{
	int r = fake_step(__func__);

	if (r < 0)
		return r;
	if (ret_old)
		sigemptyset(ret_old);
	fake.signals_blocked = sigismember(set, SIGTERM);
	return 0;
}

int sys_signalfd(const sigset_t *set)
{
	return fake_step_new(__func__, "signalfd");
}

int sys_capabilities(uint64_t *ret_effective)
{
	int r = fake_step(__func__);

	if (r == 0)
		*ret_effective = fake.capabilities;
	return r;
}

/* -------------------------------------------------------------- of a child */

int sys_mount(const char *source, const char *target, const char *fstype,
	      unsigned long flags, const char *data)
{
	int r = fake_step(__func__);

	/* where the network namespace is the host's */
	fake.expected |= fstype && !strcmp(fstype, "sysfs") && r == -EPERM;
	return r;
}

int sys_open_tree(const char *path, bool whole_tree)
{
	return fake_step_new(__func__, "tree");
}

int sys_chroot(const char *path)
{
	int r = fake_step(__func__);

	fake.in_root |= r == 0;
	return r;
}

int sys_unshare(int flags)
{
	return fake_step(__func__);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return fake_step(__func__);
}

int sys_chdir(const char *path)
{
	return fake_step(__func__);
}

int sys_mkdir(const char *path, mode_t mode)
{
	return fake_step(__func__);
}

int sys_creat(const char *path, mode_t mode)
{
	int r = fake_step_new(__func__, "file");

	fake.made += r >= 0;
	return r;
}

int sys_unlink(const char *path)
{
	int r = fake_step(__func__);

	fake.made -= r == 0 && fake.made;
	return r;
}

int sys_symlink(const char *target, const char *path)
{
	return fake_step(__func__);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	int r = fake_step_fd(__func__, fd);

	if (r == 0 && request == NS_GET_OWNER_UID)
		*(uid_t *)arg = 0;
	return r == 0 && request == NS_GET_USERNS ? fake_new_fd("owner", false) : r;
}

int sys_same_fds(pid_t a, pid_t b)
{
	return fake_step(__func__);
}

int sys_setns(int fd, int nstype)
{
	return fake_step_fd(__func__, fd);
}

int sys_set_ids(uid_t uid, gid_t gid)
{
	return fake_step(__func__);
}

int sys_drop_groups(void)
{
	return fake_step(__func__);
}

int sys_set_dumpable(bool dumpable)
{
	return fake_step(__func__);
}

int sys_death_signal(int sig)
{
	return fake_step(__func__);
}

int sys_wait_signal(const sigset_t *set, siginfo_t *ret_info)
{
	int r = fake_step(__func__);

	memset(ret_info, 0, sizeof(*ret_info));
	return r < 0 ? r : SIGCHLD;
}

int sys_kill(pid_t pid, int sig)
{
	return fake_step(__func__);
}

/* The program ends at once. */
pid_t sys_reap_any(siginfo_t *ret_info)
{
	int r = fake_step(__func__);

	if (r < 0 || !fake.alive)
		return r < 0 ? r : -ECHILD;
	*ret_info = (siginfo_t){ .si_code = CLD_EXITED };
	ret_info->si_status = fake.exit_status;
	ret_info->si_pid = FAKE_CHILD;
	fake.reaped = --fake.alive == 0;
	return FAKE_CHILD;
}

int sys_set_memlock(uint64_t bytes, uint64_t *ret_got)
{
	int r = fake_step(__func__);

	if (r == 0)
		*ret_got = bytes;
	return r;
}

int sys_keep_capabilities(void)
{
	return fake_step(__func__);
}

int sys_execvp(const char *file, char *const argv[])
{
	int r = fake_step(__func__);

	if (r < 0 || !fake.leave)
		return r < 0 ? r : -ENOENT;
	fake.executed = true;
	fake.leave(0);
	return -ENOENT;
}
