/* SPDX-License-Identifier: MIT */
/*
 * The dialect "lxd": instance options of LXD, read and written as in settings.h. The
 * values are the kernel's delegate_* syntax, which LXD hands through. Lists without
 * security.delegate_bpf=true are an error, because LXD ignores them.
 *
 * Source: LXD doc/reference/instance_options.md, doc/explanation/bpf.md; liblxc
 * src/lxc/confile.c for limits.kernel.memlock, which LXD hands to lxc.prlimit.memlock.
 */
#include "error.h"
#include "settings.h"

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

static const struct list_syntax lxd_list = {
	.separators = ":",
	.numbers = LIST_NUMBERS_KERNEL,
	.dialect = "lxd",
};

static int parse_bool(struct settings *settings, const struct settings_key *key,
		      struct span value)
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
			settings->enabled = words[i].is;
			return 0;
		}
	}
	r = text_error(settings->err, value.at, -EINVAL, "%s is \"%s\", no boolean",
		       key->name, SPAN_QUOTE(value));
	err_fix(settings->err, "write %s=true", key->name);
	return r;
}

static void format_bool(const struct bpftoken_policy *policy,
			_unused_ const struct settings_key *key,
			_unused_ const struct settings_syntax *syntax, struct text *out)
{
	bool empty = bpftoken_policy_is_empty(policy, BPFTOKEN_SETS);

	text_add(out, "%s", empty ? "false" : "true");
}

#define PREFIX "security.delegate_bpf"
#define LIST_KEY(name, set)                                                 \
	{                                                                   \
		PREFIX name, settings_parse_list, settings_format_list, set \
	}

static const struct settings_key keys[KEYS + 1] = {
	[KEY_MEMLOCK] = { SETTINGS_MEMLOCK, settings_parse_memlock,
			  settings_format_memlock },
	[KEY_DELEGATE] = { PREFIX, parse_bool, format_bool },
	[KEY_PROGS] = LIST_KEY(".prog_types", BPFTOKEN_PROGS),
	[KEY_ATTACHS] = LIST_KEY(".attach_types", BPFTOKEN_ATTACHS),
	[KEY_CMDS] = LIST_KEY(".cmd_types", BPFTOKEN_CMDS),
	[KEY_MAPS] = LIST_KEY(".map_types", BPFTOKEN_MAPS),
};

/* LXD mounts no bpffs and says nothing unless the first key is true. */
static int check_enabled(const struct settings *settings)
{
	const struct span *seen = settings->seen;
	struct text_position at = { 1, 1 };
	bool lists = false;
	int r;

	for (size_t i = 0; i < KEYS; i++) {
		if (!seen[i].data || i == KEY_DELEGATE || i == KEY_MEMLOCK)
			continue;
		lists = true;
		at = seen[i].at;
	}
	if (settings->enabled || (seen[KEY_DELEGATE].data && !lists))
		return 0;
	r = text_error(settings->err, at, -EINVAL,
		       "without %s=true LXD delegates nothing", keys[KEY_DELEGATE].name);
	err_fix(settings->err, "set %s=true", keys[KEY_DELEGATE].name);
	return r;
}

static const struct settings_syntax syntax = {
	.command = "lxc",
	.manager = "LXD",
	.prefix = PREFIX,
	.detect = "security.delegate",
	.rival = "security.bpffs",
	.example = PREFIX ".cmd_types",
	.known = PREFIX ", " PREFIX ".*_types and " SETTINGS_MEMLOCK,
	.list = &lxd_list,
	.keys = keys,
	.check = check_enabled,
};

static bool lxd_detect(const char *text)
{
	return settings_detect(&syntax, text);
}

static int lxd_parse(const char *text, struct bpftoken_policy *policy,
		     struct list_notes *notes, struct bpftoken_error *err)
{
	return settings_parse(&syntax, text, policy, notes, err);
}

static int lxd_format(const struct bpftoken_policy *policy, struct text *out,
		      _unused_ struct bpftoken_error *err)
{
	settings_format(&syntax, policy, out);
	return 0;
}

const struct dialect dialect_lxd = {
	.name = "lxd",
	.what = "instance options of LXD; also reads lxc config show and key=value lines",
	.detect = lxd_detect,
	.parse = lxd_parse,
	.format = lxd_format,
};
