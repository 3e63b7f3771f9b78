/* SPDX-License-Identifier: MIT */
/* bpftoken doctor: each bit of the masks is missing, alone. */
#include "live-doctor.h"

#include "doctor.h"

/* ------------------------------------------------------------------- the masks */

static const char *const nouns[BPFTOKEN_SETS] = { "command", "map type", "program type",
						  "attach type" };
static const char *const words[BPFTOKEN_SETS] = { "cmds", "maps", "progs", "attachs" };

struct mask_bit {
	uint32_t value;
	bool sets[BPFTOKEN_SETS]; /* that it is taken away from */
};

/* Not by the command, which would read the kernel's BTF each time. */
static void expect_missing(uint32_t set, uint32_t value)
{
	_cleanup_policy_ struct bpftoken_policy *wanted = NULL;
	struct doctor_opts opts = { .token_fd = -1 };
	static struct doctor_report report;
	struct bpftoken_error err;
	char why[256];
	int gate;

	EXPECT_OK(bpftoken_policy_new(&wanted), &err);
	EXPECT_EQ(bpftoken_policy_add(wanted, set, value), 0);
	opts.wanted = wanted;
	EXPECT_OK(doctor_run(&opts, &report, &err), &err);
	gate = doctor_decides(&report);
	snprintf(why, sizeof(why), "the token does not delegate %s %s", nouns[set],
		 bpftoken_name(set, value));
	EXPECT(gate >= 0);
	EXPECT_STR(doctor_gate_name((size_t)gate), words[set]);
	EXPECT_STR(report.findings[gate].why, why);
	EXPECT_EQ(report.findings[gate].state, GATE_SHUT);
	EXPECT_EQ(report.findings[gate].kind, BPFTOKEN_KIND_POLICY);
}

static void mask_body(void *data)
{
	const struct mask_bit *bit = data;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		if (bit->sets[set])
			expect_missing(set, bit->value);
}

static void without_bit(struct mask_bit *bit)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(LIVE_ANY);
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int count = names_kernel_count(set);

		/* what the kernel does not know cannot be delegated */
		for (uint32_t value = (uint32_t)count; value <= NAMES_MAX_VALUE; value++)
			EXPECT_EQ(bpftoken_policy_remove(policy, set, value), 0);
		bit->sets[set] = bit->sets[set] && bit->value < (uint32_t)count;
		if (bit->sets[set])
			EXPECT_EQ(bpftoken_policy_remove(policy, set, bit->value), 0);
	}
	EXPECT_OK(bpftoken_policy_format(policy, "mount", &text, &err), &err);
	text[strcspn(text, "\n")] = '\0';
	live_in_container(text, mask_body, bit);
}

static void each_mask_bit(void)
{
	(void)command_copy();
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		/* without map_create or prog_load, the types' own bits do not matter */
		bool load = value == ATTR_MAP_CREATE || value == ATTR_PROG_LOAD;
		struct mask_bit cmd = { value, { load } };
		struct mask_bit types = { value, { !load, value, value, true } };

		if (load)
			without_bit(&cmd);
		without_bit(&types);
	}
}

struct senseless {
	const char *policy, *begins;
};

static void senseless_body(void *data)
{
	const struct senseless *senseless = data;

	expect_doctor("", senseless->begins, 3);
}

static void makes_no_sense(void)
{
	static const struct senseless rows[] = {
		{ "delegate_cmds=prog_load,delegate_maps=hash,delegate_progs=xdp,"
		  "delegate_attachs=xdp",
		  "stopped at cmds: the token does not delegate command map_create" },
		{ "delegate_cmds=map_create,delegate_maps=hash,delegate_progs=xdp,"
		  "delegate_attachs=xdp",
		  "stopped at cmds: the token does not delegate command prog_load" },
		{ "delegate_cmds=map_create", "stopped at maps:" },
		{ "delegate_cmds=prog_load,delegate_attachs=xdp", "stopped at progs:" },
		{ "delegate_cmds=prog_load,delegate_progs=socket_filter,"
		  "delegate_attachs=xdp",
		  "stopped at attachs: the token does not delegate attach type "
		  "cgroup_inet_ingress, which socket_filter is loaded with" },
		{ "delegate_cmds=prog_load,delegate_progs=sk_lookup,"
		  "delegate_attachs=xdp",
		  "stopped at attachs: the token does not delegate attach type "
		  "sk_lookup, which sk_lookup is loaded with" },
	};

	(void)command_copy();
	for (size_t i = 0; i < LIVE_COUNT(rows); i++)
		live_in_container(rows[i].policy, senseless_body, (void *)&rows[i]);
}

static const struct live_test tests[] = {
	{ "each mask bit", each_mask_bit },
	{ "a delegation that makes no sense", makes_no_sense },
};

LIVE_MAIN(tests)
