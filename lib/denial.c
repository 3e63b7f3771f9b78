/* SPDX-License-Identifier: MIT */
/*
 * The kernel's checks of a call that carries a token, in its order (kernel/bpf/syscall.c,
 * kernel/bpf/token.c): is the type known, does the token delegate command, type and
 * attach type, are the capabilities there in the token's user namespace, does an LSM
 * agree. The first that must have failed is the answer.
 */
#include "denial.h"

#include "attr.h"
#include "bpffs.h"
#include "carry.h"
#include "mountinfo.h"
#include "names.h"
#include "policy.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

bool denial_call_of(const struct bpftoken_error *err, struct denied_call *ret_call)
{
	static const struct {
		uint32_t stage, cmd;
	} loads[] = {
		{ BPFTOKEN_STAGE_MAP_CREATE, ATTR_MAP_CREATE },
		{ BPFTOKEN_STAGE_PROG_LOAD, ATTR_PROG_LOAD },
		{ BPFTOKEN_STAGE_BTF_LOAD, ATTR_BTF_LOAD },
		{ BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, ATTR_BTF_GET_FD_BY_ID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(loads) && err->code == -EPERM; i++) {
		if (err->stage != loads[i].stage)
			continue;
		*ret_call = (struct denied_call){ .cmd = loads[i].cmd,
						  .type = err->type,
						  .attach_type = err->attach_type,
						  .token_fd = err->token_fd };
		return true;
	}
	return false;
}

/* The values that one call needs of the token's sets. */
struct need {
	uint32_t set, value;
};

static size_t needs_of(const struct denied_call *call, struct need needs[BPFTOKEN_SETS])
{
	size_t n = 0;

	needs[n++] = (struct need){ BPFTOKEN_CMDS, call->cmd };
	if (call->cmd == ATTR_MAP_CREATE) {
		needs[n++] = (struct need){ BPFTOKEN_MAPS, call->type };
	} else if (call->cmd == ATTR_PROG_LOAD) {
		needs[n++] = (struct need){ BPFTOKEN_PROGS, call->type };
		needs[n++] = (struct need){ BPFTOKEN_ATTACHS,
					    attr_fixup_attach_type(call->type,
								   call->attach_type) };
	}
	return n;
}

static uint64_t capabilities_of(const struct denied_call *call)
{
	switch (call->cmd) {
	case ATTR_MAP_CREATE:
		return attr_map_capabilities(call->type) | call->capabilities;
	case ATTR_PROG_LOAD:
		return attr_prog_capabilities(call->type) | call->capabilities;
	case ATTR_BTF_GET_FD_BY_ID:
		return 1ULL << CAP_SYS_ADMIN;
	default:
		return 1ULL << CAP_BPF;
	}
}

/* Only the kernel's own BTF can say "unknown", an EPERM never; or no mask can hold it. */
static bool kernel_lacks(const struct need *needs, size_t n,
			 struct bpftoken_error *reason)
{
	for (size_t i = 0; i < n; i++) {
		int count = names_kernel_count(needs[i].set);
		const char *name = bpftoken_name(needs[i].set, needs[i].value);

		if (needs[i].value <= NAMES_MAX_VALUE &&
		    (count < 0 || needs[i].value < (uint32_t)count))
			continue;
		snprintf(reason->why, sizeof(reason->why),
			 "the running kernel does not know %s %s%s%u%s",
			 names_set_noun(needs[i].set), name ? name : "", name ? " (" : "",
			 needs[i].value, name ? ")" : "");
		snprintf(reason->fix, sizeof(reason->fix), "use a newer kernel");
		reason->kind = BPFTOKEN_KIND_KERNEL;
		return true;
	}
	return false;
}

bool denial_kernel_lacks(const struct denied_call *call, struct bpftoken_error *reason)
{
	struct need needs[BPFTOKEN_SETS];

	return kernel_lacks(needs, needs_of(call, needs), reason);
}

/*
 * Every missing bit at once, so that one change on the host is enough: 1, 0 when none is
 * missing, or a negative errno when the token cannot be read.
 */
static int not_delegated(const struct denied_call *call, const struct need *needs,
			 size_t n, struct bpftoken_error *reason)
{
	_cleanup_policy_ struct bpftoken_policy *has = NULL;
	_cleanup_free_ char *options = NULL;
	struct bpftoken_policy missing = { 0 };
	struct text why = { 0 };
	int r;

	r = bpftoken_info(call->token_fd, &has, NULL);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (bpftoken_policy_has(has, needs[i].set, needs[i].value))
			continue;
		(void)bpftoken_policy_add(&missing, needs[i].set, needs[i].value);
		text_add(&why, "%s%s ", why.len ? ", " : "",
			 names_set_noun(needs[i].set));
		list_format(&why, needs[i].set, missing.mask[needs[i].set], ":");
	}
	if (!why.len)
		return 0;
	snprintf(reason->why, sizeof(reason->why), "the token does not delegate %s",
		 why.data);
	text_done(&why);
	if (bpftoken_policy_format(&missing, "mount", &options, NULL) == 0)
		snprintf(reason->fix, sizeof(reason->fix),
			 "delegate this as well, on the host: %.*s",
			 (int)strcspn(options, "\n"), options);
	return 1;
}

/* The capabilities that BPF asks for. */
static const struct {
	uint64_t bit;
	const char *name;
} capability_names[] = {
	{ 1ULL << CAP_BPF, "CAP_BPF" },
	{ 1ULL << CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ 1ULL << CAP_PERFMON, "CAP_PERFMON" },
	{ 1ULL << CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
};

bool denial_no_capability(uint64_t needed, const char *where,
			  struct bpftoken_error *reason)
{
	struct text names = { 0 };
	uint64_t has = 0;

	if (sys_capabilities(&has) < 0 || !(needed & ~has))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (needed & ~has & capability_names[i].bit)
			text_add(&names, "%s%s", names.len ? " and " : "",
				 capability_names[i].name);
	snprintf(reason->why, sizeof(reason->why), "the process lacks %s in %s",
		 names.data ? names.data : "a capability", where);
	snprintf(reason->fix, sizeof(reason->fix),
		 "give the program %s, as ambient capability if it does not run as uid 0",
		 names.data ? names.data : "it");
	text_done(&names);
	return true;
}

/* CAP_SYS_ADMIN stands for the others where a token is used, not where one is made. */
static bool lacks_capability(const struct denied_call *call, const char *where,
			     struct bpftoken_error *reason)
{
	uint64_t has = 0;

	if (sys_capabilities(&has) == 0 && has & 1ULL << CAP_SYS_ADMIN)
		return false;
	return denial_no_capability(capabilities_of(call), where, reason);
}

bool denial_needs_host(uint64_t needed, struct bpftoken_error *reason)
{
	struct text names = { 0 };
	uint64_t has = 0;

	reason->kind = BPFTOKEN_KIND_DENIED;
	if (bpffs_in_initial_userns(0) != 0)
		return (sys_capabilities(&has) < 0 || !(has & 1ULL << CAP_SYS_ADMIN)) &&
		       denial_no_capability(needed, "the initial user namespace", reason);
	for (size_t i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (needed & capability_names[i].bit)
			text_add(&names, "%s%s", names.len ? " and " : "",
				 capability_names[i].name);
	snprintf(reason->why, sizeof(reason->why),
		 "it needs %s in the initial user namespace, which no token replaces",
		 names.data ? names.data : "a capability");
	snprintf(reason->fix, sizeof(reason->fix), "do this part on the host");
	text_done(&names);
	return true;
}

static bool under_seccomp_filter(void)
{
	char status[4096];

	(void)text_read_file("/proc/thread-self/status", status, sizeof(status));
	return strstr(status, "\nSeccomp:\t2");
}

void denial_blocked(const char *passed, struct bpftoken_error *reason)
{
	char lsm[128], lockdown[64];

	(void)text_read_file("/sys/kernel/security/lsm", lsm, sizeof(lsm));
	(void)text_read_file("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	lsm[strcspn(lsm, "\n")] = '\0';
	lockdown[strcspn(lockdown, "\n")] = '\0';
	snprintf(reason->why, sizeof(reason->why),
		 "%s, so another gate refused "
		 "(LSMs: %s; lockdown: %s; seccomp filter: %s)",
		 passed, lsm[0] ? lsm : "not shown here",
		 lockdown[0] ? lockdown : "not shown here",
		 under_seccomp_filter() ? "yes" : "no");
	snprintf(reason->fix, sizeof(reason->fix),
		 "look at the audit log for an LSM denial, and at the container's "
		 "seccomp profile");
}

static int is_delegated_bpffs(const struct mountinfo *mount, void *data)
{
	(void)data;
	return !strcmp(mount->fs_type, "bpf") &&
	       strstr(mount->super_options, "delegate_");
}

static uint32_t without_token(const struct denied_call *call,
			      struct bpftoken_error *reason)
{
	if (bpffs_in_initial_userns(0) != 0) {
		if (lacks_capability(call, "the initial user namespace", reason))
			return BPFTOKEN_NO_CAPABILITY;
		denial_blocked("the capabilities are there", reason);
		return BPFTOKEN_BLOCKED;
	}
	snprintf(reason->why, sizeof(reason->why),
		 "the call carried no token, and without one only capabilities of the "
		 "initial user namespace count");
	snprintf(reason->fix, sizeof(reason->fix), "%s",
		 mountinfo_each(0, is_delegated_bpffs, NULL) > 0
			 ? "make a token of the bpffs that is mounted here, and pass it"
			 : "delegate on the host: nothing is delegated to this mount "
			   "namespace");
	return BPFTOKEN_NOT_DELEGATED;
}

/* The token was left out of the call: the kernel would have refused it with the token. */
static bool kernel_takes_no_token(const struct denied_call *call,
				  struct bpftoken_error *reason)
{
	const char *name = bpftoken_name(BPFTOKEN_CMDS, call->cmd);

	if (call->token_fd < 0 || carry_kernel_takes(call->cmd))
		return false;
	snprintf(reason->why, sizeof(reason->why),
		 "the running kernel's command %s takes no token", name ? name : "");
	snprintf(reason->fix, sizeof(reason->fix),
		 "use a newer kernel (6.9, for btf_get_fd_by_id 6.15), or let the host "
		 "do this");
	reason->kind = BPFTOKEN_KIND_KERNEL;
	return true;
}

uint32_t denial_find(const struct denied_call *call, struct bpftoken_error *reason)
{
	struct need needs[BPFTOKEN_SETS];
	size_t n = needs_of(call, needs);
	int delegated;

	if (kernel_lacks(needs, n, reason) || kernel_takes_no_token(call, reason))
		return BPFTOKEN_KERNEL_LACKS;
	reason->kind = BPFTOKEN_KIND_DENIED;
	if (call->token_fd < 0)
		return without_token(call, reason);
	delegated = not_delegated(call, needs, n, reason);
	if (delegated > 0)
		return BPFTOKEN_NOT_DELEGATED;
	if (lacks_capability(call, "the token's user namespace", reason))
		return BPFTOKEN_NO_CAPABILITY;
	denial_blocked(
		delegated == 0
			? "the token delegates it and, if it is of this user namespace, "
			  "the capabilities are there"
			: "the capabilities are there and the token cannot be read",
		reason);
	return BPFTOKEN_BLOCKED;
}
