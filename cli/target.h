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

#define TARGET_ROW(name_, arg_, help_, take_, data_, complete_, type, member, of)       \
	{                                                                               \
		.name = name_, .arg = arg_, .help = help_, .take = take_,               \
		.offset = offsetof(type, member) + offsetof(struct target_options, of), \
		.data = data_, .complete = complete_                                    \
	}
#define TARGET_OPTION_ROWS(type, member)                                                 \
	TARGET_ROW("pid", "PID", "A process in the container.", target_take_number, 0,   \
		   NULL, type, member, pid),                                             \
		TARGET_ROW("pidfd", "N", "The same, as an inherited pidfd.",             \
			   target_take_number, 1, NULL, type, member, given_pidfd),      \
		TARGET_ROW("container", "NAME",                                          \
			   "The same, by name or id of the container.", cli_take_string, \
			   0, NULL, type, member, name),                                 \
		TARGET_ROW("target", "PATH", "Where the bpffs is inside (/sys/fs/bpf).", \
			   target_take_path, 0, "dir", type, member, target),            \
		TARGET_ROW("root", "DIR", "Where PATH begins (the process's root).",     \
			   target_take_path, 0, "dir", type, member, root),              \
		TARGET_ROW("kill", NULL, "End the processes that hold an old token.",    \
			   cli_take_flag, 0, NULL, type, member, kill),                  \
		TARGET_ROW("json", NULL, "Report as JSON.", cli_take_flag, 0, NULL,      \
			   type, member, json)

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
