/* SPDX-License-Identifier: MIT */
/*
 * What `bpftoken mount --pid PID` costs, over containers that are made afresh:
 *
 *   turns ROUNDS   in turns with the bare reference, each on a container of its own: a
 *                  line for each round, the milliseconds of the bare one, those of
 *                  bpftoken and the most KiB of its memory so far
 *   many COUNT     COUNT containers one after another: the last are as fast as the first,
 *                  and nothing is left of any
 *   at-once COUNT  COUNT containers at once: every one has its delegation
 *
 * mount MODE NUMBER BPFTOKEN [BARE]
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX 10000
#define WARM_UP 3
#define SHOWN "delegate_cmds=map_create:prog_load,delegate_maps=ringbuf"
#define FAILED(call) ((call) < 0 ? (perror(#call), exit(1), 0) : 0)

struct container {
	pid_t pid;
	int sock;
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void write_map(pid_t pid, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	FAILED(fd = open(path, O_WRONLY | O_CLOEXEC));
	FAILED(write(fd, "0 100000 65536\n", 15));
	close(fd);
}

/* User, mount and pid namespace, and a root that waits. */
static void start(struct container *container)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
				   .exit_signal = SIGCHLD };
	int pair[2];
	char byte;

	FAILED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	FAILED(container->pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args)));
	if (container->pid == 0) {
		close(pair[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		FAILED(read(pair[1], &byte, 1));
		FAILED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
		FAILED(write(pair[1], "x", 1));
		_exit(read(pair[1], &byte, 1) < 0);
	}
	close(pair[1]);
	write_map(container->pid, "uid_map");
	write_map(container->pid, "gid_map");
	FAILED(write(pair[0], "x", 1));
	FAILED(read(pair[0], &byte, 1));
	container->sock = pair[0];
}

static void end(struct container *container)
{
	kill(container->pid, SIGKILL);
	waitpid(container->pid, NULL, 0);
	close(container->sock);
}

static int has_delegation(const struct container *container)
{
	char path[64], line[4096];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", container->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		found += strstr(line, SHOWN) != NULL;
	if (file)
		fclose(file);
	return found;
}

static pid_t spawn(const char *bpftoken, const char *bare, pid_t target)
{
	pid_t pid = fork();
	char number[16];
	int null;

	if (pid)
		return pid;
	snprintf(number, sizeof(number), "%d", target);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	if (bare)
		execl(bare, bare, number, "0x21", "0x8000000", "0x2", "0x1", NULL);
	else
		execl(bpftoken, bpftoken, "mount", "--pid", number, "--cmds",
		      "prog_load:map_create", "--maps", "ringbuf", "--progs",
		      "socket_filter", "--attachs", "cgroup_inet_ingress", NULL);
	_exit(127);
}

/* Milliseconds of one delegation to a fresh container. */
static double delegate_once(const char *bpftoken, const char *bare, long *peak_kib)
{
	struct container container;
	struct rusage usage;
	double begin;
	int status;
	pid_t pid;

	start(&container);
	begin = now_ms();
	pid = spawn(bpftoken, bare, container.pid);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status ||
	    has_delegation(&container) != 1) {
		fprintf(stderr, "mount: %s: it failed: run it by hand\n",
			bare ? bare : bpftoken);
		exit(1);
	}
	begin = now_ms() - begin;
	if (peak_kib && usage.ru_maxrss > *peak_kib)
		*peak_kib = usage.ru_maxrss;
	end(&container);
	return begin;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(double), compare);
	return count % 2 ? values[count / 2]
			 : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int turns(size_t rounds, const char *bpftoken, const char *bare)
{
	long peak = 0;

	for (int i = 0; i < WARM_UP; i++) {
		(void)delegate_once(bpftoken, bare, NULL);
		(void)delegate_once(bpftoken, NULL, NULL);
	}
	for (size_t i = 0; i < rounds; i++) {
		double bare_ms = delegate_once(bpftoken, bare, NULL);
		double ms = delegate_once(bpftoken, NULL, &peak);

		printf("%.4f %.4f %ld\n", bare_ms, ms, peak);
	}
	return 0;
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static size_t count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t n = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		n += c == '\n';
	if (file)
		fclose(file);
	return n;
}

static int many(size_t count, const char *bpftoken)
{
	static double ms[MAX];
	size_t part = count / 5, fds = count_entries("/proc/self/fd");
	size_t mounts = count_mounts();
	double first, last;

	for (size_t i = 0; i < count; i++)
		ms[i] = delegate_once(bpftoken, NULL, NULL);
	first = median(ms, part);
	last = median(ms + count - part, part);
	printf("many: %zu containers, first fifth %.2f ms, last fifth %.2f ms, ratio "
	       "%.3f, left: %zd fds, %zd mounts, %d processes\n",
	       count, first, last, last / first,
	       (ssize_t)(count_entries("/proc/self/fd") - fds),
	       (ssize_t)(count_mounts() - mounts), waitpid(-1, NULL, WNOHANG) >= 0);
	return 0;
}

static int at_once(size_t count, const char *bpftoken)
{
	static struct container containers[MAX];
	size_t good = 0, delegated = 0;
	double begin;

	for (size_t i = 0; i < count; i++)
		start(&containers[i]);
	begin = now_ms();
	pid_t *pids = calloc(count, sizeof(pid_t));

	for (size_t i = 0; pids && i < count; i++)
		pids[i] = spawn(bpftoken, NULL, containers[i].pid);
	for (size_t i = 0; pids && i < count; i++) {
		int status = -1;

		good += waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	}
	begin = now_ms() - begin;
	free(pids);
	for (size_t i = 0; i < count; i++) {
		delegated += has_delegation(&containers[i]) == 1;
		end(&containers[i]);
	}
	printf("at-once: %zu containers, %zu succeeded, %zu delegated, %.1f ms\n", count,
	       good, delegated, begin);
	return good != count || delegated != count;
}

int main(int argc, char **argv)
{
	size_t number = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (number < 5 || number > MAX) {
		fprintf(stderr,
			"usage: mount turns|many|at-once NUMBER BPFTOKEN [BARE]\n");
		return 2;
	}
	if (!strcmp(argv[1], "turns") && argc == 5)
		return turns(number, argv[3], argv[4]);
	if (!strcmp(argv[1], "many"))
		return many(number, argv[3]);
	return at_once(number, argv[3]);
}
