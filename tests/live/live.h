/* SPDX-License-Identifier: MIT */
/*
 * Live tests: real namespaces, real delegations, real tokens, as root. Each test runs in
 * a process of its own; what it asserts is what the kernel did. Static, so that the same
 * program runs in a VM that holds nothing else. Output is TAP.
 */
#ifndef BPFTOKEN_LIVE_H
#define BPFTOKEN_LIVE_H

#include "bpftoken.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct live_test {
	const char *name;
	void (*run)(void);
	bool without_tokens; /* also runs on a kernel that has no tokens */
};

/*
 * The main of a live test program. argv[1] = "--inside" NAME ARGS... calls the function
 * of that name in inside[] instead: how a test gets its own code run by `bpftoken run`.
 */
struct live_inside {
	const char *name;
	int (*run)(int argc, char **argv);
};
int live_main(int argc, char **argv, const struct live_test tests[], size_t count,
	      const struct live_inside inside[], size_t inside_count);

#define LIVE_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIVE_MAIN(tests)                                                         \
	int main(int argc, char **argv)                                          \
	{                                                                        \
		return live_main(argc, argv, tests, LIVE_COUNT(tests), NULL, 0); \
	}
#define LIVE_MAIN_INSIDE(tests, inside)                                        \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return live_main(argc, argv, tests, LIVE_COUNT(tests), inside, \
				 LIVE_COUNT(inside));                          \
	}

/* Ends the test. */
void live_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void live_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define EXPECT(condition)                                                \
	do {                                                             \
		if (!(condition))                                        \
			live_fail(__FILE__, __LINE__, "%s", #condition); \
	} while (0)

#define EXPECT_EQ(got, wanted)                                                           \
	do {                                                                             \
		long long got_ = (long long)(got), wanted_ = (long long)(wanted);        \
		if (got_ != wanted_)                                                     \
			live_fail(__FILE__, __LINE__, "%s is %lld, not %s (%lld)", #got, \
				  got_, #wanted, wanted_);                               \
	} while (0)

#define EXPECT_STR(got, wanted)                                                         \
	do {                                                                            \
		const char *got_ = (got), *wanted_ = (wanted);                          \
		if (strcmp(got_, wanted_) != 0)                                         \
			live_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got, \
				  got_, wanted_);                                       \
	} while (0)

#define EXPECT_HAS(text, part)                                                           \
	do {                                                                             \
		const char *text_ = (text), *part_ = (part);                             \
		if (!strstr(text_, part_))                                               \
			live_fail(__FILE__, __LINE__, "%s has no \"%s\": \"%s\"", #text, \
				  part_, text_);                                         \
	} while (0)

/* A result that has to be >= 0; shows the explained error otherwise. */
#define EXPECT_OK(result, err) \
	live_expect_ok(__FILE__, __LINE__, #result, (result), (err))
int live_expect_ok(const char *file, int line, const char *what, int result,
		   struct bpftoken_error *err);

/* A policy of the dialect mount; the test fails when it does not parse. */
struct bpftoken_policy *live_policy(const char *text);

#define LIVE_ANY \
	"delegate_cmds=any,delegate_maps=any,delegate_progs=any,delegate_attachs=any"

/*
 * Runs body as root of new user, mount, pid and network namespaces, with the policy
 * delegated on LIVE_BPFFS (policy NULL: without), and ends the test unless it returns.
 * The container is made with the library's own host side.
 */
#define LIVE_BPFFS "/sys/fs/bpf"
void live_in_container(const char *policy, void (*body)(void *data), void *data);

/*
 * The same, kept running: body gets going and the caller goes on; live_container_end()
 * tells it to end. ready() has to be called by body once it is there.
 */
struct live_container {
	pid_t pid;
	int pidfd;
	int sock;
};
void live_container_start(struct live_container *container, uint64_t namespaces);
void live_container_end(struct live_container *container);

/*
 * For a test that makes its container itself, with a handshake of its own: the two sides
 * of what has to come first. The child's pid gets the usual maps and is told so; the child
 * waits for that, becomes root, and its mounts private.
 */
void live_map_ids(pid_t pid, int sock);
void live_become_root(int sock);

/* What a command printed and how it ended; out and err are terminated. */
struct live_result {
	int status; /* exit status, 128 + n for signal n */
	char out[65536];
	char err[8192];
};
/* argv[0] is searched in PATH; NULL-terminated. Bounded to 60 s. */
void live_command(struct live_result *result, char *const argv[]);
/* bpftoken ARGS...: the command under test ($BPFTOKEN). The last argument is NULL. */
void live_bpftoken(struct live_result *result, ...) __attribute__((sentinel));
/* Path of the command under test where a container's root can run it. */
const char *live_bpftoken_path(void);
/* Path of this program where a container's root can run it. */
const char *live_self(void);

/*
 * A file of the build, by its path from the build directory, where a container's root can
 * read and run it; the test is skipped when it was not built.
 */
const char *live_built(const char *path);

/* Is the whole of a file's text; "" when it cannot be read. */
const char *live_file(const char *path);

/* Number of lines of /proc/self/mountinfo, and of processes of this pid namespace. */
size_t live_count_mounts(void);
size_t live_count_processes(void);
/* Open descriptors of this process. */
size_t live_count_fds(void);

#endif
