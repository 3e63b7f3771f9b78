/* SPDX-License-Identifier: MIT */
/*
 * The host's side of `bpftoken run`: start, delegate, pass signals on, take the status.
 */
#include "container.h"

#include "bpffs.h"
#include "chroot.h"
#include "handshake.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define NAMESPACES                                                                  \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

/*
 * From the delegation to the exec, which may have to read the program from a slow disk.
 */
#define EXEC_TIMEOUT_MS 30000
/* From SIGKILL to the end of everything in a pid namespace. */
#define KILL_TIMEOUT_MS 10000

/* What a user sends to us and means for the program. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

static int write_map(pid_t pid, const char *file, const struct container *container,
		     struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], map[64];
	ssize_t r;
	int len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	len = snprintf(map, sizeof(map), "%u %u %u\n", container->map_inside,
		       container->map_outside, container->map_count);
	fd = sys_openat(AT_FDCWD, path, O_WRONLY);
	r = fd < 0 ? fd : sys_write(fd, map, (size_t)len);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_IDMAP, (int)r, "%s \"%.*s\": %s",
				 file, len - 1, map, strerror((int)-r));
	return 0;
}

/* From the maps to the exec of the program, of which the end of the socket tells. */
static int bring_up(const struct container *container, pid_t pid, int sock,
		    struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	int r;

	r = write_map(pid, "uid_map", container, err);
	if (r == 0)
		r = write_map(pid, "gid_map", container, err);
	if (r == 0)
		r = handshake_send(sock, HANDSHAKE_READY, -EBADF, err);
	if (r == 0 && container->policy)
		r = handshake_host_side(sock, BPFFS_DEFAULT_TIMEOUT_MS, pid,
					container->policy, &opts, err);
	if (r == 0)
		r = handshake_expect_end(sock, EXEC_TIMEOUT_MS, err);
	return r;
}

/* A signal of the terminal reached the whole process group, the program included. */
static void forward(int signal_fd, int pidfd)
{
	struct signalfd_siginfo info;

	while (sys_read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_code != SI_KERNEL)
			(void)sys_pidfd_signal(pidfd, (int)info.ssi_signo);
}

/* The program's own end is a status of init: only others end init by a signal. */
static int take_status(const siginfo_t *info, struct bpftoken_error *err)
{
	if (info->si_code == CLD_EXITED)
		return info->si_status;
	err_raise(err, BPFTOKEN_STAGE_CLONE, -ECHILD,
		  "the container's first process was ended by signal %d",
		  info->si_status);
	err_what(err, "cannot run the container to its end");
	err_fix(err, "find who sent it: the system's log names what the kernel killed");
	return -ECHILD;
}

static int wait_for(int pidfd, int signal_fd, struct bpftoken_error *err)
{
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
				{ .fd = signal_fd, .events = POLLIN } };
	siginfo_t info;

	for (;;) {
		int r = sys_poll(fds, ARRAY_SIZE(fds), -1);

		if (r < 0)
			return err_raise(err, BPFTOKEN_STAGE_CLONE, r, NULL);
		if (fds[1].revents)
			forward(signal_fd, pidfd);
		if (!fds[0].revents)
			continue;
		r = sys_reap(pidfd, -1, &info);
		return r < 0 ? err_raise(err, BPFTOKEN_STAGE_CLONE, r, NULL)
			     : take_status(&info, err);
	}
}

/* Everything in the pid namespace ends with its init. */
static void destroy(int pidfd)
{
	siginfo_t info;

	(void)sys_pidfd_signal(pidfd, SIGKILL);
	(void)sys_reap(pidfd, KILL_TIMEOUT_MS, &info);
}

static int start(const struct container *container, int signal_fd,
		 const sigset_t *old_mask, struct bpftoken_error *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	uint64_t namespaces = NAMESPACES | (container->host_net ? 0 : CLONE_NEWNET);
	pid_t pid;
	int r;

	r = handshake_pair(&ours, &theirs, err);
	if (r < 0)
		return r;
	pid = sys_clone(namespaces, &pidfd);
	if (pid == -EPERM && chroot_become_root() > 0)
		pid = sys_clone(namespaces, &pidfd);
	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, pid, NULL);
	if (pid == 0)
		container_init(container, theirs, old_mask);
	sys_close(TAKE_FD(theirs));
	r = bring_up(container, pid, ours, err);
	if (r == 0)
		r = wait_for(pidfd, signal_fd, err);
	if (r < 0)
		destroy(pidfd);
	return r;
}

int container_run(const struct container *container, struct bpftoken_error *err)
{
	_cleanup_close_ int signal_fd = -EBADF;
	sigset_t mask, old_mask;
	int r;

	r = container->policy ? bpffs_may_delegate(err) : bpffs_may_map(err);
	if (r < 0)
		return r;
	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&mask, forwarded[i]);
	r = sys_block_signals(&mask, &old_mask);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL);
	signal_fd = sys_signalfd(&mask);
	if (signal_fd < 0)
		r = err_raise(err, BPFTOKEN_STAGE_SETUP, signal_fd, NULL);
	else
		r = start(container, signal_fd, &old_mask, err);
	(void)sys_block_signals(&old_mask, NULL);
	return r;
}
