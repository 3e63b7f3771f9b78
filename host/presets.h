/* SPDX-License-Identifier: MIT */
/*
 * Presets: policies with a name, each the least that one kind of program needs. They
 * compose with '+': @xdp+@libbpf.
 */
#ifndef BPFTOKEN_HOST_PRESETS_H
#define BPFTOKEN_HOST_PRESETS_H

#include "policy.h"

struct preset {
	const char *name; /* without '@' */
	const char *what; /* one line: what for */
	const char *caps; /* that the program needs in its user namespace; "" = none */
	const char *sets[BPFTOKEN_SETS]; /* names, blanks between; NULL = empty */
};

/* All of them; ends with a row without name. */
extern const struct preset presets[];

/* Adds what a preset delegates. */
int preset_add(const struct preset *preset, struct bpftoken_policy *policy,
	       struct bpftoken_error *err);

/* The policy of @PRESET[+@PRESET...]. */
int presets_parse(const char *text, struct bpftoken_policy **ret_policy,
		  struct bpftoken_error *err);

#endif
