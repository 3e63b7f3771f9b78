/* SPDX-License-Identifier: MIT */
/*
 * What else a program may depend on: the verifier's limits, instruction sets, buffers,
 * names, global data. Instructions are tried in a program of whichever type the token
 * permits, so that a narrow token answers as well as a wide one.
 *
 * Source: Linux kernel/bpf/verifier.c; kernel/events/core.c, perf_event_open().
 */
#include "denial.h"
#include "names.h"
#include "probe.h"
#include "text.h"

#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#define PROBE_NAME "bpftoken"
#define OLD_LIMIT 4096 /* instructions, before Linux 5.2 */
#define PSEUDO_MAP_VALUE 2

#define INSN(code_, dst, src, off_, imm_)                                   \
	{                                                                   \
		.code = (code_), .regs = (dst) | (src) << 4, .off = (off_), \
		.imm = (imm_)                                               \
	}
#define MOV(reg, value) INSN(0xb7, reg, 0, 0, value)
#define EXIT INSN(0x95, 0, 0, 0, 0)

static const struct attr_insn bounded_loop[] = {
	MOV(0, 10), INSN(0x07, 0, 0, 0, -1) /* r0 -= 1 */,
	INSN(0x55, 0, 0, -2, 0) /* if r0 != 0 goto -2 */, EXIT
};
static const struct attr_insn isa_v2[] = { MOV(0, 0),
					   INSN(0xa5, 0, 0, 1, 1) /* if r0 < 1 goto +1 */,
					   MOV(0, 0), EXIT };
static const struct attr_insn isa_v3[] = { MOV(0, 0),
					   INSN(0xa6, 0, 0, 1, 1) /* if w0 < 1 goto +1 */,
					   MOV(0, 0), EXIT };
static const struct attr_insn isa_v4[] = { MOV(0, 0),
					   INSN(0x06, 0, 0, 0, 0) /* gotol +0 */,
					   MOV(0, 0), EXIT };
static const struct attr_insn nothing[] = { MOV(0, 0), EXIT };

/* 0 when the program loads, else the errno. */
static int load(const struct attr_insn *insns, size_t count, const char *name,
		int token_fd, struct bpftoken_error *failure)
{
	uint32_t type = probe_usual_prog(token_fd);
	struct probe_prog prog;
	int r;

	probe_prog_shape(type, attr_default_attach_type(type), token_fd, &prog);
	prog.opts.insns = insns;
	prog.opts.insn_cnt = (uint32_t)count;
	prog.opts.name = name;
	r = bpftoken_prog_load(&prog.opts, failure);
	if (r < 0)
		return r;
	sys_close(r);
	return 0;
}

/* A type that works with the plainest program, and not with this one. */
static int judge(int r, const char *lacks, int token_fd, struct bpftoken_error *failure,
		 struct bpftoken_error *reason)
{
	int answer;

	if (r == 0)
		return BPFTOKEN_WORKS;
	answer = bpftoken_probe_prog_type(probe_usual_prog(token_fd),
					  BPFTOKEN_ATTACH_DEFAULT, token_fd, reason);
	if (answer != BPFTOKEN_WORKS)
		return answer;
	if (r == -EINVAL || r == -E2BIG || r == -EOPNOTSUPP || r == -ENOTSUPP_)
		answer = probe_lacks(failure, "the running kernel has no %s", lacks);
	else
		answer = probe_refused(r, failure);
	*reason = *failure;
	return answer;
}

struct feature_row;
typedef int (*feature_ask)(const struct feature_row *row, int token_fd,
			   struct bpftoken_error *reason);

static const struct feature_row {
	const char *name;
	const char *lacks; /* what the kernel has none of */
	feature_ask ask;
	const struct attr_insn *insns;
	size_t count;
} feature_rows[BPFTOKEN_FEATURES];

static int ask_insns(const struct feature_row *row, int token_fd,
		     struct bpftoken_error *reason)
{
	struct bpftoken_error failure;
	int r = load(row->insns, row->count, NULL, token_fd, &failure);

	return judge(r, row->lacks, token_fd, &failure, reason);
}

static int ask_large(const struct feature_row *row, int token_fd,
		     struct bpftoken_error *reason)
{
	_cleanup_free_ struct attr_insn *insns = calloc(OLD_LIMIT + 1, sizeof(*insns));
	struct bpftoken_error failure;

	if (!insns)
		return err_oom(reason);
	for (size_t i = 0; i < OLD_LIMIT; i++)
		insns[i] = (struct attr_insn)MOV(0, 0);
	insns[OLD_LIMIT] = (struct attr_insn)EXIT;
	return judge(load(insns, OLD_LIMIT + 1, NULL, token_fd, &failure), row->lacks,
		     token_fd, &failure, reason);
}

static int ask_ring_buffer(const struct feature_row *row, int token_fd,
			   struct bpftoken_error *reason)
{
	(void)row;
	return bpftoken_probe_map_type(TYPE_RINGBUF, token_fd, reason);
}

/* The map alone is no use: the events have to be opened, for which no token counts. */
static int ask_perf_buffer(const struct feature_row *row, int token_fd,
			   struct bpftoken_error *reason)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE,
					 .size = PERF_ATTR_SIZE_VER5,
					 .config = PERF_COUNT_SW_BPF_OUTPUT };
	char paranoid[16];
	int answer, fd;

	(void)row;
	answer = bpftoken_probe_map_type(TYPE_PERF_EVENT_ARRAY, token_fd, reason);
	if (answer != BPFTOKEN_WORKS)
		return answer;
	event.sample_type = PERF_SAMPLE_RAW;
	fd = sys_perf_event_open(&event, -1, 0);
	if (fd >= 0) {
		sys_close(fd);
		return BPFTOKEN_WORKS;
	}
	err_raise(reason, BPFTOKEN_STAGE_PERF_EVENT_OPEN, fd, NULL);
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return fd;
	if (fd != -EPERM && fd != -EACCES)
		return probe_lacks(reason,
				   "the running kernel opens no perf event for "
				   "the output of programs: %s",
				   strerror(-fd));
	(void)text_read_file("/proc/sys/kernel/perf_event_paranoid", paranoid,
			     sizeof(paranoid));
	paranoid[strcspn(paranoid, "\n")] = '\0';
	answer = denial_needs_host(1ULL << CAP_PERFMON, reason) ? BPFTOKEN_NO_CAPABILITY
								: BPFTOKEN_BLOCKED;
	snprintf(reason->why, sizeof(reason->why),
		 "perf_event_open() on a CPU needs CAP_PERFMON in the initial user "
		 "namespace while kernel.perf_event_paranoid is %s",
		 paranoid[0] ? paranoid : "above 0");
	snprintf(reason->fix, sizeof(reason->fix),
		 "use a ring buffer, for which the map type ringbuf is enough");
	(void)bpftoken_explain(reason);
	return answer;
}

/* Of a program; where only maps are delegated, of a map. */
static int ask_names(const struct feature_row *row, int token_fd,
		     struct bpftoken_error *reason)
{
	struct bpftoken_error failure, ignored = { 0 };
	struct probe_map map;
	int r;

	r = load(nothing, ARRAY_SIZE(nothing), PROBE_NAME, token_fd, &failure);
	if (r == -EPERM && bpftoken_probe_map_type(probe_usual_map(token_fd), token_fd,
						   &ignored) == BPFTOKEN_WORKS) {
		probe_map_shape(probe_usual_map(token_fd), token_fd, &map);
		map.opts.name = PROBE_NAME;
		r = bpftoken_map_create(&map.opts, &failure);
		if (r >= 0)
			sys_close(r);
		if (r >= 0 || (map.means_yes && r == -map.means_yes))
			return BPFTOKEN_WORKS;
	}
	return judge(r, row->lacks, token_fd, &failure, reason);
}

static int ask_global_data(const struct feature_row *row, int token_fd,
			   struct bpftoken_error *reason)
{
	_cleanup_close_ int map_fd = -EBADF;
	struct bpftoken_error failure;
	struct probe_map map;
	int answer;

	answer = bpftoken_probe_map_type(TYPE_ARRAY, token_fd, reason);
	if (answer != BPFTOKEN_WORKS)
		return answer;
	probe_map_shape(TYPE_ARRAY, token_fd, &map);
	map_fd = bpftoken_map_create(&map.opts, &failure);
	if (map_fd < 0) {
		*reason = failure;
		return map_fd;
	}
	const struct attr_insn insns[] = {
		INSN(0x18, 1, PSEUDO_MAP_VALUE, 0,
		     map_fd), /* r1 = address of the value */
		INSN(0, 0, 0, 0, 0), /* second half: offset in the value */
		INSN(0x62, 1, 0, 0, 1), /* *(u32 *)r1 = 1 */
		MOV(0, 0),
		EXIT,
	};
	return judge(load(insns, ARRAY_SIZE(insns), NULL, token_fd, &failure), row->lacks,
		     token_fd, &failure, reason);
}

#define INSNS(array) ask_insns, array, ARRAY_SIZE(array)

static const struct feature_row feature_rows[BPFTOKEN_FEATURES] = {
	[BPFTOKEN_FEATURE_LARGE_PROGRAMS] = { "large_programs",
					      "programs of more than 4096 instructions",
					      ask_large },
	[BPFTOKEN_FEATURE_BOUNDED_LOOPS] = { "bounded_loops", "bounded loops",
					     INSNS(bounded_loop) },
	[BPFTOKEN_FEATURE_ISA_V2] = { "isa_v2", "jumps if less (instruction set v2)",
				      INSNS(isa_v2) },
	[BPFTOKEN_FEATURE_ISA_V3] = { "isa_v3", "32-bit jumps (instruction set v3)",
				      INSNS(isa_v3) },
	[BPFTOKEN_FEATURE_ISA_V4] = { "isa_v4", "long jumps (instruction set v4)",
				      INSNS(isa_v4) },
	[BPFTOKEN_FEATURE_RING_BUFFER] = { "ring_buffer", NULL, ask_ring_buffer },
	[BPFTOKEN_FEATURE_PERF_BUFFER] = { "perf_buffer", NULL, ask_perf_buffer },
	[BPFTOKEN_FEATURE_OBJECT_NAMES] = { "object_names", "names of maps and programs",
					    ask_names },
	[BPFTOKEN_FEATURE_GLOBAL_DATA] = { "global_data",
					   "direct access to the value of an array",
					   ask_global_data },
};

static int ask_feature(const struct probe_question *question,
		       struct bpftoken_error *reason)
{
	const struct feature_row *row = &feature_rows[question->a];

	return row->ask(row, question->token_fd, reason);
}

int bpftoken_probe_feature(uint32_t feature, int token_fd, struct bpftoken_error *reason)
{
	if (feature >= BPFTOKEN_FEATURES)
		return err_raise(reason, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
				 "there is no feature %u", feature);
	return probe_answer(PROBE_FEATURE, feature, 0, token_fd, ask_feature, reason);
}

const char *bpftoken_feature_name(uint32_t feature)
{
	return feature < BPFTOKEN_FEATURES ? feature_rows[feature].name : NULL;
}
