/* SPDX-License-Identifier: MIT */
/* The reader of mountinfo: lines as kernels write them, damaged ones, and reads of every
 * size. */
#include "fake-sys.h"

#include "mountinfo.h"

#include <stdlib.h>

#define BPFFS_LINE                                                                       \
	"214 180 0:58 / /sys/fs/bpf rw,nosuid,nodev,noexec,relatime shared:12 master:3 " \
	"- bpf "                                                                         \
	"none rw,uid=100000,gid=100000,delegate_cmds=map_create:prog_load"

/* ------------------------------------------------------------------- split */

struct good_line {
	const char *line;
	struct mountinfo mount;
};

static const struct good_line good_lines[] = {
	{ BPFFS_LINE,
	  { 214, "/", "/sys/fs/bpf", "bpf",
	    "rw,uid=100000,gid=100000,delegate_cmds=map_create:prog_load",
	    .shared = true } },
	/* no optional tags, one, all four */
	{ "22 27 0:21 / /proc rw,relatime - proc proc rw",
	  { 22, "/", "/proc", "proc", "rw" } },
	{ "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root "
	  "rw,errors=continue",
	  { 36, "/mnt1", "/mnt2", "ext3", "rw,errors=continue" } },
	{ "9 1 0:5 / /a rw shared:1 master:2 propagate_from:3 unbindable - tmpfs t rw",
	  { 9, "/", "/a", "tmpfs", "rw", .shared = true } },
	/* blank, tab, newline, backslash and # as the kernel escapes them */
	{ "40 1 0:40 /r\\040t /a\\040b\\011c\\012d\\134e\\043 rw - tmpfs tmp\\040fs rw",
	  { 40, "/r t", "/a b\tc\nd\\e#", "tmpfs", "rw" } },
	/* no escapes: too short, no octal digits, the end of the field */
	{ "41 1 0:40 / /a\\04x\\9 rw - tmpfs t rw",
	  { 41, "/", "/a\\04x\\9", "tmpfs", "rw" } },
	{ "42 1 0:40 / /a\\ rw - tmpfs t rw", { 42, "/", "/a\\", "tmpfs", "rw" } },
	{ "43 1 0:40 / /a\\400 rw - tmpfs t rw", { 43, "/", "/a\\400", "tmpfs", "rw" } },
	{ "44 1 0:40 / /\\134\\134040 rw - tmpfs t rw",
	  { 44, "/", "/\\\\040", "tmpfs", "rw" } },
	/* a root and a source called "-" */
	{ "45 1 0:40 - /x rw - tmpfs - rw", { 45, "-", "/x", "tmpfs", "rw" } },
	/* an empty source, an unreachable root, another root of a file, a subtype */
	{ "46 1 0:4 / /x rw - tmpfs  rw", { 46, "/", "/x", "tmpfs", "rw" } },
	{ "47 1 0:4 /../.. /x rw - cgroup2 c rw",
	  { 47, "/../..", "/x", "cgroup2", "rw" } },
	{ "48 1 0:3 net:[4026531840] /run/netns/a rw - nsfs nsfs rw",
	  { 48, "net:[4026531840]", "/run/netns/a", "nsfs", "rw" } },
	{ "49 1 0:3 / /x//deleted rw - fuse.sshfs me@there:/ rw,user_id=0",
	  { 49, "/", "/x//deleted", "fuse.sshfs", "rw,user_id=0" } },
	{ "18446744073709551615 1 0:3 / /x rw - bpf b rw",
	  { UINT64_MAX, "/", "/x", "bpf", "rw" } },
};

static void check_mount(const struct mountinfo *mount, const struct mountinfo *expected)
{
	assert_true(mount->id == expected->id);
	assert_string_equal(mount->root, expected->root);
	assert_string_equal(mount->mount_point, expected->mount_point);
	assert_string_equal(mount->fs_type, expected->fs_type);
	assert_string_equal(mount->super_options, expected->super_options);
	assert_int_equal(mount->shared, expected->shared);
}

static void test_split(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_lines); i++) {
		_cleanup_free_ char *line = strdup(good_lines[i].line);
		struct mountinfo mount;

		if (mountinfo_split(line, &mount) != 0)
			fail_msg("refused: %s", good_lines[i].line);
		check_mount(&mount, &good_lines[i].mount);
	}
}

static void test_split_bad(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"-",
		"22",
		"22 27 0:21 / /proc",
		"22 27 0:21 / /proc rw",
		"22 27 0:21 / /proc rw ",
		/* no separator, or nothing behind it */
		"22 27 0:21 / /proc rw shared:1 proc proc rw",
		"22 27 0:21 / /proc rw - ",
		"22 27 0:21 / /proc rw -",
		"22 27 0:21 / /proc rw - proc",
		"22 27 0:21 / /proc rw - proc proc",
		"22 27 0:21 / /proc rw -- proc proc rw",
		/* no id */
		" 27 0:21 / /proc rw - proc proc rw",
		"x 27 0:21 / /proc rw - proc proc rw",
		"22x 27 0:21 / /proc rw - proc proc rw",
		/* no place */
		"22 27 0:21 /  rw - proc proc rw",
		"22 27 0:21 / - rw - proc proc rw",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *line = strdup(lines[i]);
		struct mountinfo mount;

		if (mountinfo_split(line, &mount) != -EPROTO)
			fail_msg("taken: \"%s\"", lines[i]);
	}
}

/* Cut short anywhere, a line is refused or complete up to its last field. */
static void test_split_cut(void **state)
{
	const char *options = strstr(BPFFS_LINE, "none ") + strlen("none ");
	const char *whole = BPFFS_LINE;

	options = whole + strlen(whole) - strlen(options);
	for (size_t len = 0; len <= strlen(whole); len++) {
		_cleanup_free_ char *line = strndup(whole, len);
		struct mountinfo mount;
		int r = mountinfo_split(line, &mount);

		assert_int_equal(r, whole + len < options ? -EPROTO : 0);
	}
}

/* -------------------------------------------------------------------- each */

struct seen {
	unsigned int count;
	uint64_t last_id;
	size_t longest; /* super options */
	uint64_t stop_at;
	int stop_with;
};

static int see(const struct mountinfo *mount, void *data)
{
	struct seen *seen = data;
	size_t len = strlen(mount->super_options);

	seen->count++;
	seen->last_id = mount->id;
	seen->longest = len > seen->longest ? len : seen->longest;
	return seen->stop_with && mount->id == seen->stop_at ? seen->stop_with : 0;
}

static const char three_lines[] =
	"22 27 0:21 / /proc rw,relatime - proc proc rw\n" BPFFS_LINE "\n"
	"36 35 98:0 / /a\\040b rw master:1 - ext3 /dev/root rw\n";

static void test_each(void **state)
{
	struct seen seen = { 0 };

	fake_reset();
	fake_file("/proc/self/mountinfo", three_lines);
	assert_int_equal(mountinfo_each(0, see, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_true(seen.last_id == 36);
	fake_assert_closed(-1);
}

static void test_each_pid(void **state)
{
	struct seen seen = { 0 };

	fake_reset();
	fake_file("/proc/self/mountinfo", "");
	fake_file("/proc/4711/mountinfo", three_lines);
	assert_int_equal(mountinfo_each(4711, see, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(mountinfo_each(4712, see, &seen), -ENOENT);
	assert_int_equal(seen.count, 3);
}

static void test_each_empty(void **state)
{
	struct seen seen = { 0 };

	fake_reset();
	fake_file("/proc/self/mountinfo", "");
	assert_int_equal(mountinfo_each(0, see, &seen), 0);
	assert_int_equal(seen.count, 0);
	fake_assert_closed(-1);
}

/* The callback's answer ends the reading, whatever its sign. */
static void test_each_stops(void **state)
{
	static const int answers[] = { 1, 7, -ENOMEM, -EPROTO };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct seen seen = { .stop_at = 214, .stop_with = answers[i] };

		fake_reset();
		fake_file("/proc/self/mountinfo", three_lines);
		assert_int_equal(mountinfo_each(0, see, &seen), answers[i]);
		assert_int_equal(seen.count, 2);
		fake_assert_closed(-1);
	}
}

static void test_each_read_sizes(void **state)
{
	for (size_t size = 1; size <= sizeof(three_lines); size++) {
		struct seen seen = { 0 };

		fake_reset();
		fake.read_most = size;
		fake_file("/proc/self/mountinfo", three_lines);
		assert_int_equal(mountinfo_each(0, see, &seen), 0);
		assert_int_equal(seen.count, 3);
		assert_true(seen.last_id == 36);
		fake_assert_closed(-1);
	}
}

/* Every line of the kernel has its newline: what has none was cut, and is no line. */
static void test_each_no_newline(void **state)
{
	struct seen seen = { 0 };

	fake_reset();
	fake_file("/proc/self/mountinfo",
		  "1 1 0:1 / /a rw - bpf b rw\n2 1 0:1 / /b rw - bpf b rw");
	assert_int_equal(mountinfo_each(0, see, &seen), 0);
	assert_int_equal(seen.count, 1);
	fake_assert_closed(-1);
}

static void test_each_bad_line(void **state)
{
	struct seen seen = { 0 };

	fake_reset();
	fake_file("/proc/self/mountinfo",
		  "1 1 0:1 / /a rw - bpf b rw\n\n2 1 0:1 / /b rw - bpf b rw\n");
	assert_int_equal(mountinfo_each(0, see, &seen), -EPROTO);
	assert_int_equal(seen.count, 1);
	fake_assert_closed(-1);
}

/* A line longer than any buffer, between two others, in reads of several sizes. */
static void test_each_long_line(void **state)
{
	static const size_t sizes[] = { 1,     97,    4096,	 16383,
					16384, 16385, 100 << 10, SIZE_MAX };
	static const char first[] =
		"1 1 0:1 / /a rw - bpf b rw\n2 1 0:2 / /b rw - bpf b ";
	static const char last[] = "\n3 1 0:1 / /c rw - bpf b rw\n";
	const size_t len = 100 << 10;
	char *text = malloc(sizeof(first) + len + sizeof(last));

	memcpy(text, first, sizeof(first) - 1);
	memset(text + sizeof(first) - 1, 'o', len);
	memcpy(text + sizeof(first) - 1 + len, last, sizeof(last));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct seen seen = { 0 };

		fake_reset();
		fake.read_most = sizes[i];
		fake_file("/proc/self/mountinfo", text);
		assert_int_equal(mountinfo_each(0, see, &seen), 0);
		assert_int_equal(seen.count, 3);
		assert_true(seen.last_id == 3);
		assert_int_equal(seen.longest, len);
		fake_assert_closed(-1);
	}
	free(text);
}

/* An error in the middle is an error: half a list is none. */
static void test_each_read_fails(void **state)
{
	for (unsigned int nth = 1; nth < 6; nth++) {
		struct seen seen = { 0 };

		fake_reset();
		fake.read_most = 64;
		fake_file("/proc/self/mountinfo", three_lines);
		fake_fail("sys_read", nth, EIO);
		assert_int_equal(mountinfo_each(0, see, &seen), -EIO);
		fake_assert_closed(-1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_bad),
		cmocka_unit_test(test_split_cut),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_each_pid),
		cmocka_unit_test(test_each_empty),
		cmocka_unit_test(test_each_stops),
		cmocka_unit_test(test_each_read_sizes),
		cmocka_unit_test(test_each_no_newline),
		cmocka_unit_test(test_each_bad_line),
		cmocka_unit_test(test_each_long_line),
		cmocka_unit_test(test_each_read_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
