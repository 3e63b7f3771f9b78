/* SPDX-License-Identifier: MIT */
/* The warnings of host/warn.c: on the right cases and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy.h"
#include "text.h"
#include "warn.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *policy;
	struct warn_facts facts;
	const char *says[4]; /* a part of each warning, in order; all of them */
} rows[] = {
	{ "delegate_cmds=any,delegate_maps=any", { 0, true, true }, { NULL } },
	{ "delegate_progs=socket_filter", { 0, true, true }, { NULL } },
	{ "delegate_progs=xdp:cgroup_skb", { 0, false, false }, { NULL } },
	{ "delegate_progs=xdp:cgroup_skb",
	  { 0, true, false },
	  { "type xdp act on the network" } },
	{ "delegate_progs=xdp:cgroup_skb",
	  { 0, false, true },
	  { "type cgroup_skb act on any cgroup" } },
	{ "delegate_progs=netfilter:sched_cls:sock_ops",
	  { 1000, true, true },
	  { "host uid 1000 owns", "type sched_cls netfilter act on the network",
	    "type sock_ops act on any cgroup" } },
	{ "delegate_maps=array", { 1000, false, false }, { "host uid 1000 owns" } },
	{ "delegate_progs=kprobe:xdp", { 0, false, false }, { "whole host" } },
	{ "delegate_progs=tracing", { 0, true, true }, { "whole host" } },
	{ "delegate_progs=any",
	  { 1, true, true },
	  { "host uid 1 owns", "act on the network", "act on any cgroup",
	    "whole host" } },
};

static char said[8][1024];
static size_t count;

static void collect(const char *name, const char *warning, void *data)
{
	assert_true(count < ARRAY_SIZE(said));
	assert_null(strchr(warning, '\n'));
	snprintf(said[count++], sizeof(said[0]), "%s", warning);
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = NULL;
		size_t wanted = 0;

		assert_int_equal(
			bpftoken_policy_parse(rows[i].policy, "mount", &policy, NULL), 0);
		count = 0;
		warn_each(policy, &rows[i].facts, collect, NULL);
		while (wanted < ARRAY_SIZE(rows[i].says) && rows[i].says[wanted])
			wanted++;
		if (count != wanted)
			fail_msg("%s: %zu warnings, not %zu", rows[i].policy, count,
				 wanted);
		for (size_t j = 0; j < count; j++)
			if (!strstr(said[j], rows[i].says[j]))
				fail_msg("%s: \"%s\" has no \"%s\"", rows[i].policy,
					 said[j], rows[i].says[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
