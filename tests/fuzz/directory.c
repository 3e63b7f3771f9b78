/* SPDX-License-Identifier: MIT */
/* A place for the files that a target hands to what reads files. */
#include "fuzz.h"

#include <ftw.h>
#include <unistd.h>

#define PLACE(where) where "/bpftoken-fuzz-XXXXXX"

static char directory[FUZZ_PATH];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void remove_directory(void)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fuzz_directory(char *path)
{
	if (!directory[0]) {
		strcpy(directory,
		       access("/dev/shm", W_OK) ? PLACE("/tmp") : PLACE("/dev/shm"));
		fuzz_check(mkdtemp(directory) && atexit(remove_directory) == 0);
	}
	strcpy(path, directory);
}
