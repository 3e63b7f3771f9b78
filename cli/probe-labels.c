/* SPDX-License-Identifier: MIT */
/*
 * The reasons of a report, numbered. One that differs between items in their names alone is
 * one, and says "<helper>" for them; one that a single item has is said of that item.
 */
#include "probe-text.h"

#include "text.h"

#include <string.h>

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

const int probe_answer_order[ANSWERS] = {
	BPFTOKEN_WORKS,	  BPFTOKEN_NOT_DELEGATED, BPFTOKEN_NO_CAPABILITY,
	BPFTOKEN_BLOCKED, BPFTOKEN_KERNEL_LACKS,  ANSWER_NOT_ASKED,
};

bool probe_is_answer(const struct probe_item *item, int answer)
{
	return answer == ANSWER_NOT_ASKED ? item->answer < 0 : item->answer == answer;
}

size_t probe_group_end(const struct probe_list *list, size_t first)
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
		printer->labels[i] = LABEL_COUNTED;
	else if (list->items[i].reason)
		printer->labels[i] = number_reason(printer, &list->items[i]);
}

static void number_all(struct printer *printer)
{
	const struct probe_list *list = &printer->report->list;
	size_t last;

	for (size_t first = 0; first < list->count; first = last) {
		last = probe_group_end(list, first);
		for (size_t o = 0; o < ANSWERS; o++)
			for (size_t i = first; i < last; i++)
				if (probe_is_answer(&list->items[i],
						    probe_answer_order[o]))
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

void probe_label_all(struct printer *printer)
{
	number_all(printer);
	name_single_reasons(printer);
}
