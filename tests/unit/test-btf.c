/* SPDX-License-Identifier: MIT */
/*
 * The BTF reader: what it finds, that it survives every damage to its input, and how it
 * loads the kernel's. It is compiled in here with a made-up file behind its system calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define sys_openat file_open
#define sys_read file_read
#define sys_close file_close
#define sys_map_file file_map
#define sys_unmap file_unmap
#include "btf.c"

#include "btf-blob.h"

/* ------------------------------------------------------------- made-up file */

static struct {
	int open_error, read_error;
	size_t size, at;
	int opened, closed;
	bool maps; /* a kernel that maps its BTF */
	int mapped;
} file;

int file_open(int dir_fd, const char *path, int flags)
{
	assert_int_equal(dir_fd, AT_FDCWD);
	assert_string_equal(path, "/sys/kernel/btf/vmlinux");
	assert_true(flags & O_CLOEXEC);
	if (file.open_error)
		return file.open_error;
	file.opened++;
	return 100;
}

ssize_t file_read(int fd, void *buf, size_t size)
{
	size_t n = file.size - file.at;

	assert_int_equal(fd, 100);
	if (file.read_error && file.at)
		return file.read_error;
	n = n < size ? n : size;
	n = n < 3U << 20 ? n : 3U << 20;
	if (n)
		*(unsigned char *)buf = (unsigned char)(file.at >> 20);
	file.at += n;
	return (ssize_t)n;
}

int file_map(int fd, size_t largest, void **ret_data, size_t *ret_size)
{
	assert_int_equal(fd, 100);
	assert_true(largest >= 64U << 20);
	if (!file.maps)
		return -ENODEV;
	*ret_data = &file;
	*ret_size = file.size;
	file.mapped++;
	return 0;
}

void file_unmap(void *data, size_t size)
{
	assert_ptr_equal(data, &file);
	assert_int_equal(size, file.size);
	file.mapped--;
}

int file_close(int fd)
{
	assert_int_equal(fd, 100);
	file.closed++;
	return 0;
}

static int load(size_t size, int open_error, int read_error, size_t *ret_size)
{
	struct btf_bytes bytes = { 0 };
	int r;

	memset(&file, 0, sizeof(file));
	file.size = size;
	file.open_error = open_error;
	file.read_error = read_error;
	r = btf_load_kernel(&bytes);
	if (r >= 0)
		*ret_size = bytes.size;
	assert_false(bytes.mapped);
	if (r >= 0 && size > 3U << 20)
		assert_int_equal(((unsigned char *)bytes.data)[3 << 20], 3);
	assert_int_equal(file.opened, file.closed);
	btf_unload(&bytes);
	assert_null(bytes.data);
	return r;
}

static void test_map(_unused_ void **state)
{
	struct btf_bytes bytes = { 0 };

	memset(&file, 0, sizeof(file));
	file.size = 1000;
	file.maps = true;
	assert_int_equal(btf_load_kernel(&bytes), 0);
	assert_true(bytes.mapped);
	assert_int_equal(bytes.size, 1000);
	assert_int_equal(file.opened, file.closed);
	assert_int_equal(file.mapped, 1);
	btf_unload(&bytes);
	assert_int_equal(file.mapped, 0);
	assert_null(bytes.data);
}

static void test_load(_unused_ void **state)
{
	size_t size = 1;

	assert_int_equal(load(20U << 20, 0, 0, &size), 0);
	assert_int_equal(size, 20U << 20);
	assert_int_equal(load(0, 0, 0, &size), 0);
	assert_int_equal(size, 0);
	size = 7;
	assert_int_equal(load(1000, -ENOENT, 0, &size), -ENOENT);
	assert_int_equal(load(9U << 20, 0, -EIO, &size), -EIO);
	assert_int_equal(load(1U << 30, 0, 0, &size), -EFBIG);
	assert_int_equal(size, 7);
}

/* ------------------------------------------------------------------- reading */

static const char *const wanted_names[] = { "colour", "fruit" };

static const struct blob_enumerator colours[] = {
	{ "RED", 0 },
	{ "GREEN", 5 },
	{ "BLUE", 0xffffffff },
};

static const struct blob_enumerator fruits[] = { { "APPLE", 1 }, { "PEAR", 1 } };

static char seen[1024];
static int stop_at;

static int see(size_t which, const char *name, uint32_t value, _unused_ void *arg)
{
	size_t len = strlen(seen);

	snprintf(seen + len, sizeof(seen) - len, "%zu:%s=%u ", which, name, value);
	return stop_at && !--stop_at ? -ECANCELED : 0;
}

static int read_bytes(const void *data, size_t size)
{
	seen[0] = '\0';
	return btf_read_enums(data, size, wanted_names, ARRAY_SIZE(wanted_names), see,
			      NULL);
}

static int read_blob(struct blob *blob)
{
	blob_finish(blob);
	return read_bytes(blob->bytes, blob->size);
}

/* One type of every kind, as the kernel lays them out, and the two enums. */
static void all_kinds(struct blob *blob)
{
	static const struct {
		uint32_t kind, vlen;
		unsigned int words;
	} kinds[] = {
		{ 1, 0, 1 },  { 2, 0, 0 },  { 3, 0, 3 },  { 4, 2, 6 },	{ 5, 3, 9 },
		{ 6, 2, 4 },  { 7, 0, 0 },  { 8, 0, 0 },  { 9, 0, 0 },	{ 10, 0, 0 },
		{ 11, 0, 0 }, { 12, 1, 0 }, { 13, 2, 4 }, { 14, 0, 1 }, { 15, 2, 6 },
		{ 16, 0, 0 }, { 17, 0, 1 }, { 18, 0, 0 }, { 19, 2, 6 },
	};

	blob_init(blob);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		blob_type(blob, kinds[i].kind, kinds[i].vlen, "other", kinds[i].words);
	blob_enum(blob, "fruit", fruits, ARRAY_SIZE(fruits));
	blob_type(blob, 4, 1, "colour", 3);
	blob_enum(blob, "colour", colours, ARRAY_SIZE(colours));
}

#define ALL_SEEN "1:APPLE=1 1:PEAR=1 0:RED=0 0:GREEN=5 0:BLUE=4294967295 "

static void test_finds(_unused_ void **state)
{
	struct blob blob;
	unsigned char unaligned[16384 + 1];

	all_kinds(&blob);
	assert_int_equal(read_blob(&blob), 2);
	assert_string_equal(seen, ALL_SEEN);
	memcpy(unaligned + 1, blob.bytes, blob.size);
	assert_int_equal(read_bytes(unaligned + 1, blob.size), 2);
	assert_string_equal(seen, ALL_SEEN);
}

static void test_first_of_a_name(_unused_ void **state)
{
	struct blob blob;

	blob_init(&blob);
	blob_enum(&blob, "fruit", NULL, 0); /* a declaration */
	blob_enum(&blob, "fruit", fruits, 1);
	blob_enum(&blob, "fruit", fruits, 2);
	assert_int_equal(read_blob(&blob), 1);
	assert_string_equal(seen, "1:APPLE=1 ");
}

static void test_callback_stops(_unused_ void **state)
{
	struct blob blob;

	all_kinds(&blob);
	stop_at = 2;
	assert_int_equal(read_blob(&blob), -ECANCELED);
	assert_string_equal(seen, "1:APPLE=1 1:PEAR=1 ");
}

static void test_unknown_kind(_unused_ void **state)
{
	struct blob blob;

	blob_init(&blob);
	blob_enum(&blob, "fruit", fruits, 2);
	blob_type(&blob, 21, 3, "new", 1 + 3 * 2);
	blob_enum(&blob, "colour", colours, 1);
	assert_int_equal(read_blob(&blob), -EOPNOTSUPP);
	assert_string_equal(seen, "1:APPLE=1 1:PEAR=1 ");
	/* the layout section tells how to skip it */
	for (int kind = 0; kind < 21; kind++)
		blob_layout(&blob, 0, 0);
	assert_int_equal(read_blob(&blob), -EOPNOTSUPP);
	blob_layout(&blob, 4, 8);
	assert_int_equal(read_blob(&blob), 2);
	assert_string_equal(seen, "1:APPLE=1 1:PEAR=1 0:RED=0 ");
	/* what stands behind the last wanted enum does not matter */
	blob_type(&blob, 99, 0, "newer", 0);
	assert_int_equal(read_blob(&blob), 2);
}

static void test_wanted_count(_unused_ void **state)
{
	static const char *const many[BTF_MAX_WANTED + 1];
	struct blob blob;

	all_kinds(&blob);
	blob_finish(&blob);
	assert_int_equal(
		btf_read_enums(blob.bytes, blob.size, many, ARRAY_SIZE(many), see, NULL),
		-EINVAL);
	assert_int_equal(btf_read_enums(blob.bytes, blob.size, NULL, 0, see, NULL), 0);
}

/* --------------------------------------------------------------------- index */

static int read_index(struct blob *blob, struct btf_index *index)
{
	blob_finish(blob);
	seen[0] = '\0';
	return btf_read_all(blob->bytes, blob->size, wanted_names,
			    ARRAY_SIZE(wanted_names), see, NULL, index);
}

/* A declaration tag for the type of that id, or for a member of it. */
static void tag(struct blob *blob, const char *name, uint32_t id)
{
	blob_word(blob, blob_string(blob, name));
	blob_word(blob, 17U << 24);
	blob_word(blob, id);
	blob_word(blob, UINT32_MAX);
}

static void test_index(_unused_ void **state)
{
	struct btf_index index = { 0 };
	struct blob blob;

	blob_init(&blob);
	tag(&blob, "bpf_kfunc", 4); /* 1: before its function */
	blob_type(&blob, 8, 0, "bpf_prog_put", 0); /* 2: a typedef of that name */
	blob_type(&blob, 12, 0, "bpf_prog_put", 0); /* 3 */
	blob_type(&blob, 12, 0, "walk", 0); /* 4 */
	blob_type(&blob, 12, 0, "bpf_prog_put", 0); /* 5: again */
	blob_type(&blob, 12, 0, "crawl", 0); /* 6 */
	tag(&blob, "bpf_kfunc", 6);
	tag(&blob, "bpf_fastcall", 3);
	tag(&blob, "bpf_kfunc", 2); /* no function */
	tag(&blob, "bpf_kfunc", 4000); /* no type */
	tag(&blob, "bpf_kfunc", 0xffffffff);
	blob_enum(&blob, "fruit", fruits, 2);
	assert_int_equal(read_index(&blob, &index), 1);
	assert_string_equal(seen, "1:APPLE=1 1:PEAR=1 ");
	assert_true(index.complete);
	assert_int_equal(index.kfunc_count, 2);
	assert_string_equal(index.kfuncs[0].name, "crawl");
	assert_int_equal(index.kfuncs[1].id, 4);
	assert_int_equal(btf_index_find(&index, "walk")->id, 4);
	assert_null(btf_index_find(&index, "run"));
	assert_int_equal(index.target_ids[BTF_TARGET_FUNCTION], 3);
	assert_int_equal(index.target_ids[BTF_TARGET_LSM], 0);
	btf_index_done(&index);
	assert_null(btf_index_find(&index, "walk"));

	/* what stands before a kind that is not known is there all the same */
	blob_type(&blob, 99, 0, "newer", 0);
	tag(&blob, "bpf_kfunc", 3);
	assert_int_equal(read_index(&blob, &index), -EOPNOTSUPP);
	assert_false(index.complete);
	assert_int_equal(index.kfunc_count, 2);
	btf_index_done(&index);
}

static void test_index_damage(_unused_ void **state)
{
	uint32_t random = 0x1234567;
	struct blob blob;

	print_message("# seed 0x%x\n", random);
	all_kinds(&blob);
	blob_type(&blob, 12, 0, "walk", 0);
	for (uint32_t id = 15; id < 30; id++)
		tag(&blob, "bpf_kfunc", id);
	for (int round = 0; round < 20000; round++) {
		struct btf_index index = { 0 };
		unsigned char *copy;

		blob_finish(&blob);
		for (int i = 0; i < 3; i++) {
			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			blob.bytes[(random >> 8) % blob.size] = (unsigned char)random;
		}
		copy = malloc(blob.size);
		assert_non_null(copy);
		memcpy(copy, blob.bytes, blob.size);
		seen[0] = '\0';
		assert_true(btf_read_all(copy, blob.size, wanted_names,
					 ARRAY_SIZE(wanted_names), see, NULL,
					 &index) <= 2);
		assert_in_range(index.kfunc_count, 0, 15);
		btf_index_done(&index);
		free(copy);
	}
}

/* -------------------------------------------------------------------- damage */

static void set_word(struct blob *blob, size_t at, uint32_t word)
{
	blob_finish(blob);
	memcpy(blob->bytes + at, &word, sizeof(word));
}

static void test_bad_header(_unused_ void **state)
{
	static const struct {
		size_t at;
		uint32_t word;
	} rows[] = {
		{ 0, 0x00019feb }, /* the other byte order */
		{ 0, 0x0002eb9f }, /* version 2 */
		{ 4, 23 }, /* header too short */
		{ 4, 0xffffffff }, /* header longer than the file */
		{ 8, 0xfffffff0 }, /* types beyond the end */
		{ 12, 0xffffffff }, /* types too long */
		{ 12, 5 }, /* half a type */
		{ 16, 0xfffffff0 }, /* strings beyond the end */
		{ 20, 0xffffffff }, /* strings too long */
		{ 20, 0 }, /* no strings */
		{ 20, 2 }, /* strings not terminated */
	};
	struct blob blob;

	all_kinds(&blob);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_word(&blob, rows[i].at, rows[i].word);
		assert_int_equal(read_bytes(blob.bytes, blob.size), -EINVAL);
	}
}

static void test_bad_types(_unused_ void **state)
{
	static const struct {
		size_t at; /* from the first type, the enum colour with three members */
		uint32_t word;
	} rows[] = {
		{ 0, 0xffffff }, /* name beyond the strings */
		{ 4, 0 }, /* kind 0 */
		{ 4, 6U << 24 | 0xffffff }, /* more members than bytes */
		{ 4, 3U << 24 }, /* an array misread: its members as types */
		{ 12, 0xffffff }, /* member's name beyond the strings */
	};
	struct blob blob;

	blob_init(&blob);
	blob_enum(&blob, "colour", colours, ARRAY_SIZE(colours));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_word(&blob, BLOB_HEADER + rows[i].at, rows[i].word);
		assert_int_equal(read_bytes(blob.bytes, blob.size), -EINVAL);
	}
}

/* Reads a copy of exactly that size, so that a sanitizer sees every byte too many. */
static int read_exactly(const unsigned char *bytes, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	r = read_bytes(copy, size);
	free(copy);
	return r;
}

static void test_cut_anywhere(_unused_ void **state)
{
	struct blob blob;

	all_kinds(&blob);
	blob_finish(&blob);
	for (size_t size = 0; size < blob.size; size++)
		assert_int_equal(read_exactly(blob.bytes, size), -EINVAL);
}

static void test_random_damage(_unused_ void **state)
{
	uint32_t random = 0x2545f491;
	struct blob blob;

	print_message("# seed 0x%x\n", random);
	all_kinds(&blob);
	for (int kind = 0; kind < 30; kind++)
		blob_layout(&blob, (uint8_t)kind, 12);
	for (int round = 0; round < 50000; round++) {
		blob_finish(&blob);
		for (int i = 0; i < 3; i++) {
			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			blob.bytes[(random >> 8) % blob.size] = (unsigned char)random;
		}
		assert_true(read_exactly(blob.bytes, blob.size) <= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_finds),
		cmocka_unit_test(test_first_of_a_name),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_wanted_count),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_damage),
		cmocka_unit_test(test_bad_header),
		cmocka_unit_test(test_bad_types),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
