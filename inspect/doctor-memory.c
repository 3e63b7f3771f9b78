/* SPDX-License-Identifier: MIT */
/*
 * How much memory is left to a process that is only looked at: its memory cgroup and all
 * above it, as the host shows them; version 2 (memory.max) or 1 (memory.limit_in_bytes).
 */
#include "doctor-memory.h"

#include "text.h"
#include "util.h"

#include <stdio.h>
#include <string.h>

static const struct version {
	const char *line; /* in /proc/PID/cgroup, before the path */
	const char *root, *limit, *used;
} versions[] = {
	{ ":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
	  "memory.usage_in_bytes" },
	{ "0::", "/sys/fs/cgroup", "memory.max", "memory.current" },
};

/* -1: there is no such file, or it says "max". */
static int64_t read_number(const struct version *version, const char *path,
			   const char *file)
{
	char name[4400], value[32];

	snprintf(name, sizeof(name), "%s%s/%s", version->root, path, file);
	(void)text_read_file(name, value, sizeof(value));
	if (value[0] < '0' || value[0] > '9')
		return -1;
	return strtoll(value, NULL, 10);
}

static int64_t least(const struct version *version, char *path)
{
	int64_t left = INT64_MAX;

	for (;;) {
		int64_t limit = read_number(version, path, version->limit);
		int64_t used = read_number(version, path, version->used);
		char *slash = strrchr(path, '/');

		if (limit >= 0 && used >= 0 && limit - used < left)
			left = limit > used ? limit - used : 0;
		if (!slash)
			return left;
		*slash = '\0';
	}
}

int64_t doctor_memory_left(pid_t pid)
{
	char file[64], text[4096], path[4096];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	(void)text_read_file(file, text, sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const char *line = strstr(text, versions[i].line);

		if (!line)
			continue;
		line += strlen(versions[i].line);
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(line, "\n"), line);
		/* from outside our own view, or a name that was made to lead astray */
		if (strstr(path, ".."))
			return INT64_MAX;
		return least(&versions[i], path);
	}
	return INT64_MAX;
}
