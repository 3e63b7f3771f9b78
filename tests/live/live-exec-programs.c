/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken exec` with software of before tokens, as it is: Debian 12's bpftool, C linked
 * in every way, Go, Python, under debuggers; and as a container's first process.
 */
#include "live-exec.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>

static struct live_result result;

/* The shell's words in a container, with `exec` its first if it is not NULL. */
static int in_container(const char *options, const char *exec, const char *script)
{
	char text[2048];
	char sh[] = "sh", c[] = "-c";
	char *tail[] = { sh, c, (char *)(uintptr_t)script, NULL };

	if (exec)
		snprintf(text, sizeof(text), "run %s -- %s exec %s --", options,
			 command_copy(), exec);
	else
		snprintf(text, sizeof(text), "run %s --", options);
	run_command(&result, text, tail);
	return result.status;
}

static void expect_status(int status, const char *what)
{
	if (result.status != status)
		live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s%s", what,
			  result.status, status, result.out, result.err);
}

/* Fails without exec, works with it, and says nothing about it. */
static void only_with(const char *exec, const char *script)
{
	if (in_container(EXEC_ANY, NULL, script) == 0)
		live_fail(__FILE__, __LINE__, "%s: works without exec", script);
	in_container(EXEC_ANY, exec, script);
	expect_status(0, script);
}

/* The word is searched for in PATH. */
static const char *need(const char *program)
{
	static char script[128];
	static char sh[] = "sh", c[] = "-c", *argv[] = { sh, c, script, NULL };

	snprintf(script, sizeof(script), "command -v %s", program);
	live_command(&result, argv);
	if (result.status)
		live_skip("%s is not installed", program);
	return program;
}

/* Where bpftoken looks for it: beside itself. */
static void need_preload(void)
{
	(void)live_built("preload/libbpftoken-preload.so");
}

static const char *old_bpftool(void)
{
	static char path[256];
	const char *cache = getenv("BPFTOKEN_CACHE");

	snprintf(path, sizeof(path), "%s/old-bpftool/usr/sbin/bpftool",
		 cache ? cache : "/var/cache/bpftoken");
	if (access(path, X_OK) < 0)
		live_skip("Debian 12's bpftool is not in the cache: run tools/deps");
	return path;
}

/* ------------------------------------------------------------------------ bpftool */

static void bpftool_map(void)
{
	char script[512];

	need_preload();
	snprintf(
		script, sizeof(script),
		"%1$s map create /sys/fs/bpf/m type hash key 4 value 8 entries 4 name mine "
		"&& %1$s map show pinned /sys/fs/bpf/m | grep -q 'name mine'",
		old_bpftool());
	only_with("--via notify", script);
	only_with("--via preload", script);
}

/*
 * Loads all programs of the object and tells of each what makes it what it is, and of its
 * maps: all that bpftool shows but numbers and times that differ from run to run.
 */
static void make_loader(char *script, size_t size, const char *dir)
{
	snprintf(
		script, size,
		"set -e; old=%s; d=%s; $old prog loadall %s $d/p pinmaps $d/maps >&2; "
		"for p in filter pass allow switched; do $old prog show pinned $d/p/$p; done |"
		"sed -E 's/^[0-9]+: //; s/btf_id [0-9]+/btf_id/; s/[0-9]+,/map,/g;"
		"s/map_ids ((map,)*)[0-9]+/map_ids \\1map/;"
		"/loaded_at/d; s/xlated.*memlock/memlock/; s/  *$//'; "
		"for m in counts first outer; do $old map show pinned $d/maps/$m; done | "
		"sed -E 's/^[0-9]+: //; s/btf_id [0-9]+/btf_id/'; "
		"ls $d/maps",
		old_bpftool(), dir, live_built("tests/programs/old.bpf.o"));
}

static const char privileged[] =
	"t=$(mktemp -d /tmp/oldXXXXXX); mount -t bpf none $t; trap 'umount $t; rmdir $t' EXIT; ";

static void bpftool_load(void)
{
	char script[4096], host[6144], wanted[4096];
	char sh[] = "sh", c[] = "-c", *argv[] = { sh, c, host, NULL };

	need_preload();
	make_loader(script, sizeof(script), "$t");
	snprintf(host, sizeof(host), "%s%s", privileged, script);
	live_command(&result, argv);
	expect_status(0, host);
	EXPECT_HAS(result.out, "socket_filter  name filter");
	EXPECT_HAS(result.out, "xdp  name pass");
	EXPECT_HAS(result.out, "cgroup_skb  name allow");
	EXPECT_HAS(result.out, "raw_tracepoint  name switched");
	EXPECT_HAS(result.out, "hash  name counts");
	EXPECT_HAS(result.out, "btf_id");
	snprintf(wanted, sizeof(wanted), "%.4000s", result.out);
	make_loader(script, sizeof(script), "/sys/fs/bpf");
	only_with("--via notify", script);
	EXPECT_STR(result.out, wanted);
	only_with("--via preload", script);
	EXPECT_STR(result.out, wanted);
}

/* ---------------------------------------------------------------- linked otherwise */

static void linked(const char *name, bool preloadable)
{
	char script[256], notify[64] = "--via notify", preload[64] = "--via preload";

	snprintf(script, sizeof(script), "%s 3", live_built(name));
	only_with(notify, script);
	if (preloadable)
		only_with(preload, script);
}

static void dynamic_c(void)
{
	need_preload();
	linked("tests/programs/old", true);
}

static void static_c(void)
{
	linked("tests/programs/old-static", false);
}

static void musl_c(void)
{
	need_preload();
	linked("tests/programs/old-musl", true);
}

static void narrow_c(void)
{
	linked("tests/programs/old-32", false);
}

/* The library of the program's own width, which the user puts in place of ours. */
static void narrow_preload(void)
{
	const char *library = live_built("tests/programs/libbpftoken-preload-32.so");
	char script[512];

	need_preload();
	snprintf(script, sizeof(script), "LD_PRELOAD=%s %s 3", library,
		 live_built("tests/programs/old-32"));
	only_with("--via preload", script);
}

static void go(void)
{
	linked("tests/programs/old-go", false);
}

static void python(void)
{
	char script[256];

	need_preload();
	need("python3");
	snprintf(script, sizeof(script), "python3 %s",
		 live_built("tests/programs/old.py"));
	only_with("--via notify", script);
	only_with("--via preload", script);
}

/* ---------------------------------------------------------------------- debuggers */

static void debuggers(void)
{
	const char *old = live_built("tests/programs/old");
	char script[512];

	need("strace");
	snprintf(
		script, sizeof(script),
		"strace -f -e trace=bpf -o /dev/stdout %s | grep -q 'BPF_MAP_CREATE.*= [0-9]'",
		old);
	only_with("--via notify", script);
	need("gdb");
	snprintf(script, sizeof(script),
		 "gdb -q -batch -ex 'break close' -ex run -ex continue -ex continue -ex "
		 "continue %s 2>&1 | grep -q 'exited normally'",
		 old);
	only_with("--via notify", script);
}

/* ------------------------------------------------------------------- other listeners */

/* A listener of the program's own: the kernel has no second, and all else goes on. */
static int own_listener(int argc, char **argv)
{
	struct sock_filter allow = { .code = BPF_RET, .k = SECCOMP_RET_ALLOW };
	struct sock_fprog program = { .len = 1, .filter = &allow };

	(void)argc, (void)argv;
	close(MADE(create_map(OLD_MAP)));
	EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program),
		  -1);
	EXPECT_EQ(errno, EBUSY);
	EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
	close(MADE(create_map(OLD_MAP)));
	close(MADE(create_map(80)));
	return 0;
}

/* Under somebody else's listener, which lets everything pass. */
static int under_listener(int argc, char **argv)
{
	struct sock_filter allow = { .code = BPF_RET, .k = SECCOMP_RET_ALLOW };
	struct sock_fprog program = { .len = 1, .filter = &allow };
	int fd;

	(void)argc;
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	EXPECT(fd >= 0);
	/* it goes when it is closed */
	EXPECT_EQ(fcntl(fd, F_SETFD, 0), 0);
	execv(argv[1], argv + 1);
	return 127;
}

/* Under a container manager that intercepts calls: it lets nobody listen below it. */
static int under_manager(int argc, char **argv)
{
	struct sock_filter refuse[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0,
			 1),
		BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LIVE_COUNT(refuse), refuse };

	(void)argc;
	EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
	execv(argv[1], argv + 1);
	return 127;
}

static void run_under(const char *whom, const char *exec, const char *program)
{
	char text[1024];

	snprintf(text, sizeof(text), "run %s -- %s --inside under-%s %s exec %s %s",
		 EXEC_ANY, live_self(), whom, command_copy(), exec, program);
	run_command(&result, text, NULL);
}

/* What each way does where no listener can be had, and what it says of the reason. */
static void no_listener(const char *whom, const char *why)
{
	const char *dynamic = live_built("tests/programs/old");
	const char *fixed = live_built("tests/programs/old-static");

	run_under(whom, "", dynamic);
	expect_status(0, "auto");
	EXPECT_HAS(result.err, "note: using the preload library");
	EXPECT_HAS(result.err, why);
	expect_one_line("note", result.err);
	run_under(whom, "--via preload", dynamic);
	expect_status(0, "preload");
	EXPECT(!strstr(result.err, "note: "));
	run_under(whom, "", fixed);
	expect_status(125, "a static program");
	expect_one_line("static", result.err);
	EXPECT_HAS(result.err, "statically linked");
	run_under(whom, "--via notify", dynamic);
	expect_status(125, "notify");
	EXPECT_HAS(result.err, why);
	EXPECT_HAS(result.err, "use --via preload");
}

static void listeners(void)
{
	need_preload();
	only_with_exec("own-listener");
	no_listener("listener", "a seccomp listener is there already");
}

static void refused_listeners(void)
{
	need_preload();
	no_listener("manager",
		    "no listener can be had here, as under a container manager");
	/* the note has the kernel's word as well */
	run_under("manager", "", live_built("tests/programs/old"));
	EXPECT_HAS(result.err, "Invalid argument");
}

/* --------------------------------------------------------------- the first process */

static void statuses(void)
{
	static const struct {
		const char *words;
		int status;
		const char *says;
	} rows[] = {
		{ "exec -- sh -c exit\t7", 7, "" },
		{ "exec -- sh -c kill\t-9\t$$", 137, "" },
		{ "exec -- /nonexistent", 127, "No such file" },
		{ "exec -- /etc/passwd", 126, "Permission denied" },
		{ "exec", 2, "no PROGRAM given" },
		{ "exec --via magic true", 2, "auto, notify or preload" },
		{ "exec --token none true", 2, "nothing to do" },
		{ "exec --token /tmp true", 125, "not the root directory of a bpffs" },
		{ "exec --pid-file /proc/x true", 125, "pid file" },
	};

	for (size_t i = 0; i < LIVE_COUNT(rows); i++) {
		char *words[MAX_WORDS], *argv[MAX_WORDS + 1], buf[512], text[512];

		snprintf(text, sizeof(text), "run %s -- %s %s", EXEC_ANY, command_copy(),
			 rows[i].words);
		split(buf, sizeof(buf), text, NULL, words);
		/* a tab is a blank within a word */
		for (size_t j = 0; words[j]; j++)
			for (char *c = words[j]; *c; c++)
				*c = *c == '\t' ? ' ' : *c;
		argv[0] = (char *)(uintptr_t)command_copy();
		memcpy(argv + 1, words, sizeof(words));
		live_command(&result, argv);
		expect_status(rows[i].status, rows[i].words);
		EXPECT_HAS(result.err, rows[i].says);
		if (rows[i].says[0])
			expect_one_line(rows[i].words, result.err);
	}
}

static void outside(void)
{
	char text[] = "exec -- true";

	run_command(&result, text, NULL);
	expect_status(5, "on the host");
	EXPECT_HAS(result.err, "no tokens in the initial user namespace");
}

static void first_process(void)
{
	char script[2048];

	need("unshare");
	/* Orphans are reaped; what is sent to pid 1 reaches the program; its file tells. */
	snprintf(
		script, sizeof(script),
		"d=$(mktemp -d); unshare -pf --mount-proc %s exec --pid-file $d/pid -- sh -c '"
		"trap \"exit 42\" TERM\n"
		"for i in 1 2 3 4 5; do (true & exec true) & done; wait; sleep 0.2\n"
		"echo zombies $(grep -l \"^State:.Z\" /proc/[0-9]*/status | wc -l)\n"
		"[ $(cat /proc/1/comm) = bpftoken ] && [ $(cat '$d'/pid) = $$ ] && echo first\n"
		"kill -TERM 1; sleep 5 & wait\n'; echo status $?; "
		"[ ! -e $d/pid ] && echo gone; rmdir $d",
		command_copy());
	in_container(EXEC_ANY, NULL, script);
	EXPECT_STR(result.out, "zombies 0\nfirst\nstatus 42\ngone\n");
}

/* A killed supervisor: the calls fail with a clear errno, at once, for as long as it is. */
static int supervisor_dies(int argc, char **argv)
{
	(void)argc, (void)argv;
	close(MADE(create_map(80)));
	EXPECT_EQ(kill(getppid(), SIGKILL), 0);
	usleep(100000);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(create_map(80), -ENOSYS);
		EXPECT_EQ(load_prog(OLD_PROG), -ENOSYS);
	}
	printf("no such call\n");
	return 0;
}

static void killed(void)
{
	char script[1024];

	snprintf(script, sizeof(script),
		 "%s exec -- %s --inside supervisor-dies; echo status $?; sleep 1",
		 command_copy(), live_self());
	in_container(EXEC_ANY, NULL, script);
	EXPECT_HAS(result.out, "status 137\n");
	EXPECT_HAS(result.out, "no such call\n");
}

/* Without CAP_SYS_ADMIN a listener has its price, of which the user hears. */
static void as_a_user(void)
{
	char script[512];

	snprintf(script, sizeof(script),
		 "%s && grep -q 'NoNewPrivs:.1' /proc/self/status",
		 live_built("tests/programs/old"));
	in_container(EXEC_ANY " --user 1000 --caps bpf", "--via notify", script);
	expect_status(0, "a user with CAP_BPF");
	EXPECT_HAS(result.err, "note: the program cannot gain privileges by setuid");
	in_container(EXEC_ANY, "--via notify",
		     "grep -q 'NoNewPrivs:.0' /proc/self/status");
	expect_status(0, "container root keeps setuid");
	/* without it there is no token to be had */
	in_container(EXEC_ANY " --user 1000", "--via notify", script);
	expect_status(5, "a user without CAP_BPF");
	expect_one_line("a user", result.err);
}

static const struct live_inside inside[] = {
	{ "own-listener", own_listener },
	{ "under-listener", under_listener },
	{ "under-manager", under_manager },
	{ "supervisor-dies", supervisor_dies },
};

static const struct live_test tests[] = {
	{ "bpftool 7.1, libbpf 1.1: a map", bpftool_map, false },
	{ "bpftool 7.1, libbpf 1.1: an object with everything", bpftool_load, false },
	{ "C, dynamic", dynamic_c, false },
	{ "C, static", static_c, false },
	{ "C, musl", musl_c, false },
	{ "C, 32-bit", narrow_c, false },
	{ "C, 32-bit, preload", narrow_preload, false },
	{ "Go, static, many threads", go, false },
	{ "Python", python, false },
	{ "strace and gdb", debuggers, false },
	{ "own listeners and others'", listeners, false },
	{ "where a manager permits no listener", refused_listeners, false },
	{ "statuses", statuses, false },
	{ "never outside", outside, false },
	{ "as the first process", first_process, false },
	{ "the supervisor is killed", killed, false },
	{ "as a user with CAP_BPF", as_a_user, false },
};

LIVE_MAIN_INSIDE(tests, inside)
