/* SPDX-License-Identifier: MIT */
/*
 * Changing what is delegated to a container that runs: replacing, taking back, who still
 * holds a token; and a container that interferes with all of it.
 */
#include "live-target.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>

#define OTHER_POLICY "delegate_cmds=map_create,delegate_maps=array"
#define BENEATH 0x200

static int mount_text(const struct live_container *container, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(text);
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_bpffs_mount(container->pidfd, policy, NULL, &err),
			 &err);
}

/* The device of what was replaced. */
static uint64_t replace_text(const struct live_container *container, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(text);
	struct bpftoken_error err;
	uint64_t device = 0;

	EXPECT_EQ(EXPECT_OK(bpftoken_bpffs_replace(container->pidfd, policy, NULL,
						   &device, &err),
			    &err),
		  0);
	return device;
}

static size_t count_bpf(pid_t pid)
{
	size_t n = 0;

	for (const char *c = mounts_of(pid); (c = strstr(c, " - bpf ")); c++)
		n++;
	return n;
}

/* -------------------------------------------------------------------- holders */

/* A process of the container; it makes a token, and answers on its socket. */
struct holder {
	const struct live_container *container;
	pid_t pid;
	int pidfd, sock;
};

/* Each byte asks: 'm' makes a ring buffer with the token, 'n' with a new one. */
static void hold(const struct holder *holder, int sock)
{
	struct bpftoken_error err;
	int token;
	char byte;

	sys_death_signal(SIGKILL);
	EXPECT_EQ(sys_setns(holder->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	sys_death_signal(SIGKILL);
	token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	EXPECT_EQ(write(sock, "r", 1), 1);
	while (read(sock, &byte, 1) == 1) {
		int with = byte == 'm' ? token : bpftoken_open(NULL, NULL);

		byte = closed(try_map(MAP_RINGBUF, with, NULL)) >= 0 ? 'y' : 'n';
		if (with != token)
			close(with);
		EXPECT_EQ(write(sock, &byte, 1), 1);
	}
	_exit(0);
}

static void start_holder(const struct live_container *container, struct holder *holder)
{
	int pair[2];
	char byte;

	holder->container = container;
	EXPECT_EQ(sys_socketpair(pair), 0);
	holder->pid = sys_clone(0, &holder->pidfd);
	EXPECT(holder->pid >= 0);
	if (holder->pid == 0) {
		/* nobody else's connection, or it would never end */
		const int keep[] = { 0, 1, 2, pair[1], container->pidfd };

		EXPECT_EQ(sys_close_all_but(keep, LIVE_COUNT(keep)), 0);
		hold(holder, pair[1]);
	}
	close(pair[1]);
	holder->sock = pair[0];
	EXPECT_EQ(read(holder->sock, &byte, 1), 1);
}

static char ask(const struct holder *holder, char question)
{
	char answer = 0;

	EXPECT_EQ(write(holder->sock, &question, 1), 1);
	EXPECT_EQ(read(holder->sock, &answer, 1), 1);
	return answer;
}

static void end_holder_here(struct holder *holder, int code)
{
	siginfo_t info;

	close(holder->sock);
	EXPECT_EQ(sys_reap(holder->pidfd, 10000, &info), 0);
	EXPECT_EQ(info.si_code, code);
	close(holder->pidfd);
}

struct listed {
	pid_t pids[8];
	size_t count;
};

static int list(const struct bpftoken_holder *holder, void *data)
{
	struct listed *listed = data;

	EXPECT_EQ(holder->tokens, 1);
	EXPECT_EQ(holder->directories, 0);
	EXPECT(listed->count < LIVE_COUNT(listed->pids));
	listed->pids[listed->count++] = holder->pid;
	return 0;
}

static void expect_holders(uint64_t device, const pid_t pids[], size_t count)
{
	struct listed listed = { 0 };
	struct bpftoken_error err;

	EXPECT_EQ(EXPECT_OK(bpftoken_bpffs_holders(device, list, &listed, NULL, &err),
			    &err),
		  count);
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < listed.count && listed.pids[at] != pids[i])
			at++;
		EXPECT(at < listed.count);
	}
}

static void honest_change(void)
{
	struct live_container container;
	struct holder first, second, later;
	uint64_t device;
	pid_t old[2];

	live_container_start(&container, CONTAINER);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	start_holder(&container, &first);
	start_holder(&container, &second);
	old[0] = first.pid;
	old[1] = second.pid;
	device = replace_text(&container, OTHER_POLICY);
	EXPECT(device);
	EXPECT_EQ(count_bpf(container.pid), 1);
	EXPECT_STR(options_at(container.pid, LIVE_BPFFS),
		   "rw,uid=100000,gid=100000," OTHER_POLICY);
	expect_mount_flags(container.pid, LIVE_BPFFS);
	/* what was given stays given; what is new is new */
	EXPECT_EQ(ask(&first, 'm'), 'y');
	EXPECT_EQ(ask(&first, 'n'), 'n');
	start_holder(&container, &later);
	expect_holders(device, old, 2);
	end_holder_here(&first, CLD_EXITED);
	expect_holders(device, old + 1, 1);
	end_holder_here(&second, CLD_EXITED);
	expect_holders(device, NULL, 0);
	end_holder_here(&later, CLD_EXITED);
	live_container_end(&container);
}

/* One thread with a table of descriptors of its own holds it, and no other. */
static int thread_body(void *data)
{
	const int *sock = data;
	struct bpftoken_error err;

	EXPECT_EQ(unshare(CLONE_FILES), 0);
	EXPECT_OK(bpftoken_open(NULL, &err), &err);
	EXPECT_EQ(write(*sock, "r", 1), 1);
	pause();
	return 0;
}

static void holder_is_a_thread(void)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	struct live_container container;
	int pair[2], pidfd;
	siginfo_t info;
	char byte;
	pid_t pid;

	live_container_start(&container, CONTAINER);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	EXPECT_EQ(sys_socketpair(pair), 0);
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		EXPECT_EQ(sys_setns(container.pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
		EXPECT_EQ(sys_set_ids(0, 0), 0);
		sys_death_signal(SIGKILL);
		EXPECT(clone(thread_body, stack + sizeof(stack),
			     CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES,
			     &pair[1]) > 0);
		for (;;)
			pause();
	}
	EXPECT_EQ(read(pair[0], &byte, 1), 1);
	expect_holders(replace_text(&container, OTHER_POLICY), &pid, 1);
	EXPECT_EQ(sys_pidfd_signal(pidfd, SIGKILL), 0);
	EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
	live_container_end(&container);
}

/* ---------------------------------------------------------------- the command */

static void command_kills_exactly(void)
{
	static struct live_result result;
	struct live_container container;
	struct holder in, fresh;
	char pid[16], listed[64];

	live_container_start(&container, CONTAINER);
	snprintf(pid, sizeof(pid), "%d", (int)container.pid);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	start_holder(&container, &in);
	live_bpftoken(&result, "mount", "--pid", pid, "-p", OTHER_POLICY, "--replace",
		      NULL);
	EXPECT_EQ(result.status, 0);
	snprintf(listed, sizeof(listed), "  %d ", (int)in.pid);
	EXPECT_HAS(result.out, listed);
	EXPECT_EQ(ask(&in, 'm'), 'y');
	start_holder(&container, &fresh);
	/* the same again is nothing */
	live_bpftoken(&result, "mount", "--pid", pid, "-p", OTHER_POLICY, "--replace",
		      "--kill", NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(result.out, "delegated already");
	live_bpftoken(&result, "umount", "--pid", pid, "--kill", "--json", NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(result.out, "\"killed\": true");
	end_holder_here(&fresh, CLD_KILLED);
	/* of another bpffs, and so alive */
	EXPECT_EQ(ask(&in, 'm'), 'y');
	end_holder_here(&in, CLD_EXITED);
	EXPECT_EQ(count_bpf(container.pid), 0);
	live_bpftoken(&result, "umount", "--pid", pid, NULL);
	EXPECT_EQ(result.status, 1);
	expect_one_line("umount", result.err);
	live_container_end(&container);
}

/* A token that a process of the host was sent does not get it killed. */
static void host_holder_is_spared(void)
{
	static struct live_result result;
	struct live_container container;
	char pid[16], listed[64];
	struct holder in;
	int pidfd, status;
	pid_t child;

	live_container_start(&container, CONTAINER);
	snprintf(pid, sizeof(pid), "%d", (int)container.pid);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	start_holder(&container, &in);
	child = fork();
	EXPECT(child >= 0);
	if (child == 0) {
		sys_death_signal(SIGKILL);
		for (int fd = 3; fd < 64; fd++)
			(void)syscall(SYS_pidfd_getfd, in.pidfd, fd, 0);
		EXPECT_EQ(raise(SIGSTOP), 0);
		_exit(0);
	}
	pidfd = sys_pidfd_open(child);
	EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
	EXPECT(WIFSTOPPED(status));
	live_bpftoken(&result, "umount", "--pid", pid, "--kill", NULL);
	EXPECT_EQ(result.status, 1);
	snprintf(listed, sizeof(listed), "cannot end process %d", (int)child);
	EXPECT_HAS(result.err, listed);
	end_holder_here(&in, CLD_KILLED);
	EXPECT_EQ(kill(child, SIGCONT), 0);
	EXPECT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
	close(pidfd);
	live_container_end(&container);
}

static void dry_run_does_nothing(void)
{
	static struct live_result result;
	struct live_container container;
	struct left before;
	char pid[16], *mounts;

	live_container_start(&container, CONTAINER);
	snprintf(pid, sizeof(pid), "%d", (int)container.pid);
	mounts = strdup(mounts_of(container.pid));
	before = count_left();
	live_bpftoken(&result, "mount", "--pid", pid, "-p", SMALL_POLICY, "--owner",
		      "1:2", "--mode", "700", "--dry-run", NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(result.out, "\"uid\", \"100001\"");
	EXPECT_HAS(result.out, "\"gid\", \"100002\"");
	EXPECT_HAS(result.out, "\"mode\", \"700\"");
	EXPECT_HAS(result.out, "\"delegate_cmds\", \"0x21\"");
	EXPECT_HAS(result.out, "setns(user), setns(mnt)");
	EXPECT_STR(mounts_of(container.pid), mounts);
	expect_left("--dry-run", &before);
	free(mounts);
	live_container_end(&container);
}

/* ------------------------------------------------- failures in the middle */

static void install(struct sock_filter *filter, unsigned short len)
{
	struct sock_fprog prog = { len, filter };

	EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), 0);
}

/* move_mount() with that flag fails. */
static void refuse_beneath(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_move_mount, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[4])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, BENEATH, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	install(filter, LIVE_COUNT(filter));
}

/* One system call fails everywhere. */
static void refuse_call(uint32_t number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	install(filter, LIVE_COUNT(filter));
}

struct failing {
	const struct live_container *container;
	const char *policy;
	uint32_t call; /* that fails, 0 = none, 1 = going beneath */
	bool replace;
};

static void expect_unchanged(void *data)
{
	const struct failing *failing = data;
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(failing->policy);
	pid_t pid = failing->container->pid;
	char *mounts = strdup(mounts_of(pid));
	struct left before = count_left();
	struct bpftoken_error err = { 0 };
	uint64_t device = 1234;
	int r;

	if (failing->call == 1)
		refuse_beneath();
	else if (failing->call)
		refuse_call(failing->call);
	r = failing->replace
		    ? bpftoken_bpffs_replace(failing->container->pidfd, policy, NULL,
					     &device, &err)
		    : bpftoken_bpffs_mount(failing->container->pidfd, policy, NULL, &err);
	EXPECT(r < 0);
	EXPECT_EQ(device, 1234);
	EXPECT_STR(mounts_of(pid), mounts);
	expect_left(failing->policy, &before);
	free(mounts);
}

static void old_stays_on_failure(void)
{
	static const struct failing failures[] = {
		/* a bit that the kernel does not know: known after it was placed */
		{ NULL, "delegate_cmds=0x8000000000000001", 0, true },
		{ NULL, OTHER_POLICY, 1, true },
		{ NULL, OTHER_POLICY, SYS_open_tree, true },
		{ NULL, OTHER_POLICY, SYS_fsmount, true },
		{ NULL, OTHER_POLICY, SYS_move_mount, true },
		{ NULL, OTHER_POLICY, SYS_mount_setattr, true },
		{ NULL, OTHER_POLICY, SYS_fsopen, true },
		{ NULL, OTHER_POLICY, SYS_setresuid, true },
		/* another policy, and nobody said that it may be replaced */
		{ NULL, OTHER_POLICY, 0, false },
	};
	struct live_container container;

	live_container_start(&container, CONTAINER);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	for (size_t i = 0; i < LIVE_COUNT(failures); i++) {
		struct failing failing = failures[i];

		failing.container = &container;
		in_child(expect_unchanged, &failing);
	}
	live_container_end(&container);
}

/* --------------------------------------------------------------- other mounts */

static void mount_tmpfs(void *data)
{
	const struct live_container *container = data;

	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	EXPECT_EQ(mount("own", LIVE_BPFFS, "tmpfs", 0, NULL), 0);
}

/* What the container mounted there is covered, and never taken away. */
static void a_mount_of_the_containers_own(void)
{
	struct live_container container;
	struct bpftoken_error err;
	uint64_t device = 0;
	char *mounts;

	live_container_start(&container, CONTAINER);
	in_child(mount_tmpfs, &container);
	mounts = strdup(mounts_of(container.pid));
	EXPECT_EQ(bpftoken_bpffs_unmount(container.pidfd, NULL, &device, &err), -ENODATA);
	EXPECT_STR(mounts_of(container.pid), mounts);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	EXPECT_OK(bpftoken_bpffs_unmount(container.pidfd, NULL, &device, &err), &err);
	EXPECT_STR(mounts_of(container.pid), mounts);
	EXPECT_EQ(bpftoken_bpffs_unmount(container.pidfd, NULL, &device, &err), -ENODATA);
	EXPECT_STR(mounts_of(container.pid), mounts);
	free(mounts);
	live_container_end(&container);
}

static void share_all(void *data)
{
	const struct live_container *container = data;

	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
}

static void shared_mounts_of_the_container(void)
{
	struct live_container container;

	live_container_start(&container, CONTAINER);
	in_child(share_all, &container);
	EXPECT_EQ(mount_text(&container, SMALL_POLICY), 0);
	expect_mount_flags(container.pid, LIVE_BPFFS);
	EXPECT(replace_text(&container, OTHER_POLICY));
	EXPECT_EQ(count_bpf(container.pid), 1);
	expect_mount_flags(container.pid, LIVE_BPFFS);
	live_container_end(&container);
}

/* Peers of the host's mounts, as `unshare --propagation unchanged` makes them. */
static void shared_mounts_of_the_host(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;
	struct bpftoken_error err;
	int own_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	char *host, *mounts;

	make_targets();
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	close(own_fd);
	own_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWPID);
	EXPECT_EQ(sys_setns(own_fd, CLONE_NEWNS), 0);
	close(own_fd);
	host = strdup(live_file("/proc/self/mountinfo"));
	mounts = strdup(mounts_of(container.pid));
	EXPECT_EQ(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), -EXDEV);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_VERIFY);
	EXPECT_STR(live_file("/proc/self/mountinfo"), host);
	EXPECT_STR(mounts_of(container.pid), mounts);
	free(host);
	free(mounts);
	live_container_end(&container);
}

static void replace_unowned(void)
{
	struct live_container outer, inner;

	make_targets();
	start_unowned(&outer, &inner);
	EXPECT_EQ(mount_text(&inner, SMALL_POLICY), 0);
	EXPECT(replace_text(&inner, OTHER_POLICY));
	EXPECT_EQ(count_bpf(inner.pid), 1);
	EXPECT_STR(options_at(inner.pid, LIVE_BPFFS),
		   "rw,uid=100000,gid=100000," OTHER_POLICY);
	expect_mount_flags(inner.pid, LIVE_BPFFS);
	live_container_end(&inner);
	live_container_end(&outer);
}

/* ------------------------------------------------------- a hostile container */

struct signalled {
	const struct live_container *container;
	pid_t helper;
	int sig;
};

static void signal_helper(void *data)
{
	const struct signalled *signalled = data;

	EXPECT_EQ(sys_setns(signalled->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	EXPECT_EQ(kill(signalled->helper, signalled->sig), 0);
}

/* Every call of that number waits for the listener. */
static int stop_at(uint32_t number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { LIVE_COUNT(filter), filter };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

/* In a process of its own: mounts, and expects to fail. */
static void mount_and_fail(const struct live_container *container, int sock,
			   uint32_t number)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	int listener = stop_at(number);
	struct bpftoken_error err;
	struct left before;

	EXPECT(listener >= 0);
	EXPECT_EQ(sys_send_fd(sock, "x", 1, listener), 0);
	close(listener);
	before = count_left();
	opts.timeout_ms = 500;
	EXPECT(bpftoken_bpffs_mount(container->pidfd, policy, &opts, &err) < 0);
	expect_left("a hostile container", &before);
	_exit(0);
}

/*
 * At each call of that number in the helper: the container's root sends it a signal, and
 * the call goes on. Only the first helper: the one that cleans up is root's.
 */
static void attack_at(uint32_t number, int sig)
{
	struct seccomp_notif question = { 0 };
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	struct live_container container;
	struct signalled signalled = { &container, 0, sig };
	struct pollfd pfd = { .events = POLLIN };
	int pair[2], listener, status;
	char *mounts, byte;
	pid_t caller;

	/* it sees the host's processes */
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS);
	mounts = strdup(mounts_of(container.pid));
	EXPECT_EQ(sys_socketpair(pair), 0);
	caller = fork();
	EXPECT(caller >= 0);
	if (caller == 0)
		mount_and_fail(&container, pair[1], number);
	EXPECT_EQ(sys_recv_fd(pair[0], 10000, &byte, 1, &listener), 1);
	pfd.fd = listener;
	for (int i = 0; waitpid(caller, &status, WNOHANG) == 0; i++) {
		if (poll(&pfd, 1, 50) != 1 || !(pfd.revents & POLLIN))
			continue;
		memset(&question, 0, sizeof(question));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0)
			continue;
		signalled.helper = (pid_t)question.pid;
		if (i < 1000 && signalled.sig)
			in_child(signal_helper, &signalled);
		signalled.sig = 0;
		answer.id = question.id;
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	EXPECT_EQ(status, 0);
	EXPECT_STR(mounts_of(container.pid), mounts);
	free(mounts);
	close(pair[0]);
	close(pair[1]);
	close(listener);
	live_container_end(&container);
}

static void helper_is_killed(void)
{
	attack_at(SYS_fsopen, SIGKILL);
	attack_at(SYS_move_mount, SIGKILL);
	attack_at(SYS_mount_setattr, SIGKILL);
}

static void helper_is_stopped(void)
{
	attack_at(SYS_fsopen, SIGSTOP);
	attack_at(SYS_mount_setattr, SIGSTOP);
}

/* Many at once, of two policies: each succeeds, or is told why not; one mount. */
static void at_once(void)
{
	struct live_container container;
	int status, good[2] = { 0 };
	pid_t children[8];

	live_container_start(&container, CONTAINER);
	for (size_t i = 0; i < LIVE_COUNT(children); i++) {
		children[i] = fork();
		EXPECT(children[i] >= 0);
		if (children[i] == 0) {
			_cleanup_policy_ struct bpftoken_policy *policy =
				live_policy(i % 2 ? OTHER_POLICY : SMALL_POLICY);
			struct bpftoken_error err = { 0 };
			int r = bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err);

			EXPECT(r >= 0 || r == -EEXIST);
			_exit(r < 0);
		}
	}
	for (size_t i = 0; i < LIVE_COUNT(children); i++) {
		EXPECT_EQ(waitpid(children[i], &status, 0), children[i]);
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		good[i % 2] += status == 0;
	}
	EXPECT_EQ(good[0] + good[1], 4);
	EXPECT(!good[0] || !good[1]);
	EXPECT_EQ(count_bpf(container.pid), 1);
	live_container_end(&container);
}

/* A process that has the pid of the one that is meant. */
static void recycled_pid(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container, other;
	struct bpftoken_error err;
	siginfo_t info;
	pid_t pid, meant;
	FILE *last;

	live_container_start(&container, CONTAINER);
	meant = container.pid;
	EXPECT_EQ(sys_pidfd_signal(container.pidfd, SIGKILL), 0);
	EXPECT_EQ(sys_reap(container.pidfd, 10000, &info), 0);
	last = fopen("/proc/sys/kernel/ns_last_pid", "we");
	if (!last)
		live_skip("the kernel has no ns_last_pid");
	for (int i = 0; i < 100; i++) {
		rewind(last);
		if (fprintf(last, "%d", (int)meant - 1) < 0 || fflush(last) != 0)
			live_skip("ns_last_pid cannot be written: %s", strerror(errno));
		live_container_start(&other, CONTAINER);
		pid = other.pid;
		if (pid == meant)
			break;
		live_container_end(&other);
	}
	fclose(last);
	EXPECT_EQ(pid, meant);
	EXPECT_EQ(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), -ESRCH);
	EXPECT_EQ(count_bpf(other.pid), 0);
	live_container_end(&other);
}

static const struct live_test tests[] = {
	{ "an honest change, and who holds an old token", honest_change, false },
	{ "a thread that holds a token", holder_is_a_thread, false },
	{ "--kill ends those who hold one, and no other", command_kills_exactly, false },
	{ "a process of the host is not killed", host_holder_is_spared, false },
	{ "--dry-run does nothing", dry_run_does_nothing, false },
	{ "the old one stays when a step fails", old_stays_on_failure, false },
	{ "a mount of the container's own", a_mount_of_the_containers_own, false },
	{ "shared mounts of the container", shared_mounts_of_the_container, false },
	{ "shared mounts of the host", shared_mounts_of_the_host, false },
	{ "a change where the mount namespace is another's", replace_unowned, false },
	{ "a helper that the container kills", helper_is_killed, false },
	{ "a helper that the container stops", helper_is_stopped, false },
	{ "many at once", at_once, false },
	{ "a pid that is another's by now", recycled_pid, false },
};

LIVE_MAIN(tests)
