/* SPDX-License-Identifier: MIT */
/* bpftoken learn: what is recorded of programs of all kinds, and what is left of them. */
#include "learn-programs.h"

#include "attr.h"
#include "record.h"
#include "sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

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

LIVE_MAIN_INSIDE(tests, programs)
