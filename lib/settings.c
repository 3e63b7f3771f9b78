/* SPDX-License-Identifier: MIT */
/*
 * Reading the settings of an instance: see settings.h. The lines of an instance may be
 * mixed with comments; only a YAML document may have other keys, for it has all of an
 * instance's. A key that is given twice must have the same value: the manager keeps the
 * last one, a reader sees both.
 */
#include "settings.h"

#include "error.h"
#include "names.h"

#include <ctype.h>
#include <string.h>

/* -------------------------------------------------------------------- values */

/* The kernel's fsconfig() takes no longer string, and a manager hands over all of it. */
#define OPTION_LONGEST 255U

int settings_parse_list(struct settings *settings, const struct settings_key *key,
			struct span value)
{
	if (value.len <= OPTION_LONGEST)
		return list_parse(value.data, value.len, key->set, settings->syntax->list,
				  value.at, &settings->policy->mask[key->set],
				  settings->notes, settings->err);
	text_error(settings->err, value.at, -EINVAL,
		   "%s has %zu bytes, and the kernel takes an option of at most %u",
		   key->name, value.len, OPTION_LONGEST);
	err_fix(settings->err, "write the list as one number, such as 0x20");
	return -EINVAL;
}

void settings_format_list(const struct bpftoken_policy *policy,
			  const struct settings_key *key,
			  const struct settings_syntax *syntax, struct text *out)
{
	const char separator[] = { syntax->list->separators[0], '\0' };
	uint64_t mask = policy->mask[key->set];
	_cleanup_text_ struct text list = { 0 };

	if (!mask)
		return;
	list_format(&list, key->set, mask, separator);
	out->failed |= list.failed;
	if (list.len <= OPTION_LONGEST)
		text_add(out, "%s", list.failed ? "" : list.data);
	else
		text_add(out, "0x%llx", (unsigned long long)mask);
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
int settings_parse_memlock(struct settings *settings, const struct settings_key *key,
			   struct span value)
{
	struct span hard = value, soft = span_cut(&hard, ":");
	uint64_t limit;
	int r;

	if (soft.len == value.len)
		hard = soft;
	if (parse_limit(soft, &limit) && parse_limit(hard, &limit)) {
		settings->policy->memlock = limit;
		return 0;
	}
	r = text_error(settings->err, value.at, -EINVAL,
		       "%s is \"%s\", no number of bytes above 0; %s takes no suffix",
		       key->name, SPAN_QUOTE(value), settings->syntax->manager);
	err_fix(settings->err, "write the bytes, such as 8388608, or unlimited");
	return r;
}

void settings_format_memlock(const struct bpftoken_policy *policy,
			     _unused_ const struct settings_key *key,
			     _unused_ const struct settings_syntax *syntax,
			     struct text *out)
{
	if (policy->memlock == POLICY_UNLIMITED)
		text_add(out, "unlimited");
	else if (policy->memlock)
		text_add(out, "%llu", (unsigned long long)policy->memlock);
}

/* ---------------------------------------------------------------------- keys */

static int find_key(const struct settings_syntax *syntax, struct span name)
{
	for (int i = 0; syntax->keys[i].name; i++)
		if (span_is(name, syntax->keys[i].name))
			return i;
	return -1;
}

static int refuse_key(struct settings *settings, struct span name)
{
	struct nearest nearest;
	int r;

	nearest_init(&nearest, name.data, name.len);
	for (const struct settings_key *key = settings->syntax->keys; key->name; key++)
		nearest_offer(&nearest, key->name);
	if (nearest.best) {
		r = text_error(settings->err, name.at, -EINVAL,
			       "unknown key \"%s\"; nearest is \"%s\"", SPAN_QUOTE(name),
			       nearest.best);
		err_fix(settings->err, "write %s", nearest.best);
	} else {
		r = text_error(settings->err, name.at, -EINVAL,
			       "the key \"%s\" does not delegate BPF", SPAN_QUOTE(name));
		err_fix(settings->err, "remove it; read are %s", settings->syntax->known);
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

static int set_key(struct settings *settings, struct span name, struct span value)
{
	int i = find_key(settings->syntax, name), r;
	const struct settings_key *key = &settings->syntax->keys[i < 0 ? 0 : i];
	struct span *seen;

	if (i < 0)
		return refuse_key(settings, name);
	value = unquote(value);
	seen = &settings->seen[i];
	if (seen->data && span_equal(*seen, value))
		return 0;
	if (seen->data) {
		r = text_error(settings->err, name.at, -EINVAL,
			       "%s is given twice, as \"%s\" in line %u and as \"%s\"",
			       key->name, SPAN_QUOTE(*seen), seen->at.line,
			       SPAN_QUOTE(value));
		err_fix(settings->err, "keep one of the two");
		return r;
	}
	*seen = value;
	return key->parse(settings, key, value);
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

static int parse_pair(struct settings *settings, struct span pair)
{
	struct span key, value;
	int r;

	if (split_pair(pair, &key, &value))
		return set_key(settings, key, value);
	r = text_error(settings->err, pair.at, -EINVAL, "\"%s\" is not KEY=VALUE",
		       SPAN_QUOTE(pair));
	err_fix(settings->err, "write a line such as %s=prog_load",
		settings->syntax->example);
	return r;
}

static int refuse_arguments(struct settings *settings, struct span at,
			    const char *missing)
{
	int r = text_error(settings->err, at.at, -EINVAL, "%s is missing", missing);

	err_fix(settings->err, "write %s config set NAME KEY=VALUE",
		settings->syntax->command);
	return r;
}

static int check_instance(struct settings *settings, struct span instance)
{
	int r;

	if (!instance.len || instance.data[0] == '-')
		return refuse_arguments(settings, instance,
					"the instance after \"config set\"");
	if (settings->instance.data && !span_equal(settings->instance, instance)) {
		r = text_error(settings->err, instance.at, -EINVAL,
			       "this is about two instances, \"%s\" and \"%s\"",
			       SPAN_QUOTE(settings->instance), SPAN_QUOTE(instance));
		err_fix(settings->err, "give the lines of one instance");
		return r;
	}
	settings->instance = instance;
	return 0;
}

/* What follows NAME: KEY VALUE, or any number of KEY=VALUE. */
static int parse_arguments(struct settings *settings, struct span rest)
{
	struct span first = span_word(&rest), word;
	struct span after = rest;
	int r;

	if (!first.len)
		return refuse_arguments(settings, first, "the key after the instance");
	word = span_word(&after);
	if (span_until(first, "=") == first.len && word.len && !span_ltrim(after).len)
		return set_key(settings, unquote(first), word);
	for (word = first; word.len; word = span_word(&rest)) {
		r = parse_pair(settings, unquote(word));
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_command(struct settings *settings, struct span line)
{
	struct span rest = line;
	int r;

	if (!span_is(span_word(&rest), settings->syntax->command) ||
	    !span_is(span_word(&rest), "config") || !span_is(span_word(&rest), "set")) {
		r = text_error(settings->err, line.at, -EINVAL,
			       "of the commands only \"%s config set\" is read",
			       settings->syntax->command);
		err_fix(settings->err, "leave the line out");
		return r;
	}
	r = check_instance(settings, span_word(&rest));
	return r < 0 ? r : parse_arguments(settings, rest);
}

static bool is_command(const struct settings_syntax *syntax, struct span line)
{
	return span_is(span_word(&line), syntax->command);
}

static bool is_comment(struct span line)
{
	return !line.len || line.data[0] == '#';
}

static int parse_lines(struct settings *settings, struct span rest)
{
	int r;

	while (rest.len) {
		struct span line = span_trim(span_cut(&rest, "\n"));

		if (is_comment(line))
			continue;
		r = is_command(settings->syntax, line) ? parse_command(settings, line)
						       : parse_pair(settings, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---------------------------------------------------------------------- YAML */

struct yaml {
	bool found; /* config: was there */
	bool inside; /* within its block */
	bool ours; /* the entry before was one of our keys */
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

static int refuse_yaml(struct settings *settings, struct span line, const char *why)
{
	int r = text_error(settings->err, line.at, -EINVAL, "%s in \"%s\"", why,
			   SPAN_QUOTE(line));

	err_fix(settings->err, "give the output of \"%s config show\" as it is",
		settings->syntax->command);
	return r;
}

/* A line without indentation: another key of the document, or an item of a list. */
static int yaml_top(struct settings *settings, struct yaml *yaml, struct span line)
{
	yaml->inside = false;
	if (!span_starts(line, "config:")) {
		if (span_find(line, ":") < 0 && line.data[0] != '-' &&
		    !span_is(line, "..."))
			return refuse_yaml(settings, line, "unexpected text");
		return 0;
	}
	if (yaml->found)
		return refuse_yaml(settings, line, "a second config block");
	yaml->found = true;
	yaml->inside = span_is(line, "config:");
	if (!yaml->inside && !span_is(line, "config: {}"))
		return refuse_yaml(settings, line, "no block of lines");
	return 0;
}

static int yaml_entry(struct settings *settings, struct yaml *yaml, struct span line)
{
	ssize_t colon = span_find(line, ": ");
	struct span key, value;

	if (colon < 0 && line.data[line.len - 1] == ':')
		colon = (ssize_t)line.len - 1;
	if (colon < 0)
		return refuse_yaml(settings, line, "no KEY: VALUE");
	key = unquote(span_first(line, (size_t)colon));
	value = span_ltrim(span_skip(line, (size_t)colon + 1));
	yaml->ours = find_key(settings->syntax, key) >= 0 ||
		     span_starts(key, settings->syntax->prefix);
	return yaml->ours ? set_key(settings, key, value) : 0;
}

static int yaml_line(struct settings *settings, struct yaml *yaml, struct span line)
{
	size_t indent = 0;

	while (indent < line.len && line.data[indent] == ' ')
		indent++;
	line = span_skip(line, indent);
	if (is_comment(line))
		return 0;
	if (!indent)
		return yaml_top(settings, yaml, line);
	if (!yaml->inside)
		return 0;
	if (!yaml->indent)
		yaml->indent = indent;
	/* a value over several lines; only values of other keys have them */
	if (indent > yaml->indent && !yaml->ours)
		return 0;
	if (indent != yaml->indent || line.data[0] == '\t')
		return refuse_yaml(settings, line, "unexpected indentation");
	return yaml_entry(settings, yaml, line);
}

static int parse_yaml(struct settings *settings, struct span rest)
{
	struct yaml yaml = { 0 };
	int r;

	while (rest.len) {
		r = yaml_line(settings, &yaml, span_rtrim(span_cut(&rest, "\n")));
		if (r < 0)
			return r;
	}
	return 0;
}

/* --------------------------------------------------------------------- whole */

/* The first line that is no comment and not empty. */
static struct span first_line(struct span rest)
{
	struct span line = { 0 };

	while (rest.len && !line.len) {
		line = span_trim(span_cut(&rest, "\n"));
		if (is_comment(line))
			line.len = 0;
	}
	return line;
}

bool settings_detect(const struct settings_syntax *syntax, const char *text)
{
	struct span whole = span_of(text), line;

	if (is_yaml(whole))
		return span_find(whole, syntax->prefix) >= 0;
	line = first_line(whole);
	return is_command(syntax, line) || span_starts(line, syntax->detect) ||
	       (span_starts(line, SETTINGS_MEMLOCK) &&
		(!syntax->rival || span_find(whole, syntax->rival) < 0));
}

int settings_parse(const struct settings_syntax *syntax, const char *text,
		   struct bpftoken_policy *policy, struct list_notes *notes,
		   struct bpftoken_error *err)
{
	struct settings settings = {
		.syntax = syntax,
		.policy = policy,
		.notes = notes,
		.err = err,
	};
	struct span whole = span_of(text);
	int r = is_yaml(whole) ? parse_yaml(&settings, whole)
			       : parse_lines(&settings, whole);

	return r < 0 || !syntax->check ? r : syntax->check(&settings);
}

void settings_format(const struct settings_syntax *syntax,
		     const struct bpftoken_policy *policy, struct text *out)
{
	for (const struct settings_key *key = syntax->keys; key->name; key++) {
		_cleanup_text_ struct text value = { 0 };

		key->format(policy, key, syntax, &value);
		if (value.len)
			text_add(out, "%s config set " SETTINGS_INSTANCE " %s=%s\n",
				 syntax->command, key->name, value.data);
		out->failed |= value.failed;
	}
}
