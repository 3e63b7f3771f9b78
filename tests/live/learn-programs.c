/* SPDX-License-Identifier: MIT */
/* Programs that use BPF in all manners, for live-learn: see learn-programs.h. */
#include "learn-programs.h"

#include "attr.h"

#include <fcntl.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

const struct live_inside programs[PROGRAMS] = {
	{ "map", in_map },	   { "types", in_types },
	{ "lineage", in_lineage }, { "threads", in_threads },
	{ "daemon", in_daemon },   { "vfork", in_vfork },
	{ "execs", in_execs },	   { "compat", in_compat },
	{ "filter", in_filter },   { "crash", in_crash },
	{ "no-fds", in_no_fds },   { "data-plane", in_data_plane },
	{ "wrong", in_wrong },	   { "setuid", in_setuid },
	{ "signals", in_signals }, { "wait", in_wait },
};
