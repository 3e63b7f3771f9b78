/* SPDX-License-Identifier: MIT */
/*
 * The report of `bpftoken probe` for people: by section and type, what works, and what
 * does not by reason. A reason that differs between items in their names alone is one.
 */
#include "probe-report.h"

#include "answers.h"
#include "dialects.h"
#include "policy.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define LABEL_COLUMNS 26
#define SYSTEM_COLUMNS 29
/* Label of an item that works, and of what is counted only. */
#define WORKS 0
#define COUNTED SIZE_MAX

struct printer {
	const struct probe_report *report;
	size_t *labels; /* of each item: number of its reason, or one of the above */
	struct reasons reasons;
	bool colour, failed;
};

/* ----------------------------------------------------------------- reasons */

static bool is_word(char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyz0123456789_", c);
}

/* Does the sentence before at speak of the group, in words or as a mount option? */
static bool names_group(const char *begin, const char *at, const struct probe_item *item)
{
	const char *const words[] = { item->section->group_noun, "delegate_progs" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]) + 1;

		if ((size_t)(at - begin) >= len && !strncmp(at - len, words[i], len - 1))
			return true;
	}
	return false;
}

/* Text with each whole word that is name, and its number behind it, as "<noun>". */
static void add_generic(struct text *out, const char *text, const char *name,
			const char *noun, const struct probe_item *item)
{
	bool twins =
		item->group && noun == item->section->noun && !strcmp(item->group, name);
	size_t len = strlen(name);
	const char *begin = text, *at;

	while ((at = strstr(text, name))) {
		bool whole = (at == begin || !is_word(at[-1])) && !is_word(at[len]) &&
			     !(twins && names_group(begin, at, item));

		text_add(out, "%.*s", (int)(at - text), text);
		text_add(out, whole ? "<%s>" : "%s", whole ? noun : name);
		text = at + len;
		if (whole && !strncmp(text, " (", 2) &&
		    text[2 + strspn(text + 2, "0123456789")] == ')')
			text = strchr(text, ')') + 1;
	}
	text_add(out, "%s", text);
}

/* A sentence about an item, as one about all items of its section. */
static char *generic(struct printer *printer, const char *sentence,
		     const struct probe_item *item)
{
	_cleanup_text_ struct text named = { 0 }, out = { 0 };
	char *text = NULL;

	add_generic(&named, sentence, item->name, item->section->noun, item);
	if (named.failed || !named.data)
		printer->failed = named.failed;
	else if (item->group)
		add_generic(&out, named.data, item->group, item->section->group_noun,
			    item);
	if (text_take(item->group ? &out : &named, &text) < 0)
		printer->failed = true;
	return text;
}

static size_t number_reason(struct printer *printer, const struct probe_item *item)
{
	_cleanup_free_ char *why = generic(printer, item->reason->why, item);
	_cleanup_free_ char *fix = generic(printer, item->reason->fix, item);

	return why && fix ? reasons_number(&printer->reasons, why, fix) : 0;
}

static bool is_counted(const struct probe_item *item)
{
	return item->section->many && item->answer == BPFTOKEN_KERNEL_LACKS;
}

/* The order of the answers within a group; NOT_ASKED is any negative errno. */
#define NOT_ASKED (-1)
static const int answer_order[] = {
	BPFTOKEN_WORKS,	  BPFTOKEN_NOT_DELEGATED, BPFTOKEN_NO_CAPABILITY,
	BPFTOKEN_BLOCKED, BPFTOKEN_KERNEL_LACKS,  NOT_ASKED,
};

static bool is_answer(const struct probe_item *item, int answer)
{
	return answer == NOT_ASKED ? item->answer < 0 : item->answer == answer;
}

static size_t end_of_group(const struct probe_list *list, size_t first)
{
	size_t i = first;

	while (i < list->count && list->items[i].section == list->items[first].section &&
	       list->items[i].group == list->items[first].group)
		i++;
	return i;
}

static void number_item(struct printer *printer, size_t i)
{
	const struct probe_list *list = &printer->report->list;

	if (is_counted(&list->items[i]) && list->count > 1)
		printer->labels[i] = COUNTED;
	else if (list->items[i].reason)
		printer->labels[i] = number_reason(printer, &list->items[i]);
}

/* In the order in which the reasons will be referred to. */
static void number_all(struct printer *printer)
{
	const struct probe_list *list = &printer->report->list;
	size_t last;

	for (size_t first = 0; first < list->count; first = last) {
		last = end_of_group(list, first);
		for (size_t o = 0; o < ARRAY_SIZE(answer_order); o++)
			for (size_t i = first; i < last; i++)
				if (is_answer(&list->items[i], answer_order[o]))
					number_item(printer, i);
	}
}

/* A reason that one item alone has is said of that item. */
static void name_single_reasons(struct printer *printer)
{
	const struct probe_list *list = &printer->report->list;

	for (size_t n = 0; n < printer->reasons.count; n++) {
		struct reason_row *row = &printer->reasons.rows[n];
		const struct probe_item *only = NULL;
		size_t users = 0;

		for (size_t i = 0; i < list->count; i++) {
			if (printer->labels[i] != n + 1)
				continue;
			only = &list->items[i];
			users++;
		}
		if (users != 1)
			continue;
		free(row->why);
		free(row->fix);
		row->why = strdup(only->reason->why);
		row->fix = strdup(only->reason->fix);
		printer->failed |= !row->why || !row->fix;
	}
}

/* -------------------------------------------------------------------- text */

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

static void print_title(const struct printer *printer, const char *title)
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

	if (label == WORKS || label == COUNTED)
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
	if (label == COUNTED) {
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
		end = end_of_group(list, i);
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
	for (size_t o = 0; o < ARRAY_SIZE(answer_order); o++)
		for (size_t i = first; i < last; i++)
			if (!shown[i] && is_answer(&items[i], answer_order[o]) &&
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
		last = end_of_group(list, i);
		if (list->items[i].section != section)
			print_title(printer, list->items[i].section->title);
		section = list->items[i].section;
		if (!shown[i])
			print_group(printer, i, last, shown);
		if (last == list->count || list->items[last].section != section)
			print_spared(printer, last);
	}
	return 0;
}

/* ------------------------------------------------------------------ system */

/* The configuration in two paragraphs: what is set, what is not. */
static void print_config(struct printer *printer, bool set)
{
	const struct system_facts *facts = &printer->report->facts;
	_cleanup_text_ struct text words = { 0 }, out = { 0 };

	for (size_t i = 0; i < facts->count; i++) {
		const struct system_fact *fact = &facts->facts[i];
		const char *name = fact->name + strlen("CONFIG_");

		if (strcmp(fact->group, "config") != 0 || !fact->value == set ||
		    fact->means)
			continue;
		text_add(&words, "%s%s", words.len ? " " : "", name);
		if (fact->value && strcmp(fact->value, "y") != 0)
			text_add(&words, "=%s", fact->value);
	}
	host_add_words(&out, words.data ? words.data : "unknown", SYSTEM_COLUMNS);
	printer->failed |= words.failed || out.failed;
	printf("  %-*s%s\n", SYSTEM_COLUMNS - 2, set ? "config, set" : "config, not set",
	       out.data ? out.data : "");
}

static void print_fact(struct printer *printer, const struct system_fact *fact)
{
	_cleanup_text_ struct text words = { 0 }, out = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "%s", fact->name);
	for (char *c = name; *c; c++)
		if (*c == '_' && strcmp(fact->group, "sysctls") != 0)
			*c = ' ';
	if (fact->value && fact->means)
		text_add(&words, "%s (%s)", fact->value, fact->means);
	else
		text_add(&words, "%s", fact->value ? fact->value : fact->means);
	host_add_words(&out, words.data ? words.data : "", SYSTEM_COLUMNS);
	printer->failed |= words.failed || out.failed;
	printf("  %-*s%s\n", SYSTEM_COLUMNS - 2, name, out.data ? out.data : "");
}

static void print_system(struct printer *printer)
{
	const struct system_facts *facts = &printer->report->facts;

	if (!facts->count)
		return;
	print_title(printer, "System");
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->facts[i].group, "config") != 0 || facts->facts[i].means)
			print_fact(printer, &facts->facts[i]);
	print_config(printer, true);
	print_config(printer, false);
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
	number_all(&printer);
	name_single_reasons(&printer);
	if (!printer.failed) {
		print_system(&printer);
		r = print_items(&printer);
		reasons_print(&printer.reasons);
	}
	reasons_done(&printer.reasons);
	return printer.failed ? -ENOMEM : r;
}
