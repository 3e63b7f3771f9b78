/* SPDX-License-Identifier: MIT */
/* bpftoken umount: a delegation out of a running container. */
#include "target.h"

#include "util.h"

#define MAX_STACKED 16

struct umount_options {
	struct target_options target;
};

static const struct cli_option options[] = {
	TARGET_OPTION_ROWS(struct umount_options, target),
	{ 0 },
};

/* Everything that is delegated on the path, from the top; at least one. */
static int detach_all(struct target_options *target, uint64_t devices[],
		      size_t *ret_count)
{
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct bpftoken_error err;
	size_t count = 0;
	int r = 0;

	opts.target = target->target;
	opts.root = target->root;
	while (r == 0 && count < MAX_STACKED) {
		r = bpftoken_bpffs_unmount(target->pidfd, &opts, &devices[count], &err);
		count += r == 0;
	}
	*ret_count = count;
	return count && (r == 0 || r == -ENODATA) ? 0 : cli_fail(&err);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct umount_options umount = { 0 };
	struct target_options *target = &umount.target;
	uint64_t devices[MAX_STACKED];
	struct target_result result = { .word = "detached",
					.text = "detached",
					.devices = devices };
	int status;
	int first = cli_parse(command, argc, argv, &umount, &status);

	if (first < 0)
		return status;
	if (first < argc)
		return cli_usage(command, "unexpected operand \"%.64s\"", argv[first]);
	status = target_open(command, target);
	if (status == 0)
		status = detach_all(target, devices, &result.device_count);
	if (status == 0)
		status = target_report(target, &result);
	target_close(target);
	return status;
}

const struct cli_command cmd_umount = {
	.name = "umount",
	.synopsis = "(--pid PID | --pidfd N | --container NAME) [OPTIONS]",
	.summary = "Take a delegation out of a running container",
	.options = options,
	.run = run,
};
