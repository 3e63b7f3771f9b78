/* SPDX-License-Identifier: MIT */
/* The head of the text of `bpftoken probe`: the system and its settings. */
#include "probe-text.h"

#include "dialects.h"
#include "text.h"

#include <string.h>

#define SYSTEM_COLUMNS 29

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

void probe_print_system(struct printer *printer)
{
	const struct system_facts *facts = &printer->report->facts;

	if (!facts->count)
		return;
	probe_print_title(printer, "System");
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->facts[i].group, "config") != 0 || facts->facts[i].means)
			print_fact(printer, &facts->facts[i]);
	print_config(printer, true);
	print_config(printer, false);
}
