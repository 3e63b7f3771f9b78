/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file that defines fuzz_input(), and one
 * row in meson.build. The engines (libFuzzer, AFL++) call it with inputs of theirs;
 * without one, main() in replay.c calls it with the inputs of corpus/NAME.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "util.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks at one input; returns false when it is of no use and not to be kept. */
bool fuzz_input(const uint8_t *data, size_t size);

/* What always holds. Not assert(): it has to be there in every build. */
#define fuzz_check(condition)                                                            \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, \
				#condition);                                             \
			abort();                                                         \
		}                                                                        \
	} while (0)

/*
 * The input as a text, in memory of its own that ends right behind its end. What no file
 * or argument can hold, a NUL, ends it.
 */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	size_t len = strnlen((const char *)data, size);
	char *text = malloc(len + 1);

	fuzz_check(text);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

/* A file of this content. */
static inline void fuzz_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "we");

	fuzz_check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

/* A directory of this process, gone with it; path holds FUZZ_PATH bytes. */
#define FUZZ_PATH 64
void fuzz_directory(char *path);

#endif
