/* SPDX-License-Identifier: MIT */
/*
 * bpftoken doctor: each gate that a container can break itself is broken on purpose,
 * alone, and the first line has to name it; with nothing broken it has to say so, and be
 * right.
 */
#include "live-doctor.h"

#include "handshake.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>

#define FSCONFIG_CMD_CREATE_ 6
#define XDP_POLICY                                                                  \
	"delegate_cmds=map_create:prog_load,delegate_maps=hash,delegate_progs=xdp," \
	"delegate_attachs=xdp"
#define TRACE_POLICY                                 \
	"delegate_cmds=prog_load,delegate_progs=%s," \
	"delegate_attachs=cgroup_inet_ingress"

/* ------------------------------------------------------------- nothing broken */

static void nothing_broken(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, nothing_body, NULL);
}

static void initial_namespace(void)
{
	expect_doctor("", "stopped at user_namespace:", 5);
}

/* ---------------------------------------------------------------- the bpffs */

static void no_bpffs_body(void *data)
{
	expect_doctor("", "stopped at bpffs: no bpffs is mounted", 1);
	expect_doctor("--token /proc", "stopped at bpffs: /proc is no bpffs", 1);
	expect_doctor("--token /nowhere", "stopped at bpffs: /nowhere is no bpffs", 1);
}

static void no_bpffs(void)
{
	(void)command_copy();
	live_in_container(NULL, no_bpffs_body, NULL);
}

static void hidden_body(void *data)
{
	EXPECT_EQ(mount("tmpfs", LIVE_BPFFS, "tmpfs", 0, NULL), 0);
	expect_doctor("", "stopped at bpffs: every bpffs here is hidden", 1);
	EXPECT_EQ(umount(LIVE_BPFFS), 0);
	expect_doctor("", NOTHING, 0);
}

static void hidden(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, hidden_body, NULL);
}

static void sub_directory_body(void *data)
{
	EXPECT_EQ(mkdir(LIVE_BPFFS "/sub", 0755), 0);
	expect_doctor("--token " LIVE_BPFFS "/sub", "stopped at bpffs_root:", 1);
	EXPECT_EQ(mount(LIVE_BPFFS "/sub", LIVE_BPFFS, NULL, MS_BIND, NULL), 0);
	expect_doctor("", "stopped at bpffs_root:", 1);
	expect_doctor("--token " LIVE_BPFFS, "stopped at bpffs_root:", 1);
}

static void sub_directory(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, sub_directory_body, NULL);
}

/* What somebody inside mounts over a setting reaches no terminal. */
static void hostile_body(void *data)
{
	static struct live_result result;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s-setting", command_copy());
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, "\033[2J\xff", 5), 5);
	close(fd);
	EXPECT_EQ(mount(path, "/proc/sys/kernel/unprivileged_bpf_disabled", NULL, MS_BIND,
			NULL),
		  0);
	run_command(&result, "doctor", NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(result.out, "unprivileged_bpf_disabled is ?[2J?");
	EXPECT_EQ(strchr(result.out, '\033') != NULL, 0);
	EXPECT_EQ(unlink(path), 0);
}

static void hostile(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", command_copy());
	*strrchr(path, '/') = '\0';
	EXPECT_EQ(chmod(path, 0777), 0);
	live_in_container(SMALL_POLICY, hostile_body, NULL);
}

static void no_access_body(void *data)
{
	EXPECT_EQ(chmod(LIVE_BPFFS, 0), 0);
	drop(CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH));
	expect_doctor("", "stopped at bpffs_access:", 5);
}

static void no_access(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, no_access_body, NULL);
}

static void nested_body(void *data)
{
	/* its maps are its own to write */
	EXPECT_EQ(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	EXPECT_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/uid_map", "0 0 1");
	write_to("/proc/self/gid_map", "0 0 1");
	expect_doctor("", "stopped at bpffs_owner:", 5);
	/* what it cannot tell apart, it says */
	drop(CAP(SYS_ADMIN));
	expect_doctor("", "stopped at bpffs_owner:", 5);
}

static void wrong_namespace(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, nested_body, NULL);
}

/* A bpffs of the container's that delegates nothing, which bpftoken never makes. */
static void empty_side(int sock)
{
	struct bpftoken_error err;
	int context_fd, mount_fd, root_fd;

	live_become_root(sock);
	context_fd = EXPECT_OK(bpftoken_bpffs_context(&err), &err);
	EXPECT_OK(handshake_send(sock, HANDSHAKE_CONTEXT, context_fd, &err), &err);
	EXPECT_OK(handshake_expect(sock, 20000, HANDSHAKE_MOUNT, &mount_fd, &err), &err);
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	EXPECT_OK(bpftoken_bpffs_place(mount_fd, root_fd, LIVE_BPFFS, &err), &err);
	expect_doctor("", "stopped at delegation:", 3);
	_exit(0);
}

static void nothing_delegated(void)
{
	int pair[2], pidfd, context_fd, mount_fd;
	struct bpftoken_error err;
	siginfo_t info;
	pid_t pid;

	(void)command_copy();
	EXPECT_EQ(sys_socketpair(pair), 0);
	pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS, &pidfd);
	EXPECT(pid >= 0);
	if (pid == 0)
		empty_side(pair[1]);
	live_map_ids(pid, pair[0]);
	EXPECT_OK(handshake_expect(pair[0], 20000, HANDSHAKE_CONTEXT, &context_fd, &err),
		  &err);
	EXPECT_EQ(sys_fsconfig(context_fd, FSCONFIG_CMD_CREATE_, NULL, NULL), 0);
	mount_fd = sys_fsmount(context_fd, 0);
	EXPECT(mount_fd >= 0);
	EXPECT_OK(handshake_send(pair[0], HANDSHAKE_MOUNT, mount_fd, &err), &err);
	EXPECT_EQ(sys_reap(pidfd, 60000, &info), 0);
	EXPECT_EQ(info.si_status, 0);
}

/* ------------------------------------------------------------- capabilities */

struct lack {
	const char *policy;
	uint64_t dropped;
	const char *begins;
};

static void lack_body(void *data)
{
	const struct lack *lack = data;

	drop(lack->dropped);
	expect_doctor("", lack->begins, 5);
}

static void capabilities(void)
{
	static const struct lack lacks[] = {
		{ XDP_POLICY, CAP(BPF), "stopped at cap_bpf: the process lacks CAP_BPF" },
		{ XDP_POLICY, CAP(NET_ADMIN) | CAP(SYS_ADMIN),
		  "stopped at cap_net_admin: the process lacks CAP_NET_ADMIN, without "
		  "which xdp cannot be loaded" },
		{ "delegate_cmds=map_create,delegate_maps=hash:devmap",
		  CAP(NET_ADMIN) | CAP(SYS_ADMIN),
		  "stopped at cap_net_admin: the process lacks CAP_NET_ADMIN, without "
		  "which devmap cannot be loaded" },
		{ "delegate_cmds=prog_load,delegate_progs=raw_tracepoint,"
		  "delegate_attachs=cgroup_inet_ingress",
		  CAP(PERFMON) | CAP(SYS_ADMIN),
		  "stopped at cap_perfmon: the process lacks CAP_PERFMON, without which "
		  "raw_tracepoint cannot be loaded" },
	};

	(void)command_copy();
	for (size_t i = 0; i < LIVE_COUNT(lacks); i++)
		live_in_container(lacks[i].policy, lack_body, (void *)&lacks[i]);
}

static void standing_in_body(void *data)
{
	drop(CAP(NET_ADMIN) | CAP(PERFMON));
	expect_doctor("", NOTHING, 0);
}

static void sys_admin_stands_in(void)
{
	(void)command_copy();
	live_in_container(XDP_POLICY, standing_in_body, NULL);
}

static void btf_by_id_body(void *data)
{
	struct bpftoken_error err = { 0 };
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	bool has =
		bpftoken_probe_cmd(ATTR_BTF_GET_FD_BY_ID, token, &err) == BPFTOKEN_WORKS;

	expect_doctor("", has ? NOTHING : "stopped at kernel_types:", has ? 0 : 4);
	drop(CAP(SYS_ADMIN));
	expect_doctor("", has ? "stopped at cap_sys_admin:" : "stopped at kernel_types:",
		      has ? 5 : 4);
}

static void btf_by_id(void)
{
	(void)command_copy();
	live_in_container("delegate_cmds=btf_get_fd_by_id:btf_load", btf_by_id_body,
			  NULL);
}

/* ------------------------------------------------------------------- seccomp */

/* This call, and for bpf() this command (-1: any), is answered so. */
static void filter(int number, int cmd, uint32_t action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, cmd < 0 ? 0 : (uint32_t)cmd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LIVE_COUNT(code), code };

	if (cmd >= 0)
		code[3].code = BPF_JMP | BPF_JEQ | BPF_K;
	EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	EXPECT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

struct filtered {
	int number, cmd;
	uint32_t action;
	const char *begins;
	int status;
};

static void filtered_body(void *data)
{
	const struct filtered *filtered = data;

	filter(filtered->number, filtered->cmd, filtered->action);
	expect_doctor("", filtered->begins, filtered->status);
}

#define ERRNO(code) (SECCOMP_RET_ERRNO | (code))

static void seccomp_bpf(void)
{
	static const struct filtered filters[] = {
		{ SYS_bpf, -1, ERRNO(EPERM), "stopped at seccomp:", 5 },
		{ SYS_bpf, -1, ERRNO(ENOSYS), "stopped at seccomp:", 5 },
		{ SYS_bpf, -1, ERRNO(EACCES), "stopped at seccomp:", 5 },
		{ SYS_bpf, -1, SECCOMP_RET_KILL_PROCESS, "stopped at seccomp:", 5 },
		{ SYS_bpf, ATTR_PROG_LOAD, ERRNO(EPERM),
		  "stopped at seccomp: the seccomp filter of this process answers "
		  "bpf(prog_load) itself",
		  5 },
		{ SYS_bpf, ATTR_TOKEN_CREATE, ERRNO(EPERM),
		  "stopped at seccomp: the seccomp filter of this process answers "
		  "bpf(token_create) itself",
		  5 },
		{ SYS_perf_event_open, -1, ERRNO(EPERM), NOTHING, 0 },
		{ SYS_getppid, -1, ERRNO(EPERM), NOTHING, 0 },
	};

	(void)command_copy();
	for (size_t i = 0; i < LIVE_COUNT(filters); i++)
		live_in_container(SMALL_POLICY, filtered_body, (void *)&filters[i]);
}

static void seccomp_perf(void)
{
	static const struct filtered filters[] = {
		{ SYS_perf_event_open, -1, ERRNO(EPERM),
		  "limited at perf_event_open:", 0 },
		{ SYS_perf_event_open, -1, ERRNO(ENOSYS),
		  "limited at perf_event_open:", 0 },
	};
	char policy[256];

	(void)command_copy();
	snprintf(policy, sizeof(policy), TRACE_POLICY, "tracepoint");
	for (size_t i = 0; i < LIVE_COUNT(filters); i++)
		live_in_container(policy, filtered_body, (void *)&filters[i]);
}

/* ------------------------------------------------------ a process, from the host */

/* A process that joins the container, and then takes away from itself. */
static void expect_of_process(const struct live_container *in, void (*take)(void),
			      const char *begins, int status)
{
	struct live_container process = { .sock = -1 };
	siginfo_t info;
	int ready[2];
	char c;

	EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
	process.pid = sys_clone(0, &process.pidfd);
	EXPECT(process.pid >= 0);
	if (process.pid == 0) {
		sys_death_signal(SIGKILL);
		EXPECT_EQ(sys_setns(in->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
		take();
		EXPECT_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	EXPECT_EQ(read(ready[0], &c, 1), 1);
	expect_of(&process, begins, status);
	EXPECT_EQ(sys_pidfd_signal(process.pidfd, SIGKILL), 0);
	EXPECT_EQ(sys_reap(process.pidfd, 10000, &info), 0);
	close(process.pidfd);
	close(ready[0]);
	close(ready[1]);
}

static void take_nothing(void)
{
}

static void take_cap_bpf(void)
{
	drop(CAP(BPF));
}

static void take_getppid(void)
{
	filter(SYS_getppid, -1, ERRNO(EPERM));
}

static void processes(void)
{
	struct live_container container;

	(void)command_copy();
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
	delegate(&container, SMALL_POLICY);
	expect_of_process(&container, take_nothing, NOTHING ": 2 of 2", 0);
	expect_of_process(&container, take_cap_bpf, "stopped at cap_bpf:", 5);
	/* what cannot be tried from outside is not guessed */
	expect_of_process(&container, take_getppid,
			  NOTHING ", as far as can be seen: seccomp is unseen", 0);
	live_container_end(&container);
}

static const struct live_test tests[] = {
	{ "nothing broken, and it says so", nothing_broken },
	{ "the initial user namespace", initial_namespace },
	{ "no bpffs", no_bpffs },
	{ "a bpffs that is hidden", hidden },
	{ "a directory of a bpffs", sub_directory },
	{ "a bpffs that may not be opened", no_access },
	{ "a setting that is not the kernel's", hostile },
	{ "a bpffs of another user namespace", wrong_namespace },
	{ "a bpffs that delegates nothing", nothing_delegated },
	{ "each capability", capabilities },
	{ "CAP_SYS_ADMIN stands for others", sys_admin_stands_in },
	{ "CAP_SYS_ADMIN for BTF by id", btf_by_id },
	{ "seccomp on bpf()", seccomp_bpf },
	{ "seccomp on perf_event_open()", seccomp_perf },
	{ "a process, from the host", processes },
};

LIVE_MAIN(tests)
