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
/* As many that the kernel lacks are named, more are counted. */
#define NAMED_AT_MOST 8
/* What works with every type is said once, where there are as many types and items. */
#define COMMON_TYPES 4
#define COMMON_ITEMS 8

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
		len = snprintf(left, sizeof(left), "  %s%s", answer_word(answer),
			       label == LABEL_WORKS && printer->has_told ? " as well"
									 : "");
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
		if (printer->labels[i] != label ||
		    items[i].answer != items[first].answer || printer->told[i])
			continue;
		text_add(&words, "%s%s", count++ ? " " : "", items[i].name);
		shown[i] = true;
	}
	if (label == LABEL_COUNTED && count > NAMED_AT_MOST) {
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
			if (!shown[i] && !printer->told[i] &&
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

/* The items of a section: groups of the same items, one behind the other. */
struct section {
	size_t first, last, group;
};

/* False where the groups are not alike, or few. */
static bool find_section(const struct probe_list *list, size_t first, struct section *ret)
{
	const struct probe_item *items = list->items;
	size_t group = probe_group_end(list, first) - first, last = first;

	for (; last < list->count && items[last].section == items[first].section; last++)
		if (items[last].value != items[first + (last - first) % group].value)
			return false;
	*ret = (struct section){ first, last, group };
	return items[first].section->many && group >= COMMON_ITEMS &&
	       (last - first) / group >= COMMON_TYPES;
}

static bool any_works(const struct probe_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].answer == BPFTOKEN_WORKS)
			return true;
	return false;
}

/* Does the nth item work in every group in which anything does? */
static bool is_common(const struct probe_item *items, const struct section *section,
		      size_t n)
{
	size_t works = 0;

	for (size_t i = section->first; i < section->last; i += section->group) {
		if (items[i + n].answer == BPFTOKEN_WORKS)
			works++;
		else if (any_works(items + i, section->group))
			return false;
	}
	return works >= COMMON_TYPES;
}

static void tell_common(struct printer *printer, const struct section *section, size_t n,
			struct text *words)
{
	const struct probe_item *items = printer->report->list.items;

	text_add(words, "%s%s", words->len ? " " : "", items[section->first + n].name);
	for (size_t i = section->first; i < section->last; i += section->group)
		printer->told[i + n] = items[i + n].answer == BPFTOKEN_WORKS;
}

/* Above the groups: what works in all of them. */
static void print_common(struct printer *printer, size_t first)
{
	const struct probe_item *items = printer->report->list.items;
	_cleanup_text_ struct text words = { 0 }, names = { 0 }, out = { 0 };
	struct section section;
	size_t count = 0;

	if (!find_section(&printer->report->list, first, &section))
		return;
	for (size_t n = 0; n < section.group; n++)
		count += is_common(items, &section, n);
	if (count < COMMON_ITEMS)
		return;
	for (size_t n = 0; n < section.group; n++)
		if (is_common(items, &section, n))
			tell_common(printer, &section, n, &words);
	text_add(&names, "every %s", items[first].section->group_noun);
	for (size_t i = section.first; i < section.last; i += section.group)
		if (!any_works(items + i, section.group))
			text_add(&names, "%s %s",
				 strstr(names.data, " but") ? "" : " but",
				 items[i].group);
	host_add_words(&out, names.data, 0);
	printer->failed |= words.failed || names.failed || out.failed;
	if (printer->failed)
		return;
	puts(out.data);
	print_words(printer, BPFTOKEN_WORKS, LABEL_WORKS, words.data);
	printer->has_told = true;
}

static void begin_section(struct printer *printer, size_t first)
{
	probe_print_title(printer, printer->report->list.items[first].section->title);
	printer->has_told = false;
	print_common(printer, first);
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
			begin_section(printer, i);
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
	_cleanup_free_ bool *told = calloc(report->list.count + 1, sizeof(*told));
	struct printer printer = { .report = report,
				   .labels = labels,
				   .told = told,
				   .colour = probe_colours() };
	int r = labels && told ? print_token(report) : -ENOMEM;

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
