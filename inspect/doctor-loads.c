/* SPDX-License-Identifier: MIT */
/*
 * The gates that only show when something is loaded: capabilities of the types, memory,
 * the kernel's own lacks, and security modules. Each judges the proofs.
 */
#include "doctor-gate.h"

#include "denial.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

/* What of a set got this, for a sentence; in order of values. */
typedef bool proof_fn(const struct doctor *d, const struct proof *proof, int data);

static size_t list_proofs(const struct doctor *d, proof_fn *fits, int data,
			  struct text *names)
{
	size_t n = 0;

	for (size_t i = 0; i < d->proof_count; i++) {
		const struct proof *proof = &d->proofs[i];
		const char *name = bpftoken_name(proof->set, proof->value);

		if (!fits(d, proof, data))
			continue;
		text_add(names, n ? ", %s" : "%s", name ? name : "one without name");
		n++;
	}
	return n;
}

static const struct proof *first_proof(const struct doctor *d, proof_fn *fits, int data)
{
	for (size_t i = 0; i < d->proof_count; i++)
		if (fits(d, &d->proofs[i], data))
			return &d->proofs[i];
	return NULL;
}

/* ------------------------------------------------------------- capabilities */

static uint64_t needed_by(const struct proof *proof)
{
	if (proof->set == BPFTOKEN_MAPS)
		return attr_map_capabilities(proof->value);
	if (proof->set == BPFTOKEN_PROGS)
		return attr_prog_capabilities(proof->value);
	return BIT(proof->value == ATTR_BTF_GET_FD_BY_ID ? CAP_SYS_ADMIN : CAP_BPF);
}

static bool needs(const struct doctor *d, const struct proof *proof, int capability)
{
	(void)d;
	return needed_by(proof) & BIT(capability);
}

static bool lacks(const struct doctor *d, const struct proof *proof, int capability)
{
	return proof->answer == BPFTOKEN_NO_CAPABILITY &&
	       needed_by(proof) & ~d->capabilities & BIT(capability);
}

/* What an object's programs do may ask for more than their types. */
static void judge_capability(struct doctor *d, struct doctor_finding *f, int capability,
			     const char *name)
{
	_cleanup_text_ struct text names = { 0 };

	bool by_object = d->opts->capabilities & ~d->capabilities & BIT(capability) &&
			 !has_capability(d, CAP_SYS_ADMIN);

	if (list_proofs(d, lacks, capability, &names) || by_object) {
		if (!names.len)
			text_add(&names, "the object");
		gate_shut(f, BPFTOKEN_KIND_DENIED,
			  "the process lacks %s, without which %s "
			  "cannot be loaded",
			  name, names.data ? names.data : "");
		gate_fix(f,
			 "give the container %s, and the program too, as ambient "
			 "capability if it does not run as uid 0; or delegate less",
			 name);
	} else if (!first_proof(d, needs, capability) &&
		   !(d->opts->capabilities & BIT(capability))) {
		gate_open(f, "nothing of it does");
	} else {
		gate_open(f, has_capability(d, capability)
				     ? "the process has it"
				     : "CAP_SYS_ADMIN stands for it");
	}
}

void gate_cap_net_admin(struct doctor *d, struct doctor_finding *f)
{
	judge_capability(d, f, CAP_NET_ADMIN, "CAP_NET_ADMIN");
}

void gate_cap_perfmon(struct doctor *d, struct doctor_finding *f)
{
	judge_capability(d, f, CAP_PERFMON, "CAP_PERFMON");
}

void gate_cap_sys_admin(struct doctor *d, struct doctor_finding *f)
{
	judge_capability(d, f, CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
}

/* ------------------------------------------------------------------- memory */

static bool got(const struct doctor *d, const struct proof *proof, int code)
{
	(void)d;
	return proof->answer == code;
}

void gate_memory(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text names = { 0 };

	if (list_proofs(d, got, -ENOMEM, &names))
		gate_shut(f, BPFTOKEN_KIND_FAILED, "no memory is left for %s",
			  names.data ? names.data : "");
	else if (d->opts->memory_left && d->opts->memory_left < BIG_MAP)
		gate_shut(
			f, BPFTOKEN_KIND_FAILED,
			"the memory cgroup of the process leaves no room for a map of 4 "
			"MiB, but for %lld KiB",
			(long long)d->opts->memory_left / 1024);
	else if (d->big_map_failed)
		gate_shut(f, BPFTOKEN_KIND_FAILED,
			  "no memory is left for a map of 4 MiB");
	else
		gate_open(f, "a few MiB of maps fit");
	if (f->state == GATE_SHUT)
		gate_fix(f, "raise the memory limit of the container's cgroup "
			    "(memory.max), which maps and programs count towards");
}

/* A kernel that has no interpreter says this of every program without room. */
static bool uncompiled(const struct doctor *d, const struct proof *proof, int data)
{
	(void)d, (void)data;
	return proof->set == BPFTOKEN_PROGS && proof->answer == BPFTOKEN_KERNEL_LACKS &&
	       proof->reason.code == -ENOTSUPP_;
}

static bool prog_works(const struct doctor *d, const struct proof *proof, int data)
{
	(void)d, (void)data;
	return proof->set == BPFTOKEN_PROGS && proof->value != TYPE_STRUCT_OPS &&
	       proof->answer == BPFTOKEN_WORKS;
}

static bool no_room(const struct doctor *d)
{
	return first_proof(d, uncompiled, 0) && !first_proof(d, prog_works, 0);
}

/* An interpreter takes the others over, but not programs that call the kernel. */
#define ANY_KFUNC "bpf_cast_to_kern_ctx"

static bool interpreted(const struct doctor *d)
{
	const struct proof *proof = first_proof(d, prog_works, 0);
	struct bpftoken_error reason = { 0 };

	return proof &&
	       bpftoken_probe_kfunc(proof->value, ANY_KFUNC, d->token_fd, &reason) ==
		       BPFTOKEN_KERNEL_LACKS &&
	       reason.code == -ENOTSUPP_;
}

void gate_jit_limit(struct doctor *d, struct doctor_finding *f)
{
	char limit[32];

	doctor_line("/proc/sys/net/core/bpf_jit_limit", limit, sizeof(limit));
	if (no_room(d))
		gate_shut(f, BPFTOKEN_KIND_FAILED,
			  "no room is left for compiled programs%s%s",
			  limit[0] ? ": net.core.bpf_jit_limit is " : "", limit);
	else if (interpreted(d))
		gate_limited(f,
			     "no room is left for compiled programs%s%s; what calls "
			     "functions of the kernel does not load",
			     limit[0] ? ": net.core.bpf_jit_limit is " : "", limit);
	else
		gate_open(f, "there is");
	if (f->state != GATE_OPEN)
		gate_fix(f, "raise net.core.bpf_jit_limit on the host; no token exempts "
			    "from it");
}

/* -------------------------------------------------------------------- kernel */

#define NEED_TARGET (BIT(TYPE_TRACING) | BIT(TYPE_LSM) | BIT(TYPE_EXT))

static bool lacked(const struct doctor *d, const struct proof *proof, int data)
{
	/* the gates jit_limit and btf say these */
	bool others = (uncompiled(d, proof, 0) && no_room(d)) ||
		      (proof->set == BPFTOKEN_PROGS && BIT(proof->value) & NEED_TARGET &&
		       !names_kernel_index());

	return proof->answer == BPFTOKEN_KERNEL_LACKS && !others &&
	       doctor_names(d, proof->set, proof->value) == (bool)data;
}

void gate_kernel_types(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text names = { 0 }, others = { 0 };

	if (list_proofs(d, lacked, true, &names)) {
		const struct proof *first = first_proof(d, lacked, true);

		gate_shut(f, BPFTOKEN_KIND_KERNEL, "the kernel does not have %s: %s",
			  names.data ? names.data : "", first->reason.why);
		gate_fix(f, "use a kernel that has it, or do not delegate it");
	} else if (list_proofs(d, lacked, false, &others)) {
		gate_open(f, "all but %s, which nobody named", others.data);
	} else {
		gate_open(f, "it has all of them");
	}
}

/* -------------------------------------------------------------- security modules */

void gate_lsm(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text names = { 0 };
	char active[128];

	doctor_line("/sys/kernel/security/lsm", active, sizeof(active));
	if (d->supported == -EPERM || d->supported == -EACCES)
		gate_shut(f, BPFTOKEN_KIND_DENIED, "bpf() itself is refused");
	else if (d->token_fd < 0 && !d->chain_shut && d->token_error)
		gate_shut(f, BPFTOKEN_KIND_DENIED, "making the token is refused (%s)",
			  strerror(-d->token_error));
	else if (list_proofs(d, got, BPFTOKEN_BLOCKED, &names))
		gate_shut(f, BPFTOKEN_KIND_DENIED,
			  "%s: refused although the token delegates it and the "
			  "capabilities are there",
			  names.data ? names.data : "");
	else
		gate_open(f,
			  active[0] ? "nothing was refused; active: %s"
				    : "nothing was refused%s",
			  active);
	if (f->state == GATE_SHUT)
		gate_fix(f,
			 "look for the denial in the audit log of the host; active "
			 "security modules: %s",
			 active[0] ? active : "not shown here");
}

static bool reads_memory(const struct doctor *d, const struct proof *proof, int data)
{
	(void)d, (void)data;
	return proof->set == BPFTOKEN_PROGS && proof->answer == BPFTOKEN_WORKS &&
	       attr_prog_capabilities(proof->value) & BIT(CAP_PERFMON) &&
	       proof->value != TYPE_STRUCT_OPS && proof->value != TYPE_EXT;
}

#define HELPER_PROBE_READ_KERNEL 113

void gate_lockdown(struct doctor *d, struct doctor_finding *f)
{
	const struct proof *proof = first_proof(d, reads_memory, 0);
	struct bpftoken_error reason = { 0 };
	int answer;

	if (!proof) {
		gate_open(f, "no program that is delegated does");
		return;
	}
	answer = bpftoken_probe_helper(proof->value, HELPER_PROBE_READ_KERNEL,
				       d->token_fd, &reason);
	if (answer != BPFTOKEN_BLOCKED) {
		gate_open(f, answer == BPFTOKEN_WORKS ? "they may" : "they do not ask");
		return;
	}
	gate_limited(f, "programs may not call probe_read_kernel: %s", reason.why);
	gate_fix(f, "boot without lockdown=confidentiality, or do without the kernel's "
		    "memory");
}

void gate_object(struct doctor *d, struct doctor_finding *f)
{
	if (!d->opts->never[0]) {
		gate_open(f, "nothing of it is beyond a token");
		return;
	}
	gate_limited(f, "no token gives it %s", d->opts->never);
	gate_fix(f, "see what bpftoken needs says about it");
}
