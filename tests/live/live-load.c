/* SPDX-License-Identifier: MIT */
/*
 * The four calls that take a token: each works with exactly the bits that it needs, and
 * with any one of them missing the explanation names that one. The same for capabilities.
 */
#include "live-more.h"

#include <sched.h>

#include <linux/bpf.h>
#include <linux/btf.h>

#define NAME "live_name"

/* The smallest valid type information: one signed int. */
struct raw_btf {
	struct btf_header header;
	struct btf_type type;
	uint32_t encoding;
	char strings[5];
};

static struct raw_btf make_btf(void)
{
	struct raw_btf btf = {
		.header = { .magic = BTF_MAGIC,
			    .version = BTF_VERSION,
			    .hdr_len = sizeof(struct btf_header),
			    .type_len = sizeof(struct btf_type) + sizeof(uint32_t),
			    .str_off = sizeof(struct btf_type) + sizeof(uint32_t),
			    .str_len = 5 },
		.type = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.encoding = BTF_INT_SIGNED << 24 | 32,
		.strings = "\0int",
	};

	return btf;
}

/* ------------------------------------------------------------- the calls */

static int call_map(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token_fd;
	opts.type = MAP_RINGBUF;
	opts.max_entries = (uint32_t)getpagesize();
	opts.name = NAME;
	return bpftoken_map_create(&opts, err);
}

static int call_prog(int token_fd, struct bpftoken_error *err)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token_fd;
	opts.type = PROG_SOCKET_FILTER;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	opts.name = NAME;
	return bpftoken_prog_load(&opts, err);
}

static int call_btf(int token_fd, struct bpftoken_error *err)
{
	const struct raw_btf btf = make_btf();
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = token_fd;
	opts.data = &btf;
	opts.size = sizeof(btf.header) + btf.header.str_off + btf.header.str_len;
	return bpftoken_btf_load(&opts, err);
}

/* A BTF that the host loaded; the containers are its children. */
static uint32_t btf_id;

static int call_btf_by_id(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);

	opts.token_fd = token_fd;
	opts.id = btf_id;
	return bpftoken_btf_get_fd_by_id(&opts, err);
}

static void load_host_btf(void)
{
	struct bpf_btf_info info = { 0 };
	struct attr_obj_info attr = { .info_len = sizeof(info),
				      .info = (uintptr_t)&info };
	struct bpftoken_error err;

	attr.bpf_fd = (uint32_t)EXPECT_OK(call_btf(-1, &err), &err);
	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	btf_id = info.id;
	EXPECT(btf_id > 0);
}

/* A kernel before 6.15 takes none there: it says EINVAL before it looks at the fd. */
static bool takes_token(void)
{
	struct attr_btf_get_fd_by_id attr = { .btf_id = btf_id,
					      .open_flags = ATTR_F_TOKEN_FD,
					      .fd_by_id_token_fd = UINT32_MAX };

	return sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr)) == -EBADF;
}

/* --------------------------------------------------------- delegated bits */

struct call {
	const char *what;
	int (*call)(int token_fd, struct bpftoken_error *err);
	uint32_t stage;
	const char *needs[4]; /* mount options */
	const char *names[4]; /* what the explanation calls each of them */
	uint64_t caps; /* that it needs */
};

static const struct call calls[] = {
	{ "map",
	  call_map,
	  BPFTOKEN_STAGE_MAP_CREATE,
	  { "delegate_cmds=map_create", "delegate_maps=ringbuf" },
	  { "command map_create", "map type ringbuf" },
	  CAP(BPF) },
	{ "program",
	  call_prog,
	  BPFTOKEN_STAGE_PROG_LOAD,
	  { "delegate_cmds=prog_load", "delegate_progs=socket_filter",
	    "delegate_attachs=cgroup_inet_ingress" },
	  { "command prog_load", "program type socket_filter",
	    "attach type cgroup_inet_ingress" },
	  CAP(BPF) },
	{ "btf",
	  call_btf,
	  BPFTOKEN_STAGE_BTF_LOAD,
	  { "delegate_cmds=btf_load" },
	  { "command btf_load" },
	  CAP(BPF) },
	{ "btf by id",
	  call_btf_by_id,
	  BPFTOKEN_STAGE_BTF_GET_FD_BY_ID,
	  { "delegate_cmds=btf_get_fd_by_id" },
	  { "command btf_get_fd_by_id" },
	  CAP(SYS_ADMIN) },
};

static int make_token(void)
{
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_open(NULL, &err), &err);
}

/* With exactly the bits and exactly the capabilities; and not without the token. */
static void works_here(void *data)
{
	const struct call *call = data;
	struct bpftoken_error err;
	int token = make_token();

	EXPECT_EQ(call->call(-1, &err), -EPERM);
	EXPECT_EQ(err.stage, call->stage);
	EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	EXPECT_HAS(err.why, "no token");
	set_capabilities(call->caps);
	EXPECT_OK(call->call(token, &err), &err);
}

struct removal {
	const struct call *call;
	size_t removed;
};

static void refused_here(void *data)
{
	const struct removal *removal = data;
	const struct call *call = removal->call;
	struct bpftoken_error err = { 0 };
	char wanted[128];
	int token = make_token();

	EXPECT_EQ(call->call(token, &err), -EPERM);
	EXPECT_EQ(err.stage, call->stage);
	EXPECT_EQ(err.token_fd, token);
	EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	snprintf(wanted, sizeof(wanted), "the token does not delegate %s",
		 call->names[removal->removed]);
	EXPECT_STR(err.why, wanted);
	EXPECT_HAS(err.fix, call->needs[removal->removed]);
}

/* All needs but one; and another delegation, so that there is a token at all. */
static void policy_of(const struct call *call, size_t but, char *text, size_t size)
{
	int len = snprintf(text, size, "delegate_cmds=token_create");

	for (size_t i = 0; i < 4 && call->needs[i]; i++)
		if (i != but)
			len += snprintf(text + len, size - (size_t)len, ",%s",
					call->needs[i]);
}

static void exactly_the_needed_bits(void)
{
	char text[512];

	load_host_btf();
	for (size_t i = 0; i < LIVE_COUNT(calls); i++) {
		const struct call *call = &calls[i];

		if (call->call == call_btf_by_id && !takes_token())
			continue;
		policy_of(call, SIZE_MAX, text, sizeof(text));
		live_in_container(text, works_here, (void *)(uintptr_t)call);
		for (size_t j = 0; j < 4 && call->needs[j]; j++) {
			struct removal removal = { call, j };

			policy_of(call, j, text, sizeof(text));
			live_in_container(text, refused_here, &removal);
		}
	}
}

/* The field is not sent to it: what it says is EPERM, and never EINVAL. */
static void refused_by_an_old_kernel(void *data)
{
	struct attr_btf_get_fd_by_id attr = { .btf_id = btf_id };
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);
	struct bpftoken_error err;
	int token = make_token();

	(void)data;
	EXPECT_EQ(call_btf_by_id(token, &err), -EPERM);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_BTF_GET_FD_BY_ID);
	EXPECT_EQ(err.token_fd, token);
	EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
	EXPECT_STR(err.why,
		   "the running kernel's command btf_get_fd_by_id takes no token");
	opts.token_fd = token;
	opts.err = &err;
	EXPECT_EQ(bpftoken_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr), &opts),
		  -EPERM);
	EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
	EXPECT_EQ(call_btf_by_id(-1, &err), -EPERM);
}

/* The command that takes a token since Linux 6.15 only. */
static void btf_by_id(void)
{
	load_host_btf();
	live_in_container("delegate_cmds=btf_get_fd_by_id",
			  takes_token() ? works_here : refused_by_an_old_kernel,
			  (void *)(uintptr_t)&calls[3]);
}

/* ------------------------------------------------------------ capabilities */

static const struct capability_case {
	const char *what;
	bool map;
	uint32_t type, attach_type;
	uint64_t has;
	const char *lacks; /* NULL: works */
} capability_cases[] = {
	{ "socket_filter, none", false, PROG_SOCKET_FILTER, 0, 0, "CAP_BPF" },
	{ "socket_filter, others", false, PROG_SOCKET_FILTER, 0,
	  CAP(NET_ADMIN) | CAP(PERFMON), "CAP_BPF" },
	{ "socket_filter", false, PROG_SOCKET_FILTER, 0, CAP(BPF), NULL },
	{ "xdp", false, PROG_XDP, ATTACH_XDP, CAP(BPF), "CAP_NET_ADMIN" },
	{ "xdp, without CAP_BPF", false, PROG_XDP, ATTACH_XDP, CAP(NET_ADMIN),
	  "CAP_BPF" },
	{ "xdp, none", false, PROG_XDP, ATTACH_XDP, 0, "CAP_BPF and CAP_NET_ADMIN" },
	{ "xdp, both", false, PROG_XDP, ATTACH_XDP, CAP(BPF) | CAP(NET_ADMIN), NULL },
	{ "xdp, root", false, PROG_XDP, ATTACH_XDP, CAP(SYS_ADMIN), NULL },
	{ "kprobe", false, PROG_KPROBE, 0, CAP(BPF), "CAP_PERFMON" },
	{ "kprobe, both", false, PROG_KPROBE, 0, CAP(BPF) | CAP(PERFMON), NULL },
	{ "ringbuf", true, MAP_RINGBUF, 0, 0, "CAP_BPF" },
	{ "ringbuf, works", true, MAP_RINGBUF, 0, CAP(BPF), NULL },
	{ "sockmap", true, 15, 0, CAP(BPF), "CAP_NET_ADMIN" },
	{ "sockmap, both", true, 15, 0, CAP(BPF) | CAP(NET_ADMIN), NULL },
};

static int made_token;

static void with_capabilities(void *data)
{
	const struct capability_case *row = data;
	struct bpftoken_error err, reason;
	char wanted[160];
	int r, answer;

	set_capabilities(row->has);
	r = row->map ? try_map(row->type, made_token, &err)
		     : try_prog(row->type, row->attach_type, made_token, &err);
	answer = row->map ? bpftoken_probe_map_type(row->type, made_token, &reason)
			  : bpftoken_probe_prog_type(row->type, row->attach_type,
						     made_token, &reason);
	if (!row->lacks) {
		EXPECT_OK(r, &err);
		EXPECT_EQ(answer, BPFTOKEN_WORKS);
		return;
	}
	if (r != -EPERM)
		live_fail(__FILE__, __LINE__, "%s: %d", row->what, r);
	EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	snprintf(wanted, sizeof(wanted),
		 "the process lacks %s in the token's user namespace", row->lacks);
	EXPECT_STR(err.why, wanted);
	EXPECT_EQ(answer, BPFTOKEN_NO_CAPABILITY);
	EXPECT_STR(reason.why, wanted);
}

static void every_capability(void *data)
{
	(void)data;
	made_token = make_token();
	for (size_t i = 0; i < LIVE_COUNT(capability_cases); i++)
		in_child(with_capabilities, (void *)(uintptr_t)&capability_cases[i]);
}

static void capabilities(void)
{
	live_in_container(LIVE_ANY, every_capability, NULL);
}

/* ------------------------------------------------------------- arguments */

static void names_of(void *data)
{
	struct bpf_map_info map = { 0 };
	struct bpf_prog_info prog = { 0 };
	struct attr_obj_info attr = { .info_len = sizeof(map), .info = (uintptr_t)&map };
	struct bpftoken_error err;
	int token = make_token();

	(void)data;
	attr.bpf_fd = (uint32_t)EXPECT_OK(call_map(token, &err), &err);
	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	EXPECT_STR(map.name, NAME);
	EXPECT_EQ(map.type, MAP_RINGBUF);
	EXPECT_EQ(map.max_entries, getpagesize());
	attr = (struct attr_obj_info){ .info_len = sizeof(prog),
				       .info = (uintptr_t)&prog };
	attr.bpf_fd = (uint32_t)EXPECT_OK(call_prog(token, &err), &err);
	EXPECT_EQ(sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	EXPECT_STR(prog.name, NAME);
	EXPECT_EQ(prog.type, PROG_SOCKET_FILTER);
}

static void names_arrive(void)
{
	live_in_container(SMALL_POLICY, names_of, NULL);
}

static void wrong_tokens(void *data)
{
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC), closed_fd = 900;
	struct bpftoken_error err;

	(void)data;
	for (size_t i = 0; i < 3; i++) {
		EXPECT_EQ(calls[i].call(file, &err), -EINVAL);
		EXPECT_EQ(err.stage, calls[i].stage);
		EXPECT_EQ(calls[i].call(open_dir(LIVE_BPFFS), &err), -EINVAL);
		EXPECT_EQ(calls[i].call(closed_fd, &err), -EBADF);
		EXPECT_EQ(err.stage, calls[i].stage);
	}
}

static void what_is_no_token(void)
{
	live_in_container(SMALL_POLICY, wrong_tokens, NULL);
}

/* Below its own user namespace, a token is worth nothing, whatever the caller has there. */
static void in_nested_userns(void *data)
{
	struct attr_map_create attr = { .map_type = MAP_RINGBUF,
					.max_entries = (uint32_t)getpagesize() };
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);
	struct bpftoken_error err;
	int token = *(int *)data;

	EXPECT_EQ(unshare(CLONE_NEWUSER), 0);
	for (size_t i = 0; i < LIVE_COUNT(calls); i++) {
		if (calls[i].call == call_btf_by_id && !takes_token())
			continue;
		EXPECT_EQ(calls[i].call(token, &err), -EPERM);
		EXPECT_EQ(err.stage, calls[i].stage);
		EXPECT_EQ(err.token_fd, token);
		EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
		EXPECT_HAS(err.why, "if it is of this user namespace");
	}
	opts.token_fd = token;
	opts.err = &err;
	EXPECT_EQ(bpftoken_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr), &opts), -EPERM);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_MAP_CREATE);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, token, NULL), BPFTOKEN_BLOCKED);
}

static void of_another_namespace(void *data)
{
	struct bpftoken_error err;
	int token = make_token();

	(void)data;
	for (size_t i = 0; i < 3; i++)
		EXPECT_OK(calls[i].call(token, &err), &err);
	in_child(in_nested_userns, &token);
}

static void token_of_another_namespace(void)
{
	load_host_btf();
	live_in_container(LIVE_ANY, of_another_namespace, NULL);
}

static void wrong_options(void *data)
{
	struct {
		struct bpftoken_map_create_opts opts;
		uint64_t newer;
	} longer = { 0 };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, prog);
	struct bpftoken_error err;
	int token = make_token();

	(void)data;
	longer.opts.token_fd = token;
	longer.opts.type = MAP_RINGBUF;
	longer.opts.max_entries = (uint32_t)getpagesize();
	EXPECT_EQ(bpftoken_map_create(&longer.opts, &err), -EINVAL);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_OPTIONS);
	longer.opts.sz = sizeof(longer);
	EXPECT_OK(bpftoken_map_create(&longer.opts, &err), &err);
	longer.newer = 1;
	EXPECT_EQ(bpftoken_map_create(&longer.opts, &err), -E2BIG);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_OPTIONS);
	/* 15 characters arrive, 16 are not cut */
	longer.newer = 0;
	longer.opts.name = "a23456789012345";
	EXPECT_OK(bpftoken_map_create(&longer.opts, &err), &err);
	longer.opts.name = "a234567890123456";
	EXPECT_EQ(bpftoken_map_create(&longer.opts, &err), -EINVAL);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_OPTIONS);
	prog.name = longer.opts.name;
	EXPECT_EQ(bpftoken_prog_load(&prog, &err), -EINVAL);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_OPTIONS);
}

static void options(void)
{
	live_in_container(SMALL_POLICY, wrong_options, NULL);
}

/* The verifier's words arrive, on failure too. */
static void rejected_program(void *data)
{
	const struct attr_insn insns[] = { ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	struct bpftoken_error err;
	char log[4096] = "";
	uint32_t size = 0;

	(void)data;
	opts.token_fd = make_token();
	opts.type = PROG_SOCKET_FILTER;
	opts.insns = insns;
	opts.insn_cnt = 1;
	opts.license = "GPL";
	opts.log_buf = log;
	opts.log_size = sizeof(log);
	opts.log_level = 1;
	opts.ret_log_true_size = &size;
	EXPECT_EQ(bpftoken_prog_load(&opts, &err), -EACCES);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_PROG_LOAD);
	EXPECT_HAS(log, "R0 !read_ok");
	EXPECT(size > 0 && size <= sizeof(log));
	opts.log_size = 8;
	EXPECT_EQ(bpftoken_prog_load(&opts, &err), -ENOSPC);
	EXPECT(size > 8);
}

static void verifier_log(void)
{
	live_in_container(SMALL_POLICY, rejected_program, NULL);
}

/* ---------------------------------------------------- attrs of the caller's */

static int call_raw(uint32_t cmd, void *attr, uint32_t size, int token_fd,
		    struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);

	opts.token_fd = token_fd;
	opts.err = err;
	return bpftoken_bpf(cmd, attr, size, &opts);
}

/* An attr of Linux 4.7, which ends behind max_entries, and one of each later end. */
static void short_attrs(int token)
{
	const uint32_t kept[20] = { MAP_RINGBUF, 0, 0, (uint32_t)getpagesize() };
	struct bpftoken_error err;
	uint32_t attr[20];

	for (uint32_t size = 16; size <= sizeof(attr); size += 4) {
		memcpy(attr, kept, sizeof(attr));
		EXPECT_OK(call_raw(ATTR_MAP_CREATE, attr, size, token, &err), &err);
		EXPECT_EQ(memcmp(attr, kept, sizeof(attr)), 0);
		EXPECT_EQ(call_raw(ATTR_MAP_CREATE, attr, size, -1, &err), -EPERM);
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_MAP_CREATE);
	}
}

/* What the kernel has to say about a size is what it says without us. */
static void odd_sizes(int token)
{
	static const uint32_t sizes[] = { 0, 200, 256, 4096, 4097, 65536, UINT32_MAX };
	static unsigned char attr[65536], with[sizeof(attr)];
	const struct attr_token_create known = { .bpffs_fd = UINT32_MAX };
	struct bpftoken_error err;

	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		int plain = sys_bpf(ATTR_MAP_CREATE, attr, sizes[i]);

		EXPECT_EQ(plain, sizes[i] > 4096 ? -E2BIG : -EINVAL);
		EXPECT_EQ(call_raw(ATTR_MAP_CREATE, with, sizes[i], token, &err), plain);
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_MAP_CREATE);
		EXPECT_EQ(memcmp(attr, with, sizeof(attr)), 0);
	}
	with[4095] = 1;
	EXPECT_EQ(call_raw(ATTR_MAP_CREATE, with, 4096, token, &err), -E2BIG);
	EXPECT_EQ(call_raw(ATTR_MAP_CREATE, NULL, 80, token, &err), -EFAULT);
	/* no token in it, and none added */
	memcpy(with, &known, sizeof(known));
	EXPECT_EQ(call_raw(ATTR_TOKEN_CREATE, with, sizeof(known), token, &err), -EBADF);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_BPF);
	EXPECT_EQ(call_raw(63, with, sizeof(known), token, &err), -EINVAL);
}

/* The log's size, in an attr that ends right behind it: before the token's field. */
static void short_prog(int token)
{
	const struct attr_insn insns[] = { ATTR_INSN_EXIT() };
	char log[4096] = "";
	struct attr_prog_load attr = { .prog_type = PROG_SOCKET_FILTER,
				       .insn_cnt = 1,
				       .insns = (uintptr_t)insns,
				       .license = (uintptr_t) "GPL",
				       .log_level = 1,
				       .log_size = sizeof(log),
				       .log_buf = (uintptr_t)log };
	struct bpftoken_error err;

	EXPECT_EQ(call_raw(ATTR_PROG_LOAD, &attr,
			   offsetof(struct attr_prog_load, prog_token_fd), token, &err),
		  -EACCES);
	EXPECT_HAS(log, "R0 !read_ok");
	EXPECT(attr.log_true_size > 0 && attr.log_true_size <= sizeof(log));
	EXPECT_EQ(attr.prog_flags, 0);
}

static void raw_attrs(void *data)
{
	struct attr_map_create own = { .map_type = MAP_RINGBUF,
				       .max_entries = (uint32_t)getpagesize() };
	struct bpftoken_error err;
	int token = make_token(), closed_fd = 900;

	(void)data;
	short_attrs(token);
	odd_sizes(token);
	short_prog(token);
	/* one that is there already wins over the one that is given */
	own.map_flags = ATTR_F_TOKEN_FD;
	own.map_token_fd = (uint32_t)token;
	EXPECT_OK(call_raw(ATTR_MAP_CREATE, &own, sizeof(own), closed_fd, &err), &err);
	EXPECT_OK(call_raw(ATTR_MAP_CREATE, &own, sizeof(own), -1, &err), &err);
	own.map_flags = own.map_token_fd = 0;
	EXPECT_EQ(call_raw(ATTR_MAP_CREATE, &own, sizeof(own), closed_fd, &err), -EBADF);
	EXPECT_EQ(
		call_raw(ATTR_MAP_CREATE, &own, sizeof(own), open_dir(LIVE_BPFFS), &err),
		-EINVAL);
	/* the process-wide one */
	EXPECT_EQ(bpftoken_bpf(ATTR_MAP_CREATE, &own, sizeof(own), NULL), -EPERM);
	bpftoken_global_set(token);
	EXPECT(bpftoken_bpf(ATTR_MAP_CREATE, &own, sizeof(own), NULL) >= 0);
	EXPECT_EQ(own.map_flags, 0);
	EXPECT_EQ(own.map_token_fd, 0);
}

static void own_attrs(void)
{
	live_in_container(SMALL_POLICY, raw_attrs, NULL);
}

/* BPF_COMMON_ATTRS: Linux 7.2 has it, others say EINVAL, with a token and without. */
static void with_common_attrs(void *data)
{
	char log[512] = "";
	struct {
		uint64_t log_buf;
		uint32_t log_size, log_level, log_true_size, padding;
	} common = { (uintptr_t)log, sizeof(log), 1, 0, 0 };
	struct attr_map_create attr = { .map_type = MAP_RINGBUF,
					.max_entries = (uint32_t)getpagesize() };
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);
	struct bpftoken_error err;
	bool known;

	(void)data;
	known = sys_bpf_common(ATTR_COMMON_ATTRS, &attr, sizeof(attr), &common,
			       sizeof(common)) == -EPERM;
	opts.token_fd = make_token();
	opts.common = &common;
	opts.common_size = sizeof(common);
	opts.err = &err;
	if (known)
		EXPECT_OK(bpftoken_bpf(ATTR_COMMON_ATTRS, &attr, sizeof(attr), &opts),
			  &err);
	else
		EXPECT_EQ(bpftoken_bpf(ATTR_COMMON_ATTRS, &attr, sizeof(attr), &opts),
			  -EINVAL);
}

static void common_attrs(void)
{
	live_in_container(SMALL_POLICY, with_common_attrs, NULL);
}

static const struct live_test tests[] = {
	{ "exactly the needed bits", exactly_the_needed_bits, false },
	{ "btf by id, where the kernel takes a token", btf_by_id, false },
	{ "exactly the needed capabilities", capabilities, false },
	{ "names arrive in the kernel", names_arrive, false },
	{ "what is no token", what_is_no_token, false },
	{ "a token of another user namespace", token_of_another_namespace, false },
	{ "options", options, false },
	{ "the verifier's log", verifier_log, false },
	{ "attrs of the caller's", own_attrs, false },
	{ "attrs of the caller's, with a fifth argument", common_attrs, false },
};

LIVE_MAIN(tests)
