/* SPDX-License-Identifier: MIT */
/* Presets: composition, misspelt names, and that lint has nothing to say about them. */
#include "host-policy.h"

#include "lint.h"
#include "presets.h"

static struct bpftoken_policy *preset(const char *text)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;

	if (presets_parse(text, &policy, &err) < 0)
		fail_msg("%s: %s", text, err.why);
	return policy;
}

static void compose(void **state)
{
	struct bpftoken_policy *xdp = preset("@xdp"), *libbpf = preset("@libbpf");
	struct bpftoken_policy *both = preset("@xdp+@libbpf");

	(void)state;
	assert_true(xdp->mask[BPFTOKEN_PROGS] == 1ULL << 6);
	assert_true(xdp->mask[BPFTOKEN_ATTACHS] == 1ULL << 37);
	assert_int_equal(bpftoken_policy_covers(both, xdp, NULL), 1);
	assert_int_equal(bpftoken_policy_covers(both, libbpf, NULL), 1);
	bpftoken_policy_merge(xdp, libbpf);
	assert_true(bpftoken_policy_equal(xdp, both));
	bpftoken_policy_free(xdp);
	bpftoken_policy_free(libbpf);
	bpftoken_policy_free(both);
}

static void refuse(void **state)
{
	static const struct {
		const char *text, *why, *fix;
		uint32_t column;
	} rows[] = {
		{ "@xpd", "unknown preset \"@xpd\"", "@xdp", 1 },
		{ "@xdp+libbpf", "unknown preset \"libbpf\"", "@libbpf", 6 },
		{ "@xdp+", "unknown preset \"\"", "--presets", 6 },
		{ "@", "unknown preset \"@\"", "--presets", 1 },
		{ "@xdp +@libbpf", "unknown preset \"@xdp \"", "@xdp", 1 },
		{ "@\x1b[31m", "unknown preset \"@\\x1b[31m\"", "--presets", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpftoken_policy *policy = NULL;
		struct bpftoken_error err;

		assert_int_equal(presets_parse(rows[i].text, &policy, &err), -ENOENT);
		assert_null(policy);
		assert_int_equal(err.column, rows[i].column);
		if (!strstr(err.why, rows[i].why) || !strstr(err.fix, rows[i].fix))
			fail_msg("%s: %s: %s", rows[i].text, err.why, err.fix);
	}
}

/*
 * What lint may say: that a type reaches the host or any cgroup, that attach type 0 lets
 * a program attach anywhere; and without @libbpf, what libbpf misses.
 */
static void see(const struct lint_finding *finding, void *data)
{
	static const char *const inherent[] = { "host-wide", "cgroup-reach",
						"attach-wildcard", "libbpf-usdt" };
	const char *const *composed = data;

	for (size_t i = 0; i < ARRAY_SIZE(inherent); i++)
		if (!strcmp(finding->rule, inherent[i]))
			return;
	if (!strncmp(finding->rule, "libbpf-", 7) && !strstr(*composed, "+@libbpf"))
		return;
	fail_msg("%s: %s: %s", *composed, finding->rule, finding->reason);
}

static void lint_is_content(void **state)
{
	static const char *const with[] = { "", "+@maps", "+@libbpf", "+@maps+@libbpf" };
	int findings = 0;

	(void)state;
	for (const struct preset *p = presets; p->name; p++) {
		for (size_t i = 0; i < ARRAY_SIZE(with); i++) {
			char text[64];
			const char *composed = text;
			struct bpftoken_policy *policy;

			snprintf(text, sizeof(text), "@%s%s", p->name, with[i]);
			policy = preset(text);
			findings += lint_policy(&(struct lint_input){ policy, NULL, 0 },
						see, &composed);
			bpftoken_policy_free(policy);
		}
	}
	assert_true(findings > 0);
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (const struct preset *p = presets; p->name; p++) {
		struct bpftoken_policy policy = { .memlock = 0 };

		assert_true(p->what[0]);
		assert_non_null(strstr(p->caps, "CAP_BPF"));
		assert_int_equal(preset_add(p, &policy, NULL), 0);
		assert_false(bpftoken_policy_is_empty(&policy, BPFTOKEN_CMDS));
		for (const struct preset *q = p + 1; q->name; q++)
			assert_string_not_equal(p->name, q->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compose),
		cmocka_unit_test(refuse),
		cmocka_unit_test(lint_is_content),
		cmocka_unit_test(rows_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
