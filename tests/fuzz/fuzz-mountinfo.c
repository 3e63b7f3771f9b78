/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/mountinfo: how much one read gives, and the file. However it is read, it says
 * the same; the options of its bpf mounts are read as delegations.
 */
#include "dialect.h"
#include "fake-sys.h"
#include "fuzz.h"
#include "mountinfo.h"

struct seen {
	unsigned int count;
	size_t bytes;
	uint64_t numbers;
};

static int see(const struct mountinfo *mount, void *data)
{
	struct seen *seen = data;
	struct bpftoken_policy policy = { .mask = { 0 } };
	struct bpftoken_error err = { .code = 0 };
	int r;

	seen->count++;
	seen->bytes += strlen(mount->root) + strlen(mount->mount_point) +
		       strlen(mount->fs_type) + strlen(mount->super_options);
	seen->numbers = seen->numbers * 31 + mount->id + mount->parent + mount->dev;
	r = dialect_mount_parse_readback(mount->super_options,
					 strlen(mount->super_options), &policy, &err);
	fuzz_check(r <= 0 && (r == 0 || err.code == r));
	return 0;
}

static int read_all(const uint8_t *data, size_t size, size_t at_once, struct seen *seen)
{
	int r;

	fake_reset();
	fake.read_most = at_once;
	fake_file_bytes("/proc/self/mountinfo", data, size);
	r = mountinfo_each(0, see, seen);
	fake_assert_closed(-1);
	return r;
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, parts = { 0 };
	size_t at_once;

	if (!size)
		return false;
	at_once = 1 + data[0] % 64U;
	fuzz_check(read_all(data + 1, size - 1, SIZE_MAX, &whole) ==
		   read_all(data + 1, size - 1, at_once, &parts));
	fuzz_check(whole.count == parts.count && whole.bytes == parts.bytes &&
		   whole.numbers == parts.numbers);
	return true;
}
