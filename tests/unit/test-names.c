/* SPDX-License-Identifier: MIT */
/*
 * Names and values: the tables, the search for the nearest name, and what is learned from
 * the kernel's BTF. names.c is compiled in here, with made-up BTF behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define btf_load_kernel load_blob
#include "names.c"

#include "btf-blob.h"

/* ------------------------------------------------------------- made-up kernel */

static struct blob blob;
static bool no_btf;
static int loads;

int load_blob(struct btf_bytes *ret)
{
	void *copy;

	loads++;
	if (no_btf)
		return -ENOENT;
	copy = malloc(blob.size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, blob.bytes, blob.size);
	*ret = (struct btf_bytes){ copy, blob.size, false };
	return 0;
}

static void forget(void)
{
	for (size_t set = 0; set < ALL_SETS; set++) {
		for (size_t i = 0; i < learned[set].count; i++)
			free((char *)(uintptr_t)learned[set].rows[i].name);
		free(learned[set].rows);
		learned[set] = (struct learned){ .max = -ENOENT };
	}
	btf_index_done(&kernel_index);
	kernel_has_btf = false;
	learn_once = (pthread_once_t)PTHREAD_ONCE_INIT;
	loads = 0;
}

static int setup(_unused_ void **state)
{
	static const struct blob_enumerator cmds[] = {
		{ "BPF_MAP_CREATE", 0 },
		{ "BPF_PROG_RUN_AGAIN", 10 },
		{ "BPF_TOKEN_SPLIT", 60 },
		{ "BPF_TOKEN_CUT", 60 },
		{ "BPF_", 61 },
		{ "OTHER", 61 },
		{ "__MAX_BPF_CMD", 61 },
		{ "BPF_COMMON_ATTRS", 65536 },
		{ "BPF_BEYOND", 64 },
	};
	static const struct blob_enumerator maps[] = {
		{ "BPF_MAP_TYPE_Hash_Of_Sets", 63 },
		{ "__MAX_BPF_MAP_TYPE", 64 },
	};
	static const struct blob_enumerator progs[] = { { "__MAX_BPF_PROG_TYPE", 65 } };

	forget();
	no_btf = false;
	blob_init(&blob);
	blob_enum(&blob, "bpf_cmd", cmds, ARRAY_SIZE(cmds));
	blob_enum(&blob, "bpf_map_type", maps, ARRAY_SIZE(maps));
	blob_enum(&blob, "bpf_prog_type", progs, ARRAY_SIZE(progs));
	blob_finish(&blob);
	return 0;
}

static int teardown(_unused_ void **state)
{
	forget();
	return 0;
}

/* ----------------------------------------------------------------- the tables */

static void check_row(uint32_t set, const struct name_row *row)
{
	char upper[64] = "";
	uint32_t value = UINT32_MAX;

	assert_true(row->value <= NAMES_MAX_VALUE);
	assert_int_equal(bpftoken_value(set, row->name, &value), 0);
	assert_int_equal(value, row->value);
	for (size_t i = 0; row->name[i]; i++)
		upper[i] = (char)toupper((unsigned char)row->name[i]);
	value = UINT32_MAX;
	assert_int_equal(bpftoken_value(set, upper, &value), 0);
	assert_int_equal(value, row->value);
	assert_non_null(bpftoken_name(set, row->value));
	if (row->alias)
		assert_string_not_equal(bpftoken_name(set, row->value), row->name);
	else
		assert_string_equal(bpftoken_name(set, row->value), row->name);
}

static void test_tables(_unused_ void **state)
{
	/* how many values Linux 7.3 has */
	static const uint32_t counts[] = { 39, 36, 33, 62 };

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		size_t count;
		const struct name_row *rows = names_table(set, &count);

		for (size_t i = 0; i < count; i++) {
			check_row(set, &rows[i]);
			/* no value is left out, and aliases follow their name */
			if (i)
				assert_int_equal(rows[i].value,
						 rows[i - 1].value + !rows[i].alias);
		}
		assert_int_equal(rows[0].value, 0);
		assert_int_equal(rows[count - 1].value + 1, counts[set]);
	}
	assert_int_equal(loads, 0);
}

static void test_spot_checks(_unused_ void **state)
{
	assert_string_equal(bpftoken_name(BPFTOKEN_CMDS, 10), "prog_test_run");
	assert_string_equal(bpftoken_name(BPFTOKEN_MAPS, 19),
			    "cgroup_storage_deprecated");
	assert_string_equal(bpftoken_name(BPFTOKEN_PROGS, 32), "netfilter");
	assert_string_equal(bpftoken_name(BPFTOKEN_ATTACHS, 61), "trace_fsession_multi");
	assert_string_equal(names_set_noun(BPFTOKEN_PROGS), "program type");
	assert_string_equal(names_prefix(BPFTOKEN_MAPS), "BPF_MAP_TYPE_");
}

static void test_bad_arguments(_unused_ void **state)
{
	uint32_t value = 7;
	size_t count = 7;

	assert_null(bpftoken_name(BPFTOKEN_SETS, 0));
	assert_null(bpftoken_name(BPFTOKEN_CMDS, 64));
	assert_null(bpftoken_name(BPFTOKEN_CMDS, 65536));
	assert_int_equal(bpftoken_value(BPFTOKEN_SETS, "xdp", &value), -EINVAL);
	assert_int_equal(names_kernel_count(BPFTOKEN_SETS), -EINVAL);
	assert_null(names_table(BPFTOKEN_SETS, &count));
	assert_int_equal(count, 0);
	assert_null(names_nearest(BPFTOKEN_SETS, "xdp", 3));
	assert_int_equal(value, 7);
}

static void test_no_such_name(_unused_ void **state)
{
	static const char *const names[] = {
		"",	 "any",		"BPF_PROG_LOAD", "prog_load ",	 "prog_loa",
		"bogus", "prog_load\n", "__max_bpf_cmd", "common_attrs",
	};
	uint32_t value = 7;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, names[i], &value),
				 -ENOENT);
	assert_int_equal(names_value(BPFTOKEN_CMDS, "prog_load", 8, &value), -ENOENT);
	assert_int_equal(value, 7);
	assert_int_equal(names_value(BPFTOKEN_CMDS, "prog_loader", 9, &value), 0);
	assert_int_equal(value, 5);
}

static void test_nearest(_unused_ void **state)
{
	static const struct {
		uint32_t set;
		const char *word, *nearest;
	} rows[] = {
		{ BPFTOKEN_PROGS, "socket_filer", "socket_filter" },
		{ BPFTOKEN_PROGS, "socketfilter", "socket_filter" },
		{ BPFTOKEN_PROGS, "scoket_filter", "socket_filter" },
		{ BPFTOKEN_PROGS, "Socket-Filter", "socket_filter" },
		{ BPFTOKEN_PROGS, "BPF_PROG_TYPE_XDP", "xdp" },
		{ BPFTOKEN_PROGS, "bpf_prog_type_sched_cl", "sched_cls" },
		{ BPFTOKEN_CMDS, "BPF_PROG_LOAD", "prog_load" },
		{ BPFTOKEN_CMDS, "map_crate", "map_create" },
		{ BPFTOKEN_CMDS, "prog_run", "prog_run" },
		{ BPFTOKEN_MAPS, "ring_buf", "ringbuf" },
		{ BPFTOKEN_MAPS, "hsah", "hash" },
		{ BPFTOKEN_ATTACHS, "cgroup_inet_ingres", "cgroup_inet_ingress" },
		{ BPFTOKEN_CMDS, "bogus", NULL },
		{ BPFTOKEN_CMDS, "", NULL },
		{ BPFTOKEN_PROGS, "xd", NULL },
		{ BPFTOKEN_PROGS, "abc", NULL },
		{ BPFTOKEN_PROGS, "BPF_PROG_TYPE_", NULL },
		{ BPFTOKEN_ATTACHS,
		  "cgroup_inet_ingress_cgroup_inet_ingress_cgroup_inet_ingress", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *near =
			names_nearest(rows[i].set, rows[i].word, strlen(rows[i].word));

		if (rows[i].nearest) {
			assert_non_null(near);
			assert_string_equal(near, rows[i].nearest);
		} else {
			assert_null(near);
		}
	}
	assert_int_equal(loads, 0);
}

/* --------------------------------------------------------- the running kernel */

static void test_learns(_unused_ void **state)
{
	uint32_t value = 7;

	/* the first name is the one shown, the others are read */
	assert_string_equal(bpftoken_name(BPFTOKEN_CMDS, 60), "token_split");
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "Token_Split", &value), 0);
	assert_int_equal(value, 60);
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "token_cut", &value), 0);
	assert_int_equal(value, 60);
	/* a new name for an old value does not replace the old name */
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "prog_run_again", &value), 0);
	assert_int_equal(value, 10);
	assert_string_equal(bpftoken_name(BPFTOKEN_CMDS, 10), "prog_test_run");
	assert_string_equal(bpftoken_name(BPFTOKEN_MAPS, 63), "hash_of_sets");
	/* no names: a prefix alone, another prefix, values that no mask can hold */
	assert_null(bpftoken_name(BPFTOKEN_CMDS, 61));
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "common_attrs", &value), -ENOENT);
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "beyond", &value), -ENOENT);
	assert_int_equal(loads, 1);
}

static void test_kernel_count(_unused_ void **state)
{
	assert_int_equal(names_kernel_count(BPFTOKEN_CMDS), 61);
	assert_int_equal(names_kernel_count(BPFTOKEN_MAPS), 64);
	/* more than a mask has: nonsense; no such enum: unknown */
	assert_int_equal(names_kernel_count(BPFTOKEN_PROGS), -ENOENT);
	assert_int_equal(names_kernel_count(BPFTOKEN_ATTACHS), -ENOENT);
}

static void test_without_btf(_unused_ void **state)
{
	uint32_t value = 7;

	no_btf = true;
	assert_null(bpftoken_name(BPFTOKEN_CMDS, 60));
	assert_int_equal(bpftoken_value(BPFTOKEN_CMDS, "token_split", &value), -ENOENT);
	assert_int_equal(names_kernel_count(BPFTOKEN_CMDS), -ENOENT);
	assert_string_equal(bpftoken_name(BPFTOKEN_CMDS, 5), "prog_load");
	assert_int_equal(loads, 1);
}

static void *ask(_unused_ void *arg)
{
	const char *name = bpftoken_name(BPFTOKEN_CMDS, 60);

	return (void *)(uintptr_t)(name && !strcmp(name, "token_split"));
}

static void test_threads(_unused_ void **state)
{
	pthread_t threads[16];
	void *right;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &right), 0);
		assert_non_null(right);
	}
	assert_int_equal(loads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spot_checks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nearest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_learns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_btf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
