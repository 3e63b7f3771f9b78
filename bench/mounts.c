/* SPDX-License-Identifier: MIT */
/*
 * mounts COUNT COMMAND [ARG...]
 *
 * Runs a command in a mount namespace of its own that has COUNT mounts more.
 */
#define DIR "/mnt"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	char path[64];

	if (argc < 3)
		return 2;
	must(unshare(CLONE_NEWNS), "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	must(mount("mounts", DIR, "tmpfs", 0, NULL), DIR);
	must(mkdir(DIR "/source", 0755), DIR "/source");
	for (int i = atoi(argv[1]); i > 1; i--) {
		snprintf(path, sizeof(path), DIR "/%d", i);
		must(mkdir(path, 0755), path);
		must(mount(DIR "/source", path, NULL, MS_BIND, NULL), path);
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
