/* SPDX-License-Identifier: MIT */
/* The dialect "systemd": units, drop-ins, what systemd would ignore, and its own names. */
#include "dialect-test.h"

#include "names.h"

#define SYSCALL (1ULL << 31)
#define NETFILTER (1ULL << 32)

static const struct good_text good[] = {
	{ "[Service]\nPrivateBPF=yes\nBPFDelegateCommands=BPFMapCreate,BPFProgLoad\n",
	  { 0x21 } },
	{ "[Unit]\nDescription=it delegates BPF\nAfter=a.service\n\n[Service]\n"
	  "# BPFDelegateMaps=bogus\n; more\nExecStart=/bin/true \\\n"
	  "  BPFDelegateMaps=bogus \\\n# a comment in between\n  end\nPrivateIPC=yes\n"
	  "BPFProgram=ingress:/sys/fs/bpf/x\nBPFDelegateMaps = BPFMapTypeRingbuf\n"
	  "[Install]\nWantedBy=multi-user.target\n",
	  { 0, 1ULL << 27 } },
	{ "BPFDelegatePrograms=any", { 0, 0, UINT64_MAX } },
	/* a drop-in behind the unit: the last one wins, an empty one resets */
	{ "[Service]\nBPFDelegateMaps=BPFMapTypeHash\n[Service]\n"
	  "BPFDelegateMaps=BPFMapTypeArray\n",
	  { 0, 4 } },
	{ "[Service]\nBPFDelegateMaps=any\nBPFDelegateMaps=\n", { 0 } },
	{ "PrivateBPF=yes\nBPFDelegateMaps=BPFMapTypeCgroupStorageDeprecated\r\n",
	  { 0, 1ULL << 19 } },
	{ "[Mount]\nBPFDelegateAttachments=BPFCgroupInet4Bind,BPFXdp,BPFLircMode2\n",
	  { 0, 0, 0, 1ULL << 8 | 1ULL << 37 | 1ULL << 16 } },
	{ "[Service]\nPrivateBPF=no\n", { 0 } },
};

#define ALONE "write \",\" between them, and nothing else"

static const struct bad_text bad[] = {
	{ "BPFDelegateCommands=BPFMapCraete", -ENOENT, 1, 21,
	  "unknown command \"BPFMapCraete\"; nearest is \"BPFMapCreate\"",
	  "write BPFMapCreate" },
	{ "BPFDelegateCommands=map_create", -ENOENT, 1, 21,
	  "unknown command \"map_create\"; nearest is \"BPFMapCreate\"",
	  "write BPFMapCreate" },
	{ "BPFDelegateCommands=BPFProgRun", -ENOENT, 1, 21,
	  "unknown command \"BPFProgRun\"; nearest is \"BPFProgTestRun\"",
	  "write BPFProgTestRun" },
	{ "BPFDelegateCommands=prog_run", -ENOENT, 1, 21,
	  "unknown command \"prog_run\"; nearest is \"BPFProgTestRun\"",
	  "write BPFProgTestRun" },
	{ "BPFDelegateCommands=bpfmapcreate", -ENOENT, 1, 21,
	  "unknown command \"bpfmapcreate\"; nearest is \"BPFMapCreate\"",
	  "write BPFMapCreate" },
	{ "BPFDelegateCommands=BPFMapCreate, BPFProgLoad", -EINVAL, 1, 34,
	  "only \",\" separates commands in the systemd dialect", ALONE },
	{ "BPFDelegateCommands=BPFMapCreate:BPFProgLoad", -EINVAL, 1, 21,
	  "only \",\" separates commands in the systemd dialect", ALONE },
	{ "BPFDelegateCommands=BPFMapCreate,", -EINVAL, 1, 34,
	  "a command is missing beside a \",\"", "remove the \",\"" },
	{ "BPFDelegateCommands=0x20", -EINVAL, 1, 21,
	  "\"0x20\" is a number, and systemd takes names only",
	  "write names such as BPFMapCreate" },
	{ "BPFDelegateCommands=any,BPFProgLoad", -ENOENT, 1, 21,
	  "unknown command \"any\"", "write any alone" },
	{ "[Service]\nBPFDelegateCommand=BPFMapCreate", -EINVAL, 2, 1,
	  "unknown key \"BPFDelegateCommand\"; nearest is \"BPFDelegateCommands\"",
	  "write BPFDelegateCommands" },
	{ "[Service]\nBFPDelegateMaps=BPFMapTypeHash", -EINVAL, 2, 1,
	  "unknown key \"BFPDelegateMaps\"; nearest is \"BPFDelegateMaps\"",
	  "write BPFDelegateMaps" },
	{ "[Service]\nPrivateBpf=yes", -EINVAL, 2, 1,
	  "unknown key \"PrivateBpf\"; nearest is \"PrivateBPF\"", "write PrivateBPF" },
	{ "[Unit]\nBPFDelegateMaps=BPFMapTypeHash", -EINVAL, 2, 1,
	  "systemd ignores \"BPFDelegateMaps\" in the section [Unit]",
	  "move it to [Service]" },
	{ "[Service\nBPFDelegateMaps=any", -EINVAL, 1, 1,
	  "the section \"[Service\" has no end", "write [Service], alone on its line" },
	{ "[Service]\nBPFDelegateMaps", -EINVAL, 2, 1,
	  "\"BPFDelegateMaps\" is neither a section nor KEY=VALUE",
	  "write a line such as BPFDelegateCommands=BPFMapCreate" },
	{ "[Service]\nBPFDelegateMaps=BPFMapTypeHash,\\\n BPFMapTypeArray", -EINVAL, 2, 1,
	  "systemd joins lines with a blank, and a list can have none",
	  "write the list in one line" },
	{ "BPFDelegatePrograms=BPFProgTypeNetfilter", -ENOTSUP, 1, 21,
	  "to systemd \"BPFProgTypeNetfilter\" is program type syscall: it follows "
	  "syscall, whose line systemd skips",
	  "leave it out; systemd cannot delegate it" },
	{ "BPFDelegatePrograms=BPFProgTypeSyscall", -ENOTSUP, 1, 21,
	  "to systemd \"BPFProgTypeSyscall\" is nothing: its line in linux/bpf.h has a "
	  "comment, and systemd skips such lines",
	  "leave it out; systemd cannot delegate it" },
};

static void test_reads(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		check_good("systemd", &good[i]);
		check_good(NULL, &good[i]);
	}
}

static void test_mistakes(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad("systemd", &bad[i]);
}

static uint64_t named(uint32_t set)
{
	uint64_t mask = 0;
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++)
		mask |= 1ULL << rows[i].value;
	return mask;
}

/* What has a name there survives, and the rest is refused. */
static void test_round_trips(_unused_ void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;

	for (int round = 0; round < 2000; round++) {
		_cleanup_policy_ struct bpftoken_policy *back = NULL;
		struct bpftoken_policy policy;

		random_policy(&random, &policy);
		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
			if (policy.mask[set] != POLICY_ANY)
				policy.mask[set] &= named(set);
		if (policy.mask[BPFTOKEN_PROGS] != POLICY_ANY)
			policy.mask[BPFTOKEN_PROGS] &= ~(SYSCALL | NETFILTER);
		back = through("systemd", &policy, round % 2 ? "systemd" : NULL);
		assert_true(bpftoken_policy_equal(&policy, back));
	}
}

static void refuse(uint32_t set, uint64_t mask, const char *why)
{
	struct bpftoken_policy policy = { .memlock = 0 };
	struct bpftoken_error err = { .code = 0 };
	char *text = NULL;

	policy.mask[set] = mask;
	assert_int_equal(bpftoken_policy_format(&policy, "systemd", &text, &err),
			 -ENOTSUP);
	assert_null(text);
	assert_int_equal(err.kind, BPFTOKEN_KIND_POLICY);
	if (!strstr(err.why, why))
		fail_msg("%s, not: %s", err.why, why);
}

static void test_refuses_what_it_cannot_say(_unused_ void **state)
{
	refuse(BPFTOKEN_MAPS, 1ULL << 63, "no name for the map type 63");
	refuse(BPFTOKEN_CMDS, 1ULL << 50 | 1, "no name for the command 50");
	refuse(BPFTOKEN_PROGS, SYSCALL, "no name for the program type syscall");
	refuse(BPFTOKEN_PROGS, NETFILTER | 2,
	       "to systemd BPFProgTypeNetfilter is the program type syscall, not "
	       "netfilter");
}

static void test_writes(_unused_ void **state)
{
	struct bpftoken_policy policy = { .mask = { 0x21, 1ULL << 19, UINT64_MAX, 1 } };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(bpftoken_policy_format(&policy, "systemd", &text, NULL), 0);
	assert_string_equal(text, "[Service]\nPrivateBPF=yes\nPrivateUsers=yes\n"
				  "PrivateMounts=yes\nDelegateNamespaces=mnt\n"
				  "BPFDelegateCommands=BPFMapCreate,BPFProgLoad\n"
				  "BPFDelegateMaps=BPFMapTypeCgroupStorageDeprecated\n"
				  "BPFDelegatePrograms=any\n"
				  "BPFDelegateAttachments=BPFCgroupInetIngress\n");
}

static void test_noise(_unused_ void **state)
{
	static const char *const pieces[] = { "[Service]",
					      "[Unit]",
					      "BPFDelegateMaps",
					      "PrivateBPF",
					      "=",
					      "yes",
					      "any",
					      ",",
					      " ",
					      "\n",
					      "\\\n",
					      "#",
					      "BPFMapTypeHash",
					      "BPF",
					      "0x20",
					      "\xff",
					      "BPFProgTypeNetfilter" };

	check_noise("systemd", pieces, ARRAY_SIZE(pieces));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_refuses_what_it_cannot_say),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
