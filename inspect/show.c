/* SPDX-License-Identifier: MIT */
/* Foreign text, ages and names of containers, as all reports show them. */
#include "show.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/* Controls, and what turns or hides the text around it. */
static bool is_unfit(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff;
}

static const char *entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void show_add(struct text *text, const char *bytes, enum show_for target)
{
	const unsigned char *at = (const unsigned char *)bytes;

	while (*at) {
		uint32_t c = 0;
		size_t len = text_character((const char *)at, 4, &c);
		bool bad = !len || (target != SHOW_JSON && is_unfit(c));

		if (bad)
			len = len ? len : 1;
		for (size_t i = 0; bad && i < len; i++)
			text_add(text, "\\x%02x", at[i]);
		if (!bad && c == '\\')
			text_add(text, "\\\\");
		else if (!bad && target == SHOW_HTML && entity(c))
			text_add(text, "%s", entity(c));
		else if (!bad)
			text_add(text, "%.*s", (int)len, (const char *)at);
		at += len;
	}
}

struct json_object *show_json(const char *bytes)
{
	_cleanup_text_ struct text text = { 0 };

	show_add(&text, bytes, SHOW_JSON);
	return text.failed ? NULL : json_object_new_string(text.data ? text.data : "");
}

void show_age(char *text, size_t size, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	seconds = seconds < 0 ? 0 : seconds;
	while (i + 1 < ARRAY_SIZE(units) && seconds < 2 * units[i].seconds)
		i++;
	snprintf(text, size, "%lld %s", (long long)(seconds / units[i].seconds),
		 units[i].unit);
}

void show_container(struct text *text, const struct survey *survey,
		    const struct survey_bpffs *bpffs, enum show_for target)
{
	const struct survey_place *place;
	const struct survey_space *space;
	char path[64], name[32];

	if (bpffs->shown == SURVEY_NONE) {
		text_add(text, "nowhere");
		return;
	}
	place = &survey->places.at[bpffs->shown];
	space = &survey->spaces.at[place->space];
	if (space->container.engine) {
		text_add(text, "%s ", space->container.engine);
		show_add(text, space->container.name, target);
		return;
	}
	if (!space->pid) {
		text_add(text, "(no process)");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)space->pid);
	(void)text_read_file(path, name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	show_add(text, name[0] ? name : "?", target);
	text_add(text, "[%d]", (int)space->pid);
}
