/* SPDX-License-Identifier: MIT */
/* What a recording comes to: its items, with evidence, and the policy that they make. */
#ifndef BPFTOKEN_LEARN_SUMMARY_H
#define BPFTOKEN_LEARN_SUMMARY_H

#include "record.h"

enum learn_verdict {
	LEARN_NEEDED, /* a call that succeeded, and whose object was used or kept */
	LEARN_PROBE, /* only attempts, whose objects were gone unused */
	LEARN_FAILED, /* no call succeeded */
	LEARN_REMOVABLE, /* minimised: it goes without */
	LEARN_PROVEN, /* minimised: it does not */
};

/* "yes", "probe only", "never worked", "no", "yes, proven". */
const char *learn_verdict_name(uint32_t verdict);

/* One value of one set. */
struct learn_item {
	uint32_t set, value;
	uint32_t calls, ok;
	uint32_t verdict; /* enum learn_verdict */
	const struct learn_run *run; /* of the evidence */
	const struct learn_call *evidence; /* the first call, of a real use if any */
	bool unknown; /* the running kernel does not know it, nor did a call succeed */
};

/* A command that no policy gives. */
struct learn_host_use {
	uint32_t cmd, calls, failed;
};

struct learn_summary {
	struct learn_item *items; /* by set, then value */
	size_t count;
	struct learn_host_use host[16];
	size_t host_count;
	struct bpftoken_policy policy; /* all items that the kernel knows */
	struct bpftoken_policy needed; /* those that are needed */
	uint32_t calls, probes, denied; /* of delegable calls */
	uint32_t untokened; /* of the denied: they carried no token */
	uint32_t nameless; /* maps and programs that were kept, and have no name */
	uint32_t processes;
};

int learn_summarize(const struct learn_recording *recording,
		    struct learn_summary *ret_summary);
void learn_summary_done(struct learn_summary *summary);

/* What a container needs in its user namespace besides the policy, one bit each. */
uint64_t learn_capabilities(const struct bpftoken_policy *policy);

/* "EPERM"; of a negative errno. */
const char *learn_error_name(int64_t code);
/* "map type ringbuf", for a person. */
void learn_add_item(struct text *out, uint32_t set, uint32_t value);
/* #7 name[pid] what the call was about. */
void learn_add_evidence(struct text *out, const struct learn_run *run,
			const struct learn_call *call);

/* The sets and values of a delegable call, in the order of enum bpftoken_set; count. */
struct learn_value {
	uint32_t set, value;
};
size_t learn_call_values(const struct learn_call *call, struct learn_value ret_values[3]);

#endif
