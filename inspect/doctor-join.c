/* SPDX-License-Identifier: MIT */
/*
 * The doctor's visit: a helper joins the namespaces of a process, takes its root, its ids
 * and its effective capabilities, and asks there. It is never dumpable, keeps one socket
 * of the host's, and sends one message. What cannot be joined is the process's seccomp
 * filter, and what is not joined its cgroup: both are looked at from outside.
 */
#include "doctor.h"

#include "bpffs.h"
#include "doctor-memory.h"
#include "text.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#define VISIT_TIMEOUT_MS 30000

/* In the order of joining: once the user namespace is joined, the others are not ours. */
static const struct {
	const char *name;
	int type;
} namespaces[] = {
	{ "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP }, { "pid", CLONE_NEWPID },
	{ "mnt", CLONE_NEWNS },	 { "user", CLONE_NEWUSER },
};

struct visit {
	const struct doctor_opts *opts;
	int proc_fd; /* /proc/PID */
	int root_fd; /* its root directory */
	int ns_fds[ARRAY_SIZE(namespaces)]; /* -EBADF: the same as ours */
	int sock;
};

struct answer {
	int result;
	struct bpftoken_error err;
	struct doctor_report report;
};

static void visit_done(struct visit *visit)
{
	close_fd(&visit->proc_fd);
	close_fd(&visit->root_fd);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		close_fd(&visit->ns_fds[i]);
}

/* ---------------------------------------------------------------- inside */

struct identity {
	uint32_t uid, gid;
	uint64_t capabilities;
};

/* The ids are those of the user namespace that the file is opened in. */
static int read_identity(int proc_fd, struct identity *ret)
{
	_cleanup_close_ int fd = sys_openat(proc_fd, "status", O_RDONLY);
	const char *uid, *gid, *caps;
	char text[4096];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	uid = strstr(text, "\nUid:\t");
	gid = strstr(text, "\nGid:\t");
	caps = strstr(text, "\nCapEff:\t");
	if (!uid || !gid || !caps || sscanf(uid, " Uid: %*u %u", &ret->uid) != 1 ||
	    sscanf(gid, " Gid: %*u %u", &ret->gid) != 1)
		return -EPROTO;
	ret->capabilities = strtoull(caps + strlen("\nCapEff:\t"), NULL, 16);
	return 0;
}

static int take_capabilities(uint64_t wanted)
{
	cap_t caps = cap_init();
	int r = caps ? 0 : -ENOMEM;

	for (cap_value_t value = 0; r == 0 && value <= CAP_LAST_CAP; value++) {
		if (!(wanted >> value & 1))
			continue;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &value, CAP_SET) < 0 ||
		    cap_set_flag(caps, CAP_EFFECTIVE, 1, &value, CAP_SET) < 0)
			r = -EINVAL;
	}
	if (r == 0 && cap_set_proc(caps) < 0)
		r = -errno;
	cap_free(caps);
	return r;
}

static int enter(const struct visit *visit)
{
	struct identity identity = { 0 };
	int r = sys_set_dumpable(false);

	for (size_t i = 0; i < ARRAY_SIZE(namespaces) && r == 0; i++)
		if (visit->ns_fds[i] >= 0)
			r = sys_setns(visit->ns_fds[i], namespaces[i].type);
	if (r == 0)
		r = sys_fchdir(visit->root_fd);
	if (r == 0)
		r = sys_chroot(".");
	if (r == 0)
		r = read_identity(visit->proc_fd, &identity);
	if (r == 0)
		r = sys_drop_groups();
	if (r == 0)
		r = sys_keep_capabilities();
	if (r == 0)
		r = sys_set_ids(identity.uid, identity.gid);
	/* The new ids make the process dumpable again where fs.suid_dumpable says so. */
	if (r == 0)
		r = sys_set_dumpable(false);
	return r < 0 ? r : take_capabilities(identity.capabilities);
}

static int ask_inside(const struct visit *visit)
{
	_cleanup_free_ struct answer *answer = calloc(1, sizeof(*answer));
	int r;

	if (!answer)
		return -ENOMEM;
	(void)sys_death_signal(SIGKILL);
	r = sys_close_all_but(&visit->sock, 1);
	answer->result = r < 0 ? err_raise(&answer->err, BPFTOKEN_STAGE_JOIN, r, NULL)
			       : doctor_run(visit->opts, &answer->report, &answer->err);
	return sys_send_fd(visit->sock, answer, sizeof(*answer), -EBADF);
}

static int fail_inside(const struct visit *visit, int r)
{
	_cleanup_free_ struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return -ENOMEM;
	answer->result = err_raise(&answer->err, BPFTOKEN_STAGE_JOIN, r, NULL);
	return sys_send_fd(visit->sock, answer, sizeof(*answer), -EBADF);
}

/* A pid namespace is joined by the next child only. */
static int helper(const struct visit *visit)
{
	siginfo_t info;
	int pidfd = -EBADF, r;
	pid_t pid;

	sys_death_signal(SIGKILL);
	r = enter(visit);
	if (r < 0)
		return fail_inside(visit, r);
	pid = sys_clone(0, &pidfd);
	if (pid < 0)
		return fail_inside(visit, pid);
	if (pid == 0)
		_Exit(ask_inside(visit) < 0);
	return sys_reap(pidfd, VISIT_TIMEOUT_MS, &info);
}

/* --------------------------------------------------------------- outside */

static bool same_namespace(int fd, const char *name)
{
	uint64_t ours = 0, theirs = 1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return sys_inode(AT_FDCWD, path, &ours) == 0 && sys_inode(fd, "", &theirs) == 0 &&
	       ours == theirs;
}

static int open_visit(int pidfd, struct visit *visit)
{
	pid_t pid = sys_pidfd_pid(pidfd);
	char path[64];
	int r;

	if (pid < 0)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	r = visit->proc_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (r >= 0)
		r = visit->root_fd =
			sys_openat(visit->proc_fd, "root", O_PATH | O_DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces) && r >= 0; i++) {
		snprintf(path, sizeof(path), "ns/%s", namespaces[i].name);
		r = visit->ns_fds[i] = sys_openat(visit->proc_fd, path, O_RDONLY);
		if (r >= 0 && same_namespace(r, namespaces[i].name)) {
			sys_close(r);
			visit->ns_fds[i] = -EBADF;
		}
	}
	/* Still alive, so that the pid was not somebody else's by now. */
	return r < 0 ? r : sys_pidfd_signal(pidfd, 0);
}

static bool has_filter(int proc_fd)
{
	_cleanup_close_ int fd = sys_openat(proc_fd, "status", O_RDONLY);
	char text[4096];
	ssize_t n = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, "\nSeccomp:\t2");
}

static int receive(int sock, struct doctor_report *ret_report, struct bpftoken_error *err)
{
	_cleanup_free_ struct answer *answer = calloc(1, sizeof(*answer));
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!answer)
		return err_oom(err);
	r = sys_recv_fd(sock, VISIT_TIMEOUT_MS, answer, sizeof(*answer), &fd);
	if (r <= 0)
		return err_raise(err, BPFTOKEN_STAGE_JOIN, r ? r : -ESRCH,
				 "the helper in the container did not answer");
	if (answer->result < 0 && err)
		*err = answer->err;
	if (answer->result == 0)
		*ret_report = answer->report;
	return answer->result;
}

static int send_helper(struct visit *visit, struct doctor_report *ret_report,
		       struct bpftoken_error *err)
{
	_cleanup_close_ int ours = -EBADF, pidfd = -EBADF;
	siginfo_t info;
	int pair[2], r;
	pid_t pid;

	r = sys_socketpair(pair);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_JOIN, r, NULL);
	ours = pair[0];
	visit->sock = pair[1];
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		int keep[ARRAY_SIZE(namespaces) + 3] = { visit->sock, visit->proc_fd,
							 visit->root_fd };

		memcpy(keep + 3, visit->ns_fds, sizeof(visit->ns_fds));
		r = sys_close_all_but(keep, ARRAY_SIZE(keep));
		r = r < 0 ? fail_inside(visit, r) : helper(visit);
		_Exit(r < 0);
	}
	sys_close(visit->sock);
	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, pid, NULL);
	r = receive(ours, ret_report, err);
	/* it has answered, or never will */
	if (sys_reap(pidfd, BPFFS_DEFAULT_TIMEOUT_MS, &info) < 0) {
		(void)sys_pidfd_signal(pidfd, SIGKILL);
		(void)sys_reap(pidfd, BPFFS_DEFAULT_TIMEOUT_MS, &info);
	}
	return r;
}

int doctor_run_in(int pidfd, const struct doctor_opts *opts,
		  struct doctor_report *ret_report, struct bpftoken_error *err)
{
	_cleanup_(visit_done) struct visit visit = { .proc_fd = -EBADF,
						     .root_fd = -EBADF };
	struct doctor_opts inside = *opts;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		visit.ns_fds[i] = -EBADF;
	visit.opts = &inside;
	r = open_visit(pidfd, &visit);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, r == -ENOENT ? -ESRCH : r,
				 NULL);
	inside.memory_left = doctor_memory_left(sys_pidfd_pid(pidfd));
	/* 0 means another thing */
	if (!inside.memory_left)
		inside.memory_left = 1;
	inside.filter_unseen = has_filter(visit.proc_fd);
	return send_helper(&visit, ret_report, err);
}
