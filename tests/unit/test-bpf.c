/* SPDX-License-Identifier: MIT */
/* bpftoken_bpf(): every byte that reaches bpf(), and every byte that comes back. */
#include "fake-sys.h"

#define TOKEN 5
#define LINK_CREATE 28

/* Offsets as in the kernel's union bpf_attr, not as our structs say. */
static const struct row {
	uint32_t cmd, stage, size, flags_at, fd_at;
} rows[] = {
	{ 0, BPFTOKEN_STAGE_MAP_CREATE, 80, 16, 76 },
	{ 5, BPFTOKEN_STAGE_PROG_LOAD, 148, 44, 144 },
	{ 18, BPFTOKEN_STAGE_BTF_LOAD, 40, 32, 36 },
	{ 19, BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, 16, 8, 12 },
};

static int set_up(void **state)
{
	fake_reset();
	bpftoken_global_set(-1);
	return 0;
}

static uint32_t word_at(const void *bytes, size_t offset)
{
	uint32_t word;

	memcpy(&word, (const char *)bytes + offset, sizeof(word));
	return word;
}

static int call(uint32_t cmd, void *attr, uint32_t size, int token_fd,
		struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);

	opts.token_fd = token_fd;
	opts.err = err;
	return bpftoken_bpf(cmd, attr, size, &opts);
}

/* From every length, up to one that is longer than the kernel's union. */
static void test_added(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		for (uint32_t size = 1; size <= 200; size++) {
			unsigned char attr[200], kept[200];

			memset(attr, 0x20, sizeof(attr));
			memcpy(kept, attr, sizeof(attr));
			assert_true(call(row->cmd, attr, size, TOKEN, NULL) >= 0);
			assert_int_equal(fake.bpf.cmd, row->cmd);
			assert_int_equal(fake.bpf.size,
					 size < row->size ? row->size : size);
			assert_true(word_at(fake.bpf.attr, row->flags_at) & 1U << 16);
			assert_int_equal(word_at(fake.bpf.attr, row->fd_at), TOKEN);
			/* all else is the caller's, and zero behind its end */
			for (uint32_t j = 0; j < fake.bpf.size; j++)
				if (j - row->flags_at >= 4 && j - row->fd_at >= 4)
					assert_int_equal(fake.bpf.attr[j],
							 j < size ? 0x20 : 0);
			/* where the kernel answers */
			if (row->cmd == ATTR_PROG_LOAD && size > 140)
				memset(kept + 140, 0, size < 144 ? size - 140 : 4);
			assert_memory_equal(attr, kept, sizeof(attr));
		}
	}
	assert_int_equal(fake.questions, ARRAY_SIZE(rows));
}

/* What the kernel writes arrives, as far as the caller's attr goes. */
static void test_answers(void **state)
{
	for (uint32_t size = 100; size <= 152; size++) {
		unsigned char attr[152] = { 0 };
		const uint32_t written = 0x01020304;
		unsigned char whole[152] = { 0 }, wanted[152] = { 0 };

		fake.log_true_size = written;
		memcpy(whole + 140, &written, sizeof(written));
		memcpy(wanted, whole, size);
		assert_true(call(ATTR_PROG_LOAD, attr, size, TOKEN, NULL) >= 0);
		assert_memory_equal(attr, wanted, sizeof(attr));
	}
}

/* An attr that nobody may write to is not written to. */
static void test_constant(void **state)
{
	static const uint32_t attr[20] = { 2, 4, 4, 1 };

	assert_true(call(ATTR_MAP_CREATE, (void *)(uintptr_t)attr, sizeof(attr), TOKEN,
			 NULL) >= 0);
	assert_int_equal(word_at(fake.bpf.attr, 76), TOKEN);
}

static void expect_untouched(uint32_t cmd, void *attr, uint32_t size, int token_fd)
{
	unsigned char kept[256] = { 0 };

	memcpy(kept, attr, size);
	assert_true(call(cmd, attr, size, token_fd, NULL) >= 0);
	assert_int_equal(fake.bpf.cmd, cmd);
	assert_int_equal(fake.bpf.size, size);
	assert_memory_equal(fake.bpf.attr, kept, size);
	assert_memory_equal(attr, kept, size);
}

static void test_left_alone(void **state)
{
	uint32_t attr[40] = { 2, 4, 4, 1 };

	/* no token, and none process-wide */
	expect_untouched(ATTR_MAP_CREATE, attr, sizeof(attr), -1);
	expect_untouched(ATTR_MAP_CREATE, attr, sizeof(attr), 0);
	/* takes none, or is not known */
	expect_untouched(LINK_CREATE, attr, sizeof(attr), TOKEN);
	expect_untouched(63, attr, sizeof(attr), TOKEN);
	/* empty */
	expect_untouched(ATTR_MAP_CREATE, attr, 0, TOKEN);
	assert_int_equal(fake.questions, 0);
	/* has one: here the descriptor 9 */
	attr[4] = 1U << 16;
	attr[19] = 9;
	expect_untouched(ATTR_MAP_CREATE, attr, 80, TOKEN);
	assert_int_equal(word_at(fake.bpf.attr, 76), 9);
}

/* The flag alone, in an attr that ends before the descriptor, is no token. */
static void test_flag_without_token(void **state)
{
	uint32_t attr[20] = { 2, 4, 4, 1, 1U << 16 };

	assert_true(call(ATTR_MAP_CREATE, attr, 76, TOKEN, NULL) >= 0);
	assert_int_equal(fake.bpf.size, 80);
	assert_int_equal(word_at(fake.bpf.attr, 76), TOKEN);
	assert_int_equal(attr[4], 1U << 16);
	assert_int_equal(attr[19], 0);
	expect_untouched(ATTR_MAP_CREATE, attr, 76, -1);
}

static void test_process_wide(void **state)
{
	uint32_t attr[20] = { 2, 4, 4, 1 };

	bpftoken_global_set(7);
	assert_true(bpftoken_bpf(ATTR_MAP_CREATE, attr, sizeof(attr), NULL) >= 0);
	assert_int_equal(word_at(fake.bpf.attr, 76), 7);
	expect_untouched(ATTR_MAP_CREATE, attr, sizeof(attr), -1);
	bpftoken_global_set(-1);
}

/* The bit of Linux 7.2 arrives with its two arguments, and the token all the same. */
static void test_common_attrs(void **state)
{
	uint32_t attr[20] = { 2, 4, 4, 1 }, link[4] = { 0 };
	char common[24];
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);

	opts.token_fd = TOKEN;
	opts.common = common;
	opts.common_size = sizeof(common);
	assert_true(bpftoken_bpf(0x10000, attr, sizeof(attr), &opts) >= 0);
	assert_int_equal(fake.bpf.cmd, 0x10000);
	assert_int_equal(word_at(fake.bpf.attr, 76), TOKEN);
	assert_ptr_equal(fake.common, common);
	assert_int_equal(fake.common_size, sizeof(common));
	assert_true(bpftoken_bpf(0x10000 | LINK_CREATE, link, sizeof(link), &opts) >= 0);
	assert_int_equal(fake.bpf.cmd, 0x10000 | LINK_CREATE);
	assert_int_equal(fake.bpf.size, sizeof(link));
}

/* What an older kernel does not have is not sent; and it is asked once. */
static void test_absent_field(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char attr[256] = { 0 };

		fake_reset();
		fake.takes_no_token[i] = true;
		for (int again = 0; again < 2; again++) {
			assert_true(call(rows[i].cmd, attr, rows[i].size, TOKEN, NULL) >=
				    0);
			assert_int_equal(word_at(fake.bpf.attr, rows[i].flags_at), 0);
			assert_int_equal(word_at(fake.bpf.attr, rows[i].fd_at), 0);
		}
		assert_int_equal(fake.questions, 1);
	}
}

/* And the refusal is explained by that, not by the token or by its absence. */
static void test_absent_field_explained(void **state)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);
	struct bpftoken_error err;

	fake.takes_no_token[3] = true;
	fake.bpf_result[ATTR_BTF_GET_FD_BY_ID] = -EPERM;
	opts.token_fd = fake_given("token");
	opts.id = 1;
	assert_int_equal(bpftoken_btf_get_fd_by_id(&opts, &err), -EPERM);
	assert_int_equal(word_at(fake.bpf.attr, 8), 0);
	assert_int_equal(word_at(fake.bpf.attr, 12), 0);
	assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
	assert_string_equal(err.why,
			    "the running kernel's command btf_get_fd_by_id takes "
			    "no token");
}

static void test_errors(void **state)
{
	uint32_t attr[40] = { 27, 0, 0, 4096 };
	struct bpftoken_error err;

	attr[17] = 37;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fake.bpf_result[rows[i].cmd] = -EPERM;
		fake_poison(&err);
		assert_int_equal(call(rows[i].cmd, attr, sizeof(attr), TOKEN, &err),
				 -EPERM);
		assert_int_equal(err.code, -EPERM);
		assert_int_equal(err.stage, rows[i].stage);
		assert_int_equal(err.token_fd, TOKEN);
		assert_int_equal(err.type, rows[i].cmd == ATTR_BTF_LOAD ? 0 : 27);
		assert_int_equal(err.attach_type, rows[i].cmd == ATTR_PROG_LOAD ? 37 : 0);
		assert_int_equal(call(rows[i].cmd, attr, sizeof(attr), TOKEN, NULL),
				 -EPERM);
	}
	/* the token that the caller put there, and none */
	attr[4] = 1U << 16;
	attr[19] = 9;
	assert_int_equal(call(ATTR_MAP_CREATE, attr, 80, TOKEN, &err), -EPERM);
	assert_int_equal(err.token_fd, 9);
	attr[4] = 0;
	assert_int_equal(call(ATTR_MAP_CREATE, attr, 80, -1, &err), -EPERM);
	assert_int_equal(err.token_fd, -1);
	/* a command without a token has a stage of its own */
	fake.bpf_result[LINK_CREATE] = -EINVAL;
	assert_int_equal(call(LINK_CREATE, attr, 32, TOKEN, &err), -EINVAL);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_BPF);
	assert_int_equal(err.token_fd, -1);
}

static void test_bad_options(void **state)
{
	struct {
		struct bpftoken_bpf_opts known;
		uint64_t tail;
	} newer = { .known.sz = sizeof(newer), .tail = 1 };
	struct bpftoken_error err;
	uint32_t attr[20] = { 0 };

	newer.known.err = &err;
	assert_int_equal(bpftoken_bpf(0, attr, sizeof(attr), &newer.known), -E2BIG);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
	newer.known.sz = 1;
	assert_int_equal(bpftoken_bpf(0, attr, sizeof(attr), &newer.known), -EINVAL);
	assert_int_equal(fake_count("sys_bpf"), 0);
	/* older: without err, which is then not looked at */
	newer.known.sz = offsetof(struct bpftoken_bpf_opts, common_size);
	newer.known.token_fd = TOKEN;
	fake_poison(&err);
	fake.bpf_result[ATTR_MAP_CREATE] = -EPERM;
	assert_int_equal(bpftoken_bpf(0, attr, sizeof(attr), &newer.known), -EPERM);
	assert_int_equal(word_at(fake.bpf.attr, 76), TOKEN);
	fake_assert_poisoned(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_added, set_up),
		cmocka_unit_test_setup(test_answers, set_up),
		cmocka_unit_test_setup(test_constant, set_up),
		cmocka_unit_test_setup(test_left_alone, set_up),
		cmocka_unit_test_setup(test_flag_without_token, set_up),
		cmocka_unit_test_setup(test_process_wide, set_up),
		cmocka_unit_test_setup(test_common_attrs, set_up),
		cmocka_unit_test_setup(test_absent_field, set_up),
		cmocka_unit_test_setup(test_absent_field_explained, set_up),
		cmocka_unit_test_setup(test_errors, set_up),
		cmocka_unit_test_setup(test_bad_options, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
