/* SPDX-License-Identifier: MIT */
/* Many helpers in one load: the program, and what a log tells of its calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe-calls.h"
#include "util.h"

#define COUNT 8 /* helpers 1 to 7, of which 6 is asked by itself */

static void test_program(_unused_ void **state)
{
	struct attr_insn insns[COUNT + CALLS_MORE_INSNS];
	uint32_t n = calls_program(COUNT, insns);

	/* a load of what was never written, no helper, 1 2 3 4 5 7, exit */
	assert_int_equal(n, 9);
	assert_int_equal(insns[0].code, 0x61);
	assert_int_equal(insns[0].regs >> 4, 9);
	assert_int_equal(insns[1].imm, 0);
	assert_int_equal(insns[6].imm, 5);
	assert_int_equal(insns[7].imm, 7);
	for (uint32_t i = 1; i < n - 1; i++)
		assert_int_equal(insns[i].code, 0x85);
	assert_int_equal(insns[n - 1].code, 0x95);
}

static void test_by_themselves(_unused_ void **state)
{
	assert_false(calls_can_tell(0));
	assert_true(calls_can_tell(1));
	assert_false(calls_can_tell(6)); /* trace_printk: leaves a warning */
	assert_false(calls_can_tell(36)); /* probe_write_user, too */
	assert_false(calls_can_tell(9)); /* skb_store_bytes: five arguments */
	assert_false(calls_can_tell(202)); /* dynptr_write, too */
	assert_true(calls_can_tell(211));
	assert_false(calls_can_tell(212)); /* of a kernel to come */
}

/* A log with the registers of one call given, the others as they usually are. */
static const char *log_of(const char *of_none, const char *of_three)
{
	static char log[2048];

	snprintf(log, sizeof(log),
		 "func#0 @0\nLive regs before insn:\n"
		 "      0: .12345...9 (61) r0 = *(u32 *)(r9 +0)\n"
		 "      1: %s (85) call bpf_unspec#0\n"
		 "      2: .12....... (85) call bpf_map_lookup_elem#1\n"
		 "      3: .1234..... (85) call bpf_map_update_elem#2\n"
		 "      4: %s (85) call bpf_map_delete_elem#3\n"
		 "  2   5: .12345.... (85) call bpf_probe_read#4\n"
		 "      6: .......... (85) call bpf_ktime_get_ns#5\n"
		 "      7: .......... (85) call bpf_get_prandom_u32#7\n"
		 "      8: 0......... (95) exit\n"
		 "0: R1=ctx() R10=fp0\nR9 !read_ok\n",
		 of_none, of_three);
	return log;
}

static void test_log(_unused_ void **state)
{
	static const uint8_t expected[COUNT] = {
		[1] = CALLS_THERE,  [2] = CALLS_THERE, [3] = CALLS_THERE,
		[4] = CALLS_HIDDEN, [5] = CALLS_THERE, [7] = CALLS_THERE,
	};
	uint8_t tells[COUNT];

	assert_true(calls_read(log_of(".12345....", ".12......."), COUNT, tells));
	assert_memory_equal(tells, expected, sizeof(tells));
	assert_true(calls_read(log_of(".12345..8.", ".12345...."), COUNT, tells));
	assert_int_equal(tells[3], CALLS_HIDDEN);
	/* a helper beyond what was asked for is nobody's */
	assert_true(calls_read(log_of(".12345....", ".12......."), 5, tells));
}

static void test_log_tells_nothing(_unused_ void **state)
{
	static const char *const others[] = { ".1.3......", ".21.......", "12........",
					      ".12x......" };
	uint8_t tells[COUNT + 1];

	/* what cannot be would be there */
	assert_false(calls_read(log_of(".12.......", ".12......."), COUNT, tells));
	/* one is missing */
	assert_false(calls_read(log_of(".12345....", ".12......."), COUNT + 1, tells));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(calls_read(log_of(".12345....", others[i]), COUNT, tells));
	/* a kernel that prints none of it, and a log that ends early */
	assert_false(calls_read("0: R1=ctx() R10=fp0\nR9 !read_ok\n", COUNT, tells));
	assert_false(calls_read("Live regs before insn:\n", COUNT, tells));
	assert_false(calls_read("", COUNT, tells));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_by_themselves),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
