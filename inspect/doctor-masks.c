/* SPDX-License-Identifier: MIT */
/*
 * The gates of the token's masks. With something that has to load, each bit of it has to
 * be there. Without, the delegation has to make sense in itself: a command without types,
 * types without their command, and program types without an attach type that they can be
 * loaded with are what nobody means.
 */
#include "doctor-gate.h"

#include <stdio.h>
#include <string.h>

static const char *const options[BPFTOKEN_SETS] = {
	[BPFTOKEN_CMDS] = "delegate_cmds",
	[BPFTOKEN_MAPS] = "delegate_maps",
	[BPFTOKEN_PROGS] = "delegate_progs",
	[BPFTOKEN_ATTACHS] = "delegate_attachs",
};

static void not_delegated(struct doctor_finding *f, uint32_t set, uint64_t missing,
			  const char *reason)
{
	_cleanup_text_ struct text names = { 0 }, value = { 0 };

	list_format(&names, set, missing, ", ");
	list_format(&value, set, missing, ":");
	gate_shut(f, BPFTOKEN_KIND_POLICY, "the token does not delegate %s %s%s",
		  names_set_noun(set), names.data ? names.data : "", reason);
	gate_fix(f, "delegate this as well, on the host: %s=%s", options[set],
		 value.data ? value.data : "");
}

/* What is wanted, named by somebody, and not there. "any" wants what the kernel has. */
static uint64_t missing_of(const struct doctor *d, uint32_t set)
{
	const struct bpftoken_policy *wanted = d->opts->wanted;
	uint64_t missing = 0;

	for (uint32_t value = 0; wanted && value <= NAMES_MAX_VALUE; value++)
		if (d->wanted.mask[set] & BIT(value) &&
		    !bpftoken_policy_has(d->has, set, value))
			missing |= BIT(value);
	return missing;
}

static void say_all(const struct doctor *d, struct doctor_finding *f, uint32_t set)
{
	_cleanup_text_ struct text names = { 0 };
	uint64_t mask = d->has->mask[set];

	list_format(&names, set, mask, ", ");
	gate_open(f, "%s", names.data ? names.data : "none");
}

void gate_cmds(struct doctor *d, struct doctor_finding *f)
{
	static const struct {
		uint32_t set, cmd;
	} pairs[] = { { BPFTOKEN_MAPS, ATTR_MAP_CREATE },
		      { BPFTOKEN_PROGS, ATTR_PROG_LOAD } };
	uint64_t missing = missing_of(d, BPFTOKEN_CMDS);

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (d->wanted.mask[pairs[i].set] &&
		    !bpftoken_policy_has(d->has, BPFTOKEN_CMDS, pairs[i].cmd))
			missing |= BIT(pairs[i].cmd);
	if (missing)
		not_delegated(f, BPFTOKEN_CMDS, missing, "");
	else
		say_all(d, f, BPFTOKEN_CMDS);
}

static void types_of(struct doctor *d, struct doctor_finding *f, uint32_t set,
		     uint32_t cmd, const char *cannot)
{
	uint64_t missing = missing_of(d, set);

	if (missing) {
		not_delegated(f, set, missing, "");
	} else if (!d->wanted.mask[set] && d->wanted.mask[BPFTOKEN_CMDS] & BIT(cmd)) {
		gate_shut(f, BPFTOKEN_KIND_POLICY, "the token delegates no %s, so %s",
			  names_set_noun(set), cannot);
		gate_fix(f,
			 "delegate the types that the program uses, on the host: "
			 "%s=TYPE:TYPE",
			 options[set]);
	} else {
		say_all(d, f, set);
	}
}

void gate_maps(struct doctor *d, struct doctor_finding *f)
{
	types_of(d, f, BPFTOKEN_MAPS, ATTR_MAP_CREATE, "map_create creates none");
}

void gate_progs(struct doctor *d, struct doctor_finding *f)
{
	types_of(d, f, BPFTOKEN_PROGS, ATTR_PROG_LOAD, "prog_load loads none");
}

/* A type that is named, and for which no attach type is: what it is usually loaded with. */
static uint64_t attachs_missing(const struct doctor *d, struct text *types)
{
	uint64_t all = d->wanted.mask[BPFTOKEN_ATTACHS], missing = 0, lonely = 0;

	for (uint32_t type = 1; type <= NAMES_MAX_VALUE; type++) {
		uint32_t usual =
			attr_fixup_attach_type(type, attr_default_attach_type(type));

		if (!(d->wanted.mask[BPFTOKEN_PROGS] & BIT(type)) ||
		    all & (attr_prog_attach_types(type) | BIT(usual)))
			continue;
		missing |= BIT(usual);
		lonely |= BIT(type);
	}
	list_format(types, BPFTOKEN_PROGS, lonely, ", ");
	return missing;
}

void gate_attachs(struct doctor *d, struct doctor_finding *f)
{
	_cleanup_text_ struct text types = { 0 };
	uint64_t missing = missing_of(d, BPFTOKEN_ATTACHS);
	char reason[256] = "";

	if (!missing) {
		missing = attachs_missing(d, &types);
		snprintf(reason, sizeof(reason), ", which %s is loaded with%s",
			 types.data ? types.data : "",
			 missing & 1 ? ": it is attach type 0, and there is no \"none\""
				     : "");
	}
	if (missing)
		not_delegated(f, BPFTOKEN_ATTACHS, missing, reason);
	else
		say_all(d, f, BPFTOKEN_ATTACHS);
}
