/* SPDX-License-Identifier: MIT */
/* What `bpftoken needs` prints, for people and as JSON. */
#ifndef BPFTOKEN_NEEDS_REPORT_H
#define BPFTOKEN_NEEDS_REPORT_H

#include "json.h"
#include "needs.h"

#include <stdio.h>

/* The report without the policy: 0 or -ENOMEM. */
int needs_report_text(FILE *stream, const struct needs *needs);

/* The same with the policy's parts; NULL: no memory. missing may be NULL. */
struct json_object *needs_report_json(const struct needs *needs,
				      const struct bpftoken_policy *missing);

/* How the policy was found, for the policy itself; NULL: no memory. paths ends with NULL. */
struct json_object *needs_provenance(const struct needs *needs, char *const paths[]);

/* Only the items that are of the policy missing. */
void needs_report_missing(FILE *stream, const struct needs *needs,
			  const struct bpftoken_policy *missing);

#endif
