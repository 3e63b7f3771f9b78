/* SPDX-License-Identifier: MIT */
/*
 * POLICY on a command line: -p FILE|@PRESET|TEXT, repeatable, and --cmds --maps --progs
 * --attachs LIST. All that is given is merged.
 */
#ifndef BPFTOKEN_POLICY_OPTIONS_H
#define BPFTOKEN_POLICY_OPTIONS_H

#include "cli.h"

/* A member of the command's options struct; zero = nothing given. */
struct policy_options {
	struct bpftoken_policy *policy;
};

void policy_options_done(struct policy_options *options);

int policy_options_take_text(void *member, const struct cli_option *option,
			     const char *value, struct bpftoken_error *err);
int policy_options_take_list(void *member, const struct cli_option *option,
			     const char *value, struct bpftoken_error *err);

/* The rows of all of them; member is a struct policy_options. */
#define POLICY_OPTION_ROWS(type, member)                                               \
	{ .name = "policy",                                                            \
	  .letter = 'p',                                                               \
	  .arg = "POLICY",                                                             \
	  .help = "A file, @PRESET, or the text itself; repeatable.",                  \
	  .take = policy_options_take_text,                                            \
	  .offset = offsetof(type, member),                                            \
	  .complete = "policy" },                                                      \
		POLICY_LIST_ROW("cmds", "Commands to delegate.", BPFTOKEN_CMDS, type,  \
				member),                                               \
		POLICY_LIST_ROW("maps", "Map types to delegate.", BPFTOKEN_MAPS, type, \
				member),                                               \
		POLICY_LIST_ROW("progs", "Program types to delegate.", BPFTOKEN_PROGS, \
				type, member),                                         \
		POLICY_LIST_ROW("attachs", "Attach types to delegate.",                \
				BPFTOKEN_ATTACHS, type, member)

#define POLICY_LIST_ROW(name_, help_, set, type, member)                            \
	{                                                                           \
		.name = name_, .arg = "LIST", .help = help_,                        \
		.take = policy_options_take_list, .offset = offsetof(type, member), \
		.data = (int)(set), .complete = "names"                             \
	}

#endif
