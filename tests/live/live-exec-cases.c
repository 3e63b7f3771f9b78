/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken exec` in awkward places: where the attr lies, what became of the descriptors,
 * who else runs and what interrupts.
 */
#include "live-exec.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* ------------------------------------------------------------------------ memory */

/* Two pages; the second is of this protection, or not there (-1). */
static unsigned char *two_pages(int second)
{
	size_t page = (size_t)getpagesize();
	unsigned char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(memory != MAP_FAILED);
	if (second < 0)
		EXPECT_EQ(munmap(memory + page, page), 0);
	return memory + page;
}

static int at_the_end(int argc, char **argv)
{
	const uint32_t maps[] = { OLD_MAP, 80 }, progs[] = { OLD_PROG, 148 };
	unsigned char *end = two_pages(-1);
	union any_attr attr = map_attr();

	(void)argc, (void)argv;
	for (size_t i = 0; i < LIVE_COUNT(maps); i++) {
		memcpy(end - maps[i], &attr, maps[i]);
		close(MADE(sys_bpf(ATTR_MAP_CREATE, end - maps[i], maps[i])));
	}
	attr = prog_attr();
	/* the licence as well */
	memcpy(end - 4, "GPL", 4);
	for (size_t i = 0; i < LIVE_COUNT(progs); i++) {
		unsigned char *place = two_pages(-1) - progs[i];

		attr.prog.license = (uintptr_t)end - 4;
		memcpy(place, &attr, progs[i]);
		close(MADE(sys_bpf(ATTR_PROG_LOAD, place, progs[i])));
	}
	/* half of it beyond the end: what the kernel says of that */
	EXPECT_EQ(sys_bpf(ATTR_MAP_CREATE, end - 40, OLD_MAP), -EFAULT);
	EXPECT_EQ(sys_bpf(ATTR_MAP_CREATE, NULL, OLD_MAP), -EFAULT);
	return 0;
}

static int read_only(int argc, char **argv)
{
	const uint32_t maps[] = { OLD_MAP, 80, 168 };
	size_t page = (size_t)getpagesize();
	unsigned char *place = two_pages(0) - page, before[168];
	union any_attr attr = map_attr();

	(void)argc, (void)argv;
	memcpy(place, &attr, sizeof(attr));
	memcpy(place + 512, (attr = prog_attr(), &attr), OLD_PROG);
	EXPECT_EQ(mprotect(place, page, PROT_READ), 0);
	memcpy(before, place, sizeof(before));
	for (size_t i = 0; i < LIVE_COUNT(maps); i++)
		close(MADE(sys_bpf(ATTR_MAP_CREATE, place, maps[i])));
	close(MADE(sys_bpf(ATTR_PROG_LOAD, place + 512, OLD_PROG)));
	/* nobody has written to it */
	EXPECT(!memcmp(before, place, sizeof(before)));
	return 0;
}

static union any_attr shared_attr;
static volatile bool stop_rewriting;

static void *rewrite(void *data)
{
	uint32_t *words = (uint32_t *)(void *)shared_attr.bytes;

	(void)data;
	/* good for half of the time */
	for (uint32_t i = 0; !stop_rewriting; i++) {
		words[i % 40] = i;
		shared_attr = map_attr();
	}
	return NULL;
}

/* Whatever comes of it, comes: a descriptor or a refusal, and everybody lives. */
static int rewritten(int argc, char **argv)
{
	pthread_t thread;
	size_t fds = live_count_fds(), good = 0;
	union any_attr attr;

	(void)argc, (void)argv;
	MADE(create_map(OLD_MAP));
	EXPECT_EQ(pthread_create(&thread, NULL, rewrite, NULL), 0);
	for (int i = 0; i < 4000; i++) {
		int cmd = i % 3 == 0 ? ATTR_PROG_LOAD : ATTR_MAP_CREATE;
		int fd = sys_bpf((unsigned int)cmd, &shared_attr, i % 2 ? OLD_MAP : 80);

		if (fd >= 0) {
			close(fd);
			good++;
		}
	}
	stop_rewriting = true;
	pthread_join(thread, NULL);
	EXPECT(good > 0);
	attr = map_attr();
	close(MADE(sys_bpf(ATTR_MAP_CREATE, &attr, 80)));
	/* the first map and at most one token */
	EXPECT(live_count_fds() <= fds + 2);
	return 0;
}

static void where_the_attr_lies(void)
{
	only_with_exec("at-the-end");
	only_with_exec("read-only");
	only_with_exec("rewritten");
}

/* -------------------------------------------------------------------- descriptors */

static int no_standard_fds(int argc, char **argv)
{
	(void)argc, (void)argv;
	close(0);
	close(1);
	/* What the program makes next gets the lowest number, as ever. */
	EXPECT_EQ(MADE(create_map(80)), 0);
	EXPECT_EQ(MADE(create_map(OLD_MAP)), 1);
	return 0;
}

/* Closed in between, and the attr of the last call used again. */
static int all_closed(int argc, char **argv)
{
	union any_attr attr = map_attr();

	(void)argc, (void)argv;
	for (int i = 0; i < 5; i++) {
		close(MADE(sys_bpf(ATTR_MAP_CREATE, &attr, 80)));
		EXPECT_EQ(syscall(SYS_close_range, 3, ~0U, 0), 0);
		if (i == 2)
			EXPECT_EQ(open("/dev/null", O_RDONLY), 3);
	}
	return 0;
}

static void limit_fds(rlim_t count)
{
	struct rlimit limit = { count, count };

	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* One number free: enough for the result. None: what the kernel says then. */
static int full_table(int argc, char **argv)
{
	const uint32_t sizes[] = { OLD_MAP, 80 };
	int last;

	(void)argc, (void)argv;
	MADE(create_map(OLD_MAP));
	limit_fds(40);
	while ((last = open("/dev/null", O_RDONLY)) >= 0)
		;
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		EXPECT_EQ(create_map(sizes[i]), -EMFILE);
		EXPECT_EQ(load_prog(sizes[i] == 80 ? 148 : OLD_PROG), -EMFILE);
		close(39);
		EXPECT_EQ(MADE(create_map(sizes[i])), 39);
	}
	/* no descriptor is left for what a sanitizer does at the end */
	_exit(0);
}

static void *own_table(void *data)
{
	int open_fds = 0;

	(void)data;
	EXPECT_EQ(unshare(CLONE_FILES), 0);
	EXPECT_EQ(syscall(SYS_close_range, 3, ~0U, 0), 0);
	for (int i = 0; i < 20; i++) {
		int fd = MADE(create_map(OLD_MAP)), inner;
		union any_attr attr = map_attr();

		/* a descriptor that only this thread has */
		attr.map.map_type = 12;
		attr.map.value_size = 4;
		attr.map.inner_map_fd = (uint32_t)fd;
		inner = MADE(sys_bpf(ATTR_MAP_CREATE, &attr, OLD_MAP));
		close(inner);
		close(MADE(create_map(80)));
		close(fd);
	}
	/* the standard ones, and one token */
	for (int fd = 3; fd < 256; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	EXPECT_EQ(open_fds, 1);
	return NULL;
}

static int unshared_table(int argc, char **argv)
{
	pthread_t thread;

	(void)argc, (void)argv;
	close(MADE(create_map(80)));
	for (int i = 0; i < 10; i++)
		EXPECT(open("/dev/null", O_RDONLY) >= 0);
	EXPECT_EQ(pthread_create(&thread, NULL, own_table, NULL), 0);
	for (int i = 0; i < 20; i++)
		close(MADE(create_map(80)));
	pthread_join(thread, NULL);
	return 0;
}

static void descriptors(void)
{
	only_with_exec("no-standard-fds");
	only_with_exec("all-closed");
	only_with_exec("full-table");
	only_with_exec("unshared-table");
}

/* ------------------------------------------------------- processes, threads, signals */

static void expect_child(pid_t pid)
{
	int status;

	EXPECT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

static int processes(int argc, char **argv)
{
	pid_t pid;

	if (argc > 1)
		return closed(create_map(80)) || closed(create_map(OLD_MAP));
	(void)argv;
	close(MADE(create_map(80)));
	pid = fork();
	if (pid == 0)
		_exit(closed(create_map(80)) || closed(load_prog(OLD_PROG)));
	expect_child(pid);
	pid = vfork();
	if (pid == 0)
		_exit(closed(create_map(80)) || closed(load_prog(OLD_PROG)));
	expect_child(pid);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "self", "--inside", "processes", "again", NULL);
		_exit(1);
	}
	expect_child(pid);
	pid = fork();
	if (pid == 0) {
		/* seen by the supervisor all the same: it is below */
		EXPECT_EQ(unshare(CLONE_NEWPID), 0);
		pid = fork();
		if (pid == 0)
			_exit(closed(create_map(80)) || closed(create_map(OLD_MAP)));
		expect_child(pid);
		_exit(0);
	}
	expect_child(pid);
	return 0;
}

#define LARGE 4000

static struct attr_insn large_insns[LARGE];
static uint32_t large_count;

static int load_large(uint32_t size, int token)
{
	union any_attr attr = prog_attr();

	attr.prog.insns = (uintptr_t)large_insns;
	attr.prog.insn_cnt = large_count;
	if (token >= 0) {
		attr.prog.prog_flags = ATTR_F_TOKEN_FD;
		attr.prog.prog_token_fd = (uint32_t)token;
	}
	return closed(sys_bpf(ATTR_PROG_LOAD, &attr, size));
}

/* Small ones where the processor is emulated. */
static void make_large(void)
{
	large_count = getenv("BPFTOKEN_KERNEL") ? LARGE / 20 : LARGE;
	for (uint32_t i = 0; i < large_count - 1; i++)
		large_insns[i] = ATTR_INSN_MOV_IMM(0, (int)i);
	large_insns[large_count - 1] = ATTR_INSN_EXIT();
}

struct loads {
	uint32_t size;
	int token;
};

static void *loads_in_thread(void *data)
{
	const struct loads *loads = data;

	for (int i = 0; i < 2; i++)
		MADE(load_large(loads->size, loads->token));
	return NULL;
}

/* Wall time of 64 threads' loads. */
static uint64_t load_in_parallel(struct loads loads)
{
	uint64_t begin = sys_now_ms();
	pthread_t threads[64];

	for (size_t i = 0; i < LIVE_COUNT(threads); i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, loads_in_thread, &loads), 0);
	for (size_t i = 0; i < LIVE_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	return sys_now_ms() - begin + 1;
}

/* Do loads without a token take less than one and a half of those with one? */
static bool keeps_up(const uint64_t best[3])
{
	return best[0] != UINT64_MAX && best[1] < best[0] + best[0] / 2 &&
	       best[2] < best[0] + best[0] / 2;
}

/*
 * In turns with loads that carry a token; the best of as many as it takes, for others load
 * the machine.
 */
static int parallel_loads(int argc, char **argv)
{
	uint64_t best[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct bpftoken_error err;
	int token;

	EXPECT_EQ(argc, 2);
	make_large();
	MADE(load_large(OLD_PROG, -1));
	token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	for (int i = 0; i < atoi(argv[1]) && !keeps_up(best); i++) {
		const struct loads loads[] = { { 148, token },
					       { OLD_PROG, -1 },
					       { 148, -1 } };

		for (size_t j = 0; j < LIVE_COUNT(loads); j++) {
			uint64_t took = load_in_parallel(loads[j]);

			best[j] = took < best[j] ? took : best[j];
		}
	}
	printf("128 loads of %u instructions, 64 threads: with a token %llu ms, performed "
	       "%llu, patched %llu\n",
	       large_count, (unsigned long long)best[0], (unsigned long long)best[1],
	       (unsigned long long)best[2]);
	/* once is no measurement */
	EXPECT(atoi(argv[1]) == 1 || keeps_up(best));
	return 0;
}

static int dying_threads(int argc, char **argv)
{
	(void)argc, (void)argv;
	make_large();
	close(MADE(create_map(80)));
	/* killed, and replaced by exec, in the middle of their calls */
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct loads loads = { i % 2 ? OLD_PROG : 148, -1 };
			pthread_t thread;

			for (int j = 0; j < 4; j++)
				pthread_create(&thread, NULL, loads_in_thread, &loads);
			usleep((useconds_t)(500 * i));
			if (i % 3 == 0)
				execl("/bin/true", "true", NULL);
			if (i % 3 == 1)
				raise(SIGKILL);
			_exit(0);
		}
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	}
	close(MADE(create_map(80)));
	close(MADE(load_prog(OLD_PROG)));
	return 0;
}

static volatile sig_atomic_t alarms;

static void count_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* How many of so many loads the verifier gives up for a signal: EAGAIN, and no other. */
static int count_given_up(int loads, int token)
{
	int given_up = 0;

	for (int i = 0; i < loads; i++) {
		int r = load_large(148, token);

		EXPECT(r == 0 || r == -EAGAIN);
		given_up += r == -EAGAIN;
	}
	return given_up;
}

/* A signal each millisecond, through loads of a millisecond. */
static int signal_storm(int argc, char **argv)
{
	const struct itimerval every_ms = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction action = { .sa_handler = count_alarm, .sa_flags = SA_RESTART };
	struct bpftoken_error err;
	int token, natively, patched;

	(void)argc, (void)argv;
	make_large();
	MADE(load_large(OLD_PROG, -1));
	token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	EXPECT_EQ(sigaction(SIGALRM, &action, NULL), 0);
	EXPECT_EQ(setitimer(ITIMER_REAL, &every_ms, NULL), 0);
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(load_large(OLD_PROG, -1), 0);
		EXPECT_EQ(closed(create_map(i % 2 ? 80 : OLD_MAP)), 0);
	}
	EXPECT(alarms > 50);
	/* The verifier itself gives up for a signal, and where it does so natively, too. */
	natively = count_given_up(100, token);
	patched = count_given_up(100, -1);
	printf("given up for a signal, of 100: %d with a token of its own, %d patched\n",
	       natively, patched);
	EXPECT(natively < 10 || patched > 0);
	return 0;
}

static void running(void)
{
	only_with_exec("processes");
	only_with_exec("dying-threads");
	only_with_exec("signal-storm");
}

static void in_parallel(void)
{
	only_with_exec(getenv("BPFTOKEN_KERNEL") ? "parallel-loads 1"
						 : "parallel-loads 8");
}

/* ------------------------------------------------------------------- other callers */

#if defined(__x86_64__)
static int inline_call(unsigned int cmd, void *attr, uint32_t size)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_bpf), "D"((long)cmd), "S"(attr), "d"((long)size)
			 : "rcx", "r11", "memory");
	return (int)result;
}

/* The 32-bit entry takes addresses of 32 bits. */
static int narrow_call(unsigned int cmd, void *attr, uint32_t size)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(357), "b"(cmd), "c"((uint32_t)(uintptr_t)attr), "d"(size)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static int other_ways(int argc, char **argv)
{
	union any_attr *low = mmap(NULL, (size_t)getpagesize(), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	const uint32_t sizes[] = { OLD_MAP, 80 };

	(void)argc, (void)argv;
	EXPECT(low != MAP_FAILED);
	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		int fd;

		*low = map_attr();
		close(MADE(inline_call(ATTR_MAP_CREATE, low, sizes[i])));
		*low = map_attr();
		fd = narrow_call(ATTR_MAP_CREATE, low, sizes[i]);
		if (fd == -ENOSYS)
			continue; /* a kernel without 32-bit calls */
		close(MADE(fd));
	}
	return 0;
}
#endif

static void called_otherwise(void)
{
#if defined(__x86_64__)
	only_with_exec("other-ways");
#else
	live_skip("the assembly is x86_64's");
#endif
}

/* ------------------------------------------------------------------------- leaks */

static long status_number(pid_t pid, const char *key)
{
	char path[64];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	line = strstr(live_file(path), key);
	EXPECT(line);
	return strtol(line + strlen(key), NULL, 10);
}

struct counts {
	uint32_t supervisor, program;
};

static uint32_t count_dir(pid_t pid)
{
	char path[64];
	DIR *dir;
	uint32_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	EXPECT(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static pid_t parent_of(pid_t pid)
{
	return (pid_t)status_number(pid, "PPid:");
}

/*
 * On the host, for nobody inside may see the supervisor's descriptors: each byte from the
 * program is answered with how many it and the supervisor have.
 */
static void serve_counts(int listener)
{
	int sock = accept(listener, NULL, NULL);
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char byte;

	EXPECT(sock >= 0);
	EXPECT_EQ(getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	while (read(sock, &byte, 1) == 1) {
		const struct counts counts = { count_dir(parent_of(peer.pid)),
					       count_dir(peer.pid) };

		EXPECT_EQ(write(sock, &counts, sizeof(counts)), (long)sizeof(counts));
	}
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static struct counts ask_counts(int sock)
{
	struct counts counts;

	EXPECT_EQ(write(sock, "?", 1), 1);
	EXPECT_EQ(read(sock, &counts, sizeof(counts)), (long)sizeof(counts));
	return counts;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	EXPECT_EQ(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	return sock;
}

/*
 * What a call needs may be closed a little later than it returns, by a worker that has to
 * get its turn first: the least within a second.
 */
static struct counts settled_counts(int sock)
{
	struct counts least = ask_counts(sock);

	for (int i = 0; i < 20; i++) {
		struct counts now;

		usleep(50000);
		now = ask_counts(sock);
		if (now.supervisor < least.supervisor)
			least = now;
	}
	return least;
}

static void expect_counts(int sock, struct counts before)
{
	struct counts now = settled_counts(sock);

	printf("descriptors of supervisor and program: %u and %u before, %u and %u after\n",
	       before.supervisor, before.program, now.supervisor, now.program);
	EXPECT_EQ(now.supervisor, before.supervisor);
	EXPECT_EQ(now.program, before.program);
}

static int many_calls(int argc, char **argv)
{
	struct counts before;
	long resident;
	int sock;

	EXPECT_EQ(argc, 3);
	for (int i = 0; i < 1000; i++)
		close(MADE(i % 10 ? create_map(80) : load_prog(OLD_PROG)));
	sock = connect_to(argv[2]);
	before = settled_counts(sock);
	resident = status_number(getppid(), "VmRSS:");
	for (int i = 0; i < atoi(argv[1]); i += 4) {
		/* the kernel's workers free programs: so few that they keep up */
		bool program = i % 400 == 0;

		close(MADE(create_map(80)));
		close(MADE(create_map(OLD_MAP)));
		close(MADE(program ? load_prog(OLD_PROG) : create_map(OLD_MAP)));
		close(MADE(program ? load_prog(148) : create_map(80)));
	}
	expect_counts(sock, before);
#ifdef __SANITIZE_ADDRESS__
	/* which keeps what was freed */
	resident += 256 * 1024;
#endif
	EXPECT(status_number(getppid(), "VmRSS:") < resident + 2048);
	return 0;
}

static void no_leak(void)
{
	struct sockaddr_un address;
	char path[64], inside[128];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t server;

	snprintf(path, sizeof(path), "/tmp/exec-counts-%d", (int)getpid());
	address = address_of(path);
	EXPECT_EQ(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	EXPECT_EQ(chmod(path, 0777), 0);
	EXPECT_EQ(listen(listener, 1), 0);
	server = fork();
	if (server == 0) {
		serve_counts(listener);
		_exit(0);
	}
	/* fewer where the processor is emulated */
	snprintf(inside, sizeof(inside), "many-calls %d %s",
		 getenv("BPFTOKEN_KERNEL") ? 4000 : 100000, path);
	only_with_exec(inside);
	expect_child(server);
	unlink(path);
}

static const struct live_inside inside[] = {
	{ "at-the-end", at_the_end },	      { "read-only", read_only },
	{ "rewritten", rewritten },	      { "no-standard-fds", no_standard_fds },
	{ "all-closed", all_closed },	      { "full-table", full_table },
	{ "unshared-table", unshared_table }, { "processes", processes },
	{ "parallel-loads", parallel_loads }, { "dying-threads", dying_threads },
	{ "signal-storm", signal_storm },
#if defined(__x86_64__)
	{ "other-ways", other_ways },
#endif
	{ "many-calls", many_calls },
};

static const struct live_test tests[] = {
	{ "wherever the attr lies", where_the_attr_lies, false },
	{ "whatever became of the descriptors", descriptors, false },
	{ "processes, threads and signals", running, false },
	{ "64 threads load at a time", in_parallel, false },
	{ "inline and 32-bit calls", called_otherwise, false },
	{ "100,000 calls leave nothing", no_leak, false },
};

LIVE_MAIN_INSIDE(tests, inside)
