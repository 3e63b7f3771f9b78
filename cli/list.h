/* SPDX-License-Identifier: MIT */
/* What the files of `bpftoken list` share. */
#ifndef BPFTOKEN_LIST_H
#define BPFTOKEN_LIST_H

#include "cli.h"
#include "survey.h"

struct list_options {
	uint32_t pid; /* 0 = all */
	const char *container, *html;
	bool holders, json, watch;
	uint32_t fail_on; /* flags, one bit each */

	/* from --pid or --container on */
	uint64_t space; /* mount namespace, 0 = all */
	struct engine_container meant; /* engine NULL: no container */
	const struct survey *survey; /* that is being shown */
};

/* Is it one of those that the options ask for? For the reports of inspect/. */
bool list_wants(const struct survey_bpffs *bpffs, const void *options);

/* Has one that is shown a flag of --fail-on? */
bool list_fails(const struct list_options *options);

/* list-text.c */
void list_print(const struct list_options *options);
/* One line about one of them, for --watch. */
void list_print_event(const struct list_options *options, const char *event,
		      const struct survey_bpffs *bpffs);

/* list-watch.c; the exit status */
int list_watch(struct list_options *options);

/* The note about what could not be seen, on stderr. */
void list_note_unseen(const struct survey *survey);

#endif
