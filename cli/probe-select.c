/* SPDX-License-Identifier: MIT */
/* From the operands of `bpftoken probe` to the list of questions. */
#include "probe-report.h"

#include "error.h"
#include "names.h"

#include <string.h>

#define SEPARATORS "/."

/* An operand, taken apart: SECTION, and up to two more words. */
struct wanted {
	char text[192];
	const char *section;
	const char *words[2];
	size_t count; /* of words */
	size_t found; /* items that it named */
};

static bool split(struct wanted *wanted, const char *operand)
{
	char *rest = wanted->text, *word;

	if (strlen(operand) >= sizeof(wanted->text))
		return false;
	strcpy(wanted->text, operand);
	wanted->section = strsep(&rest, SEPARATORS);
	while ((word = strsep(&rest, SEPARATORS))) {
		if (!word[0] || wanted->count == 2)
			return false;
		wanted->words[wanted->count++] = word;
	}
	return true;
}

static const struct probe_section *find_section(const char *name)
{
	const struct probe_section *section = probe_sections;

	while (section->name && strcmp(section->name, name) != 0)
		section++;
	return section->name ? section : NULL;
}

static int unknown_section(const struct cli_command *command, const char *name)
{
	const char *names[32] = { PROBE_SYSTEM };
	const char *near;
	size_t n = 1;

	for (const struct probe_section *s = probe_sections; s->name; s++)
		names[n++] = s->name;
	near = cli_nearest(name, names);
	if (near)
		return cli_usage(command, "unknown section \"%.64s\", nearest is %s",
				 name, near);
	return cli_usage(command, "unknown section \"%.64s\"", name);
}

/* By its name or an alias of it; a helper's also with the "bpf_" of its calls. */
static bool is_name(const char *word, const struct probe_item *item)
{
	uint32_t value;

	if (!strcmp(word, item->name))
		return true;
	if (item->section->set >= 0)
		return bpftoken_value((uint32_t)item->section->set, word, &value) == 0 &&
		       value == item->value;
	return !strncmp(word, "bpf_", 4) && !strcmp(word + 4, item->name);
}

static bool names_item(const struct wanted *wanted, const struct probe_item *item)
{
	const char *const *words = wanted->words;

	if (strcmp(wanted->section, item->section->name) != 0)
		return false;
	if (wanted->count == 0)
		return true;
	if (wanted->count == 2)
		return item->group && !strcmp(words[0], item->group) &&
		       is_name(words[1], item);
	return (item->group && !strcmp(words[0], item->group)) || is_name(words[0], item);
}

/* Any name is a question about kfuncs: what the kernel's BTF does not list, it lacks. */
static int add_kfunc(struct probe_list *list, struct wanted *wanted)
{
	struct probe_item item = { .section = find_section(wanted->section) };

	item.name = wanted->words[wanted->count - 1];
	if (wanted->count == 2) {
		if (bpftoken_value(BPFTOKEN_PROGS, wanted->words[0], &item.type) < 0)
			return 0;
		item.group = bpftoken_name(BPFTOKEN_PROGS, item.type);
	}
	wanted->found++;
	return probe_list_add(list, &item);
}

static int unknown_item(const struct cli_command *command, const struct wanted *wanted,
			const struct probe_list *all)
{
	const char *word = wanted->words[wanted->count - 1];
	struct nearest nearest;

	nearest_init(&nearest, word, strlen(word));
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i].section->name, wanted->section) != 0)
			continue;
		nearest_offer(&nearest, all->items[i].name);
		if (all->items[i].group)
			nearest_offer(&nearest, all->items[i].group);
	}
	return cli_usage(command, "%s has no \"%.64s\"%s%s", wanted->section, word,
			 nearest.best ? ", nearest is " : "",
			 nearest.best ? nearest.best : "");
}

/* Keeps what is wanted, in place. */
static void keep_wanted(struct probe_list *list, struct wanted *wanted, int count)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool keep = false;

		for (int j = 0; j < count; j++) {
			if (!names_item(&wanted[j], &list->items[i]))
				continue;
			wanted[j].found++;
			keep = true;
		}
		if (keep)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* Lists the sections that are wanted, whole; all of them when none is named. */
static int list_sections(struct probe_list *list, const struct wanted *wanted, int count)
{
	int r = 0;

	for (const struct probe_section *s = probe_sections; s->name && r == 0; s++) {
		bool named = count == 0;

		for (int i = 0; i < count; i++)
			named |= !strcmp(wanted[i].section, s->name);
		if (named)
			r = s->list(list, s);
	}
	return r;
}

static int check_operand(const struct cli_command *command, struct wanted *wanted,
			 const char *operand)
{
	if (!split(wanted, operand))
		return cli_usage(command,
				 "\"%.64s\" is not SECTION, SECTION/NAME or "
				 "SECTION/TYPE/NAME",
				 operand);
	if (!strcmp(wanted->section, PROBE_SYSTEM))
		return wanted->count ? cli_usage(command, "%s is one whole", PROBE_SYSTEM)
				     : 0;
	return find_section(wanted->section) ? 0
					     : unknown_section(command, wanted->section);
}

static int no_memory(void)
{
	struct bpftoken_error err;

	err_oom(&err);
	return cli_fail(&err);
}

/* The items among all that the operands name; each has to name one. */
static int select_items(const struct cli_command *command, struct probe_list *list,
			struct wanted *wanted, int count)
{
	_cleanup_free_ struct probe_item *all = NULL;
	struct probe_list before = *list;

	if (list->count) {
		all = malloc(list->count * sizeof(*all));
		if (!all)
			return no_memory();
		memcpy(all, list->items, list->count * sizeof(*all));
		before.items = all;
	}
	keep_wanted(list, wanted, count);
	for (int i = 0; i < count; i++) {
		if (wanted[i].found || !wanted[i].count)
			continue;
		if (!strcmp(wanted[i].section, "kfuncs") &&
		    add_kfunc(list, &wanted[i]) < 0)
			return no_memory();
		if (!wanted[i].found)
			return unknown_item(command, &wanted[i], &before);
	}
	return 0;
}

int probe_select(const struct cli_command *command, struct probe_report *report,
		 int count, char **operands, bool *ret_items)
{
	/* as long as the report: the name of a kfunc is the operand's */
	struct wanted *wanted = calloc((size_t)count + 1, sizeof(*wanted));
	bool system = count == 0, items = count > 0;
	int status = 0;

	report->operands = wanted;
	if (!wanted)
		return no_memory();
	for (int i = 0; i < count && status == 0; i++) {
		status = check_operand(command, &wanted[i], operands[i]);
		if (status)
			return status;
		system |= !strcmp(wanted[i].section, PROBE_SYSTEM);
		items &= wanted[i].count > 0;
	}
	if (list_sections(&report->list, wanted, count) < 0 ||
	    (system && system_facts_read(&report->facts) < 0))
		return no_memory();
	if (count)
		status = select_items(command, &report->list, wanted, count);
	*ret_items = items;
	return status;
}
