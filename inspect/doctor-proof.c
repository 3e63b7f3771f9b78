/* SPDX-License-Identifier: MIT */
/*
 * The proof: one thing of each kind that is wanted, or else delegated, is loaded with the
 * token and let go. What a kind cannot be loaded without is looked for in the token, so
 * that a missing command is not said of each type again.
 */
#include "doctor-gate.h"

#include <string.h>

bool doctor_names(const struct doctor *d, uint32_t set, uint32_t value)
{
	const struct bpftoken_policy *named = d->opts->wanted ? d->opts->wanted : d->has;

	return named && !bpftoken_policy_is_any(named, set) &&
	       bpftoken_policy_has(named, set, value);
}

/* "any" is what the kernel knows, or what we do where it shows no BTF. */
static uint64_t known(uint32_t set)
{
	int count = names_kernel_count(set);
	const struct name_row *rows;
	uint64_t mask = 0;
	size_t n;

	if (count > 0)
		return count > 63 ? UINT64_MAX : BIT(count) - 1;
	rows = names_table(set, &n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].value <= NAMES_MAX_VALUE && !rows[i].since)
			mask |= BIT(rows[i].value);
	return mask;
}

static void fill_wanted(struct doctor *d)
{
	const struct bpftoken_policy *named = d->opts->wanted ? d->opts->wanted : d->has;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		d->wanted.mask[set] = named->mask[set];
		if (bpftoken_policy_is_any(named, set))
			d->wanted.mask[set] = known(set);
	}
	/* who names programs alone takes the attach types as they are */
	if (!d->wanted.mask[BPFTOKEN_ATTACHS])
		d->wanted.mask[BPFTOKEN_ATTACHS] = d->has->mask[BPFTOKEN_ATTACHS];
	/* 0 of these two is "unspec", which nothing is */
	d->wanted.mask[BPFTOKEN_MAPS] &= ~BIT(0);
	d->wanted.mask[BPFTOKEN_PROGS] &= ~BIT(0);
}

static void add(struct doctor *d, uint32_t set, uint32_t value, uint32_t attach_type)
{
	struct proof *proof = &d->proofs[d->proof_count];

	if (d->proof_count == ARRAY_SIZE(d->proofs))
		return;
	d->proof_count++;
	proof->set = set;
	proof->value = value;
	proof->attach_type = attach_type;
	if (set == BPFTOKEN_MAPS)
		proof->answer =
			bpftoken_probe_map_type(value, d->token_fd, &proof->reason);
	else if (set == BPFTOKEN_PROGS)
		proof->answer = bpftoken_probe_prog_type(value, attach_type, d->token_fd,
							 &proof->reason);
	else
		proof->answer = bpftoken_probe_cmd(value, d->token_fd, &proof->reason);
}

/* The usual attach type if it is wanted, else another of the type's; -1: none is. */
static int attach_type_of(const struct doctor *d, uint32_t type)
{
	uint32_t usual = attr_fixup_attach_type(type, attr_default_attach_type(type));
	uint64_t fits = attr_prog_attach_types(type) & d->wanted.mask[BPFTOKEN_ATTACHS];

	if (d->wanted.mask[BPFTOKEN_ATTACHS] & BIT(usual))
		return (int)usual;
	for (int attach = 0; attach <= (int)NAMES_MAX_VALUE; attach++)
		if (fits & BIT(attach))
			return attach;
	return -1;
}

/* With each attach type of it that somebody named, else with the usual one. */
static void add_prog(struct doctor *d, uint32_t type)
{
	uint64_t fits = attr_prog_attach_types(type);
	int first = attach_type_of(d, type);

	if (first >= 0)
		add(d, BPFTOKEN_PROGS, type, (uint32_t)first);
	/* the attach types of struct_ops are numbers of members */
	for (uint32_t attach = 0; attach <= NAMES_MAX_VALUE; attach++)
		if (fits & BIT(attach) && (int)attach != first &&
		    type != TYPE_STRUCT_OPS && doctor_names(d, BPFTOKEN_ATTACHS, attach))
			add(d, BPFTOKEN_PROGS, type, attach);
}

/* Programs keep state: a token is no use where a few MiB of it do not fit. */
static void try_big_map(struct doctor *d)
{
	struct probe_map shape;
	uint32_t type = probe_usual_map(d->token_fd);
	int fd;

	if (type != TYPE_ARRAY && type != TYPE_RINGBUF && type != 1)
		return;
	probe_map_shape(type, d->token_fd, &shape);
	if (type != TYPE_RINGBUF)
		shape.opts.value_size = 4096;
	shape.opts.max_entries = type == TYPE_RINGBUF ? BIG_MAP : BIG_MAP / 4096;
	fd = bpftoken_map_create(&shape.opts, NULL);
	d->big_map_failed = fd == -ENOMEM;
	if (fd >= 0)
		sys_close(fd);
}

int doctor_prove(struct doctor *d, struct bpftoken_error *err)
{
	static const uint32_t cmds[] = { ATTR_BTF_LOAD, ATTR_BTF_GET_FD_BY_ID };

	(void)err;
	(void)bpftoken_probe_forget(d->token_fd);
	fill_wanted(d);
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		if (d->wanted.mask[BPFTOKEN_CMDS] & BIT(cmds[i]))
			add(d, BPFTOKEN_CMDS, cmds[i], 0);
	for (uint32_t type = 0; type <= NAMES_MAX_VALUE; type++)
		if (d->wanted.mask[BPFTOKEN_MAPS] & BIT(type))
			add(d, BPFTOKEN_MAPS, type, 0);
	for (uint32_t type = 0; type <= NAMES_MAX_VALUE; type++)
		if (d->wanted.mask[BPFTOKEN_PROGS] & BIT(type))
			add_prog(d, type);
	try_big_map(d);
	return 0;
}
