/* SPDX-License-Identifier: MIT */
/*
 * Holding a program before it runs, or one that runs: see trace-start.h. Of a new one the
 * filter goes with the program's process; a running one cannot be given a filter that it
 * would get rid of again, so that every one of its system calls stops.
 */
#include "trace-start.h"

#include "numbers.h"
#include "trap.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#define FOLLOW                                                            \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD)
#define MAX_ROUNDS 16 /* of looking for threads that started meanwhile */

static int raise_trace(int code, struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_SETUP, code, "ptrace: %s", strerror(-code));
	err_what(err, "cannot watch the program");
	if (code == -EPERM)
		err_fix(err,
			"run as its user or as root, and not where it is traced already");
	return code;
}

/* ----------------------------------------------------------- a new program */

static int redirect(const struct learn_trace *trace, struct bpftoken_error *err)
{
	_cleanup_close_ int null = -EBADF;
	int r = 0;

	if (trace->out_fd >= 0)
		r = sys_dup_to(trace->out_fd, STDOUT_FILENO);
	if (trace->quiet) {
		r = null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR);
		for (int fd = STDIN_FILENO; r >= 0 && fd <= STDERR_FILENO; fd++)
			r = sys_dup_to(null, fd);
	}
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL) : 0;
}

/* In the new process; sock closes with the exec. */
static int become_program(const struct learn_trace *trace, struct bpftoken_error *err)
{
	uint64_t caps = 0;
	int r = redirect(trace, err);

	if (r < 0)
		return r;
	(void)sys_capabilities(&caps);
	r = trap_install(!(caps & 1ULL << CAP_SYS_ADMIN));
	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_SETUP, r, "seccomp: %s", strerror(-r));
		err_what(err, "cannot watch the program");
		return r;
	}
	if (trace->container)
		return container_run(trace->container, err);
	r = sys_execvp(trace->argv[0], trace->argv);
	err_raise(err, BPFTOKEN_STAGE_EXEC, r, "%s: %s", trace->argv[0], strerror(-r));
	err_fix(err, "name a program that exists and may be executed");
	return r;
}

static void __attribute__((noreturn))
run_child(const struct learn_trace *trace, int sock, const sigset_t *old_mask)
{
	struct bpftoken_error err = { 0 };
	char go;
	int r;

	if (sys_read(sock, &go, 1) != 1)
		_exit(127);
	(void)sys_block_signals(old_mask, NULL);
	r = become_program(trace, &err);
	if (r < 0)
		(void)sys_write(sock, &err, sizeof(err));
	_exit(r < 0 ? 127 : r);
}

pid_t start_program(const struct learn_trace *trace, const sigset_t *old_mask,
		    int *ret_sock, struct bpftoken_error *err)
{
	_cleanup_close_ int pidfd = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2], r = sys_socketpair(pair);
	pid_t pid;

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL);
	ours = pair[0];
	theirs = pair[1];
	pid = sys_clone(0, &pidfd);
	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, pid, NULL);
	if (pid == 0) {
		sys_close(ours);
		run_child(trace, theirs, old_mask);
	}
	r = sys_trace_seize(pid, FOLLOW | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
	/* It waits for this before it goes on. */
	if (r == 0)
		r = (int)sys_write(ours, "", 1);
	if (r < 0) {
		siginfo_t info;

		(void)sys_pidfd_signal(pidfd, SIGKILL);
		(void)sys_reap(pidfd, -1, &info);
		return raise_trace(r, err);
	}
	*ret_sock = TAKE_FD(ours);
	return pid;
}

int start_failed(int sock, struct bpftoken_error *err)
{
	struct bpftoken_error theirs;

	if (sys_read(sock, &theirs, sizeof(theirs)) != (ssize_t)sizeof(theirs))
		return 0;
	if (err)
		*err = theirs;
	return theirs.code;
}

/* -------------------------------------------------------- a running program */

/* Holds a thread: 1, or 0 when it is held already or has ended. */
static int hold(pid_t tid, struct tracees *tracees, struct bpftoken_error *err)
{
	int r;

	if (tracees_find(tracees, tid))
		return 0;
	r = sys_trace_seize(tid, FOLLOW);
	/* A thread of ours that was started meanwhile is held already, by FOLLOW. */
	if (r == -ESRCH || (r == -EPERM && tracees->count))
		return 0;
	if (r < 0)
		return raise_trace(r, err);
	if (!tracees_get(tracees, tid))
		return err_oom(err);
	(void)sys_trace_resume(PTRACE_INTERRUPT, tid, 0);
	return 1;
}

/* Every number in a text or a list of names. */
static pid_t next_pid(const char **text)
{
	char *end;
	long pid;

	while (**text && (**text < '0' || **text > '9'))
		(*text)++;
	pid = strtol(*text, &end, 10);
	*text = end;
	return (pid_t)pid;
}

static int hold_process(pid_t pid, struct tracees *tracees, struct bpftoken_error *err);

static int hold_children(pid_t pid, pid_t tid, struct tracees *tracees,
			 struct bpftoken_error *err)
{
	char path[64], text[8192];
	const char *at = text;
	int held = 0;
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
	(void)text_read_file(path, text, sizeof(text));
	while ((child = next_pid(&at)) > 0) {
		int r = child == getpid() ? 0 : hold_process(child, tracees, err);

		if (r < 0)
			return r;
		held += r;
	}
	return held;
}

/* A search for threads that are not held yet. */
struct holding {
	pid_t pid;
	struct tracees *tracees;
	struct bpftoken_error *err;
	int held; /* or what failed */
};

static int hold_thread(int tid, void *data)
{
	struct holding *holding = data;
	int own = hold(tid, holding->tracees, holding->err);
	int r = own < 0 ? own
			: hold_children(holding->pid, tid, holding->tracees,
					holding->err);

	holding->held = r < 0 ? r : holding->held + own + r;
	return r < 0 ? r : 0;
}

/* How many are new; a directory that is gone is of a process that has ended. */
static int hold_process(pid_t pid, struct tracees *tracees, struct bpftoken_error *err)
{
	struct holding holding = { .pid = pid, .tracees = tracees, .err = err };
	_cleanup_close_ int dir = -EBADF;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (dir >= 0)
		(void)numbers_each(dir, hold_thread, &holding);
	return holding.held;
}

int start_watching(pid_t pid, struct tracees *tracees, struct bpftoken_error *err)
{
	int r = 1;

	for (int round = 0; r > 0 && round < MAX_ROUNDS; round++)
		r = hold_process(pid, tracees, err);
	if (r < 0)
		return r;
	if (!tracees->count) {
		err_raise(err, BPFTOKEN_STAGE_TARGET, -ESRCH, "there is no process %d",
			  (int)pid);
		err_what(err, "cannot watch the process");
		return -ESRCH;
	}
	return 0;
}
