/* SPDX-License-Identifier: MIT */
/* The report of `bpftoken doctor`: for people in 80 columns, or as JSON. */
#include "doctor-report.h"

#include "json.h"
#include "names.h"
#include "print-json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 79
#define NAME_WIDTH 21
#define STATE_WIDTH 9

static bool in_colour(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

static const char *colour_of(uint32_t state)
{
	static const char *const colours[] = {
		[GATE_OPEN] = "\033[32m",   [GATE_LIMITED] = "\033[33m",
		[GATE_SHUT] = "\033[1;31m", [GATE_UNSEEN] = "\033[33m",
		[GATE_BEHIND] = "\033[2m",
	};

	return in_colour() ? colours[state] : "";
}

/* The text from column on, its next lines below its first; the cursor is at column. */
static void print_wrapped(const char *text, int column, int indent)
{
	while (*text) {
		size_t room = (size_t)(WIDTH - column), len = strlen(text);

		if (len > room) {
			len = room;
			while (len && text[len] != ' ')
				len--;
			/* a word that fits on no line */
			if (!len)
				len = strcspn(text, " ");
		}
		printf("%.*s", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (*text)
			printf("\n%*s", indent, "");
		column = indent;
	}
	putchar('\n');
}

/* --------------------------------------------------------------------- summary */

static size_t count_bits(const uint64_t masks[BPFTOKEN_SETS])
{
	size_t n = 0;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		n += (size_t)__builtin_popcountll(masks[set]);
	return n;
}

/* The first gate that nobody can look through from here, or -1. */
static int unseen_gate(const struct doctor_report *report)
{
	for (size_t i = 0; doctor_gate_name(i); i++)
		if (report->findings[i].state == GATE_UNSEEN)
			return (int)i;
	return -1;
}

static const char *verdict_word(const struct doctor_report *report)
{
	int gate = doctor_decides(report);

	if (gate < 0)
		return unseen_gate(report) < 0 ? "open" : "unseen";
	return report->findings[gate].state == GATE_SHUT ? "stopped" : "limited";
}

static void first_line(const struct doctor_report *report, struct text *line)
{
	int gate = doctor_decides(report), unseen = unseen_gate(report);

	if (gate >= 0)
		text_add(line, "%s at %s: %s", verdict_word(report),
			 doctor_gate_name((size_t)gate), report->findings[gate].why);
	else if (unseen >= 0)
		text_add(line,
			 "nothing stands in the way, as far as can be seen: %s is unseen "
			 "from here",
			 doctor_gate_name((size_t)unseen));
	else
		text_add(line,
			 "nothing stands in the way: %zu of %zu delegated kinds loaded",
			 count_bits(report->loaded), count_bits(report->asked));
}

static const char *what_first(const struct doctor_report *report)
{
	int gate = doctor_decides(report);

	if (gate < 0)
		gate = unseen_gate(report);
	return gate < 0 ? "" : report->findings[gate].fix;
}

/* ---------------------------------------------------------------------- people */

static void print_gate(size_t i, const struct doctor_finding *finding)
{
	int indent = 2 + NAME_WIDTH + STATE_WIDTH;

	printf("  %-*s%s%-*s%s", NAME_WIDTH, doctor_gate_name(i),
	       colour_of(finding->state), STATE_WIDTH, gate_state_name(finding->state),
	       in_colour() ? "\033[0m" : "");
	if (finding->state == GATE_BEHIND)
		puts("not reached");
	else
		print_wrapped(finding->why, indent, indent);
	if (finding->fix[0] && finding->state == GATE_OPEN) {
		printf("%*s", indent, "");
		print_wrapped(finding->fix, indent, indent);
	}
}

static void print_loaded(const struct doctor_report *report)
{
	static const char *const titles[BPFTOKEN_SETS] = {
		[BPFTOKEN_CMDS] = "Commands used: ",
		[BPFTOKEN_MAPS] = "Maps created: ",
		[BPFTOKEN_PROGS] = "Programs loaded: ",
	};

	if (count_bits(report->asked))
		puts("\nProved with the token; nothing was attached, nothing is left:");
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		_cleanup_text_ struct text names = { 0 };

		if (!report->asked[set])
			continue;
		list_format(&names, set, report->loaded[set], " ");
		printf("  %-*s", NAME_WIDTH, titles[set]);
		print_wrapped(report->loaded[set] && names.data ? names.data : "none",
			      2 + NAME_WIDTH, 2 + NAME_WIDTH);
	}
}

static void print_target(const struct target_options *target)
{
	if (!target)
		return;
	printf("process %u", target->pid);
	if (target->container.engine)
		printf(", %s %s", target->container.engine,
		       text_quote(target->container.name, strlen(target->container.name))
			       .text);
	puts("\n");
}

void doctor_report_print(const struct doctor_report *report,
			 const struct target_options *target)
{
	_cleanup_text_ struct text line = { 0 };
	const char *fix = what_first(report);
	int gate = doctor_decides(report);

	first_line(report, &line);
	fputs(colour_of(gate < 0 ? GATE_OPEN : report->findings[gate].state), stdout);
	print_wrapped(line.data ? line.data : "", 0, 2);
	puts(in_colour() ? "\033[0m" : "");
	print_target(target);
	for (size_t i = 0; doctor_gate_name(i); i++)
		print_gate(i, &report->findings[i]);
	print_loaded(report);
	if (fix[0]) {
		fputs("\nChange this first: ", stdout);
		print_wrapped(fix, 19, 2);
	}
}

/* ------------------------------------------------------------------------ JSON */

static struct json_object *json_gate(size_t i, const struct doctor_finding *finding)
{
	struct json_object *gate = json_object_new_object();

	if (json_add(gate, "gate", json_object_new_string(doctor_gate_name(i))) &&
	    json_add(gate, "question", json_object_new_string(doctor_gate_question(i))) &&
	    json_add(gate, "state",
		     json_object_new_string(gate_state_name(finding->state))) &&
	    json_add(gate, "why", json_object_new_string(finding->why)) &&
	    json_add(gate, "fix", json_object_new_string(finding->fix)))
		return gate;
	json_object_put(gate);
	return NULL;
}

static bool add_names(struct json_object *whole, const char *key,
		      const uint64_t masks[BPFTOKEN_SETS])
{
	static const char *const keys[BPFTOKEN_SETS] = { "cmds", "maps", "progs",
							 "attachs" };
	struct json_object *sets = json_object_new_object();
	bool good = true;

	for (uint32_t set = 0; set < BPFTOKEN_ATTACHS && good; set++) {
		struct json_object *list = json_object_new_array();

		for (uint32_t value = 0; value <= NAMES_MAX_VALUE && good; value++) {
			const char *name = bpftoken_name(set, value);

			if (masks[set] & UINT64_C(1) << value)
				good = json_append(
					list, json_object_new_string(name ? name : "?"));
		}
		good = json_add(sets, keys[set], list) && good;
	}
	return json_add(whole, key, sets) && good;
}

static bool add_target(struct json_object *whole, const struct target_options *target)
{
	if (!target)
		return true;
	if (!json_add(whole, "pid", json_object_new_int64(target->pid)))
		return false;
	return !target->container.engine ||
	       (json_add(whole, "engine",
			 json_object_new_string(target->container.engine)) &&
		json_add(whole, "container",
			 json_object_new_string(target->container.name)));
}

int doctor_report_print_json(const struct doctor_report *report,
			     const struct target_options *target)
{
	_cleanup_json_ struct json_object *whole = json_object_new_object();
	struct json_object *gates = json_object_new_array();
	_cleanup_text_ struct text line = { 0 };
	int gate = doctor_decides(report);
	bool good = true;

	first_line(report, &line);
	for (size_t i = 0; doctor_gate_name(i); i++)
		good = json_append(gates, json_gate(i, &report->findings[i])) && good;
	good = json_add(whole, "verdict", json_object_new_string(verdict_word(report))) &&
	       json_add(whole, "summary",
			json_object_new_string(line.data ? line.data : "")) &&
	       json_add(whole, "gate",
			json_object_new_string(
				gate < 0 ? "" : doctor_gate_name((size_t)gate))) &&
	       json_add(whole, "fix", json_object_new_string(what_first(report))) &&
	       json_add(whole, "bpffs", json_object_new_string(report->bpffs)) &&
	       add_target(whole, target) && good;
	good = json_add(whole, "gates", gates) && good;
	good = add_names(whole, "asked", report->asked) &&
	       add_names(whole, "loaded", report->loaded) && good;
	if (!good)
		return -ENOMEM;
	return cli_print_json(whole) ? 0 : -ENOMEM;
}
