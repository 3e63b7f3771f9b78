/* SPDX-License-Identifier: MIT */
/* The error object: filled once, by the function that knows the stage. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_printf_(3, 0) static void fill(char *field, size_t size, const char *format,
				va_list args)
{
	int len = vsnprintf(field, size, format, args);

	if (len < 0)
		field[0] = '\0';
	else if ((size_t)len >= size)
		memcpy(field + size - 4, "...", 4);
}

int err_vraise(struct bpftoken_error *err, uint32_t stage, int code, const char *why,
	       va_list args)
{
	if (!err)
		return code;
	memset(err, 0, sizeof(*err));
	err->code = code;
	err->stage = stage;
	err->token_fd = -1;
	if (why)
		fill(err->why, sizeof(err->why), why, args);
	return code;
}

int err_raise(struct bpftoken_error *err, uint32_t stage, int code, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	(void)err_vraise(err, stage, code, why, args);
	va_end(args);
	return code;
}

void err_what(struct bpftoken_error *err, const char *what, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, what);
	fill(err->what, sizeof(err->what), what, args);
	va_end(args);
}

void err_fix(struct bpftoken_error *err, const char *fix, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fix);
	fill(err->fix, sizeof(err->fix), fix, args);
	va_end(args);
}

void err_kind(struct bpftoken_error *err, uint32_t kind)
{
	if (err)
		err->kind = kind;
}

void err_position(struct bpftoken_error *err, uint32_t line, uint32_t column)
{
	if (!err)
		return;
	err->line = line;
	err->column = column;
}

int err_oom(struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_MEMORY, -ENOMEM, NULL);
}

int opts_take(void *ret, size_t known, const void *opts, struct bpftoken_error *err)
{
	const unsigned char *bytes = opts;
	size_t size = 0;

	if (opts)
		memcpy(&size, opts, sizeof(size));
	if (opts && size < sizeof(size))
		return err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
				 "sz is %zu, smaller than itself", size);
	if (size == known) {
		memcpy(ret, opts, known);
		return 0;
	}
	for (size_t i = known; i < size; i++) {
		if (bytes[i])
			return err_raise(err, BPFTOKEN_STAGE_OPTIONS, -E2BIG,
					 "byte %zu is set and this library knows %zu", i,
					 known);
	}
	memset(ret, 0, known);
	if (opts)
		memcpy(ret, opts, size < known ? size : known);
	/* What was taken may be handed on, so its size is what it really is. */
	memcpy(ret, &known, sizeof(known));
	return 0;
}

const char *bpftoken_version(void)
{
	return BPFTOKEN_VERSION;
}
