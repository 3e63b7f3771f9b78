/* SPDX-License-Identifier: MIT */
/*
 * The probes against the kernel, all of them: with the least token that each needs, with
 * every bit of it removed in turn, without capabilities; and helpers against calls of
 * this file's own.
 */
#include "live-more.h"

#include "probe.h"

#define HELPERS 256
#define TYPES 64
#define PROG_CGROUP_SYSCTL 23
#define MAP_LRU_HASH 9
#define NO_PREALLOC (1U << 0)
#define ZERO_SEED (1U << 6)

static uint32_t count_of(uint32_t set, uint32_t otherwise)
{
	int count = names_kernel_count(set);

	return count > 0 ? (uint32_t)count : otherwise;
}

static int token_here(void)
{
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_open(NULL, &err), &err);
}

/* ------------------------------------------------ the least, and one bit less */

/* One thing to probe, and the delegation that it needs. */
struct subject {
	uint32_t set, value, attach_type;
	int host_answer; /* what root on the host is told */
	struct need {
		uint32_t set, value;
	} needs[3];
	uint32_t need_count;
	uint32_t removed; /* index in needs, need_count = none */
};

static int ask(const struct subject *subject, int token, struct bpftoken_error *reason)
{
	return subject->set == BPFTOKEN_MAPS
		       ? bpftoken_probe_map_type(subject->value, token, reason)
		       : bpftoken_probe_prog_type(subject->value, subject->attach_type,
						  token, reason);
}

static void check_subject(void *data)
{
	const struct subject *subject = data;
	struct bpftoken_error reason = { 0 };
	int token = token_here();
	int answer = ask(subject, token, &reason);
	char wanted[128];

	if (subject->removed == subject->need_count) {
		/* as root on the host: not one bit more is needed */
		if (answer != subject->host_answer)
			live_fail(__FILE__, __LINE__, "%u %u %u: %d, on the host %d: %s",
				  subject->set, subject->value, subject->attach_type,
				  answer, subject->host_answer, reason.why);
		return;
	}
	snprintf(wanted, sizeof(wanted), "the token does not delegate %s %s",
		 names_set_noun(subject->needs[subject->removed].set),
		 bpftoken_name(subject->needs[subject->removed].set,
			       subject->needs[subject->removed].value));
	if (answer == BPFTOKEN_KERNEL_LACKS &&
	    subject->host_answer == BPFTOKEN_KERNEL_LACKS)
		return;
	if (answer != BPFTOKEN_NOT_DELEGATED || strcmp(reason.why, wanted) != 0)
		live_fail(__FILE__, __LINE__, "%d: %s, not: %s", answer, reason.why,
			  wanted);
}

static void run_subject(struct subject *subject)
{
	for (subject->removed = 0; subject->removed <= subject->need_count;
	     subject->removed++) {
		struct bpftoken_policy *policy = NULL;
		char *text = NULL;

		EXPECT_EQ(bpftoken_policy_new(&policy), 0);
		/* so that there is a token even when all else is gone */
		EXPECT_EQ(bpftoken_policy_add(policy, BPFTOKEN_CMDS, 36), 0);
		for (uint32_t i = 0; i < subject->need_count; i++)
			if (i != subject->removed)
				EXPECT_EQ(bpftoken_policy_add(policy,
							      subject->needs[i].set,
							      subject->needs[i].value),
					  0);
		EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL), 0);
		live_in_container(text, check_subject, subject);
		free(text);
		bpftoken_policy_free(policy);
	}
}

static void every_map_type(void)
{
	for (uint32_t type = 1; type < count_of(BPFTOKEN_MAPS, 0); type++) {
		struct subject subject = {
			.set = BPFTOKEN_MAPS,
			.value = type,
			.needs = { { BPFTOKEN_CMDS, ATTR_MAP_CREATE },
				   { BPFTOKEN_MAPS, type } },
			.need_count = 2,
		};

		subject.host_answer = ask(&subject, -1, NULL);
		run_subject(&subject);
	}
}

static void every_prog_type(void)
{
	uint32_t attachs = count_of(BPFTOKEN_ATTACHS, 0);

	for (uint32_t type = 1; type < count_of(BPFTOKEN_PROGS, 0); type++) {
		uint64_t fits =
			type == TYPE_STRUCT_OPS ? 1 : attr_prog_attach_types(type);

		for (uint32_t attach = 0; attach < attachs; attach++) {
			struct subject subject = {
				.set = BPFTOKEN_PROGS,
				.value = type,
				.attach_type = attach,
				.needs = { { BPFTOKEN_CMDS, ATTR_PROG_LOAD },
					   { BPFTOKEN_PROGS, type },
					   { BPFTOKEN_ATTACHS, attach } },
				.need_count = 3,
			};

			if (!(fits >> attach & 1))
				continue;
			subject.host_answer = ask(&subject, -1, NULL);
			run_subject(&subject);
		}
	}
}

/* ---------------------------------------------------------------- commands */

static void check_commands(void *data)
{
	const uint32_t *removed = data;
	static const uint32_t with_token[] = { ATTR_MAP_CREATE, ATTR_PROG_LOAD,
					       ATTR_BTF_LOAD };
	struct bpftoken_error reason = { 0 };
	int token = token_here();

	for (size_t i = 0; i < LIVE_COUNT(with_token); i++) {
		int answer = bpftoken_probe_cmd(with_token[i], token, &reason);

		if (with_token[i] != *removed) {
			EXPECT_EQ(answer, BPFTOKEN_WORKS);
			continue;
		}
		EXPECT_EQ(answer, BPFTOKEN_NOT_DELEGATED);
		EXPECT_HAS(reason.why, "the token does not delegate command ");
		EXPECT_HAS(reason.why, bpftoken_name(BPFTOKEN_CMDS, *removed));
		EXPECT(!strchr(reason.why, ','));
	}
	/* prog_get_next_id asks for what no token gives, map_freeze for nothing */
	EXPECT_EQ(bpftoken_probe_cmd(11, token, &reason), BPFTOKEN_NO_CAPABILITY);
	EXPECT_HAS(reason.why, "CAP_SYS_ADMIN in the initial user namespace");
	EXPECT_EQ(bpftoken_probe_cmd(22, token, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_cmd(36, token, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_cmd(63, token, NULL), BPFTOKEN_KERNEL_LACKS);
}

/* The fourth that takes a token, where the kernel's has the field (Linux 6.15). */
static void check_btf_by_id(void *data)
{
	bool delegated = *(bool *)data;
	struct attr_btf_get_fd_by_id attr = { .open_flags = ATTR_F_TOKEN_FD,
					      .fd_by_id_token_fd = UINT32_MAX };
	bool takes = sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr)) == -EBADF;
	struct bpftoken_error reason = { 0 };
	int answer = bpftoken_probe_cmd(ATTR_BTF_GET_FD_BY_ID, token_here(), &reason);

	if (!takes) {
		EXPECT_EQ(answer, BPFTOKEN_KERNEL_LACKS);
		EXPECT_HAS(reason.why, "takes no token");
	} else if (delegated) {
		EXPECT_EQ(answer, BPFTOKEN_WORKS);
	} else {
		EXPECT_EQ(answer, BPFTOKEN_NOT_DELEGATED);
		EXPECT_STR(reason.why,
			   "the token does not delegate command btf_get_fd_by_id");
		EXPECT_HAS(reason.fix, "delegate_cmds=btf_get_fd_by_id");
	}
}

static void btf_by_id(void)
{
	bool delegated = true;

	live_in_container("delegate_cmds=btf_get_fd_by_id", check_btf_by_id, &delegated);
	delegated = false;
	live_in_container("delegate_cmds=map_create:prog_load:btf_load,delegate_maps=any",
			  check_btf_by_id, &delegated);
}

/* A flag that asks for CAP_SYS_ADMIN on the host, beside all that the map type does. */
static void check_zero_seed(void *data)
{
	struct bpftoken_error reason = { 0 };
	int token = token_here();

	(void)data;
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_HASH, ZERO_SEED, token, &reason),
		  BPFTOKEN_NO_CAPABILITY);
	EXPECT_HAS(reason.why, "CAP_SYS_ADMIN in the initial user namespace");
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_HASH, NO_PREALLOC, token, NULL),
		  BPFTOKEN_WORKS);
	/* what is not delegated is said first */
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_LRU_HASH, ZERO_SEED, token, &reason),
		  BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "map type lru_hash");
}

static void zero_seed(void)
{
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_HASH, ZERO_SEED, -1, NULL), BPFTOKEN_WORKS);
	live_in_container("delegate_cmds=map_create,delegate_maps=hash", check_zero_seed,
			  NULL);
}

/* A narrow token, of types that no probe would choose by itself. */
static void commands(void)
{
	static const struct {
		uint32_t removed;
		const char *cmds;
	} rows[] = {
		{ UINT32_MAX, "map_create:prog_load:btf_load" },
		{ ATTR_MAP_CREATE, "prog_load:btf_load" },
		{ ATTR_PROG_LOAD, "map_create:btf_load" },
		{ ATTR_BTF_LOAD, "map_create:prog_load" },
	};

	for (size_t i = 0; i < LIVE_COUNT(rows); i++) {
		uint32_t removed = rows[i].removed;
		char policy[256];

		snprintf(policy, sizeof(policy),
			 "delegate_cmds=%s,delegate_maps=queue,delegate_progs=sk_lookup,"
			 "delegate_attachs=sk_lookup",
			 rows[i].cmds);
		live_in_container(policy, check_commands, &removed);
	}
}

static void commands_on_the_host(void)
{
	for (uint32_t cmd = 0; cmd < count_of(BPFTOKEN_CMDS, 0); cmd++) {
		struct bpftoken_error reason = { 0 };
		int answer = bpftoken_probe_cmd(cmd, -1, &reason);

		if (answer != BPFTOKEN_WORKS)
			live_fail(__FILE__, __LINE__, "command %u: %d: %s", cmd, answer,
				  reason.why);
	}
}

/* ---------------------------------------------------------------- features */

/* With the least that a program of one type needs, every instruction is answered. */
static void check_features(void *data)
{
	static const uint32_t features[] = {
		BPFTOKEN_FEATURE_LARGE_PROGRAMS, BPFTOKEN_FEATURE_BOUNDED_LOOPS,
		BPFTOKEN_FEATURE_ISA_V2,	 BPFTOKEN_FEATURE_ISA_V3,
		BPFTOKEN_FEATURE_ISA_V4,	 BPFTOKEN_FEATURE_OBJECT_NAMES,
	};
	struct bpftoken_error reason = { 0 };
	int token = token_here();

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(features); i++)
		if (bpftoken_probe_feature(features[i], token, &reason) != BPFTOKEN_WORKS)
			live_fail(__FILE__, __LINE__, "%s: %s",
				  bpftoken_feature_name(features[i]), reason.why);
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_RING_BUFFER, token, &reason),
		  BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "ringbuf");
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_GLOBAL_DATA, token, &reason),
		  BPFTOKEN_NOT_DELEGATED);
	EXPECT_HAS(reason.why, "array");
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURES, token, &reason), -EINVAL);
}

static void check_buffers(void *data)
{
	struct bpftoken_error reason = { 0 };
	int token = token_here();

	(void)data;
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_RING_BUFFER, token, NULL),
		  BPFTOKEN_WORKS);
	if (atoi(live_file("/proc/sys/kernel/perf_event_paranoid")) <= 0)
		return;
	EXPECT_EQ(bpftoken_probe_feature(BPFTOKEN_FEATURE_PERF_BUFFER, token, &reason),
		  BPFTOKEN_NO_CAPABILITY);
	EXPECT_HAS(reason.why, "CAP_PERFMON in the initial user namespace");
	EXPECT_HAS(reason.fix, "ring buffer");
}

static void features(void)
{
	live_in_container("delegate_cmds=prog_load,delegate_progs=cgroup_sysctl,"
			  "delegate_attachs=cgroup_sysctl",
			  check_features, NULL);
	live_in_container(LIVE_ANY, check_buffers, NULL);
}

/* ----------------------------------------------------------------- helpers */

/* Does the verifier say that programs of the type have the helper? */
static bool raw_helper(uint32_t type, uint32_t helper, int token_fd)
{
	static char log[65536];
	const struct attr_insn insns[] = { { .code = 0x85, .imm = (int32_t)helper },
					   ATTR_INSN_MOV_IMM(0, type == 18),
					   ATTR_INSN_EXIT() };
	struct attr_prog_load attr = {
		.prog_type = type,
		.insn_cnt = LIVE_COUNT(insns),
		.insns = (uintptr_t)insns,
		.license = (uintptr_t) "GPL",
		.expected_attach_type = attr_default_attach_type(type),
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
		.prog_flags = type == 31 ? ATTR_F_SLEEPABLE : 0,
	};
	int r;

	if (token_fd >= 0) {
		attr.prog_flags |= ATTR_F_TOKEN_FD;
		attr.prog_token_fd = (uint32_t)token_fd;
	}
	log[0] = '\0';
	r = closed(sys_bpf(ATTR_PROG_LOAD, &attr, sizeof(attr)));
	if (r == 0)
		return true;
	EXPECT(r != -EPERM);
	return !strstr(log, "unknown func") && !strstr(log, "invalid func") &&
	       !strstr(log, "cannot use helper");
}

static bool asks_helpers(uint32_t type, int token)
{
	return type != TYPE_TRACING && type != TYPE_LSM && type != TYPE_EXT &&
	       type != TYPE_STRUCT_OPS &&
	       bpftoken_probe_prog_type(type, BPFTOKEN_ATTACH_DEFAULT, token, NULL) ==
		       BPFTOKEN_WORKS;
}

static void compare_helpers(void *data)
{
	int token = data ? token_here() : -1;
	size_t compared = 0;

	for (uint32_t type = 1; type < count_of(BPFTOKEN_PROGS, 32); type++) {
		if (!asks_helpers(type, token))
			continue;
		for (uint32_t helper = 1; helper < bpftoken_helper_count() + 2;
		     helper++) {
			int answer = bpftoken_probe_helper(type, helper, token, NULL);
			bool has = raw_helper(type, helper, token);

			compared++;
			if ((answer == BPFTOKEN_WORKS) != has)
				live_fail(__FILE__, __LINE__, "%s %s: %d, raw %d",
					  bpftoken_name(BPFTOKEN_PROGS, type),
					  bpftoken_helper_name(helper), answer, has);
		}
	}
	printf("%zu helpers compared\n", compared);
	EXPECT(compared > 4000);
}

static void helpers_with_token(void)
{
	bool with_token = true;

	live_in_container(LIVE_ANY, compare_helpers, &with_token);
}

static void helpers_on_the_host(void)
{
	compare_helpers(NULL);
}

/* What CAP_PERFMON takes away is said to be that, and nothing else is. */
static void check_perfmon(void *data)
{
	static int8_t full[TYPES][HELPERS];
	int token = token_here();
	struct bpftoken_error reason;
	size_t hidden = 0;

	(void)data;
	EXPECT(bpftoken_helper_count() <= HELPERS);
	for (uint32_t type = 1; type < count_of(BPFTOKEN_PROGS, 0); type++)
		for (uint32_t helper = 1;
		     asks_helpers(type, token) && helper < bpftoken_helper_count();
		     helper++)
			full[type][helper] =
				(int8_t)bpftoken_probe_helper(type, helper, token, NULL);
	set_capabilities(1ULL << CAP_BPF | 1ULL << CAP_NET_ADMIN);
	EXPECT(bpftoken_probe_forget(token) > 1000);
	EXPECT_EQ(bpftoken_probe_forget(token), 0);
	for (uint32_t type = 1; type < count_of(BPFTOKEN_PROGS, 0); type++) {
		for (uint32_t helper = 1;
		     asks_helpers(type, token) && helper < bpftoken_helper_count();
		     helper++) {
			int answer = bpftoken_probe_helper(type, helper, token, &reason);

			if (answer == full[type][helper])
				continue;
			hidden++;
			if (answer != BPFTOKEN_NO_CAPABILITY)
				live_fail(__FILE__, __LINE__, "%u %s: %d, was %d", type,
					  bpftoken_helper_name(helper), answer,
					  full[type][helper]);
			EXPECT_HAS(reason.why,
				   helper == 36 ? "CAP_SYS_ADMIN" : "CAP_PERFMON");
			EXPECT_HAS(reason.why, "the token's user namespace");
		}
	}
	EXPECT(hidden > 100);
	/* and without the token it is the token that is missing */
	EXPECT_EQ(bpftoken_probe_helper(PROG_SOCKET_FILTER, 113, -1, &reason),
		  BPFTOKEN_NOT_DELEGATED);
}

static void without_perfmon(void)
{
	live_in_container(LIVE_ANY, check_perfmon, NULL);
}

/* -------------------------------------------------------- kernel lacks it */

struct answers {
	int8_t maps[TYPES], progs[TYPES], kinds[TYPES];
};

static void ask_all(struct answers *answers, int token)
{
	for (uint32_t i = 1; i < TYPES; i++) {
		answers->maps[i] = (int8_t)bpftoken_probe_map_type(i, token, NULL);
		answers->progs[i] = (int8_t)bpftoken_probe_prog_type(
			i, BPFTOKEN_ATTACH_DEFAULT, token, NULL);
		answers->kinds[i] = (int8_t)bpftoken_probe_btf_kind(i, token, NULL);
	}
}

/* A refusal may hide that the kernel lacks it, and must never claim it. */
static void never_claimed(const int8_t *with, const int8_t *without, const char *what)
{
	for (uint32_t i = 1; i < TYPES; i++)
		if (without[i] == BPFTOKEN_KERNEL_LACKS &&
		    with[i] != BPFTOKEN_KERNEL_LACKS)
			live_fail(__FILE__, __LINE__,
				  "%s %u: lacking without privilege, %d with it", what, i,
				  with[i]);
}

static void check_without(void *data)
{
	const struct answers *with = data;
	struct answers without;

	set_capabilities(0);
	(void)bpftoken_probe_forget(INT32_MIN);
	ask_all(&without, -1);
	never_claimed(with->maps, without.maps, "map type");
	never_claimed(with->progs, without.progs, "program type");
	never_claimed(with->kinds, without.kinds, "BTF kind");
	EXPECT_EQ(without.progs[PROG_CGROUP_SYSCTL], BPFTOKEN_NO_CAPABILITY);
}

static void no_privilege_no_claim(void)
{
	struct answers with;

	ask_all(&with, -1);
	EXPECT_EQ(with.progs[PROG_CGROUP_SYSCTL], BPFTOKEN_WORKS);
	in_child(check_without, &with);
}

static void check_nothing_delegated(void *data)
{
	const struct answers *with = data;
	struct answers without;

	ask_all(&without, token_here());
	never_claimed(with->maps, without.maps, "map type");
	never_claimed(with->progs, without.progs, "program type");
	never_claimed(with->kinds, without.kinds, "BTF kind");
	EXPECT_EQ(without.progs[PROG_CGROUP_SYSCTL], BPFTOKEN_NOT_DELEGATED);
	EXPECT_EQ(without.maps[MAP_RINGBUF], BPFTOKEN_NOT_DELEGATED);
	EXPECT_EQ(without.kinds[1], BPFTOKEN_NOT_DELEGATED);
}

static void nothing_delegated(void)
{
	struct answers with;

	ask_all(&with, -1);
	live_in_container("delegate_cmds=token_create", check_nothing_delegated, &with);
}

/* -------------------------------------------------------------- the others */

static void flags_and_kinds(void)
{
	struct bpftoken_error reason;

	EXPECT_EQ(bpftoken_probe_map_flag(MAP_HASH, 1, -1, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_ARRAY, 1U << 10, -1, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_flag(7, 1U << 5, -1, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_flag(24, 1U << 9, -1, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_ARRAY, 1, -1, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	EXPECT_HAS(reason.why, "no_prealloc");
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_ARRAY, 1U << 31, -1, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_ARRAY, 3, -1, &reason), -EINVAL);
	EXPECT_EQ(bpftoken_probe_map_flag(MAP_ARRAY, 1U << 16, -1, &reason), -EINVAL);
	for (uint32_t kind = 1; kind < probe_btf_kind_count(); kind++)
		if (bpftoken_probe_btf_kind(kind, -1, &reason) != BPFTOKEN_WORKS)
			live_fail(__FILE__, __LINE__, "%s: %s",
				  bpftoken_btf_kind_name(kind), reason.why);
	EXPECT_EQ(bpftoken_probe_btf_kind(30, -1, &reason), BPFTOKEN_KERNEL_LACKS);
	EXPECT_HAS(reason.why, "30");
}

static void kfuncs(void)
{
	struct bpftoken_error reason;
	int known = bpftoken_probe_kfunc(0, "bpf_dynptr_size", -1, &reason);

	if (known == -ENOENT)
		live_skip("the kernel's BTF does not say which functions are kfuncs");
	EXPECT_EQ(known, BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_kfunc(PROG_XDP, "bpf_dynptr_size", -1, NULL),
		  BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_kfunc(PROG_XDP, "bpf_no_such_thing", -1, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	/* an skb is nothing that an XDP program has */
	EXPECT_EQ(bpftoken_probe_kfunc(PROG_XDP, "bpf_dynptr_from_skb", -1, &reason),
		  BPFTOKEN_KERNEL_LACKS);
	EXPECT_HAS(reason.why, "xdp");
	EXPECT_EQ(bpftoken_probe_kfunc(3, "bpf_dynptr_from_skb", -1, NULL),
		  BPFTOKEN_WORKS);
}

static void check_no_token(void *data)
{
	struct bpftoken_error reason;
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)data;
	EXPECT(bpftoken_probe_map_type(MAP_ARRAY, file, &reason) < 0);
	EXPECT(bpftoken_probe_prog_type(PROG_XDP, 0, file, &reason) < 0);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_ARRAY, 999, &reason), -EBADF);
}

static void what_is_no_token(void)
{
	live_in_container(LIVE_ANY, check_no_token, NULL);
}

static const struct live_test tests[] = {
	{ "map types: the least, and every bit less", every_map_type, false },
	{ "program and attach types: the least, and every bit less", every_prog_type,
	  false },
	{ "commands: every bit less", commands, false },
	{ "btf by id, delegated and not", btf_by_id, false },
	{ "zero_seed is denied to every token", zero_seed, false },
	{ "commands on the host", commands_on_the_host, true },
	{ "features with a narrow token", features, false },
	{ "every helper of every type, with a token", helpers_with_token, false },
	{ "every helper of every type, on the host", helpers_on_the_host, true },
	{ "what CAP_PERFMON hides", without_perfmon, false },
	{ "nothing is lacking for want of capabilities", no_privilege_no_claim, true },
	{ "nothing is lacking for want of delegation", nothing_delegated, false },
	{ "map flags and BTF kinds", flags_and_kinds, true },
	{ "kfuncs", kfuncs, true },
	{ "what is no token", what_is_no_token, false },
};

LIVE_MAIN(tests)
