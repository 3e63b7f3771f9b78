/* SPDX-License-Identifier: MIT */
/* Showing what `bpftoken test` found. */
#include "test-report.h"

#include "answers.h"
#include "policy.h"
#include "print-json.h"

#include <stdio.h>
#include <string.h>

#define COLUMN_WIDTH 18

static const char *const column_titles[TEST_COLUMNS] = { "without token", "with token",
							 "caps dropped" };
static const char *const column_keys[TEST_COLUMNS] = { "without_token", "with_token",
						       "after_drop" };

size_t test_report_working(const struct test_report *report, enum test_column column)
{
	size_t n = 0;

	for (size_t i = 0; i < report->count; i++)
		n += report->rows[i].answer[column] == BPFTOKEN_WORKS;
	return n;
}

static void print_row(const struct test_report *report, const struct test_row *row,
		      struct reasons *reasons)
{
	const char *name = bpftoken_name(row->set, row->type);
	char label[40], cell[40];

	snprintf(label, sizeof(label), "%s %s",
		 row->set == BPFTOKEN_PROGS ? "prog" : "map ", name ? name : "?");
	printf("%-24s", label);
	for (size_t column = 0; column < report->columns; column++) {
		if (row->answer[column] == BPFTOKEN_WORKS)
			snprintf(cell, sizeof(cell), "%s",
				 row->load ? "OK" : "supported");
		else
			snprintf(cell, sizeof(cell), "%s [%zu]",
				 answer_word(row->answer[column]),
				 reasons_number(reasons, row->reason[column].why,
						row->reason[column].fix));
		printf(column + 1 < report->columns ? "%-*s" : "%.*s%s",
		       column + 1 < report->columns ? COLUMN_WIDTH + 4 : 0, cell, cell);
	}
	putchar('\n');
}

static void print_titles(const struct test_report *report)
{
	printf("%-24s", "");
	for (size_t column = 0; column + 1 < report->columns; column++)
		printf("%-*s", COLUMN_WIDTH + 4, column_titles[column]);
	puts(column_titles[report->columns - 1]);
}

void test_report_proof(const struct test_report *report, char *text, size_t size)
{
	size_t without = test_report_working(report, TEST_WITHOUT);
	size_t with = test_report_working(report, TEST_WITH);
	int len = snprintf(text, size,
			   "Without the token %zu of %zu calls work, with it %zu%s",
			   without, report->count, with,
			   with > without ? ": the token is what permits them" : "");

	if (report->columns <= TEST_DROPPED || len < 0 || (size_t)len >= size)
		return;
	with = test_report_working(report, TEST_DROPPED);
	snprintf(text + len, size - (size_t)len,
		 with ? "; with the capabilities dropped %zu still work: on this kernel "
			"the token alone permits them"
		      : "; with the capabilities dropped %zu: the kernel asks for them "
			"in the token's user namespace at every use, and the token does "
			"not replace them",
		 with);
}

void test_report_print(const struct test_report *report)
{
	_cleanup_reasons_ struct reasons reasons = { 0 };
	const char *section = "";
	char proof[512];

	for (size_t i = 0; i < report->count; i++) {
		const struct test_row *row = &report->rows[i];

		if (strcmp(section, row->section) != 0) {
			section = row->section;
			printf("\n=== %s ===\n", section);
			print_titles(report);
		}
		print_row(report, row, &reasons);
	}
	reasons_print(&reasons);
	test_report_proof(report, proof, sizeof(proof));
	printf("\n%s.\n\nDone.\n", proof);
}

static struct json_object *json_cell(const struct test_row *row, size_t column)
{
	struct json_object *cell = json_object_new_object();
	const struct bpftoken_error *reason = &row->reason[column];

	json_object_object_add(cell, "answer",
			       json_object_new_string(answer_word(row->answer[column])));
	if (row->answer[column] == BPFTOKEN_WORKS)
		return cell;
	json_object_object_add(cell, "why", json_object_new_string(reason->why));
	json_object_object_add(cell, "fix", json_object_new_string(reason->fix));
	return cell;
}

static struct json_object *json_row(const struct test_report *report,
				    const struct test_row *row)
{
	struct json_object *object = json_object_new_object();
	const char *name = bpftoken_name(row->set, row->type);

	json_object_object_add(object, "test",
			       json_object_new_string(row->load ? "load" : "probe"));
	json_object_object_add(
		object, "kind",
		json_object_new_string(row->set == BPFTOKEN_PROGS ? "prog" : "map"));
	json_object_object_add(object, "type", json_object_new_string(name ? name : "?"));
	for (size_t column = 0; column < report->columns; column++)
		json_object_object_add(object, column_keys[column],
				       json_cell(row, column));
	return object;
}

int test_report_print_json(const struct test_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	_cleanup_free_ char *permits = NULL;
	char proof[512];
	bool printed;

	if (bpftoken_policy_format(report->permits, "mount", &permits, NULL) < 0)
		permits = NULL;
	if (permits)
		permits[strcspn(permits, "\n")] = '\0';
	test_report_proof(report, proof, sizeof(proof));
	json_object_object_add(object, "path", json_object_new_string(report->path));
	json_object_object_add(object, "permits",
			       json_object_new_string(permits ? permits : ""));
	for (size_t i = 0; i < report->count; i++)
		json_object_array_add(rows, json_row(report, &report->rows[i]));
	json_object_object_add(object, "tests", rows);
	json_object_object_add(object, "proved", json_object_new_string(proof));
	printed = cli_print_json(object);
	json_object_put(object);
	return printed ? 0 : -ENOMEM;
}
