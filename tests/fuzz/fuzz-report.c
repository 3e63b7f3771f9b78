/* SPDX-License-Identifier: MIT */
/*
 * `probe --diff`: a letter ('t' for text, 'j' for JSON) and two reports with a NUL between
 * them. A report does not differ from itself.
 */
#include "fuzz.h"
#include "probe-report.h"

/* The command's own print on stderr and explain; here nobody reads that. */
int cli_fail(struct bpftoken_error *err)
{
	fuzz_check(err->code < 0 && err->why[0]);
	return CLI_USAGE;
}

int cli_usage(const struct cli_command *command, const char *why, ...)
{
	(void)command, (void)why;
	return CLI_USAGE;
}

void cli_note(const char *text, ...)
{
	(void)text;
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	char directory[FUZZ_PATH], path[2][FUZZ_PATH + 16];
	char *operands[] = { path[0], path[1], NULL };
	char *same[] = { path[0], path[0], NULL };
	size_t first;
	bool json;
	int status;

	if (!size || (data[0] != 't' && data[0] != 'j'))
		return false;
	json = data[0] == 'j';
	data++, size--;
	first = strnlen((const char *)data, size);
	fuzz_directory(directory);
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		snprintf(path[i], sizeof(path[i]), "%s/%zu.json", directory, i);
	fuzz_write(path[0], data, first);
	fuzz_write(path[1], data + first + (first < size), size - first - (first < size));
	status = probe_diff(NULL, 2, operands, json);
	fuzz_check(status == CLI_DONE || status == CLI_FAILED || status == CLI_USAGE);
	fuzz_check(probe_diff(NULL, 2, same, json) != CLI_FAILED);
	return true;
}
