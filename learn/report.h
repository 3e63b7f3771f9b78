/* SPDX-License-Identifier: MIT */
/* What is told about a recording: to a person, to a program. */
#ifndef BPFTOKEN_LEARN_REPORT_H
#define BPFTOKEN_LEARN_REPORT_H

#include "summary.h"

struct json_object;

/* What re-running found; see minimize.h. */
struct learn_minimum {
	struct bpftoken_policy policy;
	unsigned int runs; /* in all */
	unsigned int verified; /* how often the policy itself was seen to do */
	uint64_t took_ms;
	bool interrupted; /* more might go */
	bool unstable; /* a policy that did once did not do again */
	const char *goal;
	/* The run that showed that a value cannot go, 0: none. */
	unsigned int proof[BPFTOKEN_SETS][64];
};

struct learn_report {
	const struct learn_recording *recording;
	const struct learn_summary *summary;
	const struct learn_minimum *minimum; /* NULL: nothing was re-run */
	const struct bpftoken_policy *now; /* to compare with; NULL: nothing */
	const char *dialect; /* of the policy, NULL: mount */
};

/* The policy that is reported: the minimum, or else all that was used. */
const struct bpftoken_policy *learn_report_policy(const struct learn_report *report);
/* Of an item, with what re-running found. */
uint32_t learn_report_verdict(const struct learn_report *report,
			      const struct learn_item *item);

int learn_report_text(const struct learn_report *report, struct text *out);
int learn_report_json(const struct learn_report *report, struct text *out);
int learn_report_html(const struct learn_report *report, struct text *out);

/* An item of a report in JSON. NULL: no memory. */
struct json_object *learn_item_json(const struct learn_report *report,
				    const struct learn_item *item);

/* How the policy was found, for the policy itself; NULL: no memory. */
struct json_object *learn_provenance(const struct learn_report *report);

/* The kernel, library versions and command of each run, a line each. */
void learn_add_provenance(struct text *out, const struct learn_recording *recording);
/* The capabilities as words. */
void learn_add_capabilities(struct text *out, uint64_t caps);
/* Calls say() with what a policy is worth beyond its container. */
void learn_add_risks(struct text *out, const struct bpftoken_policy *policy,
		     const char *separator);

#endif
