/* SPDX-License-Identifier: MIT */
/*
 * The dialect ini: the policy file, for people. One section, [delegate], with a list of
 * names for each set:
 *
 *	[delegate]
 *	cmds = map_create prog_load
 *	maps = ringbuf
 *
 * inih reads it, from lines that this file hands to it. A distribution may build inih
 * with a line buffer of any size, without line numbers for the handler and deaf to
 * sections without keys; so the lines are counted, measured and their sections checked
 * on the way in.
 */
#include "dialects.h"
#include "error.h"

#include <ini.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define NO_KEY (-1)

/* One reading. */
struct ini {
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	struct span rest; /* what inih has not had yet */
	struct span line; /* what it has in hands */
	bool section; /* [delegate] was seen */
	int key; /* of the last line, which the next one may continue; or NO_KEY */
	uint32_t seen; /* keys so far, one bit each */
	int code; /* negative once err is raised */
};

static const struct list_syntax ini_syntax = {
	.separators = " \t,:",
	.blanks = true,
	.numbers = LIST_NUMBERS_HEX,
	.dialect = "ini",
};

static bool is_indented(struct span line)
{
	return line.len && strchr(SPAN_BLANKS, line.data[0]);
}

/* A comment begins the line or follows a blank: "a;b" is one (wrong) name. */
static struct span without_comment(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (strchr("#;", line.data[i]) &&
		    (i == 0 || strchr(SPAN_BLANKS, line.data[i - 1])))
			return span_first(line, i);
	return line;
}

/* inih accepts anything behind the ']', and any section as long as it has no key. */
static int check_section(struct ini *ini)
{
	struct span line = span_trim(ini->line);

	if (!span_starts(line, "["))
		return 0;
	ini->section = true;
	ini->key = NO_KEY;
	if (span_is(line, "[delegate]"))
		return 0;
	text_error(ini->err, line.at, -EINVAL, "unknown section \"%s\"",
		   SPAN_QUOTE(line));
	err_fix(ini->err, "the one section is [delegate], alone on its line");
	return -EINVAL;
}

/* inih's reader: one line, with its end. Also the place to stop at an error. */
static char *next_line(char *buf, int size, void *data)
{
	struct ini *ini = data;

	if (ini->code < 0 || !ini->rest.len)
		return NULL;
	/* inih knows comments behind some values only: it never sees one */
	ini->line = without_comment(span_cut(&ini->rest, "\n"));
	/* inih wants room for "\r\n" and the terminator */
	if (ini->line.len + 3 > (size_t)size) {
		ini->code = text_error(ini->err, ini->line.at, -EINVAL,
				       "the line is longer than %d bytes", size - 3);
		err_fix(ini->err,
			"break it: a line that begins with a blank continues it");
		return NULL;
	}
	/* an indented line after a key continues its value, whatever it looks like */
	if (ini->key == NO_KEY || !is_indented(ini->line))
		ini->code = check_section(ini);
	memcpy(buf, ini->line.data, ini->line.len);
	memcpy(buf + ini->line.len, "\n", 2);
	return ini->code < 0 ? NULL : buf;
}

/* "unlimited" or a number of bytes; 0 would mean that nothing was said. */
static int read_memlock(struct ini *ini, struct span value)
{
	uint64_t bytes = 0;

	if (span_is(value, "unlimited")) {
		ini->policy->memlock = POLICY_UNLIMITED;
		return 0;
	}
	for (size_t i = 0; i < value.len; i++) {
		unsigned int digit = (unsigned char)value.data[i] - '0';

		if (digit > 9 || bytes > (POLICY_UNLIMITED - 1 - digit) / 10) {
			bytes = 0;
			break;
		}
		bytes = bytes * 10 + digit;
	}
	if (bytes) {
		ini->policy->memlock = bytes;
		return 0;
	}
	text_error(ini->err, value.at, -EINVAL, "\"%s\" is no memory limit",
		   SPAN_QUOTE(value));
	err_fix(ini->err, "give a number of bytes or unlimited");
	return -EINVAL;
}

static int read_value(struct ini *ini, struct span value)
{
	if (ini->key == HOST_KEY_MEMLOCK)
		return read_memlock(ini, value);
	return list_parse(value.data, value.len, (uint32_t)ini->key, &ini_syntax,
			  value.at, &ini->policy->mask[ini->key], ini->notes, ini->err);
}

/* A further line of the value that began on a line before. */
static int continue_value(struct ini *ini, struct span value)
{
	if (ini->key != HOST_KEY_MEMLOCK && span_until(value, "=") == value.len)
		return read_value(ini, value);
	text_error(ini->err, value.at, -EINVAL,
		   "an indented line continues the value of \"%s\"", host_keys[ini->key]);
	err_fix(ini->err, "begin each key in the first column");
	return -EINVAL;
}

static bool has_value(const struct ini *ini)
{
	if (ini->key == HOST_KEY_MEMLOCK)
		return ini->policy->memlock;
	return ini->policy->mask[ini->key];
}

static int begin_value(struct ini *ini, struct span name, struct span value)
{
	int r;

	ini->key = host_key(name);
	if (ini->key == NO_KEY)
		return host_unknown_key(name, ini->err);
	if (!ini->section) {
		text_error(ini->err, name.at, -EINVAL, "the key \"%s\" is in no section",
			   host_keys[ini->key]);
		err_fix(ini->err, "write [delegate] on a line before it");
		return -EINVAL;
	}
	if (ini->seen & 1U << ini->key) {
		text_error(ini->err, name.at, -EINVAL, "the key \"%s\" is there twice",
			   host_keys[ini->key]);
		err_fix(ini->err, "write one list");
		return -EINVAL;
	}
	ini->seen |= 1U << ini->key;
	r = value.len ? read_value(ini, value) : 0;
	if (r < 0 || has_value(ini))
		return r;
	text_error(ini->err, name.at, -EINVAL, "the key \"%s\" has no value",
		   host_keys[ini->key]);
	err_fix(ini->err, "name something on this line or remove the key");
	return -EINVAL;
}

/*
 * inih's handler. It decides what is a key and what a further line of its value; the
 * words themselves are taken from the line, where their columns are known.
 */
static int on_value(void *data, const char *section, const char *name, const char *value)
{
	struct ini *ini = data;
	struct span line = ini->line, key;

	(void)section, (void)value;
	if (ini->code < 0)
		return 0;
	if (ini->key != NO_KEY && is_indented(ini->line) &&
	    !strcmp(name, host_keys[ini->key])) {
		ini->code = continue_value(ini, span_trim(line));
	} else {
		key = span_trim(span_cut(&line, "=:"));
		ini->code = begin_value(ini, key, span_trim(line));
	}
	return ini->code >= 0;
}

static int ini_parse_policy(const char *text, struct bpftoken_policy *policy,
			    struct list_notes *notes, struct bpftoken_error *err)
{
	struct ini ini = {
		.policy = policy,
		.notes = notes,
		.err = err,
		.rest = span_of(text),
		.key = NO_KEY,
	};
	int line;

	if (span_starts(ini.rest, BYTE_ORDER_MARK))
		ini.rest = span_skip(ini.rest, strlen(BYTE_ORDER_MARK));
	line = ini_parse_stream(next_line, &ini, on_value, &ini);
	if (line < 0)
		return err_oom(err);
	/* inih reads on after a line that it cannot read: its error may be the first */
	if (line > 0 && (!ini.code || (uint32_t)line < ini.line.at.line)) {
		text_error(err, (struct text_position){ (uint32_t)line, 1 }, -EINVAL,
			   "neither a section nor KEY = VALUE");
		err_fix(err, "begin a comment with #");
		return -EINVAL;
	}
	if (ini.code < 0)
		return ini.code;
	if (!ini.section) {
		text_error(err, ini.rest.at, -EINVAL, "there is no section [delegate]");
		err_fix(err, "write [delegate] before the keys");
		return -EINVAL;
	}
	return 0;
}

/* The first line that is no comment is a section's. */
static bool ini_detect(const char *text)
{
	struct span rest = span_of(text), line;

	if (span_starts(rest, BYTE_ORDER_MARK))
		rest = span_skip(rest, strlen(BYTE_ORDER_MARK));
	do {
		line = span_trim(span_cut(&rest, "\n"));
	} while (rest.len && (!line.len || strchr("#;", line.data[0])));
	return span_starts(line, "[");
}

static int ini_format(const struct bpftoken_policy *policy, struct text *out,
		      struct bpftoken_error *err)
{
	(void)err;
	text_add(out, "# What a container may do with BPF; see bpftoken-policy(5).\n");
	text_add(out, "[delegate]\n");
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		_cleanup_text_ struct text words = { 0 };

		if (!policy->mask[set])
			continue;
		list_format(&words, set, policy->mask[set], " ");
		out->failed |= words.failed;
		text_add(out, "%s = ", host_keys[set]);
		if (!words.failed)
			host_add_words(out, words.data, strlen(host_keys[set]) + 3);
		text_add(out, "\n");
	}
	if (policy->memlock == POLICY_UNLIMITED)
		text_add(out, "memlock = unlimited\n");
	else if (policy->memlock)
		text_add(out, "memlock = %ju\n", (uintmax_t)policy->memlock);
	return 0;
}

const struct dialect dialect_ini = {
	.name = "ini",
	.what = "the policy file: a section [delegate] with a list for each set",
	.detect = ini_detect,
	.parse = ini_parse_policy,
	.format = ini_format,
};
