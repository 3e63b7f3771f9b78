/* SPDX-License-Identifier: MIT */
/* bpftoken doctor: which gate stops a load here or in a container, and what to change. */
#include "cli.h"

#include "doctor-report.h"
#include "needs.h"
#include "policy-options.h"
#include "target.h"
#include "token-option.h"

#include <string.h>

struct doctor_options {
	struct policy_options policy;
	struct target_options target;
	const char *token;
	const char *object; /* a file with BPF objects */
};

#define IN_TARGET(member) \
	offsetof(struct doctor_options, target) + offsetof(struct target_options, member)

static const struct cli_option options[] = {
	POLICY_OPTION_ROWS(struct doctor_options, policy),
	{ "pid", 0, "PID", "Look into the container of this process.", target_take_number,
	  IN_TARGET(pid), 0, NULL },
	{ "pidfd", 0, "N", "The same, as an inherited pidfd.", target_take_number,
	  IN_TARGET(given_pidfd), 1, NULL },
	{ "container", 0, "NAME", "The same, by name or id of the container.",
	  cli_take_string, IN_TARGET(name), 0, NULL },
	{ "for", 0, "OBJECT", "Will the BPF objects in this file load here?",
	  cli_take_string, offsetof(struct doctor_options, object), 0, "file" },
	{ "token", 0, "PATH", "The bpffs to make the token of (one that is found).",
	  cli_take_string, offsetof(struct doctor_options, token), 0, "dir" },
	{ "json", 0, NULL, "Report as JSON.", cli_take_flag, IN_TARGET(json), 0, NULL },
	{ 0 },
};

static int report(const struct doctor_options *doctor, const struct doctor_report *found,
		  const struct target_options *target)
{
	int gate = doctor_decides(found);
	struct bpftoken_error err;

	if (!doctor->target.json)
		doctor_report_print(found, target);
	else if (doctor_report_print_json(found, target) < 0)
		return cli_fail((err_oom(&err), &err));
	return gate >= 0 && found->findings[gate].state == GATE_SHUT
		       ? (int)found->findings[gate].kind
		       : CLI_DONE;
}

/* A token that was handed over, or the path that the environment names. */
static int take_token(const struct doctor_options *doctor, struct doctor_opts *opts,
		      int *ret_fd, struct bpftoken_error *err)
{
	const char *origin = cli_token_origin(doctor->token);

	opts->token_fd = -1;
	if (!origin || !strcmp(origin, "none"))
		return 0;
	if (origin[0] != '$') {
		opts->path = origin;
		return 0;
	}
	if (cli_open_token(NULL, ret_fd, err) < 0)
		return err->code;
	opts->token_fd = *ret_fd;
	return 0;
}

/* The first thing that no policy gives. Perf events have gates of their own. */
static void take_never(const struct needs *needs, struct doctor_opts *opts)
{
	for (size_t i = 0; i < needs->count && !opts->never[0]; i++) {
		const struct needs_item *item = &needs->items[i];

		if (item->kind == NEEDS_NEVER && !strstr(item->why, "perf_event_open"))
			snprintf(opts->never, sizeof(opts->never), "%s: %s", item->name,
				 item->why);
	}
}

/* What the object needs is wanted, too. */
static int take_object(struct doctor_options *doctor, struct doctor_opts *opts,
		       struct bpftoken_error *err)
{
	_cleanup_needs_ struct needs needs = { 0 };
	struct bpftoken_policy policy;
	int r;

	if (!doctor->object)
		return 0;
	r = needs_add_file(&needs, doctor->object, err);
	if (r >= 0)
		r = needs_finish(&needs, err);
	if (r < 0)
		return r;
	if (!doctor->policy.policy && bpftoken_policy_new(&doctor->policy.policy) < 0)
		return err_oom(err);
	needs_policy(&needs, &policy);
	take_never(&needs, opts);
	opts->capabilities = needs.capabilities;
	opts->wanted = doctor->policy.policy;
	return bpftoken_policy_merge(doctor->policy.policy, &policy);
}

static int examine(const struct cli_command *command, struct doctor_options *doctor)
{
	struct target_options *target = &doctor->target;
	bool elsewhere = target->pid || target->given_pidfd || target->name;
	_cleanup_free_ struct doctor_report *found = calloc(1, sizeof(*found));
	_cleanup_close_ int token_fd = -EBADF;
	struct doctor_opts opts = { .wanted = doctor->policy.policy, .token_fd = -1 };
	struct bpftoken_error err;
	int r;

	if (!found)
		return cli_fail((err_oom(&err), &err));
	if (take_object(doctor, &opts, &err) < 0)
		return cli_fail(&err);
	if (elsewhere) {
		int status = target_open(command, target);

		if (status)
			return status;
		opts.path = doctor->token;
		r = doctor_run_in(target->pidfd, &opts, found, &err);
	} else {
		r = take_token(doctor, &opts, &token_fd, &err);
		if (r == 0)
			r = doctor_run(&opts, found, &err);
	}
	return r < 0 ? cli_fail(&err) : report(doctor, found, elsewhere ? target : NULL);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct doctor_options doctor = { .target = { .pidfd = -EBADF,
						     .user_fd = -EBADF } };
	int status = CLI_USAGE;
	int first = cli_parse(command, argc, argv, &doctor, &status);

	if (first >= 0 && argc > first)
		status = cli_usage(command, "no operand is taken, not \"%.64s\"",
				   argv[first]);
	else if (first >= 0)
		status = examine(command, &doctor);
	policy_options_done(&doctor.policy);
	target_close(&doctor.target);
	return status;
}

const struct cli_command cmd_doctor = {
	.name = "doctor",
	.synopsis = "[--pid PID | --pidfd N | --container NAME] [POLICY]\n"
		    "         [--for OBJECT] [--token PATH] [--json]",
	.summary = "Show which gate stops a load, here or in a container, and prove it",
	.options = options,
	.run = run,
};
