/* SPDX-License-Identifier: MIT */
/*
 * The report of a recording as one page that needs nothing else: program types against
 * attach types, and map types, each cell what became of it. A state is a sign and a word
 * as well as a colour.
 */
#include "report.h"

#include "attr.h"
#include "names.h"

#include <stdio.h>
#include <string.h>

/* From what counts least; a cell has the best that any of its calls gives. */
enum state { STATE_NONE, STATE_UNUSED, STATE_FAILED, STATE_PROBE, STATE_NEEDED, STATES };

static const struct {
	const char *class, *sign, *words;
} states[STATES] = {
	[STATE_NONE] = { "none", "", "not used, not delegated" },
	[STATE_UNUSED] = { "unused", "○", "delegated but unused" },
	[STATE_FAILED] = { "failed", "×", "tried, never worked" },
	[STATE_PROBE] = { "probe", "?", "probe only" },
	[STATE_NEEDED] = { "needed", "●", "needed" },
};

static const char *const style =
	":root{color-scheme:light dark;--line:#8886;--needed:#2f9e44;--probe:#f2b632;"
	"--failed:#c98;--unused:#8893}"
	"body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;"
	"padding:0 1rem}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
	"table{border-collapse:collapse}th,td{border:1px solid var(--line);"
	"padding:.2rem .5rem;text-align:left;vertical-align:bottom}"
	".grid{overflow-x:auto}.grid thead th+th{writing-mode:vertical-rl;"
	"transform:rotate(180deg);text-align:left;font-weight:normal;"
	"padding:.5rem .2rem}"
	".grid td{min-width:1.6rem;text-align:center}"
	"td.needed{background:var(--needed);color:#fff}"
	"td.probe{background:var(--probe);color:#000}"
	"td.failed{background:var(--failed);color:#000}td.unused{background:var(--unused)}"
	".key td:first-child{min-width:2rem;text-align:center}"
	"pre{border:1px solid var(--line);padding:.7rem;white-space:pre-wrap;"
	"overflow-wrap:anywhere}td.number{text-align:right}";

static void add_escaped(struct text *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			text_add(out, "&lt;");
		else if (*text == '>')
			text_add(out, "&gt;");
		else if (*text == '&')
			text_add(out, "&amp;");
		else if (*text == '"')
			text_add(out, "&quot;");
		else
			text_add(out, "%c", *text);
	}
}

static void add_text(struct text *out, struct text *text)
{
	if (text->failed)
		out->failed = true;
	else
		add_escaped(out, text->data ? text->data : "");
}

static const char *name_of(uint32_t set, uint32_t value, char number[16])
{
	const char *name = bpftoken_name(set, value);

	snprintf(number, 16, "%u", value);
	return name ? name : number;
}

/* ------------------------------------------------------------------- states */

struct grid {
	uint8_t pairs[64][64]; /* program type, attach type */
	uint8_t maps[64];
	uint64_t rows, columns, map_types; /* that have something to show */
};

static bool has(const struct bpftoken_policy *policy, uint32_t set, uint32_t value)
{
	return policy && policy->mask[set] >> value & 1;
}

/* What the policy delegates beyond the kernel's values is nothing that one could use. */
static uint32_t known_values(uint32_t set)
{
	int count = names_kernel_count(set);

	return count > 0 && count < 64 ? (uint32_t)count : 64;
}

static void take_delegated(struct grid *grid, const struct bpftoken_policy *now)
{
	uint32_t progs = known_values(BPFTOKEN_PROGS);
	uint32_t attachs = known_values(BPFTOKEN_ATTACHS);

	for (uint32_t type = 0; type < known_values(BPFTOKEN_MAPS); type++)
		if (has(now, BPFTOKEN_MAPS, type))
			grid->maps[type] = STATE_UNUSED;
	for (uint32_t type = 0; type < progs; type++)
		for (uint32_t attach = 0; attach < attachs; attach++)
			if (has(now, BPFTOKEN_PROGS, type) &&
			    has(now, BPFTOKEN_ATTACHS, attach))
				grid->pairs[type][attach] = STATE_UNUSED;
}

static void raise_to(uint8_t *cell, enum state state)
{
	if (*cell < state)
		*cell = (uint8_t)state;
}

static void take_call(struct grid *grid, const struct learn_call *call)
{
	enum state state = call->result < 0	  ? STATE_FAILED
			   : learn_is_probe(call) ? STATE_PROBE
						  : STATE_NEEDED;

	if (!learn_is_delegable(call) || call->type >= 64)
		return;
	if (call->cmd == ATTR_MAP_CREATE)
		raise_to(&grid->maps[call->type], state);
	if (call->cmd == ATTR_PROG_LOAD && call->attach_checked < 64)
		raise_to(&grid->pairs[call->type][call->attach_checked], state);
}

static void fill(struct grid *grid, const struct learn_report *report)
{
	take_delegated(grid, report->now);
	for (size_t i = 0; i < report->recording->count; i++)
		for (size_t n = 0; n < report->recording->runs[i].count; n++)
			take_call(grid, &report->recording->runs[i].calls[n]);
	for (uint32_t type = 0; type < 64; type++) {
		if (grid->maps[type])
			grid->map_types |= 1ULL << type;
		for (uint32_t attach = 0; attach < 64; attach++) {
			if (!grid->pairs[type][attach])
				continue;
			grid->rows |= 1ULL << type;
			grid->columns |= 1ULL << attach;
		}
	}
}

/* ------------------------------------------------------------------- tables */

static void add_cell(struct text *out, uint8_t state, const char *of, const char *with)
{
	text_add(out, "<td class=\"%s\" title=\"%s%s%s: %s\">%s</td>",
		 states[state].class, of, *with ? " with " : "", with,
		 states[state].words, states[state].sign);
}

static void add_pairs(struct text *out, const struct grid *grid)
{
	char a[16], b[16];

	text_add(out, "<div class=\"grid\"><table id=\"programs\"><thead><tr>"
		      "<th>program type</th>");
	for (uint32_t attach = 0; attach < 64; attach++)
		if (grid->columns >> attach & 1)
			text_add(out, "<th>%s</th>",
				 name_of(BPFTOKEN_ATTACHS, attach, b));
	text_add(out, "</tr></thead>\n");
	for (uint32_t type = 0; type < 64; type++) {
		if (!(grid->rows >> type & 1))
			continue;
		text_add(out, "<tr><th>%s</th>", name_of(BPFTOKEN_PROGS, type, a));
		for (uint32_t attach = 0; attach < 64; attach++)
			if (grid->columns >> attach & 1)
				add_cell(out, grid->pairs[type][attach],
					 name_of(BPFTOKEN_PROGS, type, a),
					 name_of(BPFTOKEN_ATTACHS, attach, b));
		text_add(out, "</tr>\n");
	}
	text_add(out, "</table></div>\n");
}

static void add_maps(struct text *out, const struct grid *grid)
{
	char a[16];

	text_add(out, "<table id=\"maps\">\n");
	for (uint32_t type = 0; type < 64; type++) {
		if (!(grid->map_types >> type & 1))
			continue;
		text_add(out, "<tr><th>%s</th>", name_of(BPFTOKEN_MAPS, type, a));
		add_cell(out, grid->maps[type], name_of(BPFTOKEN_MAPS, type, a), "");
		text_add(out, "<td>%s</td></tr>\n", states[grid->maps[type]].words);
	}
	text_add(out, "</table>\n");
}

static void add_key(struct text *out)
{
	text_add(out, "<table class=\"key\">");
	for (int state = STATES - 1; state > STATE_NONE; state--)
		text_add(out, "<tr><td class=\"%s\">%s</td><td>%s</td></tr>",
			 states[state].class, states[state].sign, states[state].words);
	text_add(out, "</table>\n");
}

static void add_items(struct text *out, const struct learn_report *report)
{
	char a[16];

	text_add(out, "<table id=\"items\"><thead><tr><th>kind</th><th>value</th>"
		      "<th>calls</th><th>ok</th><th>needed</th><th>first evidence</th>"
		      "</tr></thead>\n");
	for (size_t i = 0; i < report->summary->count; i++) {
		const struct learn_item *item = &report->summary->items[i];
		_cleanup_text_ struct text evidence = { 0 };
		uint32_t verdict = learn_report_verdict(report, item);

		learn_add_evidence(&evidence, item->run, item->evidence);
		text_add(out,
			 "<tr><td>%s</td><td>%s</td><td class=\"number\">%u</td>"
			 "<td class=\"number\">%u</td><td>%s</td><td>",
			 names_set_noun(item->set), name_of(item->set, item->value, a),
			 item->calls, item->ok,
			 item->unknown ? "not known" : learn_verdict_name(verdict));
		add_text(out, &evidence);
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</table>\n");
}

int learn_report_html(const struct learn_report *report, struct text *out)
{
	_cleanup_text_ struct text words = { 0 };
	struct grid grid = { .rows = 0 };
	int r = learn_report_text(report, &words);

	if (r < 0)
		return r;
	fill(&grid, report);
	text_add(out,
		 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width\">"
		 "<title>bpftoken learn</title><style>%s</style></head><body>\n"
		 "<h1>What was asked of BPF</h1>\n",
		 style);
	add_key(out);
	if (grid.rows) {
		text_add(out, "<h2>Program types and attach types</h2>\n");
		add_pairs(out, &grid);
	}
	if (grid.map_types) {
		text_add(out, "<h2>Map types</h2>\n");
		add_maps(out, &grid);
	}
	if (report->summary->count) {
		text_add(out, "<h2>Each value</h2>\n");
		add_items(out, report);
	}
	text_add(out, "<h2>The report</h2>\n<pre>");
	add_text(out, &words);
	text_add(out, "</pre>\n</body></html>\n");
	return out->failed ? -ENOMEM : 0;
}
