/* SPDX-License-Identifier: MIT */
/*
 * The fdinfo of an own token, from which kernels before Linux 6.17 tell its masks. What is
 * read and written again as the kernel writes it, reads as the same.
 */
#include "fake-sys.h"
#include "fuzz.h"
#include "policy.h"

#define OBJ_GET_INFO_BY_FD 15

static int read_info(const void *data, size_t size, struct bpftoken_policy **ret_policy)
{
	struct bpftoken_error err = { .code = 0 };
	int r;

	fake_reset();
	fake.bpf_result[OBJ_GET_INFO_BY_FD] = -EINVAL;
	fake_file_bytes("/proc/self/fdinfo/*", data, size);
	r = bpftoken_info(fake_given("token"), ret_policy, &err);
	fuzz_check(r <= 0 && (r == 0 || err.code == r));
	fake_assert_closed(-1);
	return r;
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL, *back = NULL;
	char text[256];
	const uint64_t *mask;

	if (read_info(data, size, &policy) < 0) {
		fuzz_check(!policy);
		return true;
	}
	mask = policy->mask;
	snprintf(text, sizeof(text),
		 "pos:\t0\nallowed_cmds:\t0x%llx\nallowed_maps:\t0x%llx\n"
		 "allowed_progs:\t0x%llx\nallowed_attachs:\t0x%llx\n",
		 (unsigned long long)mask[BPFTOKEN_CMDS],
		 (unsigned long long)mask[BPFTOKEN_MAPS],
		 (unsigned long long)mask[BPFTOKEN_PROGS],
		 (unsigned long long)mask[BPFTOKEN_ATTACHS]);
	fuzz_check(read_info(text, strlen(text), &back) == 0);
	fuzz_check(!memcmp(policy->mask, back->mask, sizeof(policy->mask)));
	return true;
}
