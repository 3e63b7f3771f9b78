/* SPDX-License-Identifier: MIT */
/*
 * The dialect "lxd": instance options of LXD. Written are `lxc config set` commands. Read
 * are such commands, lines of key=value or "key: value", and the YAML of `lxc config
 * show` or `lxc profile show`, recognised by its config: block. The values are the
 * kernel's delegate_* syntax, which LXD hands through.
 *
 * Only a YAML document may have other keys, for it has all of an instance's. A key that
 * is given twice must have the same value: LXD keeps the last one, a reader sees both.
 * Lists without security.delegate_bpf=true are an error, because LXD ignores them.
 *
 * Source: LXD doc/reference/instance_options.md, doc/explanation/bpf.md; liblxc
 * src/lxc/confile.c for limits.kernel.memlock, which LXD hands to lxc.prlimit.memlock.
 */
#include "dialect.h"

#include "error.h"
#include "names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The rows of keys[], in the order in which they are written. */
enum {
	KEY_MEMLOCK,
	KEY_DELEGATE,
	KEY_PROGS,
	KEY_ATTACHS,
	KEY_CMDS,
	KEY_MAPS,
	KEYS,
};

struct reader {
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	struct span seen[KEYS]; /* value of each key; no data = not given */
	struct span instance; /* no data = not named */
	bool enabled;
};

struct lxd_key {
	const char *name;
	int (*parse)(struct reader *reader, const struct lxd_key *key, struct span value);
	/* Writes the value; nothing when the key is not needed. */
	void (*format)(const struct bpftoken_policy *policy, const struct lxd_key *key,
		       struct text *out);
	uint32_t set;
};

/* -------------------------------------------------------------------- values */

static const struct list_syntax lxd_list = {
	.separators = ":",
	.numbers = LIST_NUMBERS_KERNEL,
	.dialect = "lxd",
};

static int parse_list(struct reader *reader, const struct lxd_key *key, struct span value)
{
	return list_parse(value.data, value.len, key->set, &lxd_list, value.at,
			  &reader->policy->mask[key->set], reader->notes, reader->err);
}

static void format_list(const struct bpftoken_policy *policy, const struct lxd_key *key,
			struct text *out)
{
	if (policy->mask[key->set])
		list_format(out, key->set, policy->mask[key->set], ":");
}

static int parse_bool(struct reader *reader, const struct lxd_key *key, struct span value)
{
	static const struct {
		const char *word;
		bool is;
	} words[] = {
		{ "true", true },   { "1", true },  { "yes", true }, { "on", true },
		{ "false", false }, { "0", false }, { "no", false }, { "off", false },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (value.len == strlen(words[i].word) &&
		    !strncasecmp(value.data, words[i].word, value.len)) {
			reader->enabled = words[i].is;
			return 0;
		}
	}
	r = text_error(reader->err, value.at, -EINVAL, "%s is \"%s\", no boolean",
		       key->name, SPAN_QUOTE(value));
	err_fix(reader->err, "write %s=true", key->name);
	return r;
}

static void format_bool(const struct bpftoken_policy *policy,
			_unused_ const struct lxd_key *key, struct text *out)
{
	bool empty = bpftoken_policy_is_empty(policy, BPFTOKEN_SETS);

	text_add(out, "%s", empty ? "false" : "true");
}

/* "unlimited" or a decimal number; a number of all ones is the same as unlimited. */
static bool parse_limit(struct span value, uint64_t *ret_limit)
{
	uint64_t limit = 0;

	if (span_is(value, "unlimited")) {
		*ret_limit = POLICY_UNLIMITED;
		return true;
	}
	for (size_t i = 0; i < value.len; i++) {
		unsigned int digit = (unsigned char)value.data[i] - (unsigned int)'0';

		if (digit > 9 || limit > (UINT64_MAX - digit) / 10)
			return false;
		limit = limit * 10 + digit;
	}
	*ret_limit = limit;
	return value.len && limit;
}

/* LIMIT or SOFT:HARD, of which the hard limit bounds what a program can ask for. */
static int parse_memlock(struct reader *reader, const struct lxd_key *key,
			 struct span value)
{
	struct span hard = value, soft = span_cut(&hard, ":");
	uint64_t limit;
	int r;

	if (soft.len == value.len)
		hard = soft;
	if (parse_limit(soft, &limit) && parse_limit(hard, &limit)) {
		reader->policy->memlock = limit;
		return 0;
	}
	r = text_error(reader->err, value.at, -EINVAL,
		       "%s is \"%s\", no number of bytes above 0; LXD takes no suffix",
		       key->name, SPAN_QUOTE(value));
	err_fix(reader->err, "write the bytes, such as 8388608, or unlimited");
	return r;
}

static void format_memlock(const struct bpftoken_policy *policy,
			   _unused_ const struct lxd_key *key, struct text *out)
{
	if (policy->memlock == POLICY_UNLIMITED)
		text_add(out, "unlimited");
	else if (policy->memlock)
		text_add(out, "%llu", (unsigned long long)policy->memlock);
}

/* ---------------------------------------------------------------------- keys */

#define PREFIX "security.delegate_bpf"

static const struct lxd_key keys[KEYS] = {
	[KEY_MEMLOCK] = { "limits.kernel.memlock", parse_memlock, format_memlock },
	[KEY_DELEGATE] = { PREFIX, parse_bool, format_bool },
	[KEY_PROGS] = { PREFIX ".prog_types", parse_list, format_list, BPFTOKEN_PROGS },
	[KEY_ATTACHS] = { PREFIX ".attach_types", parse_list, format_list,
			  BPFTOKEN_ATTACHS },
	[KEY_CMDS] = { PREFIX ".cmd_types", parse_list, format_list, BPFTOKEN_CMDS },
	[KEY_MAPS] = { PREFIX ".map_types", parse_list, format_list, BPFTOKEN_MAPS },
};

static int find_key(struct span name)
{
	for (int i = 0; i < KEYS; i++) {
		if (span_is(name, keys[i].name))
			return i;
	}
	return -1;
}

static int refuse_key(struct reader *reader, struct span name)
{
	struct nearest nearest;
	int r;

	nearest_init(&nearest, name.data, name.len);
	for (size_t i = 0; i < KEYS; i++)
		nearest_offer(&nearest, keys[i].name);
	if (nearest.best) {
		r = text_error(reader->err, name.at, -EINVAL,
			       "unknown key \"%s\"; nearest is \"%s\"", SPAN_QUOTE(name),
			       nearest.best);
		err_fix(reader->err, "write %s", nearest.best);
	} else {
		r = text_error(reader->err, name.at, -EINVAL,
			       "the key \"%s\" does not delegate BPF", SPAN_QUOTE(name));
		err_fix(reader->err, "remove it; read are %s, %s.*_types and %s",
			keys[KEY_DELEGATE].name, keys[KEY_DELEGATE].name,
			keys[KEY_MEMLOCK].name);
	}
	return r;
}

/* Without a pair of quotes around all of it. */
static struct span unquote(struct span word)
{
	char quote = word.len >= 2 ? word.data[0] : '\0';

	if ((quote != '"' && quote != '\'') || word.data[word.len - 1] != quote)
		return word;
	return span_first(span_skip(word, 1), word.len - 2);
}

static int set_key(struct reader *reader, struct span name, struct span value)
{
	int i = find_key(name), r;
	struct span *seen;

	if (i < 0)
		return refuse_key(reader, name);
	value = unquote(value);
	seen = &reader->seen[i];
	if (seen->data && span_equal(*seen, value))
		return 0;
	if (seen->data) {
		r = text_error(reader->err, name.at, -EINVAL,
			       "%s is given twice, as \"%s\" in line %u and as \"%s\"",
			       keys[i].name, SPAN_QUOTE(*seen), seen->at.line,
			       SPAN_QUOTE(value));
		err_fix(reader->err, "keep one of the two");
		return r;
	}
	*seen = value;
	return keys[i].parse(reader, &keys[i], value);
}

/* -------------------------------------------------- commands and single lines */

/* Splits KEY=VALUE and "KEY: VALUE" at what comes first; false when neither is there. */
static bool split_pair(struct span pair, struct span *ret_key, struct span *ret_value)
{
	size_t len = span_until(pair, "=:");
	struct span rest = span_skip(pair, len);

	if (!rest.len || (rest.data[0] == ':' && rest.len > 1 &&
			  !isspace((unsigned char)rest.data[1])))
		return false;
	*ret_key = span_rtrim(span_first(pair, len));
	*ret_value = span_ltrim(span_skip(rest, 1));
	return true;
}

static int parse_pair(struct reader *reader, struct span pair)
{
	struct span key, value;
	int r;

	if (split_pair(pair, &key, &value))
		return set_key(reader, key, value);
	r = text_error(reader->err, pair.at, -EINVAL, "\"%s\" is not KEY=VALUE",
		       SPAN_QUOTE(pair));
	err_fix(reader->err, "write a line such as %s.cmd_types=prog_load", PREFIX);
	return r;
}

static int refuse_arguments(struct reader *reader, struct span at, const char *missing)
{
	int r = text_error(reader->err, at.at, -EINVAL, "%s is missing", missing);

	err_fix(reader->err, "write lxc config set NAME KEY=VALUE");
	return r;
}

static int check_instance(struct reader *reader, struct span instance)
{
	int r;

	if (!instance.len || instance.data[0] == '-')
		return refuse_arguments(reader, instance,
					"the instance after \"lxc config set\"");
	if (reader->instance.data && !span_equal(reader->instance, instance)) {
		r = text_error(reader->err, instance.at, -EINVAL,
			       "this is about two instances, \"%s\" and \"%s\"",
			       SPAN_QUOTE(reader->instance), SPAN_QUOTE(instance));
		err_fix(reader->err, "give the lines of one instance");
		return r;
	}
	reader->instance = instance;
	return 0;
}

/* What follows NAME: KEY VALUE, or any number of KEY=VALUE. */
static int parse_arguments(struct reader *reader, struct span rest)
{
	struct span first = span_word(&rest), word;
	struct span after = rest;
	int r;

	if (!first.len)
		return refuse_arguments(reader, first, "the key after the instance");
	word = span_word(&after);
	if (span_until(first, "=") == first.len && word.len && !span_ltrim(after).len)
		return set_key(reader, unquote(first), word);
	for (word = first; word.len; word = span_word(&rest)) {
		r = parse_pair(reader, unquote(word));
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_command(struct reader *reader, struct span line)
{
	struct span rest = line;
	int r;

	if (!span_is(span_word(&rest), "lxc") || !span_is(span_word(&rest), "config") ||
	    !span_is(span_word(&rest), "set")) {
		r = text_error(reader->err, line.at, -EINVAL,
			       "of the commands only \"lxc config set\" is read");
		err_fix(reader->err, "leave the line out");
		return r;
	}
	r = check_instance(reader, span_word(&rest));
	return r < 0 ? r : parse_arguments(reader, rest);
}

static bool is_command(struct span line)
{
	return span_is(span_word(&line), "lxc");
}

static bool is_comment(struct span line)
{
	return !line.len || line.data[0] == '#';
}

static int parse_lines(struct reader *reader, struct span rest)
{
	int r;

	while (rest.len) {
		struct span line = span_trim(span_cut(&rest, "\n"));

		if (is_comment(line))
			continue;
		r = is_command(line) ? parse_command(reader, line)
				     : parse_pair(reader, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---------------------------------------------------------------------- YAML */

struct yaml {
	bool found; /* config: was there */
	bool inside; /* within its block */
	bool ours; /* the entry before was one of keys[] */
	size_t indent; /* of the block's entries; 0 = none yet */
};

static bool is_yaml(struct span rest)
{
	while (rest.len) {
		if (span_starts(span_cut(&rest, "\n"), "config:"))
			return true;
	}
	return false;
}

static int refuse_yaml(struct reader *reader, struct span line, const char *why)
{
	int r = text_error(reader->err, line.at, -EINVAL, "%s in \"%s\"", why,
			   SPAN_QUOTE(line));

	err_fix(reader->err, "give the output of \"lxc config show\" as it is");
	return r;
}

/* A line without indentation: another key of the document, or an item of a list. */
static int yaml_top(struct reader *reader, struct yaml *yaml, struct span line)
{
	yaml->inside = false;
	if (!span_starts(line, "config:")) {
		if (span_find(line, ":") < 0 && line.data[0] != '-' &&
		    !span_is(line, "..."))
			return refuse_yaml(reader, line, "unexpected text");
		return 0;
	}
	if (yaml->found)
		return refuse_yaml(reader, line, "a second config block");
	yaml->found = true;
	yaml->inside = span_is(line, "config:");
	if (!yaml->inside && !span_is(line, "config: {}"))
		return refuse_yaml(reader, line, "no block of lines");
	return 0;
}

static int yaml_entry(struct reader *reader, struct yaml *yaml, struct span line)
{
	ssize_t colon = span_find(line, ": ");
	struct span key, value;

	if (colon < 0 && line.data[line.len - 1] == ':')
		colon = (ssize_t)line.len - 1;
	if (colon < 0)
		return refuse_yaml(reader, line, "no KEY: VALUE");
	key = unquote(span_first(line, (size_t)colon));
	value = span_ltrim(span_skip(line, (size_t)colon + 1));
	yaml->ours = find_key(key) >= 0 || span_starts(key, PREFIX);
	return yaml->ours ? set_key(reader, key, value) : 0;
}

static int yaml_line(struct reader *reader, struct yaml *yaml, struct span line)
{
	size_t indent = 0;

	while (indent < line.len && line.data[indent] == ' ')
		indent++;
	line = span_skip(line, indent);
	if (is_comment(line))
		return 0;
	if (!indent)
		return yaml_top(reader, yaml, line);
	if (!yaml->inside)
		return 0;
	if (!yaml->indent)
		yaml->indent = indent;
	/* a value over several lines; only values of other keys have them */
	if (indent > yaml->indent && !yaml->ours)
		return 0;
	if (indent != yaml->indent || line.data[0] == '\t')
		return refuse_yaml(reader, line, "unexpected indentation");
	return yaml_entry(reader, yaml, line);
}

static int parse_yaml(struct reader *reader, struct span rest)
{
	struct yaml yaml = { 0 };
	int r;

	while (rest.len) {
		r = yaml_line(reader, &yaml, span_rtrim(span_cut(&rest, "\n")));
		if (r < 0)
			return r;
	}
	return 0;
}

/* ------------------------------------------------------------------- dialect */

static bool lxd_detect(const char *text)
{
	struct span rest = span_of(text), line = { 0 };

	if (is_yaml(rest))
		return span_find(rest, PREFIX) >= 0;
	while (rest.len && !line.len) {
		line = span_trim(span_cut(&rest, "\n"));
		if (is_comment(line))
			line.len = 0;
	}
	return is_command(line) || span_starts(line, "security.delegate") ||
	       span_starts(line, keys[KEY_MEMLOCK].name);
}

/* LXD mounts no bpffs and says nothing unless the first key is true. */
static int check_enabled(struct reader *reader)
{
	struct span *seen = reader->seen;
	struct text_position at = { 1, 1 };
	bool lists = false;
	int r;

	for (size_t i = 0; i < KEYS; i++) {
		if (!seen[i].data || i == KEY_DELEGATE || i == KEY_MEMLOCK)
			continue;
		lists = true;
		at = seen[i].at;
	}
	if (reader->enabled || (seen[KEY_DELEGATE].data && !lists))
		return 0;
	r = text_error(reader->err, at, -EINVAL, "without %s=true LXD delegates nothing",
		       keys[KEY_DELEGATE].name);
	err_fix(reader->err, "set %s=true", keys[KEY_DELEGATE].name);
	return r;
}

static int lxd_parse(const char *text, struct bpftoken_policy *policy,
		     struct list_notes *notes, struct bpftoken_error *err)
{
	struct reader reader = { .policy = policy, .notes = notes, .err = err };
	struct span whole = span_of(text);
	int r;

	r = is_yaml(whole) ? parse_yaml(&reader, whole) : parse_lines(&reader, whole);
	return r < 0 ? r : check_enabled(&reader);
}

static int lxd_format(const struct bpftoken_policy *policy, struct text *out,
		      _unused_ struct bpftoken_error *err)
{
	for (size_t i = 0; i < KEYS; i++) {
		_cleanup_text_ struct text value = { 0 };

		keys[i].format(policy, &keys[i], &value);
		if (value.len)
			text_add(out, "lxc config set INSTANCE %s=%s\n", keys[i].name,
				 value.data);
		if (value.failed)
			out->failed = true;
	}
	return 0;
}

const struct dialect dialect_lxd = {
	.name = "lxd",
	.what = "instance options of LXD; also reads lxc config show and key=value lines",
	.detect = lxd_detect,
	.parse = lxd_parse,
	.format = lxd_format,
};
