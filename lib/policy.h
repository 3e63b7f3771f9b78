/* SPDX-License-Identifier: MIT */
/*
 * A policy inside: four masks. The public API speaks of values; the masks are here for
 * the two places that speak to the kernel (bpffs.c, token.c) and for the dialects.
 */
#ifndef BPFTOKEN_POLICY_H
#define BPFTOKEN_POLICY_H

#include "bpftoken.h"
#include "text.h"
#include "util.h"

#include <stdbool.h>

struct bpftoken_policy {
	uint64_t mask[BPFTOKEN_SETS]; /* ~0 = any */
	/*
	 * RLIMIT_MEMLOCK in bytes that the policy's text asks for (LXD's
	 * limits.kernel.memlock), 0 = not mentioned, POLICY_UNLIMITED. No part of the
	 * delegation: the kernel charges BPF memory to the memory cgroup.
	 */
	uint64_t memlock;
	/*
	 * Where the text wants the bpffs (Incus' security.bpffs.path, the annotation
	 * bpftoken.target), "" = not mentioned. No part of the delegation either.
	 */
	char target[256];
};

/* 0, or -EINVAL for what is no absolute path, has "..", or is too long. */
int policy_set_target(struct bpftoken_policy *policy, struct span path);

/* A policy that delegates something, or -EINVAL: nothing is ever mounted for nothing. */
int policy_require(const struct bpftoken_policy *policy, struct bpftoken_error *err);

#define POLICY_ANY UINT64_MAX
#define POLICY_UNLIMITED UINT64_MAX

static inline void policy_freep(struct bpftoken_policy **policy)
{
	bpftoken_policy_free(*policy);
}

#define _cleanup_policy_ _cleanup_(policy_freep)

/*
 * What is between two separators, in all dialects that write lists: names, "any", and
 * numbers as the dialect reads them.
 */
enum list_numbers {
	/*
	 * The kernel's option syntax: a number in any base is a mask and replaces what
	 * stands before it. A number after a name is therefore refused.
	 */
	LIST_NUMBERS_KERNEL,
	/* What the kernel prints in mountinfo: a number after names adds to them. */
	LIST_NUMBERS_READBACK,
	/* Only 0x masks, which add: for people, who mix up 5 the mask and 5 the value. */
	LIST_NUMBERS_HEX,
};

struct list_syntax {
	/* any of these characters separates two items; errors offer the first */
	const char *separators;
	bool blanks; /* blanks around items and empty items are allowed */
	enum list_numbers numbers;
	const char *dialect; /* for error messages */
};

/*
 * A number that a list contains, for lint, which asks what the writer meant. With notes,
 * a number after names is no error but has the kernel's effect.
 */
struct list_note {
	uint32_t set;
	struct text_position at;
	uint64_t number;
	bool decimal; /* written without 0x */
	bool after_names; /* the kernel throws away what stands before it */
	/*
	 * Not a number but the name of the value number, which is another one to the
	 * reader of the dialect, or none (-1); the reason. NULL for numbers.
	 */
	const char *differs;
	int is;
};

/* What a delegation by systemd needs besides. */
enum systemd_companion {
	SYSTEMD_PRIVATE_BPF,
	SYSTEMD_PRIVATE_USERS,
	SYSTEMD_PRIVATE_MOUNTS,
	SYSTEMD_DELEGATE_MNT,
	SYSTEMD_COMPANION_COUNT,
};
#define SYSTEMD_COMPANIONS ((1U << SYSTEMD_COMPANION_COUNT) - 1)

struct list_notes {
	struct list_note items[32];
	size_t count; /* may exceed the array: the rest is not recorded */
	uint32_t systemd_lacks; /* companions that a unit lacks, one bit each */
};

void list_note_add(struct list_notes *notes, const struct list_note *note);

/*
 * Adds the items of text[0..len) to mask. Errors carry the position of the item and the
 * nearest name. notes may be NULL.
 */
int list_parse(const char *text, size_t len, uint32_t set,
	       const struct list_syntax *syntax, struct text_position at, uint64_t *mask,
	       struct list_notes *notes, struct bpftoken_error *err);

/* The same of an option's or setting's value: names split by ":", "," or blanks. */
int list_parse_option(const char *value, uint32_t set, uint64_t *mask,
		      struct bpftoken_error *err);

/* Writes a mask: "any", or one 0x number for unnamed bits and the names in order. */
void list_format(struct text *out, uint32_t set, uint64_t mask, const char *separator);

#endif
