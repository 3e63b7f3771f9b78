/* SPDX-License-Identifier: MIT */
/* What the preload library is told, by environment and by an inherited descriptor. */
#ifndef BPFTOKEN_PRELOAD_ENV_H
#define BPFTOKEN_PRELOAD_ENV_H

#include "error.h"

#define PRELOAD_NAME "libbpftoken-preload.so"
/* Number of the descriptor that is the token, as the library finds it. */
#define PRELOAD_FD_VARIABLE "BPFTOKEN_PRELOAD_FD"

/*
 * In the child: the token at a high number that survives exec, the library before all
 * others of LD_PRELOAD.
 */
int preload_env_set(const char *library, int token_fd, struct bpftoken_error *err);

#endif
