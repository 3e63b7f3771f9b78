/* SPDX-License-Identifier: MIT */
/*
 * The dialect "systemd": the settings BPFDelegate* of a unit. Written is a [Service]
 * section with what else the delegation needs. Read are unit files, drop-ins, and lines
 * without a section; settings that are not about BPF are not ours and pass.
 *
 * As in systemd, the last assignment of a key wins and an empty one resets it, "any" is a
 * whole value, and there are neither numbers nor blanks in a list. Where systemd warns
 * and goes on, this is an error.
 *
 * Source: systemd v262 systemd.exec(5), src/core/namespace.c bpf_delegate_from_string().
 */
#include "dialect.h"

#include "error.h"
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_ROOM 64

struct reader {
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	struct span section; /* with its brackets; no data = none yet */
	uint32_t has; /* companions, a bit of enum systemd_companion each */
};

/* --------------------------------------------------------------------- names */

static const struct difference {
	uint32_t set, value;
	int is; /* what systemd delegates under this name, -1 = nothing */
	const char *why;
} differences[] = {
#define DIFFERS(set, value, is, why) { set, value, is, why },
#include "systemd-names.def"
#undef DIFFERS
};

static const struct difference *find_difference(uint32_t set, uint32_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(differences); i++)
		if (differences[i].set == set && differences[i].value == value)
			return &differences[i];
	return NULL;
}

/* The kernel's whole enumerator in camel case: BPF_PROG_LOAD is BPFProgLoad. */
static void camel(uint32_t set, const char *name, char out[NAME_ROOM])
{
	char full[NAME_ROOM];
	bool begin = false;
	size_t n = 0;

	snprintf(full, sizeof(full), "%s%s", names_prefix(set), name);
	for (const char *c = full; *c; c++) {
		bool first = n < strlen("BPF") || begin;

		begin = *c == '_';
		if (!begin)
			out[n++] = (char)(first ? toupper((unsigned char)*c)
						: tolower((unsigned char)*c));
	}
	out[n] = '\0';
}

/* systemd's name of a value, or false: only what has a name of its own has one there. */
static bool value_name(uint32_t set, uint32_t value, char out[NAME_ROOM])
{
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].value != value || rows[i].alias)
			continue;
		camel(set, rows[i].name, out);
		return true;
	}
	return false;
}

static bool find_name(uint32_t set, struct span word, uint32_t *ret_value)
{
	char name[NAME_ROOM];

	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		if (!value_name(set, value, name) || !span_is(word, name))
			continue;
		*ret_value = value;
		return true;
	}
	return false;
}

/* --------------------------------------------------------------------- lists */

/* The name that a wrong word probably means, or false. */
static bool nearest_name(uint32_t set, struct span word, char out[NAME_ROOM])
{
	char names[NAMES_MAX_VALUE + 1][NAME_ROOM];
	struct nearest nearest;
	uint32_t value;

	/* the kernel's own spelling, an alias, or the enumerator as it is */
	if (!names_value(set, word.data, word.len, &value))
		return value_name(set, value, out);
	nearest_init(&nearest, word.data, word.len);
	for (value = 0; value <= NAMES_MAX_VALUE; value++)
		if (value_name(set, value, names[value]))
			nearest_offer(&nearest, names[value]);
	if (nearest.best)
		snprintf(out, NAME_ROOM, "%s", nearest.best);
	return nearest.best;
}

static int refuse_unknown(struct reader *reader, uint32_t set, struct span word)
{
	const char *noun = names_set_noun(set);
	char near[NAME_ROOM];
	int r;

	if (nearest_name(set, word, near)) {
		r = text_error(reader->err, word.at, -ENOENT,
			       "unknown %s \"%s\"; nearest is \"%s\"", noun,
			       SPAN_QUOTE(word), near);
		err_fix(reader->err, "write %s", near);
	} else {
		r = text_error(reader->err, word.at, -ENOENT, "unknown %s \"%s\"", noun,
			       SPAN_QUOTE(word));
		err_fix(reader->err, "%s",
			span_is(word, "any") ? "write any alone"
					     : "write a name as in systemd.exec(5)");
	}
	return r;
}

static int refuse_word(struct reader *reader, uint32_t set, struct span word)
{
	const char *noun = names_set_noun(set);
	int r;

	if (!word.len) {
		r = text_error(reader->err, word.at, -EINVAL,
			       "a %s is missing beside a \",\"", noun);
		err_fix(reader->err, "remove the \",\"");
	} else if (span_until(word, SPAN_BLANKS ":;") < word.len) {
		r = text_error(reader->err, word.at, -EINVAL,
			       "only \",\" separates %ss in the systemd dialect", noun);
		err_fix(reader->err, "write \",\" between them, and nothing else");
	} else if (isdigit((unsigned char)word.data[0])) {
		r = text_error(reader->err, word.at, -EINVAL,
			       "\"%s\" is a number, and systemd takes names only",
			       SPAN_QUOTE(word));
		err_fix(reader->err, "write names such as BPFMapCreate");
	} else {
		r = refuse_unknown(reader, set, word);
	}
	return r;
}

/* A name that does something else there: with notes it has systemd's effect. */
static int take_difference(struct reader *reader, struct span word,
			   const struct difference *differs)
{
	const char *is = differs->is < 0
				 ? NULL
				 : bpftoken_name(differs->set, (uint32_t)differs->is);

	if (reader->notes) {
		list_note_add(reader->notes,
			      &(struct list_note){ .set = differs->set,
						   .at = word.at,
						   .differs = differs->why,
						   .number = differs->value,
						   .is = differs->is });
		if (is)
			reader->policy->mask[differs->set] |= 1ULL << differs->is;
		return 0;
	}
	text_error(reader->err, word.at, -ENOTSUP, "to systemd \"%s\" is %s%s%s: %s",
		   SPAN_QUOTE(word), is ? names_set_noun(differs->set) : "nothing",
		   is ? " " : "", is ? is : "", differs->why);
	err_fix(reader->err, "leave it out; systemd cannot delegate it");
	return -ENOTSUP;
}

static int parse_list(struct reader *reader, uint32_t set, struct span value)
{
	uint64_t *mask = &reader->policy->mask[set];
	bool more = value.len;

	*mask = 0;
	if (span_is(value, "any")) {
		*mask = POLICY_ANY;
		return 0;
	}
	while (more) {
		const struct difference *differs;
		struct span word;
		uint32_t number;
		int r = 0;

		more = span_until(value, ",") < value.len;
		word = span_cut(&value, ",");
		if (!find_name(set, word, &number))
			return refuse_word(reader, set, word);
		differs = find_difference(set, number);
		if (differs)
			r = take_difference(reader, word, differs);
		else
			*mask |= 1ULL << number;
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---------------------------------------------------------------------- keys */

static bool is_true(struct span value)
{
	static const char *const words[] = { "yes", "y", "true", "t", "on", "1" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (value.len == strlen(words[i]) &&
		    !strncasecmp(value.data, words[i], value.len))
			return true;
	return false;
}

static bool makes_users(struct span value)
{
	return is_true(value) || span_is(value, "self") || span_is(value, "identity") ||
	       span_is(value, "full") || span_is(value, "managed");
}

/* A list of namespaces, or of all others behind a "~". */
static bool delegates_mnt(struct span value)
{
	bool others = span_starts(value, "~"), listed = false;

	if (is_true(value))
		return true;
	value = span_skip(value, others);
	while (value.len)
		listed |= span_is(span_word(&value), "mnt");
	return others != listed;
}

static const struct companion {
	const char *name, *value; /* as it is written */
	bool (*holds)(struct span value);
} companions[] = {
	[SYSTEMD_PRIVATE_BPF] = { "PrivateBPF", "yes", is_true },
	[SYSTEMD_PRIVATE_USERS] = { "PrivateUsers", "yes", makes_users },
	[SYSTEMD_PRIVATE_MOUNTS] = { "PrivateMounts", "yes", is_true },
	[SYSTEMD_DELEGATE_MNT] = { "DelegateNamespaces", "mnt", delegates_mnt },
};

static const char *const list_keys[BPFTOKEN_SETS] = {
	[BPFTOKEN_CMDS] = "BPFDelegateCommands",
	[BPFTOKEN_MAPS] = "BPFDelegateMaps",
	[BPFTOKEN_PROGS] = "BPFDelegatePrograms",
	[BPFTOKEN_ATTACHS] = "BPFDelegateAttachments",
};

/* Sections in which these settings are known. */
static bool is_our_section(struct span section)
{
	return !section.data || span_is(section, "[Service]") ||
	       span_is(section, "[Socket]") || span_is(section, "[Mount]") ||
	       span_is(section, "[Swap]");
}

static int check_section(struct reader *reader, struct span key)
{
	if (is_our_section(reader->section))
		return 0;
	text_error(reader->err, key.at, -EINVAL,
		   "systemd ignores \"%s\" in the section %s", SPAN_QUOTE(key),
		   SPAN_QUOTE(reader->section));
	err_fix(reader->err, "move it to [Service]");
	return -EINVAL;
}

static bool mentions_bpf(struct span key)
{
	for (size_t i = 0; i + 3 <= key.len; i++)
		if (!strncasecmp(key.data + i, "bpf", 3))
			return true;
	return false;
}

/* Any key may stand in a unit, but not one that seems to be one of ours. */
static int check_foreign(struct reader *reader, struct span key)
{
	struct nearest nearest;

	if (span_is(key, "BPFProgram"))
		return 0;
	nearest_init(&nearest, key.data, key.len);
	for (size_t i = 0; i < ARRAY_SIZE(list_keys); i++)
		nearest_offer(&nearest, list_keys[i]);
	if (!nearest.best && !mentions_bpf(key))
		return 0;
	nearest_offer(&nearest, companions[SYSTEMD_PRIVATE_BPF].name);
	text_error(reader->err, key.at, -EINVAL, "unknown key \"%s\"%s%s%s",
		   SPAN_QUOTE(key), nearest.best ? "; nearest is \"" : "",
		   nearest.best ? nearest.best : "", nearest.best ? "\"" : "");
	if (nearest.best)
		err_fix(reader->err, "write %s", nearest.best);
	else
		err_fix(reader->err, "the keys are PrivateBPF and BPFDelegate*");
	return -EINVAL;
}

static int set_key(struct reader *reader, struct span key, struct span value)
{
	int r;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!span_is(key, list_keys[set]))
			continue;
		r = check_section(reader, key);
		return r < 0 ? r : parse_list(reader, set, value);
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(companions); i++) {
		if (!span_is(key, companions[i].name))
			continue;
		reader->has &= ~(1U << i);
		reader->has |= (uint32_t)companions[i].holds(value) << i;
		return mentions_bpf(key) ? check_section(reader, key) : 0;
	}
	return check_foreign(reader, key);
}

/* --------------------------------------------------------------------- lines */

static bool is_comment(struct span line)
{
	return !line.len || strchr("#;", line.data[0]);
}

static bool continues(struct span line)
{
	return line.len && line.data[line.len - 1] == '\\';
}

/* The lines that a backslash joins to the one before; of other keys' values. */
static void skip_continued(struct span *rest, struct span line)
{
	while (rest->len && (continues(line) || is_comment(line)))
		line = span_trim(span_cut(rest, "\n"));
}

static int parse_assignment(struct reader *reader, struct span line, struct span *rest)
{
	struct span value = line, key = span_rtrim(span_cut(&value, "="));

	if (key.len + 1 > line.len) {
		text_error(reader->err, line.at, -EINVAL,
			   "\"%s\" is neither a section nor KEY=VALUE", SPAN_QUOTE(line));
		err_fix(reader->err, "write a line such as %s=BPFMapCreate",
			list_keys[BPFTOKEN_CMDS]);
		return -EINVAL;
	}
	if (!continues(line))
		return set_key(reader, key, span_ltrim(value));
	if (!mentions_bpf(key)) {
		skip_continued(rest, line);
		return 0;
	}
	text_error(reader->err, line.at, -EINVAL,
		   "systemd joins lines with a blank, and a list can have none");
	err_fix(reader->err, "write the list in one line");
	return -EINVAL;
}

static int parse_line(struct reader *reader, struct span *rest)
{
	struct span line = span_trim(span_cut(rest, "\n"));

	if (is_comment(line))
		return 0;
	if (line.data[0] != '[')
		return parse_assignment(reader, line, rest);
	if (line.data[line.len - 1] == ']') {
		reader->section = line;
		return 0;
	}
	text_error(reader->err, line.at, -EINVAL, "the section \"%s\" has no end",
		   SPAN_QUOTE(line));
	err_fix(reader->err, "write [Service], alone on its line");
	return -EINVAL;
}

static int systemd_parse(const char *text, struct bpftoken_policy *policy,
			 struct list_notes *notes, struct bpftoken_error *err)
{
	struct reader reader = { .policy = policy, .notes = notes, .err = err };
	struct span rest = span_of(text);

	while (rest.len) {
		int r = parse_line(&reader, &rest);

		if (r < 0)
			return r;
	}
	if (notes)
		notes->systemd_lacks = ~reader.has & SYSTEMD_COMPANIONS;
	return 0;
}

static bool systemd_detect(const char *text)
{
	static const char *const begins[] = { "[Service]", "[Unit]", "[Socket]",
					      "[Mount]",   "[Swap]", "BPF",
					      "PrivateBPF" };
	struct span rest = span_of(text), line;

	do {
		line = span_trim(span_cut(&rest, "\n"));
	} while (rest.len && is_comment(line));
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (span_starts(line, begins[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(companions); i++)
		if (span_starts(line, companions[i].name))
			return true;
	return false;
}

/* ------------------------------------------------------------------- writing */

static int refuse_value(struct bpftoken_error *err, uint32_t set, uint32_t value,
			const struct difference *differs)
{
	const char *name = bpftoken_name(set, value);
	char theirs[NAME_ROOM] = "";

	if (!differs) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, -ENOTSUP,
			  "systemd takes no numbers, and has no name for the %s %u%s%s%s",
			  names_set_noun(set), value, name ? " (" : "", name ? name : "",
			  name ? ")" : "");
	} else if (differs->is < 0) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, -ENOTSUP,
			  "systemd has no name for the %s %s: %s", names_set_noun(set),
			  name, differs->why);
	} else {
		value_name(set, value, theirs);
		err_raise(err, BPFTOKEN_STAGE_POLICY, -ENOTSUP,
			  "to systemd %s is the %s %s, not %s: %s", theirs,
			  names_set_noun(set), bpftoken_name(set, (uint32_t)differs->is),
			  name, differs->why);
	}
	err_kind(err, BPFTOKEN_KIND_POLICY);
	err_what(err, "cannot write the policy for systemd");
	err_fix(err, "leave it out, or delegate with bpftoken itself");
	return -ENOTSUP;
}

static int format_list(uint32_t set, uint64_t mask, struct text *out,
		       struct bpftoken_error *err)
{
	const char *before = "";
	char name[NAME_ROOM];

	text_add(out, "%s=", list_keys[set]);
	for (uint32_t value = 0; mask != POLICY_ANY && value <= NAMES_MAX_VALUE;
	     value++) {
		const struct difference *differs = find_difference(set, value);

		if (!(mask >> value & 1))
			continue;
		if (differs || !value_name(set, value, name))
			return refuse_value(err, set, value, differs);
		text_add(out, "%s%s", before, name);
		before = ",";
	}
	text_add(out, mask == POLICY_ANY ? "any\n" : "\n");
	return 0;
}

static int systemd_format(const struct bpftoken_policy *policy, struct text *out,
			  struct bpftoken_error *err)
{
	int r = 0;

	text_add(out, "[Service]\n");
	for (size_t i = 0; i < ARRAY_SIZE(companions); i++)
		text_add(out, "%s=%s\n", companions[i].name, companions[i].value);
	for (uint32_t set = 0; r == 0 && set < BPFTOKEN_SETS; set++)
		if (policy->mask[set])
			r = format_list(set, policy->mask[set], out, err);
	return r;
}

const char *dialect_systemd_companion(enum systemd_companion companion)
{
	return companions[companion].name;
}

const struct dialect dialect_systemd = {
	.name = "systemd",
	.what = "settings of a unit, from systemd 258; also reads whole unit files",
	.detect = systemd_detect,
	.parse = systemd_parse,
	.format = systemd_format,
};
