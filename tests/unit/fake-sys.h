/* SPDX-License-Identifier: MIT */
/*
 * The system calls of lib/sys.h as a script. A test links this instead of sys.c, sets in
 * `fake` what the calls answer, lets one call fail, and looks at what was done. Every
 * descriptor is made up and has a number of its own: one that is closed twice, used after
 * its close or closed by somebody who does not own it fails the test at once.
 */
#ifndef TEST_FAKE_SYS_H
#define TEST_FAKE_SYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attr.h"
#include "bpftoken.h"
#include "util.h"

#define FAKE_FIRST_FD 1000 /* far from every real one */
#define FAKE_NEW_FD INT32_MIN /* as the result of a bpf() command: a new descriptor */
#define FAKE_BPF_FS 0xcafe4a11U
#define FAKE_INIT_USERNS 0xEFFFFFFDU
#define FAKE_PID 42 /* behind every pidfd that the test gives */
#define FAKE_CHILD 4242 /* what sys_clone() returns */
#define FAKE_MOUNT_ID 77
#define FAKE_DEVICE 7 /* of every file that is looked at */
#define FAKE_TOKENS 4

struct fake_bpf_call {
	unsigned int cmd;
	uint32_t size;
	unsigned char attr[256];
};

/* fake_reset() sets what is said to be usual. */
struct fake {
	/* what the calls answer */
	int low_fd; /* number of the next new descriptor; usual -1, one above
		       FAKE_FIRST_FD */
	size_t read_most; /* bytes that one read gives; usual SIZE_MAX */
	uint64_t capabilities; /* usual all */
	uint64_t own_userns; /* inode; usual FAKE_INIT_USERNS */
	uint32_t fs_type; /* of mounts, bpffs directories and tokens; usual a bpffs */
	mode_t file_mode; /* of every descriptor; usual a regular file's, as a token is */
	uint64_t file_links; /* usual 0 */
	bool takes_no_token[ATTR_TOKEN_ROWS]; /* by row: a command of such a kernel */
	bool foreign; /* another user namespace owns the target's mount namespace */
	bool covered_before; /* the program, by another hook: see sys_look_at() */
	bool no_tokens; /* a kernel before Linux 6.9 */
	int bpf_result[64]; /* by command; usual FAKE_NEW_FD, 0 for the info */
	uint64_t masks[FAKE_TOKENS][4]; /* of the first tokens made; usual all */
	uint32_t log_true_size; /* that a program load answers */
	int silence; /* sys_recv_fd() when no message is left; usual 0, the end */
	bool echo; /* what is sent waits to be received: how a test says what comes in */
	int exit_status; /* of the child */
	bool child_hangs; /* until it is killed */
	unsigned int signals; /* that wait for the signalfd */
	unsigned int
		become; /* this clone is a child's: faults, too, begin there; 0: none */
	void (*leave)(int status); /* does not return: where an exec that works ends */
	const char *may_lack[4]; /* files that need not be there */
	bool standard_closed; /* the caller of a notification has no descriptor 0 */

	/* what was done */
	struct fake_bpf_call bpf; /* the last one */
	void *common; /* and its fourth and fifth argument */
	uint32_t common_size;
	unsigned int questions; /* whether a command takes a token */
	char config[512]; /* " key=value" or " create" for each fsconfig() that worked */
	uint32_t sent[16]; /* first word of each message */
	unsigned int sent_count;
	bool placed, detached; /* the mount that was moved to its target */
	bool covered, in_root; /* a mount on a program; chroot() was called */
	bool cloned, killed, reaped; /* reaped: all of them */
	unsigned int alive;
	unsigned int forwarded; /* other signals to the child */
	bool signals_blocked;
	bool executed; /* with .leave */
	bool expected; /* what was made to fail would have failed so anyway, or may */
	bool beneath, old_detached; /* a swap: the new one below the old, the old gone */
	int made; /* directories and files that are there */
	unsigned int answers, continued, returned_fds; /* of notifications */
	uint64_t effective; /* as set; usual all */
	int mapped; /* reserved memory that is there */
};

extern struct fake fake;

/* A test's first call: nothing is open, no rule, no fault. */
void fake_reset(void);

/* The nth call from now on, from 1, fails with -error: of any function, or of one. */
void fake_fail_any(unsigned int nth, int error);
void fake_fail(const char *name, unsigned int nth, int error);
void fake_fail_done(void);
/* The name of the call that was failed, NULL while none was. */
const char *fake_failed(void);
/* How often it was called. */
unsigned int fake_count(const char *name);

/* A descriptor of the test's own, which nobody else may close. */
int fake_given(const char *kind);
bool fake_is_open(int fd);
/* As when the process ends that holds them. */
void fake_close_kind(const char *kind);
/* Fails the test when anything but the given ones, and except, is open. */
void fake_assert_closed(int except);

/*
 * What is in a file. path may hold fnmatch() wildcards, content has to stay valid; NULL
 * makes a directory of it.
 */
void fake_file(const char *path, const char *content);
void fake_file_bytes(const char *path, const void *content, size_t size);
/*
 * A message for sys_recv_fd(), with a new descriptor of that kind, or none for NULL. One of
 * no size is the end of a connection, after which there may be another.
 */
void fake_message(const void *data, size_t size, const char *kind);

/*
 * Between fake-sys.c and fake-sys-calls.c. Every call that can fail begins with a step:
 * it counts the call, checks its descriptor, and fails it when it is its turn.
 */
int fake_step(const char *name);
int fake_step_fd(const char *name, int fd);
int fake_step_new(const char *name, const char *kind);
int fake_new_fd(const char *kind, bool given);
/* That reads what fake_file() has for the path; 0 when that has nothing. */
int fake_new_file(const char *kind, const char *path);
/* user is who asks, for the message when the descriptor is closed. */
bool fake_is_known(int fd, const char *user);
const char *fake_kind(int fd);
bool fake_is_kind(int fd, const char *kind);
unsigned int fake_token(int fd);
void fake_calls_reset(void);
/* Only the last message is left to be received; false when there is none. */
bool fake_last_message(void);

/* The error that a function must not touch, and whether it did. */
void fake_poison(struct bpftoken_error *err);
void fake_assert_poisoned(const struct bpftoken_error *err);

#endif
