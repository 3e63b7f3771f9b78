/* SPDX-License-Identifier: MIT */
/*
 * The mounts of a namespace, as `list` and `doctor` walk them: a mountinfo whose paths
 * the container chose. Each place is of one bpffs that delegates what its options say;
 * a second walk finds nothing new.
 */
#include "dialect.h"
#include "fake-sys.h"
#include "fuzz.h"
#include "mountinfo.h"
#include "survey-walk.h"

#include <fcntl.h>

#define NSFS 4 /* minor number of the device */
#define PID 77
#define SPACE 4026532000U

/* The walk's own are of files that open namespaces. */
int64_t walk_bpffs(struct walk *walk, uint64_t device)
{
	struct survey *survey = walk->survey;
	struct survey_bpffs *bpffs;

	for (size_t i = 0; i < survey->bpffs.count; i++)
		if (survey->bpffs.at[i].device == device)
			return (int64_t)i;
	bpffs = ARRAY_ADD(survey, bpffs);
	fuzz_check(bpffs);
	bpffs->device = device;
	bpffs->first_place = bpffs->last_place = bpffs->shown = SURVEY_NONE;
	return (int64_t)survey->bpffs.count - 1;
}

int walk_keep(struct walk *walk, const struct walk_kept *kept)
{
	fuzz_check(kept->path && kept->path[0] && kept->pid == PID && kept->ns_fd < 0);
	return table_put(&walk->met, kept->space, 1);
}

static void walk_once(struct walk *walk, const uint8_t *data, size_t size, size_t at_once)
{
	int fd, r;

	fake_reset();
	fake.read_most = at_once;
	fake_file_bytes("mountinfo", data, size);
	fd = sys_openat(AT_FDCWD, "mountinfo", O_RDONLY);
	r = walk_mountinfo(walk, fd, PID, SPACE);
	fuzz_check(r <= 0);
	sys_close(fd);
	fake_assert_closed(-1);
}

static bool delegates(const struct bpftoken_policy *policy)
{
	uint64_t all = 0;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		all |= policy->mask[set];
	return all;
}

static void check_places(const struct survey *survey)
{
	size_t places = 0;

	for (size_t i = 0; i < survey->bpffs.count; i++) {
		const struct survey_bpffs *bpffs = &survey->bpffs.at[i];
		uint32_t at = bpffs->first_place, last = SURVEY_NONE, count = 0;

		fuzz_check(!bpffs->has_policy || delegates(&bpffs->policy));
		for (; at != SURVEY_NONE; at = survey->places.at[at].next, count++) {
			fuzz_check(at < survey->places.count &&
				   count <= survey->places.count);
			fuzz_check(survey->places.at[at].bpffs == i &&
				   survey->places.at[at].path);
			fuzz_check(survey->places.at[at].space < survey->spaces.count);
			last = at;
		}
		fuzz_check(last == bpffs->last_place && count == bpffs->place_count);
		places += count;
	}
	fuzz_check(places == survey->places.count && survey->spaces.count <= 1);
}

static void done(struct walk *walk, struct survey *survey)
{
	for (size_t i = 0; i < survey->places.count; i++)
		free(survey->places.at[i].path);
	free(survey->places.at);
	free(survey->bpffs.at);
	free(survey->spaces.at);
	table_done(&walk->spaces);
	table_done(&walk->mounts);
	table_done(&walk->devices);
	table_done(&walk->met);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct survey survey = { .processes = 0 };
	struct walk walk = { .survey = &survey, .proc_fd = -EBADF, .nsfs = NSFS };
	size_t places;

	if (!size)
		return false;
	walk_once(&walk, data + 1, size - 1, SIZE_MAX);
	check_places(&survey);
	places = survey.places.count;
	walk_once(&walk, data + 1, size - 1, 1 + data[0] % 64U);
	check_places(&survey);
	fuzz_check(survey.places.count == places);
	done(&walk, &survey);
	return true;
}
