/* SPDX-License-Identifier: MIT */
/*
 * The gate lockdown of bpftoken doctor. What is locked stays locked, so that this program
 * is the last in a VM, and on any other machine asks for the level that it has.
 */
#include "live-more.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define READ_KERNEL 113
#define POLICY                                                                 \
	"delegate_cmds=prog_load,delegate_progs=raw_tracepoint:socket_filter," \
	"delegate_attachs=cgroup_inet_ingress"

static void expect_first(const char *text, const char *begins)
{
	static struct live_result result;

	run_command(&result, text, NULL);
	EXPECT_EQ(result.status, 0);
	if (strncmp(result.out, begins, strlen(begins)) != 0)
		live_fail(__FILE__, __LINE__, "%s: not \"%s\": %s", text, begins,
			  result.out);
}

static void locked_body(void *data)
{
	struct bpftoken_error reason;
	int token = EXPECT_OK(bpftoken_open(NULL, &reason), &reason);
	int answer = bpftoken_probe_helper(17, READ_KERNEL, token, &reason);

	EXPECT_EQ(answer == BPFTOKEN_WORKS, !data);
	expect_first("doctor", data ? "limited at lockdown:" : "nothing stands in");
	/* whom it does not concern */
	expect_first("doctor --progs socket_filter", "nothing stands in");
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
