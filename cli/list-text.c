/* SPDX-License-Identifier: MIT */
/*
 * `list` for people: a table that fits 80 columns, below each row what it delegates and
 * what there is to say of it. A wide terminal shows what is delegated as a grid instead,
 * the types down and the delegations across.
 */
#include "list.h"

#include "dialects.h"
#include "lint-rules.h"
#include "names.h"
#include "show.h"
#include "text.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NARROW 80
#define WIDE 120
#define GRID_LABEL 33
#define GRID_CELL 4
#define INDENT 11

struct style {
	const char *bold, *flag, *soft, *end;
	int columns;
};

static struct style find_style(void)
{
	const char *set = getenv("COLUMNS"), *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	struct style style = { "", "", "", "", NARROW };
	struct winsize size;
	bool terminal = isatty(STDOUT_FILENO);

	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		style.columns = size.ws_col;
	if (set && strtol(set, NULL, 10) > 0)
		style.columns = (int)strtol(set, NULL, 10);
	if (terminal && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0) {
		style.bold = "\033[1m";
		style.flag = "\033[33m";
		style.soft = "\033[2m";
		style.end = "\033[0m";
	}
	return style;
}

/* Characters, not bytes: a continuation byte of UTF-8 takes no column. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Cut to so many characters, with dots, and filled up. */
static void print_cell(const char *text, size_t columns)
{
	size_t n = width(text), shown = 0;

	for (; *text; text++) {
		bool begins = (*text & 0xc0) != 0x80;

		if (begins && n > columns && shown == columns - 3)
			break;
		shown += begins;
		putchar(*text);
	}
	if (n > columns)
		shown += (size_t)printf("...");
	for (; shown < columns + 2; shown++)
		putchar(' ');
}

static char *text_of_place(const struct list_options *list,
			   const struct survey_bpffs *bpffs)
{
	struct text text = { 0 };
	char *path = NULL;

	if (bpffs->shown == SURVEY_NONE)
		text_add(&text, "(detached)");
	else
		show_add(&text, list->survey->places.at[bpffs->shown].path,
			 SHOW_TERMINAL);
	if (bpffs->place_count > 1)
		text_add(&text, " (+%u)", bpffs->place_count - 1);
	return text_take(&text, &path) < 0 ? NULL : path;
}

#define CONTAINER_COLUMNS 24U

static void print_row(const struct list_options *list, const struct style *style,
		      size_t number, const struct survey_bpffs *bpffs)
{
	const struct survey *survey = list->survey;
	_cleanup_free_ char *place = text_of_place(list, bpffs);
	_cleanup_text_ struct text who = { 0 };
	char age[32] = "-", owner[16] = "-", pid[16] = "-", index[16];

	show_container(&who, survey, bpffs, SHOW_TERMINAL);
	if (bpffs->shown != SURVEY_NONE) {
		const struct survey_place *shown = &survey->places.at[bpffs->shown];
		pid_t first = shown->user.pid ? shown->user.pid
					      : survey->spaces.at[shown->space].pid;

		if (first)
			snprintf(pid, sizeof(pid), "%d", (int)first);
	}
	if (bpffs->has_facts)
		snprintf(owner, sizeof(owner), "%u", bpffs->facts.owner);
	if (bpffs->since)
		show_age(age, sizeof(age), survey->now - bpffs->since);
	snprintf(index, sizeof(index), "%zu", number);
	print_cell(index, 3);
	fputs(style->bold, stdout);
	print_cell(who.data && !who.failed ? who.data : "?", CONTAINER_COLUMNS);
	fputs(style->end, stdout);
	print_cell(pid, 7);
	print_cell(owner, 6);
	print_cell(age, 6);
	printf("%6u  %s\n", bpffs->tokens, place ? place : "?");
}

static void print_words(const char *title, const char *words)
{
	_cleanup_text_ struct text out = { 0 };

	host_add_words(&out, words, INDENT + 5);
	printf("     %-*s%s\n", INDENT, title, out.failed || !out.data ? "?" : out.data);
}

static void print_policy(const struct survey_bpffs *bpffs)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		_cleanup_text_ struct text names = { 0 };

		if (!bpffs->has_policy || !bpffs->policy.mask[set])
			continue;
		list_format(&names, set, bpffs->policy.mask[set], " ");
		if (!names.failed)
			print_words(host_keys[set], names.data);
	}
}

static void print_holders(const struct list_options *list,
			  const struct survey_bpffs *bpffs)
{
	for (uint32_t i = 0; i < bpffs->holder_count; i++) {
		const struct bpftoken_holder *holder =
			&list->survey->holders.at[bpffs->first_holder + i].holder;
		_cleanup_text_ struct text name = { 0 };

		show_add(&name, holder->name, SHOW_TERMINAL);
		printf("     %-*s%s[%d]: %u token%s", INDENT, i ? "" : "held by",
		       name.failed || !name.data ? "?" : name.data, (int)holder->pid,
		       holder->tokens, holder->tokens == 1 ? "" : "s");
		if (holder->directories)
			printf(", %u director%s", holder->directories,
			       holder->directories == 1 ? "y" : "ies");
		putchar('\n');
	}
}

static void print_flags(const struct style *style, const struct survey_bpffs *bpffs)
{
	for (size_t i = 0; i < SURVEY_FLAGS; i++) {
		_cleanup_text_ struct text line = { 0 }, out = { 0 };

		if (!bpffs->says[i])
			continue;
		text_add(&line, "%s: ", survey_flag_names[i]);
		show_add(&line, bpffs->says[i], SHOW_TERMINAL);
		host_add_words(&out, line.data, 7);
		printf("     %s! %s%s\n", style->flag,
		       out.failed || line.failed ? survey_flag_names[i] : out.data,
		       style->end);
	}
}

/* ------------------------------------------------------------------- the grid */

static uint64_t named(const struct survey_bpffs *bpffs, uint32_t set)
{
	uint64_t mask = bpffs->has_policy ? bpffs->policy.mask[set] : 0;

	return mask == POLICY_ANY ? lint_known_values(set) : mask;
}

static void print_grid_row(const struct list_options *list, uint32_t set, uint32_t value)
{
	const char *name = bpftoken_name(set, value);
	char number[16];
	bool host = set == BPFTOKEN_PROGS && value < LINT_PROG_TYPES &&
		    lint_prog_types[value].host;

	snprintf(number, sizeof(number), "%u", value);
	print_cell(name ? name : number, GRID_LABEL - 2);
	for (size_t i = 0; i < list->survey->bpffs.count; i++) {
		const struct survey_bpffs *bpffs = &list->survey->bpffs.at[i];

		if (list_wants(bpffs, list))
			printf("%*s", GRID_CELL,
			       !(named(bpffs, set) >> value & 1) ? "."
			       : host				 ? "#"
								 : "x");
	}
	putchar('\n');
}

static void print_grid(const struct list_options *list, const struct style *style,
		       size_t count)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t rows = 0;

		for (size_t i = 0; i < list->survey->bpffs.count; i++)
			if (list_wants(&list->survey->bpffs.at[i], list))
				rows |= named(&list->survey->bpffs.at[i], set);
		if (!rows)
			continue;
		putchar('\n');
		fputs(style->bold, stdout);
		print_cell(host_keys[set], GRID_LABEL - 2);
		for (size_t i = 0; i < count; i++)
			printf("%*zu", GRID_CELL, i + 1);
		printf("%s\n", style->end);
		for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++)
			if (rows >> value & 1)
				print_grid_row(list, set, value);
	}
	printf("\n%sx delegated, # of a type that reaches the whole host%s\n",
	       style->soft, style->end);
}

void list_print(const struct list_options *list)
{
	const struct survey *survey = list->survey;
	struct style style = find_style();
	size_t count = 0, number = 0;
	bool grid;

	for (size_t i = 0; i < survey->bpffs.count; i++)
		count += list_wants(&survey->bpffs.at[i], list);
	if (!count) {
		puts(list->space ? "Nothing is delegated there."
				 : "Nothing is delegated on this host.");
		return;
	}
	grid = style.columns >= WIDE &&
	       GRID_LABEL + count * GRID_CELL <= (size_t)style.columns;
	printf("%s     %-*s  %-7s  %-6s  %-6s  TOKENS  PATH%s\n", style.bold,
	       (int)CONTAINER_COLUMNS, "CONTAINER", "PID", "OWNER", "AGE", style.end);
	for (size_t i = 0; i < survey->bpffs.count; i++) {
		const struct survey_bpffs *bpffs = &survey->bpffs.at[i];

		if (!list_wants(bpffs, list))
			continue;
		print_row(list, &style, ++number, bpffs);
		if (!grid)
			print_policy(bpffs);
		if (list->holders)
			print_holders(list, bpffs);
		print_flags(&style, bpffs);
	}
	if (grid)
		print_grid(list, &style, count);
}

void list_print_event(const struct list_options *list, const char *event,
		      const struct survey_bpffs *bpffs)
{
	_cleanup_free_ char *place = text_of_place(list, bpffs);
	_cleanup_text_ struct text who = { 0 };
	struct style style = find_style();
	struct tm tm;
	time_t now = (time_t)list->survey->now;
	char clock[16];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	show_container(&who, list->survey, bpffs, SHOW_TERMINAL);
	printf("%s  %-8s  %s%s%s  %s  %u token%s", clock, event, style.bold,
	       who.data && !who.failed ? who.data : "?", style.end, place ? place : "?",
	       bpffs->tokens, bpffs->tokens == 1 ? "" : "s");
	for (size_t i = 0; i < SURVEY_FLAGS; i++)
		if (bpffs->says[i])
			printf("  %s%s%s", style.flag, survey_flag_names[i], style.end);
	putchar('\n');
}
