/* SPDX-License-Identifier: MIT */
/*
 * Policy texts: a digit that chooses the dialect ('0' detects it), and the text. Whatever
 * is read is written in every dialect that can express it, reads back as the same, and
 * is written the same again.
 */
#include "dialects.h"
#include "fuzz.h"
#include "lint.h"
#include "policy.h"

static const char *dialect_of(char digit, bool *ret_known)
{
	int wanted = digit - '0', count = 0;

	while (host_dialects[count])
		count++;
	*ret_known = wanted >= 0 && wanted <= count;
	return *ret_known && wanted ? host_dialects[wanted - 1]->name : NULL;
}

static bool has_memlock(const char *dialect)
{
	return strcmp(dialect, "oci") && strcmp(dialect, "systemd") &&
	       strcmp(dialect, "mount");
}

static void check_dialect(const struct bpftoken_policy *policy, const char *name)
{
	_cleanup_policy_ struct bpftoken_policy *back = NULL;
	_cleanup_free_ char *text = NULL, *again = NULL;
	struct bpftoken_error err = { .code = 0 };
	int r = host_policy_format(name, policy, &text, &err);

	if (r < 0) {
		fuzz_check(!text && err.code == r && err.why[0]);
		return;
	}
	r = host_policy_parse(name, text, &back, NULL, &err);
	if (r < 0)
		fprintf(stderr, "%s: %s\n%s", name, err.why, text);
	fuzz_check(r == 0);
	fuzz_check(!memcmp(policy->mask, back->mask, sizeof(policy->mask)));
	fuzz_check(back->memlock == (has_memlock(name) ? policy->memlock : 0));
	fuzz_check(host_policy_format(name, back, &again, &err) == 0);
	fuzz_check(!strcmp(text, again));
}

static void count_fixable(const struct lint_finding *finding, void *data)
{
	fuzz_check(finding->rule && finding->reason[0] && finding->fix[0]);
	*(int *)data += finding->fixable;
}

/* What is fixed needs no fix. */
static void check_lint(const struct bpftoken_policy *policy,
		       const struct list_notes *notes)
{
	struct bpftoken_policy fixed = *policy;
	struct lint_input input = { .policy = policy, .notes = notes };
	int fixable = 0;

	fuzz_check(lint_policy(&input, count_fixable, &fixable) >= 0);
	fuzz_check(lint_fix(&input, &fixed) == 0);
	input.policy = &fixed;
	input.notes = NULL;
	fixable = 0;
	fuzz_check(lint_policy(&input, count_fixable, &fixable) >= 0);
	fuzz_check(fixable == 0);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err = { .code = 0 };
	struct list_notes notes = { 0 };
	const char *dialect;
	bool known;
	int r;

	if (!size)
		return false;
	dialect = dialect_of((char)data[0], &known);
	if (!known)
		return false;
	text = fuzz_text(data + 1, size - 1);
	r = host_policy_parse(dialect, text, &policy, &notes, &err);
	if (r < 0) {
		fuzz_check(!policy && err.code == r && err.why[0]);
		return true;
	}
	fuzz_check(policy && !err.code);
	for (size_t i = 0; host_dialects[i]; i++)
		check_dialect(policy, host_dialects[i]->name);
	check_lint(policy, &notes);
	return true;
}
