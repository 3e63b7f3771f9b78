/* SPDX-License-Identifier: MIT */
/*
 * What the tests of `list` share: a pid namespace of their own, so that what they list is
 * what they made; and what `list --json` said.
 */
#ifndef BPFTOKEN_LIVE_LIST_H
#define BPFTOKEN_LIVE_LIST_H

#include "live-target.h"

#include "json.h"

/* Runs body as pid 1 of a pid namespace with its own /proc; the test is its status. */
static inline void alone(void (*body)(void))
{
	int status;
	pid_t pid;

	EXPECT_EQ(unshare(CLONE_NEWNS | CLONE_NEWPID), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	fflush(stdout);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		EXPECT_EQ(mount("proc", "/proc", "proc", 0, NULL), 0);
		body();
		fflush(stdout);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* `bpftoken list OPTIONS` by sh(1), which splits them; the file has what it printed. */
static inline int list_to_file(const char *options, const char *file)
{
	static struct live_result result;
	char line[1024];
	char *const argv[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", line,
			       NULL };

	/* no exec: live_command() waits for the shell's own outputs to be closed */
	snprintf(line, sizeof(line), "%s list %s >%s 2>&1; exit $?", command_copy(),
		 options, file);
	live_command(&result, argv);
	return result.status;
}

/* The same, parsed: strictly, as any reader of JSON would. */
static inline struct json_object *list_json(const char *options)
{
	static char text[64 << 20];
	struct json_object *root = NULL;
	struct json_wrong wrong;
	char line[512];
	ssize_t len;
	int fd;

	/* what is on stderr is for people */
	snprintf(line, sizeof(line), "--json %s 2>/dev/null", options);
	EXPECT_EQ(list_to_file(line, "/run/list.json 2>/dev/null; exit $? #"), 0);
	fd = open("/run/list.json", O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	EXPECT(len > 0 && len < (ssize_t)sizeof(text) - 1);
	EXPECT_EQ(json_read(text, (size_t)len, 32, &root, &wrong), 0);
	EXPECT(root);
	return root;
}

static inline struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		live_fail(__FILE__, __LINE__, "no %s in %s", key,
			  json_object_to_json_string(object));
	return value;
}

static inline int64_t number(struct json_object *object, const char *key)
{
	return json_object_get_int64(member(object, key));
}

static inline uint64_t inode_of(pid_t pid, const char *name)
{
	uint64_t inode;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	EXPECT_EQ(sys_inode(AT_FDCWD, path, &inode), 0);
	return inode;
}

#endif
