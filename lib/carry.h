/* SPDX-License-Identifier: MIT */
/*
 * How a token gets into a bpf() call: which one, whether the running kernel's command
 * takes one at all, and where in the attr it goes.
 */
#ifndef BPFTOKEN_CARRY_H
#define BPFTOKEN_CARRY_H

#include "attr.h"
#include "error.h"

/* The token_fd of an options struct: 0 is the process-wide one. An fd, or -1. */
int carry_resolve(int token_fd);

/*
 * Does the running kernel's command take a token? Asks it once, without effect. A kernel
 * that refuses bpf() as a whole does not say, and is asked again.
 */
bool carry_kernel_takes(uint32_t cmd);

/*
 * Puts the token into the attr of a command that takes one, together with its flag, and
 * neither where token_fd is negative or the kernel does not have the field.
 */
void carry_token(uint32_t cmd, void *attr, int token_fd);

/* What a refused call was about, for bpftoken_explain(); returns code. */
int carry_raise(struct bpftoken_error *err, uint32_t cmd, int code, const void *attr,
		int token_fd);

/* Asks the kernel again. For tests, which change it. */
void carry_forget(void);

#endif
