/* SPDX-License-Identifier: MIT */
/* What `bpftoken test` found, and how it is shown: a table with reasons, or JSON. */
#ifndef BPFTOKEN_TEST_REPORT_H
#define BPFTOKEN_TEST_REPORT_H

#include "bpftoken.h"

#include <stdbool.h>
#include <stddef.h>

/* The columns: the same calls three times. */
enum test_column { TEST_WITHOUT, TEST_WITH, TEST_DROPPED, TEST_COLUMNS };

/* A row makes the smallest thing of a type (probe) or a real one with a name (load). */
struct test_row {
	const char *section;
	uint32_t set; /* BPFTOKEN_PROGS or BPFTOKEN_MAPS */
	uint32_t type;
	bool load;
	int answer[TEST_COLUMNS]; /* enum bpftoken_answer, or a negative errno */
	struct bpftoken_error reason[TEST_COLUMNS];
};

struct test_report {
	const char *path;
	const struct bpftoken_policy *permits;
	struct test_row *rows;
	size_t count;
	size_t columns; /* how many were asked */
};

/* Cells of a column that work. */
size_t test_report_working(const struct test_report *report, enum test_column column);

/* One sentence: what was proved. */
void test_report_proof(const struct test_report *report, char *text, size_t size);

void test_report_print(const struct test_report *report);
int test_report_print_json(const struct test_report *report);

#endif
