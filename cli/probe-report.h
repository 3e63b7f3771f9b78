/* SPDX-License-Identifier: MIT */
/*
 * bpftoken probe: the questions (sections of items), their answers, and the forms in
 * which they are shown. Questions are listed first, asked by a few threads in any order,
 * and shown in the order of the list.
 */
#ifndef BPFTOKEN_PROBE_REPORT_H
#define BPFTOKEN_PROBE_REPORT_H

#include "cli.h"

#include "probe-system.h"

/* Why an item does not work; one for all items that have the same. */
struct probe_reason {
	char *why, *fix;
};

struct probe_item {
	const struct probe_section *section;
	const char *group; /* program or map type that the question is about, or NULL */
	const char *name;
	uint32_t type, value; /* of group and of name */
	int answer; /* enum bpftoken_answer, or a negative errno: not asked */
	const struct probe_reason *reason; /* NULL when it works */
};

struct probe_list {
	struct probe_item *items;
	size_t count, size;
};

struct probe_section {
	const char *name; /* on the command line and in JSON */
	const char *title; /* above its part of the text */
	const char *noun, *group_noun; /* what an item and a group is, in a sentence */
	int set; /* whose names the items have, -1 none */
	int (*list)(struct probe_list *list, const struct probe_section *section);
	int (*ask)(const struct probe_item *item, int token_fd,
		   struct bpftoken_error *reason);
	bool many; /* text counts what the kernel lacks instead of naming it */
};

/* In the order in which they are shown; ends with a row without name. */
extern const struct probe_section probe_sections[];
/* The section that is no list of questions. */
#define PROBE_SYSTEM "system"

/* 0 or -ENOMEM. An item without a name is left out. */
int probe_list_add(struct probe_list *list, const struct probe_item *item);

/* Asks again: whether it would leave a line in the kernel's log. */
bool probe_is_noisy(const struct probe_item *item);

struct probe_report {
	struct probe_list list;
	struct system_facts facts; /* count 0: not asked for */
	int token_fd; /* -1: none */
	const struct bpftoken_policy *permits; /* of the token, or NULL */
	const struct bpftoken_error *no_token; /* why there is none, or NULL */
	bool full; /* ask also what leaves a line in the kernel's log */
	bool counts_only; /* of many items that the kernel lacks no reason is shown */
	void *reasons; /* tree of struct probe_reason */
	void *operands; /* the texts that names of items may point into */
};

/*
 * What the operands name: "SECTION", "SECTION/GROUP", "SECTION/NAME" or
 * "SECTION/GROUP/NAME", '.' as good as '/'; none: everything. Fills the report's list and
 * facts, and *ret_items with whether only items are named. 0, or an exit status after an
 * error was printed.
 */
int probe_select(const struct cli_command *command, struct probe_report *report,
		 int count, char **operands, bool *ret_items);

/* Asks everything in the list; progress is shown on standard error if it is a terminal. */
int probe_ask_all(struct probe_report *report);
void probe_report_done(struct probe_report *report);

/* The three forms; each returns 0 or -ENOMEM. */
int probe_print_text(const struct probe_report *report);
int probe_print_json(const struct probe_report *report);
int probe_print_macros(const struct probe_report *report);

/* Compares two reports of --json; returns the exit status. */
int probe_diff(const struct cli_command *command, int count, char **operands, bool json);

/* Is standard output a terminal that wants colour? */
bool probe_colours(void);

#endif
