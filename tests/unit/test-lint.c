/* SPDX-License-Identifier: MIT */
/* The lint rules: each is seen to speak, and to be silent once its advice is taken. */
#include "host-policy.h"

#include "lint.h"

static const struct {
	const char *rule;
	enum lint_severity severity;
	const char *bad, *good; /* the one has a finding of the rule, the other none */
	const char *reason, *fix; /* parts of the finding's sentences */
} rows[] = {
	{ "empty", LINT_ERROR, "delegate_cmds=0x0", "delegate_cmds=btf_load", "nothing",
	  "" },
	{ "number-overwrites-names", LINT_ERROR, "delegate_cmds=map_create:0x20",
	  "delegate_cmds=0x20:map_create", "line 1, column 26: ", "first" },
	{ "number-as-enum", LINT_WARNING, "delegate_progs=6", "delegate_progs=0x40",
	  "line 1, column 16: 6 is a mask, that of socket_filter, kprobe; the program "
	  "type "
	  "with this value is xdp",
	  "write xdp" },
	{ "number-as-enum", LINT_WARNING, "delegate_progs=0", "delegate_progs=64",
	  "that of nothing", "write unspec" },
	{ "any", LINT_WARNING, "delegate_progs=any", "delegate_progs=xdp",
	  "every program type", "" },
	{ "inert-command", LINT_WARNING, "delegate_cmds=map_create:link_create:obj_pin",
	  "delegate_cmds=map_create:prog_load:btf_load:btf_get_fd_by_id",
	  ": obj_pin, link_create", "remove" },
	{ "unspec", LINT_WARNING, "delegate_maps=unspec:hash", "delegate_maps=hash",
	  "map type", "remove" },
	{ "unknown-bit", LINT_WARNING, "delegate_attachs=0x8000000000000000:xdp",
	  "delegate_attachs=xdp", "0x8000000000000000", "remove" },
	{ "command-without-types", LINT_ERROR, "delegate_cmds=map_create",
	  "delegate_cmds=map_create,delegate_maps=hash", "map types", "map types" },
	{ "command-without-types", LINT_ERROR,
	  "delegate_cmds=prog_load,delegate_progs=xdp",
	  "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp",
	  "attach types", "cgroup_inet_ingress" },
	{ "command-without-types", LINT_ERROR,
	  "delegate_cmds=prog_load,delegate_attachs=xdp",
	  "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp",
	  "program types", "" },
	{ "types-without-command", LINT_ERROR,
	  "delegate_cmds=btf_load,delegate_maps=hash",
	  "delegate_cmds=map_create,delegate_maps=hash", "map_create", "add map_create" },
	{ "types-without-command", LINT_ERROR, "delegate_progs=xdp",
	  "delegate_progs=xdp,delegate_cmds=prog_load", "prog_load", "add prog_load" },
	{ "attach-zero", LINT_ERROR, "delegate_progs=socket_filter,delegate_attachs=xdp",
	  "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress",
	  "which is cgroup_inet_ingress", "add cgroup_inet_ingress" },
	{ "attach-zero", LINT_ERROR, "delegate_progs=kprobe,delegate_attachs=xdp",
	  "delegate_progs=kprobe,delegate_attachs=trace_kprobe_multi", ": kprobe", "" },
	{ "attach-missing", LINT_ERROR, "delegate_progs=xdp,delegate_attachs=sk_lookup",
	  "delegate_progs=xdp,delegate_attachs=xdp", "xdp programs", "add" },
	{ "attach-missing", LINT_ERROR, "delegate_progs=xdp,delegate_attachs=sk_lookup",
	  "delegate_progs=xdp,delegate_attachs=cgroup_inet_ingress",
	  "one of xdp_devmap, xdp_cpumap, xdp", "" },
	{ "attach-missing", LINT_ERROR,
	  "delegate_progs=cgroup_sock,delegate_attachs=cgroup_inet_ingress",
	  "delegate_progs=cgroup_sock,delegate_attachs=cgroup_inet_sock_create",
	  "cgroup_inet_sock_create", "" },
	{ "attach-missing", LINT_ERROR,
	  "delegate_progs=sk_reuseport,delegate_attachs=cgroup_inet_ingress",
	  "delegate_progs=sk_reuseport,delegate_attachs=sk_reuseport_select",
	  "sk_reuseport_select", "" },
	{ "attach-unused", LINT_WARNING,
	  "delegate_progs=xdp,delegate_attachs=xdp:netfilter",
	  "delegate_progs=xdp:netfilter,delegate_attachs=xdp:netfilter", ": netfilter",
	  "" },
	{ "attach-unused", LINT_WARNING,
	  "delegate_progs=sk_lookup,delegate_attachs=cgroup_inet_ingress:sk_lookup",
	  "delegate_progs=0x8000000000000000:sk_lookup,delegate_attachs=cgroup_inet_"
	  "ingress",
	  ": cgroup_inet_ingress", "" },
	{ "attach-wildcard", LINT_NOTE,
	  "delegate_progs=sched_cls:socket_filter,delegate_attachs=cgroup_inet_ingress",
	  "delegate_progs=sched_cls,delegate_attachs=tcx_ingress", ": sched_cls", "" },
	{ "struct-ops-member", LINT_NOTE,
	  "delegate_progs=struct_ops,delegate_attachs=struct_ops",
	  "delegate_progs=struct_ops,delegate_attachs=any", "index", "" },
	{ "host-wide", LINT_WARNING, "delegate_progs=tracing:xdp", "delegate_progs=xdp",
	  ": tracing", "root" },
	{ "host-wide", LINT_WARNING, "delegate_progs=any", "delegate_progs=socket_filter",
	  ": kprobe, tracepoint, perf_event, raw_tracepoint, raw_tracepoint_writable, "
	  "tracing, struct_ops, ext, lsm, syscall",
	  "" },
	{ "btf-needed", LINT_WARNING,
	  "delegate_cmds=map_create,delegate_maps=task_storage",
	  "delegate_cmds=map_create:btf_load,delegate_maps=task_storage",
	  ": task_storage", "add btf_load" },
	{ "btf-needed", LINT_WARNING, "delegate_progs=ext", "delegate_maps=any", ": ext",
	  "" },
	{ "btf-load", LINT_NOTE, "delegate_cmds=map_create,delegate_maps=hash",
	  "delegate_cmds=map_create:btf_load,delegate_maps=hash", "BTF", "add btf_load" },
	{ "btf-load", LINT_NOTE, "delegate_cmds=prog_load",
	  "delegate_cmds=prog_load,delegate_progs=ext", "BTF", "" },
	{ "libbpf-first-load", LINT_WARNING,
	  "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp",
	  "delegate_cmds=prog_load,delegate_progs=xdp:socket_filter,"
	  "delegate_attachs=xdp:cgroup_inet_ingress",
	  "1.7", "socket_filter" },
	{ "libbpf-first-load", LINT_WARNING,
	  "delegate_cmds=prog_load,delegate_progs=socket_filter,delegate_attachs=xdp",
	  "delegate_cmds=prog_load,delegate_progs=tracepoint,"
	  "delegate_attachs=cgroup_inet_ingress",
	  "1.7", "" },
	{ "libbpf-attach-probe", LINT_WARNING,
	  "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp",
	  "delegate_cmds=prog_load,delegate_progs=xdp:cgroup_sock,"
	  "delegate_attachs=xdp:cgroup_inet_sock_create",
	  ": xdp", "cgroup_inet_sock_create" },
	{ "libbpf-attach-probe", LINT_WARNING,
	  "delegate_cmds=prog_load,delegate_progs=sk_msg,delegate_attachs=sk_msg_verdict",
	  "delegate_cmds=prog_load,delegate_progs=sk_lookup,delegate_attachs=sk_lookup",
	  ": sk_msg", "" },
	{ "libbpf-global-data", LINT_NOTE,
	  "delegate_cmds=prog_load:map_create,delegate_progs=socket_filter,"
	  "delegate_attachs=cgroup_inet_ingress,delegate_maps=ringbuf",
	  "delegate_cmds=prog_load:map_create,delegate_progs=socket_filter,"
	  "delegate_attachs=cgroup_inet_ingress,delegate_maps=array",
	  "array", "array" },
	{ "libbpf-usdt", LINT_NOTE,
	  "delegate_cmds=prog_load,delegate_progs=kprobe,delegate_attachs=cgroup_inet_"
	  "ingress",
	  "delegate_cmds=prog_load,delegate_progs=kprobe,"
	  "delegate_attachs=cgroup_inet_ingress:trace_uprobe_multi",
	  "trace_uprobe_multi", "" },
};

/* Findings of one rule; of all rules when it is NULL. */
struct seen {
	const char *rule;
	int count;
	enum lint_severity severity;
	char reason[1024], fix[1024];
};

static void see(const struct lint_finding *finding, void *data)
{
	struct seen *seen = data;

	assert_non_null(finding->reason);
	assert_non_null(finding->fix);
	assert_null(strchr(finding->reason, '\n'));
	if (seen->rule && strcmp(finding->rule, seen->rule))
		return;
	seen->count++;
	seen->severity = finding->severity;
	snprintf(seen->reason, sizeof(seen->reason), "%s", finding->reason);
	snprintf(seen->fix, sizeof(seen->fix), "%s", finding->fix);
}

static struct seen lint(const char *text, const char *rule)
{
	struct seen seen = { .rule = rule };
	struct list_notes notes = { .count = 0 };
	struct bpftoken_policy *policy;
	int total;

	if (host_policy_parse("mount", text, &policy, &notes, NULL) < 0)
		fail_msg("cannot read %s", text);
	total = lint_policy(&(struct lint_input){ policy, &notes, 0 }, see, &seen);
	assert_true(total >= seen.count);
	bpftoken_policy_free(policy);
	return seen;
}

static void finds_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen seen = lint(rows[i].bad, rows[i].rule);

		if (seen.count != 1 || seen.severity != rows[i].severity ||
		    !strstr(seen.reason, rows[i].reason) ||
		    !strstr(seen.fix, rows[i].fix))
			fail_msg("%s: %s: %d findings: %s; %s", rows[i].rule, rows[i].bad,
				 seen.count, seen.reason, seen.fix);
		seen = lint(rows[i].good, rows[i].rule);
		if (seen.count)
			fail_msg("%s: %s: %s", rows[i].rule, rows[i].good, seen.reason);
	}
}

static void every_rule_is_tested(void **state)
{
	const char *name;

	(void)state;
	for (size_t n = 0; (name = lint_rule_name(n)); n++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(rows) && strcmp(rows[i].rule, name))
			i++;
		if (i == ARRAY_SIZE(rows))
			fail_msg("no test of the rule %s", name);
	}
}

static void is_silent_about_a_good_policy(void **state)
{
	(void)state;
	assert_int_equal(lint("delegate_cmds=map_create:prog_load:btf_load,"
			      "delegate_maps=array:ringbuf,delegate_progs=socket_filter,"
			      "delegate_attachs=cgroup_inet_ingress",
			      NULL)
				 .count,
			 0);
}

/* Notes beyond those that were recorded, and none at all. */
static void counts_recorded_notes_only(void **state)
{
	struct seen seen = { .rule = "number-as-enum" };
	struct bpftoken_policy policy = { .mask = { 1 } };
	struct list_notes notes = { .count = 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(notes.items); i++)
		notes.items[i] = (struct list_note){ .number = 5, .decimal = true };
	assert_true(lint_policy(&(struct lint_input){ &policy, &notes, 0 }, see, &seen) >
		    0);
	assert_int_equal(seen.count, ARRAY_SIZE(notes.items));
	seen.count = 0;
	assert_true(lint_policy(&(struct lint_input){ &policy, NULL, 0 }, see, &seen) >
		    0);
	assert_int_equal(seen.count, 0);
}

static void takes_any_policy(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct bpftoken_policy policy = { .memlock = 0 };
		struct seen seen = { .rule = NULL };
		int total;

		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
			policy.mask[set] = random_mask(&random);
		total = lint_policy(&(struct lint_input){ &policy, NULL, 0 }, see, &seen);
		assert_int_equal(total, seen.count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_wrong),
		cmocka_unit_test(every_rule_is_tested),
		cmocka_unit_test(is_silent_about_a_good_policy),
		cmocka_unit_test(counts_recorded_notes_only),
		cmocka_unit_test(takes_any_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
