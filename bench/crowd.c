/* SPDX-License-Identifier: MIT */
/*
 * crowd NAMESPACES PROCESSES ROUNDS OUTPUT COMMAND [ARG...]
 *
 * Runs a command among many: in a pid namespace of its own with so many containers (a
 * user and a mount namespace, each with a delegated bpffs), in each of which so many
 * processes are. Prints the best wall time and processor time of the rounds in
 * milliseconds, and the peak memory in KiB; what the command says is in OUTPUT. All of it
 * ends with the command.
 */
#include "bpftoken.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLICY                                                      \
	"delegate_cmds=map_create:prog_load,delegate_maps=ringbuf," \
	"delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress"

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static int idle(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "idle");
	for (;;)
		pause();
	return 0;
}

#define STACK 8192

/* Shares the memory of the container's first process, and nothing else. */
static void start_idle(void)
{
	char *stack = malloc(STACK);

	must(stack && clone(idle, stack + STACK, CLONE_VM | SIGCHLD, NULL) > 0, "clone");
}

static void container(int sock, int processes)
{
	char byte;

	must(read(sock, &byte, 1) == 1, "read");
	must(setresuid(0, 0, 0) == 0, "setresuid");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	must(write(sock, "x", 1) == 1, "write");
	must(read(sock, &byte, 1) == 1, "read");
	for (int i = 1; i < processes; i++)
		start_idle();
	must(write(sock, "x", 1) == 1, "write");
	idle(NULL);
}

static void write_map(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, "0 100000 65536", 14) == 14, path);
	close(fd);
}

static void start_container(const struct bpftoken_policy *policy, int processes)
{
	int pair[2], pidfd;
	char byte;
	pid_t pid;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0,
			     0);
	must(pid >= 0, "clone");
	if (pid == 0) {
		close(pair[0]);
		container(pair[1], processes);
	}
	close(pair[1]);
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	must(write(pair[0], "x", 1) == 1 && read(pair[0], &byte, 1) == 1, "container");
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	must(pidfd >= 0, "pidfd_open");
	if (policy) {
		struct bpftoken_error err;

		if (bpftoken_bpffs_mount(pidfd, policy, NULL, &err) < 0) {
			bpftoken_explain(&err);
			fprintf(stderr, "%s: %s\n", err.what, err.why);
			exit(1);
		}
	}
	close(pidfd);
	must(write(pair[0], "x", 1) == 1 && read(pair[0], &byte, 1) == 1, "crowd");
	close(pair[0]);
}

struct cost {
	double wall, cpu;
	long peak;
};

static double since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - begin->tv_nsec) / 1e6;
}

static double ms(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

static void run(const char *output, char **argv, struct cost *cost)
{
	struct timespec begin;
	struct rusage usage;
	double wall, cpu;
	pid_t pid;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		must(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO),
		     output);
		execvp(argv[0], argv);
		_exit(127);
	}
	must(wait4(pid, &status, 0, &usage) == pid && status == 0, argv[0]);
	wall = since(&begin);
	cpu = ms(&usage.ru_utime) + ms(&usage.ru_stime);
	cost->wall = !cost->wall || wall < cost->wall ? wall : cost->wall;
	cost->cpu = !cost->cpu || cpu < cost->cpu ? cpu : cost->cpu;
	cost->peak = usage.ru_maxrss > cost->peak ? usage.ru_maxrss : cost->peak;
}

int main(int argc, char **argv)
{
	struct bpftoken_policy *policy = NULL;
	struct cost cost = { 0 };
	int status;
	pid_t pid;

	if (argc < 6)
		return 2;
	must(bpftoken_policy_parse(POLICY, "mount", &policy, NULL) == 0, "policy");
	must(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		must(mount("proc", "/proc", "proc", 0, NULL) == 0, "proc");
		for (int i = atoi(argv[1]); i > 0; i--)
			start_container(policy, atoi(argv[2]));
		for (int i = atoi(argv[3]); i > 0; i--)
			run(argv[4], argv + 5, &cost);
		printf("%.0f %.0f %ld\n", cost.wall, cost.cpu, cost.peak);
		return 0;
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
