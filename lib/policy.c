/* SPDX-License-Identifier: MIT */
/*
 * A policy: what a bpffs delegates, as four sets of kernel enum values. A set is a
 * 64-bit mask as in the kernel's struct bpf_mount_opts, all ones meaning "any".
 */
#include "policy.h"

#include "error.h"
#include "names.h"

#include <string.h>

int bpftoken_policy_new(struct bpftoken_policy **ret_policy)
{
	struct bpftoken_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	*ret_policy = policy;
	return 0;
}

struct bpftoken_policy *bpftoken_policy_free(struct bpftoken_policy *policy)
{
	free(policy);
	return NULL;
}

static int check_value(uint32_t set, uint32_t value)
{
	if (set >= BPFTOKEN_SETS)
		return -EINVAL;
	return value > NAMES_MAX_VALUE ? -ERANGE : 0;
}

int bpftoken_policy_add(struct bpftoken_policy *policy, uint32_t set, uint32_t value)
{
	int r = check_value(set, value);

	if (!r)
		policy->mask[set] |= 1ULL << value;
	return r;
}

int bpftoken_policy_add_any(struct bpftoken_policy *policy, uint32_t set)
{
	if (set >= BPFTOKEN_SETS)
		return -EINVAL;
	policy->mask[set] = POLICY_ANY;
	return 0;
}

int bpftoken_policy_remove(struct bpftoken_policy *policy, uint32_t set, uint32_t value)
{
	int r = check_value(set, value);

	if (!r)
		policy->mask[set] &= ~(1ULL << value);
	return r;
}

int bpftoken_policy_has(const struct bpftoken_policy *policy, uint32_t set,
			uint32_t value)
{
	return !check_value(set, value) && policy->mask[set] >> value & 1;
}

int bpftoken_policy_is_any(const struct bpftoken_policy *policy, uint32_t set)
{
	return set < BPFTOKEN_SETS && policy->mask[set] == POLICY_ANY;
}

int bpftoken_policy_is_empty(const struct bpftoken_policy *policy, uint32_t set)
{
	if (set < BPFTOKEN_SETS)
		return !policy->mask[set];
	for (uint32_t i = 0; i < BPFTOKEN_SETS; i++) {
		if (policy->mask[i])
			return 0;
	}
	return 1;
}

int bpftoken_policy_merge(struct bpftoken_policy *policy,
			  const struct bpftoken_policy *other)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		policy->mask[set] |= other->mask[set];
	/* a limit that is enough for both */
	if (policy->memlock < other->memlock)
		policy->memlock = other->memlock;
	if (!policy->target[0])
		memcpy(policy->target, other->target, sizeof(policy->target));
	return 0;
}

int bpftoken_policy_equal(const struct bpftoken_policy *a,
			  const struct bpftoken_policy *b)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (a->mask[set] != b->mask[set])
			return 0;
	}
	return 1;
}

int bpftoken_policy_covers(const struct bpftoken_policy *policy,
			   const struct bpftoken_policy *wanted,
			   struct bpftoken_policy **ret_missing)
{
	struct bpftoken_policy missing = { 0 };
	int r;

	if (ret_missing)
		*ret_missing = NULL;
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		missing.mask[set] = wanted->mask[set] & ~policy->mask[set];
	if (bpftoken_policy_is_empty(&missing, BPFTOKEN_SETS))
		return 1;
	if (ret_missing) {
		r = bpftoken_policy_new(ret_missing);
		if (r < 0)
			return r;
		**ret_missing = missing;
	}
	return 0;
}

int policy_set_target(struct bpftoken_policy *policy, struct span path)
{
	struct span rest = path;

	if (!span_starts(path, "/") || path.len >= sizeof(policy->target))
		return -EINVAL;
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] <= ' ' || path.data[i] > '~')
			return -EINVAL;
	while (rest.len)
		if (span_is(span_cut(&rest, "/"), ".."))
			return -EINVAL;
	memcpy(policy->target, path.data, path.len);
	policy->target[path.len] = '\0';
	return 0;
}

int policy_require(const struct bpftoken_policy *policy, struct bpftoken_error *err)
{
	if (policy && !bpftoken_policy_is_empty(policy, BPFTOKEN_SETS))
		return 0;
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
		  "it is empty, nothing would be delegated");
	err_fix(err, "name at least one command, for example --cmds map_create");
	return -EINVAL;
}
