/* SPDX-License-Identifier: MIT */
/*
 * The dialect "incus": instance options of Incus, read and written as in settings.h.
 * Incus delegates as soon as one list is not empty; it turns commas into the kernel's
 * colons and hands the rest through, so that numbers mean what they mean to the kernel.
 *
 * Source: Incus doc/reference/instance_options.md, doc/explanation/bpf-tokens.md.
 */
#include "error.h"
#include "settings.h"

#include <string.h>

#define PREFIX "security.bpffs"
#define LIST_KEY(name, set)                                                              \
	{                                                                                \
		PREFIX ".delegate_" name, settings_parse_list, settings_format_list, set \
	}

/* A colon in a value reaches the kernel as it is. */
static const struct list_syntax incus_list = {
	.separators = ",:",
	.blanks = true,
	.numbers = LIST_NUMBERS_KERNEL,
	.dialect = "incus",
};

static int parse_path(struct settings *settings, const struct settings_key *key,
		      struct span value)
{
	if (!policy_set_target(settings->policy, value))
		return 0;
	text_error(settings->err, value.at, -EINVAL, "%s is \"%s\", no absolute path",
		   key->name, SPAN_QUOTE(value));
	err_fix(settings->err, "write a path of at most %zu bytes, without ..",
		sizeof(settings->policy->target) - 1);
	return -EINVAL;
}

static void format_path(const struct bpftoken_policy *policy,
			_unused_ const struct settings_key *key,
			_unused_ const struct settings_syntax *syntax, struct text *out)
{
	text_add(out, "%s", policy->target);
}

static const struct settings_key keys[] = {
	{ SETTINGS_MEMLOCK, settings_parse_memlock, settings_format_memlock },
	{ PREFIX ".path", parse_path, format_path },
	LIST_KEY("cmds", BPFTOKEN_CMDS),
	LIST_KEY("maps", BPFTOKEN_MAPS),
	LIST_KEY("progs", BPFTOKEN_PROGS),
	LIST_KEY("attachs", BPFTOKEN_ATTACHS),
	{ 0 },
};

static const struct settings_syntax syntax = {
	.command = "incus",
	.manager = "Incus",
	.prefix = PREFIX,
	.detect = "security.bpf",
	.rival = "security.delegate",
	.example = PREFIX ".delegate_cmds",
	.known = PREFIX ".delegate_*, " PREFIX ".path and " SETTINGS_MEMLOCK,
	.list = &incus_list,
	.keys = keys,
};

static bool incus_detect(const char *text)
{
	return settings_detect(&syntax, text);
}

static int incus_parse(const char *text, struct bpftoken_policy *policy,
		       struct list_notes *notes, struct bpftoken_error *err)
{
	return settings_parse(&syntax, text, policy, notes, err);
}

/* Empty lists delegate nothing: there is no key for that, but a text has to begin. */
static int incus_format(const struct bpftoken_policy *policy, struct text *out,
			_unused_ struct bpftoken_error *err)
{
	if (bpftoken_policy_is_empty(policy, BPFTOKEN_SETS))
		text_add(out, "incus config set " SETTINGS_INSTANCE " " PREFIX
			      ".delegate_cmds=\n");
	settings_format(&syntax, policy, out);
	return 0;
}

const struct dialect dialect_incus = {
	.name = "incus",
	.what = "instance options of Incus; also reads incus config show and key=value "
		"lines",
	.detect = incus_detect,
	.parse = incus_parse,
	.format = incus_format,
};
