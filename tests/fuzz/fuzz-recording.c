/* SPDX-License-Identifier: MIT */
/*
 * Recordings of `learn`: two files with a NUL between them. One that is read is written
 * again as the same, by itself or merged with the other in any order and any number of
 * times; what is learned from it is what its calls asked for; and no report lets a
 * terminal or a browser take its texts for more than texts.
 */
#include "fuzz.h"

#include "report.h"

#include <json-c/json.h>

#define PATH_SIZE (FUZZ_PATH + 16)

static void read_again(struct learn_recording *recording, const char *path)
{
	struct bpftoken_error err = { .code = 0 };

	fuzz_check(learn_recording_read(recording, path, &err) == 0);
}

static char *format(const struct learn_recording *recording)
{
	struct text out = { 0 };
	char *text;

	fuzz_check(learn_recording_format(recording, &out) == 0);
	fuzz_check(text_take(&out, &text) == 0);
	return text;
}

/* The files in an order, as one recording. */
static char *merged(const char *const paths[], size_t count)
{
	struct learn_recording recording = { 0 };
	char *text;

	for (size_t i = 0; i < count; i++)
		read_again(&recording, paths[i]);
	for (size_t i = 1; i < recording.count; i++)
		fuzz_check(strcmp(recording.runs[i - 1].id, recording.runs[i].id) < 0);
	text = format(&recording);
	learn_recording_done(&recording);
	return text;
}

static void check_merged(const char *const paths[], size_t count, const char *expected)
{
	_cleanup_free_ char *text = merged(paths, count);

	fuzz_check(!strcmp(text, expected));
}

/* What is written reads as the same. */
static void check_round_trip(const char *text, const char *path)
{
	fuzz_write(path, text, strlen(text));
	if (text[0])
		check_merged(&path, 1, text);
}

/* ------------------------------------------------------------------ learned */

static bool is_asked(const struct learn_recording *recording, uint32_t set,
		     uint32_t value)
{
	for (size_t i = 0; i < recording->count; i++)
		for (size_t n = 0; n < recording->runs[i].count; n++) {
			const struct learn_call *call = &recording->runs[i].calls[n];
			struct learn_value values[3];
			size_t count = learn_call_values(call, values);

			while (count--)
				if (values[count].set == set &&
				    values[count].value == value)
					return true;
		}
	return false;
}

static void check_summary(const struct learn_recording *recording,
			  const struct learn_summary *summary)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t mask = summary->policy.mask[set];

		fuzz_check(!(summary->needed.mask[set] & ~mask));
		for (uint32_t value = 0; value < 64; value++)
			fuzz_check(!(mask >> value & 1) ||
				   is_asked(recording, set, value));
	}
	for (size_t i = 0; i < summary->count; i++) {
		const struct learn_item *item = &summary->items[i];

		fuzz_check(item->run && item->evidence && item->ok <= item->calls);
		fuzz_check(item->verdict != LEARN_NEEDED || item->ok);
		fuzz_check(is_asked(recording, item->set, item->value));
	}
}

/* ------------------------------------------------------------------ reports */

/* No control character, be it one of the eight bits that UTF-8 can say. */
static void check_words(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		fuzz_check((*c >= ' ' && *c != 0x7f) || *c == '\n');
		fuzz_check(*c != 0xc2 || c[1] < 0x80 || c[1] >= 0xa0);
	}
}

static void check_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root =
		json_tokener_parse_ex(tokener, text, (int)strlen(text));

	fuzz_check(json_object_is_type(root, json_type_object));
	json_object_put(root);
	json_tokener_free(tokener);
}

/* Only elements of ours, whatever the texts are. */
static void check_page(const char *text)
{
	static const char *const ours[] = { "!DOCTYPE", "html",	 "head",  "meta", "title",
					    "style",	"body",	 "h1",	  "h2",	  "table",
					    "thead",	"tr",	 "th",	  "td",	  "div",
					    "pre",	"tbody", "header" };

	while ((text = strchr(text, '<'))) {
		size_t len, i = 0;

		text += text[1] == '/' ? 2 : 1;
		len = strcspn(text, " >");
		while (i < ARRAY_SIZE(ours) &&
		       (strlen(ours[i]) != len || strncmp(text, ours[i], len) != 0))
			i++;
		fuzz_check(i < ARRAY_SIZE(ours));
	}
}

static void check_reports(const struct learn_recording *recording,
			  const struct learn_summary *summary)
{
	static const struct {
		int (*write)(const struct learn_report *report, struct text *out);
		void (*check)(const char *text);
	} reports[] = { { learn_report_text, check_words },
			{ learn_report_json, check_json },
			{ learn_report_html, check_page } };
	const struct learn_run *run = recording->runs;
	struct learn_report report = {
		.recording = recording,
		.summary = summary,
		.now = recording->count && run->delegated ? &run->now : NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		_cleanup_text_ struct text out = { 0 };

		fuzz_check(reports[i].write(&report, &out) == 0 && out.data);
		reports[i].check(out.data);
	}
}

/* --------------------------------------------------------------------- input */

/* Whether it could be read. */
static bool check_file(const char *path, const char *again)
{
	struct learn_recording recording = { 0 };
	struct learn_summary summary = { 0 };
	struct bpftoken_error err = { .code = 0 };
	_cleanup_free_ char *text = NULL;
	int r = learn_recording_read(&recording, path, &err);

	fuzz_check(r == 0 || (r < 0 && err.code == r && err.why[0] && err.fix[0]));
	if (r == 0) {
		text = format(&recording);
		check_round_trip(text, again);
		fuzz_check(learn_summarize(&recording, &summary) == 0);
		check_summary(&recording, &summary);
		check_reports(&recording, &summary);
		learn_summary_done(&summary);
	}
	learn_recording_done(&recording);
	return r == 0;
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	char directory[FUZZ_PATH], path[3][PATH_SIZE];
	const char *files[] = { path[0], path[1], path[0] };
	size_t first = strnlen((const char *)data, size);
	_cleanup_free_ char *both = NULL;
	bool readable;

	fuzz_directory(directory);
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		snprintf(path[i], sizeof(path[i]), "%s/%zu", directory, i);
	fuzz_write(path[0], data, first);
	fuzz_write(path[1], data + first + (first < size), size - first - (first < size));
	readable = check_file(path[0], path[2]);
	if (!check_file(path[1], path[2]) || !readable)
		return true;
	both = merged(files, 2);
	/* of two runs with one name the first stays */
	check_merged(files, 3, both);
	check_round_trip(both, path[2]);
	return true;
}
