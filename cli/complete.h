/* SPDX-License-Identifier: MIT */
/* Completion for the shells, from the rows of commands and options. */
#ifndef BPFTOKEN_COMPLETE_H
#define BPFTOKEN_COMPLETE_H

#include "cli.h"

/*
 * Prints what may stand in place of the last of the words, which follow the command's own
 * name. commands ends with NULL. Returns the exit status.
 */
int cli_complete(const struct cli_command *const commands[], int count,
		 char *const words[]);

#endif
