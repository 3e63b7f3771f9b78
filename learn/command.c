/* SPDX-License-Identifier: MIT */
/* The table of commands: see command.h. */
#include "command.h"

#include "attr.h"
#include "bpftoken.h"
#include "util.h"

#include <string.h>

#define WALK "open what was pinned (BPF_OBJ_GET), or keep the descriptors"
#define MAP(member) offsetof(struct attr_map_create, member)
#define PROG(member) offsetof(struct attr_prog_load, member)

static const struct learn_command unknown_command = { .cmd = UINT32_MAX };

/* A pointer at offset 0 is marked by its end alone. */
#define POINTER(at) .name_pointer = (at), .name_pointer_end = (at) + 8

static const struct learn_command rows[] = {
	{ .cmd = ATTR_MAP_CREATE,
	  .class = LEARN_DELEGABLE,
	  .makes = LEARN_USE_MAP,
	  .fds = { { MAP(inner_map_fd), LEARN_USE_INNER_MAP },
		   { MAP(btf_fd), LEARN_USE_BTF } },
	  .flags = MAP(map_flags),
	  .name = MAP(map_name) },
	{ .cmd = ATTR_PROG_LOAD,
	  .class = LEARN_DELEGABLE,
	  .makes = LEARN_USE_PROG,
	  .fds = { { PROG(prog_btf_fd), LEARN_USE_BTF },
		   { PROG(attach_btf_obj_fd), LEARN_USE_ANY } },
	  .attach = PROG(expected_attach_type),
	  .flags = PROG(prog_flags),
	  .name = PROG(prog_name) },
	{ .cmd = 6, .fds = { { 8, LEARN_USE_ANY } }, POINTER(0) }, /* obj_pin */
	{ .cmd = 7, .makes = LEARN_USE_ANY, POINTER(0) }, /* obj_get */
	{ .cmd = 8, .fds = { { 4, LEARN_USE_PROG } }, .attach = 8, .flags = 12 },
	{ .cmd = 9, .fds = { { 4, LEARN_USE_PROG } }, .attach = 8, .flags = 12 },
	{ .cmd = 11, .class = LEARN_HOST, .instead = WALK }, /* prog_get_next_id */
	{ .cmd = 12, .class = LEARN_HOST, .instead = WALK }, /* map_get_next_id */
	{ .cmd = 13, .class = LEARN_HOST, .makes = LEARN_USE_PROG, .instead = WALK },
	{ .cmd = 14, .class = LEARN_HOST, .makes = LEARN_USE_MAP, .instead = WALK },
	{ .cmd = 16, /* prog_query */
	  .class = LEARN_HOST,
	  .attach = 4,
	  .instead = "attach with a link and ask that (BPF_OBJ_GET_INFO_BY_FD)" },
	{ .cmd = 17,
	  .makes = LEARN_USE_LINK,
	  .fds = { { 8, LEARN_USE_PROG } },
	  POINTER(0) },
	{ .cmd = ATTR_BTF_LOAD,
	  .class = LEARN_DELEGABLE,
	  .makes = LEARN_USE_BTF,
	  .flags = offsetof(struct attr_btf_load, btf_flags) },
	{ .cmd = ATTR_BTF_GET_FD_BY_ID,
	  .class = LEARN_DELEGABLE,
	  .makes = LEARN_USE_BTF,
	  .flags = offsetof(struct attr_btf_get_fd_by_id, open_flags) },
	{ .cmd = 20, /* task_fd_query */
	  .class = LEARN_HOST,
	  .instead = "attach with a link and ask that (BPF_OBJ_GET_INFO_BY_FD)" },
	{ .cmd = 23, .class = LEARN_HOST, .instead = WALK }, /* btf_get_next_id */
	{ .cmd = 28, /* link_create */
	  .makes = LEARN_USE_LINK,
	  .fds = { { 0, LEARN_USE_ANY } },
	  .attach = 8,
	  .flags = 12 },
	{ .cmd = 29, /* link_update */
	  .fds = { { 0, LEARN_USE_LINK }, { 4, LEARN_USE_ANY } },
	  .flags = 8 },
	{ .cmd = 30, .class = LEARN_HOST, .makes = LEARN_USE_LINK, .instead = WALK },
	{ .cmd = 31, .class = LEARN_HOST, .instead = WALK }, /* link_get_next_id */
	{ .cmd = 32, /* enable_stats */
	  .class = LEARN_HOST,
	  .instead = "let the host set kernel.bpf_stats_enabled" },
	{ .cmd = 33, .fds = { { 0, LEARN_USE_LINK } }, .flags = 4 }, /* iter_create */
	{ .cmd = 34, .fds = { { 0, LEARN_USE_LINK } } }, /* link_detach */
	{ .cmd = 35, .fds = { { 0, LEARN_USE_PROG }, { 4, LEARN_USE_MAP } } },
	{ .cmd = ATTR_TOKEN_CREATE, .class = LEARN_TOKEN },
	{ .cmd = 38, .fds = { { 0, LEARN_USE_MAP }, { 4, LEARN_USE_PROG } } },
	{ .cmd = LEARN_PERF_EVENT_OPEN,
	  .class = LEARN_HOST,
	  .instead = "attach with kprobe_multi, uprobe_multi, raw_tp or fentry links, "
		     "and use a ring buffer" },
};

const struct learn_command *learn_command(uint32_t cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cmd == cmd)
			return &rows[i];
	return &unknown_command;
}

const char *learn_command_name(uint32_t cmd)
{
	if (cmd == LEARN_PERF_EVENT_OPEN)
		return "perf_event_open";
	return bpftoken_name(BPFTOKEN_CMDS, cmd);
}

int learn_command_value(const char *name, uint32_t *ret_cmd)
{
	if (!strcmp(name, "perf_event_open")) {
		*ret_cmd = LEARN_PERF_EVENT_OPEN;
		return 0;
	}
	return bpftoken_value(BPFTOKEN_CMDS, name, ret_cmd);
}

static const char *const use_names[LEARN_USE_KINDS] = {
	[LEARN_USE_NONE] = "nothing",
	[LEARN_USE_MAP] = "map",
	[LEARN_USE_INNER_MAP] = "inner_map",
	[LEARN_USE_PROG] = "prog",
	[LEARN_USE_BTF] = "btf",
	[LEARN_USE_LINK] = "link",
	[LEARN_USE_ANY] = "object",
};

const char *learn_use_name(uint32_t kind)
{
	return use_names[kind < LEARN_USE_KINDS ? kind : LEARN_USE_NONE];
}
