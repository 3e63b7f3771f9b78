/* SPDX-License-Identifier: MIT */
/*
 * A survey as one page of HTML that asks no network: below each of the three kinds of
 * types a matrix, containers down and the types that anybody is delegated across; then
 * what there is to say of each. Foreign text is escaped, and no script is needed.
 */
#include "show.h"

#include "lint-rules.h"
#include "names.h"
#include "text.h"

#include <stdio.h>

typedef bool (*wanted_fn)(const struct survey_bpffs *bpffs, const void *data);

struct page {
	const struct survey *survey;
	wanted_fn wanted;
	const void *data;
	struct text *text;
};

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>BPF delegated on this host</title>\n<style>\n"
	":root{--ink:#1b2430;--soft:#667487;--line:#dde3ea;--some:#7fb2e5;--used:#1f6fb8;"
	"--host:#d9822b;--paper:#fff}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--soft:#94a1b2;"
	"--line:#333d49;--some:#3f6f9e;--used:#7fc0ff;--host:#e8a04d;--paper:#14191f}}\n"
	"body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);"
	"background:var(--paper);margin:2rem;max-width:90rem}\n"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
	"a{color:inherit}p{margin:.3rem 0;color:var(--soft)}.scroll{overflow-x:auto}\n"
	"table{border-collapse:collapse}th{font-weight:500;text-align:left}\n"
	"thead th.type{height:9.5rem;vertical-align:bottom;padding:0;width:1.7rem}\n"
	"thead th.type span{writing-mode:vertical-rl;transform:rotate(180deg);"
	"font-size:.82rem;white-space:nowrap}\n"
	"thead th.host{color:var(--host)}\n"
	"tbody th{padding:.2rem 1rem .2rem 0;white-space:nowrap;max-width:22rem;"
	"overflow:hidden;text-overflow:ellipsis}\n"
	"td{border:1px solid var(--line);width:1.7rem;height:1.7rem;padding:0;"
	"text-align:center}\n"
	"i{display:inline-block;width:.9rem;height:.9rem;border-radius:.2rem;"
	"border:2px solid var(--some);box-sizing:border-box;vertical-align:middle}\n"
	"i.used{background:var(--used);border-color:var(--used)}\n"
	"i.host{border-color:var(--host)}i.host.used{background:var(--host)}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;"
	"margin:.3rem 0 1.2rem}\n"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
	"h3{font-size:1rem;margin:1.2rem 0 0}.flag{color:var(--host)}\n"
	"</style></head><body>\n<h1>BPF delegated on this host</h1>\n";

static const struct {
	uint32_t set;
	const char *title;
} matrices[] = {
	{ BPFTOKEN_PROGS, "Program types" },
	{ BPFTOKEN_MAPS, "Map types" },
	{ BPFTOKEN_ATTACHS, "Attach types" },
	{ BPFTOKEN_CMDS, "Commands" },
};

static bool is_shown(const struct page *page, const struct survey_bpffs *bpffs)
{
	return bpffs->has_policy && page->wanted(bpffs, page->data);
}

/* Bits of a set that name something: "any" is all that our tables know. */
static uint64_t named(const struct survey_bpffs *bpffs, uint32_t set)
{
	uint64_t mask = bpffs->policy.mask[set];

	return mask == POLICY_ANY ? lint_known_values(set) : mask;
}

static bool is_host_wide(uint32_t set, uint32_t value)
{
	return set == BPFTOKEN_PROGS && value < LINT_PROG_TYPES &&
	       lint_prog_types[value].host;
}

static void add_head_row(struct page *page, uint32_t set, uint64_t columns)
{
	text_add(page->text, "<thead><tr><th></th>");
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		const char *name = bpftoken_name(set, value);

		if (!(columns >> value & 1))
			continue;
		text_add(page->text, "<th class=\"type%s\" scope=\"col\"><span>",
			 is_host_wide(set, value) ? " host" : "");
		if (name)
			show_add(page->text, name, SHOW_HTML);
		else
			text_add(page->text, "%u", value);
		text_add(page->text, "</span></th>");
	}
	text_add(page->text, "</tr></thead>\n<tbody>\n");
}

static void add_row(struct page *page, const struct survey_bpffs *bpffs, uint32_t set,
		    uint64_t columns)
{
	text_add(page->text, "<tr><th scope=\"row\"><a href=\"#d%u\">",
		 (unsigned int)(bpffs - page->survey->bpffs.at));
	show_container(page->text, page->survey, bpffs, SHOW_HTML);
	text_add(page->text, "</a></th>");
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		bool host = is_host_wide(set, value);

		if (!(columns >> value & 1))
			continue;
		if (!(named(bpffs, set) >> value & 1))
			text_add(page->text, "<td></td>");
		else
			text_add(
				page->text,
				"<td><i class=\"%s%s\" title=\"delegated%s%s\"></i></td>",
				host ? "host " : "", bpffs->tokens ? "used" : "",
				bpffs->tokens ? ", a token is held" : "",
				host ? ", host-wide" : "");
	}
	text_add(page->text, "</tr>\n");
}

static void add_matrix(struct page *page, uint32_t set, const char *title)
{
	uint64_t columns = 0;

	for (size_t i = 0; i < page->survey->bpffs.count; i++)
		if (is_shown(page, &page->survey->bpffs.at[i]))
			columns |= named(&page->survey->bpffs.at[i], set);
	if (!columns)
		return;
	text_add(page->text, "<h2>%s</h2><div class=\"scroll\"><table>\n", title);
	add_head_row(page, set, columns);
	for (size_t i = 0; i < page->survey->bpffs.count; i++)
		if (is_shown(page, &page->survey->bpffs.at[i]))
			add_row(page, &page->survey->bpffs.at[i], set, columns);
	text_add(page->text, "</tbody></table></div>\n");
}

static void add_holders(struct page *page, const struct survey_bpffs *bpffs)
{
	if (!bpffs->holder_count)
		return;
	text_add(page->text, "<dt>held by</dt><dd>");
	for (uint32_t i = 0; i < bpffs->holder_count; i++) {
		const struct bpftoken_holder *holder =
			&page->survey->holders.at[bpffs->first_holder + i].holder;

		text_add(page->text, "%s", i ? ", " : "");
		show_add(page->text, holder->name, SHOW_HTML);
		text_add(page->text, "[%d]: %u token%s", (int)holder->pid, holder->tokens,
			 holder->tokens == 1 ? "" : "s");
	}
	text_add(page->text, "</dd>");
}

static void add_details(struct page *page, const struct survey_bpffs *bpffs)
{
	const struct survey *survey = page->survey;
	char age[32];

	text_add(page->text, "<h3 id=\"d%u\">", (unsigned int)(bpffs - survey->bpffs.at));
	show_container(page->text, survey, bpffs, SHOW_HTML);
	text_add(page->text, "</h3><dl>");
	if (bpffs->shown != SURVEY_NONE) {
		text_add(page->text, "<dt>path</dt><dd>");
		show_add(page->text, survey->places.at[bpffs->shown].path, SHOW_HTML);
		text_add(page->text, "</dd>");
	}
	if (bpffs->has_facts)
		text_add(page->text, "<dt>owner</dt><dd>host uid %u</dd>",
			 bpffs->facts.owner);
	if (bpffs->since) {
		show_age(age, sizeof(age), survey->now - bpffs->since);
		text_add(page->text, "<dt>age</dt><dd>%s</dd>", age);
	}
	add_holders(page, bpffs);
	for (size_t i = 0; i < SURVEY_FLAGS; i++) {
		if (!bpffs->says[i])
			continue;
		text_add(page->text, "<dt class=\"flag\">%s</dt><dd>",
			 survey_flag_names[i]);
		show_add(page->text, bpffs->says[i], SHOW_HTML);
		text_add(page->text, "</dd>");
	}
	text_add(page->text, "</dl>\n");
}

void survey_html(const struct survey *survey, struct text *text, wanted_fn wanted,
		 const void *data)
{
	struct page page = { survey, wanted, data, text };
	size_t count = 0;

	text_add(text, "%s", head);
	for (size_t i = 0; i < survey->bpffs.count; i++)
		count += wanted(&survey->bpffs.at[i], data);
	text_add(text, "<p>%zu delegation%s seen from %u processes.%s</p>\n", count,
		 count == 1 ? "" : "s", survey->processes,
		 survey_is_partial(survey) ? " Not all of the host could be looked at."
					   : "");
	text_add(text,
		 "<p><i></i> delegated &nbsp; <i class=\"used\"></i> and a live token "
		 "has it &nbsp; <i class=\"host\"></i> <i class=\"host used\"></i> the "
		 "same of a type that reaches the whole host</p>\n");
	for (size_t i = 0; i < ARRAY_SIZE(matrices); i++)
		add_matrix(&page, matrices[i].set, matrices[i].title);
	text_add(text, "<h2>Each delegation</h2>\n");
	for (size_t i = 0; i < survey->bpffs.count; i++)
		if (wanted(&survey->bpffs.at[i], data))
			add_details(&page, &survey->bpffs.at[i]);
	text_add(text, "</body></html>\n");
}
