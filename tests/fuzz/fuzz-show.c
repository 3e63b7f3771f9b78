/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes (paths, names of processes and containers) as `list` and `doctor` show
 * them: fit for a terminal, a page and JSON, and the bytes can still be told from it.
 */
#include "fuzz.h"
#include "show.h"
#include "text.h"

static char *shown(const char *text, enum show_for target)
{
	struct text out = { 0 };
	char *result;

	show_add(&out, text, target);
	fuzz_check(text_take(&out, &result) == 0);
	return result;
}

/* Valid UTF-8; nothing that moves a cursor or turns the text around. */
static void check_terminal(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	for (; *c; c++) {
		fuzz_check(*c >= ' ' && *c != 0x7f && *c != 0xc0 && *c != 0xc1 &&
			   *c < 0xf5);
		fuzz_check(*c != 0xc2 || c[1] >= 0xa0);
		/* U+202A to U+202E */
		fuzz_check(*c != 0xe2 || c[1] != 0x80 || c[2] < 0xaa || c[2] > 0xae);
		/* a lead is followed by as many as it says */
		for (int more = *c >= 0xf0 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc0; more--; c++)
			fuzz_check((c[1] & 0xc0) == 0x80);
	}
}

/* The bytes again, from \xHH and \\. */
static void check_told(const char *shown, const char *text)
{
	for (; *shown; text++) {
		unsigned int byte = (unsigned char)*shown;

		if (shown[0] == '\\' && shown[1] == 'x') {
			fuzz_check(sscanf(shown + 2, "%2x", &byte) == 1);
			shown += 4;
		} else {
			shown += shown[0] == '\\' ? 2 : 1;
		}
		fuzz_check((unsigned char)*text == byte);
	}
	fuzz_check(!*text);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *terminal = shown(text, SHOW_TERMINAL);
	_cleanup_free_ char *page = shown(text, SHOW_HTML);
	_cleanup_free_ char *json = shown(text, SHOW_JSON);
	struct json_object *object = show_json(text), *again;

	check_terminal(terminal);
	check_told(terminal, text);
	check_told(json, text);
	fuzz_check(!strpbrk(page, "<>\"'"));
	again = json_tokener_parse(json_object_to_json_string(object));
	fuzz_check(object && again && json_object_equal(object, again));
	json_object_put(object);
	json_object_put(again);
	return true;
}
