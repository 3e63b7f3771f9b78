/* SPDX-License-Identifier: MIT */
/* The programs that live-learn has recorded, and what they ask for. */
#ifndef BPFTOKEN_TEST_LEARN_PROGRAMS_H
#define BPFTOKEN_TEST_LEARN_PROGRAMS_H

#include "live.h"

#define MAP_HASH 1
#define MAP_ARRAY 2
#define MAP_ARRAY_OF_MAPS 12
#define PROG_SOCKET_FILTER 1
#define PROG_XDP 6
#define PROG_CGROUP_SOCK 9
#define PROG_SK_REUSEPORT 21
#define PROG_SK_LOOKUP 30
#define ATTACH_SOCK_CREATE 2
#define ATTACH_SK_LOOKUP 36
#define ATTACH_XDP 37
#define ATTACH_SELECT 39
#define CMD_LOOKUP 1
#define CMD_OBJ_PIN 6
#define CMD_LINK_CREATE 28
#define CMD_FREEZE 22

/* What live_main() runs of them, by name; each returns 0 when the kernel did as asked. */
#define PROGRAMS 16
extern const struct live_inside programs[PROGRAMS];

#endif
