/* SPDX-License-Identifier: MIT */
/* The container of a PROGRAM on a command line: --net, --caps and the like. */
#ifndef BPFTOKEN_CONTAINER_OPTIONS_H
#define BPFTOKEN_CONTAINER_OPTIONS_H

#include "bpffs.h"
#include "cli.h"
#include "container.h"

/* A container that nobody has said anything about. */
#define CONTAINER_DEFAULTS                                                           \
	{                                                                            \
		.bpffs = BPFFS_DEFAULT_TARGET, .map_outside = CONTAINER_MAP_OUTSIDE, \
		.map_count = CONTAINER_MAP_COUNT                                     \
	}

int container_options_take_absolute(void *member, const struct cli_option *option,
				    const char *value, struct bpftoken_error *err);
int container_options_take_net(void *member, const struct cli_option *option,
			       const char *value, struct bpftoken_error *err);
/* Of these, member is the struct container. */
int container_options_take_map(void *member, const struct cli_option *option,
			       const char *value, struct bpftoken_error *err);
int container_options_take_user(void *member, const struct cli_option *option,
				const char *value, struct bpftoken_error *err);
int container_options_take_caps(void *member, const struct cli_option *option,
				const char *value, struct bpftoken_error *err);

/* The rows of all of them; member is a struct container. */
#define CONTAINER_OPTION_ROWS(type, member)                                            \
	{ .name = "bpffs",                                                             \
	  .arg = "PATH",                                                               \
	  .help = "Where the bpffs is inside (/sys/fs/bpf).",                          \
	  .take = container_options_take_absolute,                                     \
	  .offset = offsetof(type, member.bpffs),                                      \
	  .complete = "dir" },                                                         \
		{ .name = "rootfs",                                                    \
		  .arg = "DIR",                                                        \
		  .help = "Root directory (the host's files).",                        \
		  .take = cli_take_string,                                             \
		  .offset = offsetof(type, member.rootfs),                             \
		  .complete = "dir" },                                                 \
		{ .name = "net",                                                       \
		  .arg = "private|host",                                               \
		  .help = "Network: its own, with lo up (private).",                   \
		  .take = container_options_take_net,                                  \
		  .offset = offsetof(type, member.host_net),                           \
		  .complete = "private host" },                                        \
		{ .name = "map",                                                       \
		  .arg = "IN:OUT:COUNT",                                               \
		  .help = "Map of uids and gids (0:100000:65536).",                    \
		  .take = container_options_take_map,                                  \
		  .offset = offsetof(type, member) },                                  \
		{ .name = "user",                                                      \
		  .arg = "UID[:GID]",                                                  \
		  .help = "Run PROGRAM as this user inside (0).",                      \
		  .take = container_options_take_user,                                 \
		  .offset = offsetof(type, member) },                                  \
	{                                                                              \
		.name = "caps", .arg = "LIST",                                         \
		.help = "Capabilities PROGRAM has (all for uid 0).",                   \
		.take = container_options_take_caps, .offset = offsetof(type, member), \
		.complete = "capabilities"                                             \
	}

#endif
