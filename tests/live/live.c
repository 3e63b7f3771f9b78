/* SPDX-License-Identifier: MIT */
/* The runner and the tools of live tests: see live.h. */
#include "live.h"

#include "bpffs.h"
#include "chroot.h"
#include "handshake.h"
#include "policy.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_SKIP 77
#define TEST_SECONDS 300

static char work_dir[64];

__attribute__((format(printf, 2, 0))) static void say(const char *kind,
						      const char *format, va_list args)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	printf("%s%s\n", kind, text);
	fflush(stdout);
}

void live_fail(const char *file, int line, const char *format, ...)
{
	const char *slash = strrchr(file, '/');
	va_list args;

	printf("# %s:%d: ", slash ? slash + 1 : file, line);
	va_start(args, format);
	say("", format, args);
	va_end(args);
	_exit(1);
}

void live_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("#SKIP ", format, args);
	va_end(args);
	_exit(EXIT_SKIP);
}

int live_expect_ok(const char *file, int line, const char *what, int result,
		   struct bpftoken_error *err)
{
	if (result >= 0)
		return result;
	if (!err)
		live_fail(file, line, "%s: %s", what, strerror(-result));
	(void)bpftoken_explain(err);
	live_fail(file, line, "%s: %d %s: %s: %s", what, result,
		  bpftoken_stage_name(err->stage), err->what, err->why);
}

struct bpftoken_policy *live_policy(const char *text)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;

	EXPECT_OK(bpftoken_policy_parse(text, "mount", &policy, &err), &err);
	return policy;
}

/* ------------------------------------------------------------- containers */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void live_map_ids(pid_t pid, int sock)
{
	struct bpftoken_error err;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	write_text(path, "0 100000 65536\n");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	write_text(path, "0 100000 65536\n");
	EXPECT_OK(handshake_send(sock, HANDSHAKE_READY, -1, &err), &err);
}

/* Reaps a child; what it printed is on our output already. */
static void expect_success(int pidfd)
{
	siginfo_t info;

	EXPECT_EQ(sys_reap(pidfd, TEST_SECONDS * 1000, &info), 0);
	close(pidfd);
	if (info.si_code == CLD_EXITED &&
	    (info.si_status == 0 || info.si_status == EXIT_SKIP)) {
		if (info.si_status)
			_exit(EXIT_SKIP);
		return;
	}
	live_fail(__FILE__, __LINE__, "the process in the container ended with %s %d",
		  info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
}

void live_become_root(int sock)
{
	struct bpftoken_error err;

	EXPECT_OK(handshake_expect(sock, 10000, HANDSHAKE_READY, NULL, &err), &err);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

void live_in_container(const char *policy_text, void (*body)(void *data), void *data)
{
	_cleanup_policy_ struct bpftoken_policy *policy =
		policy_text ? live_policy(policy_text) : NULL;
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct bpftoken_error err;
	int pair[2], pidfd, r = 0;
	pid_t pid;

	EXPECT_EQ(sys_socketpair(pair), 0);
	pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET,
			&pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		int root_fd;

		close(pair[0]);
		sys_death_signal(SIGKILL);
		live_become_root(pair[1]);
		EXPECT_EQ(mount("proc", "/proc", "proc", 0, NULL), 0);
		root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (policy)
			EXPECT_OK(handshake_container_side(pair[1], 10000, root_fd,
							   LIVE_BPFFS, &err),
				  &err);
		close(root_fd);
		close(pair[1]);
		body(data);
		_exit(0);
	}
	close(pair[1]);
	live_map_ids(pid, pair[0]);
	if (policy)
		r = handshake_host_side(pair[0], 10000, pid, policy, &opts, &err);
	close(pair[0]);
	if (r < 0)
		sys_pidfd_signal(pidfd, SIGKILL);
	EXPECT_OK(r, &err);
	expect_success(pidfd);
}

void live_container_start(struct live_container *container, uint64_t namespaces)
{
	struct bpftoken_error err;
	int pair[2];

	EXPECT_EQ(sys_socketpair(pair), 0);
	container->pid = sys_clone(namespaces, &container->pidfd);
	EXPECT(container->pid >= 0);
	if (container->pid == 0) {
		close(pair[0]);
		sys_death_signal(SIGKILL);
		if (namespaces & CLONE_NEWUSER)
			EXPECT_OK(handshake_expect(pair[1], 10000, HANDSHAKE_READY, NULL,
						   &err),
				  &err);
		if (namespaces & CLONE_NEWUSER)
			EXPECT_EQ(sys_set_ids(0, 0), 0);
		if (namespaces & CLONE_NEWNS)
			EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		EXPECT_OK(handshake_send(pair[1], HANDSHAKE_PLACED, -1, &err), &err);
		/* until the other end is closed */
		(void)handshake_expect_end(pair[1], TEST_SECONDS * 1000, &err);
		_exit(0);
	}
	close(pair[1]);
	container->sock = pair[0];
	if (namespaces & CLONE_NEWUSER)
		live_map_ids(container->pid, pair[0]);
	EXPECT_OK(handshake_expect(pair[0], 10000, HANDSHAKE_PLACED, NULL, &err), &err);
}

void live_container_end(struct live_container *container)
{
	close(container->sock);
	expect_success(container->pidfd);
}

/* --------------------------------------------------------------- commands */

/* Drains both pipes until they end or the time is over. */
static void collect(int fds[2], char *const text[2], const size_t size[2], int seconds)
{
	size_t len[2] = { 0 };
	uint64_t deadline = sys_now_ms() + (uint64_t)seconds * 1000;

	while (fds[0] >= 0 || fds[1] >= 0) {
		struct pollfd pfd[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };

		if (sys_now_ms() > deadline || sys_poll(pfd, 2, 1000) == -EINVAL)
			break;
		for (int i = 0; i < 2; i++) {
			char spare[4096];
			size_t room = size[i] - 1 - len[i];
			ssize_t got;

			if (!pfd[i].revents)
				continue;
			got = read(fds[i], room ? text[i] + len[i] : spare,
				   room ? room : sizeof(spare));
			if (got > 0 && room)
				len[i] += (size_t)got;
			if (got > 0)
				continue;
			close(fds[i]);
			fds[i] = -1;
		}
	}
	for (int i = 0; i < 2; i++)
		text[i][len[i]] = '\0';
}

void live_command(struct live_result *result, char *const argv[])
{
	char *const text[2] = { result->out, result->err };
	const size_t size[2] = { sizeof(result->out), sizeof(result->err) };
	int out[2], err[2], fds[2], pidfd;
	siginfo_t info;
	pid_t pid;

	EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
	EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
	pid = sys_clone(0, &pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	fds[0] = out[0];
	fds[1] = err[0];
	collect(fds, text, size, 60);
	if (sys_reap(pidfd, 1000, &info) < 0) {
		sys_pidfd_signal(pidfd, SIGKILL);
		EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
	}
	close(pidfd);
	result->status =
		info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* A copy below work_dir, where a container's root may read it. */
static const char *reachable_copy(const char *path, const char *name)
{
	static char copies[16][128];
	static size_t used;
	char buf[65536];
	ssize_t got;
	int in, out;

	EXPECT(used < LIVE_COUNT(copies));
	snprintf(copies[used], sizeof(copies[used]), "%s/%s", work_dir, name);
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		live_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	out = open(copies[used], O_WRONLY | O_CREAT | O_CLOEXEC | O_EXCL, 0755);
	if (out < 0 && errno == EEXIST) {
		close(in);
		return copies[used++];
	}
	EXPECT(out >= 0);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		EXPECT_EQ(write(out, buf, (size_t)got), got);
	close(in);
	close(out);
	return copies[used++];
}

const char *live_bpftoken_path(void)
{
	static const char *path;
	const char *set = getenv("BPFTOKEN");

	if (!path)
		path = reachable_copy(set ? set : "build/bpftoken", "bpftoken");
	return path;
}

const char *live_self(void)
{
	static const char *path;

	if (!path)
		path = reachable_copy("/proc/self/exe", "self");
	return path;
}

const char *live_built(const char *path)
{
	const char *build = getenv("build"), *slash = strrchr(path, '/');
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", build ? build : "build", path);
	if (access(full, R_OK) < 0)
		live_skip("%s is not built here", path);
	return reachable_copy(full, slash ? slash + 1 : path);
}

void live_bpftoken(struct live_result *result, ...)
{
	char *argv[64] = { (char *)(uintptr_t)live_bpftoken_path() };
	size_t n = 1;
	va_list args;

	va_start(args, result);
	do {
		argv[n] = va_arg(args, char *);
	} while (argv[n++] && n < LIVE_COUNT(argv));
	va_end(args);
	live_command(result, argv);
}

/* ------------------------------------------------------------------ facts */

const char *live_file(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	return text;
}

static size_t count_entries(const char *path, bool numbers)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	EXPECT(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.' &&
		     (!numbers || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9'));
	closedir(dir);
	return n;
}

size_t live_count_mounts(void)
{
	size_t n = 0;

	for (const char *c = live_file("/proc/self/mountinfo"); *c; c++)
		n += *c == '\n';
	return n;
}

size_t live_count_processes(void)
{
	return count_entries("/proc", true);
}

size_t live_count_fds(void)
{
	/* but the one that reads the directory */
	return count_entries("/proc/self/fd", true) - 1;
}

/* ----------------------------------------------------------------- runner */

static void print_result(size_t number, const char *name, int status, const char *skip)
{
	if (status == EXIT_SKIP)
		printf("ok %zu - %s # SKIP %s\n", number, name, skip);
	else
		printf("%sok %zu - %s\n", status ? "not " : "", number, name);
	fflush(stdout);
}

/* The child's lines pass through, but for the one that says why it skips. */
static void pass_output(int fd, char *skip, size_t size)
{
	FILE *in = fdopen(fd, "r");
	char line[4096];

	EXPECT(in);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "#SKIP ", 6) != 0) {
			printf("%s%s", line[0] == '#' ? "" : "# ", line);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		snprintf(skip, size, "%.500s", line + 6);
	}
	fclose(in);
}

static int run_one(const struct live_test *test, char *skip, size_t size)
{
	int out[2], pidfd;
	siginfo_t info;
	pid_t pid;

	EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
	pid = sys_clone(0, &pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		alarm(TEST_SECONDS);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		if (!test->without_tokens && bpftoken_supported(NULL) < 0)
			live_skip("kernel lacks BPF tokens");
		test->run();
		_exit(0);
	}
	close(out[1]);
	pass_output(out[0], skip, size);
	EXPECT_EQ(sys_reap(pidfd, TEST_SECONDS * 1000, &info), 0);
	close(pidfd);
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void remove_work_dir(void)
{
	DIR *dir = opendir(work_dir);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	(void)rmdir(work_dir);
}

/*
 * In a chroot the kernel makes no user namespace: as `bpftoken run`, leave it behind. The
 * program starts again, so that what it has mapped is of the new root.
 */
static void leave_chroot(char **argv)
{
	siginfo_t info;
	int pidfd;
	pid_t pid = sys_clone(CLONE_NEWUSER, &pidfd);

	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
		close(pidfd);
	} else if (pid == -EPERM && geteuid() == 0) {
		EXPECT_EQ(chroot_become_root(), 1);
		execv(argv[0], argv);
		live_fail(__FILE__, __LINE__, "%s: %s", argv[0], strerror(errno));
	}
}

int live_main(int argc, char **argv, const struct live_test tests[], size_t count,
	      const struct live_inside inside[], size_t inside_count)
{
	int failed = 0;

	if (argc > 2 && !strcmp(argv[1], "--inside")) {
		for (size_t i = 0; i < inside_count; i++)
			if (!strcmp(inside[i].name, argv[2]))
				return inside[i].run(argc - 2, argv + 2);
		return 127;
	}
	leave_chroot(argv);
	strcpy(work_dir, "/tmp/bpftoken-live-XXXXXX");
	EXPECT(mkdtemp(work_dir));
	EXPECT_EQ(chmod(work_dir, 0755), 0);
	printf("1..%zu\n", count);
	fflush(stdout);
	for (size_t i = 0; i < count; i++) {
		char skip[512] = "no reason";
		int status;

		if (argc > 1 && strcmp(argv[1], tests[i].name) != 0)
			continue;
		status = run_one(&tests[i], skip, sizeof(skip));
		print_result(i + 1, tests[i].name, status, skip);
		failed += status != 0 && status != EXIT_SKIP;
	}
	remove_work_dir();
	return failed != 0;
}
