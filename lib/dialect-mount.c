/* SPDX-License-Identifier: MIT */
/*
 * The dialect "mount": a bpffs's mount options, as given to mount(2) and as the kernel
 * shows them. Written is always one line of delegate_* options. Read are also lines of
 * /proc/PID/mountinfo, /proc/PID/mounts and mount(8), where a number means what the
 * kernel means when it prints one: it adds to the names before it. An option that is
 * repeated adds to what it said before, as in the kernel. Options that delegate nothing
 * are skipped when this file knows them; the others are errors, because the kernel
 * ignores what it does not know.
 *
 * Source: Linux kernel/bpf/inode.c, bpf_parse_param() and bpf_show_options();
 * fs/proc_namespace.c; util-linux mount(8).
 */
#include "dialect.h"

#include "error.h"
#include "names.h"

#include <ctype.h>
#include <string.h>

const char *const dialect_mount_keys[BPFTOKEN_SETS] = {
	[BPFTOKEN_CMDS] = "delegate_cmds",
	[BPFTOKEN_MAPS] = "delegate_maps",
	[BPFTOKEN_PROGS] = "delegate_progs",
	[BPFTOKEN_ATTACHS] = "delegate_attachs",
};

static const struct list_syntax as_written = {
	.separators = ":",
	.numbers = LIST_NUMBERS_KERNEL,
	.dialect = "mount",
};

static const struct list_syntax as_shown = {
	.separators = ":",
	.numbers = LIST_NUMBERS_READBACK,
	.dialect = "mount",
};

/* Options of a bpffs, of any mount, and of SELinux that delegate nothing. */
static const struct {
	const char *key;
	bool value;
} other_options[] = {
	{ "rw", false },	  { "ro", false },
	{ "suid", false },	  { "nosuid", false },
	{ "dev", false },	  { "nodev", false },
	{ "exec", false },	  { "noexec", false },
	{ "atime", false },	  { "noatime", false },
	{ "diratime", false },	  { "nodiratime", false },
	{ "relatime", false },	  { "norelatime", false },
	{ "strictatime", false }, { "nostrictatime", false },
	{ "lazytime", false },	  { "nolazytime", false },
	{ "symfollow", false },	  { "nosymfollow", false },
	{ "sync", false },	  { "async", false },
	{ "dirsync", false },	  { "silent", false },
	{ "loud", false },	  { "defaults", false },
	{ "auto", false },	  { "noauto", false },
	{ "nofail", false },	  { "uid", true },
	{ "gid", true },	  { "mode", true },
	{ "seclabel", false },	  { "context", true },
	{ "fscontext", true },	  { "defcontext", true },
	{ "rootcontext", true },
};

struct reader {
	const struct list_syntax *syntax;
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	ssize_t last; /* set of the delegate option before this one, or -1 */
};

/* "delegate_cmds=prog_load,map_create": the rest of a list looks like an option. */
static bool is_cut_list(const struct reader *reader, struct span option)
{
	uint64_t mask = 0;

	return reader->last >= 0 &&
	       list_parse(option.data, option.len, (uint32_t)reader->last, &as_shown,
			  option.at, &mask, NULL, NULL) == 0;
}

static int refuse_option(struct reader *reader, struct span option, struct span key)
{
	struct nearest nearest;
	int r;

	if (is_cut_list(reader, option)) {
		r = text_error(reader->err, option.at, -EINVAL,
			       "\",\" ends the list of %s, and \"%s\" is no mount option",
			       dialect_mount_keys[reader->last], SPAN_QUOTE(option));
		err_fix(reader->err, "write \":\" before %s", SPAN_QUOTE(option));
		return r;
	}
	nearest_init(&nearest, key.data, key.len);
	for (size_t i = 0; i < ARRAY_SIZE(dialect_mount_keys); i++)
		nearest_offer(&nearest, dialect_mount_keys[i]);
	for (size_t i = 0; i < ARRAY_SIZE(other_options); i++)
		nearest_offer(&nearest, other_options[i].key);
	if (nearest.best) {
		r = text_error(reader->err, key.at, -EINVAL,
			       "unknown mount option \"%s\"; nearest is \"%s\"",
			       SPAN_QUOTE(key), nearest.best);
		err_fix(reader->err, "write %s", nearest.best);
	} else {
		r = text_error(reader->err, key.at, -EINVAL,
			       "unknown mount option \"%s\"", SPAN_QUOTE(key));
		err_fix(reader->err,
			"remove it; the options that delegate are %s, %s, %s and %s",
			dialect_mount_keys[0], dialect_mount_keys[1],
			dialect_mount_keys[2], dialect_mount_keys[3]);
	}
	return r;
}

static ssize_t find_other_option(struct span key)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_options); i++) {
		if (span_is(key, other_options[i].key))
			return (ssize_t)i;
	}
	return -1;
}

static int check_other_option(struct reader *reader, struct span option, struct span key,
			      bool has_value)
{
	ssize_t i = find_other_option(key);

	if (i < 0)
		return refuse_option(reader, option, key);
	if (has_value == other_options[i].value)
		return 0;
	text_error(reader->err, key.at, -EINVAL, "the mount option \"%s\" %s",
		   other_options[i].key, has_value ? "takes no value" : "needs a value");
	err_fix(reader->err, "write %s%s", other_options[i].key,
		has_value ? "" : "=VALUE, or leave it out");
	return -EINVAL;
}

static int parse_option(struct reader *reader, struct span option)
{
	struct span value = option;
	struct span key = span_cut(&value, "=");
	bool has_value = key.len < option.len;
	int r;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!span_is(key, dialect_mount_keys[set]))
			continue;
		reader->last = set;
		return list_parse(value.data, value.len, set, reader->syntax, value.at,
				  &reader->policy->mask[set], reader->notes, reader->err);
	}
	if (option.len)
		return check_other_option(reader, option, key, has_value);
	r = text_error(reader->err, option.at, -EINVAL,
		       "a mount option is missing beside a \",\"");
	err_fix(reader->err, "remove the \",\"");
	return r;
}

/* Takes one option off *rest. A comma between double quotes is SELinux's own. */
static int cut_option(struct reader *reader, struct span *rest, struct span *ret_option,
		      bool *ret_more)
{
	struct span option = *rest;
	bool quoted = false;
	size_t len = 0, blank;
	int r;

	for (; len < rest->len && (quoted || rest->data[len] != ','); len++) {
		if (rest->data[len] == '"')
			quoted = !quoted;
	}
	if (quoted) {
		r = text_error(reader->err, option.at, -EINVAL,
			       "the mount option \"%s\" has an opening quote alone",
			       SPAN_QUOTE(option));
		err_fix(reader->err, "close the quote");
		return r;
	}
	option.len = len;
	blank = span_until(option, SPAN_BLANKS);
	if (blank < len) {
		r = text_error(reader->err, span_skip(option, blank).at, -EINVAL,
			       "a blank within the mount option \"%s\"",
			       SPAN_QUOTE(option));
		err_fix(reader->err, "separate options by \",\", items by \":\"");
		return r;
	}
	*ret_option = option;
	*ret_more = len < rest->len;
	*rest = span_ltrim(span_skip(*rest, len + 1));
	return 0;
}

static int parse_options(struct reader *reader, struct span rest)
{
	struct span option;
	bool more;
	int r;

	do {
		r = cut_option(reader, &rest, &option, &more);
		if (r < 0)
			return r;
		r = parse_option(reader, option);
		if (r < 0)
			return r;
	} while (more);
	return 0;
}

/* ---------------------------------------------------- lines that show a mount */

/* The parts of such a line; rest is what stands behind it. */
struct shown {
	struct span fstype, options, rest;
};

static bool is_number(struct span word)
{
	size_t digits = 0;

	while (digits < word.len && isdigit((unsigned char)word.data[digits]))
		digits++;
	return digits && digits == word.len;
}

/* SOURCE on TARGET type FSTYPE (OPTIONS), the options wrapped or not */
static bool find_mount8(struct span text, struct shown *ret)
{
	ssize_t type = span_find(text, " type ");
	struct span rest;

	if (type < 0 || span_find(span_first(text, (size_t)type), " on ") < 0)
		return false;
	rest = span_skip(text, (size_t)type + strlen(" type "));
	ret->fstype = span_word(&rest);
	rest = span_ltrim(rest);
	if (!span_starts(rest, "("))
		return false;
	rest = span_ltrim(span_skip(rest, 1));
	ret->options = span_rtrim(span_cut(&rest, ")"));
	ret->rest = rest;
	return true;
}

/* ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS [FIELD...] - FSTYPE SOURCE SUPEROPTIONS */
static bool find_mountinfo(struct span text, struct shown *ret)
{
	ssize_t dash = span_find(text, " - ");
	struct span rest = text;

	if (dash < 0 || !is_number(span_word(&rest)) || !is_number(span_word(&rest)))
		return false;
	rest = span_skip(text, (size_t)dash + strlen(" - "));
	ret->fstype = span_cut(&rest, " ");
	/* the source may be empty: two blanks in a row */
	span_cut(&rest, " ");
	ret->options = span_word(&rest);
	ret->rest = rest;
	return true;
}

/* SOURCE TARGET FSTYPE OPTIONS NUMBER NUMBER */
static bool find_proc_mounts(struct span text, struct shown *ret)
{
	struct span words[6], rest = text;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = span_word(&rest);
	*ret = (struct shown){ words[2], words[3], rest };
	return is_number(words[4]) && is_number(words[5]);
}

static bool (*const shown_forms[])(struct span text, struct shown *ret) = {
	find_mount8,
	find_mountinfo,
	find_proc_mounts,
};

static bool find_shown(struct span text, struct shown *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown_forms); i++) {
		if (shown_forms[i](text, ret))
			return true;
	}
	return false;
}

static int parse_shown(struct reader *reader, const struct shown *shown)
{
	struct span rest = span_ltrim(shown->rest);
	int r;

	if (!span_is(shown->fstype, "bpf")) {
		r = text_error(reader->err, shown->fstype.at, -EINVAL,
			       "this is a mount of type \"%s\", not a bpffs",
			       SPAN_QUOTE(shown->fstype));
		err_fix(reader->err, "give the line of a mount of type bpf");
		return r;
	}
	if (rest.len) {
		r = text_error(reader->err, rest.at, -EINVAL,
			       "there is more text after the mount's options");
		err_fix(reader->err, "give the line of one mount alone");
		return r;
	}
	reader->syntax = &as_shown;
	return parse_options(reader, shown->options);
}

/* ------------------------------------------------------------------- dialect */

static struct span skip_o(struct span text)
{
	struct span rest = text;

	return span_is(span_word(&rest), "-o") ? span_ltrim(rest) : text;
}

static bool mount_detect(const char *text)
{
	struct span whole = span_trim(span_of(text)), rest = skip_o(whole);
	struct span key = span_cut(&rest, ",=" SPAN_BLANKS);
	struct shown shown;

	return span_starts(key, "delegate_") || find_other_option(key) >= 0 ||
	       find_shown(whole, &shown);
}

static int mount_parse(const char *text, struct bpftoken_policy *policy,
		       struct list_notes *notes, struct bpftoken_error *err)
{
	struct reader reader = { &as_written, policy, notes, err, -1 };
	struct span whole = span_trim(span_of(text));
	struct span options = skip_o(whole);
	struct shown shown;
	int r;

	if (find_shown(whole, &shown))
		return parse_shown(&reader, &shown);
	r = options.len ? parse_options(&reader, options) : 0;
	if (r < 0 || reader.last >= 0)
		return r;
	r = text_error(err, whole.at, -EINVAL,
		       "none of these mount options delegates anything");
	err_fix(err, "write an option such as %s=map_create:prog_load",
		dialect_mount_keys[BPFTOKEN_CMDS]);
	return r;
}

int dialect_mount_parse_readback(const char *options, size_t len,
				 struct bpftoken_policy *policy,
				 struct bpftoken_error *err)
{
	struct reader reader = { &as_shown, policy, NULL, err, -1 };

	return parse_options(&reader, (struct span){ options, len, { 1, 1 } });
}

static int mount_format(const struct bpftoken_policy *policy, struct text *out,
			_unused_ struct bpftoken_error *err)
{
	const char *before = "";

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!policy->mask[set])
			continue;
		text_add(out, "%s%s=", before, dialect_mount_keys[set]);
		list_format(out, set, policy->mask[set], ":");
		before = ",";
	}
	/* no option at all would be no policy; the kernel takes this one for nothing */
	text_add(out, "%s\n", *before ? "" : "delegate_cmds=0x0");
	return 0;
}

const struct dialect dialect_mount = {
	.name = "mount",
	.what = "mount options of a bpffs; also reads a line of mountinfo or mount(8)",
	.detect = mount_detect,
	.parse = mount_parse,
	.format = mount_format,
};
