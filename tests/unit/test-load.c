/* SPDX-License-Identifier: MIT */
/* The four token-taking calls: every byte that reaches bpf(), and every refusal. */
#include "fake-sys.h"

#define NO_TOKEN (-1)

static int set_up(void **state)
{
	fake_reset();
	bpftoken_global_set(-1);
	return 0;
}

/* ------------------------------------------------------ the same for all four */

static int load_map(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token_fd;
	opts.type = 27;
	opts.flags = 0x400;
	return bpftoken_map_create(&opts, err);
}

static int load_prog(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token_fd;
	opts.type = 6;
	opts.expected_attach_type = 37;
	opts.flags = 0x10;
	return bpftoken_prog_load(&opts, err);
}

static int load_btf(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = token_fd;
	return bpftoken_btf_load(&opts, err);
}

static int load_btf_by_id(int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);

	opts.token_fd = token_fd;
	opts.id = 9;
	return bpftoken_btf_get_fd_by_id(&opts, err);
}

/* Offsets as in the kernel's union bpf_attr, not as our structs say. */
static const struct load {
	int (*load)(int token_fd, struct bpftoken_error *err);
	uint32_t cmd, stage, size, flags_at, fd_at;
	uint32_t flags; /* of its own */
	uint32_t type, attach_type; /* that an error shows */
} loads[] = {
	{ load_map, 0, BPFTOKEN_STAGE_MAP_CREATE, 80, 16, 76, 0x400, 27, 0 },
	{ load_prog, 5, BPFTOKEN_STAGE_PROG_LOAD, 152, 44, 144, 0x10, 6, 37 },
	{ load_btf, 18, BPFTOKEN_STAGE_BTF_LOAD, 40, 32, 36, 0, 0, 0 },
	{ load_btf_by_id, 19, BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, 16, 8, 12, 0, 9, 0 },
};

static uint32_t word_at(size_t offset)
{
	uint32_t word;

	memcpy(&word, fake.bpf.attr + offset, sizeof(word));
	return word;
}

/* The flag and the descriptor are there together, or both are not. */
static void check_token(const struct load *load, int token_fd)
{
	bool with = token_fd != NO_TOKEN;

	assert_int_equal(fake.bpf.cmd, load->cmd);
	assert_int_equal(fake.bpf.size, load->size);
	assert_int_equal(word_at(load->flags_at), load->flags | (with ? 1U << 16 : 0));
	assert_int_equal(word_at(load->fd_at), with ? token_fd : 0);
}

static void test_token_fd(void **state)
{
	static const struct {
		int global, token_fd, sent;
	} rows[] = {
		{ -1, 0, NO_TOKEN },  { -1, -1, NO_TOKEN },
		{ -1, -9, NO_TOKEN }, { -1, 5, 5 },
		{ 7, 0, 7 },	      { 7, -1, NO_TOKEN },
		{ 7, 5, 5 },	      { 0, 0, 0 },
		{ 0, -1, NO_TOKEN },  { -1, INT32_MAX, INT32_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
			struct bpftoken_error err;

			fake_reset();
			fake_poison(&err);
			bpftoken_global_set(rows[j].global);
			assert_true(loads[i].load(rows[j].token_fd, &err) >= 0);
			check_token(&loads[i], rows[j].sent);
			fake_assert_poisoned(&err);
			assert_int_equal(fake_count("sys_bpf"), 1);
		}
	}
	bpftoken_global_set(-1);
}

/* The attr with a token is the one without, but for these eight bytes. */
static void test_token_changes_nothing_else(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		const uint32_t flags = loads[i].flags | 1U << 16, fd = 5;
		unsigned char attr[sizeof(fake.bpf.attr)];

		loads[i].load(-1, NULL);
		memcpy(attr, fake.bpf.attr, sizeof(attr));
		memcpy(attr + loads[i].flags_at, &flags, sizeof(flags));
		memcpy(attr + loads[i].fd_at, &fd, sizeof(fd));
		loads[i].load(5, NULL);
		assert_memory_equal(attr, fake.bpf.attr, sizeof(attr));
	}
}

static void test_refused(void **state)
{
	static const int errors[] = {
		EPERM, EACCES, EINVAL, EBADF, E2BIG, ENOMEM, EMFILE
	};

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(errors); j++) {
			int token_fd = j % 2 ? 5 : -1;
			struct bpftoken_error err;

			fake.bpf_result[loads[i].cmd] = -errors[j];
			fake_poison(&err);
			assert_int_equal(loads[i].load(token_fd, &err), -errors[j]);
			assert_int_equal(loads[i].load(token_fd, NULL), -errors[j]);
			assert_int_equal(err.code, -errors[j]);
			assert_int_equal(err.stage, loads[i].stage);
			assert_int_equal(err.type, loads[i].type);
			assert_int_equal(err.attach_type, loads[i].attach_type);
			assert_int_equal(err.token_fd, token_fd);
			assert_string_equal(err.why, "");
		}
	}
}

/* The token of the error is the one that was used, also when it is the process's. */
static void test_refused_global(void **state)
{
	struct bpftoken_error err;

	bpftoken_global_set(8);
	fake.bpf_result[ATTR_MAP_CREATE] = -EPERM;
	assert_int_equal(load_map(0, &err), -EPERM);
	assert_int_equal(err.token_fd, 8);
}

static void test_bad_options(void **state)
{
	struct {
		struct bpftoken_prog_load_opts known;
		uint32_t tail;
	} newer = { .known.sz = sizeof(newer), .tail = 1 };
	struct bpftoken_map_create_opts older = { .sz = sizeof(older.sz) - 1 };
	struct bpftoken_error err;

	assert_int_equal(bpftoken_prog_load(&newer.known, &err), -E2BIG);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
	assert_int_equal(bpftoken_map_create(&older, &err), -EINVAL);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
	assert_int_equal(fake_count("sys_bpf"), 0);
	newer.tail = 0;
	assert_true(bpftoken_prog_load(&newer.known, &err) >= 0);
}

/* An older caller's options end early: what they do not have is zero. */
static void test_short_options(void **state)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.sz = offsetof(struct bpftoken_map_create_opts, flags);
	opts.token_fd = 5;
	opts.max_entries = 3;
	opts.flags = 0x400;
	opts.map_extra = 1;
	assert_true(bpftoken_map_create(&opts, NULL) >= 0);
	assert_int_equal(word_at(12), 3);
	assert_int_equal(word_at(16), 1U << 16);
	assert_int_equal(word_at(64), 0);
	assert_int_equal(word_at(76), 5);
}

static void test_null_options(void **state)
{
	static const unsigned char zero[256];

	assert_true(bpftoken_map_create(NULL, NULL) >= 0);
	assert_memory_equal(fake.bpf.attr, zero, sizeof(zero));
	assert_true(bpftoken_btf_load(NULL, NULL) >= 0);
	assert_memory_equal(fake.bpf.attr, zero, sizeof(zero));
	assert_true(bpftoken_btf_get_fd_by_id(NULL, NULL) >= 0);
	assert_memory_equal(fake.bpf.attr, zero, sizeof(zero));
}

/* ------------------------------------------------------------------- names */

static void test_names(void **state)
{
	static const char *const names[] = { "a", "counters", "fifteen_letters" };
	BPFTOKEN_OPTS(bpftoken_map_create_opts, map);
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, prog);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char field[16] = "";

		memcpy(field, names[i], strlen(names[i]));
		map.name = prog.name = names[i];
		assert_true(bpftoken_map_create(&map, NULL) >= 0);
		assert_memory_equal(fake.bpf.attr + 28, field, sizeof(field));
		assert_true(bpftoken_prog_load(&prog, NULL) >= 0);
		assert_memory_equal(fake.bpf.attr + 48, field, sizeof(field));
	}
}

static void test_name_too_long(void **state)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, map);
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, prog);
	struct bpftoken_error err;

	map.name = prog.name = "sixteen_letters_";
	assert_int_equal(bpftoken_map_create(&map, &err), -EINVAL);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
	assert_non_null(strstr(err.why, "sixteen_letters_"));
	assert_int_equal(bpftoken_prog_load(&prog, NULL), -EINVAL);
	assert_int_equal(fake_count("sys_bpf"), 0);
}

/* ------------------------------------------------------------- whole attrs */

/* A field of the attr: offset, size and value. */
struct field {
	uint32_t at, size;
	uint64_t value;
};

static void check_fields(const struct field *fields, size_t count)
{
	unsigned char attr[sizeof(fake.bpf.attr)] = { 0 };

	for (size_t i = 0; i < count; i++) {
		uint32_t word = (uint32_t)fields[i].value;

		if (fields[i].size == 4)
			memcpy(attr + fields[i].at, &word, sizeof(word));
		else
			memcpy(attr + fields[i].at, &fields[i].value, sizeof(uint64_t));
	}
	for (size_t i = 0; i < sizeof(attr); i++)
		if (attr[i] != fake.bpf.attr[i])
			fail_msg("byte %zu of command %u: 0x%02x, not 0x%02x", i,
				 fake.bpf.cmd, fake.bpf.attr[i], attr[i]);
}

static void test_map_fields(void **state)
{
	const struct bpftoken_map_create_opts opts = {
		sizeof(opts), 1,  2,  3,  4,  5,  6,	      NULL, 8, 9,
		10,	      11, 12, 13, 14, 15, 1ULL << 40,
	};
	static const struct field fields[] = {
		{ 0, 4, 2 },
		{ 4, 4, 3 },
		{ 8, 4, 4 },
		{ 12, 4, 5 },
		{ 16, 4, 6 | 1U << 16 },
		{ 20, 4, 8 },
		{ 24, 4, 9 },
		{ 44, 4, 10 },
		{ 48, 4, 11 },
		{ 52, 4, 12 },
		{ 56, 4, 13 },
		{ 60, 4, 14 },
		{ 64, 8, 1ULL << 40 },
		{ 72, 4, 15 },
		{ 76, 4, 1 },
	};

	assert_true(bpftoken_map_create(&opts, NULL) >= 0);
	check_fields(fields, ARRAY_SIZE(fields));
}

static void test_prog_fields(void **state)
{
	static char insns[8], license[] = "GPL", log[8], func[8], line[8];
	static const int32_t array[] = { 1 };
	uint32_t true_size = 0;
	const struct bpftoken_prog_load_opts opts = {
		sizeof(opts), 1,	  2,  3,  4,	insns,
		license,      NULL,	  5,  6,  7,	8,
		log,	      &true_size, 9,  10, func, 11,
		12,	      line,	  13, 14, 15,	16,
		array,	      17,	  0,
	};
	const struct field fields[] = {
		{ 0, 4, 2 },
		{ 4, 4, 4 },
		{ 8, 8, (uintptr_t)insns },
		{ 16, 8, (uintptr_t)license },
		{ 24, 4, 6 },
		{ 28, 4, 7 },
		{ 32, 8, (uintptr_t)log },
		{ 40, 4, 8 },
		{ 44, 4, 5 | 1U << 16 },
		{ 64, 4, 9 },
		{ 68, 4, 3 },
		{ 72, 4, 10 },
		{ 76, 4, 11 },
		{ 80, 8, (uintptr_t)func },
		{ 88, 4, 12 },
		{ 92, 4, 13 },
		{ 96, 8, (uintptr_t)line },
		{ 104, 4, 14 },
		{ 108, 4, 15 },
		{ 112, 4, 16 },
		{ 120, 8, (uintptr_t)array },
		{ 144, 4, 1 },
		{ 148, 4, 17 },
	};

	fake.log_true_size = 1234;
	assert_true(bpftoken_prog_load(&opts, NULL) >= 0);
	check_fields(fields, ARRAY_SIZE(fields));
	assert_int_equal(true_size, 1234);
	fake.log_true_size = 99;
	fake.bpf_result[ATTR_PROG_LOAD] = -ENOSPC;
	assert_int_equal(bpftoken_prog_load(&opts, NULL), -ENOSPC);
	assert_int_equal(true_size, 99);
}

static void test_btf_fields(void **state)
{
	static char data[8], log[8];
	const struct bpftoken_btf_load_opts load = {
		sizeof(load), 1, 2, data, log, 3, 4
	};
	const struct bpftoken_btf_by_id_opts by_id = { sizeof(by_id), 1, 2 };
	const struct field load_fields[] = {
		{ 0, 8, (uintptr_t)data },
		{ 8, 8, (uintptr_t)log },
		{ 16, 4, 2 },
		{ 20, 4, 3 },
		{ 24, 4, 4 },
		{ 32, 4, 1U << 16 },
		{ 36, 4, 1 },
	};
	static const struct field by_id_fields[] = {
		{ 0, 4, 2 },
		{ 8, 4, 1U << 16 },
		{ 12, 4, 1 },
	};

	assert_true(bpftoken_btf_load(&load, NULL) >= 0);
	check_fields(load_fields, ARRAY_SIZE(load_fields));
	assert_true(bpftoken_btf_get_fd_by_id(&by_id, NULL) >= 0);
	check_fields(by_id_fields, ARRAY_SIZE(by_id_fields));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_token_fd, set_up),
		cmocka_unit_test_setup(test_token_changes_nothing_else, set_up),
		cmocka_unit_test_setup(test_refused, set_up),
		cmocka_unit_test_setup(test_refused_global, set_up),
		cmocka_unit_test_setup(test_bad_options, set_up),
		cmocka_unit_test_setup(test_short_options, set_up),
		cmocka_unit_test_setup(test_null_options, set_up),
		cmocka_unit_test_setup(test_names, set_up),
		cmocka_unit_test_setup(test_name_too_long, set_up),
		cmocka_unit_test_setup(test_map_fields, set_up),
		cmocka_unit_test_setup(test_prog_fields, set_up),
		cmocka_unit_test_setup(test_btf_fields, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
