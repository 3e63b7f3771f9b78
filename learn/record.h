/* SPDX-License-Identifier: MIT */
/*
 * What was recorded: a run is one PROGRAM from its exec to its end, a recording one or
 * more runs. As a file it is JSON Lines: a line for each run, followed by its calls.
 */
#ifndef BPFTOKEN_LEARN_RECORD_H
#define BPFTOKEN_LEARN_RECORD_H

#include "command.h"
#include "error.h"
#include "policy.h"
#include "text.h"

#define LEARN_MAX_USES 32
#define LEARN_NO_RESULT INT64_MIN /* the thread ended inside the call */

/* An object that a call uses. The kernel's ids name one whatever its descriptor is. */
struct learn_use {
	uint32_t kind; /* enum learn_use_kind, never NONE */
	uint32_t id;
	uint32_t seq; /* of the call that made it, 0: not recorded */
};

struct learn_call {
	uint32_t seq; /* in its run, from 1 */
	uint64_t time_us; /* since the run began */
	int32_t pid, tid;
	char comm[16], exe[128];
	uint32_t cmd; /* without TRAP_COMMON_ATTRS; or LEARN_PERF_EVENT_OPEN */
	uint32_t size; /* of the attr */
	bool common_attrs, compat; /* 5-argument bpf(); a 32-bit process */
	bool unreadable; /* the attr; nothing below is known but the result */
	uint32_t type; /* of the map or program, or the perf event */
	uint32_t attach, attach_checked; /* as given; as the kernel checks it */
	uint32_t flags;
	char name[64]; /* of the object, or of the path or tracepoint */
	uint32_t key_size, value_size, max_entries; /* of a map */
	uint32_t insns, btf_size;
	bool token;
	struct learn_use uses[LEARN_MAX_USES];
	uint32_t use_count;
	int64_t result; /* >= 0, or -errno; LEARN_NO_RESULT */
	uint32_t id; /* of the object that it made, 0: none */
	bool closed; /* the object was gone before the run ended */
	bool used; /* some later call uses the object */
};

struct learn_run {
	char id[40];
	char *command; /* as JSON, an array of strings */
	char kernel[65];
	char libraries[256]; /* libbpf and its like that were mapped, space-separated */
	bool delegated; /* something is delegated here: now */
	struct bpftoken_policy now;
	int32_t status; /* exit status, 128 + n for signal n */
	bool ended; /* by itself, and status is valid */
	struct learn_call *calls;
	size_t count, size;
};

struct learn_recording {
	struct learn_run *runs; /* in the order of their ids */
	size_t count;
};

/* A fresh call at the end, numbered; NULL: no memory. Moves the others. */
struct learn_call *learn_run_add(struct learn_run *run);
/* Fills uses[].seq and used: which call made what another one uses. */
int learn_run_relate(struct learn_run *run);
void learn_run_done(struct learn_run *run);

/* Takes the run, unless one of that id is there already; *run is empty afterwards. */
int learn_recording_add(struct learn_recording *recording, struct learn_run *run);
void learn_recording_done(struct learn_recording *recording);

/* What was run, for the record. */
int learn_run_set_command(struct learn_run *run, char *const argv[]);
/* What is delegated where the process pid is (0: this one), all its mounts together. */
int learn_run_set_now(struct learn_run *run, pid_t pid);

/* Adds the runs of a file; "-" is standard input. */
int learn_recording_read(struct learn_recording *recording, const char *path,
			 struct bpftoken_error *err);
int learn_recording_format(const struct learn_recording *recording, struct text *out);

/* An attempt at something needless: made, never used, and gone. */
static inline bool learn_is_probe(const struct learn_call *call)
{
	return call->closed && !call->used;
}

/* Is the command one of the four, in a way that the kernel knows how to delegate? */
static inline bool learn_is_delegable(const struct learn_call *call)
{
	return !call->unreadable && learn_command(call->cmd)->class == LEARN_DELEGABLE;
}

#endif
