/* SPDX-License-Identifier: MIT */
/*
 * The table of all dialects, those that need a library included, and how the command
 * and the hooks get at a policy text: from a file, a preset, or as it stands.
 */
#ifndef BPFTOKEN_HOST_DIALECTS_H
#define BPFTOKEN_HOST_DIALECTS_H

#include "dialect.h"

extern const struct dialect dialect_ini;
extern const struct dialect dialect_json;
extern const struct dialect dialect_oci;

/* All of them; ends with NULL. */
extern const struct dialect *const host_dialects[];

/* dialect_parse() and dialect_format() over host_dialects. */
int host_policy_parse(const char *name, const char *text,
		      struct bpftoken_policy **ret_policy, struct list_notes *notes,
		      struct bpftoken_error *err);
int host_policy_format(const char *name, const struct bpftoken_policy *policy,
		       char **ret_text, struct bpftoken_error *err);

/* Name of the dialect that a text looks like, or NULL. */
const char *host_dialect_of(const char *text);

/* No policy is near this size; what is longer is not a policy. */
#define HOST_TEXT_MAX ((size_t)1 << 20)

/* Whole texts, to be freed by the caller; errors name the file, which fd is. */
int host_read_file(const char *path, char **ret_text, struct bpftoken_error *err);
int host_read_fd(const char *path, int fd, char **ret_text, struct bpftoken_error *err);
int host_read_stdin(char **ret_text, struct bpftoken_error *err);

/* The text of an argument FILE|TEXT: of the file if there is one of this name. */
int host_argument_text(const char *arg, char **ret_text, struct bpftoken_error *err);

/* The policy of such an argument, its dialect detected. */
int host_policy_argument(const char *arg, struct bpftoken_policy **ret_policy,
			 struct bpftoken_error *err);

/*
 * The keys that ini and json share: one for each set, in the order of enum bpftoken_set,
 * and memlock.
 */
enum { HOST_KEY_MEMLOCK = BPFTOKEN_SETS, HOST_KEYS };
extern const char *const host_keys[HOST_KEYS];

/* Index of a key, or -1. */
int host_key(struct span name);

/* Raises the error of a key that host_key() does not know; offers those it does. */
int host_unknown_key(struct span name, struct bpftoken_error *err);

/*
 * Adds blank-separated words, broken into lines of at most 80 columns; column is where
 * the first one stands, and where those of further lines will.
 */
void host_add_words(struct text *out, const char *words, size_t column);

#endif
