/* SPDX-License-Identifier: MIT */
/*
 * BTF, as the kernel shows its own. Both readers and the finder are asked; what one
 * reading says, the other does too.
 */
#include "btf.h"
#include "fake-sys.h"
#include "fuzz.h"

static const char *const wanted[] = { "bpf_cmd", "bpf_map_type", "bpf_prog_type" };

struct seen {
	size_t count, bytes;
	uint64_t sum;
};

static int see(size_t which, const char *name, uint32_t value, void *data)
{
	struct seen *seen = data;

	fuzz_check(which < ARRAY_SIZE(wanted));
	seen->count++;
	seen->bytes += strlen(name);
	seen->sum = seen->sum * 31 + value + which;
	return 0;
}

/* In the order of names, each with one. */
static void check_index(const struct btf_index *index)
{
	for (size_t i = 0; i < index->kfunc_count; i++) {
		fuzz_check(index->kfuncs[i].name);
		fuzz_check(!i ||
			   strcmp(index->kfuncs[i - 1].name, index->kfuncs[i].name) <= 0);
		fuzz_check(btf_index_find(index, index->kfuncs[i].name));
	}
}

/* One question for an input: each reads the whole file again. */
static void find(const uint8_t *data, size_t size)
{
	static const struct {
		uint32_t kind;
		const char *name, *member;
	} questions[] = { { BTF_FUNC, "bpf_token_capable", NULL },
			  { BTF_STRUCT, "bpf_token", "userns" },
			  { BTF_TYPEDEF, "u32", NULL } };
	struct btf_found found = { 0 };
	size_t i = size % ARRAY_SIZE(questions);
	int r;

	fake_reset();
	fake_file_bytes("/sys/kernel/btf/vmlinux", data, size);
	r = btf_find(questions[i].kind, questions[i].name, questions[i].member, &found);
	fuzz_check(r <= 0 && (r < 0 || found.id));
	fake_assert_closed(-1);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct seen enums = { 0 }, all = { 0 };
	struct btf_index index = { 0 };
	int found = btf_read_enums(data, size, wanted, ARRAY_SIZE(wanted), see, &enums);
	int r = btf_read_all(data, size, wanted, ARRAY_SIZE(wanted), see, &all, &index);

	fuzz_check(found <= (int)ARRAY_SIZE(wanted));
	/* the first stops when it has all; what is behind that may be damaged */
	if (found >= 0 && r >= 0 && index.complete)
		fuzz_check(found == r && enums.count == all.count &&
			   enums.bytes == all.bytes && enums.sum == all.sum);
	check_index(&index);
	btf_index_done(&index);
	if (found >= 0)
		find(data, size);
	return true;
}
