/* SPDX-License-Identifier: MIT */
/*
 * `list --watch`: a survey whenever a mount namespace says that its mounts have changed
 * (POLLPRI of its mountinfo), a process through which one is watched ends, or a second is
 * over, which is how new namespaces and holders are found. An open mountinfo keeps its
 * namespace, so that none stays open from one survey to the next one's end.
 */
#include "list.h"

#include "json.h"
#include "show.h"

#include <fcntl.h>
#include <string.h>

#define INTERVAL_MS 1000
#define SHORTEST_MS 100
#define MOST_WATCHED 1024

/* ------------------------------------------------------------ what has changed */

static bool shares_mount(const struct survey *a, const struct survey_bpffs *x,
			 const struct survey *b, const struct survey_bpffs *y)
{
	for (uint32_t i = x->first_place; i != SURVEY_NONE; i = a->places.at[i].next)
		for (uint32_t j = y->first_place; j != SURVEY_NONE;
		     j = b->places.at[j].next)
			if (a->places.at[i].mount_id == b->places.at[j].mount_id)
				return true;
	return false;
}

/* The kernel gives the number of a device that is gone to the next one that comes. */
static const struct survey_bpffs *
find_same(const struct survey *a, const struct survey_bpffs *x, const struct survey *b)
{
	for (size_t i = 0; i < b->bpffs.count; i++) {
		const struct survey_bpffs *y = &b->bpffs.at[i];

		if (x->device != y->device)
			continue;
		if (shares_mount(a, x, b, y) || (x->since && x->since == y->since) ||
		    !x->place_count || !y->place_count)
			return y;
	}
	return NULL;
}

static bool has_changed(const struct survey *a, const struct survey_bpffs *x,
			const struct survey *b, const struct survey_bpffs *y)
{
	if (x->place_count != y->place_count || x->holder_count != y->holder_count ||
	    x->tokens != y->tokens)
		return true;
	for (size_t i = 0; i < SURVEY_FLAGS; i++)
		if (!x->says[i] != !y->says[i])
			return true;
	for (uint32_t i = 0; i < x->holder_count; i++)
		if (a->holders.at[x->first_holder + i].holder.pid !=
		    b->holders.at[y->first_holder + i].holder.pid)
			return true;
	return false;
}

static void report(struct list_options *list, const struct survey *survey,
		   const char *event, const struct survey_bpffs *bpffs)
{
	_cleanup_json_ struct json_object *line = NULL;

	list->survey = survey;
	if (!list_wants(bpffs, list))
		return;
	if (!list->json) {
		list_print_event(list, event, bpffs);
		return;
	}
	line = json_object_new_object();
	if (json_add(line, "event", json_object_new_string(event)) &&
	    json_add(line, "time", json_object_new_int64(survey->now)) &&
	    json_add(line, "delegation", survey_bpffs_json(survey, bpffs)))
		puts(json_object_to_json_string_ext(
			line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void report_changes(struct list_options *list, const struct survey *before,
			   const struct survey *after)
{
	for (size_t i = 0; i < before->bpffs.count; i++)
		if (!find_same(before, &before->bpffs.at[i], after))
			report(list, before, "gone", &before->bpffs.at[i]);
	for (size_t i = 0; i < after->bpffs.count; i++) {
		const struct survey_bpffs *now = &after->bpffs.at[i];
		const struct survey_bpffs *then = find_same(after, now, before);

		if (!then)
			report(list, after, "new", now);
		else if (has_changed(before, then, after, now))
			report(list, after, "changed", now);
	}
	fflush(stdout);
}

/* ------------------------------------------------------------------- waiting */

struct watch {
	struct pollfd fds[2 * MOST_WATCHED];
	unsigned int count;
};

static void watch_end(struct watch *watch)
{
	while (watch->count)
		sys_close(watch->fds[--watch->count].fd);
}

static void watch_begin(struct watch *watch, const struct survey *survey, int most)
{
	for (size_t i = 0; i < survey->views.count; i++) {
		pid_t pid = survey->views.at[i];
		char path[64];
		int fd;

		if (watch->count + 2 > ARRAY_SIZE(watch->fds) ||
		    (int)watch->count + 64 > most)
			break;
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
		fd = sys_openat(AT_FDCWD, path, O_RDONLY);
		if (fd < 0)
			continue;
		watch->fds[watch->count++] = (struct pollfd){ fd, POLLPRI, 0 };
		fd = sys_pidfd_open(pid);
		if (fd >= 0)
			watch->fds[watch->count++] = (struct pollfd){ fd, POLLIN, 0 };
	}
}

/* Until something happens, but neither at once nor for ever. */
static void wait_for_change(struct watch *watch)
{
	uint64_t begin = sys_now_ms();
	uint64_t passed;

	(void)sys_poll(watch->fds, watch->count, INTERVAL_MS);
	watch_end(watch);
	passed = sys_now_ms() - begin;
	if (passed < SHORTEST_MS)
		(void)sys_poll(NULL, 0, (int)(SHORTEST_MS - passed));
}

int list_watch(struct list_options *list)
{
	static struct watch watch;
	_cleanup_survey_ struct survey before = { 0 };
	struct bpftoken_error err;
	int most = sys_raise_files();

	for (bool first = true;; first = false) {
		struct survey after;

		if (survey_make(&after, &err) < 0)
			return cli_fail(&err);
		report_changes(list, &before, &after);
		survey_done(&before);
		before = after;
		list->survey = &before;
		if (first)
			list_note_unseen(&before);
		if (list_fails(list))
			return CLI_POLICY;
		if (ferror(stdout))
			return CLI_FAILED;
		watch_begin(&watch, &before, most);
		wait_for_change(&watch);
	}
}
