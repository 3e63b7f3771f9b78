/* SPDX-License-Identifier: MIT */
/*
 * Raising errors. A function that fails says at which stage and with which errno; it may
 * add a sentence (why) when it knows more than the errno does. What that means to the
 * user, and what to do, is the table of explain.c.
 */
#ifndef BPFTOKEN_ERROR_H
#define BPFTOKEN_ERROR_H

#include "bpftoken.h"
#include "util.h"

#include <stdarg.h>

/* Fills err (NULL allowed) and returns code. why may be NULL: the errno's own text. */
int err_raise(struct bpftoken_error *err, uint32_t stage, int code, const char *why, ...)
	_printf_(4, 5);
/* The same for functions that raise what their own callers say. */
int err_vraise(struct bpftoken_error *err, uint32_t stage, int code, const char *why,
	       va_list args) _printf_(4, 0);

/* Adds what the raiser knows better than the table. NULL err is allowed. */
void err_what(struct bpftoken_error *err, const char *what, ...) _printf_(2, 3);
void err_fix(struct bpftoken_error *err, const char *fix, ...) _printf_(2, 3);
void err_kind(struct bpftoken_error *err, uint32_t kind);
void err_position(struct bpftoken_error *err, uint32_t line, uint32_t column);

/* -ENOMEM at the stage MEMORY. */
int err_oom(struct bpftoken_error *err);

/*
 * Takes the caller's options, which may be older (shorter) or newer (longer) than ours:
 * known bytes into ret, the rest of ret zero, NULL opts all zero; ret's own sz is known.
 * -EINVAL when sz is shorter than itself, -E2BIG when bytes that we do not know are set.
 */
int opts_take(void *ret, size_t known, const void *opts, struct bpftoken_error *err);

#endif
