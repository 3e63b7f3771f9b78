/* SPDX-License-Identifier: MIT */
/*
 * From what the kernel says to the loading and to the linking of a program to one of the
 * five answers, on a kernel that is made up; commands that it has and the library does
 * not know; and the walk over its BTF.
 */
#include "fake-sys.h"

#include "btf-blob.h"
#include "btf.h"
#include "probe-link.h"

#include <linux/capability.h>

#define BIT(n) (UINT64_C(1) << (n))
#define SUCCESS FAKE_NEW_FD

static struct blob btf;

static void add_counts(void)
{
	static const struct blob_enumerator cmds[] = { { "__MAX_BPF_CMD", 50 } };
	static const struct blob_enumerator progs[] = { { "__MAX_BPF_PROG_TYPE", 33 } };
	static const struct blob_enumerator attachs[] = { { "__MAX_BPF_ATTACH_TYPE",
							    58 } };

	blob_enum(&btf, "bpf_cmd", cmds, 1);
	blob_enum(&btf, "bpf_prog_type", progs, 1);
	blob_enum(&btf, "bpf_attach_type", attachs, 1);
}

static void add_member(const char *name, uint32_t offset)
{
	blob_word(&btf, blob_string(&btf, name));
	blob_word(&btf, 1);
	blob_word(&btf, offset * 8);
}

static void make_btf(void)
{
	blob_init(&btf);
	add_counts(); /* 1, 2, 3 */
	blob_type(&btf, 1, 0, "int", 1); /* 4 */
	blob_type(&btf, 4, 2, "tcp_congestion_ops", 0); /* 5 */
	add_member("first", 0);
	add_member("ssthresh", 24);
	blob_type(&btf, 12, 1, "bpf_iter_task", 0); /* 6 */
	blob_type(&btf, 4, 0, "bpf_struct_ops_tcp_congestion_ops", 0); /* 7 */
	blob_type(&btf, 12, 1, "bpf_fentry_test1", 0); /* 8 */
	blob_finish(&btf);
}

static int set_up(void **state)
{
	fake_reset();
	(void)bpftoken_probe_forget(INT32_MIN);
	fake_file_bytes("/sys/kernel/btf/vmlinux", btf.bytes, btf.size);
	fake_file("/proc/sys/kernel/perf_event_paranoid", "4\n");
	return 0;
}

/* Refused without a capability: by default the process has them all. */
static void lose_capabilities(void)
{
	fake.capabilities = 0;
}

static const struct {
	uint32_t link;
	int load, attach, answer;
	const char *why; /* part of it */
	void (*before)(void);
} cases[] = {
	{ BPFTOKEN_LINK_UPROBE_MULTI, SUCCESS, -EBADF, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_UPROBE_MULTI, SUCCESS, -EINVAL, BPFTOKEN_KERNEL_LACKS,
	  "no uprobe_multi links", NULL },
	{ BPFTOKEN_LINK_KPROBE_MULTI, SUCCESS, -ESRCH, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_KPROBE_MULTI, SUCCESS, -EOPNOTSUPP, BPFTOKEN_KERNEL_LACKS,
	  "no kprobe_multi links", NULL },
	{ BPFTOKEN_LINK_RAW_TRACEPOINT, SUCCESS, 0, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_PERF_EVENT, SUCCESS, SUCCESS, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_ITER, SUCCESS, SUCCESS, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_XDP, SUCCESS, -EOPNOTSUPP, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_XDP, SUCCESS, -EBUSY, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_XDP, SUCCESS, -EINVAL, BPFTOKEN_KERNEL_LACKS, "no xdp links",
	  NULL },
	{ BPFTOKEN_LINK_TCX, SUCCESS, -ENODEV, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_NETFILTER, SUCCESS, -EAFNOSUPPORT, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_STRUCT_OPS, SUCCESS, -EBADF, BPFTOKEN_WORKS, NULL, NULL },
	{ BPFTOKEN_LINK_STRUCT_OPS, -524, SUCCESS, BPFTOKEN_KERNEL_LACKS,
	  "no struct_ops links", NULL },
	/* an errno that means yes to a link means nothing to the load */
	{ BPFTOKEN_LINK_XDP, -EOPNOTSUPP, SUCCESS, BPFTOKEN_KERNEL_LACKS, "no xdp links",
	  NULL },
	{ BPFTOKEN_LINK_CGROUP, -EBADF, SUCCESS, -EBADF, NULL, NULL },
	/* never "the kernel lacks it" */
	{ BPFTOKEN_LINK_SK_LOOKUP, SUCCESS, -EPERM, BPFTOKEN_BLOCKED,
	  "the program could be loaded", NULL },
	{ BPFTOKEN_LINK_TRACING, -EPERM, SUCCESS, BPFTOKEN_BLOCKED,
	  "the capabilities are there", NULL },
	{ BPFTOKEN_LINK_CGROUP, SUCCESS, -EPERM, BPFTOKEN_NO_CAPABILITY,
	  "lacks CAP_NET_ADMIN in the initial user namespace", lose_capabilities },
	{ BPFTOKEN_LINK_SK_LOOKUP, -EPERM, SUCCESS, BPFTOKEN_NO_CAPABILITY,
	  "lacks CAP_BPF in the initial user namespace", lose_capabilities },
	/* neither yes nor no */
	{ BPFTOKEN_LINK_TRACING, SUCCESS, -EBUSY, BPFTOKEN_BLOCKED,
	  "the program could be loaded", NULL },
	{ BPFTOKEN_LINK_SK_LOOKUP, -ENOSYS, SUCCESS, BPFTOKEN_BLOCKED, "", NULL },
	{ BPFTOKEN_LINK_SK_LOOKUP, -ENOMEM, SUCCESS, -ENOMEM, NULL, NULL },
	{ BPFTOKEN_LINK_SK_LOOKUP, SUCCESS, -EMFILE, -EMFILE, NULL, NULL },
};

static void every_answer(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpftoken_error reason = { 0 };
		bool raw_tp = cases[i].link == BPFTOKEN_LINK_RAW_TRACEPOINT;
		int answer;

		set_up(state);
		fake.bpf_result[ATTR_PROG_LOAD] = cases[i].load;
		fake.bpf_result[ATTR_LINK_CREATE] = cases[i].attach;
		fake.bpf_result[ATTR_RAW_TRACEPOINT_OPEN] =
			raw_tp ? -ENOENT : cases[i].attach;
		if (cases[i].before)
			cases[i].before();
		answer = bpftoken_probe_link(cases[i].link, -1, &reason);
		if (answer != cases[i].answer ||
		    (cases[i].why && !strstr(reason.why, cases[i].why)))
			fail_msg("case %zu: %d: %s", i, answer, reason.why);
		if (answer > BPFTOKEN_WORKS) {
			assert_true(reason.what[0] && reason.why[0] && reason.kind);
			assert_int_equal(reason.kind == BPFTOKEN_KIND_KERNEL,
					 answer == BPFTOKEN_KERNEL_LACKS);
		}
		fake_assert_closed(-1);
	}
}

/* What is sent: the program, and what it is loaded for. */
static void what_is_sent(void **state)
{
	struct attr_prog_load prog;
	struct link_attr attr;

	fake.bpf_result[ATTR_PROG_LOAD] = -EPERM;
	(void)bpftoken_probe_link(BPFTOKEN_LINK_STRUCT_OPS, -1, NULL);
	memcpy(&prog, fake.bpf.attr, sizeof(prog));
	assert_int_equal(prog.prog_type, 27);
	assert_int_equal(prog.attach_btf_id, 5);
	assert_int_equal(prog.expected_attach_type, 1);
	(void)bpftoken_probe_link(BPFTOKEN_LINK_TRACING, -1, NULL);
	memcpy(&prog, fake.bpf.attr, sizeof(prog));
	assert_int_equal(prog.attach_btf_id, 8);
	assert_int_equal(prog.expected_attach_type, 24);
	fake.bpf_result[ATTR_PROG_LOAD] = SUCCESS;
	fake.bpf_result[ATTR_LINK_CREATE] = -ENODEV;
	assert_int_equal(bpftoken_probe_link(BPFTOKEN_LINK_NETKIT, -1, NULL),
			 BPFTOKEN_WORKS);
	assert_int_equal(fake.bpf.cmd, ATTR_LINK_CREATE);
	memcpy(&attr, fake.bpf.attr, sizeof(attr));
	assert_int_equal(attr.attach_type, 54);
	assert_int_equal(attr.target_fd, UINT32_MAX);
}

static void perf_event_is_refused(void **state)
{
	static const struct {
		int error, answer;
		const char *why;
	} perf[] = {
		{ EACCES, BPFTOKEN_BLOCKED, "(kernel.perf_event_paranoid: 4)" },
		{ EPERM, BPFTOKEN_BLOCKED, "(kernel.perf_event_paranoid: 4)" },
		{ ENOSYS, BPFTOKEN_KERNEL_LACKS, "no perf_event links" },
		{ EOPNOTSUPP, BPFTOKEN_KERNEL_LACKS, "no perf_event links" },
		{ EMFILE, -EMFILE, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(perf); i++) {
		struct bpftoken_error reason;

		set_up(state);
		fake_fail("sys_perf_event_open", 1, perf[i].error);
		assert_int_equal(
			bpftoken_probe_link(BPFTOKEN_LINK_PERF_EVENT, -1, &reason),
			perf[i].answer);
		assert_non_null(strstr(reason.why, perf[i].why));
		fake_assert_closed(-1);
	}
}

/* Any call fails, and nothing stays open. */
static void faults(void **state)
{
	for (uint32_t link = 0; link < BPFTOKEN_LINKS; link++) {
		for (unsigned int nth = 1; nth < 40; nth++) {
			set_up(state);
			fake_fail_any(nth, ENOMEM);
			(void)bpftoken_probe_link(link, -1, NULL);
			fake_assert_closed(-1);
		}
	}
}

static void a_token_that_is_none(void **state)
{
	struct bpftoken_error reason;
	int token = fake_given("token");

	fake.bpf_result[ATTR_PROG_LOAD] = -EINVAL;
	assert_int_equal(bpftoken_probe_link(BPFTOKEN_LINK_XDP, token, &reason),
			 BPFTOKEN_KERNEL_LACKS);
	fake.fs_type = 0x01021994; /* a file elsewhere */
	assert_int_equal(bpftoken_probe_forget(token), 1);
	assert_int_equal(bpftoken_probe_link(BPFTOKEN_LINK_XDP, token, &reason), -EINVAL);
	assert_int_equal(reason.stage, BPFTOKEN_STAGE_PROG_LOAD);
	/* nor is it one that the kernel refuses before it looks at the token */
	fake.bpf_result[ATTR_PROG_LOAD] = -EPERM;
	assert_int_equal(bpftoken_probe_link(BPFTOKEN_LINK_XDP, token, &reason), -EINVAL);
	fake_assert_closed(-1);
}

/* The kernel has it, and nobody knows what calling it would do: it is not called. */
static void newer_command(void **state)
{
	struct bpftoken_error reason = { 0 };

	assert_int_equal(bpftoken_probe_cmd(45, -1, &reason), -EOPNOTSUPP);
	assert_non_null(strstr(reason.why, "command 45"));
	assert_int_equal(fake_count("sys_bpf"), 0);
	/* what its BTF has not, it lacks; and what is known is called */
	assert_int_equal(bpftoken_probe_cmd(50, -1, &reason), BPFTOKEN_KERNEL_LACKS);
	assert_int_equal(fake_count("sys_bpf"), 0);
	fake.bpf_result[22] = -EBADF;
	assert_int_equal(bpftoken_probe_cmd(22, -1, &reason), BPFTOKEN_WORKS);
	assert_int_equal(fake_count("sys_bpf"), 1);
}

/* ------------------------------------------------------------------ the BTF */

static void finds(void **state)
{
	struct btf_found found;

	assert_int_equal(btf_find(12, "bpf_fentry_test1", NULL, &found), 0);
	assert_int_equal(found.id, 8);
	assert_int_equal(btf_find(4, "tcp_congestion_ops", "ssthresh", &found), 0);
	assert_int_equal(found.id, 5);
	assert_int_equal(found.size, 4);
	assert_int_equal(found.member, 1);
	assert_int_equal(found.offset, 24);
	/* the kind counts, and the whole name */
	assert_int_equal(btf_find(4, "bpf_fentry_test1", NULL, &found), -ESRCH);
	assert_int_equal(btf_find(12, "bpf_fentry_test", NULL, &found), -ESRCH);
	assert_int_equal(btf_find(4, "tcp_congestion_ops", "third", &found), -ESRCH);
	assert_int_equal(found.id, 5);
	fake_assert_closed(-1);
}

/* Cut off anywhere, or with any byte spoilt: an error or an answer, never a crash. */
static void spoilt(void **state)
{
	static unsigned char bytes[sizeof(btf.bytes)];
	struct btf_found found;

	for (size_t size = 0; size < btf.size; size++) {
		fake_reset();
		fake_file_bytes("/sys/kernel/btf/vmlinux", btf.bytes, size);
		assert_true(btf_find(12, "bpf_fentry_test1", NULL, &found) < 0);
	}
	for (size_t i = 0; i < btf.size; i++) {
		memcpy(bytes, btf.bytes, btf.size);
		bytes[i] ^= 0xff;
		fake_reset();
		fake_file_bytes("/sys/kernel/btf/vmlinux", bytes, btf.size);
		(void)btf_find(4, "tcp_congestion_ops", "ssthresh", &found);
	}
}

static void no_btf(void **state)
{
	struct bpftoken_error reason;
	struct btf_found found;

	fake_reset();
	(void)bpftoken_probe_forget(INT32_MIN);
	assert_int_equal(btf_find(12, "f", NULL, &found), -ENOENT);
	assert_int_equal(bpftoken_probe_link(BPFTOKEN_LINK_ITER, -1, &reason),
			 BPFTOKEN_BLOCKED);
	assert_non_null(strstr(reason.why, "BTF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_answer, set_up),
		cmocka_unit_test_setup(what_is_sent, set_up),
		cmocka_unit_test_setup(perf_event_is_refused, set_up),
		cmocka_unit_test_setup(faults, set_up),
		cmocka_unit_test_setup(a_token_that_is_none, set_up),
		cmocka_unit_test_setup(newer_command, set_up),
		cmocka_unit_test_setup(finds, set_up),
		cmocka_unit_test_setup(spoilt, set_up),
		cmocka_unit_test_setup(no_btf, set_up),
	};

	make_btf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
