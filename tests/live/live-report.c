/* SPDX-License-Identifier: MIT */
/*
 * The report of `bpftoken probe --json` against the library: every answer is the one that
 * the call of the library gives in the same place, and there is one for every value that
 * the running kernel knows.
 */
#include "live-more.h"

#include <json-c/json.h>
#include <sys/mman.h>

#define REPORT_FD 9

static struct json_object *report;
static int token;
static size_t compared;

/* bpftoken probe --json --full --token PATH, into a file of memory. */
static void read_report(const char *path)
{
	char shell[] = "sh", option[] = "-c";
	char *bpftoken = (char *)(uintptr_t)command_copy();
	char *where = (char *)(uintptr_t)path;
	char command[] = "exec \"$0\" probe --json --full --token \"$1\" >&9";
	char *const argv[] = { shell, option, command, bpftoken, where, NULL };
	struct live_result result;
	int fd = memfd_create("report", MFD_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(dup2(fd, REPORT_FD), REPORT_FD);
	live_command(&result, argv);
	EXPECT_STR(result.err, "");
	EXPECT_EQ(result.status, 0);
	EXPECT_EQ(lseek(REPORT_FD, 0, SEEK_SET), 0);
	report = json_object_from_fd(REPORT_FD);
	EXPECT(report);
	close(fd);
	close(REPORT_FD);
}

/* The item's answer in the report; group may be NULL. */
static const char *reported(const char *section, const char *group, const char *name)
{
	struct json_object *at = report, *answer;

	if (!json_object_object_get_ex(at, section, &at) ||
	    (group && !json_object_object_get_ex(at, group, &at)) ||
	    !json_object_object_get_ex(at, name, &at) ||
	    !json_object_object_get_ex(at, "answer", &answer))
		live_fail(__FILE__, __LINE__, "%s has no %s%s%s", section,
			  group ? group : "", group ? "/" : "", name);
	return json_object_get_string(answer);
}

static void compare(const char *section, const char *group, const char *name, int answer)
{
	const char *ours = reported(section, group, name);
	const char *word =
		answer < 0 ? "not asked" : bpftoken_answer_name((uint32_t)answer);

	compared++;
	if (strcmp(ours, word) != 0)
		live_fail(__FILE__, __LINE__,
			  "%s %s%s%s is \"%s\", the library says \"%s\"", section,
			  group ? group : "", group ? "/" : "", name, ours, word);
}

static void compare_types(void)
{
	int cmds = names_kernel_count(BPFTOKEN_CMDS);
	int maps = names_kernel_count(BPFTOKEN_MAPS);
	int progs = names_kernel_count(BPFTOKEN_PROGS);

	EXPECT(cmds > 30 && maps > 30 && progs > 30);
	for (uint32_t i = 0; i < (uint32_t)cmds; i++)
		compare("commands", NULL, bpftoken_name(BPFTOKEN_CMDS, i),
			bpftoken_probe_cmd(i, token, NULL));
	for (uint32_t i = 1; i < (uint32_t)maps; i++)
		compare("map_types", NULL, bpftoken_name(BPFTOKEN_MAPS, i),
			bpftoken_probe_map_type(i, token, NULL));
	for (uint32_t i = 1; i < (uint32_t)progs; i++)
		compare("program_types", NULL, bpftoken_name(BPFTOKEN_PROGS, i),
			bpftoken_probe_prog_type(i, BPFTOKEN_ATTACH_DEFAULT, token,
						 NULL));
}

static void compare_helpers(void)
{
	int progs = names_kernel_count(BPFTOKEN_PROGS);
	uint32_t helpers = bpftoken_helper_count();

	EXPECT(helpers > 150);
	for (uint32_t type = 1; type < (uint32_t)progs; type++)
		for (uint32_t helper = 1; helper < helpers; helper++)
			compare("helpers", bpftoken_name(BPFTOKEN_PROGS, type),
				bpftoken_helper_name(helper),
				bpftoken_probe_helper(type, helper, token, NULL));
}

static void compare_rest(void)
{
	for (uint32_t i = 1; bpftoken_btf_kind_name(i); i++)
		compare("btf_kinds", NULL, bpftoken_btf_kind_name(i),
			bpftoken_probe_btf_kind(i, token, NULL));
	for (uint32_t i = 0; i < BPFTOKEN_LINKS; i++)
		compare("links", NULL, bpftoken_link_name(i),
			bpftoken_probe_link(i, token, NULL));
	for (uint32_t i = 0; i < BPFTOKEN_FEATURES; i++)
		compare("features", NULL, bpftoken_feature_name(i),
			bpftoken_probe_feature(i, token, NULL));
	compare("map_flags", "hash", "no_prealloc",
		bpftoken_probe_map_flag(MAP_HASH, 1U << 0, token, NULL));
	compare("attach_types", "xdp", "xdp",
		bpftoken_probe_prog_type(PROG_XDP, ATTACH_XDP, token, NULL));
}

/* Every name in the kernel's list of kfuncs is one that the library finds. */
static void compare_kfuncs(void)
{
	struct json_object *kfuncs;

	EXPECT(json_object_object_get_ex(report, "kfuncs", &kfuncs));
	json_object_object_foreach(kfuncs, name, value)
	{
		(void)value;
		compare("kfuncs", NULL, name, bpftoken_probe_kfunc(0, name, token, NULL));
	}
}

static void compare_all(void *data)
{
	(void)data;
	compare_types();
	compare_helpers();
	compare_rest();
	compare_kfuncs();
	EXPECT(compared > 5000);
	json_object_put(report);
}

static void in_container(void *data)
{
	struct bpftoken_error err;

	token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	read_report(LIVE_BPFFS);
	compare_all(data);
}

static void on_the_host(void)
{
	token = -1;
	read_report("none");
	compare_all(NULL);
}

static void with_any(void)
{
	(void)command_copy(); /* which the container can read, perhaps not ours */
	live_in_container(LIVE_ANY, in_container, NULL);
}

static void with_little(void)
{
	(void)command_copy();
	live_in_container(SMALL_POLICY, in_container, NULL);
}

static const struct live_test tests[] = {
	{ "report: on the host it is what the library says", on_the_host, false },
	{ "report: with everything delegated, too", with_any, false },
	{ "report: with little delegated, too", with_little, false },
};
LIVE_MAIN(tests)
