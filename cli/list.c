/* SPDX-License-Identifier: MIT */
/* bpftoken list: what is delegated on this host, to whom, and who holds tokens. */
#include "list.h"

#include "json.h"
#include "print-json.h"
#include "show.h"
#include "target.h"
#include "text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int take_flags(void *member, const struct cli_option *option, const char *value,
		      struct bpftoken_error *err)
{
	char list[256], known[160] = "one or several of";
	char *rest = list, *word;
	int flag;

	snprintf(list, sizeof(list), "%s", value);
	while ((word = strsep(&rest, ","))) {
		flag = survey_find_flag(word);
		if (flag < 0) {
			for (size_t i = 0; i < SURVEY_FLAGS; i++) {
				strcat(known, i ? "," : " ");
				strcat(known, survey_flag_names[i]);
			}
			return target_bad_value(option, value, known, err);
		}
		*(uint32_t *)member |= 1U << flag;
	}
	return 0;
}

#define IN_LIST(member) offsetof(struct list_options, member)

static const struct cli_option options[] = {
	{ "pid", 0, "PID", "Only what this process sees.", target_take_number,
	  IN_LIST(pid), 0, NULL },
	{ "container", 0, "NAME", "Only what is in this container, by name or id.",
	  cli_take_string, IN_LIST(container), 0, NULL },
	{ "holders", 0, NULL, "Show the processes that hold tokens.", cli_take_flag,
	  IN_LIST(holders), 0, NULL },
	{ "json", 0, NULL, "Report as JSON.", cli_take_flag, IN_LIST(json), 0, NULL },
	{ "watch", 0, NULL, "Go on, and show changes as they happen.", cli_take_flag,
	  IN_LIST(watch), 0, NULL },
	{ "fail-on", 0, "FLAG", "Exit with 3 if one has this flag (repeatable).",
	  take_flags, IN_LIST(fail_on), 0,
	  "over-broad host-wide initial-userns wrong-userns user-owned detached host-net "
	  "host-cgroup inert" },
	{ "html", 0, "FILE", "Write one page with a matrix of containers and types.",
	  cli_take_string, IN_LIST(html), 0, "file" },
	{ 0 },
};

bool list_wants(const struct survey_bpffs *bpffs, const void *data)
{
	const struct list_options *list = data;
	const struct survey_place *place;

	if (!list->space)
		return true;
	for (uint32_t i = bpffs->first_place; i != SURVEY_NONE; i = place->next) {
		const struct survey_space *space;

		place = &list->survey->places.at[i];
		space = &list->survey->spaces.at[place->space];
		if (space->id == list->space)
			return true;
		if (list->meant.engine && space->container.engine &&
		    !strcmp(list->meant.engine, space->container.engine) &&
		    !strcmp(list->meant.name, space->container.name))
			return true;
	}
	return false;
}

bool list_fails(const struct list_options *list)
{
	for (size_t i = 0; i < list->survey->bpffs.count; i++) {
		const struct survey_bpffs *bpffs = &list->survey->bpffs.at[i];

		for (size_t flag = 0; flag < SURVEY_FLAGS; flag++)
			if (bpffs->says[flag] && list->fail_on >> flag & 1 &&
			    list_wants(bpffs, list))
				return true;
	}
	return false;
}

void list_note_unseen(const struct survey *survey)
{
	if (survey->unseen.processes || survey->unseen.tables)
		cli_note("the namespaces of %u of %u processes and the descriptors of %u "
			 "could not be looked at, so that user namespaces, owners, ages "
			 "and holders may be missing: %s",
			 survey->unseen.processes, survey->processes,
			 survey->unseen.tables,
			 geteuid() ? "run as root"
				   : "they have capabilities that this one lacks");
	if (survey->unseen.files)
		cli_note("%u filesystem%s did not say what it is: tokens on it would be "
			 "missing",
			 survey->unseen.files, survey->unseen.files == 1 ? "" : "s");
	if (survey->unseen.spaces)
		cli_note(
			"%u mount namespace%s without processes could not be looked into",
			survey->unseen.spaces, survey->unseen.spaces == 1 ? "" : "s");
	if (survey->part)
		cli_note("only the processes of this pid namespace are seen: run in the "
			 "host's");
}

/* Which mount namespace --pid or --container means. */
static int find_space(struct list_options *list)
{
	struct bpftoken_error err;
	pid_t pid = (pid_t)list->pid;
	char path[64];
	int r = 0;

	if (!list->pid && !list->container)
		return 0;
	if (list->container)
		r = engine_find("", list->container, &pid, &list->meant, &err);
	if (r < 0)
		return cli_fail(&err);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	r = sys_inode(AT_FDCWD, path, &list->space);
	if (r == 0)
		return 0;
	err_raise(&err, BPFTOKEN_STAGE_TARGET, r == -ENOENT ? -ESRCH : r, NULL);
	err_what(&err, "cannot look at process %d", (int)pid);
	return cli_fail(&err);
}

static int print_json(const struct list_options *list)
{
	_cleanup_json_ struct json_object *root =
		survey_json(list->survey, list_wants, list);

	return root && cli_print_json(root) ? 0 : -ENOMEM;
}

static int write_html(const struct list_options *list)
{
	_cleanup_text_ struct text page = { 0 };
	struct bpftoken_error err;
	FILE *file;
	int r;

	survey_html(list->survey, &page, list_wants, list);
	if (page.failed) {
		err_oom(&err);
		return cli_fail(&err);
	}
	file = fopen(list->html, "we");
	r = !file || fwrite(page.data, 1, page.len, file) != page.len ? -errno : 0;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	if (r == 0)
		return 0;
	err_raise(&err, BPFTOKEN_STAGE_TARGET, r, "%s", strerror(-r));
	err_what(&err, "cannot write %.200s",
		 text_quote(list->html, strlen(list->html)).text);
	err_fix(&err, "name a file in a directory that is there and can be written");
	return cli_fail(&err);
}

static int show_once(struct list_options *list)
{
	_cleanup_survey_ struct survey survey = { 0 };
	struct bpftoken_error err;
	int status = 0;

	if (survey_make(&survey, &err) < 0)
		return cli_fail(&err);
	list->survey = &survey;
	if (list->html)
		status = write_html(list);
	if (status)
		return status;
	if (list->json && print_json(list) < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	if (!list->json && !list->html)
		list_print(list);
	fflush(stdout);
	list_note_unseen(&survey);
	if (list_fails(list))
		return CLI_POLICY;
	return list->fail_on && survey_is_partial(&survey) ? CLI_DENIED : CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct list_options list = { 0 };
	int status, first = cli_parse(command, argc, argv, &list, &status);

	if (first < 0)
		return status;
	if (first < argc)
		return cli_usage(command, "unexpected operand \"%.64s\"", argv[first]);
	if (list.pid && list.container)
		return cli_usage(command, "--pid and --container given");
	if (list.watch && list.html)
		return cli_usage(command, "--watch and --html given");
	status = find_space(&list);
	if (status)
		return status;
	return list.watch ? list_watch(&list) : show_once(&list);
}

const struct cli_command cmd_list = {
	.name = "list",
	.synopsis = "[--pid PID | --container NAME] [OPTIONS]",
	.summary = "Show what is delegated on this host",
	.options = options,
	.run = run,
};
