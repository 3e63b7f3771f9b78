/* SPDX-License-Identifier: MIT */
/*
 * What no parser can say about a policy: that it reads well and still does nothing, or
 * more than was meant. A rule is a row of lint.c.
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
};

typedef void (*lint_report)(const struct lint_finding *finding, void *data);

/*
 * Reports what all rules find, in the order of the rules. notes are those of the
 * policy's text, NULL when it had none. Returns how many findings, or -ENOMEM.
 */
int lint_policy(const struct bpftoken_policy *policy, const struct list_notes *notes,
		lint_report report, void *data);

/* The program types of the rule host-wide: they see or change more than the container. */
uint64_t lint_host_wide(const struct bpftoken_policy *policy);

/* Id of the n-th rule, NULL behind the last. */
const char *lint_rule_name(size_t n);

#endif
