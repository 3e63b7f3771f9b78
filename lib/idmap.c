/* SPDX-License-Identifier: MIT */
/* The id maps of user_namespaces(7), as a reader in the initial one sees them. */
#include "idmap.h"

#include "text.h"

#include <stdio.h>

#define MAP_SIZE 16384 /* 340 ranges of at most 33 characters, and some room */

int idmap_to_host(pid_t pid, const char *file, uint32_t inside, uint32_t *ret_host)
{
	char path[64], map[MAP_SIZE];
	const char *line = map;
	unsigned int first, host, count;
	ssize_t len;
	int used;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	len = text_read_file(path, map, sizeof(map));
	if (len < 0)
		return (int)len;
	while (sscanf(line, "%u %u %u%n", &first, &host, &count, &used) == 3) {
		if (inside >= first && inside - first < count) {
			*ret_host = host + (inside - first);
			return 0;
		}
		line += used;
	}
	return -ENXIO;
}
