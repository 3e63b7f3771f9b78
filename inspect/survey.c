/* SPDX-License-Identifier: MIT */
/* A survey as a whole: its steps, and its end. */
#include "survey.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

/* linux/proc_ns.h: the inode of the first pid namespace. */
#define PROC_PID_INIT_INO 0xEFFFFFFCU

const char *const survey_flag_names[SURVEY_FLAGS] = {
	[SURVEY_OVER_BROAD] = "over-broad",
	[SURVEY_HOST_WIDE] = "host-wide",
	[SURVEY_INITIAL_USERNS] = "initial-userns",
	[SURVEY_WRONG_USERNS] = "wrong-userns",
	[SURVEY_USER_OWNED] = "user-owned",
	[SURVEY_DETACHED] = "detached",
	[SURVEY_HOST_NET] = "host-net",
	[SURVEY_HOST_CGROUP] = "host-cgroup",
	[SURVEY_INERT] = "inert",
};

int survey_find_flag(const char *name)
{
	for (int i = 0; i < SURVEY_FLAGS; i++)
		if (!strcmp(name, survey_flag_names[i]))
			return i;
	return -EINVAL;
}

bool survey_is_partial(const struct survey *survey)
{
	return survey->unseen.processes || survey->unseen.tables ||
	       survey->unseen.files || survey->unseen.spaces || survey->part;
}

int survey_make(struct survey *ret_survey, struct bpftoken_error *err)
{
	struct survey survey = { .now = time(NULL) };
	uint64_t pids;
	int r;

	survey.part = sys_inode(AT_FDCWD, "/proc/self/ns/pid", &pids) == 0 &&
		      pids != PROC_PID_INIT_INO;
	r = survey_walk(&survey);
	if (r == 0)
		r = survey_ask(&survey);
	if (r == 0)
		r = survey_judge(&survey);
	if (r < 0) {
		survey_done(&survey);
		err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL);
		err_what(err, "cannot look at the processes of this host");
		return r;
	}
	*ret_survey = survey;
	return 0;
}

void survey_done(struct survey *survey)
{
	for (size_t i = 0; i < survey->places.count; i++)
		free(survey->places.at[i].path);
	for (size_t i = 0; i < survey->bpffs.count; i++)
		for (size_t flag = 0; flag < SURVEY_FLAGS; flag++)
			free(survey->bpffs.at[i].says[flag]);
	free(survey->spaces.at);
	free(survey->places.at);
	free(survey->bpffs.at);
	free(survey->holders.at);
	free(survey->views.at);
	*survey = (struct survey){ 0 };
}
