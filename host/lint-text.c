/* SPDX-License-Identifier: MIT */
/*
 * The lint rules about what is written: numbers, commands, values without a meaning, sets
 * that miss one another, and what a kernel or systemd makes of them.
 */
#include "lint-rules.h"

#include "names.h"

void lint_empty(struct lint *lint)
{
	if (bpftoken_policy_is_empty(lint->policy, BPFTOKEN_SETS))
		lint_found_plain(
			lint, "nothing is delegated, so the kernel makes no token of it",
			"delegate something");
}

static size_t count_notes(const struct lint *lint)
{
	size_t count = lint->notes ? lint->notes->count : 0;

	return count < ARRAY_SIZE(lint->notes->items) ? count
						      : ARRAY_SIZE(lint->notes->items);
}

static void add_note(struct lint *lint, const struct list_note *note)
{
	text_add(&lint->reason, "line %u, column %u: ", note->at.line, note->at.column);
}

void lint_number_overwrites(struct lint *lint)
{
	for (size_t i = 0; i < count_notes(lint); i++) {
		const struct list_note *note = &lint->notes->items[i];

		if (note->differs || !note->after_names)
			continue;
		add_note(lint, note);
		text_add(&lint->reason,
			 "the kernel takes the number 0x%jx for all of the "
			 "list and forgets what stands before it",
			 (uintmax_t)note->number);
		text_add(&lint->fix, "write the number first, or names only");
		lint_found(lint);
	}
}

void lint_number_as_enum(struct lint *lint)
{
	for (size_t i = 0; i < count_notes(lint); i++) {
		const struct list_note *note = &lint->notes->items[i];
		const char *name;

		if (note->differs || !note->decimal || note->number > NAMES_MAX_VALUE)
			continue;
		name = bpftoken_name(note->set, (uint32_t)note->number);
		add_note(lint, note);
		text_add(&lint->reason, "%u is a mask, that of ",
			 (unsigned int)note->number);
		if (note->number)
			list_format(&lint->reason, note->set, note->number, ", ");
		else
			text_add(&lint->reason, "nothing");
		if (name)
			text_add(&lint->reason, "; the %s with this value is %s",
				 names_set_noun(note->set), name);
		text_add(&lint->fix, "write %s%s0x%jx if the mask is meant",
			 name ? name : "", name ? ", or " : "", (uintmax_t)note->number);
		lint_found(lint);
	}
}

/* ------------------------------------------------------------ set by set */

void lint_any(struct lint *lint)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!bpftoken_policy_is_any(lint->policy, set))
			continue;
		text_add(&lint->reason,
			 "every %s is delegated, those of future kernels too",
			 names_set_noun(set));
		text_add(&lint->fix, "name the ones that are used");
		lint_found(lint);
	}
}

/* Commands that the kernel asks a token for: BTF by id since Linux 6.15. */
static uint64_t cmds_with_token(const struct lint *lint)
{
	bool old = lint->kernel && lint->kernel < 0x060f;

	return CMDS_WITH_TOKEN & ~(old ? CMD_BTF_GET_FD_BY_ID : 0);
}

void lint_inert_command(struct lint *lint)
{
	uint64_t inert =
		lint->cmds & lint_known_values(BPFTOKEN_CMDS) & ~cmds_with_token(lint);

	lint->drop[BPFTOKEN_CMDS] = inert;
	if (inert && lint->cmds != POLICY_ANY)
		lint_found_names(lint, "the kernel never asks a token for these commands",
				 BPFTOKEN_CMDS, inert,
				 "remove them: only map_create, prog_load, btf_load and "
				 "btf_get_fd_by_id count");
}

void lint_unspec(struct lint *lint)
{
	static const uint32_t sets[] = { BPFTOKEN_MAPS, BPFTOKEN_PROGS };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		uint64_t mask = lint->policy->mask[sets[i]];

		if (!(mask & BIT(0)) || mask == POLICY_ANY)
			continue;
		text_add(&lint->reason, "unspec, the value 0, is no %s",
			 names_set_noun(sets[i]));
		text_add(&lint->fix, "remove it");
		lint->drop[sets[i]] = BIT(0);
		lint_found(lint);
	}
}

void lint_unknown_bit(struct lint *lint)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t mask = lint->policy->mask[set];
		uint64_t unknown = mask & ~lint_known_values(set);

		if (!unknown || mask == POLICY_ANY)
			continue;
		text_add(&lint->reason,
			 "no %s up to Linux 7.3 has the bits 0x%jx, and a later kernel "
			 "gives them a meaning",
			 names_set_noun(set), (uintmax_t)unknown);
		text_add(&lint->fix, "remove them");
		lint_found(lint);
	}
}

/* A command works on types: without one of the two the other has no effect. */
static const struct pair {
	uint64_t cmd;
	uint32_t set;
	const char *no_types; /* the command is there, the types are not */
	const char *fix;
	const char *no_command; /* the other way round */
	const char *command_fix;
} pairs[] = {
	{ CMD_MAP_CREATE, BPFTOKEN_MAPS, "map_create without map types creates no map",
	  "add map types or remove map_create",
	  "map types without the command map_create have no effect", "add map_create" },
	{ CMD_PROG_LOAD, BPFTOKEN_PROGS,
	  "prog_load without program types loads no program",
	  "add program types or remove prog_load",
	  "program types without the command prog_load have no effect", "add prog_load" },
	{ CMD_PROG_LOAD, BPFTOKEN_ATTACHS,
	  "prog_load without attach types loads no program",
	  "add attach types; programs that need none still need cgroup_inet_ingress, "
	  "which is 0",
	  "attach types without the command prog_load have no effect", "add prog_load" },
};

void lint_command_without_types(struct lint *lint)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!(lint->cmds & pairs[i].cmd) || lint->policy->mask[pairs[i].set])
			continue;
		if (pairs[i].set == BPFTOKEN_ATTACHS && lint_progs_take_zero(lint))
			lint->add[BPFTOKEN_ATTACHS] = ATTACH_ZERO;
		lint_found_plain(lint, pairs[i].no_types, pairs[i].fix);
	}
}

void lint_types_without_command(struct lint *lint)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!(lint->cmds & pairs[i].cmd) && lint->policy->mask[pairs[i].set]) {
			lint->add[BPFTOKEN_CMDS] = pairs[i].cmd;
			lint_found_plain(lint, pairs[i].no_command, pairs[i].command_fix);
		}
}

/* Nothing but commands without effect: the example of a manager's own page is one. */
void lint_inert_only(struct lint *lint)
{
	if (lint->cmds && !(lint->cmds & cmds_with_token(lint)))
		lint_found_plain(
			lint,
			"no command here is one that a token permits, so that the "
			"delegation is worth nothing",
			"delegate map_create, prog_load and btf_load as needed");
}

/* ------------------------------------------------------------- the kernel */

#define FIRST_WITH_TOKENS 0x0609U

static uint64_t newer_values(uint32_t set, uint32_t kernel)
{
	uint64_t mask = 0;
	size_t count;
	const struct name_row *rows = names_table(set, &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].since > kernel && rows[i].value <= NAMES_MAX_VALUE)
			mask |= BIT(rows[i].value);
	return mask;
}

void lint_newer_than_kernel(struct lint *lint)
{
	if (lint->kernel && lint->kernel < FIRST_WITH_TOKENS)
		lint_found_plain(lint,
				 "Linux before 6.9 has no tokens, and takes the "
				 "delegation without a word",
				 "run a newer kernel");
	for (uint32_t set = 0; lint->kernel && set < BPFTOKEN_SETS; set++) {
		uint64_t mask = lint->policy->mask[set];
		uint64_t newer = mask & newer_values(set, lint->kernel);

		if (!newer || mask == POLICY_ANY)
			continue;
		text_add(&lint->reason, "Linux %u.%u does not have the %ss ",
			 lint->kernel >> 8, lint->kernel & 0xff, names_set_noun(set));
		list_format(&lint->reason, set, newer, ", ");
		text_add(&lint->fix, "remove them for this kernel");
		lint->drop[set] = newer;
		lint_found(lint);
	}
}

/* ----------------------------------------------------------------- systemd */

static bool lacks(const struct lint *lint, enum systemd_companion companion)
{
	return lint->notes && lint->notes->systemd_lacks & 1U << companion;
}

void lint_systemd_companion(struct lint *lint)
{
	static const struct {
		enum systemd_companion companion;
		const char *reason, *fix;
	} rows[] = {
		{ SYSTEMD_PRIVATE_BPF,
		  "without PrivateBPF=yes systemd mounts no bpffs, and ignores the lists",
		  "add PrivateBPF=yes" },
		{ SYSTEMD_PRIVATE_USERS,
		  "without PrivateUsers=yes the unit is in the initial user namespace, "
		  "where the kernel makes no token",
		  "add PrivateUsers=yes" },
		{ SYSTEMD_DELEGATE_MNT,
		  "without DelegateNamespaces=mnt the bpffs belongs to the initial user "
		  "namespace, and the unit can make no token of it",
		  "add DelegateNamespaces=mnt" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		lint->rewrite = true;
		if (lacks(lint, rows[i].companion))
			lint_found_plain(lint, rows[i].reason, rows[i].fix);
	}
	lint->rewrite = false;
}

void lint_systemd_mounts(struct lint *lint)
{
	lint->rewrite = lacks(lint, SYSTEMD_PRIVATE_MOUNTS);
	if (lint->rewrite)
		lint_found_plain(lint,
				 "without PrivateMounts=yes it depends on other settings "
				 "that the unit has mounts of its own",
				 "add PrivateMounts=yes");
}

void lint_systemd_name(struct lint *lint)
{
	for (size_t i = 0; i < count_notes(lint); i++) {
		const struct list_note *note = &lint->notes->items[i];

		if (!note->differs)
			continue;
		add_note(lint, note);
		text_add(&lint->reason, "to systemd the name of %s is ",
			 bpftoken_name(note->set, (uint32_t)note->number));
		if (note->is < 0)
			text_add(&lint->reason, "unknown, and ignored: %s",
				 note->differs);
		else
			text_add(&lint->reason, "that of %s: %s",
				 bpftoken_name(note->set, (uint32_t)note->is),
				 note->differs);
		text_add(&lint->fix, "remove it; systemd cannot delegate this type");
		lint_found(lint);
	}
}
