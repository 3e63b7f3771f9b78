/* SPDX-License-Identifier: MIT */
/*
 * Helpers: the smallest program of the type that calls one. The verifier first asks
 * whether programs of this type have the helper, and then looks at the arguments, of
 * which there are none: what it refuses for those, with EACCES or another text, proves
 * the helper. The last instruction reads a register that was never written, so that no
 * program is ever loaded to the end, which would cost ten times as much. Where one load
 * tells of many helpers (probe-calls.h), they are not asked one by one.
 *
 * Source: Linux kernel/bpf/verifier.c, check_helper_call(); kernel/bpf/helpers.c,
 * bpf_base_func_proto(); kernel/trace/bpf_trace.c, bpf_tracing_func_proto().
 */
#include "denial.h"
#include "names.h"
#include "probe-cache.h"
#include "probe-calls.h"
#include "probe.h"
#include "text.h"

#include <linux/capability.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LOG_ERRORS 4 /* BPF_LOG_STATS: errors, and a line about the whole */
#define LOG_SIZE 1024
#define INSN_CALL 0x85
#define INSN_LOAD_WORD 0x61

#define BIT(n) (UINT64_C(1) << (n))
#define PERFMON (1ULL << CAP_PERFMON)
#define SYS_ADMIN (1ULL << CAP_SYS_ADMIN)
#define ALL_TYPES UINT64_MAX
/* kprobe, tracepoint, perf_event, raw_tracepoint(_writable), tracing, lsm, syscall */
#define TRACING_TYPES \
	(BIT(2) | BIT(5) | BIT(7) | BIT(17) | BIT(24) | BIT(26) | BIT(29) | BIT(31))

/* Those whose functions are chosen by bpf_sk_base_func_proto(). */
#define SOCKET_TYPES                                                                \
	(BIT(1) | BIT(3) | BIT(4) | BIT(6) | BIT(8) | BIT(10) | BIT(11) | BIT(12) | \
	 BIT(13) | BIT(14) | BIT(16) | BIT(18) | BIT(19) | BIT(22) | BIT(30))
#define SINCE_6_17 38 /* commands that such a kernel has */

/*
 * Helpers that the kernel hides from a program for another reason than its type: for want
 * of a capability in the token's user namespace, or because of a level of lockdown.
 * Measured on Linux 6.18: tests/live/live-probe.c compares all of them. Some were for
 * tracing types alone before Linux 6.16, and what a capability would change there cannot
 * be seen without it.
 */
static const struct gate {
	uint32_t helper;
	uint64_t capability;
	uint64_t types; /* program types that have it with that capability */
	const char *lockdown; /* level that hides it */
	int cmds; /* commands of the first kernel that it is true for, 0 = any */
} gates[] = {
	{ 4, PERFMON, TRACING_TYPES, "confidentiality" }, /* probe_read */
	{ 6, PERFMON, ALL_TYPES, NULL }, /* trace_printk */
	{ 16, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* get_current_comm */
	{ 22, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* perf_event_read */
	{ 35, PERFMON, ALL_TYPES, NULL }, /* get_current_task */
	{ 36, SYS_ADMIN, TRACING_TYPES, "integrity" }, /* probe_write_user */
	{ 45, PERFMON, TRACING_TYPES, "confidentiality" }, /* probe_read_str */
	{ 55, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* perf_event_read_value */
	{ 109, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* send_signal */
	{ 112, PERFMON, ALL_TYPES, NULL }, /* probe_read_user */
	{ 113, PERFMON, ALL_TYPES, "confidentiality" }, /* probe_read_kernel */
	{ 114, PERFMON, ALL_TYPES, NULL }, /* probe_read_user_str */
	{ 115, PERFMON, ALL_TYPES, "confidentiality" }, /* probe_read_kernel_str */
	{ 117, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* send_signal_thread */
	{ 136, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_tcp6_sock */
	{ 137, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_tcp_sock */
	{ 138, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_tcp_timewait_sock */
	{ 139, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_tcp_request_sock */
	{ 140, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_udp6_sock */
	{ 141, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* get_task_stack */
	{ 148, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* copy_from_user */
	{ 149, PERFMON, ALL_TYPES, NULL }, /* snprintf_btf */
	{ 158, PERFMON, ALL_TYPES, NULL }, /* get_current_task_btf */
	{ 165, PERFMON, ALL_TYPES, NULL }, /* snprintf */
	{ 166, PERFMON, BIT(31), NULL }, /* sys_bpf */
	{ 175, PERFMON, ALL_TYPES, NULL }, /* task_pt_regs */
	{ 176, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* get_branch_snapshot */
	{ 177, PERFMON, ALL_TYPES, NULL }, /* trace_vprintk */
	{ 178, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_unix_sock */
	{ 180, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* find_vma */
	{ 191, PERFMON, ALL_TYPES, NULL, SINCE_6_17 }, /* copy_from_user_task */
	{ 196, PERFMON, SOCKET_TYPES, NULL }, /* skc_to_mptcp_sock */
};

static const struct gate *gate_of(uint32_t type, uint32_t helper)
{
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
		if (gates[i].helper == helper && gates[i].types & BIT(type & 63) &&
		    (!gates[i].cmds ||
		     names_kernel_count(BPFTOKEN_CMDS) >= gates[i].cmds))
			return &gates[i];
	return NULL;
}

/* The verifier's words for a helper that programs of this type do not have. */
static bool log_says_no(const char *log)
{
	return strstr(log, "unknown func") || strstr(log, "invalid func") ||
	       strstr(log, "cannot use helper");
}

/* The program of the question's type, and the log that it will get. */
static void shape(const struct probe_question *question, const struct attr_insn *insns,
		  uint32_t count, char *log, size_t log_size, struct probe_prog *ret)
{
	probe_prog_shape(question->a, attr_default_attach_type(question->a),
			 question->token_fd, ret);
	ret->opts.insns = insns;
	ret->opts.insn_cnt = count;
	ret->opts.log_buf = log;
	ret->opts.log_size = (uint32_t)log_size;
	ret->opts.log_level = LOG_ERRORS;
	log[0] = '\0';
}

static const char *level_of_lockdown(char text[64])
{
	char *level;

	(void)text_read_file("/sys/kernel/security/lockdown", text, 64);
	level = strchr(text, '[');
	if (!level)
		return "";
	level[strcspn(level, "]")] = '\0';
	return level + 1;
}

/*
 * The verifier hid the helper: is it the type, or one of the gates? When it is the type,
 * reason stays empty, see compose().
 */
static int hidden(const struct probe_question *question, struct bpftoken_error *reason)
{
	const struct gate *gate = gate_of(question->a, question->b);
	struct denied_call call = {
		.cmd = ATTR_PROG_LOAD,
		.type = question->a,
		.attach_type = attr_default_attach_type(question->a),
		.token_fd = question->token_fd,
		.capabilities = gate ? gate->capability : 0,
	};
	struct bpftoken_error why = { .code = -EPERM,
				      .stage = BPFTOKEN_STAGE_PROG_LOAD,
				      .type = call.type,
				      .attach_type = call.attach_type,
				      .token_fd = call.token_fd };
	char text[64];
	uint32_t answer;

	if (!gate)
		return BPFTOKEN_KERNEL_LACKS;
	snprintf(why.what, sizeof(why.what), "cannot call the helper %s",
		 bpftoken_helper_name(question->b));
	answer = denial_find(&call, &why);
	if (answer == BPFTOKEN_BLOCKED && gate->lockdown) {
		const char *level = level_of_lockdown(text);

		if (!strcmp(level, gate->lockdown) || !strcmp(level, "confidentiality")) {
			snprintf(why.why, sizeof(why.why),
				 "the kernel is locked down (%s), which hides it", level);
			snprintf(why.fix, sizeof(why.fix),
				 "boot without lockdown, or do without the helper");
		}
	}
	if (answer == BPFTOKEN_BLOCKED && !gate->lockdown)
		return BPFTOKEN_KERNEL_LACKS;
	*reason = why;
	return (int)answer;
}

static int ask_one(const struct probe_question *question, struct bpftoken_error *reason)
{
	const struct attr_insn insns[] = {
		{ .code = INSN_CALL, .imm = (int32_t)question->b },
		{ .code = INSN_LOAD_WORD, .regs = 9 << 4 },
		ATTR_INSN_EXIT(),
	};
	struct bpftoken_error failure;
	struct probe_prog prog;
	char log[LOG_SIZE];
	int r;

	shape(question, insns, ARRAY_SIZE(insns), log, sizeof(log), &prog);
	r = bpftoken_prog_load(&prog.opts, &failure);
	if (r >= 0) {
		sys_close(r);
		return BPFTOKEN_WORKS;
	}
	switch (-r) {
	case EACCES:
		return BPFTOKEN_WORKS;
	case EPERM:
		/* not the type, which was asked before: the program in it */
		r = probe_refused(r, &failure);
		*reason = failure;
		return r;
	case EINVAL:
	case EOPNOTSUPP:
	case ENOTSUPP_:
	case EFAULT:
		return log_says_no(log) ? hidden(question, reason) : BPFTOKEN_WORKS;
	default:
		*reason = failure;
		return r;
	}
}

static void keep(const struct probe_question *question, uint32_t epoch, int answer,
		 const struct bpftoken_error *reason)
{
	struct cache_key key = { question->what, question->a, question->b,
				 question->token_fd };

	cache_keep(&key, epoch, answer, reason->code ? reason : NULL);
}

/* This kernel's log does not tell of calls, and will not for another type. */
static atomic_bool is_silent;

/*
 * The helpers of a type that one log tells of. Nothing is kept where the program was
 * refused for another reason than its end.
 */
static void ask_calls(const struct probe_question *question)
{
	uint32_t count = bpftoken_helper_count(), epoch = cache_epoch();
	size_t insns_size = (count + CALLS_MORE_INSNS) * sizeof(struct attr_insn);
	size_t log_size = (count + CALLS_MORE_INSNS) * CALLS_LINE;
	_cleanup_free_ struct attr_insn *insns = malloc(insns_size);
	_cleanup_free_ uint8_t *tells = malloc(count);
	_cleanup_free_ char *log = malloc(log_size);
	struct probe_question next = *question;
	struct bpftoken_error reason;
	struct probe_prog prog;
	int r;

	if (!insns || !tells || !log)
		return;
	shape(question, insns, calls_program(count, insns), log, log_size, &prog);
	prog.opts.log_level = CALLS_LOG_LEVEL;
	r = bpftoken_prog_load(&prog.opts, NULL);
	if (r >= 0)
		sys_close(r);
	if (r != -EACCES || !calls_read(log, count, tells)) {
		/* anything else may be another time */
		if (r == -EACCES || r == -EINVAL || r == -ENOSPC)
			atomic_store(&is_silent, true);
		return;
	}
	for (next.b = 1; next.b < count; next.b++) {
		int answer = BPFTOKEN_WORKS;

		reason.code = 0;
		if (tells[next.b] == CALLS_HIDDEN)
			answer = hidden(&next, &reason);
		if (tells[next.b] != CALLS_UNTOLD && answer >= 0)
			keep(&next, epoch, answer, &reason);
	}
}

static int ask_helper(const struct probe_question *question,
		      struct bpftoken_error *reason)
{
	struct cache_key key = { question->what, question->a, question->b,
				 question->token_fd };
	struct cache_answer known;

	if (question->a == TYPE_STRUCT_OPS || question->a == TYPE_EXT)
		return err_raise(reason, BPFTOKEN_STAGE_PROG_LOAD, -EOPNOTSUPP,
				 PROBE_NOT_LOADED);
	if (calls_can_tell(question->b) && !atomic_load(&is_silent)) {
		ask_calls(question);
		if (cache_find(&key, &known)) {
			if (known.reason)
				*reason = *known.reason;
			return known.answer;
		}
	}
	return ask_one(question, reason);
}

/* The commonest reason is not kept but written when somebody wants to see it. */
static void compose(uint32_t prog_type, uint32_t helper, struct bpftoken_error *reason)
{
	const char *type = bpftoken_name(BPFTOKEN_PROGS, prog_type);
	const char *name = bpftoken_helper_name(helper);

	err_raise(reason, BPFTOKEN_STAGE_PROG_LOAD, -EINVAL, NULL);
	reason->type = prog_type;
	err_what(reason, "cannot call the helper %s", name ? name : "of no name");
	if (helper >= bpftoken_helper_count())
		(void)probe_lacks(reason, "the running kernel has no helper %u", helper);
	else
		(void)probe_lacks(reason,
				  "programs of type %s do not have this helper on the "
				  "running kernel",
				  type ? type : "of no name");
	err_fix(reason, "call it from a program of a type that has it");
}

int bpftoken_probe_helper(uint32_t prog_type, uint32_t helper, int token_fd,
			  struct bpftoken_error *reason)
{
	struct bpftoken_error own;
	int answer;

	answer = bpftoken_probe_prog_type(prog_type, BPFTOKEN_ATTACH_DEFAULT, token_fd,
					  reason);
	if (answer != BPFTOKEN_WORKS)
		return answer;
	own.code = 0;
	answer =
		probe_answer(PROBE_HELPER, prog_type, helper, token_fd, ask_helper, &own);
	if (!reason)
		return answer;
	if (own.code)
		*reason = own;
	else if (answer == BPFTOKEN_KERNEL_LACKS)
		compose(prog_type, helper, reason);
	return answer;
}
