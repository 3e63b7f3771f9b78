/* SPDX-License-Identifier: MIT */
/*
 * Policies as sets, the lists of all dialects, the text helpers below them, and how a
 * dialect is chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dialect.h"
#include "error.h"
#include "names.h"

/* A value that no kernel of today names. */
#define UNNAMED 63

static struct bpftoken_policy *new_policy(void)
{
	struct bpftoken_policy *policy = NULL;

	assert_int_equal(bpftoken_policy_new(&policy), 0);
	assert_non_null(policy);
	return policy;
}

/* -------------------------------------------------------------------- policies */

static void test_add_remove(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *p = new_policy();

	assert_true(bpftoken_policy_is_empty(p, BPFTOKEN_SETS));
	assert_int_equal(bpftoken_policy_add(p, BPFTOKEN_MAPS, 0), 0);
	assert_int_equal(bpftoken_policy_add(p, BPFTOKEN_MAPS, 63), 0);
	assert_true(p->mask[BPFTOKEN_MAPS] == 0x8000000000000001);
	assert_true(bpftoken_policy_has(p, BPFTOKEN_MAPS, 63));
	assert_false(bpftoken_policy_has(p, BPFTOKEN_MAPS, 62));
	assert_false(bpftoken_policy_has(p, BPFTOKEN_CMDS, 63));
	assert_false(bpftoken_policy_is_empty(p, BPFTOKEN_SETS));
	assert_false(bpftoken_policy_is_empty(p, BPFTOKEN_MAPS));
	assert_true(bpftoken_policy_is_empty(p, BPFTOKEN_CMDS));
	assert_int_equal(bpftoken_policy_remove(p, BPFTOKEN_MAPS, 63), 0);
	assert_int_equal(bpftoken_policy_remove(p, BPFTOKEN_MAPS, 63), 0);
	assert_true(p->mask[BPFTOKEN_MAPS] == 1);
	assert_null(bpftoken_policy_free(NULL));
}

static void test_any(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *p = new_policy();

	assert_false(bpftoken_policy_is_any(p, BPFTOKEN_PROGS));
	assert_int_equal(bpftoken_policy_add_any(p, BPFTOKEN_PROGS), 0);
	assert_true(bpftoken_policy_is_any(p, BPFTOKEN_PROGS));
	assert_true(bpftoken_policy_has(p, BPFTOKEN_PROGS, 63));
	assert_int_equal(bpftoken_policy_remove(p, BPFTOKEN_PROGS, 6), 0);
	assert_false(bpftoken_policy_is_any(p, BPFTOKEN_PROGS));
	assert_true(p->mask[BPFTOKEN_PROGS] == ~0x40ULL);
}

static void test_out_of_range(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *p = new_policy();

	assert_int_equal(bpftoken_policy_add(p, BPFTOKEN_SETS, 0), -EINVAL);
	assert_int_equal(bpftoken_policy_add(p, BPFTOKEN_CMDS, 64), -ERANGE);
	assert_int_equal(bpftoken_policy_add(p, BPFTOKEN_CMDS, 65536), -ERANGE);
	assert_int_equal(bpftoken_policy_remove(p, BPFTOKEN_SETS, 0), -EINVAL);
	assert_int_equal(bpftoken_policy_remove(p, BPFTOKEN_CMDS, 64), -ERANGE);
	assert_int_equal(bpftoken_policy_add_any(p, BPFTOKEN_SETS), -EINVAL);
	assert_false(bpftoken_policy_has(p, BPFTOKEN_SETS, 0));
	assert_false(bpftoken_policy_has(p, BPFTOKEN_CMDS, 64));
	assert_false(bpftoken_policy_is_any(p, BPFTOKEN_SETS));
	assert_true(bpftoken_policy_is_empty(p, BPFTOKEN_SETS));
}

static void test_merge_equal_covers(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *a = new_policy();
	_cleanup_policy_ struct bpftoken_policy *b = new_policy();
	_cleanup_policy_ struct bpftoken_policy *missing = NULL;

	assert_true(bpftoken_policy_equal(a, b));
	assert_int_equal(bpftoken_policy_add(a, BPFTOKEN_CMDS, 5), 0);
	assert_int_equal(bpftoken_policy_add(b, BPFTOKEN_ATTACHS, 63), 0);
	assert_int_equal(bpftoken_policy_add(b, BPFTOKEN_CMDS, 5), 0);
	a->memlock = 4096;
	b->memlock = POLICY_UNLIMITED;
	assert_false(bpftoken_policy_equal(a, b));
	assert_int_equal(bpftoken_policy_covers(b, a, &missing), 1);
	assert_null(missing);
	assert_int_equal(bpftoken_policy_covers(a, b, NULL), 0);
	assert_int_equal(bpftoken_policy_covers(a, b, &missing), 0);
	assert_true(missing->mask[BPFTOKEN_ATTACHS] == 1ULL << 63);
	assert_true(bpftoken_policy_is_empty(missing, BPFTOKEN_CMDS));
	assert_int_equal(bpftoken_policy_merge(a, b), 0);
	assert_true(bpftoken_policy_equal(a, b));
	assert_true(a->memlock == POLICY_UNLIMITED);
	/* "any" is covered by "any" alone */
	assert_int_equal(bpftoken_policy_add_any(b, BPFTOKEN_MAPS), 0);
	assert_int_equal(bpftoken_policy_covers(a, b, NULL), 0);
	assert_int_equal(bpftoken_policy_covers(b, a, NULL), 1);
}

/* ----------------------------------------------------------------------- lists */

static const struct list_syntax kernel = {
	.separators = ":",
	.numbers = LIST_NUMBERS_KERNEL,
	.dialect = "test",
};

static const struct list_syntax readback = {
	.separators = ":",
	.numbers = LIST_NUMBERS_READBACK,
	.dialect = "test",
};

static const struct list_syntax people = {
	.separators = ",: \n",
	.blanks = true,
	.numbers = LIST_NUMBERS_HEX,
	.dialect = "test",
};

static const struct {
	const struct list_syntax *syntax;
	const char *text;
	uint64_t mask;
} good_lists[] = {
	{ &kernel, "any", UINT64_MAX },
	{ &kernel, "prog_load", 0x20 },
	{ &kernel, "PROG_LOAD", 0x20 },
	{ &kernel, "prog_load:map_create", 0x21 },
	{ &kernel, "prog_run", 0x400 },
	{ &kernel, "0x20", 0x20 },
	{ &kernel, "0X2f", 0x2f },
	{ &kernel, "32", 0x20 },
	{ &kernel, "040", 0x20 },
	{ &kernel, "+1", 1 },
	{ &kernel, "1\n", 1 },
	{ &kernel, "0", 0 },
	{ &kernel, "0x0", 0 },
	{ &kernel, "0x100:prog_load", 0x120 },
	{ &kernel, "0x1:any", UINT64_MAX },
	{ &kernel, "prog_load:any", UINT64_MAX },
	{ &kernel, "0x8000000000000000", 1ULL << 63 },
	{ &kernel, "18446744073709551615", UINT64_MAX },
	{ &kernel, "prog_load:prog_load", 0x20 },
	{ &readback, "map_create:prog_load:0x100", 0x121 },
	{ &readback, "0x100:prog_load:0x200", 0x320 },
	{ &people, "prog_load, map_create", 0x21 },
	{ &people, "prog_load\n\tmap_create ::\n 0x100", 0x121 },
	{ &people, "", 0 },
	{ &people, " , ", 0 },
};

static void test_good_lists(_unused_ void **state)
{
	struct text_position at = { 3, 7 };
	struct bpftoken_error err;

	for (size_t i = 0; i < ARRAY_SIZE(good_lists); i++) {
		uint64_t mask = 0;

		memset(&err, 0x55, sizeof(err));
		assert_int_equal(list_parse(good_lists[i].text,
					    strlen(good_lists[i].text), BPFTOKEN_CMDS,
					    good_lists[i].syntax, at, &mask, NULL, &err),
				 0);
		assert_true(mask == good_lists[i].mask);
		assert_int_equal(err.code, 0x55555555);
	}
}

static const struct {
	const struct list_syntax *syntax;
	const char *text;
	int code;
	uint32_t line, column;
	const char *why, *fix;
} bad_lists[] = {
	{ &kernel, "", -EINVAL, 3, 7, "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ &kernel, "prog_load:", -EINVAL, 3, 17, "a command is missing beside a \":\"",
	  "remove the \":\"" },
	{ &kernel, ":prog_load", -EINVAL, 3, 7, "a command is missing beside a \":\"",
	  "remove the \":\"" },
	{ &kernel, "any::any", -EINVAL, 3, 11, "a command is missing beside a \":\"",
	  "remove the \":\"" },
	{ &kernel, "ANY", -EINVAL, 3, 7,
	  "\"ANY\" must be in lower case to mean all commands", "write any" },
	{ &kernel, "BPF_PROG_LOAD", -ENOENT, 3, 7,
	  "unknown command \"BPF_PROG_LOAD\"; the kernel wants it without the prefix "
	  "BPF_",
	  "write prog_load" },
	{ &kernel, "prog_load:prog_laod", -ENOENT, 3, 17,
	  "unknown command \"prog_laod\"; nearest is \"prog_load\"", "write prog_load" },
	{ &kernel, "ringbuf", -ENOENT, 3, 7,
	  "unknown command \"ringbuf\"; it is a map type", "move it to the map types" },
	{ &kernel, "bogus", -ENOENT, 3, 7, "unknown command \"bogus\"",
	  "write a command as in linux/bpf.h without BPF_" },
	{ &kernel, "__MAX_BPF_CMD", -ENOENT, 3, 7, "unknown command \"__MAX_BPF_CMD\"",
	  "write a command as in linux/bpf.h without BPF_" },
	{ &kernel, "common_attrs", -ENOENT, 3, 7, "unknown command \"common_attrs\"",
	  "write a command as in linux/bpf.h without BPF_" },
	{ &kernel, "prog_load,map_create", -EINVAL, 3, 16,
	  "\",\" does not separate commands in the test dialect",
	  "write \":\" between them, and nothing else" },
	{ &kernel, " 1", -EINVAL, 3, 7,
	  "\" \" does not separate commands in the test dialect",
	  "write \":\" between them, and nothing else" },
	{ &kernel, "0x20 ", -EINVAL, 3, 11,
	  "\" \" does not separate commands in the test dialect",
	  "write \":\" between them, and nothing else" },
	{ &kernel, "prog_load\n", -EINVAL, 3, 16,
	  "\"\\x0a\" does not separate commands in the test dialect",
	  "write \":\" between them, and nothing else" },
	{ &kernel, "-1", -EINVAL, 3, 7, "\"-1\" is neither a command nor a number",
	  "write a name, or a mask such as 0x20" },
	{ &kernel, "08", -EINVAL, 3, 7, "\"08\" is neither a command nor a number",
	  "write a name, or a mask such as 0x20" },
	{ &kernel, "0x", -EINVAL, 3, 7, "\"0x\" is neither a command nor a number",
	  "write a name, or a mask such as 0x20" },
	{ &kernel, "+", -EINVAL, 3, 7, "\"+\" is neither a command nor a number",
	  "write a name, or a mask such as 0x20" },
	{ &kernel, "0x10000000000000000", -ERANGE, 3, 7,
	  "the number \"0x10000000000000000\" has more than 64 bits",
	  "write a mask of at most 16 hexadecimal digits" },
	{ &kernel, "18446744073709551616", -ERANGE, 3, 7,
	  "the number \"18446744073709551616\" has more than 64 bits",
	  "write a mask of at most 16 hexadecimal digits" },
	{ &kernel, "map_create:prog_load:0x100", -EINVAL, 3, 28,
	  "to the kernel the number \"0x100\" replaces what stands before it",
	  "write one number, and names after it" },
	{ &kernel, "any:0x1", -EINVAL, 3, 11,
	  "to the kernel the number \"0x1\" replaces what stands before it",
	  "write one number, and names after it" },
	{ &people, "map_create\n  5", -EINVAL, 4, 3,
	  "the number \"5\" could be a mask or the value of a command",
	  "write prog_load, or 0x5 for the mask" },
	{ &people, "1000", -EINVAL, 3, 7,
	  "the number \"1000\" could be a mask or the value of a command",
	  "write 0x3e8 for the mask" },
	{ &people, "prog_load;map_create", -EINVAL, 3, 16,
	  "\";\" does not separate commands in the test dialect",
	  "write \",\" between them, and nothing else" },
	{ &kernel, "\x1b[31m\"\\\xff", -ENOENT, 3, 7,
	  "unknown command \"\\x1b[31m\\x22\\x5c\\xff\"",
	  "write a command as in linux/bpf.h without BPF_" },
	{ &kernel,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  -ENOENT, 3, 7,
	  "unknown command "
	  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"",
	  "write a command as in linux/bpf.h without BPF_" },
};

static void test_bad_lists(_unused_ void **state)
{
	struct text_position at = { 3, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(bad_lists); i++) {
		uint64_t mask = 0x5a;
		struct bpftoken_error err;
		const char *text = bad_lists[i].text;

		assert_int_equal(list_parse(text, strlen(text), BPFTOKEN_CMDS,
					    bad_lists[i].syntax, at, &mask, NULL, &err),
				 bad_lists[i].code);
		assert_true(mask == 0x5a);
		assert_int_equal(err.code, bad_lists[i].code);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_POLICY);
		assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
		assert_int_equal(err.line, bad_lists[i].line);
		assert_int_equal(err.column, bad_lists[i].column);
		assert_string_equal(err.what, "cannot read the policy");
		assert_string_equal(err.why, bad_lists[i].why);
		assert_string_equal(err.fix, bad_lists[i].fix);
		assert_int_equal(list_parse(text, strlen(text), BPFTOKEN_CMDS,
					    bad_lists[i].syntax, at, &mask, NULL, NULL),
				 bad_lists[i].code);
	}
}

static void test_list_adds(_unused_ void **state)
{
	uint64_t mask = 0x100;

	assert_int_equal(list_parse("prog_load:rest", 9, BPFTOKEN_CMDS, &kernel,
				    (struct text_position){ 1, 1 }, &mask, NULL, NULL),
			 0);
	assert_true(mask == 0x120);
}

static void test_notes(_unused_ void **state)
{
	static const char text[] = "0x1:prog_load:4";
	struct text_position at = { 1, 1 };
	struct list_notes notes = { .count = 0 };
	uint64_t mask = 0;

	assert_int_equal(list_parse(text, strlen(text), BPFTOKEN_CMDS, &kernel, at, &mask,
				    &notes, NULL),
			 0);
	assert_true(mask == 4); /* as the kernel would have it */
	assert_int_equal(notes.count, 2);
	assert_int_equal(notes.items[0].set, BPFTOKEN_CMDS);
	assert_true(notes.items[0].number == 1);
	assert_false(notes.items[0].decimal || notes.items[0].after_names);
	assert_true(notes.items[1].decimal && notes.items[1].after_names);
	assert_int_equal(notes.items[1].at.column, 15);
	for (int i = 0; i < 100; i++)
		assert_int_equal(list_parse("1", 1, BPFTOKEN_CMDS, &kernel, at, &mask,
					    &notes, NULL),
				 0);
	assert_int_equal(notes.count, 102);
}

static void test_list_format(_unused_ void **state)
{
	static const struct {
		uint32_t set;
		uint64_t mask;
		const char *text;
	} rows[] = {
		{ BPFTOKEN_CMDS, UINT64_MAX, "any" },
		{ BPFTOKEN_CMDS, 0x21, "map_create:prog_load" },
		{ BPFTOKEN_CMDS, 0x400, "prog_test_run" },
		{ BPFTOKEN_CMDS, 1ULL << UNNAMED | 0x20, "0x8000000000000000:prog_load" },
		{ BPFTOKEN_ATTACHS, 1ULL << UNNAMED, "0x8000000000000000" },
		{ BPFTOKEN_ATTACHS, 1, "cgroup_inet_ingress" },
		{ BPFTOKEN_PROGS, 0, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct text out = { 0 };

		list_format(&out, rows[i].set, rows[i].mask, ":");
		assert_int_equal(text_take(&out, &text), 0);
		assert_string_equal(text, rows[i].text);
	}
}

/* ------------------------------------------------------------------------ text */

static void test_text(_unused_ void **state)
{
	_cleanup_free_ char *taken = NULL;
	struct text text = { 0 };

	text_add(&text, "%s=%d", "a", 1);
	text_add(&text, ",%s", "b");
	assert_int_equal(text.len, 5);
	assert_int_equal(text_take(&text, &taken), 0);
	assert_string_equal(taken, "a=1,b");
	assert_null(text.data);
	text.failed = true;
	text_add(&text, "more");
	assert_int_equal(text_take(&text, &taken), -ENOMEM);
	assert_string_equal(taken, "a=1,b");
}

static void test_span(_unused_ void **state)
{
	struct span rest = span_of(" one\n\ttwo=2 "), word;

	assert_int_equal(span_find(rest, "two"), 6);
	assert_int_equal(span_find(rest, "three"), -1);
	word = span_word(&rest);
	assert_true(span_is(word, "one"));
	assert_int_equal(word.at.column, 2);
	word = span_word(&rest);
	assert_true(span_starts(word, "two="));
	assert_false(span_starts(word, "two=22"));
	assert_int_equal(word.at.line, 2);
	assert_int_equal(word.at.column, 2);
	assert_true(span_is(span_cut(&word, "="), "two"));
	assert_true(span_is(word, "2"));
	assert_int_equal(word.at.column, 6);
	assert_int_equal(span_word(&rest).len, 0);
	assert_int_equal(span_skip(rest, 100).len, 0);
	assert_true(span_is(span_trim(span_of("\t a b \r\n")), "a b"));
}

/* --------------------------------------------------------------- running kernel */

static void test_running_kernel(_unused_ void **state)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int count = names_kernel_count(set);

		if (count == -ENOENT) {
			print_message("# the running kernel has no BTF\n");
			skip();
		}
		assert_in_range(count, 33, 64);
		for (int value = 0; value < count; value++)
			assert_non_null(bpftoken_name(set, (uint32_t)value));
	}
}

/* -------------------------------------------------------------------- dialects */

static void test_choose_dialect(_unused_ void **state)
{
	static const struct {
		const char *dialect, *text;
		int code;
	} rows[] = {
		{ NULL, "delegate_cmds=any", 0 },
		{ NULL, "security.delegate_bpf=true", 0 },
		{ "mount", "delegate_cmds=any", 0 },
		{ "lxd", "security.delegate_bpf=true", 0 },
		{ "mount", "security.delegate_bpf=true", -EINVAL },
		{ "lxd", "delegate_cmds=any", -EINVAL },
		{ "nothing", "delegate_cmds=any", -EINVAL },
		{ NULL, "BPFDelegateCommands=any", 0 },
		{ NULL, "security.bpffs.delegate_cmds=any", 0 },
		{ NULL, "CommandsDelegate=any", -EINVAL },
		{ NULL, "", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpftoken_policy *policy = (void *)&state;
		struct bpftoken_error err;
		int r = bpftoken_policy_parse(rows[i].text, rows[i].dialect, &policy,
					      &err);

		assert_int_equal(r, rows[i].code);
		if (r < 0)
			assert_ptr_equal(policy, &state);
		else
			bpftoken_policy_free(policy);
	}
}

static void test_unknown_dialect(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *policy = new_policy();
	struct bpftoken_error err;
	char *text = NULL;

	assert_int_equal(bpftoken_policy_format(policy, "mo\nunt", &text, &err), -EINVAL);
	assert_null(text);
	assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
	assert_string_equal(err.what, "cannot choose the policy's dialect");
	assert_string_equal(err.why, "unknown dialect \"mo\\x0aunt\"");
	assert_string_equal(err.fix, "name one of systemd, lxd, incus, mount");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_remove),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_merge_equal_covers),
		cmocka_unit_test(test_good_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_list_adds),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_list_format),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_running_kernel),
		cmocka_unit_test(test_choose_dialect),
		cmocka_unit_test(test_unknown_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
