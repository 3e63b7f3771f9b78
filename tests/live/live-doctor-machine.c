/* SPDX-License-Identifier: MIT */
/*
 * bpftoken doctor: the gates of the machine. What only a VM of ours may change is broken
 * there alone, and elsewhere has to be found as it is.
 */
#include "live-doctor.h"

#include "btf.h"
#include "doctor.h"
#include "probe-link.h"

#include <sched.h>
#include <sys/mount.h>

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

/*
 * Not the command, which would not start: a kernel before 6.16 has its BTF read into
 * memory. Here it was read before.
 */
static void memory_body(void *data)
{
	const struct doctor_opts opts = { .token_fd = -1 };
	static struct doctor_report report;
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int n = 0, last;

	EXPECT_OK(doctor_run(&opts, &report, &err), &err);
	EXPECT_EQ(doctor_decides(&report), -1);
	while (n < 256 && eat(token))
		n++;
	EXPECT(n > 4 && n < 256);
	/* what is needed besides, and less than a map of 4 MiB */
	last = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 1; i <= 2; i++)
		EXPECT_EQ(close(last - i), 0);
	EXPECT_OK(doctor_run(&opts, &report, &err), &err);
	EXPECT(doctor_decides(&report) >= 0);
	EXPECT_STR(doctor_gate_name((size_t)doctor_decides(&report)), "memory");
	EXPECT_HAS(report.findings[doctor_decides(&report)].why, "no memory is left for");
}

#define CONTROLLERS "/sys/fs/cgroup/cgroup.subtree_control"

/* The machine's memory controller was off for its groups, and is to be again. */
static bool turned_on;

/* A memory cgroup of this size around the test; v2, or v1 where that is mounted. */
static const char *memory_group(const char *limit)
{
	static char group[128];
	bool v1 = access("/sys/fs/cgroup/memory/cgroup.procs", F_OK) == 0;
	char path[160];

	turned_on = !v1 && !strstr(live_file(CONTROLLERS), "memory");
	if (turned_on)
		write_to(CONTROLLERS, "+memory");
	snprintf(group, sizeof(group), "/sys/fs/cgroup/%sbpftoken-live-%d",
		 v1 ? "memory/" : "", (int)getpid());
	EXPECT_EQ(mkdir(group, 0755), 0);
	snprintf(path, sizeof(path), "%s/memory.%s", group,
		 v1 ? "limit_in_bytes" : "max");
	write_to(path, limit);
	return group;
}

static void join_group(const char *group, pid_t pid)
{
	char path[160], number[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(number, sizeof(number), "%d", (int)pid);
	write_to(path, number);
}

static void leave_group(const char *group)
{
	join_group(strstr(group, "/memory/") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup",
		   getpid());
	for (int i = 0; i < 100 && rmdir(group) < 0; i++)
		usleep(20000);
	EXPECT(access(group, F_OK) < 0);
	if (turned_on)
		write_to(CONTROLLERS, "-memory");
}

static void no_memory(void)
{
	const char *group;

	(void)command_copy();
	group = memory_group("33554432");
	join_group(group, getpid());
	live_in_container("delegate_cmds=map_create,delegate_maps=array", memory_body,
			  NULL);
	leave_group(group);
}

/* Read, for nobody joins another's cgroup to try. */
static void no_memory_elsewhere(void)
{
	struct live_container container;
	const char *group;

	(void)command_copy();
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
	delegate(&container, SMALL_POLICY);
	expect_of(&container, NOTHING, 0);
	/* less than a map of 4 MiB, however much is used */
	group = memory_group("4190208");
	join_group(group, container.pid);
	expect_of(&container,
		  "stopped at memory: the memory cgroup of the process leaves no room",
		  1);
	live_container_end(&container);
	leave_group(group);
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

	EXPECT_EQ(btf_find(BTF_FUNC, function, NULL, &found), 0);
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
	{ "a kernel without tokens", old_kernel, true },
	{ "no BTF", no_btf },
	{ "a type that the kernel lacks", kernel_lacks_type },
	{ "levels of perf_event_paranoid", perf_levels },
	{ "no room for compiled programs", jit_limit },
	{ "no memory", no_memory },
	{ "no memory, from the host", no_memory_elsewhere },
	{ "a security module refuses", denials },
	{ "from the host", from_the_host },
};

LIVE_MAIN(tests)
