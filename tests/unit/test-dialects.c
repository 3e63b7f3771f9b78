/* SPDX-License-Identifier: MIT */
/*
 * All dialects together: the same policy through all of them and back is the same, and
 * what the managers' own pages and tests publish is read, or refused for its reason.
 */
#include "host-policy.h"

#include "lint.h"
#include "names.h"

static size_t count_dialects(void)
{
	size_t n = 0;

	while (host_dialects[n])
		n++;
	return n;
}

static void shuffle(uint64_t *random, size_t order[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = random_bits(random) % (i + 1), other = order[j];

		order[j] = order[i];
		order[i] = other;
	}
}

/* Writes in a dialect and reads that back, detected; NULL when it cannot be written. */
static struct bpftoken_policy *through(const char *dialect,
				       const struct bpftoken_policy *policy, bool named,
				       struct bpftoken_error *err)
{
	struct bpftoken_policy *back = NULL;
	char *text = NULL;

	if (host_policy_format(dialect, policy, &text, err) < 0)
		return NULL;
	assert_string_equal(host_dialect_of(text), dialect);
	if (host_policy_parse(named ? dialect : NULL, text, &back, NULL, err) < 0)
		fail_msg("%s: %s: %s", dialect, text, err->why);
	free(text);
	return back;
}

/* Values with names that every dialect can say. */
static uint64_t sayable(uint32_t set)
{
	uint64_t mask = 0;
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++)
		mask |= UINT64_C(1) << rows[i].value;
	/* systemd cannot say syscall and netfilter */
	return set == BPFTOKEN_PROGS ? mask & ~(UINT64_C(3) << 31) : mask;
}

static void same_policy_through_all(void **state)
{
	size_t count = count_dialects(), order[16];
	uint64_t random = 0x2545f4914f6cdd1d;

	(void)state;
	assert_int_equal(count, 7);
	for (int round = 0; round < 3000; round++) {
		struct bpftoken_policy policy = { .memlock = 0 }, *now;
		struct bpftoken_error err;

		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
			policy.mask[set] = random_mask(&random);
			if (policy.mask[set] != POLICY_ANY)
				policy.mask[set] &= sayable(set);
		}
		policy.mask[BPFTOKEN_CMDS] |= policy.mask[BPFTOKEN_CMDS] ? 0 : 1;
		shuffle(&random, order, count);
		assert_int_equal(bpftoken_policy_new(&now), 0);
		*now = policy;
		for (size_t i = 0; i < count; i++) {
			struct bpftoken_policy *next;

			next = through(host_dialects[order[i]]->name, now, round % 2,
				       &err);
			if (!next)
				fail_msg("%s: %s", host_dialects[order[i]]->name,
					 err.why);
			bpftoken_policy_free(now);
			now = next;
		}
		assert_true(bpftoken_policy_equal(now, &policy));
		bpftoken_policy_free(now);
	}
}

/* Any policy at all survives a dialect, or is refused with a reason: by systemd alone. */
static void numbers_survive_or_are_refused(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;
	int refused = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct bpftoken_policy policy = { .memlock = 0 };

		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
			policy.mask[set] = random_mask(&random);
		if (bpftoken_policy_is_empty(&policy, BPFTOKEN_SETS))
			continue;
		for (size_t i = 0; host_dialects[i]; i++) {
			const char *name = host_dialects[i]->name;
			struct bpftoken_error err = { .code = 0 };
			struct bpftoken_policy *back =
				through(name, &policy, round % 2, &err);

			if (back)
				assert_true(bpftoken_policy_equal(back, &policy));
			else if (strcmp(name, "systemd") || !strstr(err.why, "systemd"))
				fail_msg("%s: %s", name, err.why);
			refused += !back;
			bpftoken_policy_free(back);
		}
	}
	assert_in_range(refused, 100, 1999);
}

/* ------------------------------------------------- what others have published */

#define B(n) (UINT64_C(1) << (n))
#define ANY_ALL                                                \
	{                                                      \
		POLICY_ANY, POLICY_ANY, POLICY_ANY, POLICY_ANY \
	}

static const struct {
	const char *from; /* whose page, test or tool */
	const char *dialect; /* that is detected */
	const char *text;
	uint64_t mask[BPFTOKEN_SETS];
	const char *refused; /* the reason, for what is no policy; NULL = it is one */
	const char *rule; /* what lint has to find, NULL = no error */
} published[] = {
	{ "LXD's page on BPF",
	  "lxd",
	  "security.delegate_bpf=true\n"
	  "security.delegate_bpf.prog_types=socket_filter\n"
	  "security.delegate_bpf.attach_types=cgroup_inet_ingress\n"
	  "security.delegate_bpf.cmd_types=prog_load:map_create\n"
	  "security.delegate_bpf.map_types=ringbuf\n",
	  { B(0) | B(5), B(27), B(1), B(0) } },
	{ "LXD's test of what is mounted",
	  "mount",
	  "none on /sys/fs/bpf type bpf (rw,relatime,uid=1000000,gid=1000000,"
	  "delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"
	  "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress)",
	  { B(0) | B(5), B(27), B(1), B(0) } },
	{ "LXD without its first key",
	  "lxd",
	  "security.delegate_bpf.cmd_types=prog_load\n",
	  { 0 },
	  "without security.delegate_bpf=true LXD delegates nothing" },
	{ "LXD's check for tokens",
	  "mount",
	  "delegate_cmds=MUSTFAIL",
	  { 0 },
	  "unknown command \"MUSTFAIL\"" },
	{ "Incus' page, which can load nothing",
	  "incus",
	  "security.bpffs.delegate_cmds=map_create,obj_get,link_create\n"
	  "security.bpffs.delegate_progs=socket_filter\n"
	  "security.bpffs.delegate_attachs=cgroup_inet_ingress\n",
	  { B(0) | B(7) | B(28), 0, B(1), B(0) },
	  NULL,
	  "types-without-command" },
	{ "Incus' test: all", "incus",
	  "security.bpffs.delegate_cmds=any\nsecurity.bpffs.delegate_maps=any\n"
	  "security.bpffs.delegate_progs=any\nsecurity.bpffs.delegate_attachs=any\n"
	  "security.bpffs.path=/mnt\n",
	  ANY_ALL },
	{ "systemd's manual and RFE",
	  "systemd",
	  "PrivateUsers=yes\nPrivateMounts=yes\nDelegateNamespaces=mnt\n"
	  "PrivateBPF=yes\nBPFDelegateCommands=BPFMapCreate,BPFProgLoad\n"
	  "BPFDelegateMaps=BPFMapTypeArray\nBPFDelegatePrograms=BPFProgTypeXdp\n"
	  "BPFDelegateAttachments=BPFXdp\n",
	  { B(0) | B(5), B(2), B(6), B(37) } },
	{ "systemd's own test",
	  "systemd",
	  "[Service]\nPrivateUsers=yes\nPrivateMounts=yes\nDelegateNamespaces=mnt\n"
	  "PrivateBPF=yes\n"
	  "BPFDelegateCommands=BPFObjPin,BPFBtfLoad,BPFMapFreeze,BPFLinkDetach\n",
	  { B(6) | B(18) | B(22) | B(34) } },
	{ "a unit without what PrivateBPF needs",
	  "systemd",
	  "[Service]\nPrivateBPF=yes\nPrivateUsers=yes\n"
	  "BPFDelegateCommands=BPFBtfLoad\n",
	  { B(18) },
	  NULL,
	  "systemd-companion" },
	{ "the kernel's quirk: a number overwrites",
	  "mount",
	  "delegate_cmds=prog_load:0x1",
	  { 0 },
	  "to the kernel the number \"0x1\" replaces what stands before it",
	  "number-overwrites-names" },
	{ "the kernel's quirk: the number first",
	  "mount",
	  "delegate_cmds=0x1:prog_load",
	  { B(0) | B(5) },
	  NULL,
	  "command-without-types" },
	{ "the kernel's quirk: 5 is a mask",
	  "mount",
	  "delegate_cmds=5",
	  { B(0) | B(2) },
	  NULL,
	  "command-without-types" },
	{ "the kernel's quirk: the prefix",
	  "mount",
	  "delegate_cmds=BPF_PROG_LOAD",
	  { 0 },
	  "the kernel wants it without the prefix BPF_" },
	{ "the kernel's quirk: commas",
	  "mount",
	  "delegate_cmds=prog_load,map_create",
	  { 0 },
	  "" },
	{ "eunomia's set-up script, bpfilter and ebpfsentinel", "mount",
	  "delegate_cmds=any,delegate_maps=any,delegate_progs=any,delegate_attachs=any",
	  ANY_ALL },
	{ "an Android runtime's broker",
	  "mount",
	  "delegate_cmds=map_create:prog_load:btf_load,delegate_maps=any,"
	  "delegate_progs=any,delegate_attachs=any",
	  { B(0) | B(5) | B(18), POLICY_ANY, POLICY_ANY, POLICY_ANY } },
	{ "a typo that the kernel accepts and ignores",
	  "mount",
	  "delegate_attach=any",
	  { 0 },
	  "nearest is \"delegate_attachs\"" },
};

struct seen {
	const char *rule;
	int found, errors;
};

static void see(const struct lint_finding *finding, void *data)
{
	struct seen *seen = data;

	seen->found += seen->rule && !strcmp(finding->rule, seen->rule);
	seen->errors += finding->severity == LINT_ERROR;
}

static void check_lint(size_t i)
{
	struct seen seen = { .rule = published[i].rule };
	struct list_notes notes = { .count = 0 };
	struct bpftoken_policy *policy;

	assert_int_equal(
		host_policy_parse(NULL, published[i].text, &policy, &notes, NULL), 0);
	lint_policy(&(struct lint_input){ policy, &notes, 0 }, see, &seen);
	if (!seen.found != !seen.rule || !seen.errors != !seen.rule)
		fail_msg("%s: %d findings of %s, %d errors", published[i].from,
			 seen.found, seen.rule ? seen.rule : "no rule", seen.errors);
	bpftoken_policy_free(policy);
}

static void published_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		const char *from = published[i].from, *text = published[i].text;
		struct bpftoken_policy *policy = NULL;
		struct bpftoken_error err = { .code = 0 };
		int r = host_policy_parse(NULL, text, &policy, NULL, &err);

		assert_string_equal(host_dialect_of(text), published[i].dialect);
		if (published[i].refused &&
		    (r >= 0 || !strstr(err.why, published[i].refused)))
			fail_msg("%s: %d: %s", from, r, err.why);
		if (!published[i].refused && r < 0)
			fail_msg("%s: %s", from, err.why);
		if (r >= 0 &&
		    memcmp(policy->mask, published[i].mask, sizeof(policy->mask)))
			fail_msg("%s: misread", from);
		if (r >= 0 || published[i].rule)
			check_lint(i);
		bpftoken_policy_free(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_policy_through_all),
		cmocka_unit_test(numbers_survive_or_are_refused),
		cmocka_unit_test(published_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
