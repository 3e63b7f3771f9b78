/* SPDX-License-Identifier: MIT */
/* The numbers of a directory: see numbers.h. */
#include "numbers.h"

#include "sys.h"

#include <stdlib.h>
#include <string.h>

int numbers_each(int dir_fd, int (*each)(int number, void *data), void *data)
{
	char names[8192];
	ssize_t len;

	while ((len = sys_read_names(dir_fd, names, sizeof(names))) > 0) {
		for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
			char *end;
			long number = strtol(names + at, &end, 10);
			int r = *end || end == names + at ? 0 : each((int)number, data);

			if (r)
				return r;
		}
	}
	return (int)len;
}
