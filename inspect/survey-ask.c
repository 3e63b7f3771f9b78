/* SPDX-License-Identifier: MIT */
/*
 * What the mounts themselves answer: how old a bpffs is, and whether it is of the user
 * namespace of those who see it. The kernel shows nobody the user namespace that a
 * superblock was mounted for; but it knows ids: a bpffs that has an id for a host uid
 * which the container has not, or has none for the container's root, is another's. What
 * nobody can tell apart are two user namespaces with the same map.
 */
#include "survey.h"

#include "aside.h"
#include "bpffs.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* linux/proc_ns.h: the inode of the first user namespace. */
#define PROC_USER_INIT_INO 0xEFFFFFFDU

struct question {
	uint32_t place;
	struct survey_user user;
};

struct questions {
	const struct survey *survey;
	struct question *at;
	size_t count, size;
};

struct reply {
	bool answered;
	enum survey_fit fit;
	int64_t since;
};

#define MOST_RANGES 16

/* A map's ranges in host ids. */
struct ids {
	uint32_t first[MOST_RANGES], last[MOST_RANGES];
	size_t count;
};

static void read_ids(pid_t pid, const char *file, struct ids *ids)
{
	char path[64], map[4096];
	const char *line = map;
	unsigned int inside, host, count;
	int used;

	ids->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	(void)text_read_file(path, map, sizeof(map));
	while (ids->count < MOST_RANGES &&
	       sscanf(line, "%u %u %u%n", &inside, &host, &count, &used) == 3) {
		ids->first[ids->count] = host;
		ids->last[ids->count++] = host + count - 1;
		line += used;
	}
}

static bool has_id(const struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (id >= ids->first[i] && id <= ids->last[i])
			return true;
	return false;
}

/* Does the bpffs know an id, as uid or as gid, that the container does not? */
static bool knows_foreign(int fd, const struct ids *uids, const struct ids *gids,
			  uint32_t id)
{
	if (id == UINT32_MAX)
		return false;
	if (!has_id(uids, id) && sys_knows_ids(fd, id, gids->first[0]) == 1)
		return true;
	return !has_id(gids, id) && sys_knows_ids(fd, uids->first[0], id) == 1;
}

static enum survey_fit judge_fit(int fd, pid_t pid)
{
	struct ids uids, gids;
	int r;

	read_ids(pid, "uid_map", &uids);
	read_ids(pid, "gid_map", &gids);
	if (!uids.count || !gids.count)
		return SURVEY_FIT_UNKNOWN;
	r = sys_knows_ids(fd, uids.first[0], gids.first[0]);
	if (r <= 0)
		return r == 0 ? SURVEY_FIT_OTHER : SURVEY_FIT_UNKNOWN;
	if (knows_foreign(fd, &uids, &gids, 0))
		return SURVEY_FIT_INITIAL;
	for (size_t i = 0; i < uids.count; i++)
		if (knows_foreign(fd, &uids, &gids, uids.first[i] - 1) ||
		    knows_foreign(fd, &uids, &gids, uids.last[i] + 1))
			return SURVEY_FIT_OTHER;
	for (size_t i = 1; i < uids.count; i++)
		if (sys_knows_ids(fd, uids.first[i], gids.first[0]) == 0)
			return SURVEY_FIT_OTHER;
	return SURVEY_FITS;
}

static void ask_place(size_t index, void *answer, const void *data)
{
	const struct questions *questions = data;
	const struct question *question = &questions->at[index];
	const struct survey *survey = questions->survey;
	const struct survey_place *place = &survey->places.at[question->place];
	const struct survey_bpffs *bpffs = &survey->bpffs.at[place->bpffs];
	_cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
	struct reply *reply = answer;
	struct sys_file file;
	char path[64];
	uint32_t type;

	reply->answered = true;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)question->user.pid);
	root_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (root_fd < 0)
		return;
	fd = sys_open_in_root(root_fd, place->path, O_PATH | O_DIRECTORY);
	/* Covered by another mount, or gone. */
	if (fd < 0 || sys_look_at(fd, "", &file) < 0 || file.dev != bpffs->device)
		return;
	reply->since = file.oldest;
	if (question->user.id != PROC_USER_INIT_INO && sys_fs_type(fd, &type) == 0 &&
	    type == BPFFS_MAGIC)
		reply->fit = judge_fit(fd, question->user.pid);
}

/* One for each user namespace that sees the place. */
static int add_questions(const struct survey *survey, uint32_t place,
			 struct questions *questions)
{
	const struct survey_space *space =
		&survey->spaces.at[survey->places.at[place].space];

	for (size_t i = 0; i < space->user_count; i++) {
		struct question *grown =
			array_grow(questions->at, questions->count, &questions->size,
				   sizeof(*questions->at));

		if (!grown)
			return -ENOMEM;
		questions->at = grown;
		questions->at[questions->count++] =
			(struct question){ place, space->users[i] };
	}
	return 0;
}

/* Something of each bpffs first, should the time not suffice for all. */
static int gather(const struct survey *survey, struct questions *questions)
{
	int r = 0;

	for (int rest = 0; rest < 2; rest++) {
		for (uint32_t i = 0; r == 0 && i < survey->places.count; i++) {
			const struct survey_bpffs *bpffs =
				&survey->bpffs.at[survey->places.at[i].bpffs];

			if ((bpffs->first_place != i) == rest)
				r = add_questions(survey, i, questions);
		}
	}
	return r;
}

static void take_reply(struct survey *survey, const struct question *question,
		       const struct reply *reply)
{
	struct survey_place *place = &survey->places.at[question->place];
	bool first = !place->user.pid;

	survey->unseen.files += !reply->answered;
	if (first || (reply->fit < place->fit && place->fit != SURVEY_FITS)) {
		place->fit = reply->fit;
		place->user = question->user;
	}
	if (reply->since && (!place->since || reply->since < place->since))
		place->since = reply->since;
}

int survey_ask(struct survey *survey)
{
	struct questions questions = { .survey = survey };
	_cleanup_free_ struct reply *replies = NULL;
	int r = gather(survey, &questions);

	if (r == 0 && questions.count) {
		replies = calloc(questions.count, sizeof(*replies));
		r = replies ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < questions.count; i++)
		replies[i].fit = questions.at[i].user.id == PROC_USER_INIT_INO
					 ? SURVEY_FIT_INITIAL
					 : SURVEY_FIT_UNKNOWN;
	if (r == 0)
		aside_ask(questions.count, ask_place, replies, sizeof(*replies),
			  &questions);
	for (size_t i = 0; r == 0 && i < questions.count; i++)
		take_reply(survey, &questions.at[i], &replies[i]);
	free(questions.at);
	return r;
}
