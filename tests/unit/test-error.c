/* SPDX-License-Identifier: MIT */
/* The error object, the options that callers hand in, and what an error means. */
#include "fake-sys.h"

#include "error.h"

#include <errno.h>
#include <stdlib.h>

#define LAST_STAGE BPFTOKEN_STAGE_PRELOAD

static int set_up(void **state)
{
	fake_reset();
	return 0;
}

/* ------------------------------------------------------------------- raise */

static void test_raise(void **state)
{
	struct bpftoken_error err;

	fake_poison(&err);
	assert_int_equal(
		err_raise(&err, BPFTOKEN_STAGE_CREATE, -EPERM, "%s %d", "because", 7),
		-EPERM);
	assert_int_equal(err.code, -EPERM);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_CREATE);
	assert_int_equal(err.token_fd, -1);
	assert_string_equal(err.why, "because 7");
	assert_string_equal(err.what, "");
	assert_string_equal(err.fix, "");
	assert_int_equal(err.kind | err.line | err.column | err.type | err.attach_type,
			 0);

	fake_poison(&err);
	assert_int_equal(err_raise(&err, BPFTOKEN_STAGE_CREATE, -EIO, NULL), -EIO);
	assert_string_equal(err.why, "");
	assert_int_equal(err_oom(&err), -ENOMEM);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_MEMORY);
}

static void test_setters(void **state)
{
	struct bpftoken_error err;

	err_raise(&err, BPFTOKEN_STAGE_POLICY, -EINVAL, "why");
	err_what(&err, "what %u", 1U);
	err_fix(&err, "fix %s", "it");
	err_kind(&err, BPFTOKEN_KIND_POLICY);
	err_position(&err, 3, 14);
	assert_string_equal(err.what, "what 1");
	assert_string_equal(err.why, "why");
	assert_string_equal(err.fix, "fix it");
	assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 14);
}

static void test_null_error(void **state)
{
	size_t sz = 1;

	assert_int_equal(err_raise(NULL, BPFTOKEN_STAGE_CREATE, -EPERM, "%s", "x"),
			 -EPERM);
	assert_int_equal(err_oom(NULL), -ENOMEM);
	err_what(NULL, "%s", "x");
	err_fix(NULL, "%s", "x");
	err_kind(NULL, BPFTOKEN_KIND_DENIED);
	err_position(NULL, 1, 1);
	assert_int_equal(opts_take(&sz, sizeof(sz), &sz, NULL), -EINVAL);
}

/* A text of len bytes in a field of size: whole, or its beginning and "...". */
static void check_text(const char *field, size_t size, size_t len)
{
	size_t kept = len < size ? len : size - 4;

	for (size_t i = 0; i < kept; i++)
		assert_int_equal(field[i], 'x');
	assert_string_equal(field + kept, len < size ? "" : "...");
}

static void test_truncation(void **state)
{
	struct bpftoken_error err;
	char text[2048];

	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		err_raise(&err, BPFTOKEN_STAGE_NONE, -EIO, "%s", text);
		err_what(&err, "%s", text);
		err_fix(&err, "%s", text);
		check_text(err.why, sizeof(err.why), len);
		check_text(err.what, sizeof(err.what), len);
		check_text(err.fix, sizeof(err.fix), len);
		assert_int_equal(err.kind, 0);
	}
}

/* ----------------------------------------------------------------- options */

struct options {
	size_t sz;
	uint32_t a, b;
	uint64_t c;
};

struct newer_options {
	struct options known;
	unsigned char tail[24];
};

static void test_options(void **state)
{
	const struct options given = { sizeof(given), 1, 2, 3 };
	struct options taken = { 9, 9, 9, 9 };
	struct bpftoken_error err;

	fake_poison(&err);
	assert_int_equal(opts_take(&taken, sizeof(taken), &given, &err), 0);
	assert_memory_equal(&taken, &given, sizeof(given));
	fake_assert_poisoned(&err);
}

/* What is taken may be handed on to another function, so its size is ours. */
static void test_options_null(void **state)
{
	const struct options defaults = { .sz = sizeof(defaults) };
	struct options taken = { 9, 9, 9, 9 }, again;

	assert_int_equal(opts_take(&taken, sizeof(taken), NULL, NULL), 0);
	assert_memory_equal(&taken, &defaults, sizeof(taken));
	assert_int_equal(opts_take(&again, sizeof(again), &taken, NULL), 0);
	assert_memory_equal(&again, &taken, sizeof(taken));
}

static void test_options_short(void **state)
{
	struct options given = { offsetof(struct options, b), 1, 2, 3 };
	struct options taken = { 9, 9, 9, 9 };

	assert_int_equal(opts_take(&taken, sizeof(taken), &given, NULL), 0);
	assert_int_equal(taken.a, 1);
	assert_int_equal(taken.b, 0);
	assert_int_equal(taken.c, 0);
	given.sz = sizeof(given.sz);
	assert_int_equal(opts_take(&taken, sizeof(taken), &given, NULL), 0);
	assert_int_equal(taken.a, 0);
}

static void test_options_newer(void **state)
{
	struct newer_options given = { .known = { sizeof(given), 1, 2, 3 } };
	struct options taken, untouched = { 9, 9, 9, 9 };
	struct bpftoken_error err;

	assert_int_equal(opts_take(&taken, sizeof(taken), &given, NULL), 0);
	assert_int_equal(taken.sz, sizeof(taken));
	assert_int_equal(taken.c, 3);
	for (size_t i = 0; i < sizeof(given.tail); i++) {
		taken = untouched;
		given.tail[i] = 1;
		assert_int_equal(opts_take(&taken, sizeof(taken), &given, &err), -E2BIG);
		assert_int_equal(err.code, -E2BIG);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
		assert_memory_equal(&taken, &untouched, sizeof(taken));
		given.tail[i] = 0;
	}
}

static void test_options_too_small(void **state)
{
	struct options given = { 0, 1, 2, 3 }, taken, untouched = { 9, 9, 9, 9 };
	struct bpftoken_error err;

	for (given.sz = 0; given.sz < sizeof(size_t); given.sz++) {
		taken = untouched;
		assert_int_equal(opts_take(&taken, sizeof(taken), &given, &err), -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_OPTIONS);
		assert_memory_equal(&taken, &untouched, sizeof(taken));
	}
}

/* ------------------------------------------------------------------ stages */

static void explained(struct bpftoken_error *err, uint32_t stage, int error)
{
	uint32_t kind;

	err_raise(err, stage, -error, NULL);
	kind = bpftoken_explain(err);
	assert_int_equal(kind, err->kind);
}

static void test_stage_names(void **state)
{
	for (uint32_t a = 0; a <= LAST_STAGE; a++) {
		const char *name = bpftoken_stage_name(a);

		assert_non_null(name);
		assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
				 strlen(name));
		assert_string_not_equal(name, "");
		assert_string_not_equal(name, "UNKNOWN");
		for (uint32_t b = 0; b < a; b++)
			assert_string_not_equal(name, bpftoken_stage_name(b));
	}
	assert_string_equal(bpftoken_stage_name(LAST_STAGE + 1), "UNKNOWN");
	assert_string_equal(bpftoken_stage_name(UINT32_MAX), "UNKNOWN");
}

static void test_stage_sentences(void **state)
{
	struct bpftoken_error a, b;

	for (uint32_t stage = 0; stage <= LAST_STAGE; stage++) {
		explained(&a, stage, EIO);
		assert_string_not_equal(a.what, "");
		for (uint32_t other = 0; other < stage; other++) {
			explained(&b, other, EIO);
			assert_string_not_equal(a.what, b.what);
		}
	}
	explained(&a, LAST_STAGE + 1, EIO);
	explained(&b, BPFTOKEN_STAGE_NONE, EIO);
	assert_string_equal(a.what, b.what);
}

/* ----------------------------------------------------------------- explain */

static const int some_errors[] = {
	EPERM,	ENOENT,	 ESRCH,	 EINTR,	    EIO,	E2BIG,	    EBADF,  ECHILD,
	EAGAIN, ENOMEM,	 EACCES, EFAULT,    EBUSY,	EXDEV,	    ENODEV, EINVAL,
	ENFILE, EMFILE,	 ENOSPC, EROFS,	    EPIPE,	ERANGE,	    ELOOP,  EPROTO,
	ENOSYS, ENOTDIR, EFBIG,	 ETIMEDOUT, EOPNOTSUPP, ECONNRESET, 524,
};

/* One line that a terminal can show. */
static void check_line(const char *text)
{
	for (; *text; text++)
		assert_in_range(*text, ' ', '~');
}

static void test_explain_all(void **state)
{
	struct bpftoken_error err;

	for (uint32_t stage = 0; stage <= LAST_STAGE + 1; stage++) {
		for (size_t i = 0; i < ARRAY_SIZE(some_errors); i++) {
			explained(&err, stage, some_errors[i]);
			assert_in_range(err.kind, BPFTOKEN_KIND_FAILED,
					BPFTOKEN_KIND_DENIED);
			assert_string_not_equal(err.what, "");
			assert_string_not_equal(err.why, "");
			check_line(err.what);
			check_line(err.why);
			check_line(err.fix);
			assert_int_equal(err.code, -some_errors[i]);
			assert_int_equal(err.stage, stage);
		}
	}
	fake_assert_closed(-1);
}

static void test_explain_keeps(void **state)
{
	for (uint32_t stage = 0; stage <= LAST_STAGE; stage++) {
		for (size_t i = 0; i < ARRAY_SIZE(some_errors); i++) {
			struct bpftoken_error err, before;

			err_raise(&err, stage, -some_errors[i], "own why");
			err_what(&err, "own what");
			err_fix(&err, "own fix");
			err_kind(&err, BPFTOKEN_KIND_USAGE);
			err_position(&err, 1, 2);
			before = err;
			assert_int_equal(bpftoken_explain(&err), BPFTOKEN_KIND_USAGE);
			assert_memory_equal(&err, &before, sizeof(err));
		}
	}
}

/* A second time finds everything there. */
static void test_explain_twice(void **state)
{
	for (uint32_t stage = 0; stage <= LAST_STAGE; stage++) {
		struct bpftoken_error once, twice;

		explained(&once, stage, EPERM);
		twice = once;
		assert_int_equal(bpftoken_explain(&twice), once.kind);
		assert_memory_equal(&once, &twice, sizeof(once));
	}
}

static void test_explain_cures(void **state)
{
	static const struct {
		uint32_t stage;
		int error;
		uint32_t kind;
		const char *why, *fix; /* parts of the sentences */
	} rows[] = {
		{ BPFTOKEN_STAGE_KERNEL, EOPNOTSUPP, BPFTOKEN_KIND_KERNEL, "6.9",
		  "newer kernel" },
		{ BPFTOKEN_STAGE_KERNEL, EPERM, BPFTOKEN_KIND_DENIED, "refused",
		  "seccomp" },
		{ BPFTOKEN_STAGE_JOIN, EPERM, BPFTOKEN_KIND_DENIED, "does not own",
		  "own" },
		{ BPFTOKEN_STAGE_CREATE, EPERM, BPFTOKEN_KIND_DENIED, "", "host" },
		{ BPFTOKEN_STAGE_FSOPEN, EPERM, BPFTOKEN_KIND_DENIED, "mount namespace",
		  "own" },
		{ BPFTOKEN_STAGE_TOKEN_CREATE, EPERM, BPFTOKEN_KIND_DENIED,
		  "user namespace", "" },
		{ BPFTOKEN_STAGE_TOKEN_CREATE, ENOENT, BPFTOKEN_KIND_POLICY, "nothing",
		  "" },
		{ BPFTOKEN_STAGE_TOKEN_CREATE, EBADF, BPFTOKEN_KIND_USAGE, "O_PATH",
		  "openat" },
		{ BPFTOKEN_STAGE_OPTIONS, E2BIG, BPFTOKEN_KIND_USAGE, "", "newer" },
		{ BPFTOKEN_STAGE_POLICY, EINVAL, BPFTOKEN_KIND_POLICY, "", "" },
		{ BPFTOKEN_STAGE_FSMOUNT, EMFILE, BPFTOKEN_KIND_FAILED, "open files",
		  "ulimit" },
		{ BPFTOKEN_STAGE_FSMOUNT, EIO, BPFTOKEN_KIND_FAILED, "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpftoken_error err;

		explained(&err, rows[i].stage, rows[i].error);
		if (err.kind != rows[i].kind || !strstr(err.why, rows[i].why) ||
		    !strstr(err.fix, rows[i].fix))
			fail_msg("%s, %d: kind %u: %s: %s",
				 bpftoken_stage_name(rows[i].stage), rows[i].error,
				 err.kind, err.why, err.fix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raise),
		cmocka_unit_test(test_setters),
		cmocka_unit_test(test_null_error),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_options_null),
		cmocka_unit_test(test_options_short),
		cmocka_unit_test(test_options_newer),
		cmocka_unit_test(test_options_too_small),
		cmocka_unit_test(test_stage_names),
		cmocka_unit_test_setup(test_stage_sentences, set_up),
		cmocka_unit_test_setup(test_explain_all, set_up),
		cmocka_unit_test_setup(test_explain_keeps, set_up),
		cmocka_unit_test_setup(test_explain_twice, set_up),
		cmocka_unit_test_setup(test_explain_cures, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
