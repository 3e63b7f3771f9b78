/* SPDX-License-Identifier: MIT */
/* What the tests of bpftoken doctor share: what its first line has to be. */
#ifndef BPFTOKEN_LIVE_DOCTOR_H
#define BPFTOKEN_LIVE_DOCTOR_H

#include "live-more.h"

#define NOTHING "nothing stands in the way"

/* `bpftoken doctor ARGS` begins so and ends with this status. */
static inline void expect_first(const char *args, const char *begins, int status)
{
	static struct live_result result;
	char text[512];

	snprintf(text, sizeof(text), "doctor %s", args);
	run_command(&result, text, NULL);
	/* lines are broken between words */
	for (char *c = strstr(result.out, "\n  "); c && c < strstr(result.out, "\n\n");
	     c = strstr(c, "\n  "))
		memmove(c, c + 2, strlen(c + 2) + 1), *c = ' ';
	if (strncmp(result.out, begins, strlen(begins)) != 0 || result.status != status)
		live_fail(__FILE__, __LINE__,
			  "doctor %s: not \"%s\" and %d, but %d: %s%s", args, begins,
			  status, result.status, result.out, result.err);
}

/* And JSON says the same. */
static inline void expect_doctor(const char *args, const char *begins, int status)
{
	static struct live_result result;
	char text[512], gate[128] = "";
	const char *at = strstr(begins, " at ");

	expect_first(args, begins, status);
	snprintf(text, sizeof(text), "doctor --json %s", args);
	run_command(&result, text, NULL);
	EXPECT_EQ(result.status, status);
	if (at)
		snprintf(gate, sizeof(gate), "%.*s", (int)strcspn(at + 4, ":"), at + 4);
	snprintf(text, sizeof(text), "\"gate\": \"%s\"", gate);
	EXPECT_HAS(result.out, text);
}

static inline void nothing_body(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	expect_doctor("", NOTHING ": 2 of 2 delegated kinds loaded", 0);
	/* and is right */
	EXPECT_OK(closed(try_map(MAP_RINGBUF, token, &err)), &err);
	EXPECT_OK(closed(try_prog(PROG_SOCKET_FILTER, 0, token, &err)), &err);
	expect_doctor("--token " LIVE_BPFFS, NOTHING, 0);
	expect_doctor("-p " SMALL_POLICY, NOTHING, 0);
	/* nothing is left: no mount, no process */
	EXPECT_EQ(count_children(), 0);
}

static inline void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* From the bounding set as well, so that no execve() brings them back. */
static inline void drop(uint64_t capabilities)
{
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (capabilities >> i & 1)
			EXPECT_EQ(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), 0);
	set_capabilities(ALL_CAPS & ~capabilities);
}

static inline void expect_of(const struct live_container *container, const char *begins,
			     int status)
{
	char args[64];

	snprintf(args, sizeof(args), "--pid %d", (int)container->pid);
	expect_doctor(args, begins, status);
}

static inline void delegate(const struct live_container *container, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(text);
	struct bpftoken_error err;

	EXPECT_OK(bpftoken_bpffs_mount(container->pidfd, policy, NULL, &err), &err);
}

#endif
