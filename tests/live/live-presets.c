/* SPDX-License-Identifier: MIT */
/*
 * The presets: what each is for loads with a token of exactly it, with each of its attach
 * types, and does not without that attach type or without the program type.
 */
#include "live-more.h"

#include "presets.h"

#include <linux/btf.h>

enum {
	PROG_TRACING = 26,
	PROG_LSM = 29,
	ATTACH_RAW_TP = 23,
	MAP_LPM_TRIE = 11,
	MAP_NO_PREALLOC = 1,
};

/* --------------------------------------------------------- the kernel's BTF */

static size_t type_size(const struct btf_type *type)
{
	static const size_t one[] = {
		[BTF_KIND_INT] = sizeof(uint32_t),
		[BTF_KIND_ARRAY] = sizeof(struct btf_array),
		[BTF_KIND_VAR] = sizeof(struct btf_var),
		[BTF_KIND_DECL_TAG] = sizeof(struct btf_decl_tag),
	};
	static const size_t each[] = {
		[BTF_KIND_STRUCT] = sizeof(struct btf_member),
		[BTF_KIND_UNION] = sizeof(struct btf_member),
		[BTF_KIND_ENUM] = sizeof(struct btf_enum),
		[BTF_KIND_FUNC_PROTO] = sizeof(struct btf_param),
		[BTF_KIND_DATASEC] = sizeof(struct btf_var_secinfo),
		[BTF_KIND_ENUM64] = sizeof(struct btf_enum64),
	};
	uint32_t kind = BTF_INFO_KIND(type->info);
	size_t size = sizeof(*type);

	size += kind < LIVE_COUNT(one) ? one[kind] : 0;
	return size +
	       (kind < LIVE_COUNT(each) ? each[kind] * BTF_INFO_VLEN(type->info) : 0);
}

/* Id of the kernel's type of this kind and name; 0 without BTF or such a type. */
static uint32_t kernel_type(uint32_t kind, const char *name)
{
	static char btf[32 << 20];
	const struct btf_header *header = (const struct btf_header *)btf;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	const char *types, *end, *names;
	size_t size = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, btf + size, sizeof(btf) - size)) > 0)
		size += (size_t)n;
	close(fd);
	if (size < sizeof(*header))
		return 0;
	types = btf + header->hdr_len + header->type_off;
	names = btf + header->hdr_len + header->str_off;
	end = types + header->type_len;
	for (uint32_t id = 1; types < end; id++) {
		const struct btf_type *type = (const struct btf_type *)types;

		if (BTF_INFO_KIND(type->info) == kind &&
		    !strcmp(names + type->name_off, name))
			return id;
		types += type_size(type);
	}
	return 0;
}

static uint32_t hook_of(uint32_t type, uint32_t attach_type)
{
	if (type == PROG_LSM)
		return kernel_type(BTF_KIND_FUNC, "bpf_lsm_file_open");
	if (type != PROG_TRACING)
		return 0;
	return attach_type == ATTACH_RAW_TP
		       ? kernel_type(BTF_KIND_TYPEDEF, "btf_trace_sched_switch")
		       : kernel_type(BTF_KIND_FUNC, "bpf_fentry_test1");
}

/* ----------------------------------------------------------------- programs */

static int load(uint32_t type, uint32_t attach_type, int token_fd,
		struct bpftoken_error *err)
{
	/* 1 is an answer that all types may give, but fentry and the LSM */
	int answer = type != PROG_TRACING && type != PROG_LSM;
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, answer),
					   ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token_fd;
	opts.type = type;
	opts.expected_attach_type = attach_type;
	opts.attach_btf_id = hook_of(type, attach_type);
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	return closed(bpftoken_prog_load(&opts, err));
}

struct attempt {
	uint32_t type, attach_type;
	int wanted; /* what the load has to give */
};

static void load_inside(void *data)
{
	const struct attempt *attempt = data;
	struct bpftoken_error err = { .code = 0 };
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int r = load(attempt->type, attempt->attach_type, token, &err);

	if (r == attempt->wanted)
		return;
	bpftoken_explain(&err);
	live_fail(__FILE__, __LINE__, "type %u, attach type %u: %d, not %d: %s",
		  attempt->type, attempt->attach_type, r, attempt->wanted, err.why);
}

static void attempt_with(const struct bpftoken_policy *policy, struct attempt attempt)
{
	char *text = NULL;

	EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL), 0);
	live_in_container(text, load_inside, &attempt);
	free(text);
}

/* One program type of a preset with one of its attach types. */
static void check_pair(const struct bpftoken_policy *preset, uint32_t type,
		       uint32_t attach_type)
{
	/* a kernel that has no such programs refuses the host's root as well */
	struct attempt attempt = { type, attach_type, load(type, attach_type, -1, NULL) };
	struct bpftoken_policy less = *preset;

	attempt_with(preset, attempt);
	attempt.wanted = -EPERM;
	EXPECT_EQ(bpftoken_policy_remove(&less, BPFTOKEN_ATTACHS, attach_type), 0);
	attempt_with(&less, attempt);
	less = *preset;
	EXPECT_EQ(bpftoken_policy_remove(&less, BPFTOKEN_PROGS, type), 0);
	attempt_with(&less, attempt);
}

static uint32_t only_type(const struct bpftoken_policy *policy)
{
	uint64_t mask = policy->mask[BPFTOKEN_PROGS];

	EXPECT_EQ(__builtin_popcountll(mask), 1);
	return (uint32_t)__builtin_ctzll(mask);
}

static struct bpftoken_policy *preset_policy(const struct preset *preset)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;

	EXPECT_EQ(bpftoken_policy_new(&policy), 0);
	EXPECT_OK(preset_add(preset, policy, &err), &err);
	return policy;
}

static void programs(void)
{
	int loaded = 0;

	for (const struct preset *preset = presets; preset->name; preset++) {
		struct bpftoken_policy *policy = preset_policy(preset);

		for (uint32_t attach = 0; policy->mask[BPFTOKEN_PROGS] && attach < 64;
		     attach++) {
			if (!bpftoken_policy_has(policy, BPFTOKEN_ATTACHS, attach))
				continue;
			check_pair(policy, only_type(policy), attach);
			loaded += !load(only_type(policy), attach, -1, NULL);
		}
		bpftoken_policy_free(policy);
	}
	/* socket filters, tc, xdp and the cgroup types are in every kernel with tokens */
	EXPECT(loaded >= 25);
}

/* --------------------------------------------------------------------- maps */

static void create_maps(void *data)
{
	const struct bpftoken_policy *policy = data;
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int created = 0;

	for (uint32_t type = 0; type < 64; type++) {
		BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

		if (!bpftoken_policy_has(policy, BPFTOKEN_MAPS, type))
			continue;
		opts.token_fd = token;
		opts.type = type;
		opts.key_size = type == MAP_RINGBUF ? 0 : type == MAP_LPM_TRIE ? 8 : 4;
		opts.value_size = type == MAP_RINGBUF ? 0 : 4;
		opts.max_entries = type == MAP_RINGBUF ? (uint32_t)getpagesize() : 1;
		opts.flags = type == MAP_LPM_TRIE ? MAP_NO_PREALLOC : 0;
		EXPECT_OK(closed(bpftoken_map_create(&opts, &err)), &err);
		created++;
	}
	EXPECT_EQ(created, __builtin_popcountll(policy->mask[BPFTOKEN_MAPS]));
}

static void maps(void)
{
	int with_maps = 0;

	for (const struct preset *preset = presets; preset->name; preset++) {
		struct bpftoken_policy *policy = preset_policy(preset);
		char *text = NULL;

		if (policy->mask[BPFTOKEN_MAPS]) {
			EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL),
				  0);
			live_in_container(text, create_maps, policy);
			with_maps++;
		}
		free(text);
		bpftoken_policy_free(policy);
	}
	EXPECT_EQ(with_maps, 2);
}

static const struct live_test tests[] = {
	{ "the programs of each preset load with exactly it", programs, false },
	{ "the maps of each preset exist with exactly it", maps, false },
};

LIVE_MAIN(tests)
