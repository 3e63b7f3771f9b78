/* SPDX-License-Identifier: MIT */
/*
 * The two processes of `bpftoken exec`:
 *
 *   child, on its way to the program         parent, the supervisor
 *   seccomp() -> listener
 *                    LISTENER + fd   --->
 *   bpf(): stopped by the filter             receives it, answers ECANCELED
 *   execve()
 *                    (end)           --->
 *                                            answers, reaps, passes signals on
 *
 * The child's own call proves that notifications arrive and can be answered, before the
 * program depends on it. Child and parent live in the same user namespace, which is not
 * the initial one: outside of it, the kernel would let the parent's own privilege stand in
 * wherever the token does not reach.
 */
#include "exec.h"

#include "attr.h"
#include "bpffs.h"
#include "carry.h"
#include "filter.h"
#include "handshake.h"
#include "preload-env.h"
#include "supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program may have to be read from a slow disk. */
#define EXEC_TIMEOUT_MS 30000
#define ANSWER_TIMEOUT_MS 10000
#define KILL_TIMEOUT_MS 10000

struct program {
	pid_t pid;
	int pidfd;
	bool no_new_privs;
};

int exec_via_of(const char *word)
{
	static const char *const words[] = {
		[EXEC_AUTO] = "auto", [EXEC_NOTIFY] = "notify", [EXEC_PRELOAD] = "preload"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			return (int)i;
	return -EINVAL;
}

static const char *file_of(const struct exec_options *o)
{
	return o->file ? o->file : o->argv[0];
}

/* ------------------------------------------------------------------ the child */

static int call_and_see(struct bpftoken_error *err)
{
	int r = sys_bpf(ATTR_MAP_CREATE, NULL, 0);

	return r == -ECANCELED
		       ? 0
		       : err_raise(err, BPFTOKEN_STAGE_LISTENER, r < 0 ? r : -EPROTO,
				   "a call of our own was not answered");
}

/* Its tag says whether the program has lost setuid for it. */
static int offer_listener(int sock, struct bpftoken_error *err)
{
	bool no_new_privs;
	_cleanup_close_ int listener = filter_install(
		carry_kernel_takes(ATTR_BTF_GET_FD_BY_ID), &no_new_privs, err);
	int r;

	if (listener < 0)
		return listener;
	r = handshake_send(sock,
			   no_new_privs ? HANDSHAKE_LISTENER_NNP : HANDSHAKE_LISTENER,
			   listener, err);
	sys_close(TAKE_FD(listener));
	return r < 0 ? r : call_and_see(err);
}

static void child(const struct exec_options *o, bool notify, int sock,
		  const sigset_t *old_mask) __attribute__((noreturn));

static void child(const struct exec_options *o, bool notify, int sock,
		  const sigset_t *old_mask)
{
	struct bpftoken_error err;
	int r = 0;

	if (notify)
		r = offer_listener(sock, &err);
	else
		r = preload_env_set(o->preload, o->token_fd, &err);
	if (r == 0) {
		(void)sys_block_signals(old_mask, NULL);
		r = sys_execvp(file_of(o), o->argv);
		err_raise(&err, BPFTOKEN_STAGE_EXEC, r, "%s: %s", o->argv[0],
			  strerror(-r));
	}
	handshake_fail(sock, &err);
	_exit(127);
}

/* ----------------------------------------------------------------- the parent */

static int start(const struct exec_options *o, bool notify, const sigset_t *old_mask,
		 struct program *program, int *ret_sock, struct bpftoken_error *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	int r = handshake_pair(&ours, &theirs, err);

	if (r < 0)
		return r;
	program->pid = sys_clone(0, &program->pidfd);
	if (program->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, program->pid, NULL);
	if (program->pid == 0) {
		sys_close(TAKE_FD(ours));
		child(o, notify, theirs, old_mask);
	}
	*ret_sock = TAKE_FD(ours);
	return 0;
}

static void destroy(struct program *program)
{
	siginfo_t info;

	if (program->pidfd < 0)
		return;
	(void)sys_pidfd_signal(program->pidfd, SIGKILL);
	(void)sys_reap(program->pidfd, KILL_TIMEOUT_MS, &info);
	sys_close(TAKE_FD(program->pidfd));
}

/* The child's own call, which it waits with before it becomes the program. */
static int answer_child(int listener, struct bpftoken_error *err)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct seccomp_notif_resp answer = { .error = -ECANCELED };
	struct seccomp_notif notif;
	int r = sys_poll(&pfd, 1, ANSWER_TIMEOUT_MS);

	if (r >= 0)
		r = sys_notif_recv(listener, &notif);
	if (r >= 0) {
		answer.id = notif.id;
		r = sys_notif_send(listener, &answer);
	}
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_LISTENER, r,
				 "a notification cannot be received: %s", strerror(-r))
		     : 0;
}

static int take_listener(const struct exec_options *o, int sock, struct program *program,
			 struct supervisor *supervisor, struct bpftoken_error *err)
{
	_cleanup_close_ int listener = -EBADF;
	uint32_t tag;
	int r;

	r = handshake_expect_any(sock, ANSWER_TIMEOUT_MS, &tag, &listener, err);
	if (r < 0)
		return r;
	program->no_new_privs = tag == HANDSHAKE_LISTENER_NNP;
	(void)sys_notif_sync(listener);
	r = supply_init(&supervisor->supply, listener, o->token_fd);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_LISTENER, r, NULL);
	r = answer_child(listener, err);
	if (r == 0)
		r = supervisor_start(supervisor, err);
	if (r == 0)
		(void)TAKE_FD(listener);
	return r;
}

/* Before the program runs, so that it does not where its number cannot be told. */
static int open_pid_file(const struct exec_options *o, struct bpftoken_error *err)
{
	int fd;

	(void)sys_unlink(o->pid_file);
	fd = sys_creat(o->pid_file, 0644);
	if (fd < 0) {
		err_raise(err, BPFTOKEN_STAGE_SETUP, fd, "the pid file %s: %s",
			  o->pid_file, strerror(-fd));
		err_what(err, "cannot run the program");
		err_fix(err, "name a file that can be written to");
	}
	return fd;
}

static void write_pid(int fd, const struct program *program)
{
	char text[32];

	if (fd >= 0)
		(void)sys_write(
			fd, text,
			(size_t)snprintf(text, sizeof(text), "%d\n", (int)program->pid));
}

/* Until the program ends. As pid 1 we reap whatever was orphaned, too. */
static int reap_and_forward(const struct program *program, const sigset_t *signals)
{
	for (;;) {
		siginfo_t info;
		pid_t pid;
		int sig = sys_wait_signal(signals, &info);

		/* What the terminal sends has reached the whole process group. */
		if (sig > 0 && sig != SIGCHLD && info.si_code != SI_KERNEL)
			(void)sys_pidfd_signal(program->pidfd, sig);
		while ((pid = sys_reap_any(&info)) > 0)
			if (pid == program->pid)
				return info.si_code == CLD_EXITED ? info.si_status
								  : 128 + info.si_status;
	}
}

/* From the start to the exec; the listener is served from before the program runs. */
static int bring_up(const struct exec_options *o, bool notify, const sigset_t *old_mask,
		    struct program *program, struct supervisor *supervisor,
		    struct bpftoken_error *err)
{
	_cleanup_close_ int sock = -EBADF;
	int r = start(o, notify, old_mask, program, &sock, err);

	if (r == 0 && notify)
		r = take_listener(o, sock, program, supervisor, err);
	if (r == 0)
		r = handshake_expect_end(sock, EXEC_TIMEOUT_MS, err);
	if (r < 0)
		destroy(program);
	return r;
}

static void say_no_listener(const struct exec_options *o, struct bpftoken_error *err)
{
	const char *code = strerror(-err->code);
	char sentence[1024];
	bool said;

	(void)bpftoken_explain(err);
	said = strstr(err->why, code);
	snprintf(
		sentence, sizeof(sentence),
		"using the preload library, since %s%s%s%s: programs that are statically "
		"linked or call the kernel themselves go without the token",
		err->why, said ? "" : " (", said ? "" : code, said ? "" : ")");
	o->note(sentence);
}

/* No listener, and not for a reason that would be the same without one. */
static bool may_preload(const struct exec_options *o, struct bpftoken_error *err)
{
	int dynamic;

	if (o->via != EXEC_AUTO || err->stage != BPFTOKEN_STAGE_LISTENER)
		return false;
	dynamic = exec_is_dynamic(file_of(o));
	if (dynamic > 0 && o->preload) {
		say_no_listener(o, err);
		return true;
	}
	(void)bpftoken_explain(err);
	if (dynamic == 0) {
		err->fix[0] = '\0';
		err_fix(err,
			"run it where nothing else listens: %s is statically linked, so "
			"that no library can be preloaded into it",
			o->argv[0]);
	} else if (dynamic > 0) {
		err->fix[0] = '\0';
		err_fix(err, "install " PRELOAD_NAME " beside bpftoken");
	}
	return false;
}

static int run(const struct exec_options *o, const sigset_t *signals,
	       const sigset_t *old_mask, struct bpftoken_error *err)
{
	static struct supervisor supervisor;
	_cleanup_close_ int pid_file = o->pid_file ? open_pid_file(o, err) : -EBADF;
	struct program program = { .pidfd = -EBADF };
	struct bpftoken_error why;
	int r;

	if (o->pid_file && pid_file < 0)
		return pid_file;
	/* It will hold copies of what its callers pass to the kernel. */
	(void)sys_set_dumpable(false);
	r = bring_up(o, o->via != EXEC_PRELOAD, old_mask, &program, &supervisor, &why);
	if (r < 0 && may_preload(o, &why))
		r = bring_up(o, false, old_mask, &program, &supervisor, err);
	else if (r < 0 && err)
		*err = why;
	if (r == 0) {
		write_pid(pid_file, &program);
		if (program.no_new_privs)
			o->note("the program cannot gain privileges by setuid: without "
				"CAP_SYS_ADMIN here a listener is permitted on that "
				"condition");
		(void)sys_raise_nofile();
		r = reap_and_forward(&program, signals);
		sys_close(TAKE_FD(program.pidfd));
	}
	if (o->pid_file)
		(void)sys_unlink(o->pid_file);
	return r;
}

/* All that a process may handle; those of its own errors are nobody else's. */
static void fill_signals(sigset_t *set)
{
	static const int own[] = { SIGBUS,  SIGFPE,  SIGILL,  SIGSEGV, SIGSYS,
				   SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigdelset(set, own[i]);
}

int exec_may_run(struct bpftoken_error *err)
{
	int r = bpffs_in_initial_userns(0);

	return r == 0 ? 0
		      : err_raise(err, BPFTOKEN_STAGE_TOKEN_CREATE,
				  r < 0 ? r : -EOPNOTSUPP, NULL);
}

int exec_run(const struct exec_options *options, struct bpftoken_error *err)
{
	sigset_t signals, old_mask;
	int r = exec_may_run(err);

	if (r < 0)
		return r;
	if (options->via == EXEC_PRELOAD && !options->preload) {
		err_raise(err, BPFTOKEN_STAGE_PRELOAD, -ENOENT, "there is no %s",
			  PRELOAD_NAME);
		err_fix(err, "install it beside bpftoken");
		return -ENOENT;
	}
	fill_signals(&signals);
	r = sys_block_signals(&signals, &old_mask);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL);
	r = run(options, &signals, &old_mask, err);
	(void)sys_block_signals(&old_mask, NULL);
	return r;
}
