/* SPDX-License-Identifier: MIT */
/*
 * The commands of bpf(2) as learn sees them: what a delegation means to each, and where
 * in its attr the descriptors, names and attach types are.
 */
#ifndef BPFTOKEN_LEARN_COMMAND_H
#define BPFTOKEN_LEARN_COMMAND_H

#include <stdint.h>

/* perf_event_open(2) has a row of its own among the commands, above all of them. */
#define LEARN_PERF_EVENT_OPEN 0x20000U

enum learn_class {
	LEARN_FREE, /* needs no privilege but the descriptor or the path */
	LEARN_DELEGABLE, /* one of the four commands that take a token */
	LEARN_HOST, /* needs privilege on the host; no policy gives it */
	LEARN_TOKEN, /* makes a token */
};

/* What a descriptor is to the call. */
enum learn_use_kind {
	LEARN_USE_NONE,
	LEARN_USE_MAP,
	LEARN_USE_INNER_MAP,
	LEARN_USE_PROG,
	LEARN_USE_BTF,
	LEARN_USE_LINK,
	LEARN_USE_ANY, /* only the kernel knows the kind */
	LEARN_USE_KINDS,
};

/* "map", "inner_map", "prog", "btf", "link". */
const char *learn_use_name(uint32_t kind);

struct learn_fd_field {
	uint16_t offset;
	uint8_t kind; /* enum learn_use_kind; NONE ends the list */
};

struct learn_command {
	uint32_t cmd;
	uint8_t class; /* enum learn_class */
	uint8_t makes; /* enum learn_use_kind of the descriptor that it returns */
	struct learn_fd_field fds[3];
	/* Offsets in the attr, 0 = has none (no command has one of these at 0). */
	uint16_t attach, flags, name;
	uint16_t name_pointer, name_pointer_end; /* a u64 with the name's address */
	const char *instead; /* of LEARN_HOST: what a container can do */
};

/* The row of a command; of one without a row, that of an unknown one. */
const struct learn_command *learn_command(uint32_t cmd);

/* As in strace, in lower case: "prog_load", "perf_event_open"; NULL: a new one. */
const char *learn_command_name(uint32_t cmd);

/* Value of such a name; -EINVAL. */
int learn_command_value(const char *name, uint32_t *ret_cmd);

#endif
