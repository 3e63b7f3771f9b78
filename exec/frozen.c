/* SPDX-License-Identifier: MIT */
/*
 * The layout of the four commands as of Linux 6.9, copied deeply: kernel/bpf/syscall.c,
 * verifier.c (resolve_pseudo_ldimm64(), check_btf_info()), log.c and btf.c say what the
 * kernel reads through which field.
 */
#include "frozen.h"

#include "attr.h"
#include "copy.h"
#include "util.h"

#include <stddef.h>
#include <string.h>

/* The kernel refuses what is above before it reads. */
#define MAX_INSNS 1000000U
#define MAX_RECORD 252U
#define MAX_BTF (16U << 20)
#define MAX_LOG (UINT32_MAX >> 2)
#define MAX_FD_INDEX 65535
#define LICENSE_SIZE 128

enum {
	MAP_ARRAY_OF_MAPS = 12,
	MAP_HASH_OF_MAPS = 13,
	MAP_F_VTYPE_BTF_OBJ_FD = 1 << 15,
	INSN_LD_IMM64 = 0x18,
	INSN_CALL = 0x85,
	/* source register of INSN_LD_IMM64 */
	SRC_MAP_FD = 1,
	SRC_MAP_VALUE = 2,
	SRC_BTF_ID = 3,
	SRC_MAP_IDX = 5,
	SRC_MAP_IDX_VALUE = 6,
	/* of INSN_CALL */
	SRC_KFUNC = 2,
};

union attr {
	struct attr_map_create map;
	struct attr_prog_load prog;
	struct attr_btf_load btf;
	struct attr_btf_get_fd_by_id by_id;
	unsigned char bytes[sizeof(struct attr_prog_load)];
};

/* The log of one call: kept here while the kernel writes, then given to the caller. */
struct log {
	uint64_t theirs;
	void *ours;
	uint32_t size;
	uint16_t true_size_offset; /* of the field in the attr */
	uint32_t true_size;
};

struct call {
	struct copy copy;
	union attr attr;
	struct log log;
};

static void call_done(struct call *call)
{
	copy_done(&call->copy);
	sys_unreserve(call->log.ours, call->log.size);
}

/* ------------------------------------------------------------- the copies */

/* A buffer is there or not, as for the caller: the kernel looks at both together. */
static int take_log(struct call *call, uint64_t *address, uint32_t size,
		    uint16_t true_size_offset)
{
	call->log =
		(struct log){ .theirs = *address, .true_size_offset = true_size_offset };
	if (!*address)
		return 0;
	*address = COPY_BAD_ADDRESS;
	if (!size || size > MAX_LOG)
		return 0;
	call->log.ours = sys_reserve(size);
	if (!call->log.ours)
		return -ECANCELED;
	call->log.size = size;
	*address = (uintptr_t)call->log.ours;
	return 0;
}

static int take_map(struct call *call)
{
	struct attr_map_create *map = &call->attr.map;
	int r = 0;

	/* A device of the caller's network namespace, which is not ours to look in. */
	if (map->map_ifindex)
		return -ECANCELED;
	if (map->inner_map_fd || map->map_type == MAP_ARRAY_OF_MAPS ||
	    map->map_type == MAP_HASH_OF_MAPS)
		r = copy_fd(&call->copy, (int32_t *)&map->inner_map_fd);
	if (r == 0 && (map->btf_fd || map->btf_key_type_id || map->btf_value_type_id ||
		       map->btf_vmlinux_value_type_id))
		r = copy_fd(&call->copy, (int32_t *)&map->btf_fd);
	if (r == 0 && map->map_flags & MAP_F_VTYPE_BTF_OBJ_FD)
		r = copy_fd(&call->copy, (int32_t *)&map->value_type_btf_obj_fd);
	return r;
}

static uint8_t source(const struct attr_insn *insn)
{
	return insn->regs >> 4;
}

/* Descriptors in the instructions; *top is the highest index into the array of fds. */
static int take_insn_fds(struct call *call, struct attr_insn *insns, uint32_t count,
			 int64_t *top)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++) {
		struct attr_insn *insn = &insns[i];
		int64_t index = -1;

		if (insn->code == INSN_CALL && source(insn) == SRC_KFUNC && insn->off > 0)
			index = insn->off;
		else if (insn->code == INSN_CALL)
			continue;
		if (insn->code == INSN_LD_IMM64 && i + 1 < count) {
			uint8_t src = source(insn);

			if (src == SRC_MAP_FD || src == SRC_MAP_VALUE)
				r = copy_fd(&call->copy, &insn->imm);
			else if (src == SRC_BTF_ID && insn[1].imm)
				r = copy_fd(&call->copy, &insn[1].imm);
			else if (src == SRC_MAP_IDX || src == SRC_MAP_IDX_VALUE)
				index = insn->imm;
			i++;
		}
		if (index > *top)
			*top = index;
	}
	return r;
}

/*
 * As far as the instructions reach into it, or as long as it says. Holes that hold no
 * descriptor are nobody's business until they are used.
 */
static int take_fd_array(struct call *call, int64_t top)
{
	struct attr_prog_load *prog = &call->attr.prog;
	uint64_t count = prog->fd_array_cnt;
	void *piece;
	int32_t *fds;
	int r;

	if (count < (uint64_t)(top + 1))
		count = (uint64_t)(top + 1);
	if (!prog->fd_array && !count)
		return 0;
	if (count > MAX_FD_INDEX)
		return -ECANCELED;
	r = copy_bytes(&call->copy, &prog->fd_array, count * sizeof(int32_t), &piece);
	fds = piece;
	for (uint64_t i = 0; fds && i < count && r == 0; i++)
		r = copy_fd(&call->copy, &fds[i]);
	return r;
}

static int take_insns(struct call *call)
{
	struct attr_prog_load *prog = &call->attr.prog;
	size_t count = prog->insn_cnt <= MAX_INSNS ? prog->insn_cnt : 0;
	int64_t top = -1;
	void *insns;
	int r;

	r = copy_bytes(&call->copy, &prog->insns, count * sizeof(struct attr_insn),
		       &insns);
	if (r == 0 && insns)
		r = take_insn_fds(call, insns, prog->insn_cnt, &top);
	return r < 0 ? r : take_fd_array(call, top);
}

static int take_records(struct call *call, uint64_t *address, uint32_t count,
			uint32_t record_size)
{
	size_t size = record_size <= MAX_RECORD ? (size_t)count * record_size : 0;

	if (!*address && !count)
		return 0;
	return copy_bytes(&call->copy, address, size, NULL);
}

static int take_prog(struct call *call)
{
	struct attr_prog_load *prog = &call->attr.prog;
	int r;

	if (prog->prog_ifindex)
		return -ECANCELED;
	r = take_insns(call);
	if (r == 0)
		r = copy_text(&call->copy, &prog->license, LICENSE_SIZE);
	if (r == 0)
		r = take_records(call, &prog->func_info, prog->func_info_cnt,
				 prog->func_info_rec_size);
	if (r == 0)
		r = take_records(call, &prog->line_info, prog->line_info_cnt,
				 prog->line_info_rec_size);
	if (r == 0)
		r = take_records(call, &prog->core_relos, prog->core_relo_cnt,
				 prog->core_relo_rec_size);
	if (r == 0 && (prog->prog_btf_fd || prog->func_info_cnt || prog->line_info_cnt ||
		       prog->core_relo_cnt))
		r = copy_fd(&call->copy, (int32_t *)&prog->prog_btf_fd);
	if (r == 0 && prog->attach_btf_obj_fd)
		r = copy_fd(&call->copy, (int32_t *)&prog->attach_btf_obj_fd);
	if (r == 0)
		r = take_log(call, &prog->log_buf, prog->log_size,
			     offsetof(struct attr_prog_load, log_true_size));
	return r;
}

static int take_btf(struct call *call)
{
	struct attr_btf_load *btf = &call->attr.btf;
	int r = copy_bytes(&call->copy, &btf->btf,
			   btf->btf_size <= MAX_BTF ? btf->btf_size : 0, NULL);

	if (r == 0)
		r = take_log(call, &btf->btf_log_buf, btf->btf_log_size,
			     offsetof(struct attr_btf_load, btf_log_true_size));
	return r;
}

static int take_nothing(struct call *call)
{
	(void)call;
	return 0;
}

static const struct frozen_row {
	uint32_t cmd, size;
	int (*take)(struct call *call);
} rows[] = {
	{ ATTR_MAP_CREATE, sizeof(struct attr_map_create), take_map },
	{ ATTR_PROG_LOAD, sizeof(struct attr_prog_load), take_prog },
	{ ATTR_BTF_LOAD, sizeof(struct attr_btf_load), take_btf },
	{ ATTR_BTF_GET_FD_BY_ID, sizeof(struct attr_btf_get_fd_by_id), take_nothing },
};

/* The row whose struct holds all of the attr; what is beyond it may be zero. */
static const struct frozen_row *find_row(uint32_t cmd, const unsigned char *attr,
					 uint32_t size)
{
	const struct frozen_row *row = rows;

	while (row->cmd != cmd)
		row++;
	for (uint32_t i = row->size; i < size; i++)
		if (attr[i])
			return NULL;
	return row;
}

/* --------------------------------------------------------------- the call */

static void add_token(const struct caller *caller, uint32_t cmd, union attr *attr)
{
	const struct attr_token_row *row = attr_token_row(cmd);
	uint32_t fd = (uint32_t)caller->supply->token_fd, flags;

	memcpy(&flags, attr->bytes + row->flags_offset, sizeof(flags));
	flags |= ATTR_F_TOKEN_FD;
	memcpy(attr->bytes + row->flags_offset, &flags, sizeof(flags));
	memcpy(attr->bytes + row->fd_offset, &fd, sizeof(fd));
}

/* The kernel asks this thread, and so it has to be what the caller is, and no more. */
static int call_kernel(struct call *call, const struct frozen_row *row, uint64_t rights)
{
	int r = sys_set_effective(rights);

	if (r < 0)
		return -ECANCELED;
	r = sys_bpf(row->cmd, &call->attr, row->size);
	(void)sys_set_effective(call->copy.caller->supply->capabilities);
	return r;
}

/* As the kernel would have written it, and with its answer where that cannot be. */
static int give_log(struct call *call, uint64_t address, uint32_t size)
{
	const struct caller *caller = call->copy.caller;
	struct log *log = &call->log;
	uint32_t field = log->true_size_offset, len;
	int r = 0;

	if (!field)
		return 0;
	memcpy(&log->true_size, call->attr.bytes + field, sizeof(log->true_size));
	len = log->true_size < log->size ? log->true_size : log->size;
	if (log->ours)
		r = caller_write(caller, log->theirs, log->ours, len);
	if (r == 0 && log->true_size && size >= field + sizeof(log->true_size))
		r = caller_write(caller, address + field, &log->true_size,
				 sizeof(log->true_size));
	return r;
}

static void answer(struct call *call, int result, uint64_t address, uint32_t size)
{
	_cleanup_close_ _unused_ int fd = result;
	const struct caller *caller = call->copy.caller;
	int r = give_log(call, address, size);

	if (r < 0)
		result = r;
	if (result >= 0)
		result = caller_answer_fd(caller, result);
	/* Else it was answered with the descriptor. A caller that has gone hears nothing. */
	if (result < 0)
		caller_answer(caller, result);
}

int frozen_perform(const struct caller *caller, uint32_t cmd, uint64_t address,
		   const void *attr, uint32_t size)
{
	const struct frozen_row *row = find_row(cmd, attr, size);
	_cleanup_(call_done) struct call call = { 0 };
	uint64_t rights;
	int r;

	copy_init(&call.copy, caller);
	if (!row)
		return -ECANCELED;
	r = caller_rights(caller, &rights);
	if (r <= 0)
		return -ECANCELED;
	memcpy(call.attr.bytes, attr, size < row->size ? size : row->size);
	r = row->take(&call);
	if (r < 0)
		return r;
	if (!caller_waits(caller))
		return -ECANCELED;
	add_token(caller, cmd, &call.attr);
	r = call_kernel(&call, row, rights);
	if (r == -ECANCELED)
		return r;
	answer(&call, r, address, size);
	return 0;
}
