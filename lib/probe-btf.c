/* SPDX-License-Identifier: MIT */
/*
 * Kinds of BTF type, each in the smallest BTF that holds one; and kfuncs, the kernel's
 * functions that programs may call: which there are is written in its BTF (declaration
 * tag "bpf_kfunc"), whether a program may call one is asked with a call.
 *
 * Source: Linux kernel/bpf/btf.c, btf_check_all_metas(); kernel/bpf/verifier.c,
 * fetch_kfunc_meta().
 */
#include "denial.h"
#include "names.h"
#include "probe.h"

#include <stdio.h>
#include <string.h>

#define LOG_ERRORS 4
#define LOG_SIZE 4096

/* ------------------------------------------------------------------- kinds */

#define INFO(kind, vlen) ((uint32_t)(kind) << 24 | (uint32_t)(vlen))
#define INT_TYPE 1, INFO(1, 0), 4, 0x01000020 /* a signed int: type 1 */
#define WORDS 16

/*
 * After the int, which is type 1, what makes a type of the kind: 32-bit words. Name 1 is
 * "x", name 3 ".data".
 */
static const struct kind_row {
	const char *name;
	uint8_t words;
	uint32_t types[WORDS];
} kinds[] = {
	[0] = { "unkn", 0, { 0 } },
	[1] = { "int", 0, { 0 } },
	[2] = { "ptr", 3, { 0, INFO(2, 0), 1 } },
	[3] = { "array", 6, { 0, INFO(3, 0), 0, 1, 1, 1 } },
	[4] = { "struct", 6, { 1, INFO(4, 1), 4, 1, 1, 0 } },
	[5] = { "union", 6, { 1, INFO(5, 1), 4, 1, 1, 0 } },
	[6] = { "enum", 5, { 1, INFO(6, 1), 4, 1, 0 } },
	[7] = { "fwd", 3, { 1, INFO(7, 0), 0 } },
	[8] = { "typedef", 3, { 1, INFO(8, 0), 1 } },
	[9] = { "volatile", 3, { 0, INFO(9, 0), 1 } },
	[10] = { "const", 3, { 0, INFO(10, 0), 1 } },
	[11] = { "restrict", 6, { 0, INFO(2, 0), 1, 0, INFO(11, 0), 2 } },
	[12] = { "func", 6, { 0, INFO(13, 0), 0, 1, INFO(12, 0), 2 } },
	[13] = { "func_proto", 3, { 0, INFO(13, 0), 0 } },
	[14] = { "var", 4, { 1, INFO(14, 0), 1, 0 } },
	[15] = { "datasec", 10, { 1, INFO(14, 0), 1, 0, 3, INFO(15, 1), 4, 2, 0, 4 } },
	[16] = { "float", 3, { 1, INFO(16, 0), 4 } },
	[17] = { "decl_tag", 8, { 1, INFO(14, 0), 1, 0, 1, INFO(17, 0), 2, UINT32_MAX } },
	[18] = { "type_tag", 3, { 1, INFO(18, 0), 1 } },
	[19] = { "enum64", 6, { 1, INFO(19, 1), 8, 1, 0, 0 } },
};

static const char strings[] = "\0x\0.data";

const char *bpftoken_btf_kind_name(uint32_t kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind].name : NULL;
}

uint32_t probe_btf_kind_count(void)
{
	return ARRAY_SIZE(kinds);
}

/* Header, the int, the words, the strings: the size. */
static uint32_t make_btf(const uint32_t *words, uint32_t count, unsigned char ret[256])
{
	static const uint32_t first[] = { INT_TYPE };
	uint32_t types = (uint32_t)sizeof(first) + count * 4;
	const uint32_t header[] = { 1U << 16 | 0xeb9f, 24, 0, types, types,
				    sizeof(strings) };
	unsigned char *to = ret;

	memcpy(to, header, sizeof(header));
	to += sizeof(header);
	memcpy(to, first, sizeof(first));
	to += sizeof(first);
	if (count)
		memcpy(to, words, count * 4);
	to += count * 4;
	memcpy(to, strings, sizeof(strings));
	return (uint32_t)(to - ret) + (uint32_t)sizeof(strings);
}

int probe_int_btf(int token_fd)
{
	unsigned char bytes[256] = { 0 };
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = token_fd;
	opts.data = bytes;
	opts.size = make_btf(NULL, 0, bytes);
	return bpftoken_btf_load(&opts, NULL);
}

static int ask_btf_kind(const struct probe_question *question,
			struct bpftoken_error *reason)
{
	static const uint32_t newer[] = { 1, 0, 0 };
	const uint32_t *words = newer;
	uint32_t own[ARRAY_SIZE(newer)], count = ARRAY_SIZE(newer);
	struct bpftoken_error failure;
	unsigned char bytes[256] = { 0 };
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);
	int r;

	memcpy(own, newer, sizeof(own));
	own[1] = INFO(question->a, 0);
	if (question->a && question->a < ARRAY_SIZE(kinds)) {
		words = kinds[question->a].types;
		count = kinds[question->a].words;
	} else {
		words = own;
	}
	opts.token_fd = question->token_fd;
	opts.data = bytes;
	opts.size = make_btf(words, count, bytes);
	r = bpftoken_btf_load(&opts, &failure);
	if (r >= 0) {
		sys_close(r);
		return BPFTOKEN_WORKS;
	}
	if (r == -EINVAL && question->a < ARRAY_SIZE(kinds) && question->a)
		snprintf(failure.what, sizeof(failure.what), "cannot load BTF with a %s",
			 kinds[question->a].name);
	r = probe_refused(r, &failure);
	if (r == BPFTOKEN_KERNEL_LACKS)
		snprintf(failure.why, sizeof(failure.why),
			 "the running kernel's BTF knows no kind %u%s%s", question->a,
			 question->a < ARRAY_SIZE(kinds) ? ", " : "",
			 question->a < ARRAY_SIZE(kinds) ? kinds[question->a].name : "");
	*reason = failure;
	return r;
}

int bpftoken_probe_btf_kind(uint32_t kind, int token_fd, struct bpftoken_error *reason)
{
	if (kind > 127)
		kind = 127; /* what BTF has room for */
	return probe_answer(PROBE_BTF_KIND, kind, 0, token_fd, ask_btf_kind, reason);
}

/* ------------------------------------------------------------------ kfuncs */

const char *probe_kfunc_name(size_t n)
{
	const struct btf_index *index = names_kernel_index();

	return index && n < index->kfunc_count ? index->kfuncs[n].name : NULL;
}

static int ask_kfunc(const struct probe_question *question, struct bpftoken_error *reason)
{
	const struct attr_insn insns[] = {
		{ .code = 0x85, .regs = 2 << 4, .imm = (int32_t)question->b },
		ATTR_INSN_MOV_IMM(0, 0),
		ATTR_INSN_EXIT(),
	};
	uint32_t attach_type = attr_default_attach_type(question->a);
	struct bpftoken_error failure;
	char log[LOG_SIZE] = "";
	struct probe_prog prog;
	int r;

	r = bpftoken_probe_prog_type(question->a, attach_type, question->token_fd,
				     reason);
	if (r != BPFTOKEN_WORKS)
		return r;
	if (question->a == TYPE_STRUCT_OPS || question->a == TYPE_EXT)
		return err_raise(reason, BPFTOKEN_STAGE_PROG_LOAD, -EOPNOTSUPP,
				 PROBE_NOT_LOADED);
	probe_prog_shape(question->a, attach_type, question->token_fd, &prog);
	prog.opts.insns = insns;
	prog.opts.insn_cnt = ARRAY_SIZE(insns);
	prog.opts.log_buf = log;
	prog.opts.log_size = sizeof(log);
	prog.opts.log_level = LOG_ERRORS;
	r = bpftoken_prog_load(&prog.opts, &failure);
	if (r >= 0)
		sys_close(r);
	if (r >= 0)
		return BPFTOKEN_WORKS;
	/* EFAULT: one that only compilers write, to mark what cannot be reached */
	if (strstr(log, "is not allowed") || (r == -EFAULT && log[0])) {
		r = probe_lacks(&failure,
				"programs of type %s may not call this kernel function",
				bpftoken_name(BPFTOKEN_PROGS, question->a));
		*reason = failure;
		return r;
	}
	/* what comes after is about the arguments, which we did not give */
	if (r == -EACCES || (r == -EINVAL && log[0]))
		return BPFTOKEN_WORKS;
	r = probe_refused(r, &failure);
	*reason = failure;
	return r;
}

int bpftoken_probe_kfunc(uint32_t prog_type, const char *name, int token_fd,
			 struct bpftoken_error *reason)
{
	const struct btf_index *index = names_kernel_index();
	struct bpftoken_error own = { 0 };
	const struct btf_kfunc *kfunc;
	int r;

	if (!index || !index->kfunc_count)
		return err_raise(reason, BPFTOKEN_STAGE_KERNEL, -ENOENT,
				 "the running kernel has no BTF that says which "
				 "functions are kfuncs");
	kfunc = btf_index_find(index, name);
	if (!kfunc) {
		r = probe_lacks(&own, "the running kernel has no kfunc %.64s", name);
		if (reason)
			*reason = own;
		return r;
	}
	if (!prog_type)
		return BPFTOKEN_WORKS;
	return probe_answer(PROBE_KFUNC, prog_type, kfunc->id, token_fd, ask_kfunc,
			    reason);
}
