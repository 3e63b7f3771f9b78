/* SPDX-License-Identifier: MIT */
/*
 * nth [-n] [-l FILE] [-a ROLE:N:ACTION] PROGRAM [ARG...]
 *
 * Runs PROGRAM under ptrace with all that it starts, or without that (-n). strace --inject counts in each
 * process for itself and cannot aim at one of several; this can: ROLE is 0 for PROGRAM's
 * own process and counts up in the order in which threads and processes start. The Nth
 * system call of that role, from 1,
 *
 *	ERRNO	is not made and fails with that number
 *	kill	is not made, for SIGKILL comes first
 *	stop	is made once somebody continues the process: it is stopped and let go
 *
 * FILE gets a line for each call: ROLE N NAME EXECS SITE. EXECS counts what the role has
 * executed; SITE stands for the places in the executable that the call came from, 0 when
 * none is on the stack; an ioctl's NAME ends with its request; and the line "hit" when the action was taken. Ends with PROGRAM's
 * status.
 */
#include <elf.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALONE (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)
#define FOLLOW (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)
#define MAX_ROLES 64
#define STACK_WORDS 160
#define SITE_PLACES 4
#define EXIT_SKIP 77

enum action { NONE, ERROR, KILL, STOP };

struct role {
	pid_t tid;
	unsigned int calls, execs;
	bool in_call, failing;
	uint64_t text, text_end; /* of the executable */
};

static struct role roles[MAX_ROLES];
static size_t role_count;
static FILE *list;
static bool alone;
static struct {
	enum action action;
	unsigned int role, nth;
	int error;
} at;

static void find_text(struct role *role);

static struct role *find(pid_t tid)
{
	for (size_t i = role_count; i--;)
		if (roles[i].tid == tid)
			return &roles[i];
	if (role_count == MAX_ROLES)
		exit(2);
	roles[role_count].tid = tid;
	find_text(&roles[role_count]);
	return &roles[role_count++];
}

/* ------------------------------------------------------------------- a call */

/* The call is none, or its result is this. */
static void set_call(pid_t tid, bool none, int result)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return;
#if defined(__x86_64__)
	if (none)
		regs.orig_rax = (unsigned long long)-1;
	else
		regs.rax = (unsigned long long)(long)result;
#elif defined(__aarch64__)
	if (none) {
		int nr = -1;
		struct iovec call = { &nr, sizeof(nr) };

		(void)ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &call);
	} else {
		regs.regs[0] = (unsigned long long)(long)result;
	}
#else
	fputs("not written for this processor\n", stderr);
	exit(EXIT_SKIP);
#endif
	(void)ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov);
}

/* Where the executable's code is, which a new process has from its parent. */
static void find_text(struct role *role)
{
	char path[64], exe[512], line[1024];
	ssize_t len;
	FILE *maps;

	role->text = role->text_end = 0;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)role->tid);
	len = readlink(path, exe, sizeof(exe) - 1);
	if (len < 0)
		return;
	exe[len] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)role->tid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long long from, to;
		char rights[8];

		if (!strstr(line, exe) ||
		    sscanf(line, "%llx-%llx %7s", &from, &to, rights) != 3 ||
		    rights[2] != 'x')
			continue;
		role->text = from;
		role->text_end = to;
	}
	if (maps)
		fclose(maps);
}

static uint32_t site(const struct role *role, uint64_t stack)
{
	uint64_t words[STACK_WORDS];
	struct iovec ours = { words, sizeof(words) };
	struct iovec theirs = { (void *)(uintptr_t)stack, sizeof(words) };
	ssize_t len = process_vm_readv(role->tid, &ours, 1, &theirs, 1, 0);
	uint32_t hash = 0;
	int places = 0;

	for (ssize_t i = 0; i < len / (ssize_t)sizeof(words[0]) && places < SITE_PLACES;
	     i++) {
		if (words[i] < role->text || words[i] >= role->text_end)
			continue;
		hash = hash * 31 + (uint32_t)(words[i] - role->text);
		places++;
	}
	return hash;
}

static void write_call(const struct role *role, const struct __ptrace_syscall_info *info)
{
	char *name =
		seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)info->entry.nr);

	fprintf(list, "%zu %u %s", (size_t)(role - roles), role->calls,
		name ? name : "?");
	if (name && !strcmp(name, "ioctl"))
		fprintf(list, ":%x", (unsigned int)info->entry.args[1]);
	fprintf(list, " %u %x\n", role->execs, site(role, info->stack_pointer));
	free(name);
}

/* True when the thread is not ours any more. */
static bool enter_call(struct role *role, const struct __ptrace_syscall_info *info)
{
	bool hit = ++role->calls == at.nth && role - roles == at.role;

	if (list)
		write_call(role, info);
	if (!hit || at.action == NONE)
		return false;
	if (list)
		fputs("hit\n", list);
	if (at.action == ERROR) {
		role->failing = true;
		set_call(role->tid, true, 0);
		return false;
	}
	if (at.action == KILL)
		return kill(role->tid, SIGKILL) == 0;
	return ptrace(PTRACE_DETACH, role->tid, 0, SIGSTOP) == 0;
}

static bool on_call(struct role *role)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, role->tid, sizeof(info), &info) < 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return enter_call(role, &info);
	if (role->failing)
		set_call(role->tid, false, -at.error);
	role->failing = false;
	return false;
}

/* -------------------------------------------------------------------- the loop */

static void on_event(struct role *role, int event)
{
	unsigned long tid;

	if (event == PTRACE_EVENT_EXEC) {
		role->execs++;
		find_text(role);
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		   event == PTRACE_EVENT_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, role->tid, 0, &tid) == 0)
			find((pid_t)tid)->execs = role->execs;
	}
}

static void on_stop(pid_t tid, int status)
{
	struct role *role = find(tid);
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		if (on_call(role))
			return;
		sig = 0;
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		(void)ptrace(PTRACE_LISTEN, tid, 0, 0);
		return;
	} else if (event) {
		on_event(role, event);
		sig = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, tid, 0, sig);
}

/* Until the program has ended; what it left is let go, for somebody else to find. */
static int loop(pid_t root)
{
	int status;

	for (;;) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0)
			return 2;
		if (WIFSTOPPED(status))
			on_stop(tid, status);
		else if (tid == root)
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
	}
}

static bool take_action(const char *text)
{
	char word[16];

	if (sscanf(text, "%u:%u:%15s", &at.role, &at.nth, word) != 3)
		return false;
	at.error = atoi(word);
	at.action = !strcmp(word, "kill") ? KILL : !strcmp(word, "stop") ? STOP : ERROR;
	return at.action != ERROR || at.error > 0;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid > 0 && waitpid(pid, &status, WUNTRACED) == pid &&
	    ptrace(PTRACE_SEIZE, pid, 0, alone ? ALONE : ALONE | FOLLOW) == 0) {
		(void)find(pid);
		kill(pid, SIGCONT);
		return pid;
	}
	perror("nth");
	exit(2);
}

int main(int argc, char **argv)
{
	int option;
	pid_t root;

	while ((option = getopt(argc, argv, "+nl:a:")) != -1) {
		alone |= option == 'n';
		if (option == 'l')
			list = fopen(optarg, "we");
		if ((option == 'l' && !list) || (option == 'a' && !take_action(optarg)) ||
		    option == '?')
			return 2;
	}
	if (!argv[optind])
		return 2;
	root = start(argv + optind);
	(void)ptrace(PTRACE_INTERRUPT, root, 0, 0);
	option = loop(root);
	if (list)
		fclose(list);
	return option;
}
