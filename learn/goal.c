/* SPDX-License-Identifier: MIT */
/* Signatures of runs: see goal.h. Processes and threads race, so that order is nothing. */
#include "goal.h"

#include "attr.h"

#include <stdio.h>
#include <string.h>

#define CMD_PROG_ATTACH 8
#define CMD_RAW_TRACEPOINT_OPEN 17
#define CMD_LINK_CREATE 28

static const char *const names[] = { "exit", "objects", "calls", NULL };

const char *learn_goal_name(uint32_t goal)
{
	return names[goal < LEARN_GOALS ? goal : LEARN_GOALS];
}

static bool has_btf(const struct learn_call *call)
{
	for (uint32_t i = 0; i < call->use_count; i++)
		if (call->uses[i].kind == LEARN_USE_BTF)
			return true;
	return false;
}

static bool is_link(const struct learn_call *call)
{
	return call->cmd == CMD_PROG_ATTACH || call->cmd == CMD_RAW_TRACEPOINT_OPEN ||
	       call->cmd == CMD_LINK_CREATE;
}

/* Objects that were made and not thrown away; attachments, also those that failed. */
static bool counts(const struct learn_call *call, uint32_t goal)
{
	if (goal == LEARN_GOAL_CALLS)
		return true;
	if (goal == LEARN_GOAL_EXIT || call->unreadable)
		return false;
	if (is_link(call))
		return true;
	return (call->cmd == ATTR_MAP_CREATE || call->cmd == ATTR_PROG_LOAD) &&
	       call->result >= 0 && !learn_is_probe(call);
}

static void add_line(struct text *out, const struct learn_call *call)
{
	/* Descriptors are numbers of no meaning: only failures have theirs. */
	text_add(out, "%u type %u attach %u name %s btf %d result %lld", call->cmd,
		 call->type, call->attach_checked, call->name, has_btf(call),
		 call->result < 0 ? (long long)call->result : 0);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int join(char *const lines[], size_t count, char **ret_text)
{
	_cleanup_text_ struct text out = { 0 };

	for (size_t i = 0; i < count; i++)
		text_add(&out, "%s\n", lines[i]);
	return text_take(&out, ret_text);
}

int learn_goal_signature(const struct learn_run *run, uint32_t goal, char **ret_text)
{
	char **lines = calloc(run->count + 1, sizeof(*lines));
	size_t count = 0;
	int r = lines ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < run->count; i++) {
		_cleanup_text_ struct text line = { 0 };

		if (!counts(&run->calls[i], goal))
			continue;
		add_line(&line, &run->calls[i]);
		r = text_take(&line, &lines[count]);
		count += r == 0;
	}
	if (r == 0) {
		qsort(lines, count, sizeof(*lines), compare_lines);
		r = join(lines, count, ret_text);
	}
	while (count)
		free(lines[--count]);
	free(lines);
	return r;
}
