/* SPDX-License-Identifier: MIT */
#include "installed.h"

#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *cli_find_installed(const char *name, const char *installed)
{
	static const char *const places[] = { "", "preload/", "../lib/bpftoken/",
					      "../libexec/bpftoken/" };
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return NULL;
	self[len] = '\0';
	strrchr(self, '/')[1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s%s%s", self, places[i], name);
		if (access(path, R_OK) == 0)
			return strdup(path);
	}
	return access(installed, R_OK) == 0 ? strdup(installed) : NULL;
}
