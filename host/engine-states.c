/* SPDX-License-Identifier: MIT */
/*
 * The states of runc (state.json), also as containerd uses it, and of crun (status): the pid of the init process, and
 * when that was started, for a state may outlive its container.
 */
#include "engine.h"

#include "json.h"
#include "text.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *engine, *directory, *file, *pid, *start;
} runtimes[] = {
	{ "runc", "/run/runc/", "/state.json", "init_process_pid", "init_process_start" },
	{ "containerd", "/run/containerd/runc/*/", "/state.json", "init_process_pid",
	  "init_process_start" },
	{ "crun", "/run/crun/", "/status", "pid", "process-start-time" },
};

/* Field 22 of /proc/PID/stat; the second, in parentheses, may hold anything. */
static uint64_t start_of(const char *root, pid_t pid)
{
	char path[256], text[4096];
	const char *at;

	snprintf(path, sizeof(path), "%s/proc/%d/stat", root, (int)pid);
	if (text_read_file(path, text, sizeof(text)) < 0)
		return 0;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* The pid in a state, or 0: not read, or not running. */
static pid_t running(const char *root, const char *path, size_t i)
{
	_cleanup_json_ struct json_object *state = json_object_from_file(path);
	struct json_object *pid, *start;
	int64_t number;
	uint64_t begun;

	if (!state || !json_object_object_get_ex(state, runtimes[i].pid, &pid))
		return 0;
	number = json_object_get_int64(pid);
	if (number <= 1 || number > INT32_MAX)
		return 0;
	begun = start_of(root, (pid_t)number);
	if (!begun || (json_object_object_get_ex(state, runtimes[i].start, &start) &&
		       json_object_get_uint64(start) != begun))
		return 0;
	return (pid_t)number;
}

void engine_states(const char *root,
		   void (*each)(const struct engine_container *container, pid_t pid,
				void *data),
		   void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		char pattern[512];
		glob_t files;

		snprintf(pattern, sizeof(pattern), "%s%s*%s", root, runtimes[i].directory,
			 runtimes[i].file);
		if (glob(pattern, GLOB_NOSORT, NULL, &files) != 0)
			continue;
		for (size_t j = 0; j < files.gl_pathc; j++) {
			char *path = files.gl_pathv[j];
			struct engine_container container = {
				.engine = runtimes[i].engine
			};
			pid_t pid = running(root, path, i);

			path[strlen(path) - strlen(runtimes[i].file)] = '\0';
			snprintf(container.name, sizeof(container.name), "%s",
				 strrchr(path, '/') + 1);
			if (pid)
				each(&container, pid, data);
		}
		globfree(&files);
	}
}
