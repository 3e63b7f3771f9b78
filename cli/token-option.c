/* SPDX-License-Identifier: MIT */
/*
 * --token and its like. The environment: BPFTOKEN_FD is a descriptor from the parent
 * process, BPFTOKEN_PATH ours, LIBBPF_BPF_TOKEN_PATH libbpf's.
 */
#include "token-option.h"

#include "error.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FD_VARIABLE "BPFTOKEN_FD"

static int adopt(const char *text, struct bpftoken_error *err)
{
	char *end;
	long fd;
	int r;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || *end || end == text || fd < 0 || fd > INT_MAX) {
		r = err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
			      "\"%.32s\" is not a descriptor's number", text);
		err_kind(err, BPFTOKEN_KIND_USAGE);
	} else {
		r = bpftoken_adopt((int)fd, err);
	}
	if (r < 0)
		err_what(err, "cannot use the token of $" FD_VARIABLE);
	return r;
}

static const char *path_of_environment(void)
{
	const char *path = getenv("BPFTOKEN_PATH");

	return path ? path : getenv("LIBBPF_BPF_TOKEN_PATH");
}

const char *cli_token_origin(const char *arg)
{
	const char *path = path_of_environment();

	if (arg)
		return arg;
	if (getenv(FD_VARIABLE))
		return "$" FD_VARIABLE;
	return path && !path[0] ? "none" : path;
}

int cli_open_token(const char *arg, int *ret_token_fd, struct bpftoken_error *err)
{
	const char *origin = cli_token_origin(arg);
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error failure = { 0 };
	int fd;

	if (origin && !strcmp(origin, "none"))
		fd = -1;
	else if (!arg && getenv(FD_VARIABLE))
		fd = adopt(getenv(FD_VARIABLE), &failure);
	else {
		opts.path = origin;
		fd = bpftoken_open(&opts, &failure);
	}
	if (fd < 0 && failure.code && origin) {
		*err = failure;
		return failure.code;
	}
	*ret_token_fd = fd < 0 ? -1 : fd;
	*err = failure;
	return 0;
}
