/* SPDX-License-Identifier: MIT */
/* What learn makes of calls: who uses what, what was a probe, goals, merging, traps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attr.h"
#include "goal.h"
#include "summary.h"
#include "trap.h"
#include "util.h"

#include <linux/audit.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HASH 1
#define ARRAY_OF_MAPS 12
#define SOCKET_FILTER 1
#define KPROBE 2
#define CGROUP_SOCK 9

static struct learn_call *add(struct learn_run *run, uint32_t cmd, uint32_t type,
			      const char *name, uint32_t id)
{
	struct learn_call *call = learn_run_add(run);

	assert_non_null(call);
	call->cmd = cmd;
	call->type = type;
	call->id = id;
	call->result = 3;
	snprintf(call->name, sizeof(call->name), "%s", name);
	return call;
}

static void use(struct learn_run *run, uint32_t seq, uint32_t kind, uint32_t id)
{
	struct learn_call *call = &run->calls[seq - 1];

	call->uses[call->use_count++] = (struct learn_use){ .kind = kind, .id = id };
}

/* An inner map, a map of it, a BTF probe, a program with both; a probe's own BTF. */
static void make_run(struct learn_run *run, const char *id)
{
	char *argv[] = { (char *)"program", (char *)"an argument", NULL };

	*run = (struct learn_run){ .ended = true };
	snprintf(run->id, sizeof(run->id), "%s", id);
	assert_int_equal(learn_run_set_command(run, argv), 0);
	add(run, ATTR_MAP_CREATE, HASH, "inner", 7);
	add(run, ATTR_MAP_CREATE, ARRAY_OF_MAPS, "outer", 8);
	use(run, 2, LEARN_USE_INNER_MAP, 7);
	add(run, ATTR_BTF_LOAD, 0, "", 7)->closed = true;
	add(run, ATTR_PROG_LOAD, KPROBE, "try", 20)->closed = true;
	use(run, 4, LEARN_USE_BTF, 7);
	add(run, ATTR_BTF_LOAD, 0, "", 9);
	add(run, ATTR_PROG_LOAD, SOCKET_FILTER, "real", 21)->attach_checked = 0;
	use(run, 6, LEARN_USE_MAP, 8);
	use(run, 6, LEARN_USE_BTF, 9);
	add(run, ATTR_PROG_LOAD, CGROUP_SOCK, "", 0)->result = -EINVAL;
	run->calls[6].attach_checked = 2;
	assert_int_equal(learn_run_relate(run), 0);
}

static void test_relate(void **state)
{
	struct learn_run run;

	(void)state;
	make_run(&run, "a");
	assert_int_equal(run.calls[1].uses[0].seq, 1);
	/* the BTF with the same id as a map */
	assert_int_equal(run.calls[3].uses[0].seq, 3);
	assert_int_equal(run.calls[5].uses[0].seq, 2);
	assert_true(run.calls[0].used && run.calls[1].used && run.calls[4].used);
	/* what only a probe uses is a probe */
	assert_false(run.calls[2].used);
	assert_true(learn_is_probe(&run.calls[2]) && learn_is_probe(&run.calls[3]));
	assert_false(learn_is_probe(&run.calls[5]));
	learn_run_done(&run);
}

static const struct learn_item *item(const struct learn_summary *summary, uint32_t set,
				     uint32_t value)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->items[i].set == set && summary->items[i].value == value)
			return &summary->items[i];
	fail_msg("no item %u in the set %u", value, set);
	return NULL;
}

static void test_summary(void **state)
{
	struct learn_recording recording = { 0 };
	struct learn_summary summary;
	struct learn_run run;

	(void)state;
	make_run(&run, "a");
	assert_int_equal(learn_recording_add(&recording, &run), 0);
	assert_int_equal(learn_summarize(&recording, &summary), 0);
	assert_int_equal(summary.calls, 7);
	assert_int_equal(summary.probes, 2);
	assert_int_equal(item(&summary, BPFTOKEN_CMDS, ATTR_BTF_LOAD)->evidence->seq, 5);
	assert_int_equal(item(&summary, BPFTOKEN_PROGS, KPROBE)->verdict, LEARN_PROBE);
	assert_int_equal(item(&summary, BPFTOKEN_PROGS, CGROUP_SOCK)->verdict,
			 LEARN_FAILED);
	assert_int_equal(item(&summary, BPFTOKEN_ATTACHS, 0)->verdict, LEARN_NEEDED);
	assert_int_equal(summary.needed.mask[BPFTOKEN_PROGS], 1ULL << SOCKET_FILTER);
	assert_int_equal(summary.policy.mask[BPFTOKEN_PROGS],
			 1ULL << SOCKET_FILTER | 1ULL << KPROBE | 1ULL << CGROUP_SOCK);
	assert_int_equal(summary.policy.mask[BPFTOKEN_ATTACHS], 1 | 1 << 2);
	learn_summary_done(&summary);
	learn_recording_done(&recording);
}

static void expect_same(const struct learn_run *a, const struct learn_run *b,
			uint32_t goal, bool same)
{
	_cleanup_free_ char *x = NULL, *y = NULL;

	assert_int_equal(learn_goal_signature(a, goal, &x), 0);
	assert_int_equal(learn_goal_signature(b, goal, &y), 0);
	assert_int_equal(!strcmp(x, y), same);
}

static void test_goals(void **state)
{
	struct learn_run a, b;

	(void)state;
	make_run(&a, "a");
	make_run(&b, "b");
	expect_same(&a, &b, LEARN_GOAL_CALLS, true);
	/* a probe that fails is another call, but no other object */
	b.calls[3].result = -EPERM;
	expect_same(&a, &b, LEARN_GOAL_CALLS, false);
	expect_same(&a, &b, LEARN_GOAL_OBJECTS, true);
	/* another name, attach type, or no BTF is */
	b.calls[5].name[0] = 'x';
	expect_same(&a, &b, LEARN_GOAL_OBJECTS, false);
	b.calls[5].name[0] = 'r';
	b.calls[5].attach_checked = 1;
	expect_same(&a, &b, LEARN_GOAL_OBJECTS, false);
	b.calls[5].attach_checked = 0;
	expect_same(&a, &b, LEARN_GOAL_OBJECTS, true);
	b.calls[5].use_count = 1;
	expect_same(&a, &b, LEARN_GOAL_OBJECTS, false);
	expect_same(&a, &b, LEARN_GOAL_EXIT, true);
	learn_run_done(&a);
	learn_run_done(&b);
}

/* Written and read again, it is the same text; a run that is there is not taken twice. */
static void test_files(void **state)
{
	static const char *const order[][4] = { { "a", "b", "c" },
						{ "c", "a", "b", "a" } };
	char *texts[2];
	char path[] = "/tmp/bpftoken-test-learn-XXXXXX";
	struct learn_recording again = { 0 };
	_cleanup_text_ struct text text = { 0 };
	int fd = mkstemp(path);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct learn_recording recording = { 0 };
		struct text out = { 0 };

		for (size_t n = 0; n < 4 && order[i][n]; n++) {
			struct learn_run run;

			make_run(&run, order[i][n]);
			assert_int_equal(learn_recording_add(&recording, &run), 0);
		}
		assert_int_equal(recording.count, 3);
		assert_int_equal(learn_recording_format(&recording, &out), 0);
		assert_int_equal(text_take(&out, &texts[i]), 0);
		learn_recording_done(&recording);
	}
	assert_string_equal(texts[0], texts[1]);
	assert_int_equal(write(fd, texts[0], strlen(texts[0])), strlen(texts[0]));
	close(fd);
	assert_int_equal(learn_recording_read(&again, path, NULL), 0);
	assert_int_equal(learn_recording_read(&again, path, NULL), 0);
	unlink(path);
	assert_int_equal(learn_recording_format(&again, &text), 0);
	assert_string_equal(text.data, texts[0]);
	assert_true(learn_is_probe(&again.runs[2].calls[3]));
	learn_recording_done(&again);
	free(texts[0]);
	free(texts[1]);
}

static const struct {
	uint32_t arch;
	uint64_t nr;
	enum trap_call call;
	bool compat;
} trapped[] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, 321, TRAP_BPF, false },
	{ AUDIT_ARCH_I386, 357, TRAP_BPF, true },
	{ AUDIT_ARCH_I386, 321, TRAP_OTHER, true },
	{ AUDIT_ARCH_X86_64, 298, TRAP_PERF_EVENT_OPEN, false },
#elif defined(__aarch64__)
	{ AUDIT_ARCH_AARCH64, 280, TRAP_BPF, false },
	{ AUDIT_ARCH_ARM, 386, TRAP_BPF, true },
	{ AUDIT_ARCH_ARM, 280, TRAP_OTHER, true },
	{ AUDIT_ARCH_AARCH64, 241, TRAP_PERF_EVENT_OPEN, false },
#endif
	{ 0, SYS_bpf, TRAP_OTHER, false },
};

static void test_traps(void **state)
{
	(void)state;
	for (uint32_t cmd = 0; cmd < 64; cmd++)
		if (learn_command(cmd)->class != LEARN_FREE)
			assert_false(trap_is_data_plane(cmd));
	assert_true(trap_is_data_plane(1) && trap_is_data_plane(37));
	for (size_t i = 0; i < ARRAY_SIZE(trapped); i++) {
		bool compat = false;

		assert_int_equal(trap_call(trapped[i].arch, trapped[i].nr, &compat),
				 trapped[i].call);
		assert_int_equal(compat, trapped[i].compat);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relate), cmocka_unit_test(test_summary),
		cmocka_unit_test(test_goals),  cmocka_unit_test(test_files),
		cmocka_unit_test(test_traps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
