/* SPDX-License-Identifier: MIT */
/*
 * Questions that may wait for somebody else are asked by a child, which is given up when
 * it does not answer: a path of a container may lead through a filesystem whose server is
 * a stopped program.
 */
#ifndef BPFTOKEN_INSPECT_ASIDE_H
#define BPFTOKEN_INSPECT_ASIDE_H

#include <stddef.h>

#define ASIDE_ANSWER_MAX 64

/*
 * Calls ask() in a child for 0..count-1, each writing an answer of size bytes; the answer
 * of one that does not come in time is left as it is. Two seconds are the end of it: what
 * is left then stays as it is, too.
 */
void aside_ask(size_t count, void (*ask)(size_t index, void *answer, const void *data),
	       void *answers, size_t size, const void *data);

/*
 * The same, where the answer is an int: a descriptor of the child, which is closed there
 * and becomes one of the caller, or a negative errno.
 */
void aside_open(size_t count, void (*open)(size_t index, void *answer, const void *data),
		int *fds, const void *data);

#endif
