/* SPDX-License-Identifier: MIT */
/*
 * messages: the table of docs/messages.md, in Markdown: every message of the library with
 * its cause and its cure, from the rows behind bpftoken_explain().
 */
#include "bpftoken.h"
#include "explain.h"

#include <stdio.h>
#include <string.h>

/* Text of a cell: | would end it. */
static void cell(const char *text)
{
	printf(" ");
	for (; *text; text++)
		printf("%s%c", *text == '|' ? "\\" : "", *text);
	printf(" |");
}

static void row(const char *what, const struct remedy *remedy)
{
	char name[64] = "any other";

	if (remedy->code)
		snprintf(name, sizeof(name), "%s", strerrorname_np(-remedy->code));
	printf("|");
	cell(what);
	cell(name);
	cell(remedy->why    ? remedy->why
	     : remedy->code ? strerror(-remedy->code)
			    : "said in the message");
	cell(remedy->fix ? remedy->fix : "said in the message, where there is one");
	printf("\n");
}

/* The rows of one stage; is the last of them for any errno? */
static int rows_of(uint32_t stage, const char *what)
{
	const struct remedy *remedy;
	int all = 0;

	for (size_t i = 0; (remedy = explain_remedy(i)); i++) {
		if (remedy->stage != stage)
			continue;
		row(what, remedy);
		all = !remedy->code;
	}
	return all;
}

int main(void)
{
	const char *what;

	printf("| message | errno | cause | cure |\n|---|---|---|---|\n");
	for (uint32_t stage = 1; (what = explain_stage(stage)); stage++)
		rows_of(stage, what);
	rows_of(ANY_STAGE, "any of these and of those below");
	printf("\nThese have no row of their own for any errno, and take the last "
	       "above:\n\n");
	for (uint32_t stage = 1; (what = explain_stage(stage)); stage++) {
		const struct remedy *remedy;
		size_t i = 0;

		while ((remedy = explain_remedy(i)) && remedy->stage != stage)
			i++;
		if (!remedy)
			printf("- %s (stage %s)\n", what, bpftoken_stage_name(stage));
	}
	return 0;
}
