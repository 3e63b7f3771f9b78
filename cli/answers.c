/* SPDX-License-Identifier: MIT */
/* Answers in words, and their reasons with numbers: see answers.h. */
#include "answers.h"

#include "cli.h"
#include "util.h"

#include <string.h>

const char *answer_word(int answer)
{
	return answer < 0 ? "not asked" : bpftoken_answer_name((uint32_t)answer);
}

int answer_status(int answer)
{
	static const int status[] = {
		[BPFTOKEN_WORKS] = CLI_DONE,
		[BPFTOKEN_KERNEL_LACKS] = CLI_KERNEL,
		[BPFTOKEN_NOT_DELEGATED] = CLI_POLICY,
		[BPFTOKEN_NO_CAPABILITY] = CLI_DENIED,
		[BPFTOKEN_BLOCKED] = CLI_DENIED,
	};

	return answer < 0 ? CLI_FAILED : status[answer];
}

static bool make_room(struct reasons *reasons)
{
	size_t size = reasons->size ? reasons->size * 2 : 16;
	struct reason_row *rows;

	if (reasons->count < reasons->size)
		return true;
	rows = reallocarray(reasons->rows, size, sizeof(*rows));
	if (!rows)
		return false;
	reasons->rows = rows;
	reasons->size = size;
	return true;
}

size_t reasons_number(struct reasons *reasons, const char *why, const char *fix)
{
	_cleanup_free_ char *why_copy = NULL, *fix_copy = NULL;

	for (size_t i = 0; i < reasons->count; i++)
		if (!strcmp(reasons->rows[i].why, why) &&
		    !strcmp(reasons->rows[i].fix, fix))
			return i + 1;
	why_copy = strdup(why);
	fix_copy = strdup(fix);
	if (!why_copy || !fix_copy || !make_room(reasons))
		return 0;
	reasons->rows[reasons->count++] = (struct reason_row){
		.why = TAKE_PTR(why_copy),
		.fix = TAKE_PTR(fix_copy),
	};
	return reasons->count;
}

void reasons_print(const struct reasons *reasons)
{
	if (reasons->count)
		puts("\n=== Reasons ===");
	for (size_t i = 0; i < reasons->count; i++) {
		printf("[%zu] %s\n", i + 1, reasons->rows[i].why);
		if (reasons->rows[i].fix[0])
			printf("    to change it: %s\n", reasons->rows[i].fix);
	}
}

void reasons_done(struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->count; i++) {
		free(reasons->rows[i].why);
		free(reasons->rows[i].fix);
	}
	free(reasons->rows);
}
