/* SPDX-License-Identifier: MIT */
/*
 * Program types: the smallest program of each, with each attach type that it is loaded
 * with. Those that name something in the kernel's BTF get a target that every kernel has;
 * two are not loaded to the end, because the errno or the text that stops them comes
 * after the permission checks: struct_ops without a struct, and ext of no program.
 *
 * Source: Linux kernel/bpf/syscall.c, bpf_prog_load(), bpf_prog_load_check_attach();
 * kernel/bpf/verifier.c, check_attach_btf_id(), bpf_check_attach_target().
 */
#include "probe.h"

#include "btf.h"
#include "denial.h"
#include "names.h"

#include <string.h>

#define LOG_ERRORS 4 /* BPF_LOG_STATS: errors, and a line about the whole */
#define LOG_SIZE 4096 /* kernels before 6.4 refuse what does not fit */

/* Attach types of one program type that go with one target. */
static const struct target_row {
	uint32_t type;
	uint64_t attachs;
	enum btf_target target;
} target_rows[] = {
	{ TYPE_TRACING, UINT64_C(1) << 23, BTF_TARGET_TRACEPOINT }, /* trace_raw_tp */
	{ TYPE_TRACING, UINT64_C(1) << 26, BTF_TARGET_SECURITY }, /* modify_return */
	{ TYPE_TRACING, UINT64_C(1) << 28, BTF_TARGET_ITERATOR }, /* trace_iter */
	{ TYPE_TRACING, UINT64_MAX, BTF_TARGET_FUNCTION }, /* trace_fentry... */
	{ TYPE_EXT, UINT64_MAX, BTF_TARGET_FUNCTION },
	{ TYPE_LSM, UINT64_C(1) << 43, BTF_TARGET_LSM_CGROUP }, /* lsm_cgroup */
	{ TYPE_LSM, UINT64_MAX, BTF_TARGET_LSM },
};

static enum btf_target target_of(uint32_t type, uint32_t attach_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(target_rows); i++)
		if (target_rows[i].type == type &&
		    target_rows[i].attachs & UINT64_C(1) << (attach_type & 63))
			return target_rows[i].target;
	return BTF_TARGET_NONE;
}

void probe_prog_shape(uint32_t type, uint32_t attach_type, int token_fd,
		      struct probe_prog *ret)
{
	enum btf_target target = target_of(type, attach_type);
	const struct btf_index *index;

	*ret = (struct probe_prog){
		.opts = { .sz = sizeof(ret->opts),
			  .token_fd = token_fd,
			  .type = type,
			  .expected_attach_type = attach_type,
			  .license = "GPL",
			  .flags = type == TYPE_SYSCALL ? ATTR_F_SLEEPABLE : 0 },
	};
	if (type == TYPE_STRUCT_OPS)
		ret->means_yes = ENOTSUPP_;
	if (type == TYPE_EXT) {
		ret->means_yes = EINVAL;
		ret->yes_text = "Cannot replace kernel functions";
	}
	if (target == BTF_TARGET_NONE)
		return;
	index = names_kernel_index();
	if (index)
		ret->opts.attach_btf_id = index->target_ids[target];
	if (!ret->opts.attach_btf_id)
		ret->missing = btf_target_name(target);
}

/* 0 when the program could be loaded, else the errno. */
static int try_prog(struct probe_prog *prog, struct bpftoken_error *failure)
{
	/* some of cgroup_sock_addr have to return 1, all of them may */
	const struct attr_insn insns[] = {
		ATTR_INSN_MOV_IMM(0, prog->opts.type == TYPE_CGROUP_SOCK_ADDR),
		ATTR_INSN_EXIT(),
	};
	char log[LOG_SIZE] = "";
	int r;

	prog->opts.insns = insns;
	prog->opts.insn_cnt = ARRAY_SIZE(insns);
	if (prog->yes_text) {
		prog->opts.log_buf = log;
		prog->opts.log_size = sizeof(log);
		prog->opts.log_level = LOG_ERRORS;
	}
	r = bpftoken_prog_load(&prog->opts, failure);
	if (r >= 0)
		sys_close(r);
	if (r >= 0 || (prog->means_yes && r == -prog->means_yes &&
		       (!prog->yes_text || strstr(log, prog->yes_text))))
		return 0;
	return r;
}

/* The kernel has the type, but not what its smallest program has to name. */
static int no_target(const struct probe_prog *prog, struct bpftoken_error *reason)
{
	if (names_kernel_index())
		return probe_lacks(reason,
				   "the running kernel's BTF has no %s, which the "
				   "smallest program of this kind is about",
				   prog->missing);
	return probe_lacks(reason, "the running kernel has no BTF "
				   "(CONFIG_DEBUG_INFO_BTF), without which it loads no "
				   "program of this type");
}

static int ask_prog_type(const struct probe_question *question,
			 struct bpftoken_error *reason)
{
	struct denied_call call = { .cmd = ATTR_PROG_LOAD,
				    .type = question->a,
				    .attach_type = question->b,
				    .token_fd = question->token_fd };
	struct bpftoken_error failure;
	struct probe_prog prog;
	int r;

	reason->type = question->a;
	reason->attach_type = question->b;
	if (denial_kernel_lacks(&call, reason)) {
		reason->stage = BPFTOKEN_STAGE_PROG_LOAD;
		reason->code = -EINVAL;
		(void)bpftoken_explain(reason);
		return BPFTOKEN_KERNEL_LACKS;
	}
	probe_prog_shape(question->a, question->b, question->token_fd, &prog);
	r = try_prog(&prog, &failure);
	if (r == 0)
		return BPFTOKEN_WORKS;
	if (r == -EINVAL && prog.missing)
		r = no_target(&prog, &failure);
	else
		r = probe_refused(r, &failure);
	*reason = failure;
	return r;
}

int bpftoken_probe_prog_type(uint32_t type, uint32_t attach_type, int token_fd,
			     struct bpftoken_error *reason)
{
	if (attach_type == BPFTOKEN_ATTACH_DEFAULT)
		attach_type = attr_default_attach_type(type);
	return probe_answer(PROBE_PROG_TYPE, type, attach_type, token_fd, ask_prog_type,
			    reason);
}
