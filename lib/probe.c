/* SPDX-License-Identifier: MIT */
/*
 * What works here: each probe asks the kernel by really doing the smallest thing of its
 * kind with the token in question, and undoing it. Here is what they have in common: the
 * answers that were given are kept, and an errno becomes one of the five answers.
 */
#include "probe.h"

#include "carry.h"
#include "denial.h"
#include "names.h"
#include "policy.h"
#include "probe-cache.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *bpftoken_answer_name(uint32_t answer)
{
	static const char *const names[] = {
		[BPFTOKEN_WORKS] = "works",
		[BPFTOKEN_KERNEL_LACKS] = "kernel lacks it",
		[BPFTOKEN_NOT_DELEGATED] = "not delegated",
		[BPFTOKEN_NO_CAPABILITY] = "capability missing",
		[BPFTOKEN_BLOCKED] = "blocked",
	};

	return answer < ARRAY_SIZE(names) ? names[answer] : "unknown";
}

int probe_answer(enum probe_what what, uint32_t a, uint32_t b, int token_fd,
		 probe_ask ask, struct bpftoken_error *reason)
{
	struct cache_key key = { what, a, b, carry_resolve(token_fd) };
	struct probe_question question = { what, a, b, key.token_fd };
	struct bpftoken_error own = { .token_fd = key.token_fd };
	struct cache_answer known;
	uint32_t epoch;
	int answer;

	if (cache_find(&key, &known)) {
		if (reason && known.reason)
			*reason = *known.reason;
		return known.answer;
	}
	epoch = cache_epoch();
	answer = ask(&question, &own);
	if (answer >= 0)
		cache_keep(&key, epoch, answer, own.code ? &own : NULL);
	if (reason && own.code)
		*reason = own;
	return answer;
}

int bpftoken_probe_forget(int token_fd)
{
	return cache_forget(token_fd == INT32_MIN ? token_fd : carry_resolve(token_fd));
}

int probe_lacks(struct bpftoken_error *reason, const char *why, ...)
{
	va_list args;

	if (!reason->code) {
		reason->code = -EOPNOTSUPP;
		reason->stage = BPFTOKEN_STAGE_BPF;
	}
	va_start(args, why);
	vsnprintf(reason->why, sizeof(reason->why), why, args);
	va_end(args);
	snprintf(reason->fix, sizeof(reason->fix), "use a kernel that has it");
	reason->kind = BPFTOKEN_KIND_KERNEL;
	(void)bpftoken_explain(reason);
	return BPFTOKEN_KERNEL_LACKS;
}

/* The kernel took the permission checks and then said that it has no such thing. */
static int not_configured(struct bpftoken_error *failure)
{
	uint32_t set = BPFTOKEN_CMDS, value = 0;
	const char *name;

	switch (failure->stage) {
	case BPFTOKEN_STAGE_MAP_CREATE:
		set = BPFTOKEN_MAPS;
		value = failure->type;
		break;
	case BPFTOKEN_STAGE_PROG_LOAD:
		set = BPFTOKEN_PROGS;
		value = failure->type;
		if (failure->attach_type != attr_default_attach_type(value))
			return probe_lacks(
				failure,
				"the running kernel loads no program of type "
				"%s with attach type %s",
				bpftoken_name(set, value),
				bpftoken_name(BPFTOKEN_ATTACHS, failure->attach_type));
		break;
	default:
		return probe_lacks(failure, "the running kernel refuses it: %s",
				   strerror(-failure->code));
	}
	name = bpftoken_name(set, value);
	return probe_lacks(
		failure,
		"the running kernel has no %s %s (%u): it is older, or built without it",
		names_set_noun(set), name ? name : "of number", value);
}

int probe_refused(int r, struct bpftoken_error *failure)
{
	_cleanup_policy_ struct bpftoken_policy *has = NULL;
	int answer = BPFTOKEN_BLOCKED, token;
	struct denied_call call;

	switch (-r) {
	case EPERM:
		if (denial_call_of(failure, &call))
			answer = (int)denial_find(&call, failure);
		break;
	case EINVAL:
	case E2BIG:
	case EOPNOTSUPP:
	case ENOTSUPP_:
		/* what is no token gets the same errno */
		token = failure->token_fd < 0
				? 0
				: bpftoken_info(failure->token_fd, &has, NULL);
		if (token < 0)
			return token;
		return not_configured(failure);
	case EACCES:
	case ENOSYS:
		break;
	default:
		return r;
	}
	(void)bpftoken_explain(failure);
	return answer;
}

/* --------------------------------------------------- types that a token permits */

static uint32_t permitted(int token_fd, uint32_t set, uint32_t usual,
			  bool (*fits)(const struct bpftoken_policy *has, uint32_t value))
{
	_cleanup_policy_ struct bpftoken_policy *has = NULL;

	if (token_fd < 0 || bpftoken_info(token_fd, &has, NULL) < 0 || fits(has, usual))
		return usual;
	for (uint32_t value = 1; value <= NAMES_MAX_VALUE; value++)
		if (bpftoken_policy_has(has, set, value) && fits(has, value))
			return value;
	return usual;
}

static bool prog_fits(const struct bpftoken_policy *has, uint32_t type)
{
	int count = names_kernel_count(BPFTOKEN_PROGS);

	/* these cannot be without a target that this kernel may refuse */
	if (type >= TYPE_STRUCT_OPS && type <= TYPE_LSM)
		return false;
	return (count < 0 || type < (uint32_t)count) &&
	       bpftoken_policy_has(has, BPFTOKEN_PROGS, type) &&
	       bpftoken_policy_has(has, BPFTOKEN_ATTACHS, attr_default_attach_type(type));
}

static bool map_fits(const struct bpftoken_policy *has, uint32_t type)
{
	int count = names_kernel_count(BPFTOKEN_MAPS);

	return (count < 0 || type < (uint32_t)count) &&
	       bpftoken_policy_has(has, BPFTOKEN_MAPS, type);
}

uint32_t probe_usual_prog(int token_fd)
{
	return permitted(token_fd, BPFTOKEN_PROGS, TYPE_SOCKET_FILTER, prog_fits);
}

uint32_t probe_usual_map(int token_fd)
{
	return permitted(token_fd, BPFTOKEN_MAPS, TYPE_ARRAY, map_fits);
}
