/* SPDX-License-Identifier: MIT */
/*
 * The scenarios of the kernel's own token self-test that are about programs: an LSM that
 * rejects the token, a program that replaces another, one that implements an operation of
 * the kernel, and what the kernel's symbols show. Here we look at the answers, too.
 */
#include "live-scene.h"

#include "btf.h"
#include "probe-link.h"

#include <linux/bpf.h>

enum {
	MAP_STRUCT_OPS = 26,
	PROG_STRUCT_OPS = 27,
	PROG_EXT = 28,
	PROG_LSM = 29,
	ATTACH_LSM_MAC = 27,
	CMD_PROG_TEST_RUN = 10,
	XDP_TX_ = 3,
};

#define INSN_CALL_OWN(skip) \
	((struct attr_insn){ .code = 0x85, .regs = 1 << 4, .imm = (skip) })

/* -------------------------------------------------- 5 obj_priv_prog (LSM rejects) */

/*
 * What the machine at hand may refuse, a VM of ours may not: there it has to run. The
 * reason has to name what was tried, as root.
 */
__attribute__((noreturn)) static void skip_refused(const char *what)
{
	if (getenv("BPFTOKEN_KERNEL"))
		live_fail(__FILE__, __LINE__, "%s: refused in the VM", what);
	live_skip("this kernel refuses %s to root", what);
}

/* Refuses what this hook asks about the process; attached until the fd is closed. */
static int attach_lsm(const char *function, pid_t pid)
{
	const struct attr_insn insns[] = {
		INSN_CALL(14), /* get_current_pid_tgid() */
		{ .code = 0x77, .imm = 32 }, /* r0 >>= 32 */
		{ .code = 0x55, .off = 2, .imm = pid }, /* another process */
		ATTR_INSN_MOV_IMM(0, -EPERM),
		ATTR_INSN_EXIT(),
		ATTR_INSN_MOV_IMM(0, 0),
		ATTR_INSN_EXIT(),
	};
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	struct link_raw_tp_attr attr = { 0 };
	struct bpftoken_error err;
	struct btf_found found;
	int prog_fd, link_fd;

	EXPECT_EQ(btf_find(BTF_FUNC, function, NULL, &found), 0);
	opts.token_fd = -1;
	opts.type = PROG_LSM;
	opts.expected_attach_type = ATTACH_LSM_MAC;
	opts.attach_btf_id = found.id;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	prog_fd = bpftoken_prog_load(&opts, &err);
	if (prog_fd == -EPERM)
		return prog_fd;
	EXPECT_OK(prog_fd, &err);
	attr.prog_fd = (uint32_t)prog_fd;
	link_fd = sys_bpf(ATTR_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	EXPECT(link_fd >= 0);
	close(prog_fd);
	return link_fd;
}

static void say(struct scene *scene, uint32_t tag)
{
	struct bpftoken_error err;

	EXPECT_OK(handshake_send(scene->sock, tag, -1, &err), &err);
}

static void wait_for(struct scene *scene, uint32_t tag)
{
	struct bpftoken_error err;

	EXPECT_OK(handshake_expect(scene->sock, 20000, tag, NULL, &err), &err);
}

/* Before the LSM program is there, while it is, and after. */
static void rejected_scene(struct scene *scene)
{
	struct bpftoken_error reason = { 0 };

	EXPECT_EQ(make_xdp(scene->token), 0);
	say(scene, HANDSHAKE_READY);
	wait_for(scene, HANDSHAKE_GO);
	EXPECT_EQ(make_xdp(scene->token), -EPERM);
	EXPECT_EQ(try_prog(PROG_XDP, ATTACH_XDP, scene->token, &reason), -EPERM);
	EXPECT_EQ(bpftoken_explain(&reason), BPFTOKEN_KIND_DENIED);
	EXPECT_HAS(reason.why, "another gate refused");
	EXPECT_EQ(bpftoken_probe_prog_type(PROG_XDP, ATTACH_XDP, scene->token, &reason),
		  BPFTOKEN_BLOCKED);
	say(scene, HANDSHAKE_READY);
	wait_for(scene, HANDSHAKE_GO);
	EXPECT_EQ(make_xdp(scene->token), 0);
}

static void reject(int sock, pid_t pid, const char *function)
{
	struct scene host = { .sock = sock };
	int link_fd;

	wait_for(&host, HANDSHAKE_READY);
	link_fd = attach_lsm(function, pid);
	EXPECT(link_fd >= 0);
	say(&host, HANDSHAKE_GO);
	wait_for(&host, HANDSHAKE_READY);
	close(link_fd);
	say(&host, HANDSHAKE_GO);
}

static void reject_capable(int sock, pid_t pid)
{
	reject(sock, pid, "bpf_lsm_bpf_token_capable");
}

static void reject_cmd(int sock, pid_t pid)
{
	reject(sock, pid, "bpf_lsm_bpf_token_cmd");
}

/* Tried as root. No process that asks anything has the number 0. */
static void need_lsm(void)
{
	int link_fd = attach_lsm("bpf_lsm_bpf_token_cmd", 0);

	if (link_fd == -EPERM)
		skip_refused("BPF LSM programs");
	close(link_fd);
}

static void lsm_rejects_capable(void)
{
	need_lsm();
	in_scene(XDP_POLICY, rejected_scene, reject_capable);
}

static void lsm_rejects_cmd(void)
{
	need_lsm();
	in_scene(XDP_POLICY, rejected_scene, reject_cmd);
}

/* ------------------------------------------------- 6, 7 obj_priv_freplace_prog */

/* A program of one function, that is described by own_btf. */
static int load_described(uint32_t type, int target_fd, int result, int token,
			  struct bpftoken_error *err)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, result),
					   ATTR_INSN_EXIT() };
	const struct function_info info = { 0, TYPE_ENTRY };
	_cleanup_close_ int btf_fd = load_btf(token);
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	EXPECT(btf_fd >= 0);
	opts.token_fd = token;
	opts.type = type;
	opts.expected_attach_type = type == PROG_XDP ? ATTACH_XDP : 0;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	opts.btf_fd = (uint32_t)btf_fd;
	opts.func_info = &info;
	opts.func_info_rec_size = sizeof(info);
	opts.func_info_cnt = 1;
	if (target_fd >= 0) {
		opts.attach_btf_obj_fd = (uint32_t)target_fd;
		opts.attach_btf_id = TYPE_ENTRY;
	}
	return bpftoken_prog_load(&opts, err);
}

static uint32_t btf_id_of(int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	struct attr_obj_info attr = { .bpf_fd = (uint32_t)prog_fd,
				      .info_len = sizeof(info),
				      .info = (uintptr_t)&info };

	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	EXPECT(info.btf_id);
	return info.btf_id;
}

static int run_once(int prog_fd)
{
	static char packet[64];
	struct {
		uint32_t prog_fd, retval, size_in, size_out;
		uint64_t data_in, data_out;
		uint32_t repeat, duration;
	} attr = { .prog_fd = (uint32_t)prog_fd,
		   .size_in = sizeof(packet),
		   .data_in = (uintptr_t)packet,
		   .repeat = 1 };

	EXPECT_EQ(sys_bpf(CMD_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	return (int)attr.retval;
}

static int open_btf(uint32_t id, int token, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);

	opts.token_fd = token;
	opts.id = id;
	return bpftoken_btf_get_fd_by_id(&opts, err);
}

/* The target's BTF is read through the token, where the kernel has that (Linux 6.15). */
static void expect_target_btf(uint32_t id, int token)
{
	struct bpftoken_error err;
	unsigned char data[sizeof(own_btf)];
	struct bpf_btf_info info = { .btf = (uintptr_t)data, .btf_size = sizeof(data) };
	struct attr_obj_info attr = { .info_len = sizeof(info),
				      .info = (uintptr_t)&info };
	int fd = open_btf(id, token, &err);

	if (fd == -EINVAL) {
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_BTF_GET_FD_BY_ID);
		(void)bpftoken_explain(&err);
		EXPECT_HAS(err.why, "takes none here");
		note("this kernel opens no BTF by its id with a token");
		return;
	}
	EXPECT_OK(fd, &err);
	attr.bpf_fd = (uint32_t)fd;
	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	EXPECT_EQ(info.id, id);
	EXPECT_EQ(memcmp(data, &own_btf, sizeof(data)), 0);
	close(fd);
}

#define EXT_POLICY(cmds) \
	"delegate_cmds=" cmds ",delegate_progs=ext:xdp,delegate_attachs=any"

static void freplace_scene(struct scene *scene)
{
	struct bpftoken_error err;
	struct link_raw_tp_attr attr = { 0 };
	int target, replacement, link_fd;

	target = EXPECT_OK(load_described(PROG_XDP, -1, XDP_PASS_, scene->token, &err),
			   &err);
	expect_target_btf(btf_id_of(target), scene->token);
	replacement = EXPECT_OK(
		load_described(PROG_EXT, target, XDP_TX_, scene->token, &err), &err);
	EXPECT_EQ(run_once(target), XDP_PASS_);
	attr.prog_fd = (uint32_t)replacement;
	link_fd = sys_bpf(ATTR_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	EXPECT(link_fd >= 0);
	EXPECT_EQ(run_once(target), XDP_TX_);
	close(link_fd);
	EXPECT_EQ(run_once(target), XDP_PASS_);
}

static void freplace(void)
{
	struct bpftoken_error err;
	int target = EXPECT_OK(load_described(PROG_XDP, -1, XDP_PASS_, -1, &err), &err);
	int r = closed(load_described(PROG_EXT, target, XDP_TX_, -1, &err));

	close(target);
	if (r == -EPERM)
		skip_refused("EXT programs");
	EXPECT_EQ(r, 0);
	in_scene(EXT_POLICY("btf_load:prog_load:btf_get_fd_by_id"), freplace_scene, NULL);
}

/* Without the token, or without the bit, the target's BTF stays closed. */
static void freplace_fail_scene(struct scene *scene)
{
	struct bpftoken_error err;
	int target = EXPECT_OK(
		load_described(PROG_XDP, -1, XDP_PASS_, scene->token, &err), &err);
	uint32_t id = btf_id_of(target);
	int r = open_btf(id, scene->token, &err);

	EXPECT_EQ(open_btf(id, -1, NULL), -EPERM);
	if (r == -EINVAL)
		note("this kernel opens no BTF by its id with a token");
	else
		EXPECT_EQ(r, -EPERM);
	(void)bpftoken_explain(&err);
	EXPECT_HAS(err.why, r == -EINVAL ? "takes none here"
					 : "does not delegate command btf_get_fd_by_id");
}

static void freplace_fail(void)
{
	in_scene(EXT_POLICY("btf_load:prog_load"), freplace_fail_scene, NULL);
}

/* ------------------------------------------------- 8, 9 obj_priv_btf (struct_ops) */

static int make_ops_prog(int token, struct bpftoken_error *err)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	struct btf_found found;

	EXPECT_EQ(btf_find(BTF_STRUCT, "tcp_congestion_ops", "ssthresh", &found), 0);
	opts.token_fd = token;
	opts.type = PROG_STRUCT_OPS;
	opts.attach_btf_id = found.id;
	opts.expected_attach_type = found.member;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	return closed(bpftoken_prog_load(&opts, err));
}

static int make_ops_map(int token, int btf_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	struct btf_found found;

	EXPECT_EQ(btf_find(BTF_STRUCT, "bpf_struct_ops_tcp_congestion_ops", NULL, &found),
		  0);
	opts.token_fd = token;
	opts.type = MAP_STRUCT_OPS;
	opts.key_size = 4;
	opts.value_size = found.size;
	opts.max_entries = 1;
	opts.flags = LINK_MAP_FLAG;
	opts.btf_fd = (uint32_t)btf_fd;
	opts.btf_vmlinux_value_type_id = found.id;
	return closed(bpftoken_map_create(&opts, err));
}

#define OPS_POLICY(cmds)                                                             \
	"delegate_cmds=" cmds ",delegate_maps=struct_ops,delegate_progs=struct_ops," \
	"delegate_attachs=any"

/* Its program and its map are delegated, and the map's BTF is not. */
static void without_btf_scene(struct scene *scene)
{
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);
	struct bpftoken_error err;

	EXPECT_OK(make_ops_prog(scene->token, &err), &err);
	opts.token_fd = scene->token;
	opts.data = &own_btf;
	opts.size = sizeof(own_btf);
	EXPECT_EQ(bpftoken_btf_load(&opts, &err), -EPERM);
	(void)bpftoken_explain(&err);
	EXPECT_STR(err.why, "the token does not delegate command btf_load");
	EXPECT_EQ(make_ops_map(scene->token, -1, NULL), -EBADF);
	EXPECT_EQ(make_ops_map(scene->token, 0, NULL), -EINVAL);
}

static void object_without_btf(void)
{
	in_scene(OPS_POLICY("map_create:prog_load"), without_btf_scene, NULL);
}

static void with_btf_scene(struct scene *scene)
{
	struct bpftoken_error err;
	int btf_fd = load_btf(scene->token);

	EXPECT(btf_fd >= 0);
	EXPECT_OK(make_ops_prog(scene->token, &err), &err);
	EXPECT_OK(make_ops_map(scene->token, btf_fd, &err), &err);
	EXPECT_EQ(make_ops_map(-1, btf_fd, NULL), -EPERM);
}

static void object_with_btf(void)
{
	in_scene(OPS_POLICY("map_create:prog_load:btf_load"), with_btf_scene, NULL);
}

/* ------------------------------------------------------- 13 obj_priv_prog_kallsyms */

static int load_with_sub(int token, struct bpftoken_error *err)
{
	const struct attr_insn insns[] = {
		ATTR_INSN_MOV_IMM(1, 1),	 INSN_CALL_OWN(1), ATTR_INSN_EXIT(),
		ATTR_INSN_MOV_IMM(0, XDP_PASS_), ATTR_INSN_EXIT(),
	};
	const struct function_info infos[] = { { 0, TYPE_ENTRY }, { 3, TYPE_SUB } };
	_cleanup_close_ int btf_fd = load_btf(token);
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	EXPECT(btf_fd >= 0);
	opts.token_fd = token;
	opts.type = PROG_XDP;
	opts.expected_attach_type = ATTACH_XDP;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	opts.btf_fd = (uint32_t)btf_fd;
	opts.func_info = infos;
	opts.func_info_rec_size = sizeof(infos[0]);
	opts.func_info_cnt = LIVE_COUNT(infos);
	return bpftoken_prog_load(&opts, err);
}

/*
 * Programs of that name among the kernel's symbols. In a VM, whose settings are ours, only
 * those with an address count.
 */
static size_t count_symbols(const char *name)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	bool shown = getenv("BPFTOKEN_KERNEL");
	char line[512];
	size_t n = 0;

	EXPECT(symbols);
	while (fgets(line, sizeof(line), symbols)) {
		bool address = strspn(line, "0") < strspn(line, "0123456789abcdef");

		n += strstr(line, name) && strstr(line, "bpf_prog_") &&
		     (address || !shown);
	}
	fclose(symbols);
	return n;
}

static void kallsyms_scene(struct scene *scene)
{
	size_t entries = count_symbols("_bpftoken_entry"),
	       subs = count_symbols("_bpftoken_sub");
	struct bpftoken_error err;
	int prog_fd = EXPECT_OK(load_with_sub(scene->token, &err), &err);
	const char *kernel = getenv("BPFTOKEN_KERNEL");

	EXPECT_EQ(run_once(prog_fd), XDP_PASS_);
	EXPECT_EQ(count_symbols("_bpftoken_entry"), entries + 1);
	/* the kernel lists a subprogram if that has the program's token: Linux 7.1 */
	if (count_symbols("_bpftoken_sub") == subs + 1)
		return;
	note("this kernel gives a subprogram no token");
	EXPECT_EQ(count_symbols("_bpftoken_sub"), subs);
	EXPECT(!kernel || strcmp(kernel, "newest") != 0);
}

/* Addresses are shown to whom the settings let see them: a VM's are ours to change. */
static void kallsyms_both(void)
{
	size_t entries = count_symbols("_bpftoken_entry"),
	       subs = count_symbols("_bpftoken_sub");
	struct bpftoken_error err;
	int prog_fd = EXPECT_OK(load_with_sub(-1, &err), &err);

	EXPECT_EQ(count_symbols("_bpftoken_entry"), entries + 1);
	EXPECT_EQ(count_symbols("_bpftoken_sub"), subs + 1);
	close(prog_fd);
	in_scene("delegate_cmds=btf_load:prog_load,delegate_progs=xdp,"
		 "delegate_attachs=any",
		 kallsyms_scene, NULL);
}

static void kallsyms(void)
{
	char paranoid[16], restricted[16];

	if (!getenv("BPFTOKEN_KERNEL")) {
		kallsyms_both();
		return;
	}
	snprintf(paranoid, sizeof(paranoid), "%s", live_file(PERF_PARANOID));
	snprintf(restricted, sizeof(restricted), "%s", live_file(KPTR_RESTRICT));
	write_setting(PERF_PARANOID, "0");
	write_setting(KPTR_RESTRICT, "0");
	kallsyms_both();
	write_setting(PERF_PARANOID, paranoid);
	write_setting(KPTR_RESTRICT, restricted);
}

static const struct live_test tests[] = {
	{ "obj_priv_prog, an LSM rejects the capability", lsm_rejects_capable, false },
	{ "obj_priv_prog, an LSM rejects the command", lsm_rejects_cmd, false },
	{ "obj_priv_freplace_prog", freplace, false },
	{ "obj_priv_freplace_prog_fail", freplace_fail, false },
	{ "obj_priv_btf_fail", object_without_btf, false },
	{ "obj_priv_btf_success", object_with_btf, false },
	{ "obj_priv_prog_kallsyms", kallsyms, false },
};

LIVE_MAIN(tests)
