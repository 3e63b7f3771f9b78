/* SPDX-License-Identifier: MIT */
/* The names of a directory that are numbers: of /proc, of its task and fd directories. */
#ifndef BPFTOKEN_NUMBERS_H
#define BPFTOKEN_NUMBERS_H

/*
 * Calls each() with every number that is a name in the directory, until it is not 0, which
 * is then the answer. dir_fd is read to its end.
 */
int numbers_each(int dir_fd, int (*each)(int number, void *data), void *data);

#endif
