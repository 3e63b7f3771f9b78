/* SPDX-License-Identifier: MIT */
/*
 * bpftoken doctor --for OBJECT: what `needs` says is enough, and every bit and every
 * capability of it is named when it is missing.
 */
#include "live-doctor.h"
#include "live-objects.h"

static const char *const objects[] = { "xdp-globals", "uprobe-multi" };

struct attempt {
	char args[512];
	uint64_t dropped;
	const char *begins;
	int status;
};

static void attempt_body(void *data)
{
	const struct attempt *attempt = data;

	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (attempt->dropped >> i & 1)
			EXPECT_EQ(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), 0);
	set_capabilities(ALL_CAPS & ~attempt->dropped);
	expect_first(attempt->args, attempt->begins, attempt->status);
}

/* Where a container's root may read it. */
static void copy_object(const char *name, char *args, size_t size)
{
	struct object object = read_object(name);
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s", command_copy());
	strcpy(strrchr(path, '/'), "/object");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, object.image, object.size), object.size);
	close(fd);
	snprintf(args, size, "--for %s", path);
}

static void in_container_of(const struct bpftoken_policy *policy, struct attempt *attempt)
{
	_cleanup_free_ char *text = NULL;
	struct bpftoken_error err;

	EXPECT_OK(bpftoken_policy_format(policy, "mount", &text, &err), &err);
	text[strcspn(text, "\n")] = '\0';
	live_in_container(text, attempt_body, attempt);
}

static void take_less(const struct bpftoken_policy *less, const char *without, void *data)
{
	static const struct {
		const char *noun, *gate;
	} gates[] = { { "command ", "cmds" },
		      { "map type ", "maps" },
		      { "program type ", "progs" },
		      { "attach type ", "attachs" } };
	struct attempt *attempt = data;
	char begins[256] = "";

	for (size_t i = 0; i < LIVE_COUNT(gates); i++)
		if (!strncmp(without, gates[i].noun, strlen(gates[i].noun)))
			snprintf(begins, sizeof(begins),
				 "stopped at %s: the token does not delegate %s\n",
				 gates[i].gate, without);
	attempt->begins = begins;
	attempt->status = 3;
	in_container_of(less, attempt);
}

static void each_object(void)
{
	for (size_t i = 0; i < LIVE_COUNT(objects); i++) {
		_cleanup_needs_ struct needs needs = { 0 };
		struct bpftoken_policy policy;
		struct attempt attempt = { .begins = NOTHING };

		ask_needs(&needs, objects[i]);
		answer_needs(&needs, &policy);
		copy_object(objects[i], attempt.args, sizeof(attempt.args));
		in_container_of(&policy, &attempt);
		each_less(&policy, take_less, &attempt);
		attempt.begins = "stopped at cap_bpf:";
		attempt.dropped = CAP(BPF);
		attempt.status = 5;
		in_container_of(&policy, &attempt);
		EXPECT_EQ(unlink(attempt.args + strlen("--for ")), 0);
	}
}

/* Its program is of no use without a perf event, which most levels refuse. */
static void perf_object(void)
{
	_cleanup_needs_ struct needs needs = { 0 };
	struct bpftoken_policy policy;
	bool refused = atoi(live_file(PERF_PARANOID)) >= 0;
	struct attempt attempt = {
		.begins = refused ? "limited at perf_event_paranoid:" : NOTHING,
	};

	ask_needs(&needs, "ringbuf");
	answer_needs(&needs, &policy);
	copy_object("ringbuf", attempt.args, sizeof(attempt.args));
	in_container_of(&policy, &attempt);
	/* what a helper asks for, beyond the type */
	attempt.begins = "stopped at cap_perfmon:";
	attempt.dropped = CAP(PERFMON) | CAP(SYS_ADMIN);
	attempt.status = 5;
	in_container_of(&policy, &attempt);
	EXPECT_EQ(unlink(attempt.args + strlen("--for ")), 0);
}

static void no_object(void)
{
	static struct live_result result;

	run_command(&result, "doctor --for /nowhere", NULL);
	EXPECT_EQ(result.status, 1);
	expect_one_line("doctor --for", result.err);
}

static const struct live_test tests[] = {
	{ "each bit that an object needs", each_object },
	{ "an object that needs perf events", perf_object },
	{ "no object", no_object, true },
};

LIVE_MAIN(tests)
