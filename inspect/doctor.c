/* SPDX-License-Identifier: MIT */
/* The table of gates, in the kernel's order, and the walk through it: see doctor.h. */
#include "doctor-gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum need {
	NEED_NOTHING,
	NEED_WAY, /* that no gate before it on the way to the token is shut */
	NEED_TOKEN,
};

static const struct gate {
	const char *name, *question;
	enum need need;
	bool on_way; /* to the token */
	gate_fn *judge;
} gates[] = {
	{ "seccomp", "does the system call bpf() reach the kernel", NEED_NOTHING, true,
	  gate_seccomp },
	{ "kernel", "does the kernel have BPF tokens", NEED_WAY, true, gate_kernel },
	{ "user_namespace", "is this a user namespace where tokens are made", NEED_WAY,
	  true, gate_user_namespace },
	{ "bpffs", "is a bpffs mounted here", NEED_WAY, true, gate_bpffs },
	{ "bpffs_access", "may the process open it", NEED_WAY, true, gate_bpffs_access },
	{ "bpffs_root", "is it the whole bpffs, not a directory of it", NEED_WAY, true,
	  gate_bpffs_root },
	{ "bpffs_owner", "does it belong to this user namespace", NEED_WAY, true,
	  gate_bpffs_owner },
	{ "cap_bpf", "does the process have CAP_BPF", NEED_WAY, true, gate_cap_bpf },
	{ "delegation", "does the bpffs delegate anything", NEED_WAY, true,
	  gate_delegation },
	{ "token", "was a token made of it", NEED_WAY, false, gate_token },
	{ "cmds", "are the commands delegated", NEED_TOKEN, false, gate_cmds },
	{ "maps", "are the map types delegated", NEED_TOKEN, false, gate_maps },
	{ "progs", "are the program types delegated", NEED_TOKEN, false, gate_progs },
	{ "attachs", "are the attach types delegated", NEED_TOKEN, false, gate_attachs },
	{ "cap_net_admin", "does what is delegated need CAP_NET_ADMIN", NEED_TOKEN, false,
	  gate_cap_net_admin },
	{ "cap_perfmon", "does what is delegated need CAP_PERFMON", NEED_TOKEN, false,
	  gate_cap_perfmon },
	{ "cap_sys_admin", "does what is delegated need CAP_SYS_ADMIN", NEED_TOKEN, false,
	  gate_cap_sys_admin },
	{ "btf", "does the kernel show its BTF", NEED_NOTHING, false, gate_btf },
	{ "memory", "is there memory for maps", NEED_TOKEN, false, gate_memory },
	{ "jit_limit", "is there room for compiled programs", NEED_TOKEN, false,
	  gate_jit_limit },
	{ "kernel_types", "does the kernel have the types", NEED_TOKEN, false,
	  gate_kernel_types },
	{ "lsm", "do the security modules let it pass", NEED_NOTHING, false, gate_lsm },
	{ "apparmor", "what does AppArmor confine", NEED_NOTHING, false, gate_apparmor },
	{ "selinux", "what does SELinux enforce", NEED_NOTHING, false, gate_selinux },
	{ "lockdown", "may programs read the kernel's memory", NEED_TOKEN, false,
	  gate_lockdown },
	{ "perf_event_open", "does perf_event_open() reach the kernel", NEED_TOKEN, false,
	  gate_perf_event_open },
	{ "perf_event_paranoid", "may perf events be opened", NEED_TOKEN, false,
	  gate_perf_event_paranoid },
	{ "object", "can a token give the object what it needs", NEED_TOKEN, false,
	  gate_object },
	{ "unprivileged_bpf", "what is left without the token", NEED_NOTHING, false,
	  gate_unprivileged },
	{ "libbpf", "can libbpf find out what the kernel can do", NEED_TOKEN, false,
	  gate_libbpf },
};

_Static_assert(ARRAY_SIZE(gates) <= DOCTOR_GATES_MAX, "a report holds every gate");

const char *gate_state_name(uint32_t state)
{
	static const char *const names[] = {
		[GATE_OPEN] = "open",	  [GATE_LIMITED] = "limited",
		[GATE_SHUT] = "shut",	  [GATE_UNSEEN] = "unseen",
		[GATE_BEHIND] = "behind",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

const char *doctor_gate_name(size_t n)
{
	return n < ARRAY_SIZE(gates) ? gates[n].name : NULL;
}

const char *doctor_gate_question(size_t n)
{
	return n < ARRAY_SIZE(gates) ? gates[n].question : NULL;
}

/* ------------------------------------------------------------ what a gate says */

#define SAY(f, state_, kind_, why_)                                \
	do {                                                       \
		va_list args;                                      \
                                                                   \
		(f)->state = (state_);                             \
		(f)->kind = (kind_);                               \
		va_start(args, why_);                              \
		vsnprintf((f)->why, sizeof((f)->why), why_, args); \
		va_end(args);                                      \
	} while (0)

void gate_open(struct doctor_finding *f, const char *why, ...)
{
	SAY(f, GATE_OPEN, 0, why);
}

void gate_shut(struct doctor_finding *f, uint32_t kind, const char *why, ...)
{
	SAY(f, GATE_SHUT, kind, why);
}

void gate_limited(struct doctor_finding *f, const char *why, ...)
{
	SAY(f, GATE_LIMITED, 0, why);
}

void gate_unseen(struct doctor_finding *f, const char *why, ...)
{
	SAY(f, GATE_UNSEEN, 0, why);
}

void gate_fix(struct doctor_finding *f, const char *fix, ...)
{
	va_list args;

	va_start(args, fix);
	vsnprintf(f->fix, sizeof(f->fix), fix, args);
	va_end(args);
}

const char *doctor_line(const char *path, char *text, size_t size)
{
	(void)text_read_file(path, text, size);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* ---------------------------------------------------------------------- the walk */

static void judge(struct doctor *d, const struct gate *gate, struct doctor_finding *f)
{
	bool reached = gate->need == NEED_NOTHING ||
		       (gate->need == NEED_WAY ? !d->chain_shut : d->token_fd >= 0);

	f->state = GATE_BEHIND;
	if (reached)
		gate->judge(d, f);
	if (gate->on_way && f->state == GATE_SHUT)
		d->chain_shut = true;
}

static void doctor_done(struct doctor *d)
{
	/* its answers are of this descriptor, which may be another token's next */
	if (d->token_fd >= 0)
		(void)bpftoken_probe_forget(d->token_fd);
	if (d->token_fd >= 0 && d->opts->token_fd < 0)
		sys_close(d->token_fd);
	bpftoken_policy_free(d->has);
	free(d);
}

static void doctor_donep(struct doctor **d)
{
	if (*d)
		doctor_done(*d);
}

static int look(struct doctor *d, struct bpftoken_error *err)
{
	int r;

	doctor_look_system(d);
	/* where bpf() or tokens are missing, nothing more can be tried */
	if (d->filter || (d->opts->token_fd < 0 && (d->supported < 0 || d->initial)))
		return 0;
	r = doctor_look_bpffs(d, err);
	if (r == 0 && d->token_fd >= 0)
		r = bpftoken_info(d->token_fd, &d->has, err);
	if (r == 0 && d->token_fd >= 0)
		r = doctor_prove(d, err);
	return r;
}

/* Settings and names are what somebody inside may have mounted over the real ones. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* A type counts as loaded when it did with each attach type. */
static void fill_proved(const struct doctor *d, struct doctor_report *report)
{
	uint64_t failed[BPFTOKEN_SETS] = { 0 };

	for (size_t i = 0; i < d->proof_count; i++) {
		const struct proof *proof = &d->proofs[i];

		report->asked[proof->set] |= BIT(proof->value);
		if (proof->answer != BPFTOKEN_WORKS)
			failed[proof->set] |= BIT(proof->value);
	}
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		report->loaded[set] = report->asked[set] & ~failed[set];
}

int doctor_run(const struct doctor_opts *opts, struct doctor_report *ret_report,
	       struct bpftoken_error *err)
{
	_cleanup_(doctor_donep) struct doctor *d = calloc(1, sizeof(*d));
	_cleanup_free_ struct doctor_report *report = calloc(1, sizeof(*report));
	int r;

	if (!d || !report) {
		free(TAKE_PTR(d));
		return err_oom(err);
	}
	d->opts = opts;
	d->token_fd = -1;
	r = look(d, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++) {
		judge(d, &gates[i], &report->findings[i]);
		make_printable(report->findings[i].why);
		make_printable(report->findings[i].fix);
	}
	fill_proved(d, report);
	snprintf(report->bpffs, sizeof(report->bpffs), "%s", d->path);
	make_printable(report->bpffs);
	*ret_report = *report;
	return 0;
}

int doctor_decides(const struct doctor_report *report)
{
	static const uint32_t worst[] = { GATE_SHUT, GATE_LIMITED };

	for (size_t i = 0; i < ARRAY_SIZE(worst); i++)
		for (size_t n = 0; n < ARRAY_SIZE(gates); n++)
			if (report->findings[n].state == worst[i])
				return (int)n;
	return -1;
}
