/* SPDX-License-Identifier: MIT */
/* The dialect ini: what it reads, what it refuses and where, what it writes. */
#include "host-policy.h"

#define CMDS(bits)                                   \
	{                                            \
		.mask = { [BPFTOKEN_CMDS] = (bits) } \
	}
#define MAP_CREATE (UINT64_C(1) << 0)
#define PROG_LOAD (UINT64_C(1) << 5)
#define BTF_LOAD (UINT64_C(1) << 18)

static const struct {
	const char *text;
	struct bpftoken_policy policy;
} good_texts[] = {
	{ "[delegate]\n", CMDS(0) },
	{ "[delegate]\ncmds = map_create", CMDS(MAP_CREATE) },
	{ "[delegate]\ncmds=map_create prog_load\n", CMDS(MAP_CREATE | PROG_LOAD) },
	{ "[delegate]\ncmds = map_create,prog_load\n", CMDS(MAP_CREATE | PROG_LOAD) },
	{ "[delegate]\ncmds = map_create:prog_load\n", CMDS(MAP_CREATE | PROG_LOAD) },
	{ "[delegate]\ncmds: map_create, prog_load\n", CMDS(MAP_CREATE | PROG_LOAD) },
	{ "[delegate]\ncmds = prog_load 0x40000 map_create\n",
	  CMDS(MAP_CREATE | PROG_LOAD | BTF_LOAD) },
	{ "[delegate]\ncmds = any\n", CMDS(POLICY_ANY) },
	{ "# head\n\n; head\n[delegate] # the one\ncmds = map_create # why\n",
	  CMDS(MAP_CREATE) },
	{ "[delegate]\ncmds = map_create ; why\n", CMDS(MAP_CREATE) },
	{ "[delegate]\ncmds = map_create\n\tprog_load # why\n\n# more\n  btf_load ; "
	  "why\n",
	  CMDS(MAP_CREATE | PROG_LOAD | BTF_LOAD) },
	{ "\xef\xbb\xbf[delegate]\r\ncmds = map_create\r\n", CMDS(MAP_CREATE) },
	{ "[delegate]\n\tcmds = map_create\n", CMDS(MAP_CREATE) },
	{ "[delegate]\ncmds = map_create\n[delegate]\nmemlock = 65536\n",
	  { .mask = { MAP_CREATE }, .memlock = 65536 } },
	{ "[delegate]\nmemlock = unlimited\n", { .memlock = POLICY_UNLIMITED } },
	{ "[delegate]\nmemlock = 18446744073709551614\n",
	  { .memlock = POLICY_UNLIMITED - 1 } },
};

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_texts); i++) {
		struct bpftoken_policy *policy;
		struct bpftoken_error err;

		if (host_policy_parse(NULL, good_texts[i].text, &policy, NULL, &err) < 0)
			fail_msg("%s: %s", good_texts[i].text, err.why);
		assert_memory_equal(policy, &good_texts[i].policy, sizeof(*policy));
		bpftoken_policy_free(policy);
	}
}

#define D "[delegate]\n"

static const struct bad_text bad_texts[] = {
	{ "", -EINVAL, 1, 1, "no section [delegate]", "" },
	{ "# nothing\n", -EINVAL, 2, 1, "no section [delegate]", "" },
	{ "cmds = map_create\n", -EINVAL, 1, 1, "in no section", "[delegate]" },
	{ "[delegat]\n", -EINVAL, 1, 1, "unknown section", "[delegate]" },
	{ "[delegate\n", -EINVAL, 1, 1, "unknown section", "[delegate]" },
	{ "[delegate] x\n", -EINVAL, 1, 1, "unknown section", "alone" },
	{ D "[other]\n", -EINVAL, 2, 1, "unknown section", "" },
	{ D "  [other]\n", -EINVAL, 2, 3, "unknown section", "" },
	{ D "cmd = map_create\n", -EINVAL, 2, 1, "nearest is \"cmds\"", "write cmds" },
	{ D "something = else\n", -EINVAL, 2, 1, "unknown key", "cmds, maps" },
	{ D "\"cmds\" = any\n", -EINVAL, 2, 1, "\"\\x22cmds\\x22\"", "" },
	{ D " = any\n", -EINVAL, 2, 2, "unknown key \"\"", "" },
	{ D "cmds#x = any\n", -EINVAL, 2, 1, "unknown key", "" },
	{ D "cmds = any\ncmds = any\n", -EINVAL, 3, 1, "twice", "" },
	{ D "cmds =\n", -EINVAL, 2, 1, "no value", "" },
	{ D "cmds = # any\n", -EINVAL, 2, 1, "no value", "" },
	{ D "cmds = , ,\n", -EINVAL, 2, 1, "no value", "" },
	{ D "cmds\n", -EINVAL, 2, 1, "neither", "" },
	{ D "cmds\nmaps = bogus\n", -EINVAL, 2, 1, "neither", "" },
	{ D "maps = bogus\ncmds\n", -ENOENT, 2, 8, "bogus", "" },
	{ D "cmds = map_craete\n", -ENOENT, 2, 8, "unknown command", "map_create" },
	{ D "cmds = map_create\n maps = ringbuf\n", -EINVAL, 3, 2, "continues",
	  "column" },
	{ D "cmds = map_create\n [x]\n", -ENOENT, 3, 2, "unknown command", "" },
	{ D "cmds = map_create\n  x\n", -ENOENT, 3, 3, "unknown command", "" },
	{ D "cmds = map_create;prog_load\n", -EINVAL, 2, 18, ";", "" },
	{ D "cmds = map_create 5\n", -EINVAL, 2, 19, "5", "prog_load" },
	{ D "cmds = 0x10000000000000000\n", -ERANGE, 2, 8, "64 bits", "" },
	{ D "cmds = \x1b[31m\n", -ENOENT, 2, 8, "\\x1b[31m", "" },
	{ D "memlock = 0\n", -EINVAL, 2, 11, "memory limit", "unlimited" },
	{ D "memlock = 64k\n", -EINVAL, 2, 11, "\"64k\"", "unlimited" },
	{ D "memlock = -1\n", -EINVAL, 2, 11, "memory limit", "unlimited" },
	{ D "memlock = 18446744073709551615\n", -EINVAL, 2, 11, "memory limit", "" },
	{ D "memlock = 99999999999999999999\n", -EINVAL, 2, 11, "memory limit", "" },
	{ D "memlock = 6\n 5536\n", -EINVAL, 3, 2, "continues", "" },
};

static void refuses(void **state)
{
	(void)state;
	check_bad_texts("ini", bad_texts, ARRAY_SIZE(bad_texts));
}

/* Whatever the length of its line buffer, the library loses nothing. */
static void reads_long_lines_whole_or_not(void **state)
{
	(void)state;
	for (int blanks = 1; blanks < 5000; blanks += blanks < 300 ? 1 : 97) {
		struct bpftoken_policy *policy;
		char text[6000], comment[6000];
		int r;

		snprintf(text, sizeof(text),
			 D "cmds = map_create%*sprog_load\nmaps = any", blanks, "");
		r = host_policy_parse("ini", text, &policy, NULL, NULL);
		if (r == 0) {
			assert_int_equal(policy->mask[BPFTOKEN_CMDS],
					 MAP_CREATE | PROG_LOAD);
			assert_int_equal(policy->mask[BPFTOKEN_MAPS], POLICY_ANY);
			bpftoken_policy_free(policy);
		}
		assert_true(r == 0 || r == -EINVAL);
		assert_true(r == 0 || blanks > 100);
		snprintf(comment, sizeof(comment), "#%*s\n" D "cmds = any #%*sx", blanks,
			 "x", blanks / 8, "");
		assert_int_equal(host_policy_parse("ini", comment, &policy, NULL, NULL),
				 0);
		assert_int_equal(policy->mask[BPFTOKEN_CMDS], POLICY_ANY);
		bpftoken_policy_free(policy);
	}
}

static void writes_the_canonical_file(void **state)
{
	const struct bpftoken_policy policy = {
		.mask = { MAP_CREATE | PROG_LOAD, POLICY_ANY, 0,
			  UINT64_C(1) << 63 | 0x7f },
		.memlock = POLICY_UNLIMITED,
	};
	char *text;

	(void)state;
	assert_int_equal(host_policy_format("ini", &policy, &text, NULL), 0);
	assert_string_equal(
		text,
		"# What a container may do with BPF; see bpftoken-policy(5).\n"
		"[delegate]\n"
		"cmds = map_create prog_load\n"
		"maps = any\n"
		"attachs = 0x8000000000000000 cgroup_inet_ingress cgroup_inet_egress\n"
		"          cgroup_inet_sock_create cgroup_sock_ops sk_skb_stream_parser\n"
		"          sk_skb_stream_verdict cgroup_device\n"
		"memlock = unlimited\n");
	free(text);
}

static void round_trips(void **state)
{
	(void)state;
	check_round_trips("ini", 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(reads_long_lines_whole_or_not),
		cmocka_unit_test(writes_the_canonical_file),
		cmocka_unit_test(round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
