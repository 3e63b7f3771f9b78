/* SPDX-License-Identifier: MIT */
/* /proc/PID/uid_map and gid_map: which host id an id inside a user namespace is. */
#ifndef BPFTOKEN_IDMAP_H
#define BPFTOKEN_IDMAP_H

#include <stdint.h>
#include <sys/types.h>

/*
 * file is "uid_map" or "gid_map". 0, or a negative errno: -ENXIO when the id is in no
 * range of the map.
 */
int idmap_to_host(pid_t pid, const char *file, uint32_t inside, uint32_t *ret_host);

#endif
