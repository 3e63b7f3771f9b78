/* SPDX-License-Identifier: MIT */
/*
 * crowd NAMESPACES PROCESSES COMMAND [ARG...]
 *
 * Runs a command among many: in a pid namespace of its own with so many containers (a
 * user and a mount namespace, each with a delegated bpffs), in each of which so many
 * processes are. All of it ends with the command; the exit status is the command's.
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static int run(char **argv)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid, argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	struct bpftoken_policy *policy = NULL;
	int status;
	pid_t pid;

	if (argc < 4)
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
		return run(argv + 3);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
