/* SPDX-License-Identifier: MIT */
/*
 * Lint: the table of the rules, and one run over them. A rule is a row here and a function
 * in lint-text.c (what is written), lint-types.c (what programs are loaded with and
 * reach) or lint-libbpf.c (what libbpf needs).
 */
#include "lint-rules.h"

#include "names.h"

#include <stdio.h>
#include <string.h>

/* Gives the certain fixes of one finding to the fixed policy; were there any? */
static bool take_fixes(struct lint *lint)
{
	bool any = lint->rewrite;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		any |= lint->add[set] || lint->drop[set];
		if (lint->fixed) {
			lint->fixed->mask[set] &= ~lint->drop[set];
			lint->fixed->mask[set] |= lint->add[set];
		}
	}
	memset(lint->add, 0, sizeof(lint->add));
	memset(lint->drop, 0, sizeof(lint->drop));
	lint->rewrite = false;
	return any;
}

void lint_found(struct lint *lint)
{
	struct lint_finding finding = {
		.severity = lint->rule->severity,
		.rule = lint->rule->name,
		.reason = lint->reason.data,
		.fix = lint->fix.data,
		.fixable = take_fixes(lint),
	};

	if (lint->reason.failed || lint->fix.failed)
		lint->count = -ENOMEM;
	if (lint->count >= 0 && lint->report)
		lint->report(&finding, lint->data);
	lint->count += lint->count >= 0;
	text_done(&lint->reason);
	text_done(&lint->fix);
}

void lint_found_plain(struct lint *lint, const char *reason, const char *fix)
{
	text_add(&lint->reason, "%s", reason);
	text_add(&lint->fix, "%s", fix);
	lint_found(lint);
}

/* "reason: names" */
void lint_found_names(struct lint *lint, const char *reason, uint32_t set, uint64_t mask,
		      const char *fix)
{
	text_add(&lint->reason, "%s: ", reason);
	list_format(&lint->reason, set, mask, ", ");
	text_add(&lint->fix, "%s", fix);
	lint_found(lint);
}

uint64_t lint_known_values(uint32_t set)
{
	uint64_t mask = 0;
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].value <= NAMES_MAX_VALUE)
			mask |= BIT(rows[i].value);
	return mask;
}

uint64_t lint_progs_where(uint64_t mask, bool (*holds)(const struct prog_type *type))
{
	uint64_t progs = 0;

	for (uint32_t i = 1; i < LINT_PROG_TYPES; i++)
		if (mask & BIT(i) && holds(&lint_prog_types[i]))
			progs |= BIT(i);
	return progs;
}

static const struct lint_rule rules[] = {
	{ "empty", LINT_ERROR, lint_empty },
	{ "number-overwrites-names", LINT_ERROR, lint_number_overwrites },
	{ "number-as-enum", LINT_WARNING, lint_number_as_enum },
	{ "any", LINT_WARNING, lint_any },
	{ "inert-only", LINT_ERROR, lint_inert_only },
	{ "inert-command", LINT_WARNING, lint_inert_command },
	{ "unspec", LINT_WARNING, lint_unspec },
	{ "unknown-bit", LINT_WARNING, lint_unknown_bit },
	{ "newer-than-kernel", LINT_ERROR, lint_newer_than_kernel },
	{ "systemd-companion", LINT_ERROR, lint_systemd_companion },
	{ "systemd-mounts", LINT_NOTE, lint_systemd_mounts },
	{ "systemd-name", LINT_ERROR, lint_systemd_name },
	{ "command-without-types", LINT_ERROR, lint_command_without_types },
	{ "types-without-command", LINT_ERROR, lint_types_without_command },
	{ "attach-zero", LINT_ERROR, lint_attach_zero },
	{ "attach-missing", LINT_ERROR, lint_attach_missing },
	{ "attach-unused", LINT_WARNING, lint_attach_unused },
	{ "attach-wildcard", LINT_NOTE, lint_attach_wildcard },
	{ "struct-ops-member", LINT_NOTE, lint_struct_ops_member },
	{ "host-wide", LINT_WARNING, lint_host_wide },
	{ "cgroup-reach", LINT_NOTE, lint_cgroup_reach },
	{ "btf-needed", LINT_WARNING, lint_btf_needed },
	{ "btf-load", LINT_NOTE, lint_btf_load },
	{ "libbpf-first-load", LINT_WARNING, lint_libbpf_first_load },
	{ "libbpf-attach-probe", LINT_WARNING, lint_libbpf_attach_probe },
	{ "libbpf-global-data", LINT_NOTE, lint_libbpf_global_data },
	{ "libbpf-usdt", LINT_NOTE, lint_libbpf_usdt },
};

const char *lint_severity_name(enum lint_severity severity)
{
	static const char *const names[] = {
		[LINT_NOTE] = "note",
		[LINT_WARNING] = "warning",
		[LINT_ERROR] = "error",
	};

	return names[severity];
}

const char *lint_rule_name(size_t n)
{
	return n < ARRAY_SIZE(rules) ? rules[n].name : NULL;
}

/* One run over all rules; the fixes go to fixed, which may be NULL. */
static int run(const struct lint_input *input, const struct bpftoken_policy *policy,
	       struct bpftoken_policy *fixed, lint_report report, void *data)
{
	struct lint lint = {
		.cmds = policy->mask[BPFTOKEN_CMDS],
		.maps = policy->mask[BPFTOKEN_MAPS],
		.attachs = policy->mask[BPFTOKEN_ATTACHS],
		.policy = policy,
		.notes = input->notes,
		.kernel = input->kernel,
		.fixed = fixed,
		.report = report,
		.data = data,
	};

	/* of "any" the rule any says enough: no finding for each type */
	if (!bpftoken_policy_is_any(policy, BPFTOKEN_PROGS))
		lint.progs = policy->mask[BPFTOKEN_PROGS];
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		lint.rule = &rules[i];
		rules[i].check(&lint);
		/* of a rule that found nothing after all */
		memset(lint.add, 0, sizeof(lint.add));
		memset(lint.drop, 0, sizeof(lint.drop));
		lint.rewrite = false;
	}
	return lint.count;
}

int lint_policy(const struct lint_input *input, lint_report report, void *data)
{
	return run(input, input->policy, NULL, report, data);
}

/* A fix may make room for another one; each only adds or only drops, so that it ends. */
#define FIX_ROUNDS 8

int lint_fix(const struct lint_input *input, struct bpftoken_policy *policy)
{
	*policy = *input->policy;
	for (int round = 0; round < FIX_ROUNDS; round++) {
		struct bpftoken_policy before = *policy;
		int r = run(input, &before, policy, NULL, NULL);

		if (r < 0)
			return r;
		if (bpftoken_policy_equal(&before, policy))
			break;
	}
	return 0;
}

int lint_parse_kernel(const char *text, uint32_t *ret_kernel)
{
	unsigned int major, minor;
	int end = 0;

	if (sscanf(text, "%3u.%3u%n", &major, &minor, &end) != 2 || !end || major > 255 ||
	    minor > 255 || !strchr(".-+", text[end]))
		return -EINVAL;
	*ret_kernel = major << 8 | minor;
	return 0;
}
