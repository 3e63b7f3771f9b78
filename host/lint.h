/* SPDX-License-Identifier: MIT */
/*
 * What no parser can say about a policy: that it reads well and still does nothing, or
 * more than was meant. A rule is a row of lint.c, and a function in one
 * of lint-*.c.
 */
#ifndef BPFTOKEN_HOST_LINT_H
#define BPFTOKEN_HOST_LINT_H

#include "policy.h"

enum lint_severity {
	LINT_NOTE, /* worth knowing */
	LINT_WARNING, /* probably not meant, or dangerous */
	LINT_ERROR, /* some of the policy can have no effect, or cannot work */
};

/* "note", "warning", "error". */
const char *lint_severity_name(enum lint_severity severity);

/* One finding; the texts are one line each and valid during the report only. */
struct lint_finding {
	enum lint_severity severity;
	const char *rule;
	const char *reason;
	const char *fix;
	bool fixable; /* lint_fix() does it */
};

typedef void (*lint_report)(const struct lint_finding *finding, void *data);

struct lint_input {
	const struct bpftoken_policy *policy;
	const struct list_notes *notes; /* of the policy's text, NULL when it had none */
	uint32_t kernel; /* that it is for: 6.12 = 0x060c; 0 = any */
};

/*
 * Reports what all rules find, in the order of the rules. Returns how many findings, or
 * -ENOMEM.
 */
int lint_policy(const struct lint_input *input, lint_report report, void *data);

/*
 * The policy with all fixes that are certain: those that take away what has no effect, or
 * add the one thing without which the rest has none. 0 or -ENOMEM.
 */
int lint_fix(const struct lint_input *input, struct bpftoken_policy *policy);

/* "6.12", "6.12.3-amd64": 0x060c; -EINVAL for other texts. */
int lint_parse_kernel(const char *text, uint32_t *ret_kernel);

/* Id of the n-th rule, NULL behind the last. */
const char *lint_rule_name(size_t n);

#endif
