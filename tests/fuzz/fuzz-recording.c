/* SPDX-License-Identifier: MIT */
/*
 * Recordings of `learn`: two files with a NUL between them. One that is read is written
 * again as the same, by itself or merged with the other in any order and any number of
 * times, and does not differ from itself; what is learned from it is what its calls asked
 * for, and covers them; and no report lets a terminal or a browser take its texts for more
 * than texts.
 */
#include "fuzz.h"

#include "learn-cli.h"

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

/* ------------------------------------------------------------------ commands */

/* What the command's options would say. */
static struct bpftoken_policy *given;

int cli_parse(const struct cli_command *command, int argc, char **argv, void *options,
	      int *ret_status)
{
	struct learn_options *learn = options;

	(void)command, (void)argc, (void)argv;
	learn->policy.policy = given;
	*ret_status = CLI_DONE;
	return 1;
}

void policy_options_done(struct policy_options *options)
{
	options->policy = NULL;
}

/* The command's own print on stderr and explain; here nobody reads that. */
int cli_fail(struct bpftoken_error *err)
{
	fuzz_check(err->code < 0 && err->why[0]);
	return CLI_FAILED;
}

int cli_usage(const struct cli_command *command, const char *why, ...)
{
	(void)command, (void)why;
	return CLI_USAGE;
}

void cli_note(const char *text, ...)
{
	(void)text;
}

int learn_out_of_memory(void)
{
	fuzz_check(!"there is memory");
	return CLI_FAILED;
}

/* Of sub-commands that are not run here. */
int learn_report_on(const struct learn_recording *recording,
		    const struct learn_minimum *minimum, FILE *people,
		    const struct learn_options *learn)
{
	(void)recording, (void)minimum, (void)people, (void)learn;
	return learn_out_of_memory();
}

int learn_write_recording(const struct learn_recording *recording, const char *path)
{
	(void)recording, (void)path;
	return learn_out_of_memory();
}

int learn_record(const struct learn_options *learn, char **program,
		 struct learn_recording *ret_recording, struct bpftoken_error *err)
{
	(void)learn, (void)program, (void)ret_recording, (void)err;
	return learn_out_of_memory();
}

int cli_fail_program(struct bpftoken_error *err)
{
	return cli_fail(err);
}

/* Its exit status, and what it prints. */
static int command(int (*run)(const struct cli_command *command, int argc, char **argv),
		   const char *first, const char *second, char **ret_printed)
{
	char *argv[] = { (char *)(uintptr_t) "learn", (char *)(uintptr_t)first,
			 (char *)(uintptr_t)second, NULL };
	FILE *real = stdout;
	size_t size;
	int status;

	stdout = open_memstream(ret_printed, &size);
	fuzz_check(stdout);
	status = run(NULL, second ? 3 : 2, argv);
	fclose(stdout);
	stdout = real;
	check_words(*ret_printed);
	return status;
}

static void check_commands(const char *path, const struct learn_summary *summary)
{
	_cleanup_free_ char *difference = NULL, *verdict = NULL;
	struct bpftoken_policy policy = summary->policy;
	bool unknown = false;

	fuzz_check(command(learn_run_diff, path, path, &difference) == CLI_DONE);
	fuzz_check(!difference[0]);
	for (size_t i = 0; i < summary->count; i++)
		unknown |= summary->items[i].unknown;
	given = &policy;
	/* what the kernel does not know nobody can delegate */
	fuzz_check(command(learn_run_check, path, NULL, &verdict) != CLI_POLICY ||
		   unknown);
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
		check_commands(path, &summary);
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
	_cleanup_free_ char *both = NULL, *difference = NULL;
	bool readable;

	fuzz_directory(directory);
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		snprintf(path[i], sizeof(path[i]), "%s/%zu", directory, i);
	fuzz_write(path[0], data, first);
	fuzz_write(path[1], data + first + (first < size), size - first - (first < size));
	readable = check_file(path[0], path[2]);
	if (!check_file(path[1], path[2]) || !readable)
		return true;
	fuzz_check(command(learn_run_diff, path[0], path[1], &difference) == CLI_DONE);
	both = merged(files, 2);
	/* of two runs with one name the first stays */
	check_merged(files, 3, both);
	check_round_trip(both, path[2]);
	return true;
}
