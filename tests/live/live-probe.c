/* SPDX-License-Identifier: MIT */
/*
 * The probes against the kernel: for every type that it knows, the answer is what a call
 * of this file's own gets, and one that is not delegated is never called anything else.
 */
#include "live-more.h"

/* What the kernel says to the plainest map or program of the type, without our probes. */
static int raw_map(uint32_t type, int token_fd)
{
	struct attr_map_create attr = { .map_type = type,
					.key_size = 4,
					.value_size = 4,
					.max_entries = 1,
					.map_flags = token_fd >= 0 ? ATTR_F_TOKEN_FD : 0,
					.map_token_fd =
						token_fd >= 0 ? (uint32_t)token_fd : 0 };

	return closed(sys_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr)));
}

static int raw_prog(uint32_t type, uint32_t attach_type, int token_fd)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	struct attr_prog_load attr = { .prog_type = type,
				       .insn_cnt = LIVE_COUNT(insns),
				       .insns = (uintptr_t)insns,
				       .license = (uintptr_t) "GPL",
				       .expected_attach_type = attach_type };

	if (token_fd >= 0) {
		attr.prog_flags = ATTR_F_TOKEN_FD;
		attr.prog_token_fd = (uint32_t)token_fd;
	}
	return closed(sys_bpf(ATTR_PROG_LOAD, &attr, sizeof(attr)));
}

static int make_token(void)
{
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_open(NULL, &err), &err);
}

/* A reason where there is one to give, complete. */
static void expect_reason(const char *what, uint32_t type,
			  const struct bpftoken_error *reason)
{
	if (!reason->what[0] || !reason->why[0] || !reason->fix[0] || !reason->kind)
		live_fail(__FILE__, __LINE__, "%s %u: incomplete: %s: %s: %s", what, type,
			  reason->what, reason->why, reason->fix);
}

/* -------------------------------------------------------------------- maps */

static void maps_with_any(void *data)
{
	int token = make_token(), count = names_kernel_count(BPFTOKEN_MAPS);
	size_t works = 0;

	(void)data;
	EXPECT(count > 30);
	for (uint32_t type = 1; type < (uint32_t)count; type++) {
		struct bpftoken_error reason = { 0 };
		int answer = bpftoken_probe_map_type(type, token, &reason);
		int r = raw_map(type, token);

		/* the plainest map is not right for every type, but where it is... */
		if (r == 0 && answer != BPFTOKEN_WORKS)
			live_fail(__FILE__, __LINE__, "map type %u: %s: %s", type,
				  bpftoken_answer_name((uint32_t)answer), reason.why);
		/* everything is delegated and root has all capabilities */
		if (answer != BPFTOKEN_WORKS && answer != BPFTOKEN_KERNEL_LACKS)
			live_fail(__FILE__, __LINE__, "map type %u: %d: %s", type, answer,
				  reason.why);
		if (answer == BPFTOKEN_WORKS)
			EXPECT(r != -EPERM);
		else
			expect_reason("map type", type, &reason);
		works += answer == BPFTOKEN_WORKS;
	}
	printf("%zu of %d map types work\n", works, count - 1);
	EXPECT(works > 20);
}

static void every_map_type_with_any(void)
{
	live_in_container(LIVE_ANY, maps_with_any, NULL);
}

/* Delegated is the type perf_event_array alone. */
static void maps_with_one(void *data)
{
	int token = make_token(), count = names_kernel_count(BPFTOKEN_MAPS);

	(void)data;
	for (uint32_t type = 1; type < (uint32_t)count; type++) {
		struct bpftoken_error reason = { 0 };
		int answer = bpftoken_probe_map_type(type, token, &reason);
		int wanted = type == 4 ? BPFTOKEN_WORKS : BPFTOKEN_NOT_DELEGATED;

		/* a type that the kernel was built without is said to be that */
		if (answer != wanted && answer != BPFTOKEN_KERNEL_LACKS)
			live_fail(__FILE__, __LINE__, "map type %u: %d: %s", type, answer,
				  reason.why);
		if (raw_map(type, token) == 0)
			EXPECT_EQ(answer, BPFTOKEN_WORKS);
		if (answer != BPFTOKEN_NOT_DELEGATED)
			continue;
		expect_reason("map type", type, &reason);
		EXPECT_HAS(reason.why, bpftoken_name(BPFTOKEN_MAPS, type));
		EXPECT_HAS(reason.fix, "delegate_maps=");
	}
}

static void every_map_type_with_one(void)
{
	live_in_container("delegate_cmds=map_create,delegate_maps=perf_event_array",
			  maps_with_one, NULL);
}

/* ---------------------------------------------------------------- programs */

/* Types whose smallest program names something in the kernel's BTF. */
static bool needs_target(uint32_t type)
{
	return type >= 26 && type <= 29;
}

static void progs_with_any(void *data)
{
	int token = make_token(), count = names_kernel_count(BPFTOKEN_PROGS);
	size_t works = 0;

	(void)data;
	EXPECT(count > 30);
	for (uint32_t type = 1; type < (uint32_t)count; type++) {
		struct bpftoken_error reason = { 0 };
		uint32_t attach_type = attr_default_attach_type(type);
		int answer, r;

		if (needs_target(type))
			continue;
		answer = bpftoken_probe_prog_type(type, BPFTOKEN_ATTACH_DEFAULT, token,
						  &reason);
		r = raw_prog(type, attach_type, token);
		/* a syscall program is sleepable, which ours is not */
		if (type != 31 && (r == 0) != (answer == BPFTOKEN_WORKS))
			live_fail(__FILE__, __LINE__, "program type %u: %d and %s: %s",
				  type, r, bpftoken_answer_name((uint32_t)answer),
				  reason.why);
		if (answer != BPFTOKEN_WORKS && answer != BPFTOKEN_KERNEL_LACKS)
			live_fail(__FILE__, __LINE__, "program type %u: %d: %s", type,
				  answer, reason.why);
		if (answer != BPFTOKEN_WORKS)
			expect_reason("program type", type, &reason);
		works += answer == BPFTOKEN_WORKS;
	}
	printf("%zu of %d program types work\n", works, count - 1);
	EXPECT(works > 20);
}

static void every_prog_type_with_any(void)
{
	live_in_container(LIVE_ANY, progs_with_any, NULL);
}

/* Delegated is sk_lookup alone, with its attach type. */
static void progs_with_one(void *data)
{
	int token = make_token(), count = names_kernel_count(BPFTOKEN_PROGS);

	(void)data;
	for (uint32_t type = 1; type < (uint32_t)count; type++) {
		struct bpftoken_error reason = { 0 };
		int answer;

		if (needs_target(type))
			continue;
		answer = bpftoken_probe_prog_type(type, BPFTOKEN_ATTACH_DEFAULT, token,
						  &reason);
		if (type == 30) {
			EXPECT_EQ(answer, BPFTOKEN_WORKS);
			continue;
		}
		if (answer != BPFTOKEN_NOT_DELEGATED)
			live_fail(__FILE__, __LINE__, "program type %u: %d: %s", type,
				  answer, reason.why);
		EXPECT_EQ(raw_prog(type, attr_default_attach_type(type), token), -EPERM);
		expect_reason("program type", type, &reason);
		EXPECT_HAS(reason.why, bpftoken_name(BPFTOKEN_PROGS, type));
	}
}

static void every_prog_type_with_one(void)
{
	live_in_container("delegate_cmds=prog_load,delegate_progs=sk_lookup,"
			  "delegate_attachs=sk_lookup",
			  progs_with_one, NULL);
}

/* The type is delegated, and each attach type but one is not. */
static void attach_types(void *data)
{
	int token = make_token(), count = names_kernel_count(BPFTOKEN_ATTACHS);

	(void)data;
	for (uint32_t attach_type = 0; attach_type < (uint32_t)count; attach_type++) {
		struct bpftoken_error reason = { 0 };
		int answer = bpftoken_probe_prog_type(PROG_SOCKET_FILTER, attach_type,
						      token, &reason);
		int r = raw_prog(PROG_SOCKET_FILTER, attach_type, token);

		EXPECT_EQ(r, attach_type == ATTACH_XDP ? 0 : -EPERM);
		EXPECT_EQ(answer, r ? BPFTOKEN_NOT_DELEGATED : BPFTOKEN_WORKS);
		if (!r)
			continue;
		EXPECT_HAS(reason.why, bpftoken_name(BPFTOKEN_ATTACHS, attach_type));
		EXPECT(!strstr(reason.why, "socket_filter"));
	}
}

static void every_attach_type(void)
{
	live_in_container("delegate_cmds=prog_load,delegate_progs=socket_filter,"
			  "delegate_attachs=xdp",
			  attach_types, NULL);
}

/* The kernel makes another attach type of 0 before it asks the token. */
static void replaced_attach_types(void *data)
{
	static const struct {
		uint32_t type;
		const char *becomes;
	} types[] = { { 9, "cgroup_inet_sock_create" }, { 21, "sk_reuseport_select" } };
	int token = make_token();

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(types); i++) {
		struct bpftoken_error reason = { 0 };

		EXPECT_EQ(raw_prog(types[i].type, 0, token), -EPERM);
		EXPECT_EQ(bpftoken_probe_prog_type(types[i].type, 0, token, &reason),
			  BPFTOKEN_NOT_DELEGATED);
		EXPECT_HAS(reason.why, types[i].becomes);
	}
}

static void attach_types_that_the_kernel_replaces(void)
{
	live_in_container(
		"delegate_cmds=prog_load,delegate_progs=cgroup_sock:sk_reuseport,"
		"delegate_attachs=cgroup_inet_ingress",
		replaced_attach_types, NULL);
}

/* ----------------------------------------------------------------- unknown */

/* Beyond the kernel, with everything delegated, with nothing of it, and with no token. */
static void unknown_types(void *data)
{
	int tokens[] = { make_token(), -1 };

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(tokens); i++) {
		static const uint32_t types[] = { 63, 64, 1000, UINT32_MAX - 1 };

		for (size_t j = 0; j < LIVE_COUNT(types); j++) {
			struct bpftoken_error reason = { 0 };

			EXPECT_EQ(bpftoken_probe_map_type(types[j], tokens[i], &reason),
				  BPFTOKEN_KERNEL_LACKS);
			expect_reason("map type", types[j], &reason);
			EXPECT_EQ(reason.kind, BPFTOKEN_KIND_KERNEL);
			EXPECT_EQ(
				bpftoken_probe_prog_type(types[j], 0, tokens[i], &reason),
				BPFTOKEN_KERNEL_LACKS);
			expect_reason("program type", types[j], &reason);
			EXPECT_EQ(reason.kind, BPFTOKEN_KIND_KERNEL);
			EXPECT_EQ(bpftoken_probe_prog_type(PROG_SOCKET_FILTER, types[j],
							   tokens[i], &reason),
				  BPFTOKEN_KERNEL_LACKS);
		}
	}
}

static void what_no_kernel_knows(void)
{
	live_in_container(LIVE_ANY, unknown_types, NULL);
	live_in_container(SMALL_POLICY, unknown_types, NULL);
}

/* ---------------------------------------------------------------- the host */

static void without_capabilities(void *data)
{
	struct bpftoken_error reason;

	(void)data;
	set_capabilities(0);
	EXPECT_EQ(raw_map(MAP_RINGBUF, -1), -EPERM);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, -1, &reason),
		  BPFTOKEN_NO_CAPABILITY);
	EXPECT_HAS(reason.why, "CAP_BPF in the initial user namespace");
}

/* Root needs no token; also on kernels that have none. */
static void on_the_host(void)
{
	struct bpftoken_error reason;

	EXPECT_EQ(bpftoken_probe_map_type(MAP_ARRAY, -1, &reason), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_ARRAY, 0, &reason), BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_prog_type(PROG_SOCKET_FILTER, 0, -1, &reason),
		  BPFTOKEN_WORKS);
	EXPECT_EQ(
		bpftoken_probe_prog_type(PROG_XDP, BPFTOKEN_ATTACH_DEFAULT, -1, &reason),
		BPFTOKEN_WORKS);
	EXPECT_EQ(bpftoken_probe_map_type(63, -1, &reason), BPFTOKEN_KERNEL_LACKS);
	EXPECT_EQ(bpftoken_probe_prog_type(63, 0, -1, &reason), BPFTOKEN_KERNEL_LACKS);
	in_child(without_capabilities, NULL);
}

static const struct live_test tests[] = {
	{ "every map type, all delegated", every_map_type_with_any, false },
	{ "every map type, one delegated", every_map_type_with_one, false },
	{ "every program type, all delegated", every_prog_type_with_any, false },
	{ "every program type, one delegated", every_prog_type_with_one, false },
	{ "every attach type, one delegated", every_attach_type, false },
	{ "attach types that the kernel replaces", attach_types_that_the_kernel_replaces,
	  false },
	{ "what no kernel knows", what_no_kernel_knows, false },
	{ "on the host, without a token", on_the_host, true },
};

LIVE_MAIN(tests)
