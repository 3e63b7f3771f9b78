/* SPDX-License-Identifier: MIT */
/*
 * The hooks of the engines, from what the engine says to the mount: profile and ceiling,
 * the bundle, who the process is, and the delegation itself.
 */
#include "faults.h"

#include "handshake.h"
#include "hook.h"

#define STATE(annotations)                                                                   \
	"{\"ociVersion\": \"1.0.2\", \"id\": \"c\", \"status\": \"creating\", \"pid\": 42, " \
	"\"bundle\": \"/bundle\", \"annotations\": {" annotations "}}"

static const char config[] =
	"{\"root\": {\"path\": \"/\"}, \"linux\": {\"namespaces\": [{\"type\": \"user\"}, "
	"{\"type\": \"mount\"}], \"uidMappings\": [{\"containerID\": 0, \"hostID\": 100000, "
	"\"size\": 65536}], \"gidMappings\": [{\"containerID\": 0, \"hostID\": 100000, "
	"\"size\": 65536}]}}";

static const char profile[] = "[delegate]\n"
			      "cmds = map_create prog_load\n"
			      "maps = ringbuf\n"
			      "progs = socket_filter\n"
			      "attachs = cgroup_inet_ingress\n";

static void set_up(void)
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

static const struct fault_path paths[] = {
	{ "hook oci", oci, set_up, "sys_reap" },
	{ "hook lxc", lxc, lxc_set_up, "sys_reap" },
};

int main(void)
{
	return faults_main(paths, ARRAY_SIZE(paths));
}
