/* SPDX-License-Identifier: MIT */
/*
 * A dialect: one way of writing a policy. mount, lxd, incus and systemd need libc only and are
 * rows of dialects.c here; ini, json and oci need libraries and are rows of host/dialects.c, which
 * holds the table of all of them.
 */
#ifndef BPFTOKEN_DIALECT_H
#define BPFTOKEN_DIALECT_H

#include "policy.h"

struct dialect {
	const char *name;
	const char *what; /* one line for help */
	/* Does the text look like this dialect? Used when none is named. */
	bool (*detect)(const char *text);
	/* Reads the text into an empty policy; notes may be NULL. */
	int (*parse)(const char *text, struct bpftoken_policy *policy,
		     struct list_notes *notes, struct bpftoken_error *err);
	/* Ends with a newline. err may be raised for a policy it cannot express. */
	int (*format)(const struct bpftoken_policy *policy, struct text *out,
		      struct bpftoken_error *err);
};

extern const struct dialect dialect_mount;

/* The kernel's option of each set: "delegate_cmds"... */
extern const char *const dialect_mount_keys[BPFTOKEN_SETS];
extern const struct dialect dialect_incus;
extern const struct dialect dialect_lxd;
extern const struct dialect dialect_systemd;

/* "PrivateBPF"... */
const char *dialect_systemd_companion(enum systemd_companion companion);

/* Over any NULL-terminated table of dialects; name NULL detects. */
int dialect_parse(const struct dialect *const table[], const char *name, const char *text,
		  struct bpftoken_policy **ret_policy, struct list_notes *notes,
		  struct bpftoken_error *err);
int dialect_format(const struct dialect *const table[], const char *name,
		   const struct bpftoken_policy *policy, char **ret_text,
		   struct bpftoken_error *err);

/* mount, used by bpffs.c: masks of a mountinfo line's super options. */
int dialect_mount_parse_readback(const char *options, size_t len,
				 struct bpftoken_policy *policy,
				 struct bpftoken_error *err);

#endif
