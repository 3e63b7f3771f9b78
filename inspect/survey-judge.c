/* SPDX-License-Identifier: MIT */
/*
 * What is to be said of each delegation: the place that is shown for it, the container
 * there, and the flags, whose sentences are those of lint and of the warnings where
 * these have them.
 */
#include "survey.h"

#include "lint.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Rules of lint and names of warnings that are flags. */
static const struct {
	const char *rule;
	enum survey_flag flag;
} rules[] = {
	{ "any", SURVEY_OVER_BROAD },	   { "inert-only", SURVEY_INERT },
	{ "host-wide", SURVEY_HOST_WIDE }, { "user-owned", SURVEY_USER_OWNED },
	{ "host-net", SURVEY_HOST_NET },   { "host-cgroup", SURVEY_HOST_CGROUP },
};

struct saying {
	struct survey_bpffs *bpffs;
	bool failed;
};

static void say(struct saying *saying, enum survey_flag flag, const char *sentence)
{
	char **says = &saying->bpffs->says[flag];
	_cleanup_text_ struct text text = { 0 };

	if (*says && strstr(*says, sentence))
		return;
	text_add(&text, *says ? "%s; %s" : "%s%s", *says ? *says : "", sentence);
	free(TAKE_PTR(*says));
	saying->failed |= text_take(&text, says) < 0;
}

static void say_rule(const char *rule, const char *sentence, void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rule, rules[i].rule))
			say(data, rules[i].flag, sentence);
}

static void say_finding(const struct lint_finding *finding, void *data)
{
	const struct saying *saying = data;

	say_rule(finding->rule, finding->reason, data);
	if (!strcmp(finding->rule, "types-without-command") &&
	    !saying->bpffs->policy.mask[BPFTOKEN_CMDS])
		say(data, SURVEY_INERT, finding->reason);
}

/* The place where it is used if there is one, or else the first. */
static void choose_place(struct survey *survey, struct survey_bpffs *bpffs)
{
	const struct survey_place *place;

	for (uint32_t i = bpffs->first_place; i != SURVEY_NONE; i = place->next) {
		place = &survey->places.at[i];
		if (bpffs->shown == SURVEY_NONE ||
		    place->fit < survey->places.at[bpffs->shown].fit)
			bpffs->shown = i;
		if (place->since && (!bpffs->since || place->since < bpffs->since))
			bpffs->since = place->since;
	}
}

static void say_fit(struct saying *saying, const struct survey_place *place)
{
	if (place->fit == SURVEY_FIT_OTHER)
		say(saying, SURVEY_WRONG_USERNS,
		    "it was mounted for another user namespace than that of the processes "
		    "that see it, so none of them can make a token of it");
	if (place->fit == SURVEY_FIT_INITIAL)
		say(saying, SURVEY_INITIAL_USERNS,
		    "it is in or of the initial user namespace, where the kernel makes no "
		    "tokens");
}

static void say_detached(struct saying *saying)
{
	char line[160];

	if (saying->bpffs->place_count)
		return;
	snprintf(
		line, sizeof(line),
		"no mount that a process sees shows it any more, and %u process%s still hold%s it",
		saying->bpffs->holder_count, saying->bpffs->holder_count == 1 ? "" : "es",
		saying->bpffs->holder_count == 1 ? "s" : "");
	say(saying, SURVEY_DETACHED, line);
}

static int judge(struct survey *survey, struct survey_bpffs *bpffs)
{
	const struct lint_input input = { .policy = &bpffs->policy };
	struct saying saying = { .bpffs = bpffs };
	const struct survey_place *place;

	choose_place(survey, bpffs);
	say_detached(&saying);
	if (bpffs->shown != SURVEY_NONE) {
		place = &survey->places.at[bpffs->shown];
		say_fit(&saying, place);
		bpffs->has_facts =
			place->user.pid &&
			warn_observe(place->user.pid, &bpffs->facts, NULL) == 0;
	}
	if (bpffs->has_policy && lint_policy(&input, say_finding, &saying) < 0)
		return -ENOMEM;
	if (bpffs->has_policy && bpffs->has_facts)
		warn_each(&bpffs->policy, &bpffs->facts, say_rule, &saying);
	return saying.failed ? -ENOMEM : 0;
}

/* A runtime's own state knows what no cgroup says. */
static void take_state(const struct engine_container *container, pid_t pid, void *data)
{
	struct survey *survey = data;
	uint64_t id;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (sys_inode(AT_FDCWD, path, &id) < 0)
		return;
	for (size_t i = 0; i < survey->spaces.count; i++) {
		struct survey_space *space = &survey->spaces.at[i];

		if (space->id == id && (!space->container.engine ||
					!strcmp(space->container.engine, "unit")))
			space->container = *container;
	}
}

int survey_judge(struct survey *survey)
{
	bool unknown = false;
	int r = 0;

	for (size_t i = 0; i < survey->spaces.count; i++) {
		struct survey_space *space = &survey->spaces.at[i];

		if (space->pid)
			(void)engine_of_pid(space->pid, &space->container);
		unknown |= !space->container.engine ||
			   !strcmp(space->container.engine, "unit");
	}
	if (unknown)
		engine_states("", take_state, survey);
	for (size_t i = 0; r == 0 && i < survey->bpffs.count; i++)
		r = judge(survey, &survey->bpffs.at[i]);
	return r;
}
