/* SPDX-License-Identifier: MIT */
/*
 * The parts of the text of `bpftoken probe`: its reasons and their numbers, the facts about
 * the system above its sections, and the sections.
 */
#ifndef BPFTOKEN_PROBE_TEXT_H
#define BPFTOKEN_PROBE_TEXT_H

#include "probe-report.h"

#include "answers.h"

/* Label of an item that works, and of what is counted only. */
#define LABEL_WORKS 0
#define LABEL_COUNTED SIZE_MAX

struct printer {
	const struct probe_report *report;
	size_t *labels; /* of each item: number of its reason, or one of the above */
	struct reasons reasons;
	bool *told; /* of each item: shown already, with every type of its section */
	bool has_told; /* something of the section that is being shown */
	bool colour, failed;
};

/* The order of the answers within a group; ANSWER_NOT_ASKED is any negative errno. */
#define ANSWER_NOT_ASKED (-1)
#define ANSWERS 6
extern const int probe_answer_order[ANSWERS];
bool probe_is_answer(const struct probe_item *item, int answer);

/* Behind the last item of the group that begins there. */
size_t probe_group_end(const struct probe_list *list, size_t first);

/* Gives every item its label, in the order in which reasons are referred to. */
void probe_label_all(struct printer *printer);

/* A heading, and the part above all sections of questions. */
void probe_print_title(const struct printer *printer, const char *title);
void probe_print_system(struct printer *printer);

#endif
