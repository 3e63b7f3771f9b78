/* SPDX-License-Identifier: MIT */
/*
 * One run of a program in a fresh container under a policy, and the user's check of it,
 * which joins the container while the program runs: see minimize.h.
 */
#include "minimize.h"

#include "sys-trace.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define NAMESPACES                                                                  \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define CHECK_EVERY_MS 200
#define SETTLE_MS 1000 /* without a call, after the check, and all is done */

struct contained {
	const struct learn_minimize *minimize;
	const char *wanted; /* signature that ends an endless program; NULL: none */
	const sigset_t *mask;
	int program; /* pidfd of the program, -EBADF: not yet */
	pid_t check; /* that runs, 0: none */
	uint64_t next_check_ms;
	size_t seen; /* calls when last looked at */
	uint64_t seen_ms;
	bool shown; /* the signature is what is wanted */
	bool checked; /* the check succeeded */
};

/* In a child of this process: becomes the check. Its output is nobody's. */
static void __attribute__((noreturn)) run_check(const struct contained *contained)
{
	char *const argv[] = { (char *)"sh", (char *)"-c",
			       (char *)(uintptr_t)contained->minimize->check, NULL };
	int namespaces =
		NAMESPACES | (contained->minimize->container.host_net ? 0 : CLONE_NEWNET);
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR), pidfd, r;
	siginfo_t info;
	pid_t pid;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)sys_dup_to(null, fd);
	(void)sys_death_signal(SIGKILL);
	(void)sys_block_signals(contained->mask, NULL);
	r = sys_setns(contained->program, namespaces);
	if (r == 0)
		r = sys_set_ids(0, 0);
	/* A pid namespace is entered by children. */
	pid = r < 0 ? r : sys_clone(0, &pidfd);
	if (pid == 0) {
		(void)sys_death_signal(SIGKILL);
		_exit(sys_execvp(argv[0], argv) < 0 ? 127 : 0);
	}
	if (pid < 0 || sys_reap(pidfd, -1, &info) < 0)
		_exit(126);
	_exit(info.si_code == CLD_EXITED ? info.si_status : 1);
}

static void start_check(struct contained *contained)
{
	int pidfd = -EBADF;
	pid_t pid = sys_clone(0, &pidfd);

	if (pid == 0)
		run_check(contained);
	close_fd(&pidfd);
	contained->check = pid > 0 ? pid : 0;
}

static void note_started(pid_t pid, void *data)
{
	struct contained *contained = data;

	contained->program = sys_pidfd_open(pid);
}

static void note_check(pid_t pid, int status, void *data)
{
	struct contained *contained = data;

	if (pid != contained->check)
		return;
	contained->check = 0;
	contained->checked = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	contained->next_check_ms = sys_now_ms() + CHECK_EVERY_MS;
}

/* Does it show what is wanted? A probe that is still open looks like an object. */
static bool shows_wanted(const struct contained *contained, const struct learn_run *run)
{
	_cleanup_free_ char *signature = NULL;
	struct learn_run look = *run;

	return learn_run_relate(&look) == 0 &&
	       learn_goal_signature(&look, contained->minimize->goal, &signature) == 0 &&
	       !strcmp(signature, contained->wanted);
}

static int look_at(const struct learn_run *run, void *data)
{
	struct contained *contained = data;
	bool check = contained->minimize->check, quiet;

	if (check && contained->program >= 0 && !contained->check &&
	    !contained->checked && sys_now_ms() >= contained->next_check_ms)
		start_check(contained);
	if (contained->seen != run->count || !contained->seen_ms) {
		contained->seen = run->count;
		contained->seen_ms = sys_now_ms();
		contained->shown = contained->wanted && shows_wanted(contained, run);
	}
	quiet = sys_now_ms() - contained->seen_ms >= SETTLE_MS;
	if (check && !contained->checked)
		return 0;
	return contained->wanted ? contained->shown : check && quiet;
}

int learn_run_under(const struct learn_minimize *minimize,
		    const struct bpftoken_policy *policy, const char *wanted,
		    const sigset_t *mask, struct learn_contained *ret,
		    struct bpftoken_error *err)
{
	struct container container = minimize->container;
	struct contained contained = {
		.minimize = minimize, .wanted = wanted, .mask = mask, .program = -EBADF
	};
	const struct learn_trace trace = {
		.argv = minimize->argv,
		.container = &container,
		.out_fd = -EBADF,
		.quiet = true,
		.mask = mask,
		.timeout_ms = minimize->timeout_ms,
		.started = note_started,
		.poll = look_at,
		.other = note_check,
		.interrupted = &ret->interrupted,
		.data = &contained,
	};
	int r;

	container.policy = policy_require(policy, NULL) < 0 ? NULL : policy;
	container.argv = minimize->argv;
	*ret = (struct learn_contained){ 0 };
	r = learn_trace(&trace, &ret->run, err);
	close_fd(&contained.program);
	ret->checked = contained.checked;
	return r;
}
