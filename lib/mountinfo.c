/* SPDX-License-Identifier: MIT */
/* Reading /proc/PID/mountinfo, described in proc(5). */
#include "mountinfo.h"

#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* The kernel writes blank, tab, newline and backslash as \ooo; in place, never longer. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; out++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' &&
		    in[2] <= '7' && in[3] >= '0' && in[3] <= '7') {
			*out = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 |
				      (in[3] - '0'));
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

int mountinfo_split(char *line, struct mountinfo *ret_mount)
{
	/* id parent major:minor root mount-point options [tags...] - type source super */
	enum { ID, PARENT, DEV, ROOT, POINT, OPTIONS, FIXED };
	char *field[FIXED], *tail[3];
	unsigned int major, minor;
	bool shared = false;
	char *rest = line;
	char *end;

	for (size_t i = 0; i < FIXED; i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i] || !rest)
			return -EPROTO;
	}
	if (field[POINT][0] != '/')
		return -EPROTO;
	do {
		end = strsep(&rest, " ");
		shared |= end && !strncmp(end, "shared:", 7);
	} while (end && strcmp(end, "-") != 0);
	for (size_t i = 0; i < ARRAY_SIZE(tail); i++) {
		tail[i] = strsep(&rest, " ");
		if (!tail[i])
			return -EPROTO;
	}
	*ret_mount = (struct mountinfo){
		.id = strtoull(field[ID], &end, 10),
		.root = field[ROOT],
		.mount_point = field[POINT],
		.fs_type = tail[0],
		.super_options = tail[2],
		.shared = shared,
	};
	if (end == field[ID] || *end)
		return -EPROTO;
	ret_mount->parent = strtoull(field[PARENT], &end, 10);
	if (end == field[PARENT] || *end ||
	    sscanf(field[DEV], "%u:%u", &major, &minor) != 2)
		return -EPROTO;
	ret_mount->dev = makedev(major, minor);
	unescape(field[ROOT]);
	unescape(field[POINT]);
	return 0;
}

/* The lines that are whole in buf; ret_used says how far they go. */
static int each_line(char *buf, size_t len, size_t *ret_used,
		     int (*each)(char *line, void *data), void *data)
{
	char *newline;
	size_t used = 0;
	int r = 0;

	while (r == 0 && (newline = memchr(buf + used, '\n', len - used))) {
		char *line = buf + used;

		*newline = '\0';
		used = (size_t)(newline - buf) + 1;
		r = each(line, data);
	}
	*ret_used = used;
	return r;
}

int mountinfo_lines(int fd, int (*each)(char *line, void *data), void *data)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 16384, len = 0, used;

	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t got = sys_read(fd, buf + len, size - len);
		int r;

		if (got <= 0)
			return (int)got;
		len += (size_t)got;
		r = each_line(buf, len, &used, each, data);
		if (r)
			return r;
		len -= used;
		memmove(buf, buf + used, len);
		if (len == size) {
			char *more = realloc(buf, size *= 2);

			if (!more)
				return -ENOMEM;
			buf = more;
		}
	}
}

struct mounts {
	int (*each)(const struct mountinfo *mount, void *data);
	void *data;
};

static int split_and_call(char *line, void *data)
{
	const struct mounts *mounts = data;
	struct mountinfo mount;
	int r = mountinfo_split(line, &mount);

	return r < 0 ? r : mounts->each(&mount, mounts->data);
}

int mountinfo_each(pid_t pid, int (*each)(const struct mountinfo *mount, void *data),
		   void *data)
{
	struct mounts mounts = { each, data };
	_cleanup_close_ int fd = -EBADF;
	char path[64] = "/proc/self/mountinfo";

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return fd;
	return mountinfo_lines(fd, split_and_call, &mounts);
}
