/* SPDX-License-Identifier: MIT */
/*
 * Attrs and objects: see decode.h. An attr is read at the stop, before the kernel reads
 * it; what a descriptor means is asked of a copy of it in this process, so that neither
 * dup() nor another thread can make it mean something else in between.
 */
#include "decode.h"

#include "attr.h"
#include "trap.h"

#include <stdio.h>
#include <string.h>

#define ATTR_KEPT 256U /* no attr that is looked at is longer */
#define INSNS_AT_ONCE 1024U
#define INSNS_MOST 1000000U /* the kernel refuses more before it reads them */
#define OP_LOAD_IMM64 0x18 /* BPF_LD | BPF_IMM | BPF_DW, two instructions long */

/* What the source register of such a load says that the constant is. */
enum pseudo {
	PSEUDO_MAP_FD = 1,
	PSEUDO_MAP_VALUE,
	PSEUDO_MAP_INDEX = 5,
	PSEUDO_VALUE_INDEX
};

struct decoder {
	pid_t tid;
	int pidfd;
	uint8_t attr[ATTR_KEPT];
	struct learn_call *call;
};

static uint32_t get_u32(const struct decoder *decoder, size_t offset)
{
	uint32_t value;

	memcpy(&value, decoder->attr + offset, sizeof(value));
	return value;
}

static uint64_t get_u64(const struct decoder *decoder, size_t offset)
{
	uint64_t value;

	memcpy(&value, decoder->attr + offset, sizeof(value));
	return value;
}

/* ----------------------------------------------------------------- objects */

static uint32_t kind_of_link(const char *target)
{
	static const struct {
		const char *word;
		uint32_t kind;
	} words[] = {
		{ "bpf-map", LEARN_USE_MAP },	{ "bpf-prog", LEARN_USE_PROG },
		{ "bpf_link", LEARN_USE_LINK }, { "bpf-link", LEARN_USE_LINK },
		{ "btf", LEARN_USE_BTF },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(target, words[i].word))
			return words[i].kind;
	return LEARN_USE_NONE;
}

/* The beginning of what the kernel tells of an object; of BTF the id is elsewhere. */
static uint32_t info_id(int fd, uint32_t kind)
{
	uint32_t info[4] = { 0 };
	struct attr_obj_info attr = {
		.bpf_fd = (uint32_t)fd,
		.info_len = sizeof(info),
		.info = (uint64_t)(uintptr_t)info,
	};

	if (sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0)
		return 0;
	return kind == LEARN_USE_BTF ? info[3] : info[1];
}

uint32_t learn_object_id(int pidfd, int fd, uint32_t *kind)
{
	_cleanup_close_ int copy = pidfd < 0 ? -EBADF : sys_pidfd_getfd(pidfd, fd);
	char path[32], target[64];

	if (copy < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	if (sys_read_link(path, target, sizeof(target)) < 0)
		return 0;
	if (*kind == LEARN_USE_ANY)
		*kind = kind_of_link(target);
	/* Also keeps tokens, and what is not of BPF, from being asked. */
	if (!*kind || (*kind == LEARN_USE_INNER_MAP ? LEARN_USE_MAP : *kind) !=
			      kind_of_link(target))
		return 0;
	return info_id(copy, *kind);
}

int learn_object_exists(uint32_t kind, uint32_t id)
{
	static const uint32_t get_fd_by_id[LEARN_USE_KINDS] = {
		[LEARN_USE_MAP] = 14, [LEARN_USE_INNER_MAP] = 14, [LEARN_USE_PROG] = 13,
		[LEARN_USE_BTF] = 19, [LEARN_USE_LINK] = 30,
	};
	struct attr_btf_get_fd_by_id attr = { .btf_id = id };
	_cleanup_close_ int fd = sys_bpf(get_fd_by_id[kind], &attr, sizeof(attr));

	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? fd : 1;
}

static void add_use(struct decoder *decoder, int fd, uint32_t kind)
{
	struct learn_call *call = decoder->call;
	uint32_t id = learn_object_id(decoder->pidfd, fd, &kind);

	if (!id || call->use_count == LEARN_MAX_USES)
		return;
	for (uint32_t i = 0; i < call->use_count; i++)
		if (call->uses[i].kind == kind && call->uses[i].id == id)
			return;
	call->uses[call->use_count++] = (struct learn_use){ .kind = kind, .id = id };
}

/* ------------------------------------------------------------ instructions */

static int map_of_insn(const struct decoder *decoder, const struct attr_insn *insn)
{
	uint64_t fd_array = get_u64(decoder, offsetof(struct attr_prog_load, fd_array));
	int32_t fd;

	if (insn->code != OP_LOAD_IMM64)
		return -1;
	switch (insn->regs >> 4) {
	case PSEUDO_MAP_FD:
	case PSEUDO_MAP_VALUE:
		return insn->imm;
	case PSEUDO_MAP_INDEX:
	case PSEUDO_VALUE_INDEX:
		if (fd_array &&
		    !sys_read_memory(decoder->tid, fd_array + 4ULL * (uint32_t)insn->imm,
				     &fd, sizeof(fd)))
			return fd;
	}
	return -1;
}

/* The maps that a program's instructions name. */
static void add_maps(struct decoder *decoder)
{
	uint64_t address = get_u64(decoder, offsetof(struct attr_prog_load, insns));
	uint32_t left = decoder->call->insns <= INSNS_MOST ? decoder->call->insns : 0;
	int last = -1;

	while (left) {
		struct attr_insn insns[INSNS_AT_ONCE];
		uint32_t count = left < INSNS_AT_ONCE ? left : INSNS_AT_ONCE;

		if (sys_read_memory(decoder->tid, address, insns,
				    count * sizeof(insns[0])))
			return;
		for (uint32_t i = 0; i < count; i++) {
			int fd = map_of_insn(decoder, &insns[i]);

			if (fd >= 0 && fd != last)
				add_use(decoder, fd, LEARN_USE_MAP);
			last = fd >= 0 ? fd : last;
		}
		address += count * sizeof(insns[0]);
		left -= count;
	}
}

/* ------------------------------------------------------------------- attrs */

static void decode_map(struct decoder *decoder)
{
	struct learn_call *call = decoder->call;

	call->type = get_u32(decoder, offsetof(struct attr_map_create, map_type));
	call->key_size = get_u32(decoder, offsetof(struct attr_map_create, key_size));
	call->value_size = get_u32(decoder, offsetof(struct attr_map_create, value_size));
	call->max_entries =
		get_u32(decoder, offsetof(struct attr_map_create, max_entries));
}

static void decode_prog(struct decoder *decoder)
{
	struct learn_call *call = decoder->call;

	call->type = get_u32(decoder, offsetof(struct attr_prog_load, prog_type));
	call->insns = get_u32(decoder, offsetof(struct attr_prog_load, insn_cnt));
	call->attach_checked = attr_fixup_attach_type(call->type, call->attach);
	add_maps(decoder);
}

static void decode_common(struct decoder *decoder, const struct learn_command *row)
{
	struct learn_call *call = decoder->call;
	const struct attr_token_row *token = attr_token_row(call->cmd);

	if (row->attach)
		call->attach = call->attach_checked = get_u32(decoder, row->attach);
	if (row->flags)
		call->flags = get_u32(decoder, row->flags);
	if (row->name)
		memcpy(call->name, decoder->attr + row->name, ATTR_NAME_LEN);
	if (row->name_pointer_end)
		(void)sys_read_string(decoder->tid, get_u64(decoder, row->name_pointer),
				      call->name, sizeof(call->name));
	call->token = token && get_u32(decoder, token->flags_offset) & ATTR_F_TOKEN_FD;
	for (size_t i = 0; i < ARRAY_SIZE(row->fds) && row->fds[i].kind; i++) {
		int fd = (int)get_u32(decoder, row->fds[i].offset);

		/* 0 is "none" in the fields of the two commands that make objects */
		if (fd > 0 || row->class != LEARN_DELEGABLE)
			add_use(decoder, fd, row->fds[i].kind);
	}
}

void learn_decode_bpf(pid_t tid, int pidfd, const uint64_t args[6],
		      struct learn_call *call)
{
	struct decoder decoder = { .tid = tid, .pidfd = pidfd, .call = call };
	uint32_t size = (uint32_t)args[2];

	call->cmd = (uint32_t)args[0] & ~TRAP_COMMON_ATTRS;
	call->common_attrs = (uint32_t)args[0] & TRAP_COMMON_ATTRS;
	call->size = size;
	if (sys_read_memory(tid, args[1], decoder.attr,
			    size < ATTR_KEPT ? size : ATTR_KEPT)) {
		call->unreadable = true;
		return;
	}
	decode_common(&decoder, learn_command(call->cmd));
	if (call->cmd == ATTR_MAP_CREATE)
		decode_map(&decoder);
	if (call->cmd == ATTR_PROG_LOAD)
		decode_prog(&decoder);
	if (call->cmd == ATTR_BTF_LOAD)
		call->btf_size =
			get_u32(&decoder, offsetof(struct attr_btf_load, btf_size));
}

/* struct perf_event_attr begins with type and size. */
void learn_decode_perf(pid_t tid, const uint64_t args[6], struct learn_call *call)
{
	uint32_t begin[2];

	call->cmd = LEARN_PERF_EVENT_OPEN;
	if (sys_read_memory(tid, args[0], begin, sizeof(begin))) {
		call->unreadable = true;
		return;
	}
	call->type = begin[0];
	call->size = begin[1];
}
