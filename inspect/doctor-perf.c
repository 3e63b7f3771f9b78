/* SPDX-License-Identifier: MIT */
/*
 * The gates behind the load: what is attached through perf events asks for privileges on
 * the host, which no token replaces; and what libbpf does before it loads anything.
 */
#include "doctor-gate.h"

#include "lint.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

enum {
	PROG_KPROBE = 2,
	PROG_TRACEPOINT = 5,
	PROG_PERF_EVENT = 7,
	MAP_PERF_EVENT_ARRAY = 4,
};

/* kprobe programs can do without where one of these is delegated. */
#define MULTI (BIT(42) | BIT(48) | BIT(56) | BIT(57))

/* What is named that is of no use without a perf event; names of it. */
static bool wants_perf(const struct doctor *d, struct text *names)
{
	static const struct {
		uint32_t set, value;
		uint64_t instead; /* attach types */
		const char *what;
	} users[] = {
		{ BPFTOKEN_PROGS, PROG_KPROBE, MULTI, "kprobe programs" },
		{ BPFTOKEN_PROGS, PROG_TRACEPOINT, 0, "tracepoint programs" },
		{ BPFTOKEN_MAPS, MAP_PERF_EVENT_ARRAY, 0, "perf buffers" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		if (doctor_names(d, users[i].set, users[i].value) &&
		    !(d->wanted.mask[BPFTOKEN_ATTACHS] & users[i].instead))
			text_add(names, names->len ? ", %s" : "%s", users[i].what);
	return names->len;
}

#define INSTEAD                                                               \
	"use what needs no perf event: ringbuf, raw_tracepoint, kprobe with " \
	"trace_uprobe_multi or trace_kprobe_multi"

void gate_perf_event_open(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text names = { 0 };
	bool wanted =
		wants_perf(d, &names) || doctor_names(d, BPFTOKEN_PROGS, PROG_PERF_EVENT);

	if (!d->perf_filter) {
		gate_open(f, "no seccomp filter refuses it");
		return;
	}
	if (!wanted) {
		gate_open(f, "the seccomp filter refuses it, and nothing needs it");
		return;
	}
	gate_limited(f,
		     "the seccomp filter of this process refuses it (%s), so %s cannot "
		     "be attached",
		     d->perf_filter == -EINTR ? "it ends the process"
					      : strerror(-d->perf_filter),
		     names.data ? names.data : "perf_event programs");
	gate_fix(
		f,
		"allow perf_event_open() in the container's seccomp profile, or " INSTEAD);
}

/* As tracers and perf buffers open theirs: of a whole CPU, the kernel included. */
static int try_event(void)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE,
					 .size = PERF_ATTR_SIZE_VER5,
					 .config = PERF_COUNT_SW_BPF_OUTPUT };
	int fd = sys_perf_event_open(&event, -1, 0);

	if (fd >= 0)
		sys_close(fd);
	return fd;
}

void gate_perf_event_paranoid(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text names = { 0 };
	bool wanted = wants_perf(d, &names);
	/* a tracepoint asks for a level lower than a perf buffer */
	int most = wanted && strcmp(names.data, "perf buffers") == 0 ? 0 : -1;
	bool kprobes = wanted && strncmp(names.data, "kprobe", 6) == 0;
	int r = d->perf_filter ? d->perf_filter : try_event();
	char level[16];

	doctor_line("/proc/sys/kernel/perf_event_paranoid", level, sizeof(level));
	if (d->perf_filter && wanted) {
		f->state = GATE_BEHIND;
	} else if (!wanted) {
		gate_open(f, "nothing that is named needs them (the level is %s)",
			  level[0] ? level : "not shown");
	} else if (kprobes) {
		gate_limited(f,
			     "%s load and cannot be attached: their perf events are "
			     "the host's alone, at any kernel.perf_event_paranoid",
			     names.data);
		gate_fix(f, INSTEAD);
	} else if (r >= 0 && level[0] && atoi(level) <= most) {
		gate_open(f, "kernel.perf_event_paranoid is %s", level);
	} else {
		gate_limited(
			f,
			"kernel.perf_event_paranoid is %s, and %s need %d: they load "
			"and cannot be attached",
			level[0] ? level : "not shown here", names.data, most);
		gate_fix(f, "%s; or set kernel.perf_event_paranoid=%d on the host",
			 INSTEAD, most);
	}
}

/* ----------------------------------------------------------------------- libbpf */

static void take_finding(const struct lint_finding *finding, void *data)
{
	struct doctor_finding *f = data;

	if (strncmp(finding->rule, "libbpf-", 7) != 0 || f->fix[0])
		return;
	gate_open(f, "%s", finding->reason);
	gate_fix(f, "%s", finding->fix);
}

void gate_libbpf(struct doctor *d, struct doctor_finding *f)
{
	const struct lint_input input = { .policy = d->has };

	gate_open(f, "its own probes are delegated");
	(void)lint_policy(&input, take_finding, f);
}
