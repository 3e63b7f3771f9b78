/* SPDX-License-Identifier: MIT */
/*
 * The filter: which calls of the program are stopped to give them the token. Those that
 * take one and no other, so that reading and writing maps costs nothing.
 */
#ifndef BPFTOKEN_FILTER_H
#define BPFTOKEN_FILTER_H

#include "error.h"

/* BPF_COMMON_ATTRS (Linux 7.2): a bit beside the command, not part of it. */
#define FILTER_COMMON_ATTRS 0x10000U

/*
 * Installs the filter for the calling process, on its way to exec, and returns the
 * listener. by_id: does the kernel take a token for BTF_GET_FD_BY_ID? *ret_no_new_privs:
 * without CAP_SYS_ADMIN in the user namespace the process has to give up setuid first.
 */
int filter_install(bool by_id, bool *ret_no_new_privs, struct bpftoken_error *err);

#endif
