/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken run` and `bpftoken test` saying no: one line that says why, nothing on
 * standard output, the documented status, nothing left behind.
 */
#include "live-more.h"

#define NOT_RUN "/bin/this-is-not-run"

struct refusal {
	const char *arguments;
	int status;
	const char *says;
};

static const struct refusal refusals[] = {
	/* policies */
	{ "--cmds prog_lod -- " NOT_RUN, 3, "nearest is \"prog_load\"" },
	{ "--maps ringbuff -- " NOT_RUN, 3, "nearest is \"ringbuf\"" },
	{ "--cmds BPF_PROG_LOAD -- " NOT_RUN, 3, "without the prefix" },
	{ "--progs BPF_PROG_TYPE_XDP -- " NOT_RUN, 3, "write xdp" },
	{ "--cmds 0x0 -- " NOT_RUN, 3, "is empty" },
	{ "--cmds 0x10000000000000000 -- " NOT_RUN, 3, "0x10000000000000000" },
	{ "-p delegate_cmd=any -- " NOT_RUN, 3, "nearest is \"delegate_cmds\"" },
	{ "-p delegate_cmds=map_create,prog_load -- " NOT_RUN, 3, "write \":\"" },
	{ "-p delegate_cmds=ANY -- " NOT_RUN, 3, "ANY" },
	{ "-p delegate_cmds=map_create:0x100 -- " NOT_RUN, 3, "0x100" },
	/* usage */
	{ "-- " NOT_RUN, 2, "no policy given" },
	{ SMALL_OPTIONS, 2, "no PROGRAM given" },
	{ SMALL_OPTIONS " --", 2, "no PROGRAM given" },
	{ "--no-delegation --cmds map_create -- " NOT_RUN, 2, "contradict" },
	{ SMALL_OPTIONS " --map 1:100000:65536 -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --map 0:100000 -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --map 0:100000:0 -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --map 0:100000:65536: -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --map 0:-1:65536 -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --map 0:99999999999:1 -- " NOT_RUN, 2, "--map" },
	{ SMALL_OPTIONS " --user root -- " NOT_RUN, 2, "--user" },
	{ SMALL_OPTIONS " --user 1000: -- " NOT_RUN, 2, "--user" },
	{ SMALL_OPTIONS " --user 4294967295 -- " NOT_RUN, 2, "--user" },
	{ SMALL_OPTIONS " --caps cap_bogus -- " NOT_RUN, 2, "--caps" },
	{ SMALL_OPTIONS " --net bridge -- " NOT_RUN, 2, "private or host" },
	{ SMALL_OPTIONS " --net -- " NOT_RUN, 2, "private or host" },
	{ SMALL_OPTIONS " --bpffs sys/fs/bpf -- " NOT_RUN, 2, "an absolute path" },
	{ SMALL_OPTIONS " --bpff /sys/fs/bpf -- " NOT_RUN, 2, "nearest is --bpffs" },
	/* the container */
	{ SMALL_OPTIONS " --map 0:4294967290:100 -- " NOT_RUN, 125, "uid_map" },
	{ SMALL_OPTIONS " --user 70000 -- " NOT_RUN, 125, "uid 70000" },
	{ SMALL_OPTIONS " --rootfs /nonexistent -- " NOT_RUN, 125, "/nonexistent" },
	{ SMALL_OPTIONS " --bpffs /nonexistent -- " NOT_RUN, 125, "/nonexistent" },
	{ SMALL_OPTIONS " --bpffs /proc/version -- " NOT_RUN, 125, "Not a directory" },
	/* /proc/self is a symbolic link, its root a magic one */
	{ SMALL_OPTIONS " --bpffs /proc/self -- " NOT_RUN, 5, "symbolic link" },
	{ SMALL_OPTIONS " --bpffs /proc/1/root/tmp -- " NOT_RUN, 5, "/proc/1/root/tmp" },
	/* the program, as env(1) does */
	{ SMALL_OPTIONS " -- " NOT_RUN, 127, NOT_RUN },
	{ SMALL_OPTIONS " -- this-is-not-in-the-path", 127, "this-is-not-in-the-path" },
	{ SMALL_OPTIONS " -- /proc/version", 126, "/proc/version" },
	{ SMALL_OPTIONS " -- /tmp", 126, "/tmp" },
};

static void expect_refusal(const char *arguments, int status, const char *says,
			   const struct left *before)
{
	static struct live_result result;
	char text[1024];

	snprintf(text, sizeof(text), "run %s", arguments);
	run_command(&result, text, NULL);
	if (result.status != status || !strstr(result.err, says) || result.out[0])
		live_fail(__FILE__, __LINE__,
			  "%s: status %d, not %d; stderr without \"%s\": %s; stdout: %s",
			  text, result.status, status, says, result.err, result.out);
	expect_one_line(text, result.err);
	expect_left(text, before);
}

static struct left prepare(void)
{
	(void)command_copy();
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	return count_left();
}

static void bad_input(void)
{
	struct left before = prepare();

	for (size_t i = 0; i < LIVE_COUNT(refusals); i++)
		expect_refusal(refusals[i].arguments, refusals[i].status,
			       refusals[i].says, &before);
}

/* Every bit that this kernel does not know, and that no name of ours stands for. */
static void bits_beyond_the_kernel(void)
{
	static const char *const options[] = { "--cmds", "--maps", "--progs",
					       "--attachs" };
	struct left before = prepare();

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		for (uint32_t bit = (uint32_t)names_kernel_count(set); bit < 64;
		     bit += 7) {
			const char *name = bpftoken_name(set, bit);
			char text[128], says[32];

			snprintf(says, sizeof(says), "0x%llx", 1ULL << bit);
			snprintf(text, sizeof(text), "%s %s -- " NOT_RUN, options[set],
				 says);
			expect_refusal(text, 4, name ? name : says, &before);
			/* together with one that the kernel knows */
			snprintf(text, sizeof(text), "%s 0x1 %s %s -- " NOT_RUN,
				 options[set], options[set], says);
			expect_refusal(text, 4, name ? name : says, &before);
		}
	}
}

/* A name of a kernel newer than this one is not taken for something else. */
static void names_beyond_the_kernel(void)
{
	static const char *const options[] = { "--cmds", "--maps", "--progs",
					       "--attachs" };
	struct left before = prepare();
	size_t tried = 0;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		size_t count;
		const struct name_row *rows = names_table(set, &count);

		for (size_t i = 0; i < count; i++) {
			char text[128];

			if (rows[i].value < (uint32_t)names_kernel_count(set))
				continue;
			snprintf(text, sizeof(text), "%s %s -- " NOT_RUN, options[set],
				 rows[i].name);
			expect_refusal(text, 4, rows[i].name, &before);
			tried++;
		}
	}
	/* none where the kernel is as new as our tables */
	printf("%zu names\n", tried);
}

/* -------------------------------------------------------------- privilege */

/* Uid 1000 without capabilities runs the rest of the words. */
static int inside_as_user(int argc, char **argv)
{
	EXPECT_EQ(setresgid(1000, 1000, 1000), 0);
	EXPECT_EQ(setresuid(1000, 1000, 1000), 0);
	execv(argv[1], argv + 1);
	return 120;
}

/* Root that lacks CAP_SYS_ADMIN, and nothing else. */
static int inside_without_sys_admin(int argc, char **argv)
{
	EXPECT_EQ(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0), 0);
	execv(argv[1], argv + 1);
	return 120;
}

static void refused_for(const char *who, const char *options)
{
	struct left before = prepare();
	struct live_result result;
	char *argv[MAX_WORDS], buf[1024], text[1024];

	snprintf(text, sizeof(text), "%s --inside %s %s run %s -- " NOT_RUN, live_self(),
		 who, command_copy(), options);
	split(buf, sizeof(buf), text, NULL, argv);
	live_command(&result, argv);
	if (result.status != 5)
		live_fail(__FILE__, __LINE__, "%s: status %d: %s", who, result.status,
			  result.err);
	expect_one_line(who, result.err);
	EXPECT_HAS(result.err, "CAP_SYS_ADMIN");
	EXPECT_STR(result.out, "");
	expect_left(who, &before);
}

static void not_privileged(void)
{
	refused_for("as-user", SMALL_OPTIONS);
	refused_for("as-user", "--no-delegation");
	refused_for("without-sys-admin", SMALL_OPTIONS);
	refused_for("without-sys-admin", "--no-delegation");
}

static void not_in_a_user_namespace(void)
{
	struct live_result result;
	char text[1024];

	snprintf(text, sizeof(text), "run %s -- %s run %s -- " NOT_RUN, SMALL_OPTIONS,
		 command_copy(), SMALL_OPTIONS);
	run_command(&result, text, NULL);
	EXPECT_EQ(result.status, 5);
	expect_one_line("in a user namespace", result.err);
	EXPECT_HAS(result.err, "lives in a user namespace");
}

/* ---------------------------------------------------------- without tokens */

static void kernel_without_tokens(void)
{
	struct left before = prepare();
	static struct live_result result;

	if (bpftoken_supported(NULL) == 1)
		return;
	EXPECT_EQ(bpftoken_supported(NULL), -EOPNOTSUPP);
	expect_refusal(SMALL_OPTIONS " -- " NOT_RUN, 4,
		       "kernel lacks BPF tokens (Linux 6.9 or newer)", &before);
	expect_refusal("--cmds any -- " NOT_RUN, 4,
		       "kernel lacks BPF tokens (Linux 6.9 or newer)", &before);
	live_bpftoken(&result, "test", NULL);
	EXPECT_EQ(result.status, 4);
	expect_one_line("test", result.err);
	EXPECT_HAS(result.err, "kernel lacks BPF tokens (Linux 6.9 or newer)");
	expect_left("test", &before);
}

/* -------------------------------------------------------- bpftoken test */

static void test_inside(int status, const char *options, const char *test,
			struct live_result *result)
{
	char text[1024];

	snprintf(text, sizeof(text), "run %s -- %s test %s", options, command_copy(),
		 test);
	run_command(result, text, NULL);
	if (result->status != status)
		live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s%s", text,
			  result->status, status, result->out, result->err);
}

static void test_command(void)
{
	static struct live_result result;

	test_inside(0, SMALL_OPTIONS, "", &result);
	EXPECT_HAS(result.out, "with it 4: the token is what permits them");
	test_inside(0, SMALL_OPTIONS, "--drop-caps", &result);
	EXPECT_HAS(result.out, "capability missing");
	test_inside(0, SMALL_OPTIONS, "--drop-caps --json", &result);
	EXPECT_EQ(result.out[0], '{');
	EXPECT_HAS(result.out, "\"permits\":");
	EXPECT_HAS(result.out, SMALL_POLICY);
	EXPECT_HAS(result.out, "\"after_drop\":");
	EXPECT_HAS(strstr(result.out, "\"after_drop\":"), "\"capability missing\"");
	/* nothing that works: map_create without a map type */
	test_inside(3, "--cmds map_create", "", &result);
	test_inside(3, "--maps ringbuf", "", &result);
	test_inside(0, "--cmds map_create --maps ringbuf", "", &result);
	/* delegated, but the program may not use it */
	test_inside(5, SMALL_OPTIONS " --user 1000", "", &result);
	test_inside(1, SMALL_OPTIONS, "/nonexistent", &result);
	expect_one_line("test", result.err);
	test_inside(1, SMALL_OPTIONS, "/tmp", &result);
	expect_one_line("test", result.err);
	EXPECT_HAS(result.err, "not the root directory of a bpffs");
}

static const struct live_test tests[] = {
	{ "bad input", bad_input, false },
	{ "bits beyond the kernel", bits_beyond_the_kernel, false },
	{ "names beyond the kernel", names_beyond_the_kernel, false },
	{ "not privileged", not_privileged, false },
	{ "not in a user namespace", not_in_a_user_namespace, false },
	{ "kernel without tokens", kernel_without_tokens, true },
	{ "bpftoken test", test_command, false },
};

static const struct live_inside inside[] = {
	{ "as-user", inside_as_user },
	{ "without-sys-admin", inside_without_sys_admin },
};

LIVE_MAIN_INSIDE(tests, inside)
