/* SPDX-License-Identifier: MIT */
/* What is delegated where a program runs, as its mounts say: see record.h. */
#include "record.h"

#include "mountinfo.h"

#include <string.h>

/* Mounts that delegate are few, mostly one: together they are what can be had here. */
static int take_mount(const struct mountinfo *mount, void *data)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	struct learn_run *run = data;

	if (strcmp(mount->fs_type, "bpf") || !strstr(mount->super_options, "delegate_") ||
	    bpftoken_policy_parse(mount->super_options, "mount", &policy, NULL) < 0)
		return 0;
	run->delegated = true;
	return bpftoken_policy_merge(&run->now, policy);
}

int learn_run_set_now(struct learn_run *run, pid_t pid)
{
	int r = mountinfo_each(pid, take_mount, run);

	return r == -ENOMEM ? r : 0;
}
