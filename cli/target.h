/* SPDX-License-Identifier: MIT */
/*
 * The running container that `mount` and `umount` are about: (--pid PID | --pidfd N |
 * --container NAME), where in it, and the processes that hold a token of what was there.
 */
#ifndef BPFTOKEN_TARGET_H
#define BPFTOKEN_TARGET_H

#include "cli.h"
#include "engine.h"

struct target_options {
	uint32_t pid; /* 0 = not given */
	int given_pidfd; /* number + 1, 0 = not given */
	const char *name;
	const char *target, *root;
	bool kill, json;

	/* from target_open() on */
	int pidfd, user_fd;
	struct engine_container container; /* engine NULL: in none that is known */
};

int target_take_number(void *member, const struct cli_option *option, const char *value,
		       struct bpftoken_error *err);
int target_take_path(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err);

/* The value of an option is wrong; form says what it has to be. */
int target_bad_value(const struct cli_option *option, const char *value, const char *form,
		     struct bpftoken_error *err);

#define TARGET_MEMBER(type, member, of) \
	(offsetof(type, member) + offsetof(struct target_options, of))
#define TARGET_OPTION_ROWS(type, member)                           \
	{ "pid",                                                   \
	  0,                                                       \
	  "PID",                                                   \
	  "A process in the container.",                           \
	  target_take_number,                                      \
	  TARGET_MEMBER(type, member, pid),                        \
	  0,                                                       \
	  NULL },                                                  \
		{ "pidfd",                                         \
		  0,                                               \
		  "N",                                             \
		  "The same, as an inherited pidfd.",              \
		  target_take_number,                              \
		  TARGET_MEMBER(type, member, given_pidfd),        \
		  1,                                               \
		  NULL },                                          \
		{ "container",                                     \
		  0,                                               \
		  "NAME",                                          \
		  "The same, by name or id of the container.",     \
		  cli_take_string,                                 \
		  TARGET_MEMBER(type, member, name),               \
		  0,                                               \
		  NULL },                                          \
		{ "target",                                        \
		  0,                                               \
		  "PATH",                                          \
		  "Where the bpffs is inside (/sys/fs/bpf).",      \
		  target_take_path,                                \
		  TARGET_MEMBER(type, member, target),             \
		  0,                                               \
		  "dir" },                                         \
		{ "root",                                          \
		  0,                                               \
		  "DIR",                                           \
		  "Where PATH begins (the process's root).",       \
		  target_take_path,                                \
		  TARGET_MEMBER(type, member, root),               \
		  0,                                               \
		  "dir" },                                         \
		{ "kill",                                          \
		  0,                                               \
		  NULL,                                            \
		  "End the processes that hold an old token.",     \
		  cli_take_flag,                                   \
		  TARGET_MEMBER(type, member, kill),               \
		  0,                                               \
		  NULL },                                          \
	{                                                          \
		"json", 0, NULL, "Report as JSON.", cli_take_flag, \
			TARGET_MEMBER(type, member, json), 0, NULL \
	}

/* Finds the process and holds it. 0, or the exit status after an error was printed. */
int target_open(const struct cli_command *command, struct target_options *target);
void target_close(struct target_options *target);

/* What was done, for the report: a word and the bpffs that is not there any more. */
struct target_result {
	const char *word; /* for JSON: "delegated", "already", "replaced", "detached" */
	const char *text; /* for people */
	const uint64_t *devices;
	size_t device_count;
};

/*
 * Prints what was done and who still holds a token of the old devices; ends those if
 * --kill asks for it. Returns the exit status.
 */
int target_report(const struct target_options *target,
		  const struct target_result *result);

#endif
