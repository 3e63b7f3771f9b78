/* SPDX-License-Identifier: MIT */
/*
 * Choosing a dialect, by name or by the look of a text, and the dialects that the library
 * itself has: those that need nothing but libc.
 */
#include "dialect.h"
#include "error.h"

#include <string.h>

static const struct dialect *const library[] = {
	&dialect_systemd, &dialect_lxd, &dialect_incus, &dialect_mount, NULL,
};

static int refuse_dialect(const struct dialect *const table[], const char *name,
			  struct bpftoken_error *err)
{
	_cleanup_text_ struct text known = { 0 };
	int r;

	for (size_t i = 0; table[i]; i++)
		text_add(&known, "%s%s", i ? ", " : "", table[i]->name);
	if (name) {
		r = err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
			      "unknown dialect \"%s\"",
			      text_quote(name, strlen(name)).text);
	} else {
		r = err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
			      "the text looks like none of the dialects");
	}
	err_what(err, "cannot choose the policy's dialect");
	err_kind(err, BPFTOKEN_KIND_POLICY);
	if (!known.failed)
		err_fix(err, "name one of %s", known.data);
	return r;
}

static const struct dialect *find(const struct dialect *const table[], const char *name)
{
	for (size_t i = 0; name && table[i]; i++) {
		if (!strcmp(table[i]->name, name))
			return table[i];
	}
	return NULL;
}

static const struct dialect *detect(const struct dialect *const table[], const char *text)
{
	for (size_t i = 0; table[i]; i++) {
		if (table[i]->detect(text))
			return table[i];
	}
	return NULL;
}

int dialect_parse(const struct dialect *const table[], const char *name, const char *text,
		  struct bpftoken_policy **ret_policy, struct list_notes *notes,
		  struct bpftoken_error *err)
{
	const struct dialect *dialect = name ? find(table, name) : detect(table, text);
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	int r;

	if (!dialect)
		return refuse_dialect(table, name, err);
	if (bpftoken_policy_new(&policy) < 0)
		return err_oom(err);
	r = dialect->parse(text, policy, notes, err);
	if (r < 0)
		return r;
	*ret_policy = TAKE_PTR(policy);
	return 0;
}

int dialect_format(const struct dialect *const table[], const char *name,
		   const struct bpftoken_policy *policy, char **ret_text,
		   struct bpftoken_error *err)
{
	const struct dialect *dialect = find(table, name);
	_cleanup_text_ struct text text = { 0 };
	int r;

	if (!dialect)
		return refuse_dialect(table, name, err);
	r = dialect->format(policy, &text, err);
	if (r < 0)
		return r;
	return text_take(&text, ret_text) < 0 ? err_oom(err) : 0;
}

int bpftoken_policy_parse(const char *text, const char *dialect,
			  struct bpftoken_policy **ret_policy, struct bpftoken_error *err)
{
	return dialect_parse(library, dialect, text, ret_policy, NULL, err);
}

int bpftoken_policy_format(const struct bpftoken_policy *policy, const char *dialect,
			   char **ret_text, struct bpftoken_error *err)
{
	return dialect_format(library, dialect, policy, ret_text, err);
}
