/* SPDX-License-Identifier: MIT */
/*
 * Pid 1 of a container: becomes the user namespace's root, sets the container up, takes
 * the container's side of the delegation, starts the program, and then only reaps and
 * passes signals on. It is not dumpable: the program cannot ptrace it.
 */
#include "container.h"

#include "bpffs.h"
#include "handshake.h"

#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Had the host's side died before the death signal was set, nobody would end us. */
static int check_host_side(int sock)
{
	struct pollfd pfd = { .fd = sock };

	return sys_poll(&pfd, 1, 0) == -ETIMEDOUT ? 0 : -ECONNRESET;
}

static int become_root(int sock, struct bpftoken_error *err)
{
	int r = sys_drop_groups();

	if (r == 0)
		r = sys_set_ids(0, 0);
	/* New ids reset both. */
	if (r == 0)
		r = sys_set_dumpable(false);
	if (r == 0)
		r = sys_death_signal(SIGKILL);
	if (r == 0)
		r = check_host_side(sock);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL) : 0;
}

static int loopback_up(struct bpftoken_error *err)
{
	_cleanup_close_ int sock = sys_socket_inet();
	struct ifreq request = { .ifr_name = "lo" };
	int r = sock < 0 ? sock : sys_ioctl(sock, SIOCGIFFLAGS, &request);

	if (r >= 0) {
		request.ifr_flags |= IFF_UP;
		r = sys_ioctl(sock, SIOCSIFFLAGS, &request);
	}
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_SETUP, r, "the loopback device: %s",
				 strerror(-r))
		     : 0;
}

static int take_delegation(const struct container *container, int sock,
			   struct bpftoken_error *err)
{
	_cleanup_close_ int root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY);

	if (root_fd < 0)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, root_fd, NULL);
	return handshake_container_side(sock, BPFFS_DEFAULT_TIMEOUT_MS, root_fd,
					container->bpffs, err);
}

static int set_up(const struct container *container, int sock, struct bpftoken_error *err)
{
	int r = handshake_expect(sock, BPFFS_DEFAULT_TIMEOUT_MS, HANDSHAKE_READY, NULL,
				 err);

	if (r == 0)
		r = become_root(sock, err);
	if (r == 0)
		r = rootfs_setup(container, err);
	if (r == 0 && !container->host_net)
		r = loopback_up(err);
	if (r == 0 && container->policy)
		r = take_delegation(container, sock, err);
	return r;
}

/*
 * The socket is close-on-exec: its end is how the host learns that the program runs, and
 * until then the program's process can say why it does not.
 */
static pid_t start_program(const struct container *container, int sock,
			   const sigset_t *old_mask, struct bpftoken_error *err)
{
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid = sys_clone(0, &pidfd);

	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, pid, NULL);
	if (pid > 0)
		return pid;
	(void)sys_block_signals(old_mask, NULL);
	(void)program_exec(container, err);
	handshake_fail(sock, err);
	_exit(127);
}

/*
 * Until the program ends. A signal from outside has no sender that this namespace sees.
 */
static int reap_and_forward(pid_t program, const sigset_t *signals)
{
	for (;;) {
		siginfo_t info;
		pid_t pid;
		int sig = sys_wait_signal(signals, &info);

		if (sig > 0 && sig != SIGCHLD && info.si_pid == 0)
			(void)sys_kill(program, sig);
		while ((pid = sys_reap_any(&info)) > 0) {
			if (pid == program)
				return info.si_code == CLD_EXITED ? info.si_status
								  : 128 + info.si_status;
		}
	}
}

void container_init(const struct container *container, int sock, const sigset_t *old_mask)
{
	struct bpftoken_error err;
	/*
	 * The program gets the three standard descriptors and nothing else of the host.
	 */
	const int keep[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, sock };
	sigset_t all;
	pid_t program;
	int r;

	r = sys_close_all_but(keep, ARRAY_SIZE(keep));
	sigfillset(&all);
	(void)sys_block_signals(&all, NULL);
	r = r < 0 ? err_raise(&err, BPFTOKEN_STAGE_SETUP, r, NULL)
		  : set_up(container, sock, &err);
	program = r < 0 ? r : start_program(container, sock, old_mask, &err);
	if (program < 0) {
		handshake_fail(sock, &err);
		_exit(1);
	}
	sys_close(sock);
	_exit(reap_and_forward(program, &all));
}
