/* SPDX-License-Identifier: MIT */
/*
 * Which of the kernel's checks said no: token, capabilities, namespace and the kernel's
 * BTF are made up. The BTF is read once in a process, so all tests see one: it counts
 * commands, program types and attach types, and knows nothing of map types.
 */
#include "fake-sys.h"

#include "btf-blob.h"
#include "denial.h"

#include <linux/capability.h>

#define BIT(n) (UINT64_C(1) << (n))
#define BTF_CMDS 38
#define BTF_PROGS 33
#define BTF_ATTACHS 58

static struct blob btf;
static int token;

static void make_btf(void)
{
	static const struct blob_enumerator cmds[] = { { "__MAX_BPF_CMD", BTF_CMDS } };
	static const struct blob_enumerator progs[] = { { "__MAX_BPF_PROG_TYPE",
							  BTF_PROGS } };
	static const struct blob_enumerator attachs[] = { { "__MAX_BPF_ATTACH_TYPE",
							    BTF_ATTACHS } };

	blob_init(&btf);
	blob_enum(&btf, "bpf_cmd", cmds, 1);
	blob_enum(&btf, "bpf_prog_type", progs, 1);
	blob_enum(&btf, "bpf_attach_type", attachs, 1);
	blob_finish(&btf);
}

static int set_up(void **state)
{
	fake_reset();
	fake_file_bytes("/sys/kernel/btf/vmlinux", btf.bytes, btf.size);
	fake.own_userns = 4026532100;
	token = fake_given("token");
	return 0;
}

static struct denied_call map_call(uint32_t type)
{
	return (struct denied_call){ ATTR_MAP_CREATE, type, 0, token };
}

static struct denied_call prog_call(uint32_t type, uint32_t attach_type)
{
	return (struct denied_call){ ATTR_PROG_LOAD, type, attach_type, token };
}

static void delegate(uint64_t cmds, uint64_t maps, uint64_t progs, uint64_t attachs)
{
	const uint64_t masks[] = { cmds, maps, progs, attachs };

	memcpy(fake.masks[0], masks, sizeof(masks));
}

/* Are all of these in the text, in this order? Parts are separated by '|'. */
static bool says(const char *text, const char *parts)
{
	while (*parts) {
		size_t len = strcspn(parts, "|");

		text = memmem(text, strlen(text), parts, len);
		if (!text)
			return false;
		text += len;
		parts += len + (parts[len] == '|');
	}
	return true;
}

/* The answer, and parts of the sentences. */
static void check(struct denied_call call, uint32_t answer, const char *why,
		  const char *fix)
{
	struct bpftoken_error reason = { 0 };
	uint32_t found = denial_find(&call, &reason);

	if (found != answer || !says(reason.why, why) || !says(reason.fix, fix))
		fail_msg("%s: %s: %s", bpftoken_answer_name(found), reason.why,
			 reason.fix);
	assert_int_equal(reason.kind, answer == BPFTOKEN_KERNEL_LACKS
					      ? BPFTOKEN_KIND_KERNEL
					      : BPFTOKEN_KIND_DENIED);
	for (const char *c = reason.why; *c; c++)
		assert_in_range(*c, ' ', '~');
	fake_assert_closed(-1);
}

/* ----------------------------------------------------------- not delegated */

static void test_missing_command(void **state)
{
	delegate(0, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	check(map_call(27), BPFTOKEN_NOT_DELEGATED,
	      "the token does not delegate command map_create",
	      "delegate_cmds=map_create");
	check(prog_call(1, 0), BPFTOKEN_NOT_DELEGATED, "command prog_load",
	      "delegate_cmds=prog_load");
	check((struct denied_call){ ATTR_BTF_LOAD, 0, 0, token }, BPFTOKEN_NOT_DELEGATED,
	      "command btf_load", "delegate_cmds=btf_load");
	check((struct denied_call){ ATTR_BTF_GET_FD_BY_ID, 1, 0, token },
	      BPFTOKEN_NOT_DELEGATED, "command btf_get_fd_by_id",
	      "delegate_cmds=btf_get_fd_by_id");
}

static void test_missing_type(void **state)
{
	delegate(UINT64_MAX, ~BIT(27), ~BIT(6), ~BIT(37));
	check(map_call(27), BPFTOKEN_NOT_DELEGATED,
	      "the token does not delegate map type ringbuf", "delegate_maps=ringbuf");
	check(prog_call(6, 0), BPFTOKEN_NOT_DELEGATED, "not delegate program type xdp",
	      "delegate_progs=xdp");
	check(prog_call(1, 37), BPFTOKEN_NOT_DELEGATED, "not delegate attach type xdp",
	      "delegate_attachs=xdp");
}

/* All that is missing at once, and nothing that is there. */
static void test_missing_several(void **state)
{
	delegate(0, 0, 0, 0);
	check(map_call(1), BPFTOKEN_NOT_DELEGATED, "command map_create|map type hash",
	      "delegate_cmds=map_create,delegate_maps=hash");
	check(prog_call(6, 37), BPFTOKEN_NOT_DELEGATED,
	      "command prog_load|program type xdp|attach type xdp",
	      "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp");
	delegate(BIT(5), 0, 0, BIT(0));
	check(prog_call(6, 37), BPFTOKEN_NOT_DELEGATED,
	      "not delegate program type xdp|attach type xdp",
	      ": delegate_progs=xdp,delegate_attachs=xdp");
}

/* 0 is an attach type, cgroup_inet_ingress, except where the kernel replaces it. */
static void test_missing_attach_zero(void **state)
{
	delegate(UINT64_MAX, UINT64_MAX, UINT64_MAX, ~BIT(0));
	check(prog_call(1, 0), BPFTOKEN_NOT_DELEGATED, "attach type cgroup_inet_ingress",
	      "delegate_attachs=cgroup_inet_ingress");
	check(prog_call(9, 0), BPFTOKEN_BLOCKED, "the token delegates it", "");
	delegate(UINT64_MAX, UINT64_MAX, UINT64_MAX, BIT(0));
	check(prog_call(9, 0), BPFTOKEN_NOT_DELEGATED, "cgroup_inet_sock_create", "");
	check(prog_call(21, 0), BPFTOKEN_NOT_DELEGATED, "sk_reuseport_select", "");
}

/* The masks come from fdinfo where the kernel is older than 6.17. */
static void test_missing_by_fdinfo(void **state)
{
	fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD] = -EINVAL;
	fake_file("/proc/self/fdinfo/*",
		  "pos:\t0\nallowed_cmds:\t0x1\nallowed_maps:\t0x2\n"
		  "allowed_progs:\t0x0\nallowed_attachs:\t0x0\n");
	check(map_call(27), BPFTOKEN_NOT_DELEGATED, "map type ringbuf", "");
	check(map_call(1), BPFTOKEN_BLOCKED, "", "");
}

/* ------------------------------------------------------------ capabilities */

static void test_capabilities(void **state)
{
	static const struct {
		uint32_t cmd, type;
		uint64_t needs[3]; /* capabilities: each alone is missed by name */
		const char *names[3];
	} rows[] = {
		{ ATTR_MAP_CREATE, 27, { BIT(CAP_BPF) }, { "CAP_BPF" } },
		{ ATTR_MAP_CREATE,
		  14,
		  { BIT(CAP_BPF), BIT(CAP_NET_ADMIN) },
		  { "CAP_BPF", "CAP_NET_ADMIN" } },
		{ ATTR_PROG_LOAD, 1, { BIT(CAP_BPF) }, { "CAP_BPF" } },
		{ ATTR_PROG_LOAD,
		  6,
		  { BIT(CAP_BPF), BIT(CAP_NET_ADMIN) },
		  { "CAP_BPF", "CAP_NET_ADMIN" } },
		{ ATTR_PROG_LOAD,
		  2,
		  { BIT(CAP_BPF), BIT(CAP_PERFMON) },
		  { "CAP_BPF", "CAP_PERFMON" } },
		{ ATTR_PROG_LOAD,
		  28,
		  { BIT(CAP_BPF), BIT(CAP_NET_ADMIN), BIT(CAP_PERFMON) },
		  { "CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON" } },
		{ ATTR_BTF_LOAD, 0, { BIT(CAP_BPF) }, { "CAP_BPF" } },
		{ ATTR_BTF_GET_FD_BY_ID, 1, { BIT(CAP_SYS_ADMIN) }, { "CAP_SYS_ADMIN" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct denied_call call = { rows[i].cmd, rows[i].type, 0, token };
		uint64_t all = rows[i].needs[0] | rows[i].needs[1] | rows[i].needs[2];

		for (size_t j = 0; j < 3 && rows[i].needs[j]; j++) {
			char why[96];

			snprintf(why, sizeof(why),
				 "lacks %s in the token's user namespace",
				 rows[i].names[j]);
			fake.capabilities = ~(rows[i].needs[j] | BIT(CAP_SYS_ADMIN));
			check(call, BPFTOKEN_NO_CAPABILITY, why, rows[i].names[j]);
		}
		fake.capabilities = all;
		check(call, BPFTOKEN_BLOCKED, "the capabilities are there", "");
		fake.capabilities = BIT(CAP_SYS_ADMIN);
		check(call, BPFTOKEN_BLOCKED, "the capabilities are there", "");
	}
}

static void test_capabilities_several(void **state)
{
	fake.capabilities = 0;
	check(prog_call(28, 0), BPFTOKEN_NO_CAPABILITY,
	      "lacks CAP_BPF|CAP_NET_ADMIN|CAP_PERFMON",
	      "CAP_BPF|CAP_NET_ADMIN|CAP_PERFMON");
}

/* The token is asked first, as in the kernel. */
static void test_token_before_capabilities(void **state)
{
	fake.capabilities = 0;
	delegate(0, 0, 0, 0);
	check(map_call(1), BPFTOKEN_NOT_DELEGATED, "map_create", "");
}

/* ---------------------------------------------------------------- no token */

static void test_no_token_in_container(void **state)
{
	struct denied_call call = map_call(1);

	call.token_fd = -1;
	check(call, BPFTOKEN_NOT_DELEGATED, "carried no token", "delegate on the host");
	fake.capabilities = 0;
	check(call, BPFTOKEN_NOT_DELEGATED, "carried no token", "delegate on the host");
	fake_file("/proc/self/mountinfo", "1 1 0:5 / /b rw - bpf none rw\n");
	check(call, BPFTOKEN_NOT_DELEGATED, "carried no token", "delegate on the host");
	fake_file("/proc/self/mountinfo",
		  "1 1 0:5 / /b rw - bpf none rw,delegate_cmds=map_create\n");
	check(call, BPFTOKEN_NOT_DELEGATED, "carried no token", "make a token");
}

static void test_no_token_on_host(void **state)
{
	struct denied_call call = map_call(1);

	call.token_fd = -1;
	fake.own_userns = FAKE_INIT_USERNS;
	check(call, BPFTOKEN_BLOCKED, "the capabilities are there", "");
	fake.capabilities = BIT(CAP_NET_ADMIN);
	check(call, BPFTOKEN_NO_CAPABILITY, "lacks CAP_BPF in the initial user namespace",
	      "CAP_BPF");
	fake.capabilities = BIT(CAP_SYS_ADMIN);
	check(call, BPFTOKEN_BLOCKED, "the capabilities are there", "");
}

/* --------------------------------------------------------- unknown to kernel */

static void test_kernel_lacks(void **state)
{
	check(prog_call(BTF_PROGS, 0), BPFTOKEN_KERNEL_LACKS,
	      "the running kernel does not know program type 33", "newer kernel");
	check(prog_call(1, BTF_ATTACHS), BPFTOKEN_KERNEL_LACKS,
	      "does not know attach type", "newer kernel");
	check(prog_call(1, UINT32_MAX), BPFTOKEN_KERNEL_LACKS, "attach type 4294967295",
	      "");
	check(prog_call(BTF_PROGS - 1, BTF_ATTACHS - 1), BPFTOKEN_BLOCKED, "", "");
}

/* It comes before everything else: no token helps, no capability. */
static void test_kernel_lacks_first(void **state)
{
	struct denied_call call = prog_call(BTF_PROGS, 0);

	fake.capabilities = 0;
	delegate(0, 0, 0, 0);
	check(call, BPFTOKEN_KERNEL_LACKS, "program type 33", "");
	call.token_fd = -1;
	check(call, BPFTOKEN_KERNEL_LACKS, "program type 33", "");
}

/* Without BTF nobody says "unknown": EPERM alone never does. */
static void test_kernel_unknown_without_btf(void **state)
{
	delegate(UINT64_MAX, BIT(1), UINT64_MAX, UINT64_MAX);
	check(map_call(63), BPFTOKEN_NOT_DELEGATED,
	      "does not delegate map type 0x8000000000000000",
	      "delegate_maps=0x8000000000000000");
	delegate(UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	check(map_call(63), BPFTOKEN_BLOCKED, "", "");
}

/* ----------------------------------------------------------------- blocked */

static void test_blocked(void **state)
{
	check(map_call(1), BPFTOKEN_BLOCKED,
	      "(LSMs: not shown here; lockdown: not shown here; seccomp filter: no)",
	      "audit log");
	fake_file("/sys/kernel/security/lsm", "lockdown,capability,yama,apparmor,bpf");
	fake_file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	fake_file("/proc/thread-self/status",
		  "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\nS:\t1\n");
	check(map_call(1), BPFTOKEN_BLOCKED,
	      "another gate refused (LSMs: lockdown,capability,yama,apparmor,bpf; "
	      "lockdown: "
	      "none [integrity] confidentiality; seccomp filter: yes)",
	      "seccomp");
}

/* What cannot be read is not there; the answer comes all the same. */
static void test_blocked_unreadable(void **state)
{
	fake_file("/sys/kernel/security/*", "x");
	fake_file("/proc/thread-self/status", "\nSeccomp:\t2\n");
	for (unsigned int nth = 1; nth <= 3; nth++) {
		fake_fail("sys_read", nth, EIO);
		check(map_call(1), BPFTOKEN_BLOCKED, "another gate refused", "");
	}
}

/* ---------------------------------------------------- as explain() shows it */

static void test_explained(void **state)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	struct bpftoken_error err;

	opts.token_fd = token;
	opts.type = 27;
	delegate(1, 2, 0, 0);
	fake.bpf_result[ATTR_MAP_CREATE] = -EPERM;
	assert_int_equal(bpftoken_map_create(&opts, &err), -EPERM);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	assert_string_equal(err.what, "cannot create the map");
	assert_string_equal(err.why, "the token does not delegate map type ringbuf");
	assert_non_null(strstr(err.fix, "delegate_maps=ringbuf"));
}

/* A token is made with CAP_BPF itself: CAP_SYS_ADMIN does not stand for it there. */
static void test_explained_create(void **state)
{
	int bpffs = fake_given("bpffs");
	struct bpftoken_error err;

	fake.bpf_result[ATTR_TOKEN_CREATE] = -EPERM;
	assert_int_equal(bpftoken_create(bpffs, &err), -EPERM);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	assert_non_null(strstr(err.why, "belongs to another user namespace"));
	fake.capabilities = ~BIT(CAP_BPF);
	assert_int_equal(bpftoken_create(bpffs, &err), -EPERM);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_DENIED);
	assert_non_null(strstr(err.why, "CAP_BPF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_missing_command, set_up),
		cmocka_unit_test_setup(test_missing_type, set_up),
		cmocka_unit_test_setup(test_missing_several, set_up),
		cmocka_unit_test_setup(test_missing_attach_zero, set_up),
		cmocka_unit_test_setup(test_missing_by_fdinfo, set_up),
		cmocka_unit_test_setup(test_capabilities, set_up),
		cmocka_unit_test_setup(test_capabilities_several, set_up),
		cmocka_unit_test_setup(test_token_before_capabilities, set_up),
		cmocka_unit_test_setup(test_no_token_in_container, set_up),
		cmocka_unit_test_setup(test_no_token_on_host, set_up),
		cmocka_unit_test_setup(test_kernel_lacks, set_up),
		cmocka_unit_test_setup(test_kernel_lacks_first, set_up),
		cmocka_unit_test_setup(test_kernel_unknown_without_btf, set_up),
		cmocka_unit_test_setup(test_blocked, set_up),
		cmocka_unit_test_setup(test_blocked_unreadable, set_up),
		cmocka_unit_test_setup(test_explained, set_up),
		cmocka_unit_test_setup(test_explained_create, set_up),
	};

	make_btf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
