/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken --complete WORD...`: what may stand in place of the last word, for the shells.
 * One candidate a line, with a tab and what it means behind it. A line that begins with
 * ':' asks the shell for words of its own: ":file" and ":dir" for names of files,
 * ":program N" for a command line that begins at the N-th word. The scripts in
 * completion/ know no command and no option: all of that is read from the rows here.
 */
#include "complete.h"

#include "dialects.h"
#include "names.h"
#include "presets.h"
#include "probe-report.h"
#include "util.h"

#include <string.h>
#include <sys/capability.h>

struct completion {
	char *const *words;
	int count; /* at least 1 */
	const char *part; /* of the last word: what is being completed */
	size_t before; /* bytes of the last word that stand before part */
};

/* --------------------------------------------------------------- candidates */

/* What goes on from part; means may be NULL. */
static void offer(const struct completion *c, const char *word, const char *means)
{
	const char *last = c->words[c->count - 1];

	if (strncmp(word, c->part, strlen(c->part)) != 0)
		return;
	printf("%.*s%s%s%s\n", (int)c->before, last, word, means && means[0] ? "\t" : "",
	       means ? means : "");
}

/* In a list, only what follows the last separator is completed. */
static struct completion behind(const struct completion *c, const char *separators)
{
	struct completion rest = *c;

	for (const char *s = c->part; *s; s++) {
		if (!strchr(separators, *s))
			continue;
		rest.part = s + 1;
		rest.before = c->before + (size_t)(s + 1 - c->part);
	}
	return rest;
}

static void offer_words(const struct completion *c, const char *words)
{
	while (*words) {
		char word[64];
		size_t len = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		offer(c, word, NULL);
		words += len + strspn(words + len, " ");
	}
}

static void offer_files(const struct completion *c, int data)
{
	(void)c, (void)data;
	puts(":file");
}

static void offer_directories(const struct completion *c, int data)
{
	(void)c, (void)data;
	puts(":dir");
}

static void offer_dialects(const struct completion *c, int data)
{
	(void)data;
	for (size_t i = 0; host_dialects[i]; i++)
		offer(c, host_dialects[i]->name, host_dialects[i]->what);
}

/* FILE|@PRESET[+@PRESET...] */
static void offer_policies(const struct completion *c, int data)
{
	struct completion rest = behind(c, "+");

	(void)data;
	for (const struct preset *p = presets; p->name; p++) {
		char name[64];

		snprintf(name, sizeof(name), "@%s", p->name);
		offer(&rest, name, p->what);
	}
	if (c->part[0] != '@')
		puts(":file");
}

/* Names of one of the four sets, as a list. */
static void offer_names(const struct completion *c, int data)
{
	struct completion rest = behind(c, ":, ");
	size_t count;
	const struct name_row *rows = names_table((uint32_t)data, &count);

	for (size_t i = 0; i < count; i++)
		if (!rows[i].alias)
			offer(&rest, rows[i].name, NULL);
	if (rest.before == c->before)
		offer(&rest, "any", "all of them");
}

static void offer_capabilities(const struct completion *c, int data)
{
	struct completion rest = behind(c, ", ");

	(void)data;
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name = cap_to_name(cap);

		if (name)
			offer(&rest, name, NULL);
		cap_free(name);
	}
}

static void offer_sections(const struct completion *c, int data)
{
	(void)data;
	for (const struct probe_section *s = probe_sections; s->name; s++)
		offer(c, s->name, s->title);
	offer(c, PROBE_SYSTEM, NULL);
	if (c->part[0])
		puts(":file"); /* of --diff */
}

/* The values of .complete; any other value is the words themselves. */
static const struct source {
	const char *name;
	void (*offer)(const struct completion *c, int data);
} sources[] = {
	{ "file", offer_files },       { "dir", offer_directories },
	{ "dialect", offer_dialects }, { "policy", offer_policies },
	{ "names", offer_names },      { "capabilities", offer_capabilities },
	{ "section", offer_sections },
};

static void offer_from(const struct completion *c, const char *source, int data)
{
	if (!source)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!strcmp(source, sources[i].name)) {
			sources[i].offer(c, data);
			return;
		}
	}
	offer_words(c, source);
}

/* ---------------------------------------------------------- commands, options */

static const char *last_word(const char *name)
{
	const char *blank = strrchr(name, ' ');

	return blank ? blank + 1 : name;
}

static void offer_options(const struct completion *c, const struct cli_command *command)
{
	char name[64];

	for (const struct cli_option *o = command->options; o && o->name; o++) {
		snprintf(name, sizeof(name), "--%s", o->name);
		offer(c, name, o->help);
		snprintf(name, sizeof(name), "-%c", o->letter);
		if (o->letter && !strcmp(c->part, "-"))
			offer(c, name, o->help);
	}
	offer(c, "--help", "Show the help.");
}

static const struct cli_option *find_long(const struct cli_command *command,
					  const char *name, size_t len)
{
	const struct cli_option *o = command->options;

	while (o && o->name && (strncmp(o->name, name, len) != 0 || o->name[len]))
		o++;
	return o && o->name ? o : NULL;
}

/* The option whose value is the next word: that of "--to", "-t", "-jt"; or NULL. */
static const struct cli_option *wants_next(const struct cli_command *command,
					   const char *word)
{
	const struct cli_option *o = NULL;

	if (!strncmp(word, "--", 2)) {
		o = find_long(command, word + 2, strlen(word + 2));
		return o && o->arg ? o : NULL;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		for (o = command->options; o && o->name && o->letter != *letter; o++)
			;
		if (o && o->name && o->arg)
			return letter[1] ? NULL : o;
	}
	return NULL;
}

/* "--to=", and what may follow. */
static void offer_inline_value(const struct completion *c,
			       const struct cli_command *command)
{
	struct completion value = *c;
	size_t len = strcspn(c->part, "=");
	const struct cli_option *option = find_long(command, c->part + 2, len - 2);

	value.before += len + 1;
	value.part += len + 1;
	if (option && option->arg)
		offer_from(&value, option->complete, option->data);
}

static void offer_operand(const struct completion *c, const struct cli_command *command)
{
	if (command->program && c->part[0])
		printf(":program %d\n", c->count);
	else
		offer_from(c, command->operands, 0);
	if (!c->part[0])
		offer_options(c, command);
}

/* first is the index of the first word behind the command's name. */
static void complete_command(const struct completion *c,
			     const struct cli_command *command, int first)
{
	const struct cli_option *pending = NULL;
	bool options = true;

	for (int i = first; i < c->count - 1; i++) {
		const char *word = c->words[i];

		if (pending) {
			pending = NULL;
		} else if (options && !strcmp(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1]) {
			pending = wants_next(command, word);
		} else if (command->program) {
			printf(":program %d\n", i + 1);
			return;
		}
	}
	if (pending)
		offer_from(c, pending->complete, pending->data);
	else if (!options && command->program)
		printf(":program %d\n", c->count);
	else if (!options)
		offer_from(c, command->operands, 0);
	else if (!strncmp(c->part, "--", 2) && strchr(c->part, '='))
		offer_inline_value(c, command);
	else if (c->part[0] == '-')
		offer_options(c, command);
	else
		offer_operand(c, command);
}

static void complete_subcommand(const struct completion *c,
				const struct cli_command *command)
{
	for (const struct cli_command *s = command->subcommands; s->name; s++) {
		if (c->count == 2)
			offer(c, last_word(s->name), s->summary);
		else if (!strcmp(c->words[1], last_word(s->name)))
			complete_command(c, s, 2);
	}
	if (c->count == 2)
		offer(c, "--help", "Show the help.");
}

int cli_complete(const struct cli_command *const commands[], int count,
		 char *const words[])
{
	struct completion c = { .words = words, .count = count };

	if (count < 1)
		return CLI_USAGE;
	c.part = words[count - 1];
	for (const struct cli_command *const *command = commands; *command; command++) {
		if (count == 1)
			offer(&c, (*command)->name, (*command)->summary);
		else if (!strcmp(words[0], (*command)->name) && (*command)->subcommands)
			complete_subcommand(&c, *command);
		else if (!strcmp(words[0], (*command)->name))
			complete_command(&c, *command, 1);
	}
	if (count == 1) {
		offer(&c, "--help", "Show the help.");
		offer(&c, "--version", "Show the version.");
	}
	return CLI_DONE;
}
