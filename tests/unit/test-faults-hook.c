/* SPDX-License-Identifier: MIT */
/*
 * The hooks of the engines, from what the engine says to the mount: profile and ceiling,
 * the bundle, who the process is, the delegation itself, and exec in front of the program,
 * as far as the host has a part in it.
 */
#include "faults.h"

#include "handshake.h"
#include "hook.h"

#define STATE(annotations)                                                                   \
	"{\"ociVersion\": \"1.0.2\", \"id\": \"c\", \"status\": \"creating\", \"pid\": 42, " \
	"\"bundle\": \"/bundle\", \"annotations\": {" annotations "}}"

static const char config[] =
	"{\"process\": {\"args\": [\"/entry\"], \"env\": [\"PATH=/bin\"], \"cwd\": \"/\"},"
	"\"root\": {\"path\": \"/\"}, \"linux\": {\"namespaces\": [{\"type\": \"user\"}, "
	"{\"type\": \"mount\"}], \"uidMappings\": [{\"containerID\": 0, \"hostID\": 100000, "
	"\"size\": 65536}], \"gidMappings\": [{\"containerID\": 0, \"hostID\": 100000, "
	"\"size\": 65536}]}}";

static const char profile[] = "[delegate]\n"
			      "cmds = map_create prog_load\n"
			      "maps = ringbuf\n"
			      "progs = socket_filter\n"
			      "attachs = cgroup_inet_ingress\n";

static void files(void)
{
	fake_file("/etc", NULL);
	fake_file("bpftoken", NULL);
	fake_file("profiles.d", NULL);
	fake_file("sockfilter.ini", profile);
	fake_file("ceiling.ini", profile);
	fake_file("/bundle/config.json", config);
	fake_file("/proc/42/mountinfo", "1 1 0:5 / / rw - ext4 x rw\n");
	fake.may_lack[0] = "/etc";
	fake.may_lack[1] = "bpftoken";
	fake.may_lack[2] = "ceiling.ini";
}

static void set_up(void)
{
	files();
	faults_finds(0);
	faults_says(HANDSHAKE_CONTEXT, "fscontext");
	faults_says(HANDSHAKE_PLACED, NULL);
}

static int delegate(struct hook_request *request, int r, struct bpftoken_error *err)
{
	if (r == 0)
		r = request->policy ? hook_delegate(request, err) : -EINVAL;
	hook_request_done(request);
	return r;
}

static int oci(struct bpftoken_error *err)
{
	struct hook_request request = HOOK_REQUEST_EMPTY;
	int r = hook_oci_read(&request, STATE("\"bpftoken.policy\": \"sockfilter\""),
			      err);

	return delegate(&request, r, err);
}

/* Its file has to be root's, which is asked of a real one. */
static int lxc(struct bpftoken_error *err)
{
	const struct hook_lxc said = { "start-host", "42", "/etc/passwd" };
	struct hook_request request = HOOK_REQUEST_EMPTY;
	int r = hook_lxc_read(&request, &said, err);

	return delegate(&request, r, err);
}

static void lxc_set_up(void)
{
	set_up();
	fake_file("/etc/passwd", "# bpftoken.policy = sockfilter\n");
}

/* --------------------------------------------------------------- with exec */

static int delegate_exec(struct hook_request *request, int r, struct bpftoken_error *err)
{
	request->front = "/front";
	request->preload = "/preload.so";
	return delegate(request, r, err);
}

static int oci_exec(struct bpftoken_error *err)
{
	struct hook_request request = HOOK_REQUEST_EMPTY;
	int r = hook_oci_read(&request,
			      STATE("\"bpftoken.policy\": \"sockfilter\", "
				    "\"bpftoken.exec\": \"true\""),
			      err);

	return delegate_exec(&request, r, err);
}

static int lxc_exec(struct bpftoken_error *err)
{
	const struct hook_lxc said = { "start-host", "42", "/etc/passwd" };
	struct hook_request request = HOOK_REQUEST_EMPTY;
	int r = hook_lxc_read(&request, &said, err);

	return delegate_exec(&request, r, err);
}

/* The second helper asks about two places and is done. */
static void front_is_placed(void)
{
	fake_file("/front", "front");
	fake_file("/preload.so", "preload");
	faults_finds(FAKE_MOUNT_ID);
	faults_finds(FAKE_MOUNT_ID);
	faults_finds(1);
	faults_ends();
}

static void exec_set_up(void)
{
	set_up();
	faults_ends();
	front_is_placed();
}

/* Another hook has delegated the same. */
static void exec_second(void)
{
	files();
	faults_finds(FAKE_MOUNT_ID);
	front_is_placed();
}

static void lxc_exec_set_up(void)
{
	exec_set_up();
	fake_file("/etc/passwd", "# bpftoken.policy = sockfilter\n"
				 "# bpftoken.exec = true\n"
				 "lxc.init.cmd = /entry\n");
}

static unsigned int count_sent(uint32_t tag)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake.sent_count; i++)
		count += fake.sent[i] == tag;
	return count;
}

/*
 * A success has handed over both mounts, and answered all four questions. A failure after
 * the second one starts a helper that takes it back, and one for the bpffs.
 */
static void check_both(int r)
{
	/* one each, also where it was not started for want of that */
	unsigned int started = fake_count("sys_socketpair");

	if (r == 0) {
		assert_int_equal(count_sent(HANDSHAKE_MOUNT), 2);
		assert_int_equal(count_sent(HANDSHAKE_GO), 4);
		assert_int_equal(started, 2);
		assert_non_null(strstr(fake.config, " source=bpftoken create ro="));
	} else if (count_sent(HANDSHAKE_MOUNT) >= 2) {
		assert_int_equal(started, 4);
	}
}

/* Nobody is sent for the other hook's bpffs, whatever fails. */
static void check_front(int r)
{
	if (r == 0) {
		assert_int_equal(count_sent(HANDSHAKE_MOUNT), 1);
		assert_int_equal(count_sent(HANDSHAKE_GO), 3);
	}
	assert_in_range(fake_count("sys_socketpair"), 0, r == 0 ? 2 : 3);
}

static const struct fault_path paths[] = {
	{ "hook oci", oci, set_up, "sys_reap" },
	{ "hook lxc", lxc, lxc_set_up, "sys_reap" },
	{ "hook oci, exec", oci_exec, exec_set_up, "sys_reap", .check = check_both },
	{ "hook oci, exec, the second", oci_exec, exec_second, "sys_reap",
	  .check = check_front },
	{ "hook lxc, exec", lxc_exec, lxc_exec_set_up, "sys_reap", .check = check_both },
};

int main(void)
{
	return faults_main(paths, ARRAY_SIZE(paths));
}
