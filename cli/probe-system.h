/* SPDX-License-Identifier: MIT */
/* The facts about kernel, settings and process that decide what BPF may do here. */
#ifndef BPFTOKEN_PROBE_SYSTEM_H
#define BPFTOKEN_PROBE_SYSTEM_H

#include <stddef.h>

struct system_fact {
	const char *group; /* "kernel", "sysctls", "security", "process", "config" */
	const char *name;
	char *value; /* NULL: not set, or not shown here */
	const char *means; /* what that value says, or NULL */
};

struct system_facts {
	struct system_fact *facts;
	size_t count, size;
};

/* 0 or -ENOMEM; what cannot be read is a fact without value. */
int system_facts_read(struct system_facts *facts);
void system_facts_done(struct system_facts *facts);

#endif
