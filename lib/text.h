/* SPDX-License-Identifier: MIT */
/*
 * Text in both directions: struct text grows while a formatter writes, struct span is a
 * piece of a text being read that knows its line and column. Nothing here changes or
 * copies the text that is read.
 */
#ifndef BPFTOKEN_TEXT_H
#define BPFTOKEN_TEXT_H

#include "bpftoken.h"
#include "util.h"

#include <stdbool.h>

/* Growing text for the formatters; failed is sticky, so only the end is checked. */
struct text {
	char *data; /* terminated; NULL while empty */
	size_t len, size;
	bool failed;
};

void text_add(struct text *text, const char *format, ...) _printf_(2, 3);
/* 0 and the text (never NULL), or -ENOMEM; the struct is empty afterwards. */
int text_take(struct text *text, char **ret_text);
void text_done(struct text *text);

#define _cleanup_text_ _cleanup_(text_done)

/*
 * Where a piece of text stands in the whole: line and column of its first byte, from 1.
 */
struct text_position {
	uint32_t line, column;
};

/* A piece of text, not terminated, and where it stands. */
struct span {
	const char *data;
	size_t len;
	struct text_position at;
};

/* Characters that separate words: blank, tab and the line ends. */
#define SPAN_BLANKS " \t\r\n"

struct span span_of(const char *text);
/* The span without its first count bytes (all of them when it has fewer). */
struct span span_skip(struct span span, size_t count);
struct span span_first(struct span span, size_t count);
/* Without blanks at the front, at the end, at both. */
struct span span_ltrim(struct span span);
struct span span_rtrim(struct span span);
struct span span_trim(struct span span);
/* Bytes before the first that is in set; len when there is none. */
size_t span_until(struct span span, const char *set);
/* Offset of needle, or -1. */
ssize_t span_find(struct span span, const char *needle);
bool span_is(struct span span, const char *text);
bool span_starts(struct span span, const char *prefix);
bool span_equal(struct span a, struct span b);
/* Takes the part before the first byte that is in set off *rest, and that byte. */
struct span span_cut(struct span *rest, const char *set);
/* Takes the next word off *rest; empty at the end. */
struct span span_word(struct span *rest);

/* Foreign text made fit for one line of an error: printable, escaped, at most so long. */
struct quoted {
	char text[64];
};

struct quoted text_quote(const char *text, size_t len);
#define SPAN_QUOTE(span) text_quote((span).data, (span).len).text

/*
 * Length of the valid UTF-8 character that the len bytes begin with, and the character; 0
 * where they begin with none. It looks behind no byte that cannot belong to one.
 */
size_t text_character(const char *text, size_t len, uint32_t *ret_character);

/*
 * Reads a small file, such as one of /proc, into text: what fits, terminated. Returns its
 * length, or a negative errno, and then text is "".
 */
ssize_t text_read_file(const char *path, char *text, size_t size);

/*
 * Raises code at the stage POLICY for a text that is wrong at a position, and returns
 * it.
 */
int text_error(struct bpftoken_error *err, struct text_position at, int code,
	       const char *why, ...) _printf_(4, 5);

#endif
