/* SPDX-License-Identifier: MIT */
/* What an application calls: the process-wide token, and a path that libbpf takes. */
#include "libbpf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPFFS_MAGIC 0xcafe4a11U

__attribute__((format(printf, 4, 5))) static int
fail(struct bpftoken_error *err, uint32_t stage, int code, const char *why, ...)
{
	va_list args;

	if (!err)
		return code;
	memset(err, 0, sizeof(*err));
	err->code = code;
	err->stage = stage;
	err->token_fd = -1;
	err->kind = BPFTOKEN_KIND_USAGE;
	va_start(args, why);
	(void)vsnprintf(err->why, sizeof(err->why), why, args);
	va_end(args);
	return code;
}

/* In libbpf's place: where does such a call arrive? */
static int syscall_is_ours(void)
{
	return syscall(SYS_bpf, BPFTOKEN_LIBBPF_QUESTION, NULL, 0) == 0;
}

int bpftoken_libbpf_use(const struct bpftoken_open_opts *opts, struct bpftoken_error *err)
{
	int token;

	if (!syscall_is_ours())
		return fail(err, BPFTOKEN_STAGE_OPTIONS, -ENOEXEC,
			    "libbpftoken-libbpf is linked behind the C library");
	token = bpftoken_open(opts, err);
	if (token >= 0)
		(void)bpftoken_global_set(token);
	return token;
}

int bpftoken_libbpf_fd_path(int bpffs_fd, char *ret_path, struct bpftoken_error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstat(bpffs_fd, &st) < 0 || fstatfs(bpffs_fd, &fs) < 0)
		return fail(err, BPFTOKEN_STAGE_TOKEN_OPEN, -errno, "descriptor %d: %s",
			    bpffs_fd, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(err, BPFTOKEN_STAGE_TOKEN_OPEN, -ENOTDIR,
			    "descriptor %d is not a directory; a token is for "
			    "bpftoken_global_set()",
			    bpffs_fd);
	if ((uint32_t)fs.f_type != BPFFS_MAGIC)
		return fail(err, BPFTOKEN_STAGE_TOKEN_OPEN, -EINVAL,
			    "descriptor %d is on no bpffs", bpffs_fd);
	snprintf(ret_path, BPFTOKEN_LIBBPF_FD_PATH_SIZE, "/proc/self/fd/%d", bpffs_fd);
	return 0;
}
