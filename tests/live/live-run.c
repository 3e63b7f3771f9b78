/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken run`: ids, capabilities, namespaces, the program's end and ours, signals, and
 * what is left behind. The checks run inside as this very program.
 */
#include "live-more.h"

#include <arpa/inet.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* -------------------------------------------------------------------- ids */

static void expect_map(const char *path, char **wanted)
{
	unsigned int got[3];
	int end = -1;

	/* one line and no second */
	EXPECT_EQ(sscanf(live_file(path), "%u %u %u %n", &got[0], &got[1], &got[2], &end),
		  3);
	EXPECT_EQ(live_file(path)[end], '\0');
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(got[i], atoi(wanted[i]));
}

static int inside_maps(int argc, char **argv)
{
	EXPECT_EQ(argc, 4);
	expect_map("/proc/self/uid_map", argv + 1);
	expect_map("/proc/self/gid_map", argv + 1);
	EXPECT_EQ(getuid() | geteuid() | getgid() | getegid(), 0);
	EXPECT_EQ(getgroups(0, NULL), 0);
	return 0;
}

static void id_maps(void)
{
	const gid_t groups[] = { 0, 4242, 100001 };

	/* none of them gets inside */
	EXPECT_EQ(setgroups(LIVE_COUNT(groups), groups), 0);
	run_inside(0, SMALL_OPTIONS, "maps 0 100000 65536");
	run_inside(0, SMALL_OPTIONS " --map 0:200000:1000", "maps 0 200000 1000");
}

static uint64_t status_mask(const char *key)
{
	const char *line = strstr(live_file("/proc/self/status"), key);

	EXPECT(line);
	return strtoull(line + strlen(key), NULL, 16);
}

static int inside_user_with_cap(int argc, char **argv)
{
	struct bpftoken_error err;
	int token;

	EXPECT_EQ(getuid(), 1000);
	EXPECT_EQ(getgid(), 1001);
	EXPECT_EQ(status_mask("CapEff:"), CAP(BPF));
	EXPECT_EQ(status_mask("CapPrm:"), CAP(BPF));
	EXPECT_EQ(status_mask("CapBnd:"), CAP(BPF));
	token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err);
	EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, token, &err), &err);
	return 0;
}

static int inside_user_without_cap(int argc, char **argv)
{
	struct bpftoken_error err;

	EXPECT_EQ(getuid(), 1000);
	EXPECT_EQ(getgid(), 1000);
	EXPECT_EQ(status_mask("CapEff:") | status_mask("CapPrm:"), 0);
	EXPECT_EQ(bpftoken_create(open_dir(LIVE_BPFFS), &err), -EPERM);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TOKEN_CREATE);
	return 0;
}

static int inside_root_with_caps(int argc, char **argv)
{
	uint64_t wanted = CAP(BPF) | CAP(NET_ADMIN);
	struct bpftoken_error err;

	EXPECT_EQ(getuid(), 0);
	EXPECT_EQ(status_mask("CapEff:"), wanted);
	EXPECT_EQ(status_mask("CapPrm:"), wanted);
	EXPECT_EQ(status_mask("CapBnd:"), wanted);
	EXPECT(sethostname("other", 5) < 0 && errno == EPERM);
	EXPECT_OK(try_map(MAP_RINGBUF, bpftoken_open(NULL, NULL), &err), &err);
	return 0;
}

static int inside_root_without_caps(int argc, char **argv)
{
	EXPECT_EQ(getuid(), 0);
	EXPECT_EQ(status_mask("CapEff:") | status_mask("CapPrm:") |
			  status_mask("CapBnd:"),
		  0);
	EXPECT_EQ(bpftoken_create(open_dir(LIVE_BPFFS), NULL), -EPERM);
	return 0;
}

static void users_and_capabilities(void)
{
	run_inside(0, SMALL_OPTIONS " --user 1000:1001 --caps cap_bpf", "user-with-cap");
	run_inside(0, SMALL_OPTIONS " --user 1000", "user-without-cap");
	run_inside(0, SMALL_OPTIONS " --caps net_admin,CAP_BPF", "root-with-caps");
	run_inside(0, SMALL_OPTIONS " --caps ,", "root-without-caps");
}

/* ------------------------------------------------------------- namespaces */

static const char *const namespaces[] = { "user", "mnt",    "pid", "ipc",
					  "uts",  "cgroup", "net" };

static unsigned long long namespace_inode(const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	EXPECT_EQ(stat(path, &st), 0);
	return st.st_ino;
}

static void expect_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	struct ifreq request = { .ifr_name = "lo" };
	socklen_t len = sizeof(address);
	char byte = 0;

	EXPECT_EQ(ioctl(sock, SIOCGIFFLAGS, &request), 0);
	EXPECT(request.ifr_flags & IFF_UP);
	EXPECT_EQ(bind(sock, (struct sockaddr *)&address, len), 0);
	EXPECT_EQ(getsockname(sock, (struct sockaddr *)&address, &len), 0);
	EXPECT_EQ(sendto(sock, "x", 1, 0, (struct sockaddr *)&address, len), 1);
	EXPECT_EQ(poll(&pfd, 1, 5000), 1);
	EXPECT_EQ(recv(sock, &byte, 1, 0), 1);
	EXPECT_EQ(byte, 'x');
	close(sock);
}

/* "private" or "host", then the host's inodes in the order of namespaces[]. */
static int inside_namespaces(int argc, char **argv)
{
	EXPECT_EQ(argc, 2 + (int)LIVE_COUNT(namespaces));
	for (size_t i = 0; i < LIVE_COUNT(namespaces); i++) {
		bool same =
			namespace_inode(namespaces[i]) == strtoull(argv[2 + i], NULL, 10);
		bool shared = !strcmp(namespaces[i], "net") && !strcmp(argv[1], "host");

		if (same != shared)
			live_fail(__FILE__, __LINE__, "namespace %s: %s the host's",
				  namespaces[i], same ? "is" : "is not");
	}
	/* the host's may be down */
	if (!strcmp(argv[1], "private"))
		expect_loopback();
	EXPECT_EQ(getpid(), 2);
	EXPECT_EQ(getppid(), 1);
	EXPECT_EQ(live_count_processes(), 2);
	EXPECT_EQ(access("/proc/1", F_OK) | access("/proc/2", F_OK), 0);
	return 0;
}

static void run_namespaces(const char *net, const char *options)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "namespaces %s", net);

	for (size_t i = 0; i < LIVE_COUNT(namespaces); i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %llu",
				namespace_inode(namespaces[i]));
	run_inside(0, options, text);
}

static void own_namespaces(void)
{
	run_namespaces("private", SMALL_OPTIONS);
	run_namespaces("host", SMALL_OPTIONS " --net host");
}

static void without_delegation(void)
{
	run_namespaces("private", "--no-delegation");
	run_namespaces("host", "--no-delegation --net host");
}

/* ------------------------------------------------------------------- ends */

static int inside_exit(int argc, char **argv)
{
	return atoi(argv[1]);
}

static int inside_raise(int argc, char **argv)
{
	raise(atoi(argv[1]));
	return 0;
}

static void exit_statuses(void)
{
	static const struct {
		const char *inside;
		int status;
	} ends[] = {
		{ "exit 0", 0 },	{ "exit 7", 7 },	{ "exit 125", 125 },
		{ "exit 255", 255 },	{ "raise 9", 128 + 9 }, { "raise 15", 128 + 15 },
		{ "raise 2", 128 + 2 },
	};
	struct left before;

	(void)command_copy();
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	before = count_left();
	for (size_t i = 0; i < LIVE_COUNT(ends); i++) {
		run_inside(ends[i].status, SMALL_OPTIONS, ends[i].inside);
		expect_left(ends[i].inside, &before);
	}
}

/* An orphan holds our output: its end is seen there. */
static void leave_orphan(void)
{
	if (fork() > 0)
		return;
	if (fork() == 0) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		sleep(200);
	}
	_exit(0);
}

static int inside_orphan(int argc, char **argv)
{
	leave_orphan();
	EXPECT(wait(NULL) > 0);
	EXPECT_EQ(live_count_processes(), 3);
	return 3;
}

/* live_command() reads until nobody holds the pipe: bounded by the alarm. */
static void orphans_end_with_the_program(void)
{
	alarm(20);
	run_inside(3, SMALL_OPTIONS, "orphan");
}

/* Many at once: their signals are fewer than they are. */
static int inside_zombies(int argc, char **argv)
{
	int gate[2];
	char byte;

	EXPECT_EQ(pipe2(gate, O_CLOEXEC), 0);
	for (int i = 0; i < 40; i++) {
		if (fork() == 0) {
			if (fork() == 0) {
				close(gate[1]);
				(void)!read(gate[0], &byte, 1);
			}
			_exit(0);
		}
		EXPECT(wait(NULL) > 0);
	}
	close(gate[1]);
	for (int i = 0; i < 100 && live_count_processes() > 2; i++)
		usleep(50000);
	EXPECT_EQ(live_count_processes(), 2);
	return 0;
}

static void orphans_are_reaped(void)
{
	run_inside(0, SMALL_OPTIONS, "zombies");
}

/* --------------------------------------------------------------- signals */

/* A `bpftoken run` that goes on beside us; out is what it prints. */
struct running {
	pid_t pid;
	int out;
};

static struct running start(const char *inside)
{
	char *argv[MAX_WORDS], buf[2048], text[1024];
	struct running running;
	int out[2];

	snprintf(text, sizeof(text), "%s run %s -- %s --inside %s", command_copy(),
		 SMALL_OPTIONS, live_self(), inside);
	split(buf, sizeof(buf), text, NULL, argv);
	EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
	running.pid = fork();
	EXPECT(running.pid >= 0);
	if (running.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		dup2(out[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	running.out = out[0];
	return running;
}

/* What it prints next, until text ends it; "" at the end. */
static void expect_output(const struct running *running, const char *wanted)
{
	struct pollfd pfd = { .fd = running->out, .events = POLLIN };
	char text[256] = "";
	size_t len = 0;

	while (len < strlen(wanted) || !len) {
		ssize_t got;

		if (poll(&pfd, 1, 20000) != 1)
			live_fail(__FILE__, __LINE__, "no \"%s\" after 20 s", wanted);
		got = read(running->out, text + len, sizeof(text) - 1 - len);
		EXPECT(got >= 0);
		len += (size_t)got;
		if (!got)
			break;
	}
	EXPECT_STR(text, wanted);
}

static int inside_signal(int argc, char **argv)
{
	int wanted = atoi(argv[1]), got;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	EXPECT_EQ(write(STDOUT_FILENO, "ready\n", 6), 6);
	alarm(20);
	EXPECT_EQ(sigwait(&set, &got), 0);
	EXPECT_EQ(got, wanted);
	return 40 + got;
}

static void signals_reach_the_program(void)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2
	};

	for (size_t i = 0; i < LIVE_COUNT(signals); i++) {
		struct running running;
		char inside[32];
		int status;

		snprintf(inside, sizeof(inside), "signal %d", signals[i]);
		running = start(inside);
		expect_output(&running, "ready\n");
		EXPECT_EQ(kill(running.pid, signals[i]), 0);
		expect_output(&running, "");
		EXPECT_EQ(waitpid(running.pid, &status, 0), running.pid);
		EXPECT(WIFEXITED(status));
		EXPECT_EQ(WEXITSTATUS(status), 40 + signals[i]);
		close(running.out);
	}
}

static int inside_stay(int argc, char **argv)
{
	leave_orphan();
	EXPECT_EQ(write(STDOUT_FILENO, "ready\n", 6), 6);
	sleep(200);
	return 0;
}

static void killed_command_takes_the_container_along(void)
{
	struct running running;
	size_t children;
	int status;

	(void)command_copy();
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	children = count_children();
	running = start("stay");
	expect_output(&running, "ready\n");
	EXPECT_EQ(kill(running.pid, SIGKILL), 0);
	/* the end: every process that held the other end is gone */
	expect_output(&running, "");
	while (waitpid(-1, &status, 0) > 0)
		;
	EXPECT_EQ(errno, ECHILD);
	EXPECT_EQ(count_children(), children);
}

/* A default action is the program's, not ours to survive. */
static int inside_die(int argc, char **argv)
{
	EXPECT_EQ(write(STDOUT_FILENO, "ready\n", 6), 6);
	sleep(20);
	return 0;
}

static void signals_end_a_program_without_handler(void)
{
	struct running running = start("die");
	int status;

	expect_output(&running, "ready\n");
	EXPECT_EQ(kill(running.pid, SIGTERM), 0);
	expect_output(&running, "");
	EXPECT_EQ(waitpid(running.pid, &status, 0), running.pid);
	EXPECT(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

static const struct live_test tests[] = {
	{ "exact id maps, uid and gid 0", id_maps, false },
	{ "users and capabilities", users_and_capabilities, false },
	{ "own namespaces, own proc, loopback up", own_namespaces, false },
	{ "the same container without a delegation", without_delegation, true },
	{ "the program's status is ours, nothing is left", exit_statuses, false },
	{ "orphans end with the program", orphans_end_with_the_program, false },
	{ "orphans are reaped meanwhile", orphans_are_reaped, false },
	{ "signals reach the program", signals_reach_the_program, false },
	{ "a signal ends a program without handler",
	  signals_end_a_program_without_handler, false },
	{ "a killed command takes its container along",
	  killed_command_takes_the_container_along, false },
};

static const struct live_inside inside[] = {
	{ "maps", inside_maps },
	{ "user-with-cap", inside_user_with_cap },
	{ "user-without-cap", inside_user_without_cap },
	{ "root-with-caps", inside_root_with_caps },
	{ "root-without-caps", inside_root_without_caps },
	{ "namespaces", inside_namespaces },
	{ "exit", inside_exit },
	{ "raise", inside_raise },
	{ "orphan", inside_orphan },
	{ "zombies", inside_zombies },
	{ "signal", inside_signal },
	{ "stay", inside_stay },
	{ "die", inside_die },
};

LIVE_MAIN_INSIDE(tests, inside)
