/* SPDX-License-Identifier: MIT */
/*
 * The gate lockdown of bpftoken doctor. What is locked stays locked, so that this program
 * is the last in a VM, and on any other machine asks for the level that it has.
 */
#include "live-doctor.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define READ_KERNEL 113
#define POLICY                                                                 \
	"delegate_cmds=prog_load,delegate_progs=raw_tracepoint:socket_filter," \
	"delegate_attachs=cgroup_inet_ingress"

static void locked_body(void *data)
{
	struct bpftoken_error reason;
	int token = EXPECT_OK(bpftoken_open(NULL, &reason), &reason);
	int answer = bpftoken_probe_helper(17, READ_KERNEL, token, &reason);

	EXPECT_EQ(answer == BPFTOKEN_WORKS, !data);
	expect_doctor("", data ? "limited at lockdown:" : NOTHING, 0);
	/* whom it does not concern */
	expect_doctor("--progs socket_filter", NOTHING, 0);
}

static void lockdown(void)
{
	char yes[] = "locked";
	bool locked = strstr(live_file(LOCKDOWN), "[confidentiality]") != NULL;

	(void)command_copy();
	live_in_container(POLICY, locked_body, locked ? yes : NULL);
	if (locked || !getenv("BPFTOKEN_KERNEL"))
		return;
	write_setting(LOCKDOWN, "confidentiality");
	live_in_container(POLICY, locked_body, yes);
}

static const struct live_test tests[] = {
	{ "lockdown", lockdown },
};

LIVE_MAIN(tests)
