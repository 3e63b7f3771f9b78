/* SPDX-License-Identifier: MIT */
/* The policy on a command line: see policy-options.h. */
#include "policy-options.h"

#include "dialects.h"
#include "error.h"
#include "policy.h"

#include <string.h>

void policy_options_done(struct policy_options *options)
{
	options->policy = bpftoken_policy_free(options->policy);
}

static int need_policy(struct policy_options *options, struct bpftoken_error *err)
{
	return options->policy || bpftoken_policy_new(&options->policy) == 0
		       ? 0
		       : err_oom(err);
}

int policy_options_take_text(void *member, const struct cli_option *option,
			     const char *value, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *given = NULL;
	struct policy_options *options = member;
	int r;

	r = host_policy_argument(value, &given, err);
	if (r == 0)
		r = need_policy(options, err);
	return r < 0 ? r : bpftoken_policy_merge(options->policy, given);
}

int policy_options_take_list(void *member, const struct cli_option *option,
			     const char *value, struct bpftoken_error *err)
{
	struct policy_options *options = member;
	uint32_t set = (uint32_t)option->data;
	int r = need_policy(options, err);

	if (r < 0)
		return r;
	r = list_parse_option(value, set, &options->policy->mask[set], err);
	if (r < 0 && err)
		err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	return r;
}
