/* SPDX-License-Identifier: MIT */
/*
 * The loop over the stops of what is watched: see trace.h. Of a program with the filter
 * these are the trapped calls (PTRACE_EVENT_SECCOMP, then one stop with the result); of
 * one that ran before, every system call's entry and exit. The rest is what ptrace(2)
 * asks of any tracer: new threads, execs, signals and job control, passed on.
 */
#include "trace.h"

#include "decode.h"
#include "trace-start.h"
#include "tracees.h"
#include "trap.h"

#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define POLL_MS 100
#define KILL_MS 10000 /* from SIGKILL to the end of everything */
#define STOPS_AT_ONCE 256 /* before signals and time get a look */
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct tracer {
	const struct learn_trace *trace;
	struct learn_run *run;
	struct tracees tracees;
	pid_t root; /* the program, until it has ended; 0: none */
	unsigned int resume; /* PTRACE_CONT, or _SYSCALL of what has no filter */
	bool recording; /* the program's exec has happened */
	bool leaving; /* every stop is the last */
	bool killed; /* here, so that its status means nothing */
	int failure; /* -ENOMEM: what was recorded is not all */
	uint64_t began_us, deadline_ms;
};

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

/* ------------------------------------------------------------------ calls */

static void add_library(struct learn_run *run, const char *path)
{
	const char *name = strrchr(path, '/');
	size_t len = strlen(run->libraries);

	name = name ? name + 1 : path;
	if (!strstr(name, ".so") || !strstr(name, "bpf") || strstr(run->libraries, name))
		return;
	snprintf(run->libraries + len, sizeof(run->libraries) - len, "%s%s",
		 len ? " " : "", name);
}

/* What a process that uses BPF has mapped is what the recording depends on. */
static void note_libraries(struct tracer *tracer, pid_t pid)
{
	char path[64], line[1024];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *file = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (file)
			add_library(tracer->run, file);
	}
	if (maps)
		fclose(maps);
}

static struct learn_call *call_of(struct tracer *tracer, const struct tracee *tracee)
{
	return tracee->seq ? &tracer->run->calls[tracee->seq - 1] : NULL;
}

/* Before the kernel acts. 1: the result is wanted. */
static int enter_call(struct tracer *tracer, struct tracee *tracee,
		      const struct sys_trace_call *stop)
{
	struct learn_call *call;
	enum trap_call kind;
	bool compat = false, fresh = !tracee->process || !tracee->process->exe[0];

	kind = trap_call(stop->arch, stop->nr, &compat);
	if (kind == TRAP_OTHER || !tracer->recording ||
	    (kind == TRAP_BPF &&
	     trap_is_data_plane((uint32_t)stop->args[0] & ~TRAP_COMMON_ATTRS)))
		return 0;
	if (tracee_identify(&tracer->tracees, tracee) < 0)
		return -ENOMEM;
	if (fresh)
		note_libraries(tracer, tracee->tid);
	call = learn_run_add(tracer->run);
	if (!call)
		return -ENOMEM;
	call->time_us = sys_clock_us() - tracer->began_us;
	call->pid = tracee->process->pid;
	call->tid = tracee->tid;
	call->compat = compat;
	memcpy(call->comm, tracee->comm, sizeof(call->comm));
	memcpy(call->exe, tracee->process->exe, sizeof(call->exe));
	if (kind == TRAP_BPF)
		learn_decode_bpf(tracee->tid, tracee->process->pidfd, stop->args, call);
	else
		learn_decode_perf(tracee->tid, stop->args, call);
	tracee->seq = call->seq;
	return 1;
}

/* An earlier object's descriptor is another one's now: is the object gone? */
static void note_closed(struct tracer *tracer, uint32_t seq)
{
	struct learn_call *before = &tracer->run->calls[seq - 1];
	uint32_t kind = learn_command(before->cmd)->makes;

	if (before->id && kind != LEARN_USE_ANY)
		before->closed = learn_object_exists(kind, before->id) != 1;
}

static void leave_call(struct tracer *tracer, struct tracee *tracee, int64_t result)
{
	struct learn_call *call = call_of(tracer, tracee);
	uint32_t kind = learn_command(call->cmd)->makes, before;

	tracee->seq = 0;
	call->result = result;
	if (result >= 0 && kind) {
		call->id = learn_object_id(tracee->process->pidfd, (int)result, &kind);
		before = process_take_fd(tracee->process, (int)result, call->seq);
		if (before)
			note_closed(tracer, before);
	}
	if (tracer->trace->each)
		tracer->trace->each(call, tracer->trace->data);
}

/* ------------------------------------------------------------------ stops */

static int on_seccomp(struct tracer *tracer, struct tracee *tracee)
{
	struct sys_trace_call stop;

	if (sys_trace_call(tracee->tid, &stop) < 0)
		return 0;
	return enter_call(tracer, tracee, &stop);
}

/* The exit of a call; of a program without the filter also its entry. */
static int on_syscall(struct tracer *tracer, struct tracee *tracee)
{
	struct sys_trace_call stop;

	if (sys_trace_call(tracee->tid, &stop) < 0)
		return 0;
	if (stop.op == PTRACE_SYSCALL_INFO_EXIT && tracee->seq)
		leave_call(tracer, tracee, stop.result);
	if (stop.op == PTRACE_SYSCALL_INFO_ENTRY && tracer->resume == PTRACE_SYSCALL)
		return enter_call(tracer, tracee, &stop);
	return 0;
}

static int on_exec(struct tracer *tracer, pid_t tid)
{
	struct tracee *tracee;
	unsigned long former = 0;

	/* A thread that executes becomes the leader; the others have ended. */
	if (sys_trace_message(tid, &former) == 0 && (pid_t)former != tid)
		tracees_remove(&tracer->tracees, (pid_t)former);
	tracee = tracees_find(&tracer->tracees, tid);
	if (tracee)
		tracee_exec(tracee);
	if (!tracer->recording && tracer->trace->started)
		tracer->trace->started(tid, tracer->trace->data);
	tracer->recording = true;
	return 0;
}

static bool is_job_control(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void on_stop(struct tracer *tracer, pid_t tid, int status)
{
	struct tracee *tracee = tracees_get(&tracer->tracees, tid);
	unsigned int request = tracer->resume;
	int sig = WSTOPSIG(status), event = status >> 16, r = 0;

	if (!tracee) {
		tracer->failure = -ENOMEM;
		(void)sys_trace_resume(PTRACE_CONT, tid, 0);
		return;
	}
	if (event == PTRACE_EVENT_SECCOMP)
		r = on_seccomp(tracer, tracee);
	else if (sig == SYSCALL_STOP)
		r = on_syscall(tracer, tracee);
	else if (event == PTRACE_EVENT_EXEC)
		r = on_exec(tracer, tid);
	else if (event == PTRACE_EVENT_STOP && is_job_control(sig))
		request = PTRACE_LISTEN;
	if (r < 0)
		tracer->failure = r;
	if (r > 0)
		request = PTRACE_SYSCALL;
	if (event || sig == SYSCALL_STOP)
		sig = 0;
	/* A call whose result is wanted has its result first. */
	if (tracer->leaving && r <= 0) {
		(void)sys_trace_resume(PTRACE_DETACH, tid, sig);
		tracees_remove(&tracer->tracees, tid);
		return;
	}
	(void)sys_trace_resume(request, tid, request == PTRACE_LISTEN ? 0 : sig);
}

static void on_end(struct tracer *tracer, pid_t tid, int status)
{
	struct tracee *tracee = tracees_find(&tracer->tracees, tid);
	struct learn_call *call = tracee ? call_of(tracer, tracee) : NULL;

	if (call && tracer->trace->each)
		tracer->trace->each(call, tracer->trace->data);
	if (!tracee && tid != tracer->root && tracer->trace->other)
		tracer->trace->other(tid, status, tracer->trace->data);
	tracees_remove(&tracer->tracees, tid);
	if (tid != tracer->root)
		return;
	tracer->root = 0;
	tracer->run->ended = !tracer->killed;
	tracer->run->status =
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (tracer->tracees.count && tracer->recording && tracer->trace->left)
		tracer->trace->left(tracer->run->status, tracer->tracees.count,
				    tracer->trace->data);
}

/* Handles what has stopped or ended. 0: nothing more for now, -ECHILD: ever. */
static int handle_stops(struct tracer *tracer)
{
	pid_t tid = 1;
	int status;

	for (int i = 0; i < STOPS_AT_ONCE && tid > 0; i++) {
		tid = sys_trace_wait(&status);
		if (tid > 0 && WIFSTOPPED(status))
			on_stop(tracer, tid, status);
		else if (tid > 0)
			on_end(tracer, tid, status);
	}
	return tid;
}

/* ---------------------------------------------------------------- signals */

static void signal_all(struct tracer *tracer, int sig)
{
	for (size_t i = 0; i < tracer->tracees.count; i++)
		(void)sys_kill(tracer->tracees.rows[i].tid, sig);
}

static void leave_all(struct tracer *tracer)
{
	tracer->leaving = true;
	for (size_t i = 0; i < tracer->tracees.count; i++)
		(void)sys_trace_resume(PTRACE_INTERRUPT, tracer->tracees.rows[i].tid, 0);
}

static void kill_all(struct tracer *tracer)
{
	/* Of what ran before, nothing is ours to end. */
	if (tracer->trace->pid)
		leave_all(tracer);
	else
		signal_all(tracer, SIGKILL);
	tracer->killed = true;
	tracer->deadline_ms = sys_now_ms() + KILL_MS;
}

static void on_signal(struct tracer *tracer, const siginfo_t *info)
{
	int sig = info->si_signo;

	if (sig == SIGCHLD)
		return;
	if (tracer->trace->interrupted) {
		*tracer->trace->interrupted = true;
		kill_all(tracer);
	} else if (tracer->trace->pid) {
		if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP)
			leave_all(tracer);
	} else if (tracer->root) {
		/* The terminal's reach the whole process group, the program included. */
		if (info->si_code != SI_KERNEL)
			(void)sys_kill(tracer->root, sig);
	} else {
		signal_all(tracer, sig == SIGINT ? SIGTERM : sig);
	}
}

static void wait_for_more(struct tracer *tracer, const sigset_t *signals, int timeout_ms)
{
	siginfo_t info;
	uint64_t now;

	if (sys_wait_signal_for(signals, timeout_ms, &info) > 0)
		on_signal(tracer, &info);
	now = sys_now_ms();
	if (tracer->deadline_ms && now > tracer->deadline_ms && tracer->killed)
		tracer->failure = -ETIMEDOUT;
	else if ((tracer->failure && !tracer->killed) ||
		 (tracer->deadline_ms && now > tracer->deadline_ms))
		kill_all(tracer);
	if (tracer->trace->poll && !tracer->killed && tracer->recording &&
	    tracer->trace->poll(tracer->run, tracer->trace->data))
		kill_all(tracer);
}

static void loop(struct tracer *tracer, const sigset_t *signals)
{
	bool bounded = tracer->deadline_ms || tracer->trace->poll;

	for (;;) {
		int r = handle_stops(tracer);

		if (r == -ECHILD || (tracer->trace->pid && !tracer->tracees.count))
			break;
		/* They end with this process at the latest. */
		if (tracer->failure == -ETIMEDOUT)
			break;
		bounded = bounded || tracer->failure || tracer->killed;
		wait_for_more(tracer, signals, r > 0 ? 0 : bounded ? POLL_MS : -1);
	}
}

/* -------------------------------------------------------------------- run */

static int describe(const struct learn_trace *trace, struct learn_run *run)
{
	char pid[16], *const watched[] = { (char *)"--pid", pid, NULL };
	struct utsname name;

	if (uname(&name) == 0)
		snprintf(run->kernel, sizeof(run->kernel), "%s", name.release);
	snprintf(run->id, sizeof(run->id), "%016llx-%x",
		 (unsigned long long)sys_time_of_day_us(), (unsigned int)getpid());
	snprintf(pid, sizeof(pid), "%d", (int)trace->pid);
	return learn_run_set_command(run, trace->pid ? watched : trace->argv);
}

static int watch(struct tracer *tracer, const sigset_t *signals, const sigset_t *old_mask,
		 struct bpftoken_error *err)
{
	const struct learn_trace *trace = tracer->trace;
	_cleanup_close_ int sock = -EBADF;
	int r;

	if (trace->pid) {
		r = start_watching(trace->pid, &tracer->tracees, err);
		tracer->resume = PTRACE_SYSCALL;
		tracer->recording = true;
	} else {
		r = tracer->root = start_program(
			trace, trace->mask ? trace->mask : old_mask, &sock, err);
		tracer->resume = PTRACE_CONT;
		if (r > 0 && !tracees_get(&tracer->tracees, r))
			tracer->failure = -ENOMEM;
	}
	if (r < 0)
		return r;
	tracer->began_us = sys_clock_us();
	if (trace->timeout_ms)
		tracer->deadline_ms = sys_now_ms() + (uint64_t)trace->timeout_ms;
	loop(tracer, signals);
	if (tracer->failure == -ETIMEDOUT) {
		err_raise(err, BPFTOKEN_STAGE_SETUP, -ETIMEDOUT,
			  "the program does not end, although it was killed");
		err_what(err, "cannot watch the program");
		err_fix(err, "see what it waits for: /proc/PID/stack");
		return -ETIMEDOUT;
	}
	r = sock >= 0 ? start_failed(sock, err) : 0;
	if (r < 0 && !tracer->killed)
		return r;
	if (tracer->failure)
		return err_oom(err);
	return learn_run_relate(tracer->run) < 0 ? err_oom(err) : 0;
}

int learn_trace(const struct learn_trace *trace, struct learn_run *run,
		struct bpftoken_error *err)
{
	struct learn_run fresh = { 0 };
	struct tracer tracer = { .trace = trace, .run = &fresh };
	sigset_t signals, old_mask;
	int r;

	if (describe(trace, &fresh) < 0 || learn_run_set_now(&fresh, trace->pid) < 0) {
		learn_run_done(&fresh);
		return err_oom(err);
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&signals, forwarded[i]);
	r = sys_block_signals(&signals, &old_mask);
	if (r < 0)
		err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL);
	else
		r = watch(&tracer, &signals, &old_mask, err);
	(void)sys_block_signals(&old_mask, NULL);
	tracees_done(&tracer.tracees);
	if (r < 0) {
		learn_run_done(&fresh);
		return r;
	}
	*run = fresh;
	return 0;
}
