/* SPDX-License-Identifier: MIT */
/*
 * What is delegated on this host: one walk over /proc finds every bpffs that delegates,
 * the mount namespaces that it is in, the user namespaces of the processes there, and
 * the processes that hold tokens. Of other processes' descriptors only stat() and statfs()
 * are asked; no token is opened and no fdinfo read. What may wait for somebody else (a
 * path of a container, a filesystem that nobody mounts) is asked by a child (aside.h).
 */
#ifndef BPFTOKEN_INSPECT_SURVEY_H
#define BPFTOKEN_INSPECT_SURVEY_H

#include "engine.h"
#include "error.h"
#include "policy.h"
#include "table.h"
#include "warn.h"

/* What can be wrong with a delegation; the names are survey_flag_names[]. */
enum survey_flag {
	SURVEY_OVER_BROAD,
	SURVEY_HOST_WIDE,
	SURVEY_INITIAL_USERNS,
	SURVEY_WRONG_USERNS,
	SURVEY_USER_OWNED,
	SURVEY_DETACHED,
	SURVEY_HOST_NET,
	SURVEY_HOST_CGROUP,
	SURVEY_INERT,
	SURVEY_FLAGS,
};
extern const char *const survey_flag_names[SURVEY_FLAGS];

#define SURVEY_USERS 8
#define SURVEY_NONE UINT32_MAX

/* A mount namespace that shows a delegated bpffs, and who lives in it. */
struct survey_space {
	uint64_t id; /* 0: may not be looked at */
	pid_t pid; /* the first of its processes; 0: it has none, and no users */
	struct survey_user {
		uint64_t id; /* of the user namespace */
		pid_t pid;
	} users[SURVEY_USERS];
	size_t user_count;
	struct engine_container container; /* engine NULL: in none that is known */
};

/* Whether a token can be made there. */
enum survey_fit {
	SURVEY_FITS,
	SURVEY_FIT_UNKNOWN,
	SURVEY_FIT_INITIAL, /* it, or who sees it, is of the initial user namespace */
	SURVEY_FIT_OTHER, /* it was mounted for another user namespace */
};

/* A mount of a delegated bpffs. */
struct survey_place {
	uint64_t mount_id;
	uint32_t bpffs, space; /* indices */
	uint32_t next; /* place of the same bpffs, or SURVEY_NONE */
	char *path; /* as its processes see it; any bytes */
	bool whole; /* not a directory of it only */
	enum survey_fit fit;
	struct survey_user user; /* whom it fits, or the first who sees it */
	int64_t since; /* when the bpffs was made, at the latest; 0 = not known */
};

struct survey_holder {
	uint32_t bpffs;
	struct bpftoken_holder holder;
};

struct survey_bpffs {
	uint64_t device; /* st_dev */
	bool has_policy; /* not known of one that is nowhere mounted */
	struct bpftoken_policy policy;
	bool has_uid;
	uint32_t uid; /* of its root directory */
	int64_t since;
	uint32_t first_place, last_place, place_count; /* SURVEY_NONE */
	uint32_t first_holder, holder_count; /* in survey.holders */
	uint32_t tokens; /* in all */
	uint32_t shown; /* the place that is shown for it, SURVEY_NONE = nowhere */
	bool has_facts;
	struct warn_facts facts; /* of the process of the shown place */
	char *says[SURVEY_FLAGS]; /* a sentence, or NULL: not so */
};

struct survey {
	struct {
		struct survey_space *at;
		size_t count, size;
	} spaces;
	struct {
		struct survey_place *at;
		size_t count, size;
	} places;
	struct {
		struct survey_bpffs *at;
		size_t count, size;
	} bpffs;
	struct {
		struct survey_holder *at;
		size_t count, size;
	} holders;
	/* A process for each view of a mount namespace, delegated bpffs in it or not. */
	struct {
		pid_t *at;
		size_t count, size;
	} views;
	/* What could not be looked at. */
	struct {
		uint32_t processes; /* their namespaces */
		uint32_t tables; /* processes, their descriptors */
		uint32_t files; /* filesystems that did not answer */
		uint32_t spaces; /* mount namespaces without processes */
	} unseen;
	uint32_t processes; /* that there are */
	bool part; /* only the processes of one pid namespace are seen, not the host's */
	int64_t now;
};

/* 0, or a negative errno with err filled. */
int survey_make(struct survey *ret_survey, struct bpftoken_error *err);
void survey_done(struct survey *survey);

/* Is something missing? */
bool survey_is_partial(const struct survey *survey);

#define _cleanup_survey_ _cleanup_(survey_done)

/* Index of a name of survey_flag_names[], or -EINVAL. */
int survey_find_flag(const char *name);

/* ------------------------------------- the steps, in survey-*.c; in this order */

/* Every process: spaces, places, bpffs, holders. */
int survey_walk(struct survey *survey);
/* What is asked aside: fits and ages. */
int survey_ask(struct survey *survey);
/* Which place is shown, its container and facts, and the flags. */
int survey_judge(struct survey *survey);

#endif
