/* SPDX-License-Identifier: MIT */
/*
 * The probes of links against real links (live-attach.h): the answer is what the real one
 * gets; a missing bit and a missing capability are named; and nothing stays attached.
 */
#include "live-attach.h"

#include <sched.h>

/* ---------------------------------------------------------------- answers */

static void expect_reason(const struct kind *kind, const struct bpftoken_error *reason)
{
	if (!reason->what[0] || !reason->why[0] || !reason->kind ||
	    (!reason->fix[0] && reason->kind != BPFTOKEN_KIND_FAILED))
		live_fail(__FILE__, __LINE__, "%s: incomplete: %s: %s: %s",
			  bpftoken_link_name(kind->link), reason->what, reason->why,
			  reason->fix);
}

/* The kernel's BTF knows the attach type; what it was built without, its errno tells. */
static bool kernel_knows(const struct kind *kind)
{
	return (int)kind->attach_type < names_kernel_count(BPFTOKEN_ATTACHS);
}

/* The answer and the real thing agree, and EPERM is never "the kernel lacks it". */
static int probe(const struct kind *kind, int token_fd, struct bpftoken_error *reason)
{
	int answer = bpftoken_probe_link(kind->link, token_fd, reason);
	int r = attach_for_real(kind, token_fd);
	const char *name = bpftoken_link_name(kind->link);

	printf("%s: %s (%s); really attached: %s\n", name,
	       bpftoken_answer_name((uint32_t)answer), answer ? reason->why : "",
	       r ? strerror(-r) : "yes");
	fflush(stdout);
	if (answer < 0 || (answer == BPFTOKEN_WORKS) != (r == 0))
		live_fail(__FILE__, __LINE__, "%s: answer %d, real link %d", name, answer,
			  r);
	if (answer != BPFTOKEN_WORKS)
		expect_reason(kind, reason);
	if (answer == BPFTOKEN_KERNEL_LACKS && kernel_knows(kind) && r == -EPERM)
		live_fail(__FILE__, __LINE__, "%s: EPERM as \"%s\"", name, reason->why);
	if (!kernel_knows(kind))
		EXPECT_EQ(answer, BPFTOKEN_KERNEL_LACKS);
	return answer;
}

/* Where the cgroups of version 2 are, a new one. */
static void make_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[160];

	for (size_t i = 0; i < LIVE_COUNT(roots); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
		if (access(path, F_OK) < 0)
			continue;
		snprintf(cgroup, sizeof(cgroup), "%s/bpftoken-link-%d", roots[i],
			 (int)getpid());
		EXPECT_EQ(mkdir(cgroup, 0755), 0);
		return;
	}
	live_fail(__FILE__, __LINE__, "no cgroup of version 2 is mounted");
}

static void remove_cgroup(void)
{
	EXPECT_EQ(rmdir(cgroup), 0);
}

/* What fails in between leaves an empty cgroup behind. */
static void with_cgroup(void (*body)(void *data), const char *policy)
{
	make_cgroup();
	if (policy)
		live_in_container(policy, body, NULL);
	else
		in_child(body, NULL);
	remove_cgroup();
}

static void as_root(void *data)
{
	struct bpftoken_error reason;
	size_t works = 0, fds;

	(void)data;
	EXPECT_EQ(unshare(CLONE_NEWNET), 0);
	fds = live_count_fds();
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++) {
		EXPECT(bpftoken_probe_link(kinds[i].link, -1, &reason) >= 0);
		EXPECT_EQ(live_count_fds(), fds);
	}
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++) {
		int answer = probe(&kinds[i], -1, &reason);

		works += answer == BPFTOKEN_WORKS;
		EXPECT(answer != BPFTOKEN_NOT_DELEGATED);
		EXPECT(answer != BPFTOKEN_NO_CAPABILITY);
	}
	EXPECT(works >= 8);
}

static void without_a_token(void)
{
	with_cgroup(as_root, NULL);
}

static int make_token(void)
{
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_open(NULL, &err), &err);
}

static void with_any_token(void *data)
{
	struct bpftoken_error reason;
	int token = make_token();
	size_t works = 0;

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++)
		works += probe(&kinds[i], token, &reason) == BPFTOKEN_WORKS;
	EXPECT(works >= 10);
	/* the process-wide one */
	EXPECT_EQ(bpftoken_global_set(token), -1);
	EXPECT_EQ(bpftoken_probe_link(BPFTOKEN_LINK_SK_LOOKUP, 0, &reason),
		  BPFTOKEN_WORKS);
	/* and none */
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++) {
		int answer = bpftoken_probe_link(kinds[i].link, -1, &reason);

		EXPECT_EQ(answer, kernel_knows(&kinds[i]) ? BPFTOKEN_NOT_DELEGATED
							  : BPFTOKEN_KERNEL_LACKS);
		expect_reason(&kinds[i], &reason);
	}
}

static void all_delegated(void)
{
	with_cgroup(with_any_token, LIVE_ANY);
}

/* What blocks the perf_event is what the reason says, and its remedy helps. */
static void with_perf_paranoid(void *data)
{
	const char *level = data;
	struct bpftoken_error reason = { 0 };
	int answer = bpftoken_probe_link(BPFTOKEN_LINK_PERF_EVENT, make_token(), &reason);

	EXPECT_EQ(answer, atoi(level) > 2 ? BPFTOKEN_BLOCKED : BPFTOKEN_WORKS);
	if (answer == BPFTOKEN_WORKS)
		return;
	EXPECT_EQ(reason.stage, BPFTOKEN_STAGE_PERF_EVENT_OPEN);
	EXPECT_EQ(reason.kind, BPFTOKEN_KIND_DENIED);
	EXPECT_HAS(reason.why, "kernel.perf_event_paranoid: 3");
	EXPECT_HAS(reason.fix, "set kernel.perf_event_paranoid to 2 or lower");
}

static void perf_event_settings(void)
{
	char level[16];

	snprintf(level, sizeof(level), "%s", live_file(PERF_PARANOID));
	live_in_container(LIVE_ANY, with_perf_paranoid, level);
	if (!getenv("BPFTOKEN_KERNEL"))
		return;
	EXPECT_EQ(atoi(level), 3);
	write_setting(PERF_PARANOID, "2");
	live_in_container(LIVE_ANY, with_perf_paranoid, (char[]){ "2" });
	write_setting(PERF_PARANOID, level);
}

/* ----------------------------------------------------------- missing bits */

struct removed {
	uint32_t set, value;
	int answers[BPFTOKEN_LINKS]; /* with nothing removed */
};

static bool needs(const struct kind *kind, uint32_t set, uint32_t value)
{
	uint32_t attach;
	bool is_struct_ops = kind->link == BPFTOKEN_LINK_STRUCT_OPS;

	switch (set) {
	case BPFTOKEN_CMDS:
		return value == ATTR_PROG_LOAD ||
		       (is_struct_ops &&
			(value == ATTR_MAP_CREATE || value == ATTR_BTF_LOAD));
	case BPFTOKEN_MAPS:
		return value == 26 && is_struct_ops;
	case BPFTOKEN_PROGS:
		return value == kind->prog_type;
	default:
		if (is_struct_ops)
			return value == ops_find(OPS, "ssthresh").member;
		EXPECT_EQ(bpftoken_value(BPFTOKEN_ATTACHS, kind->attach, &attach), 0);
		return value == attach;
	}
}

static void probe_with_one_removed(void *data)
{
	const struct removed *removed = data;
	int token = make_token();
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "the token does not delegate %s %s",
		 names_set_noun(removed->set),
		 bpftoken_name(removed->set, removed->value));
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++) {
		struct bpftoken_error reason = { 0 };
		int answer = bpftoken_probe_link(kinds[i].link, token, &reason);

		if (!kernel_knows(&kinds[i]) ||
		    !needs(&kinds[i], removed->set, removed->value)) {
			EXPECT_EQ(answer, removed->answers[i]);
			continue;
		}
		if (answer != BPFTOKEN_NOT_DELEGATED || strcmp(reason.why, wanted) != 0)
			live_fail(__FILE__, __LINE__, "%s: %d, \"%s\", not \"%s\"",
				  bpftoken_link_name(kinds[i].link), answer, reason.why,
				  wanted);
		expect_reason(&kinds[i], &reason);
		EXPECT_HAS(reason.fix, "delegate_");
	}
}

static void write_answers(void *data)
{
	const int *out = data;
	int answers[BPFTOKEN_LINKS], token = make_token();

	for (size_t i = 0; i < LIVE_COUNT(kinds); i++)
		answers[i] = bpftoken_probe_link(kinds[i].link, token, NULL);
	EXPECT_EQ(write(*out, answers, sizeof(answers)), sizeof(answers));
}

static void remove_one(struct removed *removed, uint32_t set, uint32_t value)
{
	static const char *const keys[] = { "cmds", "maps", "progs", "attachs" };
	char policy[256];
	size_t len = 0;

	removed->set = set;
	removed->value = value;
	for (uint32_t i = 0; i < BPFTOKEN_SETS; i++) {
		uint64_t mask = (1ULL << names_kernel_count(i)) - 1;

		if (i == set)
			mask &= ~(1ULL << value);
		len += (size_t)snprintf(policy + len, sizeof(policy) - len,
					"%sdelegate_%s=0x%llx", i ? "," : "", keys[i],
					(unsigned long long)mask);
	}
	live_in_container(policy, probe_with_one_removed, removed);
}

/* Every value that some link needs is taken away alone. */
static void one_bit_removed(void)
{
	struct removed removed;
	size_t seen = 0;
	int out[2];

	EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
	live_in_container(LIVE_ANY, write_answers, &out[1]);
	EXPECT_EQ(read(out[0], removed.answers, sizeof(removed.answers)),
		  sizeof(removed.answers));
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int count = names_kernel_count(set);

		for (uint32_t value = 0; value < (uint32_t)count; value++) {
			bool needed = false;

			for (size_t i = 0; i < LIVE_COUNT(kinds); i++)
				needed |= needs(&kinds[i], set, value);
			if (needed)
				remove_one(&removed, set, value);
			seen += needed;
		}
	}
	printf("%zu bits\n", seen);
	EXPECT(seen > 20);
}

/* ----------------------------------------------------------- capabilities */

struct dropped {
	int token;
	uint64_t capability;
	const char *name;
};

static void probe_without(void *data)
{
	const struct dropped *dropped = data;

	set_capabilities(ALL_CAPS & ~(dropped->capability | CAP(SYS_ADMIN)));
	for (size_t i = 0; i < LIVE_COUNT(kinds); i++) {
		struct bpftoken_error reason;
		int answer = bpftoken_probe_link(kinds[i].link, dropped->token, &reason);
		char wanted[128];

		if (!(kinds[i].capabilities & dropped->capability) ||
		    !kernel_knows(&kinds[i])) {
			EXPECT(answer != BPFTOKEN_NO_CAPABILITY);
			continue;
		}
		snprintf(wanted, sizeof(wanted),
			 "the process lacks %s in the token's user namespace",
			 dropped->name);
		if (answer != BPFTOKEN_NO_CAPABILITY || strcmp(reason.why, wanted) != 0)
			live_fail(__FILE__, __LINE__, "%s: %d, \"%s\", not \"%s\"",
				  bpftoken_link_name(kinds[i].link), answer, reason.why,
				  wanted);
		EXPECT_EQ(attach_for_real(&kinds[i], dropped->token), -EPERM);
	}
}

static void drop_each(void *data)
{
	struct dropped drops[] = {
		{ make_token(), CAP(BPF), "CAP_BPF" },
		{ make_token(), CAP(PERFMON), "CAP_PERFMON" },
		{ make_token(), CAP(NET_ADMIN), "CAP_NET_ADMIN" },
	};

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(drops); i++)
		in_child(probe_without, &drops[i]);
}

static void capabilities_missing(void)
{
	with_cgroup(drop_each, LIVE_ANY);
}

/* ------------------------------------------------------------ nothing left */

#define MANY_LINKS 4096

/* The ids of all links of this machine, which only root of the host sees. */
static size_t all_links(uint32_t ids[MANY_LINKS])
{
	struct {
		uint32_t start, next, flags;
	} attr = { 0 };
	size_t n = 0;

	while (sys_bpf(31, &attr, sizeof(attr)) == 0) {
		EXPECT(n < MANY_LINKS);
		ids[n++] = attr.next;
		attr.start = attr.next;
		attr.next = 0;
	}
	return n;
}

static bool among(uint32_t id, const uint32_t ids[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void probe_all(void *data)
{
	int token = *(const int *)data ? make_token() : -1;
	size_t fds = live_count_fds();

	for (size_t round = 0; round < 3; round++)
		for (uint32_t link = 0; link < BPFTOKEN_LINKS; link++)
			EXPECT(bpftoken_probe_link(link, token, NULL) >= 0);
	EXPECT_EQ(live_count_fds(), fds);
}

/* Other tests may attach meanwhile: what is new has to be gone within a while. */
static void expect_no_new_links(const uint32_t before[], size_t count)
{
	static uint32_t now[MANY_LINKS];
	size_t left = 0;

	for (int tries = 0; tries < 100; tries++) {
		size_t n = all_links(now);

		left = 0;
		for (size_t i = 0; i < n; i++)
			left += !among(now[i], before, count);
		if (!left)
			return;
		usleep(100000);
	}
	live_fail(__FILE__, __LINE__, "%zu links are left", left);
}

/* A link of the test's own is seen, so that an empty list means something. */
static void links_are_counted(const uint32_t before[], size_t count)
{
	static uint32_t now[MANY_LINKS];
	const struct kind *kind = &kinds[13];
	int prog_fd = raw_load(kind, -1), link_fd;
	size_t new = 0, n;

	EXPECT_EQ(kind->link, BPFTOKEN_LINK_SK_LOOKUP);
	EXPECT(prog_fd >= 0);
	link_fd = raw_attach(kind, prog_fd, -1);
	EXPECT(link_fd >= 0);
	n = all_links(now);
	for (size_t i = 0; i < n; i++)
		new += !among(now[i], before, count);
	EXPECT(new >= 1);
	close(link_fd);
	close(prog_fd);
}

static void nothing_stays(void)
{
	static uint32_t before[MANY_LINKS];
	size_t count = all_links(before);
	int with_token = 0;

	EXPECT_EQ(unshare(CLONE_NEWNET), 0);
	links_are_counted(before, count);
	in_child(probe_all, &with_token);
	expect_no_new_links(before, count);
	if (bpftoken_supported(NULL) < 0)
		return;
	with_token = 1;
	live_in_container(LIVE_ANY, probe_all, &with_token);
	expect_no_new_links(before, count);
}

/* --------------------------------------------------------------- bad input */

static void bad_questions(void)
{
	struct bpftoken_error reason = { 0 };
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	EXPECT_EQ(bpftoken_probe_link(BPFTOKEN_LINKS, -1, &reason), -EINVAL);
	EXPECT_EQ(reason.stage, BPFTOKEN_STAGE_OPTIONS);
	EXPECT(!bpftoken_link_name(BPFTOKEN_LINKS));
	for (uint32_t link = 0; link < BPFTOKEN_LINKS; link++) {
		EXPECT(bpftoken_link_name(link));
		for (uint32_t other = 0; other < link; other++)
			EXPECT(strcmp(bpftoken_link_name(link),
				      bpftoken_link_name(other)) != 0);
		EXPECT_EQ(bpftoken_probe_link(link, 999, &reason), -EBADF);
		EXPECT_EQ(reason.stage, BPFTOKEN_STAGE_PROG_LOAD);
		EXPECT_EQ(bpftoken_probe_link(link, file, &reason), -EINVAL);
		EXPECT_EQ(reason.stage, BPFTOKEN_STAGE_PROG_LOAD);
	}
	close(file);
}

static const struct live_test tests[] = {
	{ "as root, without a token", without_a_token, true },
	{ "all delegated", all_delegated, false },
	{ "perf events, as a setting permits", perf_event_settings, false },
	{ "one bit removed", one_bit_removed, false },
	{ "capabilities missing", capabilities_missing, false },
	{ "nothing stays attached", nothing_stays, true },
	{ "bad questions", bad_questions, false },
};

LIVE_MAIN(tests)
