/* SPDX-License-Identifier: MIT */
/*
 * Which token a command works with: what its user names, else what the environment
 * hands over, else what is found. The library itself reads no environment.
 */
#ifndef BPFTOKEN_TOKEN_OPTION_H
#define BPFTOKEN_TOKEN_OPTION_H

#include "bpftoken.h"

/*
 * What arg means: a PATH, "none", or NULL for the first of $BPFTOKEN_FD, $BPFTOKEN_PATH
 * and $LIBBPF_BPF_TOKEN_PATH that is set; an empty path there is "none". NULL is returned
 * when nothing is set, and what is found will do.
 */
const char *cli_token_origin(const char *arg);

/*
 * Opens the token that arg means, close-on-exec. *ret_token_fd is -1 when there is to be
 * none, and also when nothing was said and none was found: err then says why, and its
 * code is otherwise 0. Returns 0, or a negative errno when what was said does not work.
 */
int cli_open_token(const char *arg, int *ret_token_fd, struct bpftoken_error *err);

#endif
