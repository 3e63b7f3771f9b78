/* SPDX-License-Identifier: MIT */
/*
 * Text in both directions: growing text for the formatters, spans with positions for
 * the parsers, and the error that a parser raises.
 */
#include "text.h"

#include "error.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for len more bytes and the end; at least doubled, so that growing is linear. */
static bool text_reserve(struct text *text, size_t len)
{
	size_t need = text->len + len + 1;
	char *data;

	if (need <= text->size)
		return true;
	need = need > text->size * 2 ? need : text->size * 2;
	data = realloc(text->data, need);
	if (!data)
		return false;
	text->data = data;
	text->size = need;
	return true;
}

void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	if (text->failed)
		return;
	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !text_reserve(text, (size_t)len)) {
		text->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(text->data + text->len, (size_t)len + 1, format, args);
	va_end(args);
	text->len += (size_t)len;
}

int text_take(struct text *text, char **ret_text)
{
	bool failed;

	text_add(text, "%s", "");
	failed = text->failed;
	if (!failed)
		*ret_text = TAKE_PTR(text->data);
	text_done(text);
	return failed ? -ENOMEM : 0;
}

void text_done(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text), { 1, 1 } };
}

struct span span_skip(struct span span, size_t count)
{
	for (; count && span.len; count--, span.data++, span.len--) {
		span.at.column++;
		if (*span.data == '\n')
			span.at = (struct text_position){ span.at.line + 1, 1 };
	}
	return span;
}

struct span span_first(struct span span, size_t count)
{
	if (count < span.len)
		span.len = count;
	return span;
}

static bool in_set(char c, const char *set)
{
	return c && strchr(set, c);
}

struct span span_ltrim(struct span span)
{
	size_t blanks = 0;

	while (blanks < span.len && in_set(span.data[blanks], SPAN_BLANKS))
		blanks++;
	return span_skip(span, blanks);
}

struct span span_rtrim(struct span span)
{
	while (span.len && in_set(span.data[span.len - 1], SPAN_BLANKS))
		span.len--;
	return span;
}

struct span span_trim(struct span span)
{
	return span_rtrim(span_ltrim(span));
}

size_t span_until(struct span span, const char *set)
{
	size_t i = 0;

	while (i < span.len && !in_set(span.data[i], set))
		i++;
	return i;
}

ssize_t span_find(struct span span, const char *needle)
{
	const char *found = memmem(span.data, span.len, needle, strlen(needle));

	return found ? found - span.data : -1;
}

bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && !memcmp(span.data, text, span.len);
}

bool span_starts(struct span span, const char *prefix)
{
	return span_is(span_first(span, strlen(prefix)), prefix);
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

struct span span_cut(struct span *rest, const char *set)
{
	size_t len = span_until(*rest, set);
	struct span first = span_first(*rest, len);

	*rest = span_skip(*rest, len + 1);
	return first;
}

struct span span_word(struct span *rest)
{
	*rest = span_ltrim(*rest);
	return span_cut(rest, SPAN_BLANKS);
}

struct quoted text_quote(const char *text, size_t len)
{
	struct quoted quoted;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';

		/* room for this byte, escaped, and for the dots of a cut */
		if (used + 4 + 4 > sizeof(quoted.text)) {
			memcpy(quoted.text + used, "...", 3);
			used += 3;
			break;
		}
		if (plain)
			quoted.text[used++] = (char)c;
		else
			used += (size_t)sprintf(quoted.text + used, "\\x%02x", c);
	}
	quoted.text[used] = '\0';
	return quoted;
}

int text_error(struct bpftoken_error *err, struct text_position at, int code,
	       const char *why, ...)
{
	va_list args;

	va_start(args, why);
	err_vraise(err, BPFTOKEN_STAGE_POLICY, code, why, args);
	va_end(args);
	err_what(err, "cannot read the policy");
	err_kind(err, BPFTOKEN_KIND_POLICY);
	err_position(err, at.line, at.column);
	return code;
}

size_t text_character(const char *text, size_t len, uint32_t *ret_character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = len ? (unsigned char)text[0] : 0xff;
	size_t size = first < 0x80	       ? 1
		      : (first & 0xe0) == 0xc0 ? 2
		      : (first & 0xf0) == 0xe0 ? 3
		      : (first & 0xf8) == 0xf0 ? 4
					       : 0;
	uint32_t c = size == 1 ? first : first & (0x7fU >> size);

	if (!size || size > len)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret_character = c;
	return size;
}

ssize_t text_read_file(const char *path, char *text, size_t size)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	ssize_t len = fd < 0 ? fd : sys_read(fd, text, size - 1);

	text[len > 0 ? len : 0] = '\0';
	return len;
}
