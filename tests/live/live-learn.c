/* SPDX-License-Identifier: MIT */
/* bpftoken learn: what is recorded of programs of all kinds, and what is left of them. */
#include "live.h"

#include "attr.h"
#include "record.h"
#include "sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAP_HASH 1
#define MAP_ARRAY 2
#define MAP_ARRAY_OF_MAPS 12
#define PROG_SOCKET_FILTER 1
#define PROG_XDP 6
#define PROG_CGROUP_SOCK 9
#define PROG_SK_REUSEPORT 21
#define PROG_SK_LOOKUP 30
#define ATTACH_SOCK_CREATE 2
#define ATTACH_SK_LOOKUP 36
#define ATTACH_XDP 37
#define ATTACH_SELECT 39
#define CMD_LOOKUP 1
#define CMD_OBJ_PIN 6
#define CMD_LINK_CREATE 28
#define CMD_FREEZE 22

/* -------------------------------------------- inside: what programs do */

static int bpf(unsigned int cmd, void *attr, unsigned int size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

static int make_map(const char *name, uint32_t type, int inner_fd)
{
	struct attr_map_create attr = { .map_type = type,
					.key_size = 4,
					.value_size = 4,
					.max_entries = 16,
					.inner_map_fd = (uint32_t)inner_fd };

	strcpy(attr.map_name, name);
	return bpf(ATTR_MAP_CREATE, &attr, sizeof(attr));
}

/* r0 = 1 (and r1 = a map), exit */
static int load_prog(const char *name, uint32_t type, uint32_t attach, int map_fd)
{
	const struct attr_insn insns[] = {
		{ .code = 0x18, .regs = 1 | 1 << 4, .imm = map_fd },
		{ 0 },
		ATTR_INSN_MOV_IMM(0, 1),
		ATTR_INSN_EXIT()
	};
	size_t skip = map_fd < 0 ? 2 : 0;
	struct attr_prog_load attr = {
		.prog_type = type,
		.insn_cnt = (uint32_t)(LIVE_COUNT(insns) - skip),
		.insns = (uint64_t)(uintptr_t)(insns + skip),
		.license = (uint64_t)(uintptr_t) "GPL",
		.expected_attach_type = attach,
	};

	strcpy(attr.prog_name, name);
	return bpf(ATTR_PROG_LOAD, &attr, sizeof(attr));
}

/* For all of them: 0 when the kernel did what was asked. */
static int in_map(int argc, char **argv)
{
	return make_map(argc > 1 ? argv[1] : "alone", MAP_HASH, 0) < 0;
}

static int in_types(int argc, char **argv)
{
	(void)argc, (void)argv;
	return make_map("table", MAP_HASH, 0) < 0 ||
	       load_prog("filter", PROG_SOCKET_FILTER, 0, -1) < 0 ||
	       load_prog("express", PROG_XDP, ATTACH_XDP, -1) < 0 ||
	       load_prog("sock", PROG_CGROUP_SOCK, 0, -1) < 0 ||
	       load_prog("port", PROG_SK_REUSEPORT, 0, -1) < 0 ||
	       load_prog("bad", PROG_SK_LOOKUP, 0, -1) >= 0;
}

static int in_lineage(int argc, char **argv)
{
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
	} link = { .attach_type = ATTACH_SK_LOOKUP };
	int probe, inner, outer, moved, ns;

	(void)argc, (void)argv;
	probe = make_map("probe", MAP_ARRAY, 0);
	close(probe);
	inner = make_map("inner", MAP_HASH, 0);
	outer = make_map("outer", MAP_ARRAY_OF_MAPS, inner);
	/* as libbpf does it: the program knows the map by another number */
	moved = dup(outer);
	close(outer);
	if (unshare(CLONE_NEWNET) < 0)
		return 1;
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	link.prog_fd =
		(uint32_t)load_prog("lookup", PROG_SK_LOOKUP, ATTACH_SK_LOOKUP, moved);
	link.target_fd = (uint32_t)ns;
	return (int)link.prog_fd < 0 || inner != probe ||
	       bpf(CMD_LINK_CREATE, &link, sizeof(link)) < 0;
}

static void *thread_map(void *name)
{
	return make_map(name, MAP_HASH, 0) < 0 ? name : NULL;
}

static int in_threads(int argc, char **argv)
{
	static char names[8][8];
	pthread_t threads[8];
	int bad = 0;

	(void)argc, (void)argv;
	for (int i = 0; i < 8; i++) {
		snprintf(names[i], sizeof(names[i]), "thread%d", i);
		bad += pthread_create(&threads[i], NULL, thread_map, names[i]);
	}
	for (int i = 0; i < 8; i++) {
		void *failed = NULL;

		pthread_join(threads[i], &failed);
		bad += failed != NULL;
	}
	return bad;
}

static int in_daemon(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			usleep(200000);
			_exit(make_map("daemon", MAP_HASH, 0) < 0);
		}
		_exit(0);
	}
	wait(NULL);
	return 9;
}

static int in_vfork(int argc, char **argv)
{
	int status;
	pid_t pid;

	(void)argc, (void)argv;
	pid = vfork();
	if (pid == 0) {
		execl("/proc/self/exe", "self", "--inside", "map", "vforked", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return status || make_map("parent", MAP_HASH, 0) < 0;
}

/* Executes itself, from a thread that does not lead, until the count is 0. */
static void *exec_next(void *count)
{
	char next[16];

	snprintf(next, sizeof(next), "%d", atoi(count) - 1);
	execl("/proc/self/exe", "self", "--inside", "execs", next, NULL);
	return NULL;
}

static int in_execs(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || make_map("step", MAP_HASH, 0) < 0)
		return 1;
	if (atoi(argv[1]) == 0)
		return 0;
	pthread_create(&thread, NULL, exec_next, argv[1]);
	pthread_join(thread, NULL);
	return 1;
}

static int in_compat(int argc, char **argv)
{
	(void)argc, (void)argv;
#ifdef __x86_64__
	struct attr_map_create *attr =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result;

	attr->map_type = MAP_HASH;
	attr->key_size = attr->value_size = 4;
	attr->max_entries = 1;
	strcpy(attr->map_name, "narrow");
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(357), "b"(ATTR_MAP_CREATE), "c"(attr), "d"(sizeof(*attr))
			 : "memory", "r8", "r9", "r10", "r11");
	return result < 0;
#else
	return 77;
#endif
}

/* 1: refuse mkdir, 2: refuse bpf(2) */
static int in_filter(int argc, char **argv)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LIVE_COUNT(insns), insns };

	(void)argc, (void)argv;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return 1;
	if (mkdirat(AT_FDCWD, "/nonexistent/x", 0700) == 0 || errno != EXDEV)
		return 2;
	return make_map("filtered", MAP_HASH, 0) < 0;
}

static int in_crash(int argc, char **argv)
{
	if (argc < 2 || make_map("doomed", MAP_HASH, 0) < 0)
		return 1;
	raise(atoi(argv[1]));
	return 2;
}

static int in_no_fds(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	return make_map("first", MAP_HASH, 0) != 0;
}

static int in_data_plane(int argc, char **argv)
{
	struct {
		uint32_t map_fd, pad;
		uint64_t key, value, flags;
	} attr = { 0 };
	uint32_t key = 0, value;

	(void)argc, (void)argv;
	attr.map_fd = (uint32_t)make_map("data", MAP_ARRAY, 0);
	attr.key = (uint64_t)(uintptr_t)&key;
	attr.value = (uint64_t)(uintptr_t)&value;
	for (int i = 0; i < 1000; i++)
		if (bpf(CMD_LOOKUP, &attr, sizeof(attr)) < 0)
			return 1;
	return bpf(CMD_FREEZE, &attr, 4) < 0;
}

static int in_wrong(int argc, char **argv)
{
	(void)argc, (void)argv;
	return bpf(ATTR_MAP_CREATE, (void *)8, 72) == 0 || errno != EFAULT ||
	       bpf(ATTR_MAP_CREATE, (void *)8, 1 << 20) == 0 || errno != E2BIG ||
	       bpf(0x7fff, (void *)8, 0) == 0;
}

/* As another user it executes a copy of itself that is set-user-ID. */
static int in_setuid(int argc, char **argv)
{
	if (argc > 1) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			return 1;
		execl(argv[1], "copy", "--inside", "setuid", NULL);
		return 2;
	}
	return geteuid() != 0 || getuid() != 65534 || make_map("suid", MAP_HASH, 0) < 0;
}

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static int in_signals(int argc, char **argv)
{
	int status;
	pid_t pid;

	(void)argc, (void)argv;
	signal(SIGUSR1, count_signal);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	if (signals != 100)
		return 1;
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(make_map("resumed", MAP_HASH, 0) < 0 ? 1 : 33);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGSTOP)
		return 2;
	/* it has to stay so */
	usleep(100000);
	if (waitpid(pid, &status, WNOHANG | WCONTINUED) != 0)
		return 3;
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 4;
	return WEXITSTATUS(status) == 33 ? 0 : 5;
}

/* Says so when it is ready, and then waits to be ended. */
static int in_wait(int argc, char **argv)
{
	int ready = argc > 1 ? open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

	signal(SIGTERM, count_signal);
	if (fork() == 0) {
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, 0);
		for (;;)
			pause();
	}
	if (make_map("waiting", MAP_HASH, 0) < 0 || write(ready, "1", 1) != 1)
		return 1;
	for (int i = 0; i < 300 && !signals; i++)
		usleep(100000);
	kill(0, 0);
	return signals ? 42 : 1;
}

/* ------------------------------------------------------------- helpers */

static const char *scratch(const char *name)
{
	static char paths[4][128];
	static unsigned int used;
	char *path = paths[used++ % LIVE_COUNT(paths)];

	snprintf(path, sizeof(paths[0]), "/tmp/bpftoken-learn-%d-%s", (int)getpid(),
		 name);
	return path;
}

static void read_run(const char *path, struct learn_run *ret_run)
{
	struct learn_recording recording = { 0 };
	struct bpftoken_error err;

	EXPECT_OK(learn_recording_read(&recording, path, &err), &err);
	unlink(path);
	EXPECT_EQ(recording.count, 1);
	*ret_run = recording.runs[0];
}

/* Runs an inside function under learn; its status has to be this. */
static void learn(struct learn_run *ret_run, int status, const char *inside,
		  const char *arg)
{
	static struct live_result result;
	const char *path = scratch("run");

	live_bpftoken(&result, "learn", "-o", path, "--", live_self(), "--inside", inside,
		      arg, NULL);
	if (result.status != status)
		live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s", inside,
			  result.status, status, result.err);
	read_run(path, ret_run);
	EXPECT_EQ(ret_run->status, status);
}

/* The one call of this command and name that succeeded or not; fails when there is none. */
static const struct learn_call *call_named(const struct learn_run *run, uint32_t cmd,
					   const char *name)
{
	const struct learn_call *found = NULL;

	for (size_t i = 0; i < run->count; i++) {
		const struct learn_call *call = &run->calls[i];

		if (call->cmd != cmd || strcmp(call->name, name) != 0)
			continue;
		EXPECT(!found);
		found = call;
	}
	if (!found)
		live_fail(__FILE__, __LINE__, "no call %u \"%s\" was recorded", cmd,
			  name);
	return found;
}

static void expect_map(const struct learn_run *run, const char *name)
{
	const struct learn_call *call = call_named(run, ATTR_MAP_CREATE, name);

	EXPECT(call->result >= 0);
	EXPECT(call->id);
	EXPECT_EQ(call->type, MAP_HASH);
}

static void expect_prog(const struct learn_run *run, const char *name, uint32_t type,
			uint32_t attach, uint32_t checked)
{
	const struct learn_call *call = call_named(run, ATTR_PROG_LOAD, name);

	EXPECT(call->result >= 0);
	EXPECT_EQ(call->type, type);
	EXPECT_EQ(call->attach, attach);
	EXPECT_EQ(call->attach_checked, checked);
	EXPECT_EQ(call->insns, 2);
}

/* The processes of this program that are left, in any state. */
static size_t count_waiting(char *states, size_t size)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t count = 0;

	EXPECT(dir);
	while ((entry = readdir(dir))) {
		char path[320], *at;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		if (strcmp(live_file(path), live_self()) != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		at = strrchr(live_file(path), ')');
		if (at && count < size - 1)
			states[count] = at[2];
		count++;
	}
	closedir(dir);
	states[count < size ? count : size - 1] = '\0';
	return count;
}

static void expect_none_waiting(void)
{
	char states[16];
	size_t count = 1;

	for (int i = 0; i < 100 && count; i++) {
		count = count_waiting(states, sizeof(states));
		usleep(count ? 50000 : 0);
	}
	if (count)
		live_fail(__FILE__, __LINE__, "%zu processes are left: %s", count,
			  states);
}

/* --------------------------------------------------------------- tests */

static void test_types(void)
{
	const struct learn_call *call;
	struct learn_run run;

	learn(&run, 0, "types", NULL);
	EXPECT_EQ(run.count, 6);
	expect_map(&run, "table");
	call = call_named(&run, ATTR_MAP_CREATE, "table");
	EXPECT_EQ(call->key_size, 4);
	EXPECT_EQ(call->max_entries, 16);
	EXPECT_EQ(call->size, sizeof(struct attr_map_create));
	EXPECT(!call->token && !call->closed && !call->compat);
	expect_prog(&run, "filter", PROG_SOCKET_FILTER, 0, 0);
	expect_prog(&run, "express", PROG_XDP, ATTACH_XDP, ATTACH_XDP);
	expect_prog(&run, "sock", PROG_CGROUP_SOCK, 0, ATTACH_SOCK_CREATE);
	expect_prog(&run, "port", PROG_SK_REUSEPORT, 0, ATTACH_SELECT);
	EXPECT_EQ(call_named(&run, ATTR_PROG_LOAD, "bad")->result, -EINVAL);
}

static void expect_use(const struct learn_run *run, const struct learn_call *call,
		       uint32_t kind, const char *name)
{
	for (uint32_t i = 0; i < call->use_count; i++)
		if (call->uses[i].kind == kind && call->uses[i].seq &&
		    !strcmp(run->calls[call->uses[i].seq - 1].name, name))
			return;
	live_fail(__FILE__, __LINE__, "call %u does not use \"%s\"", call->seq, name);
}

static void test_lineage(void)
{
	const struct learn_call *probe, *inner, *outer, *prog, *link;
	struct learn_run run;

	learn(&run, 0, "lineage", NULL);
	probe = call_named(&run, ATTR_MAP_CREATE, "probe");
	inner = call_named(&run, ATTR_MAP_CREATE, "inner");
	outer = call_named(&run, ATTR_MAP_CREATE, "outer");
	prog = call_named(&run, ATTR_PROG_LOAD, "lookup");
	link = call_named(&run, CMD_LINK_CREATE, "");
	expect_use(&run, outer, LEARN_USE_INNER_MAP, "inner");
	expect_use(&run, prog, LEARN_USE_MAP, "outer");
	expect_use(&run, link, LEARN_USE_PROG, "lookup");
	EXPECT_EQ(link->attach, ATTACH_SK_LOOKUP);
	EXPECT(link->id);
	EXPECT(learn_is_probe(probe));
	EXPECT(!learn_is_probe(inner) && inner->used);
	EXPECT(!learn_is_probe(outer) && outer->used);
	EXPECT(!learn_is_probe(prog) && prog->used);
}

static void test_threads(void)
{
	struct learn_run run;
	char name[16];

	learn(&run, 0, "threads", NULL);
	EXPECT_EQ(run.count, 8);
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "thread%d", i);
		expect_map(&run, name);
		for (int n = 0; n < i; n++)
			EXPECT(run.calls[n].tid != run.calls[i].tid);
		EXPECT_EQ(run.calls[i].pid, run.calls[0].pid);
		EXPECT(run.calls[i].tid != run.calls[i].pid);
	}
}

static void test_daemon(void)
{
	struct learn_run run;

	/* It ends by itself, after the program: that is waited for. */
	learn(&run, 9, "daemon", NULL);
	EXPECT_EQ(run.count, 1);
	expect_map(&run, "daemon");
	expect_none_waiting();
}

static void test_vfork(void)
{
	struct learn_run run;

	learn(&run, 0, "vfork", NULL);
	EXPECT_EQ(run.count, 2);
	expect_map(&run, "vforked");
	expect_map(&run, "parent");
	EXPECT(run.calls[0].pid != run.calls[1].pid);
}

static void test_execs(void)
{
	struct learn_run run;

	learn(&run, 0, "execs", "5");
	EXPECT_EQ(run.count, 6);
	for (size_t i = 0; i < run.count; i++) {
		EXPECT(run.calls[i].result >= 0);
		EXPECT_EQ(run.calls[i].pid, run.calls[0].pid);
		EXPECT_EQ(run.calls[i].tid, run.calls[0].pid);
	}
}

static void test_compat(void)
{
	struct learn_run run;
#ifdef __x86_64__
	/* Without it, int $0x80 is a fault. */
	if (access("/proc/sys/abi/vsyscall32", F_OK) < 0)
		live_skip("the kernel runs no 32-bit programs");
#else
	live_skip("no 32-bit bpf() on this machine");
#endif
	learn(&run, 0, "compat", NULL);
	EXPECT_EQ(run.count, 1);
	expect_map(&run, "narrow");
	EXPECT(run.calls[0].compat);
}

static void test_filter(void)
{
	struct learn_run run;

	learn(&run, 0, "filter", NULL);
	EXPECT_EQ(run.count, 1);
	expect_map(&run, "filtered");
}

static void test_ends(void)
{
	struct learn_run run;

	learn(&run, 128 + SIGSEGV, "crash", "11");
	expect_map(&run, "doomed");
	learn(&run, 128 + SIGKILL, "crash", "9");
	expect_map(&run, "doomed");
	learn(&run, 0, "no-fds", NULL);
	expect_map(&run, "first");
	EXPECT_EQ(run.calls[0].result, 0);
}

static void test_data_plane(void)
{
	struct learn_run run;

	learn(&run, 0, "data-plane", NULL);
	EXPECT_EQ(run.count, 1);
	EXPECT_STR(run.calls[0].name, "data");
}

static void test_wrong(void)
{
	struct learn_run run;

	learn(&run, 0, "wrong", NULL);
	EXPECT_EQ(run.count, 3);
	EXPECT(run.calls[0].unreadable && run.calls[0].result == -EFAULT);
	EXPECT(run.calls[1].unreadable && run.calls[1].result == -E2BIG);
	EXPECT_EQ(run.calls[2].cmd, 0x7fff);
	EXPECT(run.calls[2].result < 0);
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t got;

	EXPECT(in >= 0 && out >= 0);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		EXPECT_EQ(write(out, buf, (size_t)got), got);
	close(in);
	close(out);
}

static void test_setuid(void)
{
	const char *copy = scratch("setuid");
	struct statvfs fs;
	struct learn_run run;

	EXPECT_EQ(statvfs("/tmp", &fs), 0);
	if (fs.f_flag & ST_NOSUID)
		live_skip("/tmp is mounted nosuid");
	copy_file(live_self(), copy);
	EXPECT_EQ(chmod(copy, 04755), 0);
	learn(&run, 0, "setuid", copy);
	unlink(copy);
	EXPECT_EQ(run.count, 1);
	expect_map(&run, "suid");
	EXPECT_STR(run.calls[0].exe, copy);
}

static void test_signals(void)
{
	struct learn_run run;

	learn(&run, 0, "signals", NULL);
	EXPECT_EQ(run.count, 1);
	expect_map(&run, "resumed");
}

static void test_no_program(void)
{
	struct live_result result;

	live_bpftoken(&result, "learn", "--", "/nonexistent/program", NULL);
	EXPECT_EQ(result.status, 127);
	live_bpftoken(&result, "learn", "--", "/etc/passwd", NULL);
	EXPECT_EQ(result.status, 126);
	EXPECT_HAS(result.err, "bpftoken: cannot run the program: /etc/passwd: ");
	EXPECT_STR(result.out, "");
}

/* -------------------------------------------- learn itself is signalled */

/* Starts learn on "wait", in the background, and waits until the program is ready. */
static pid_t start_waiting(const char *path, int *ret_pidfd)
{
	const char *ready = scratch("ready");
	char command[128], *argv[] = { command,
				       (char *)"learn",
				       (char *)"-o",
				       (char *)(uintptr_t)path,
				       (char *)"--",
				       (char *)(uintptr_t)live_self(),
				       (char *)"--inside",
				       (char *)"wait",
				       (char *)(uintptr_t)ready,
				       NULL };
	struct live_result result;
	pid_t pid;

	/* makes the copy that a container may run, which is beside this program's */
	live_bpftoken(&result, "--version", NULL);
	snprintf(command, sizeof(command), "%.*s/bpftoken",
		 (int)(strrchr(live_self(), '/') - live_self()), live_self());
	pid = sys_clone(0, ret_pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		setpgid(0, 0);
		EXPECT(freopen("/dev/null", "w", stderr));
		execv(command, argv);
		_exit(127);
	}
	for (int i = 0; i < 200 && !live_file(ready)[0]; i++)
		usleep(50000);
	EXPECT_STR(live_file(ready), "1");
	unlink(ready);
	return pid;
}

/* What is sent to learn is the program's; then to what it left behind. */
static void test_forwards(void)
{
	const char *path = scratch("run");
	struct learn_run run;
	siginfo_t info;
	int pidfd;
	pid_t pid = start_waiting(path, &pidfd);

	EXPECT_EQ(kill(pid, SIGTERM), 0);
	usleep(500000);
	EXPECT_EQ(kill(pid, SIGTERM), 0);
	EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
	EXPECT_EQ(info.si_code, CLD_EXITED);
	EXPECT_EQ(info.si_status, 42);
	read_run(path, &run);
	expect_map(&run, "waiting");
	expect_none_waiting();
}

static void test_killed(void)
{
	const char *path = scratch("run");
	siginfo_t info;
	int pidfd;

	start_waiting(path, &pidfd);
	EXPECT_EQ(sys_pidfd_signal(pidfd, SIGKILL), 0);
	EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
	expect_none_waiting();
}

static const struct live_test tests[] = {
	{ "types, attach types and failures are recorded", test_types, true },
	{ "what a call uses is known, whatever its descriptor is", test_lineage, true },
	{ "threads", test_threads, true },
	{ "a daemon that forked twice", test_daemon, true },
	{ "vfork", test_vfork, true },
	{ "a chain of execs by threads", test_execs, true },
	{ "a 32-bit bpf()", test_compat, true },
	{ "a program with a seccomp filter of its own", test_filter, true },
	{ "a crash, a kill, no descriptors", test_ends, true },
	{ "the data plane is not recorded", test_data_plane, true },
	{ "calls with wrong arguments", test_wrong, true },
	{ "set-user-ID programs keep their rights", test_setuid, true },
	{ "signals and job control pass", test_signals, true },
	{ "a program that does not run", test_no_program, true },
	{ "learn passes signals on", test_forwards, true },
	{ "nothing is left when learn is killed", test_killed, true },
};

static const struct live_inside inside[] = {
	{ "map", in_map },	   { "types", in_types },
	{ "lineage", in_lineage }, { "threads", in_threads },
	{ "daemon", in_daemon },   { "vfork", in_vfork },
	{ "execs", in_execs },	   { "compat", in_compat },
	{ "filter", in_filter },   { "crash", in_crash },
	{ "no-fds", in_no_fds },   { "data-plane", in_data_plane },
	{ "wrong", in_wrong },	   { "setuid", in_setuid },
	{ "signals", in_signals }, { "wait", in_wait },
};

LIVE_MAIN_INSIDE(tests, inside)
