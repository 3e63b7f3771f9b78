/* SPDX-License-Identifier: MIT */
/* The running container of mount and umount, and the report about it: see target.h. */
#include "target.h"

#include "bpffs.h"
#include "end.h"
#include "json.h"
#include "print-json.h"
#include "text.h"

#include <fcntl.h>
#include <string.h>

int target_bad_value(const struct cli_option *option, const char *value, const char *form,
		     struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL, "it has to be %s", form);
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see --help");
	return -EINVAL;
}

/* option->data is added, so that 0 can mean "not given". */
int target_take_number(void *member, const struct cli_option *option, const char *value,
		       struct bpftoken_error *err)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || number > INT32_MAX - 1 ||
	    number + (unsigned long)option->data == 0)
		return target_bad_value(option, value, "a number of a process or pidfd",
					err);
	*(uint32_t *)member = (uint32_t)number + (uint32_t)option->data;
	return 0;
}

int target_take_path(void *member, const struct cli_option *option, const char *value,
		     struct bpftoken_error *err)
{
	if (value[0] != '/')
		return target_bad_value(option, value, "an absolute path", err);
	*(const char **)member = value;
	return 0;
}

/* -------------------------------------------------------------- the container */

static int open_pid(struct target_options *target, struct bpftoken_error *err)
{
	int r = sys_pidfd_open((pid_t)target->pid);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL);
	target->pidfd = r;
	return 0;
}

/* Twice, with the pidfd between: a pid that was recycled is not the init any more. */
static int open_container(struct target_options *target, struct bpftoken_error *err)
{
	pid_t pid = 0, again = 0;
	int r = engine_find("", target->name, &pid, &target->container, err);

	target->pid = (uint32_t)pid;
	if (r == 0)
		r = open_pid(target, err);
	if (r == 0)
		r = engine_find("", target->name, &again, &target->container, err);
	if (r == 0 && again != pid)
		r = err_raise(err, BPFTOKEN_STAGE_TARGET, -ESRCH, NULL);
	return r;
}

static int open_given(struct target_options *target, struct bpftoken_error *err)
{
	int fd = target->given_pidfd - 1;
	pid_t pid = sys_pidfd_pid(fd);

	if (pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, pid,
				 pid == -ESRCH ? NULL : "descriptor %d is no pidfd", fd);
	target->pid = (uint32_t)pid;
	target->pidfd = sys_dup_high(fd);
	return target->pidfd < 0
		       ? err_raise(err, BPFTOKEN_STAGE_TARGET, target->pidfd, NULL)
		       : 0;
}

/* What it takes to tell afterwards whose process it was, and who is of the container. */
static int look_at(struct target_options *target, struct bpftoken_error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/user", target->pid);
	if (target->kill)
		target->user_fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	if (target->kill && target->user_fd < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET,
				 target->user_fd == -ENOENT ? -ESRCH : target->user_fd,
				 NULL);
	if (!target->container.engine &&
	    engine_of_pid((pid_t)target->pid, &target->container) <= 0)
		target->container.engine = NULL;
	return sys_pidfd_signal(target->pidfd, 0) < 0
		       ? err_raise(err, BPFTOKEN_STAGE_TARGET, -ESRCH, NULL)
		       : 0;
}

int target_open(const struct cli_command *command, struct target_options *target)
{
	int given =
		(target->pid != 0) + (target->given_pidfd != 0) + (target->name != NULL);
	struct bpftoken_error err;
	int r;

	target->pidfd = target->user_fd = -EBADF;
	if (given != 1)
		return cli_usage(command,
				 given ? "--pid, --pidfd and --container exclude "
					 "one another"
				       : "no container given (--pid, --pidfd or "
					 "--container)");
	if (target->name)
		r = open_container(target, &err);
	else if (target->pid)
		r = open_pid(target, &err);
	else
		r = open_given(target, &err);
	if (r == 0)
		r = look_at(target, &err);
	return r < 0 ? cli_fail(&err) : 0;
}

void target_close(struct target_options *target)
{
	close_fd(&target->pidfd);
	close_fd(&target->user_fd);
}

/* ------------------------------------------------------------------- the report */

struct report {
	const struct target_options *target;
	uint64_t device;
	struct json_object *list; /* NULL: text */
	size_t holders, killed;
	int status;
	bool failed; /* no memory for the list */
};

static void print_holder(const struct bpftoken_holder *holder, bool killed)
{
	printf("  %d %s: %u token%s", holder->pid,
	       text_quote(holder->name, strlen(holder->name)).text, holder->tokens,
	       holder->tokens == 1 ? "" : "s");
	if (holder->directories)
		printf(", %u director%s of the old bpffs", holder->directories,
		       holder->directories == 1 ? "y" : "ies");
	puts(killed ? ", killed" : "");
}

static bool add_holder(struct json_object *list, const struct bpftoken_holder *holder,
		       bool killed)
{
	struct json_object *one = json_object_new_object();
	bool good = json_add(one, "pid", json_object_new_int(holder->pid)) &&
		    json_add(one, "name", json_object_new_string(holder->name)) &&
		    json_add(one, "tokens", json_object_new_int64(holder->tokens)) &&
		    json_add(one, "directories",
			     json_object_new_int64(holder->directories)) &&
		    json_add(one, "killed", json_object_new_boolean(killed));

	return json_append(list, one) && good;
}

static int take_holder(const struct bpftoken_holder *holder, void *data)
{
	struct report *report = data;
	struct bpftoken_error err;
	bool killed = false;

	if (report->target->kill) {
		int r = end_holder(holder, report->device, report->target->user_fd, &err);

		killed = r > 0;
		if (r == 0)
			return 0;
		if (r < 0) {
			report->status = CLI_FAILED;
			(void)cli_fail(&err);
		}
	}
	report->holders++;
	report->killed += killed;
	if (!report->list)
		print_holder(holder, killed);
	else if (!add_holder(report->list, holder, killed))
		report->failed = true;
	return 0;
}

static void find_holders(struct report *report, const struct target_result *result)
{
	struct bpftoken_error err;

	for (size_t i = 0; i < result->device_count; i++) {
		uint32_t unseen = 0;
		int r;

		report->device = result->devices[i];
		r = bpftoken_bpffs_holders(report->device, take_holder, report, &unseen,
					   &err);
		if (r < 0)
			report->status = cli_fail(&err);
		else if (unseen && i == 0)
			cli_note("%u process%s could not be looked at", unseen,
				 unseen == 1 ? "" : "es");
	}
}

static int report_json(struct report *report, const struct target_result *result)
{
	const struct target_options *target = report->target;
	_cleanup_json_ struct json_object *whole = json_object_new_object();
	bool good =
		json_add(whole, "result", json_object_new_string(result->word)) &&
		json_add(whole, "pid", json_object_new_int64(target->pid)) &&
		json_add(whole, "target",
			 json_object_new_string(target->target ? target->target
							       : BPFFS_DEFAULT_TARGET));

	if (good && target->container.engine)
		good = json_add(whole, "engine",
				json_object_new_string(target->container.engine)) &&
		       json_add(whole, "container",
				json_object_new_string(target->container.name));
	good = json_add(whole, "holders", json_object_get(report->list)) && good;
	if (!good || report->failed || !cli_print_json(whole)) {
		fputs("bpftoken: cannot report: out of memory: free some memory and "
		      "repeat\n",
		      stderr);
		return CLI_FAILED;
	}
	return report->status;
}

int target_report(const struct target_options *target, const struct target_result *result)
{
	_cleanup_json_ struct json_object *list =
		target->json ? json_object_new_array() : NULL;
	struct report report = { .target = target, .list = list };

	if (!target->json) {
		printf("%s of process %u",
		       target->target ? target->target : BPFFS_DEFAULT_TARGET,
		       target->pid);
		if (target->container.engine)
			printf(" (%s %s)", target->container.engine,
			       text_quote(target->container.name,
					  strlen(target->container.name))
				       .text);
		printf(": %s\n", result->text);
		if (result->device_count)
			puts("Processes with a token of the old delegation:");
	}
	find_holders(&report, result);
	if (target->json)
		return report_json(&report, result);
	if (result->device_count && !report.holders)
		puts("  none");
	return report.status;
}
