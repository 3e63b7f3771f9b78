/* SPDX-License-Identifier: MIT */
/*
 * A target without an engine: main() feeds it the files given, or those of its corpus,
 * which also holds what was once found. Prints TAP.
 */
#include "fuzz.h"

#include <glob.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)4 << 20)

static void replay(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *all = malloc(INPUT_MAX), *input;
	size_t size;

	fuzz_check(file && all);
	size = fread(all, 1, INPUT_MAX, file);
	fuzz_check(!ferror(file) && size < INPUT_MAX);
	fclose(file);
	/* as large as it is, so that what is read behind it is seen */
	input = malloc(size + !size);
	fuzz_check(input);
	memcpy(input, all, size);
	free(all);
	fuzz_input(input, size);
	free(input);
}

int main(int argc, char **argv)
{
	FILE *tap = fdopen(dup(STDOUT_FILENO), "w");
	char *const *paths = argv + 1;
	size_t count = (size_t)(argc - 1);
	glob_t corpus = { 0 };

	/* some targets print */
	fuzz_check(tap && freopen("/dev/null", "w", stdout));
	if (!count && glob(FUZZ_CORPUS "/*", 0, NULL, &corpus) == 0) {
		paths = corpus.gl_pathv;
		count = corpus.gl_pathc;
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(stderr, "%s\n", paths[i]);
		replay(paths[i]);
	}
	fprintf(tap, "%s 1 - the %zu inputs of the corpus\n1..1\n",
		count ? "ok" : "not ok", count);
	globfree(&corpus);
	return count == 0;
}
