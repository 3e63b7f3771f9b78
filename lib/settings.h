/* SPDX-License-Identifier: MIT */
/*
 * The settings of an instance, as LXD and Incus both have them: `COMMAND config set`
 * commands, lines of key=value or "key: value", and the YAML of `COMMAND config show` or
 * `COMMAND profile show`, recognised by its config: block. The keys and the syntax of
 * lists are the dialect's.
 */
#ifndef BPFTOKEN_SETTINGS_H
#define BPFTOKEN_SETTINGS_H

#include "dialect.h"

/* What stands for the instance's name in the commands that are written. */
#define SETTINGS_INSTANCE "INSTANCE"
/* The one key that both have. */
#define SETTINGS_MEMLOCK "limits.kernel.memlock"
#define SETTINGS_MAX 8

struct settings;
struct settings_syntax;

struct settings_key {
	const char *name;
	int (*parse)(struct settings *settings, const struct settings_key *key,
		     struct span value);
	/* Writes the value; nothing when the key is not needed. */
	void (*format)(const struct bpftoken_policy *policy,
		       const struct settings_key *key,
		       const struct settings_syntax *syntax, struct text *out);
	uint32_t set;
};

struct settings_syntax {
	const char *command, *manager; /* "lxc", "LXD" */
	const char *prefix; /* of the keys that are its alone */
	const char *detect; /* how a misspelt one still begins */
	const char *rival; /* a text with this and memlock first is another's; or NULL */
	const char *example; /* a key of a list */
	const char *known; /* the keys, for the sentence about a foreign one */
	const struct list_syntax *list;
	/* in the order in which they are written; ends with a row without name */
	const struct settings_key *keys;
	/* What must hold of the whole text; or NULL. */
	int (*check)(const struct settings *settings);
};

/* One reading. */
struct settings {
	const struct settings_syntax *syntax;
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	struct span seen[SETTINGS_MAX]; /* value of each key; no data = not given */
	struct span instance; /* no data = not named */
	bool enabled; /* for a dialect's own use */
};

bool settings_detect(const struct settings_syntax *syntax, const char *text);
int settings_parse(const struct settings_syntax *syntax, const char *text,
		   struct bpftoken_policy *policy, struct list_notes *notes,
		   struct bpftoken_error *err);
void settings_format(const struct settings_syntax *syntax,
		     const struct bpftoken_policy *policy, struct text *out);

/* Rows of keys that are alike. */
int settings_parse_list(struct settings *settings, const struct settings_key *key,
			struct span value);
void settings_format_list(const struct bpftoken_policy *policy,
			  const struct settings_key *key,
			  const struct settings_syntax *syntax, struct text *out);
int settings_parse_memlock(struct settings *settings, const struct settings_key *key,
			   struct span value);
void settings_format_memlock(const struct bpftoken_policy *policy,
			     const struct settings_key *key,
			     const struct settings_syntax *syntax, struct text *out);

#endif
