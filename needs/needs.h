/* SPDX-License-Identifier: MIT */
/*
 * What BPF objects need to be loaded with a token: the least delegation and the
 * capabilities in the user namespace, each with its reason, from the objects alone.
 * Nothing is loaded, and no privilege is asked for.
 */
#ifndef BPFTOKEN_NEEDS_NEEDS_H
#define BPFTOKEN_NEEDS_NEEDS_H

#include "error.h"
#include "policy.h"

/* What an item is about; below these, enum bpftoken_set: a bit of the policy. */
enum needs_kind {
	NEEDS_CAPABILITY = BPFTOKEN_SETS, /* value: CAP_... */
	NEEDS_LESS, /* libbpf asks for it, and does with less where it is not there */
	NEEDS_NEVER, /* no policy gives it */
	NEEDS_NOTE, /* worth knowing */
};

enum needs_by {
	NEEDS_OBJECT, /* whatever loads the object */
	NEEDS_LIBBPF, /* libbpf as the loader, for its own sake */
};

struct needs_item {
	uint32_t kind; /* enum bpftoken_set or enum needs_kind */
	uint32_t value; /* of the set, or CAP_...; 0 for the other kinds */
	enum needs_by by;
	char name[64]; /* of the value, or what it is about */
	char why[256]; /* one line: programs, maps, or the reason */
	unsigned int named; /* words in why so far */
	unsigned int more; /* that found no place there */
};

struct needs_opts {
	bool no_libbpf; /* something else loads the objects */
	uint32_t
		libbpf; /* version that loads them, 1.4 = 0x0104; 0: that installed here */
	bool several; /* name the object in each reason */
	bool optional; /* programs too that load only when the application says so */
};

struct needs {
	struct needs_opts opts;
	struct needs_item *items; /* sorted by needs_finish() */
	size_t count, size;
	struct bpftoken_policy object; /* what the objects need */
	struct bpftoken_policy libbpf; /* what libbpf needs besides */
	uint64_t capabilities; /* one bit each */
	unsigned int objects, programs, maps;
	bool failed; /* out of memory: needs_finish() says so */
};

/* Adds what the BPF objects in a file need: an object file, or a program that has some. */
int needs_add_file(struct needs *needs, const char *path, struct bpftoken_error *err);

/* After the last file. 0 or -ENOMEM. */
int needs_finish(struct needs *needs, struct bpftoken_error *err);
void needs_done(struct needs *needs);

#define _cleanup_needs_ _cleanup_(needs_done)

/* Both parts of the policy. */
void needs_policy(const struct needs *needs, struct bpftoken_policy *ret_policy);

/* Capability names, as capabilities(7) writes them: "CAP_BPF". */
const char *needs_capability_name(uint32_t capability);

/* "1.4", "1.4.6": 0x0104; -EINVAL for other texts. */
int needs_parse_libbpf(const char *text, uint32_t *ret_version);

#endif
