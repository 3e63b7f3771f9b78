/* SPDX-License-Identifier: MIT */
/* The environment of preload-env.h, and which programs heed it. */
#include "preload-env.h"

#include "exec.h"
#include "sys-task.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Above what programs that count their descriptors use, where the limit permits. */
#define HIGH_FD 240
#define LOW_FD 10

int preload_env_set(const char *library, int token_fd, struct bpftoken_error *err)
{
	const char *others = getenv("LD_PRELOAD");
	char number[16], list[8192];
	int fd = sys_dup_inherited(token_fd, HIGH_FD);

	if (fd == -EINVAL)
		fd = sys_dup_inherited(token_fd, LOW_FD);
	if (fd < 0)
		return err_raise(err, BPFTOKEN_STAGE_PRELOAD, fd, NULL);
	snprintf(number, sizeof(number), "%d", fd);
	if (snprintf(list, sizeof(list), "%s%s%s", library, others ? ":" : "",
		     others ? others : "") >= (int)sizeof(list) ||
	    setenv("LD_PRELOAD", list, 1) < 0 ||
	    setenv(PRELOAD_FD_VARIABLE, number, 1) < 0)
		return err_raise(err, BPFTOKEN_STAGE_PRELOAD, -ENOMEM, NULL);
	return 0;
}

/* ------------------------------------------------------------- which programs */

/* The program headers of either width; both widths have p_type first. */
static int has_interpreter(int fd, uint64_t offset, unsigned int size, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint32_t type;
		ssize_t len = sys_pread(fd, &type, sizeof(type), offset + i * size);

		if (len != (ssize_t)sizeof(type))
			return len < 0 ? (int)len : -ENOEXEC;
		if (type == PT_INTERP)
			return 1;
	}
	return 0;
}

static int is_dynamic(int fd)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} head = { .ident = { 0 } };
	ssize_t len = sys_pread(fd, &head, sizeof(head), 0);

	if (len < 0)
		return (int)len;
	/* A script: its interpreter is what counts, and those are dynamic. */
	if (len > 2 && head.ident[0] == '#' && head.ident[1] == '!')
		return 1;
	if ((size_t)len < sizeof(head.narrow) || memcmp(head.ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	if (head.ident[EI_CLASS] == ELFCLASS64)
		return has_interpreter(fd, head.wide.e_phoff, head.wide.e_phentsize,
				       head.wide.e_phnum);
	return has_interpreter(fd, head.narrow.e_phoff, head.narrow.e_phentsize,
			       head.narrow.e_phnum);
}

static int open_in_path(const char *file)
{
	const char *path = getenv("PATH");

	if (strchr(file, '/'))
		return sys_openat(AT_FDCWD, file, O_RDONLY);
	for (size_t len; path && *path; path += len + (path[len] == ':')) {
		char candidate[4096];
		int fd;

		len = strcspn(path, ":");
		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, path, file);
		fd = sys_openat(AT_FDCWD, candidate, O_RDONLY);
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

int exec_is_dynamic(const char *file)
{
	_cleanup_close_ int fd = open_in_path(file);

	return fd < 0 ? fd : is_dynamic(fd);
}
