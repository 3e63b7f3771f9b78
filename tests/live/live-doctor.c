/* SPDX-License-Identifier: MIT */
/*
 * bpftoken doctor: each gate is broken on purpose, alone, and the first line has to name
 * it; with nothing broken it has to say so, and be right.
 */
#include "live-more.h"

#include "btf-find.h"
#include "handshake.h"
#include "probe-link.h"

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

#define NOTHING "nothing stands in the way"

/* `bpftoken doctor ARGS` begins so and ends with this status; JSON says the same. */
static void expect_doctor(const char *args, const char *begins, int status)
{
	static struct live_result result;
	char text[512], gate[128] = "";
	const char *at = strstr(begins, " at ");

	snprintf(text, sizeof(text), "doctor %s", args);
	run_command(&result, text, NULL);
	/* lines are broken between words */
	for (char *c = strstr(result.out, "\n  "); c && c < strstr(result.out, "\n\n");
	     c = strstr(c, "\n  "))
		memmove(c, c + 2, strlen(c + 2) + 1), *c = ' ';
	if (strncmp(result.out, begins, strlen(begins)) != 0 || result.status != status)
		live_fail(__FILE__, __LINE__,
			  "doctor %s: not \"%s\" and %d, but %d: %s%s", args, begins,
			  status, result.status, result.out, result.err);
	snprintf(text, sizeof(text), "doctor --json %s", args);
	run_command(&result, text, NULL);
	EXPECT_EQ(result.status, status);
	if (at)
		snprintf(gate, sizeof(gate), "%.*s", (int)strcspn(at + 4, ":"), at + 4);
	snprintf(text, sizeof(text), "\"gate\":\"%s\"", gate);
	EXPECT_HAS(result.out, text);
}

/* ------------------------------------------------------------- nothing broken */

static void nothing_body(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	expect_doctor("", NOTHING ": 2 of 2 delegated kinds loaded", 0);
	/* and is right */
	EXPECT_OK(closed(try_map(MAP_RINGBUF, token, &err)), &err);
	EXPECT_OK(closed(try_prog(PROG_SOCKET_FILTER, 0, token, &err)), &err);
	expect_doctor("--token " LIVE_BPFFS, NOTHING, 0);
	expect_doctor("-p " SMALL_POLICY, NOTHING, 0);
	/* nothing is left: no mount, no process */
	EXPECT_EQ(count_children(), 0);
}

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

static void drop(uint64_t capabilities)
{
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (capabilities >> i & 1)
			EXPECT_EQ(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), 0);
	set_capabilities(ALL_CAPS & ~capabilities);
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

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
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

/* ------------------------------------------------------------------- the masks */

static const char *const nouns[BPFTOKEN_SETS] = { "command", "map type", "program type",
						  "attach type" };
static const char *const words[BPFTOKEN_SETS] = { "cmds", "maps", "progs", "attachs" };

struct mask_bit {
	uint32_t value;
	bool sets[BPFTOKEN_SETS]; /* that it is taken away from */
};

static void mask_body(void *data)
{
	const struct mask_bit *bit = data;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		const char *name = bpftoken_name(set, bit->value);
		char args[128], begins[256];

		if (!bit->sets[set])
			continue;
		snprintf(args, sizeof(args), "--%s %s", words[set], name);
		snprintf(begins, sizeof(begins),
			 "stopped at %s: the token does not delegate %s %s\n", words[set],
			 nouns[set], name);
		expect_doctor(args, begins, 3);
	}
}

static void without_bit(struct mask_bit *bit)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(LIVE_ANY);
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int count = names_kernel_count(set);

		/* what the kernel does not know cannot be delegated */
		for (uint32_t value = (uint32_t)count; value <= NAMES_MAX_VALUE; value++)
			EXPECT_EQ(bpftoken_policy_remove(policy, set, value), 0);
		bit->sets[set] = bit->sets[set] && bit->value < (uint32_t)count;
		if (bit->sets[set])
			EXPECT_EQ(bpftoken_policy_remove(policy, set, bit->value), 0);
	}
	EXPECT_OK(bpftoken_policy_format(policy, "mount", &text, &err), &err);
	text[strcspn(text, "\n")] = '\0';
	live_in_container(text, mask_body, bit);
}

static void each_mask_bit(void)
{
	(void)command_copy();
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		/* without map_create or prog_load, the types' own bits do not matter */
		bool load = value == ATTR_MAP_CREATE || value == ATTR_PROG_LOAD;
		struct mask_bit cmd = { value, { load } };
		struct mask_bit types = { value, { !load, value, value, true } };

		if (load)
			without_bit(&cmd);
		without_bit(&types);
	}
}

struct senseless {
	const char *policy, *begins;
};

static void senseless_body(void *data)
{
	const struct senseless *senseless = data;

	expect_doctor("", senseless->begins, 3);
}

static void makes_no_sense(void)
{
	static const struct senseless rows[] = {
		{ "delegate_cmds=prog_load,delegate_maps=hash,delegate_progs=xdp,"
		  "delegate_attachs=xdp",
		  "stopped at cmds: the token does not delegate command map_create" },
		{ "delegate_cmds=map_create,delegate_maps=hash,delegate_progs=xdp,"
		  "delegate_attachs=xdp",
		  "stopped at cmds: the token does not delegate command prog_load" },
		{ "delegate_cmds=map_create", "stopped at maps:" },
		{ "delegate_cmds=prog_load,delegate_attachs=xdp", "stopped at progs:" },
		{ "delegate_cmds=prog_load,delegate_progs=socket_filter,"
		  "delegate_attachs=xdp",
		  "stopped at attachs: the token does not delegate attach type "
		  "cgroup_inet_ingress, which socket_filter is loaded with" },
		{ "delegate_cmds=prog_load,delegate_progs=sk_lookup,"
		  "delegate_attachs=xdp",
		  "stopped at attachs: the token does not delegate attach type "
		  "sk_lookup, which sk_lookup is loaded with" },
	};

	(void)command_copy();
	for (size_t i = 0; i < LIVE_COUNT(rows); i++)
		live_in_container(rows[i].policy, senseless_body, (void *)&rows[i]);
}

/* ---------------------------------------------------------- kernel and settings */

/* Also where there are no tokens: that is the gate then. */
static void old_kernel(void)
{
	if (bpftoken_supported(NULL) < 0)
		expect_doctor("", "stopped at kernel: Linux ", 4);
	else
		expect_doctor("", "stopped at user_namespace:", 5);
}

static void no_btf_body(void *data)
{
	EXPECT_EQ(mount("tmpfs", "/sys/kernel/btf", "tmpfs", 0, NULL), 0);
	expect_doctor("--progs raw_tracepoint", "limited at btf:", 0);
	expect_doctor("--progs tracing --attachs trace_iter",
		      "stopped at btf: the kernel shows no BTF here, which programs of "
		      "these types name their target in: tracing",
		      4);
}

static void no_btf(void)
{
	(void)command_copy();
	live_in_container(LIVE_ANY, no_btf_body, NULL);
}

/* lirc_mode2, which kernels without infrared receivers lack. */
static void lacking_body(void *data)
{
	struct bpftoken_error reason = { 0 };
	int token = EXPECT_OK(bpftoken_open(NULL, &reason), &reason);
	int answer =
		bpftoken_probe_prog_type(20, BPFTOKEN_ATTACH_DEFAULT, token, &reason);
	bool has = answer == BPFTOKEN_WORKS;

	expect_doctor("",
		      has ? NOTHING
			  : "stopped at kernel_types: the kernel does not "
			    "have lirc_mode2",
		      has ? 0 : 4);
}

static void kernel_lacks_type(void)
{
	(void)command_copy();
	live_in_container("delegate_cmds=prog_load,delegate_progs=lirc_mode2,"
			  "delegate_attachs=lirc_mode2",
			  lacking_body, NULL);
}

/* What perf events are good for at this level. */
static void perf_body(void *data)
{
	const char *level = live_file(PERF_PARANOID);
	bool tracepoints = atoi(level) < 0, buffers = atoi(level) <= 0;

	expect_doctor("--progs tracepoint",
		      tracepoints ? NOTHING
				  : "limited at perf_event_paranoid: "
				    "kernel.perf_event_paranoid is ",
		      0);
	expect_doctor("--maps perf_event_array",
		      buffers ? NOTHING : "limited at perf_event_paranoid:", 0);
	expect_doctor("--progs kprobe --attachs trace_uprobe_multi", NOTHING, 0);
}

static void perf_levels(void)
{
	static const char *const levels[] = { "2", "1", "0", "-1" };
	char before[16];

	(void)command_copy();
	snprintf(before, sizeof(before), "%s", live_file(PERF_PARANOID));
	/* of another machine than a VM of ours, the level that it has */
	for (size_t i = 0; i < LIVE_COUNT(levels); i++) {
		if (getenv("BPFTOKEN_KERNEL"))
			write_setting(PERF_PARANOID, levels[i]);
		live_in_container(LIVE_ANY, perf_body, NULL);
		if (!getenv("BPFTOKEN_KERNEL"))
			break;
	}
	if (getenv("BPFTOKEN_KERNEL"))
		write_setting(PERF_PARANOID, before);
}

#define JIT_LIMIT "/proc/sys/net/core/bpf_jit_limit"

/* A kernel with an interpreter loads what it can without. */
static void jit_body(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	bool loads = closed(try_prog(PROG_SOCKET_FILTER, 0, token, &err)) == 0;

	if (!data)
		expect_doctor("", NOTHING, 0);
	else if (loads)
		expect_doctor("", "limited at jit_limit:", 0);
	else
		expect_doctor("", "stopped at jit_limit:", 1);
}

static void jit_limit(void)
{
	char before[32];

	(void)command_copy();
	live_in_container(SMALL_POLICY, jit_body, NULL);
	if (!getenv("BPFTOKEN_KERNEL"))
		return;
	snprintf(before, sizeof(before), "%s", live_file(JIT_LIMIT));
	write_setting(JIT_LIMIT, "1");
	live_in_container(SMALL_POLICY, jit_body, before);
	write_setting(JIT_LIMIT, before);
}

/* ---------------------------------------------------------------------- memory */

#define MIB (1U << 20)

static bool eat(int token)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token;
	opts.type = MAP_ARRAY;
	opts.key_size = 4;
	opts.value_size = MIB;
	opts.max_entries = 1;
	/* stays open, to the end of the process */
	return bpftoken_map_create(&opts, NULL) >= 0;
}

static void memory_body(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int n = 0, last = 0;

	expect_doctor("", NOTHING, 0);
	while (n < 256 && eat(token))
		n++;
	EXPECT(n > 4 && n < 256);
	/* what the command itself needs, and less than a map of 4 MiB */
	last = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 1; i <= 3; i++)
		EXPECT_EQ(close(last - i), 0);
	expect_doctor("", "stopped at memory: no memory is left for a map of 4 MiB", 1);
}

/* A memory cgroup of this size around the test; v2, or v1 where that is mounted. */
static const char *memory_group(void)
{
	static char group[128];
	bool v1 = access("/sys/fs/cgroup/memory/cgroup.procs", F_OK) == 0;
	char path[160];

	if (!v1)
		write_to("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	snprintf(group, sizeof(group), "/sys/fs/cgroup/%sbpftoken-live-%d",
		 v1 ? "memory/" : "", (int)getpid());
	EXPECT_EQ(mkdir(group, 0755), 0);
	snprintf(path, sizeof(path), "%s/memory.%s", group,
		 v1 ? "limit_in_bytes" : "max");
	write_to(path, "33554432");
	return group;
}

static void no_memory(void)
{
	const char *group;
	char path[160], pid[16];

	(void)command_copy();
	group = memory_group();
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	write_to(path, pid);
	live_in_container("delegate_cmds=map_create,delegate_maps=array", memory_body,
			  NULL);
	write_to(strstr(group, "/memory/") ? "/sys/fs/cgroup/memory/cgroup.procs"
					   : "/sys/fs/cgroup/cgroup.procs",
		 pid);
	for (int i = 0; i < 100 && rmdir(group) < 0; i++)
		usleep(20000);
	EXPECT(access(group, F_OK) < 0);
}

/* ------------------------------------------------------------- security modules */

#define CONTAINER_ROOT 100000 /* the host's id of it, in live tests */

/* Refuses what this hook asks about the container's root. */
static int attach_lsm(const char *function)
{
	const struct attr_insn insns[] = {
		{ .code = 0x85, .imm = 15 }, /* get_current_uid_gid() */
		{ .code = 0x67, .imm = 32 }, /* r0 <<= 32 */
		{ .code = 0x77, .imm = 32 }, /* r0 >>= 32 */
		{ .code = 0x55, .off = 2, .imm = CONTAINER_ROOT },
		ATTR_INSN_MOV_IMM(0, -EPERM),
		ATTR_INSN_EXIT(),
		ATTR_INSN_MOV_IMM(0, 0),
		ATTR_INSN_EXIT(),
	};
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	struct link_raw_tp_attr attr = { 0 };
	struct bpftoken_error err;
	struct btf_found found;
	int link_fd;

	EXPECT_EQ(btf_find(BTF_FIND_FUNC, function, NULL, &found), 0);
	opts.token_fd = -1;
	opts.type = 29; /* lsm */
	opts.expected_attach_type = 27; /* lsm_mac */
	opts.attach_btf_id = found.id;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	attr.prog_fd = (uint32_t)EXPECT_OK(bpftoken_prog_load(&opts, &err), &err);
	link_fd = sys_bpf(ATTR_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	EXPECT(link_fd >= 0);
	close((int)attr.prog_fd);
	return link_fd;
}

static void denied_body(void *data)
{
	expect_doctor("", data, 5);
}

static void denied_lsm_body(void *data)
{
	expect_doctor("--progs lsm", "stopped at lsm: lsm: refused although", 5);
}

/*
 * The machine at hand may refuse LSM programs to everybody, which is such a denial
 * already; a VM of ours does not, and gets a denial by an LSM program.
 */
static void denials(void)
{
	static const struct {
		const char *function, *begins;
	} hooks[] = {
		{ "bpf_lsm_bpf", "stopped at lsm: bpf() itself is refused" },
		{ "bpf_lsm_bpf_token_create",
		  "stopped at lsm: making the token is refused" },
		{ "bpf_lsm_bpf_token_cmd",
		  "stopped at lsm: ringbuf, socket_filter: refused although" },
		{ "bpf_lsm_bpf_token_capable",
		  "stopped at lsm: ringbuf, socket_filter: refused although" },
	};
	struct bpftoken_error reason;

	(void)command_copy();
	if (bpftoken_probe_prog_type(29, 27, -1, &reason) != BPFTOKEN_WORKS) {
		EXPECT(!getenv("BPFTOKEN_KERNEL"));
		live_in_container(LIVE_ANY, denied_lsm_body, NULL);
		return;
	}
	for (size_t i = 0; i < LIVE_COUNT(hooks); i++) {
		int link_fd = attach_lsm(hooks[i].function);

		live_in_container(SMALL_POLICY, denied_body,
				  (void *)(uintptr_t)hooks[i].begins);
		close(link_fd);
	}
	live_in_container(SMALL_POLICY, nothing_body, NULL);
}

/* ------------------------------------------------------------ from the host's side */

static void expect_of(const struct live_container *container, const char *begins,
		      int status)
{
	char args[64];

	snprintf(args, sizeof(args), "--pid %d", (int)container->pid);
	expect_doctor(args, begins, status);
}

static void delegate(const struct live_container *container, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(text);
	struct bpftoken_error err;

	EXPECT_OK(bpftoken_bpffs_mount(container->pidfd, policy, NULL, &err), &err);
}

static void from_the_host(void)
{
	static struct live_result result;
	struct live_container container;
	struct left before;

	(void)command_copy();
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
	before = count_left();
	expect_of(&container, "stopped at bpffs", 1);
	delegate(&container, SMALL_POLICY);
	expect_of(&container, NOTHING ": 2 of 2 delegated kinds loaded", 0);
	expect_left("doctor --pid", &before);
	live_container_end(&container);
	/* not the host's own answer */
	live_container_start(&container, CLONE_NEWNS);
	expect_of(&container, "stopped at user_namespace:", 5);
	live_container_end(&container);
	run_command(&result, "doctor --pid 4194303", NULL);
	EXPECT_EQ(result.status, 1);
	expect_one_line("doctor --pid", result.err);
}

static const struct live_test tests[] = {
	{ "nothing broken, and it says so", nothing_broken },
	{ "the initial user namespace", initial_namespace },
	{ "no bpffs", no_bpffs },
	{ "a bpffs that is hidden", hidden },
	{ "a directory of a bpffs", sub_directory },
	{ "a bpffs that may not be opened", no_access },
	{ "a bpffs of another user namespace", wrong_namespace },
	{ "a bpffs that delegates nothing", nothing_delegated },
	{ "each capability", capabilities },
	{ "CAP_SYS_ADMIN stands for others", sys_admin_stands_in },
	{ "CAP_SYS_ADMIN for BTF by id", btf_by_id },
	{ "seccomp on bpf()", seccomp_bpf },
	{ "seccomp on perf_event_open()", seccomp_perf },
	{ "each mask bit", each_mask_bit },
	{ "a delegation that makes no sense", makes_no_sense },
	{ "a kernel without tokens", old_kernel, true },
	{ "no BTF", no_btf },
	{ "a type that the kernel lacks", kernel_lacks_type },
	{ "levels of perf_event_paranoid", perf_levels },
	{ "no room for compiled programs", jit_limit },
	{ "no memory", no_memory },
	{ "a security module refuses", denials },
	{ "from the host", from_the_host },
};

LIVE_MAIN(tests)
