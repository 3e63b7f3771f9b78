/* SPDX-License-Identifier: MIT */
/* From a bpffs to a token: what is sent to bpf(), what it may answer, and fdinfo of old
 * kernels. */
#include "fake-sys.h"

#include "policy.h"

#include <sys/stat.h>

#define BPFFS(id, path) \
#id " 1 0:5 / " path " rw,nosuid - bpf none rw,delegate_cmds=any\n"

static int set_up(void **state)
{
	fake_reset();
	bpftoken_global_set(-1);
	return 0;
}

/* ------------------------------------------------------------------ create */

static void test_create(void **state)
{
	int bpffs = fake_given("bpffs");
	const struct attr_token_create sent = { .bpffs_fd = (uint32_t)bpffs };
	struct bpftoken_error err;
	int token;

	fake_poison(&err);
	token = bpftoken_create(bpffs, &err);
	assert_true(token >= 0);
	fake_assert_poisoned(&err);
	assert_int_equal(fake.bpf.cmd, 36);
	assert_int_equal(fake.bpf.size, 8);
	assert_memory_equal(fake.bpf.attr, &sent, 8);
	fake_assert_closed(token);
}

static void test_create_fails(void **state)
{
	static const int errors[] = { EPERM,  EINVAL, EOPNOTSUPP, ENOENT,
				      EACCES, EMFILE, ENOMEM };
	int bpffs = fake_given("bpffs");

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct bpftoken_error err;

		fake.bpf_result[ATTR_TOKEN_CREATE] = -errors[i];
		assert_int_equal(bpftoken_create(bpffs, &err), -errors[i]);
		assert_int_equal(err.code, -errors[i]);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_CREATE);
		assert_int_equal(bpftoken_create(bpffs, NULL), -errors[i]);
	}
	assert_int_equal(bpftoken_create(-1, NULL), -EBADF);
}

/* EINVAL of a kernel that knows no tokens is no EINVAL of the bpffs. */
static void test_create_without_tokens(void **state)
{
	struct bpftoken_error err;

	fake.no_tokens = true;
	assert_int_equal(bpftoken_create(fake_given("bpffs"), &err), -EOPNOTSUPP);
	assert_int_equal(err.code, -EOPNOTSUPP);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_KERNEL);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
}

/* 0 means "the process-wide token" to the calls that take one: no token is 0, 1 or 2. */
static void test_create_low(void **state)
{
	int bpffs = fake_given("bpffs");
	struct bpftoken_error err;

	for (int low = 0; low < 3; low++) {
		int token;

		fake.low_fd = low;
		token = bpftoken_create(bpffs, &err);
		assert_true(token > 2);
		fake_assert_closed(token);
		sys_close(token);
		fake.low_fd = low;
		fake_fail("sys_dup_high", 1, EMFILE);
		assert_int_equal(bpftoken_create(bpffs, &err), -EMFILE);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_CREATE);
		fake_assert_closed(-1);
	}
}

/* ------------------------------------------------------------------- adopt */

static void test_adopt(void **state)
{
	int token = fake_given("token");
	struct bpftoken_error err;

	fake_poison(&err);
	fake.bpf_result[ATTR_BTF_LOAD] = -E2BIG;
	assert_int_equal(bpftoken_adopt(token, &err), token);
	fake_assert_poisoned(&err);
	assert_int_equal(fake_count("sys_set_cloexec"), 1);
	assert_int_equal(fake_count("sys_openat"), 0);
	/* refused for a capability or by an LSM: the kernel saw a token all the same */
	fake.bpf_result[ATTR_BTF_LOAD] = -EPERM;
	assert_int_equal(bpftoken_adopt(token, NULL), token);
	fake_assert_closed(-1);
}

static void test_adopt_low(void **state)
{
	struct bpftoken_error err;
	int low, token;

	fake.low_fd = 0;
	low = fake_given("token");
	fake.bpf_result[ATTR_BTF_LOAD] = -E2BIG;
	token = bpftoken_adopt(low, &err);
	assert_true(token > 2);
	assert_true(fake_is_open(low));
	fake_fail("sys_dup_high", 1, EMFILE);
	assert_int_equal(bpftoken_adopt(low, &err), -EMFILE);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
}

static void expect_not_adopted(int fd, int code)
{
	struct bpftoken_error err;

	assert_int_equal(bpftoken_adopt(fd, &err), code);
	assert_int_equal(err.code, code);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
	assert_int_equal(fake_count("sys_set_cloexec"), 0);
}

static void test_adopt_what_is_no_token(void **state)
{
	int fd = fake_given("something");

	fake.bpf_result[ATTR_BTF_LOAD] = -E2BIG;
	expect_not_adopted(-1, -EBADF);
	fake.fs_type = 0xef53;
	expect_not_adopted(fd, -EINVAL);
	fake.fs_type = FAKE_BPF_FS;
	fake.file_mode = S_IFDIR | 01777;
	expect_not_adopted(fd, -EINVAL);
	fake.file_mode = S_IFREG | 0600;
	fake.file_links = 1;
	expect_not_adopted(fd, -EINVAL);
	assert_int_equal(fake_count("sys_bpf"), 0);
	fake.file_links = 0;
	fake.bpf_result[ATTR_BTF_LOAD] = -EINVAL;
	expect_not_adopted(fd, -EINVAL);
}

/* "" opts out: a negative number that is no token to any token_fd. */
static void test_open_declined(void **state)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;

	opts.path = "";
	assert_int_equal(bpftoken_open(&opts, &err), -ECANCELED);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_DISCOVER);
	assert_int_equal(fake_count("sys_openat"), 0);
	assert_int_equal(fake_count("sys_bpf"), 0);
}

static void test_supported(void **state)
{
	struct bpftoken_error err;

	fake_poison(&err);
	assert_int_equal(bpftoken_supported(&err), 1);
	fake_assert_poisoned(&err);
	fake.no_tokens = true;
	assert_int_equal(bpftoken_supported(&err), -EOPNOTSUPP);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_KERNEL);
	fake_fail("sys_bpf", 1, ENOSYS);
	assert_int_equal(bpftoken_supported(&err), -ENOSYS);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
}

/* -------------------------------------------------------------------- info */

static void check_masks(const struct bpftoken_policy *policy, uint64_t cmds,
			uint64_t maps, uint64_t progs, uint64_t attachs)
{
	const uint64_t masks[] = { cmds, maps, progs, attachs };

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		assert_true(policy->mask[set] == masks[set]);
}

static void test_info(void **state)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	int token = fake_given("token");
	struct attr_obj_info sent;
	struct bpftoken_error err;

	memcpy(fake.masks[0], (uint64_t[]){ 0x21, 0x8000000000000000, UINT64_MAX, 0 },
	       32);
	fake_poison(&err);
	assert_int_equal(bpftoken_info(token, &policy, &err), 0);
	fake_assert_poisoned(&err);
	check_masks(policy, 0x21, 0x8000000000000000, UINT64_MAX, 0);
	memcpy(&sent, fake.bpf.attr, sizeof(sent));
	assert_int_equal(fake.bpf.cmd, 15);
	assert_int_equal(fake.bpf.size, 16);
	assert_int_equal(sent.bpf_fd, token);
	assert_int_equal(sent.info_len, 32);
	assert_int_equal(fake_count("sys_openat"), 0);
}

/* What a kernel before 6.17 shows; the lines above are the kernel's own. */
static int info_of(const char *fdinfo, struct bpftoken_policy **policy,
		   struct bpftoken_error *err)
{
	int token, r;

	fake_reset();
	fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD] = -EINVAL;
	if (fdinfo)
		fake_file("/proc/self/fdinfo/*", fdinfo);
	token = fake_given("token");
	r = bpftoken_info(token, policy, err);
	fake_assert_closed(-1);
	return r;
}

#define FDINFO "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1057\n"
#define MASKS(cmds, maps, progs, attachs)                                          \
	"allowed_cmds:\t" cmds "\nallowed_maps:\t" maps "\nallowed_progs:\t" progs \
	"\nallowed_attachs:\t" attachs "\n"

static void test_fdinfo(void **state)
{
	static const struct {
		const char *text;
		uint64_t masks[4];
	} rows[] = {
		{ FDINFO MASKS("any", "any", "any", "any"),
		  { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } },
		{ FDINFO MASKS("0x21", "0x8000000", "0x2", "0x1"),
		  { 0x21, 0x8000000, 2, 1 } },
		{ FDINFO MASKS("0x0", "any", "0x8000000000000001", "0xffffffffffffffff"),
		  { 0, UINT64_MAX, 0x8000000000000001, UINT64_MAX } },
		{ FDINFO
		  "more:\t1\n" MASKS("0x1", "0x2", "0x3", "0x4") "still_more:\tany\n",
		  { 1, 2, 3, 4 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = NULL;

		assert_int_equal(info_of(rows[i].text, &policy, NULL), 0);
		check_masks(policy, rows[i].masks[0], rows[i].masks[1], rows[i].masks[2],
			    rows[i].masks[3]);
	}
}

static void test_fdinfo_bad(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ NULL, -ENOENT },
		{ "", -EINVAL },
		{ FDINFO, -EINVAL },
		{ FDINFO "allowed_cmds:\tany\n", -EINVAL },
		{ FDINFO "allowed_cmds:\tany\nallowed_maps:\tany\nallowed_progs:\tany\n",
		  -EINVAL },
		{ FDINFO "xallowed_cmds:\tany\n", -EINVAL },
		{ FDINFO MASKS("", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("all", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("any ", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("0x", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("0x21 0x1", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("0x21g", "any", "any", "any"), -EPROTO },
		{ FDINFO MASKS("any", "any", "any", "map_create"), -EPROTO },
		{ FDINFO "allowed_cmds:\tany\nallowed_maps:\tany\nallowed_progs:\tany\n"
			 "allowed_attachs:\t0x21",
		  -EPROTO },
		{ FDINFO "allowed_cmds:\tany\nallowed_maps:\tany\nallowed_progs:\tany\n"
			 "allowed_attachs:\tany",
		  -EPROTO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpftoken_policy untouched, *policy = &untouched;
		struct bpftoken_error err;
		int r = info_of(rows[i].text, &policy, &err);

		if (r != rows[i].code)
			fail_msg("row %zu: %d", i, r);
		assert_ptr_equal(policy, &untouched);
		assert_int_equal(err.code, r);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
	}
}

/* A map answers OBJ_GET_INFO too, and a file of another filesystem has an fdinfo. */
static void test_info_of_other(void **state)
{
	struct bpftoken_policy untouched, *policy = &untouched;
	struct bpftoken_error err;

	assert_int_equal(bpftoken_info(fake_given("bpf"), &policy, &err), -EINVAL);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
	assert_int_equal(fake_count("sys_bpf"), 0);
	assert_int_equal(bpftoken_info(-1, &policy, &err), -EBADF);
	assert_ptr_equal(policy, &untouched);
}

/* -------------------------------------------------------------------- open */

static void test_open_path(void **state)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;
	int token;

	fake_file("/here", "");
	opts.path = "/here";
	fake_poison(&err);
	token = bpftoken_open(&opts, &err);
	assert_true(token >= 0);
	fake_assert_poisoned(&err);
	fake_assert_closed(token);
	opts.path = "/there";
	assert_int_equal(bpftoken_open(&opts, &err), -ENOENT);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_TOKEN_OPEN);
	assert_non_null(strstr(err.why, "/there"));
}

/* Only roots of a bpffs are tried. */
static void test_open_first(void **state)
{
	int token;

	fake_file("/proc/self/mountinfo",
		  "1 1 0:5 / /proc rw - proc proc rw\n"
		  "2 1 0:6 /sub /sub rw - bpf none rw\n" BPFFS(3, "/b"));
	fake_file("/b", "");
	token = bpftoken_open(NULL, NULL);
	assert_true(token >= 0);
	fake_assert_closed(token);
	assert_int_equal(fake_count("sys_openat"), 2);
}

static void test_open_none(void **state)
{
	struct bpftoken_error err;

	fake_file("/proc/self/mountinfo", "1 1 0:5 / /proc rw - proc proc rw\n");
	assert_int_equal(bpftoken_open(NULL, &err), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_DISCOVER);
	assert_int_equal(bpftoken_open(NULL, NULL), -ENOENT);
}

/* The first that covers what is wanted; the refused one's reason is not shown. */
static void test_open_covering(void **state)
{
	struct bpftoken_policy wanted = { .mask = { 0x21, 1ULL << 27, 0, 0 } };
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;
	int token;

	fake_file("/proc/self/mountinfo", BPFFS(1, "/a") BPFFS(2, "/b") BPFFS(3, "/c"));
	fake_file("/[ac]", "");
	fake.masks[0][BPFTOKEN_MAPS] = 2;
	opts.wanted = &wanted;
	fake_poison(&err);
	token = bpftoken_open(&opts, &err);
	assert_true(token >= 0);
	fake_assert_closed(token);
	fake_assert_poisoned(&err);
}

/* None covers it: why the first did not. */
static void test_open_lacking(void **state)
{
	struct bpftoken_policy wanted = { .mask = { 0x21, 1ULL << 27, 0, 0 } };
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;

	fake_file("/proc/self/mountinfo", BPFFS(1, "/a") BPFFS(2, "/b"));
	fake_file("/[ab]", "");
	fake.masks[0][BPFTOKEN_MAPS] = 2;
	fake.masks[1][BPFTOKEN_CMDS] = 2;
	opts.wanted = &wanted;
	assert_int_equal(bpftoken_open(&opts, &err), -ENOENT);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_DISCOVER);
	assert_string_equal(err.why, "/a lacks delegate_maps=ringbuf");
	fake_assert_closed(-1);
}

static void test_global(void **state)
{
	assert_int_equal(bpftoken_global_get(), -1);
	assert_int_equal(bpftoken_global_set(7), -1);
	assert_int_equal(bpftoken_global_get(), 7);
	assert_int_equal(bpftoken_global_set(-5), 7);
	assert_int_equal(bpftoken_global_get(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_create, set_up),
		cmocka_unit_test_setup(test_create_fails, set_up),
		cmocka_unit_test_setup(test_create_without_tokens, set_up),
		cmocka_unit_test_setup(test_create_low, set_up),
		cmocka_unit_test_setup(test_adopt, set_up),
		cmocka_unit_test_setup(test_adopt_low, set_up),
		cmocka_unit_test_setup(test_adopt_what_is_no_token, set_up),
		cmocka_unit_test_setup(test_open_declined, set_up),
		cmocka_unit_test_setup(test_supported, set_up),
		cmocka_unit_test_setup(test_info, set_up),
		cmocka_unit_test_setup(test_fdinfo, set_up),
		cmocka_unit_test_setup(test_fdinfo_bad, set_up),
		cmocka_unit_test_setup(test_info_of_other, set_up),
		cmocka_unit_test_setup(test_open_path, set_up),
		cmocka_unit_test_setup(test_open_first, set_up),
		cmocka_unit_test_setup(test_open_none, set_up),
		cmocka_unit_test_setup(test_open_covering, set_up),
		cmocka_unit_test_setup(test_open_lacking, set_up),
		cmocka_unit_test_setup(test_global, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
