/* SPDX-License-Identifier: MIT */
/*
 * What the gates share. First everything is looked at and tried, in the order that the
 * kernel would; then each gate of the table judges what came of it.
 */
#ifndef BPFTOKEN_INSPECT_DOCTOR_GATE_H
#define BPFTOKEN_INSPECT_DOCTOR_GATE_H

#include "doctor.h"

#include "attr.h"
#include "names.h"
#include "probe.h"

#define BIT(n) (UINT64_C(1) << (n))

/* One thing that was loaded with the token, or not. */
struct proof {
	uint32_t set, value;
	uint32_t attach_type; /* of a program */
	int answer; /* enum bpftoken_answer, or a negative errno */
	struct bpftoken_error reason;
};

#define PROOFS_MAX 160
#define BIG_MAP (4U << 20) /* bytes; programs keep state */

struct doctor {
	const struct doctor_opts *opts;

	/* the process and the kernel */
	uint64_t capabilities;
	bool filtered; /* under a seccomp filter */
	bool initial; /* in the initial user namespace */
	uint32_t cmd_refused; /* of filter: which command */
	int filter; /* what a call that no kernel takes got, if not the kernel's answer */
	int supported; /* bpftoken_supported() */
	int perf_filter; /* the same for perf_event_open() */

	/* the bpffs */
	char path[256];
	char root[256]; /* of the mount, "/" when it is the whole */
	size_t seen; /* bpffs mounts of this mount namespace */
	bool delegates; /* as its mount options say */
	bool outside; /* a directory, but of another filesystem */
	int open_error;
	int owner; /* 1 of this user namespace, 0 of another, -1 could not be tried */

	/* the token */
	int token_fd;
	int token_error;
	struct bpftoken_policy *has;
	struct bpftoken_policy wanted; /* bits that have to load; "any" is expanded */
	struct proof proofs[PROOFS_MAX];
	size_t proof_count;
	bool big_map_failed;

	bool chain_shut; /* a gate on the way to the token is shut */
};

static inline bool has_capability(const struct doctor *d, int capability)
{
	return d->capabilities & BIT(capability);
}

/* Explicitly named, in what is wanted or in what is delegated. */
bool doctor_names(const struct doctor *d, uint32_t set, uint32_t value);

/* What a gate says. The texts are printf formats. */
void gate_open(struct doctor_finding *f, const char *why, ...) _printf_(2, 3);
void gate_shut(struct doctor_finding *f, uint32_t kind, const char *why, ...)
	_printf_(3, 4);
void gate_limited(struct doctor_finding *f, const char *why, ...) _printf_(2, 3);
void gate_unseen(struct doctor_finding *f, const char *why, ...) _printf_(2, 3);
void gate_fix(struct doctor_finding *f, const char *fix, ...) _printf_(2, 3);

/* The first line of a small file, "" when it cannot be read. */
const char *doctor_line(const char *path, char *text, size_t size);

/* Looking and trying. */
void doctor_look_system(struct doctor *d);
int doctor_look_bpffs(struct doctor *d, struct bpftoken_error *err);
int doctor_prove(struct doctor *d, struct bpftoken_error *err);

/* The gates, one function each. */
typedef void gate_fn(struct doctor *d, struct doctor_finding *f);

gate_fn gate_seccomp, gate_kernel, gate_btf, gate_unprivileged, gate_apparmor,
	gate_selinux;
gate_fn gate_user_namespace, gate_bpffs, gate_bpffs_access, gate_bpffs_root,
	gate_bpffs_owner, gate_cap_bpf, gate_delegation, gate_token;
gate_fn gate_cmds, gate_maps, gate_progs, gate_attachs;
gate_fn gate_cap_net_admin, gate_cap_perfmon, gate_cap_sys_admin, gate_kernel_types,
	gate_lsm, gate_memory, gate_jit_limit, gate_lockdown;
gate_fn gate_perf_event_open, gate_perf_event_paranoid, gate_object, gate_libbpf;

#endif
