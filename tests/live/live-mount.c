/* SPDX-License-Identifier: MIT */
/*
 * bpftoken_bpffs_mount(): a delegation to a process that already runs, with its options,
 * its refusals, and its helper, which nobody in the container may touch.
 */
#include "live-target.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>

/* ---------------------------------------------------------------- successes */

static void whole_protocol(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;
	struct bpftoken_error err;
	struct left before;

	make_targets();
	live_container_start(&container, CONTAINER);
	before = count_left();
	EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), &err);
	EXPECT_STR(options_at(container.pid, LIVE_BPFFS),
		   "rw,uid=100000,gid=100000," SMALL_POLICY);
	expect_mount_flags(container.pid, LIVE_BPFFS);
	expect_left("bpftoken_bpffs_mount", &before);
	live_container_end(&container);
}

static void target_owner_and_mode(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy =
		live_policy("delegate_maps=any");
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct live_container container;
	struct bpftoken_error err;
	char path[64];
	struct stat st;

	make_targets();
	live_container_start(&container, CONTAINER);
	opts.target = DIR_INSIDE "/below";
	opts.flags = BPFTOKEN_BPFFS_UID | BPFTOKEN_BPFFS_GID;
	opts.uid = 101000;
	opts.gid = 101001;
	opts.mode = 0700;
	EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, &opts, &err), &err);
	EXPECT_STR(options_at(container.pid, opts.target),
		   "rw,uid=101000,gid=101001,mode=700,delegate_maps=any");
	expect_mount_flags(container.pid, opts.target);
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)container.pid, opts.target);
	EXPECT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_uid, 101000);
	EXPECT_EQ(st.st_gid, 101001);
	EXPECT_EQ(st.st_mode & 0777, 0700);
	/* not on the host */
	EXPECT_EQ(stat(opts.target, &st), 0);
	EXPECT_EQ(st.st_uid, 0);
	live_container_end(&container);
}

/* A process of the container whose root is DIR_INSIDE; its pidfd. */
static pid_t start_chrooted(const struct live_container *container, int *ret_pidfd)
{
	int ready[2];
	pid_t pid;
	char byte;

	EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
	pid = sys_clone(0, ret_pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
		EXPECT_EQ(sys_set_ids(0, 0), 0);
		/* new ids reset it */
		sys_death_signal(SIGKILL);
		EXPECT_EQ(chroot(DIR_INSIDE) | chdir("/"), 0);
		EXPECT_EQ(write(ready[1], "x", 1), 1);
		pause();
	}
	close(ready[1]);
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

/* The target's own root is where the path begins and what it cannot leave. */
static void target_below_the_process_root(void)
{
	static const char *const targets[] = { "/below", "/../../below",
					       "/below/../../below" };
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;
	siginfo_t info;
	int pidfd;

	make_targets();
	live_container_start(&container, CONTAINER);
	(void)start_chrooted(&container, &pidfd);
	for (size_t i = 0; i < LIVE_COUNT(targets); i++) {
		BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
		struct bpftoken_error err;
		size_t lines = 0;

		opts.target = targets[i];
		/* it is there, by whatever name */
		EXPECT_EQ(
			EXPECT_OK(bpftoken_bpffs_mount(pidfd, policy, &opts, &err), &err),
			i > 0);
		EXPECT_HAS(options_at(container.pid, DIR_INSIDE "/below"), SMALL_POLICY);
		for (const char *c = mounts_of(container.pid);
		     (c = strstr(c, " " DIR_INSIDE "/below ")); c++)
			lines++;
		EXPECT_EQ(lines, 1);
	}
	EXPECT_EQ(sys_pidfd_signal(pidfd, SIGKILL), 0);
	EXPECT_EQ(sys_reap(pidfd, 5000, &info), 0);
	live_container_end(&container);
}

static void token_works(void *data)
{
	const struct live_container *container = data;
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	struct bpftoken_error err;

	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	opts.type = 27;
	opts.max_entries = 4096;
	EXPECT_EQ(bpftoken_map_create(&opts, &err), -EPERM);
	opts.token_fd = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	EXPECT_OK(bpftoken_map_create(&opts, &err), &err);
}

static void token_works_there(void *data)
{
	const struct live_container *container = data;

	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWNS), 0);
	token_works(data);
}

static void unowned_mount_namespace(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container outer, inner;
	struct bpftoken_error err;
	struct left before;

	make_targets();
	start_unowned(&outer, &inner);
	before = count_left();
	EXPECT_OK(bpftoken_bpffs_mount(inner.pidfd, policy, NULL, &err), &err);
	EXPECT_STR(options_at(inner.pid, LIVE_BPFFS),
		   "rw,uid=100000,gid=100000," SMALL_POLICY);
	expect_mount_flags(inner.pid, LIVE_BPFFS);
	expect_left("bpftoken_bpffs_mount", &before);
	in_child(token_works_there, &inner);
	EXPECT_EQ(bpftoken_bpffs_mount(inner.pidfd, policy, NULL, &err), 1);
	live_container_end(&inner);
	live_container_end(&outer);
}

/* Mount, link and directory as an OCI runtime leaves them before pivot_root. */
static void a_root_to_be(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct live_container container;
	struct bpftoken_error err;

	make_targets();
	EXPECT_EQ(mkdir(DIR_INSIDE "/rootfs", 0755), 0);
	EXPECT_EQ(chown(DIR_INSIDE "/rootfs", 100000, 100000), 0);
	EXPECT_EQ(symlink("/run", DIR_INSIDE "/rootfs/escape"), 0);
	/* where the container's root may not go */
	EXPECT_EQ(chmod(DIR_INSIDE, 0700), 0);
	live_container_start(&container, CONTAINER);
	opts.root = "/run/link/rootfs";
	opts.target = "/bpf";
	expect_refused(&container, "no directory", policy, &opts, -ENOENT,
		       BPFTOKEN_STAGE_RESOLVE);
	opts.flags = BPFTOKEN_BPFFS_MKDIR;
	opts.target = "/escape/bpf";
	expect_refused(&container, "out of the root", policy, &opts, -ELOOP,
		       BPFTOKEN_STAGE_RESOLVE);
	opts.target = "/no/bpf";
	expect_refused(&container, "two directories", policy, &opts, -ENOENT,
		       BPFTOKEN_STAGE_RESOLVE);
	opts.target = "/../../bpf/";
	EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, &opts, &err), &err);
	EXPECT_HAS(options_at(container.pid, DIR_INSIDE "/rootfs/bpf"), SMALL_POLICY);
	EXPECT(access("/run/bpf", F_OK) < 0);
	/* what was created for nothing is gone again */
	opts.target = "/other";
	opts.flags |= BPFTOKEN_BPFFS_UID;
	opts.uid = 0;
	expect_refused(&container, "an unmapped uid", policy, &opts, -EINVAL,
		       BPFTOKEN_STAGE_FSCONFIG_OWNER);
	EXPECT(access(DIR_INSIDE "/rootfs/other", F_OK) < 0);
	live_container_end(&container);
}

/* ----------------------------------------------------------------- refusals */

static const struct refusal {
	const char *what, *policy;
	struct bpftoken_bpffs_opts opts;
	int code;
	uint32_t stage;
} refusals[] = {
	{ "missing target",
	  SMALL_POLICY,
	  { .target = "/run/nothing" },
	  -ENOENT,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a file",
	  SMALL_POLICY,
	  { .target = "/run/file" },
	  -ENOTDIR,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "below a file",
	  SMALL_POLICY,
	  { .target = "/run/file/x" },
	  -ENOTDIR,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a symbolic link",
	  SMALL_POLICY,
	  { .target = "/run/link" },
	  -ELOOP,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "below a symbolic link",
	  SMALL_POLICY,
	  { .target = "/run/link/below" },
	  -ELOOP,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a magic link",
	  SMALL_POLICY,
	  { .target = "/proc/self/root/run/live" },
	  -ELOOP,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a magic link of a process",
	  SMALL_POLICY,
	  { .target = "/proc/1/root" },
	  -ELOOP,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a magic link of a descriptor",
	  SMALL_POLICY,
	  { .target = "/proc/1/cwd" },
	  -ELOOP,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "a relative path",
	  SMALL_POLICY,
	  { .target = "run/live" },
	  -EINVAL,
	  BPFTOKEN_STAGE_RESOLVE },
	{ "an unmapped uid",
	  SMALL_POLICY,
	  { .flags = BPFTOKEN_BPFFS_UID, .uid = 0 },
	  -EINVAL,
	  BPFTOKEN_STAGE_FSCONFIG_OWNER },
	{ "an unmapped gid",
	  SMALL_POLICY,
	  { .flags = BPFTOKEN_BPFFS_GID, .gid = 99999 },
	  -EINVAL,
	  BPFTOKEN_STAGE_FSCONFIG_OWNER },
	{ "an unknown bit",
	  "delegate_cmds=0x8000000000000001",
	  { 0 },
	  -EOPNOTSUPP,
	  BPFTOKEN_STAGE_VERIFY },
	{ "an unknown bit with all others",
	  "delegate_maps=0xffffffffffffff7f",
	  { 0 },
	  -EOPNOTSUPP,
	  BPFTOKEN_STAGE_VERIFY },
};

static void refused_targets_and_options(void)
{
	struct bpftoken_policy empty = { 0 };
	struct live_container container;

	make_targets();
	live_container_start(&container, CONTAINER);
	for (size_t i = 0; i < LIVE_COUNT(refusals); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy =
			live_policy(refusals[i].policy);
		struct bpftoken_bpffs_opts opts = refusals[i].opts;

		opts.sz = sizeof(opts);
		expect_refused(&container, refusals[i].what, policy, &opts,
			       refusals[i].code, refusals[i].stage);
	}
	expect_refused(&container, "an empty policy", &empty, NULL, -EINVAL,
		       BPFTOKEN_STAGE_POLICY);
	expect_refused(&container, "no policy", NULL, NULL, -EINVAL,
		       BPFTOKEN_STAGE_POLICY);
	live_container_end(&container);
}

static void refused_namespaces(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;

	live_container_start(&container, CLONE_NEWNS);
	expect_refused(&container, "initial user namespace", policy, NULL, -EINVAL,
		       BPFTOKEN_STAGE_TARGET);
	live_container_end(&container);
	/* it does not own the host's mount namespace, and must not change it */
	live_container_start(&container, CLONE_NEWUSER);
	expect_refused(&container, "no mount namespace", policy, NULL, -EINVAL,
		       BPFTOKEN_STAGE_TARGET);
	live_container_end(&container);
}

static void refused_ends(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;
	struct bpftoken_error err;
	struct left before;
	siginfo_t info;

	live_container_start(&container, CONTAINER);
	EXPECT_EQ(sys_pidfd_signal(container.pidfd, SIGKILL), 0);
	EXPECT_EQ(waitid(P_PID, (id_t)container.pid, &info, WEXITED | WNOWAIT), 0);
	before = count_left();
	/* dead, not yet reaped */
	EXPECT_EQ(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), -ESRCH);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TARGET);
	expect_left("a dead process", &before);
	EXPECT_EQ(sys_reap(container.pidfd, 0, &info), 0);
	before = count_left();
	EXPECT_EQ(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), -ESRCH);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TARGET);
	expect_left("a reaped process", &before);
	/* not a pidfd, not a descriptor */
	EXPECT(bpftoken_bpffs_mount(container.sock, policy, NULL, &err) < 0);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TARGET);
	EXPECT_EQ(bpftoken_bpffs_mount(-1, policy, NULL, &err) < 0, 1);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TARGET);
}

static void mount_unprivileged(void *data)
{
	const struct live_container *container = data;
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);

	set_capabilities(ALL_CAPS & ~CAP(SYS_ADMIN));
	expect_refused(container, "no CAP_SYS_ADMIN", policy, NULL, -EPERM,
		       BPFTOKEN_STAGE_PRIVILEGE);
}

static void mount_from_userns(void *data)
{
	const struct live_container *container = data;
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);

	EXPECT_EQ(unshare(CLONE_NEWUSER), 0);
	expect_refused(container, "in a user namespace", policy, NULL, -EPERM,
		       BPFTOKEN_STAGE_PRIVILEGE);
}

static void refused_privilege(void)
{
	struct live_container container;

	live_container_start(&container, CONTAINER);
	in_child(mount_unprivileged, &container);
	in_child(mount_from_userns, &container);
	live_container_end(&container);
}

/* --------------------------------------------------------------- the helper */

/* Every move_mount() of this process and its children waits for the listener. */
static int stop_at_move_mount(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_move_mount, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { LIVE_COUNT(filter), filter };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

struct attack {
	const struct live_container *container;
	pid_t helper;
};

/* The container's root, all its capabilities, and even the host's pid numbers. */
static void attack_helper(void *data)
{
	const struct attack *attack = data;
	char path[64];

	EXPECT_EQ(sys_setns(attack->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	EXPECT(ptrace(PTRACE_SEIZE, attack->helper, 0, 0) < 0 && errno == EPERM);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)attack->helper);
	EXPECT(open(path, O_RDWR) < 0 && errno == EACCES);
	snprintf(path, sizeof(path), "/proc/%d/root", (int)attack->helper);
	EXPECT(open(path, O_PATH) < 0 && errno == EACCES);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)attack->helper);
	EXPECT(!opendir(path) && errno == EACCES);
}

static size_t count_fds_of(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	EXPECT(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* As it stands in the container, about to place the mount. */
static void examine_helper(const struct live_container *container, pid_t helper)
{
	struct attack attack = { container, helper };
	unsigned int uid = 0, level[3];
	const char *line;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)helper);
	line = strstr(live_file(path), "\nUid:");
	EXPECT(line && sscanf(line, "\nUid: %u", &uid) == 1);
	EXPECT_EQ(uid, 100000);
	line = strstr(live_file(path), "\nGroups:");
	EXPECT(line && line[8 + strspn(line + 8, "\t ")] == '\n');
	/* one pid: it is in no pid namespace but the host's */
	line = strstr(live_file(path), "\nNSpid:");
	EXPECT(line);
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
	EXPECT_EQ(sscanf(path, "NSpid: %u %u %u", &level[0], &level[1], &level[2]), 1);
	/* the files of what cannot be dumped are the host root's */
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)helper);
	EXPECT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_uid, 0);
	/* pidfd, two namespaces, socket, root, target, mount */
	EXPECT(count_fds_of(helper) <= 7);
	in_child(attack_helper, &attack);
}

static void helper_is_out_of_reach(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	struct seccomp_notif question = { 0 };
	struct live_container container;
	int pair[2], listener, status;
	struct pollfd pfd = { .events = POLLIN };
	pid_t caller;
	const gid_t group = 4242;
	char byte;

	let_new_ids_be_dumpable();
	EXPECT_EQ(setgroups(1, &group), 0);
	live_container_start(&container, CONTAINER);
	for (int i = 0; i < 20; i++)
		EXPECT(open("/", O_RDONLY | O_DIRECTORY) >= 0);
	EXPECT_EQ(sys_socketpair(pair), 0);
	caller = fork();
	EXPECT(caller >= 0);
	if (caller == 0) {
		struct bpftoken_error err;

		listener = stop_at_move_mount();
		EXPECT(listener >= 0);
		EXPECT_EQ(sys_send_fd(pair[1], "x", 1, listener), 0);
		close(listener);
		EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err),
			  &err);
		_exit(0);
	}
	EXPECT_EQ(sys_recv_fd(pair[0], 10000, &byte, 1, &listener), 1);
	pfd.fd = listener;
	EXPECT_EQ(poll(&pfd, 1, 10000), 1);
	EXPECT_EQ(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question), 0);
	EXPECT((pid_t)question.pid != caller);
	examine_helper(&container, (pid_t)question.pid);
	answer.id = question.id;
	EXPECT_EQ(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
	EXPECT_EQ(waitpid(caller, &status, 0), caller);
	EXPECT_EQ(status, 0);
	EXPECT_HAS(options_at(container.pid, LIVE_BPFFS), SMALL_POLICY);
	live_container_end(&container);
}

static const struct live_test tests[] = {
	{ "exactly the policy, owned by the container", whole_protocol, false },
	{ "target, owner and mode", target_owner_and_mode, false },
	{ "the target is below the process's root", target_below_the_process_root,
	  false },
	{ "a mount namespace that is another's", unowned_mount_namespace, false },
	{ "a root to be, and a directory that is missing", a_root_to_be, false },
	{ "refused targets, options and policies", refused_targets_and_options, false },
	{ "refused namespaces", refused_namespaces, false },
	{ "a process that has ended", refused_ends, false },
	{ "not privileged", refused_privilege, false },
	{ "the helper is out of the container's reach", helper_is_out_of_reach, false },
};

LIVE_MAIN(tests)
