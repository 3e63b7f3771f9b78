/* SPDX-License-Identifier: MIT */
/* The files that are installed with the command, for it to find. */
#ifndef BPFTOKEN_CLI_INSTALLED_H
#define BPFTOKEN_CLI_INSTALLED_H

/*
 * Beside the command, as in a build directory or where one copied both, or where it is
 * installed. NULL: nowhere; to be freed.
 */
char *cli_find_installed(const char *name, const char *installed);

#endif
