/* SPDX-License-Identifier: MIT */
/*
 * The report of `bpftoken probe` for people: by section and type, what works, and what
 * does not by reason. A reason that differs between items in their names alone is one.
 */
#include "probe-text.h"

#include "dialects.h"
#include "policy.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define LABEL_COLUMNS 26

static const char *colour_of(int answer)
{
	switch (answer) {
	case BPFTOKEN_WORKS:
		return "\033[32m";
	case BPFTOKEN_KERNEL_LACKS:
		return "\033[2m";
	default:
		return answer < 0 ? "\033[2m" : "\033[31m";
	}
}

void probe_print_title(const struct printer *printer, const char *title)
{
	printf(printer->colour ? "\n\033[1m=== %s ===\033[m\n" : "\n=== %s ===\n", title);
}

/* Not asked for the sake of the kernel's log: said once for a section. */
static bool is_spared(const struct probe_item *item)
{
	return item->answer == -ECANCELED;
}

/* A label and, in its column, words. */
static void print_words(struct printer *printer, int answer, size_t label,
			const char *words)
{
	_cleanup_text_ struct text out = { 0 };
	char left[64];
	int len;

	if (label == LABEL_WORKS || label == LABEL_COUNTED)
		len = snprintf(left, sizeof(left), "  %s", answer_word(answer));
	else
		len = snprintf(left, sizeof(left), "  %s [%zu]", answer_word(answer),
			       label);
	host_add_words(&out, words, LABEL_COLUMNS);
	printer->failed |= out.failed;
	printf("%s%s%s%*s%s\n", printer->colour ? colour_of(answer) : "", left,
	       printer->colour ? "\033[m" : "",
	       len < LABEL_COLUMNS ? LABEL_COLUMNS - len : 1, "",
	       out.data ? out.data : "");
}

/* The items [first, last) that have the label of item first, and are not shown yet. */
static void print_label(struct printer *printer, size_t first, size_t last, bool *shown)
{
	const struct probe_item *items = printer->report->list.items;
	_cleanup_text_ struct text words = { 0 };
	size_t count = 0, label = printer->labels[first];

	for (size_t i = first; i < last; i++) {
		if (printer->labels[i] != label || items[i].answer != items[first].answer)
			continue;
		text_add(&words, "%s%s", count++ ? " " : "", items[i].name);
		shown[i] = true;
	}
	if (label == LABEL_COUNTED) {
		text_done(&words);
		text_add(&words, "%zu more: --json names them", count);
	}
	printer->failed |= words.failed;
	print_words(printer, items[first].answer, label, words.data ? words.data : "");
}

/* Do two groups of items have the same names and labels throughout? */
static bool same_group(const struct printer *printer, size_t a, size_t b, size_t count)
{
	const struct probe_item *items = printer->report->list.items;

	for (size_t i = 0; i < count; i++)
		if (items[a + i].value != items[b + i].value ||
		    items[a + i].answer != items[b + i].answer ||
		    printer->labels[a + i] != printer->labels[b + i])
			return false;
	return true;
}

/* The names of this group and of all later ones that are like it. */
static void print_group_names(struct printer *printer, size_t first, size_t last,
			      bool *shown)
{
	const struct probe_list *list = &printer->report->list;
	_cleanup_text_ struct text names = { 0 }, out = { 0 };
	size_t count = last - first, end;

	text_add(&names, "%s", list->items[first].group);
	for (size_t i = last; i < list->count; i = end) {
		end = probe_group_end(list, i);
		if (list->items[i].section != list->items[first].section)
			break;
		if (end - i != count || !same_group(printer, first, i, count))
			continue;
		text_add(&names, " %s", list->items[i].group);
		memset(shown + i, true, count);
	}
	host_add_words(&out, names.data ? names.data : "", 0);
	printer->failed |= names.failed || out.failed;
	puts(out.data ? out.data : "");
}

/* All of a group with one reason: it is enough to say so. */
static bool print_whole_group(struct printer *printer, size_t first, size_t last)
{
	const struct probe_item *item = &printer->report->list.items[first];
	char words[64];

	for (size_t i = first; i < last; i++)
		if (printer->labels[i] != printer->labels[first] &&
		    !is_spared(item - first + i))
			return false;
	if (!item->section->many || last - first < 8)
		return false;
	snprintf(words, sizeof(words), "all %zu: --json names them", last - first);
	print_words(printer, item->answer, printer->labels[first], words);
	return true;
}

static void print_group(struct printer *printer, size_t first, size_t last, bool *shown)
{
	const struct probe_item *items = printer->report->list.items;

	if (items[first].group)
		print_group_names(printer, first, last, shown);
	if (print_whole_group(printer, first, last))
		return;
	for (size_t o = 0; o < ANSWERS; o++)
		for (size_t i = first; i < last; i++)
			if (!shown[i] &&
			    probe_is_answer(&items[i], probe_answer_order[o]) &&
			    !is_spared(&items[i]))
				print_label(printer, i, last, shown);
}

/* Behind the last group of a section: what was not asked in any of them. */
static void print_spared(struct printer *printer, size_t last)
{
	const struct probe_item *items = printer->report->list.items;
	_cleanup_text_ struct text words = { 0 };
	const char *group = items[last - 1].group;
	size_t label = 0;

	for (size_t i = last; i > 0 && items[i - 1].group == group &&
			      items[i - 1].section == items[last - 1].section;
	     i--) {
		if (!is_spared(&items[i - 1]))
			continue;
		label = printer->labels[i - 1];
		text_add(&words, "%s%s", words.len ? " " : "", items[i - 1].name);
	}
	if (!words.data)
		return;
	printer->failed |= words.failed;
	puts(group ? "all of them" : "");
	print_words(printer, -ECANCELED, label, words.data);
}

static int print_items(struct printer *printer)
{
	const struct probe_list *list = &printer->report->list;
	_cleanup_free_ bool *shown = calloc(list->count + 1, sizeof(*shown));
	const struct probe_section *section = NULL;
	size_t last;

	if (!shown)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i = last) {
		last = probe_group_end(list, i);
		if (list->items[i].section != section)
			probe_print_title(printer, list->items[i].section->title);
		section = list->items[i].section;
		if (!shown[i])
			print_group(printer, i, last, shown);
		if (last == list->count || list->items[last].section != section)
			print_spared(printer, last);
	}
	return 0;
}

static int print_token(const struct probe_report *report)
{
	_cleanup_free_ char *permits = NULL;

	if (report->permits) {
		if (bpftoken_policy_format(report->permits, "mount", &permits, NULL) < 0)
			return -ENOMEM;
		printf("With a token: %.*s\n", (int)strcspn(permits, "\n"), permits);
		return 0;
	}
	puts("Without a token");
	if (report->no_token)
		printf("  %s: %s\n  to change it: %s\n", report->no_token->what,
		       report->no_token->why, report->no_token->fix);
	return 0;
}

int probe_print_text(const struct probe_report *report)
{
	_cleanup_free_ size_t *labels = calloc(report->list.count + 1, sizeof(*labels));
	struct printer printer = { .report = report,
				   .labels = labels,
				   .colour = probe_colours() };
	int r = labels ? print_token(report) : -ENOMEM;

	if (r < 0)
		return r;
	probe_label_all(&printer);
	if (!printer.failed) {
		probe_print_system(&printer);
		r = print_items(&printer);
		reasons_print(&printer.reasons);
	}
	reasons_done(&printer.reasons);
	return printer.failed ? -ENOMEM : r;
}
