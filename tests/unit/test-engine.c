/* SPDX-License-Identifier: MIT */
/*
 * Which container a cgroup belongs to, over lines as each engine makes them, and names
 * looked up in a copy of what /proc and the engines' state would say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define ID2 "ffff2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define POD "1f2e3d4c-5b6a-7988-a7b6-c5d4e3f20100"
#define POD_ "1f2e3d4c_5b6a_7988_a7b6_c5d4e3f20100"
#define USER "/user.slice/user-1000.slice/user@1000.service"

static const struct {
	const char *cgroup;
	struct engine_container is; /* engine NULL: none */
} rows[] = {
	/* LXC and its relatives */
	{ "0::/lxc.payload.c1\n", { "lxc", "c1" } },
	{ "0::/lxc.payload.c1/system.slice/ssh.service\n", { "lxc", "c1" } },
	{ "0::/lxc.payload.web_c-1.x/init.scope\n", { "lxc", "web_c-1.x" } },
	{ "12:cpuset:/lxc.payload.c1\n1:name=systemd:/lxc.payload.c1/init.scope\n0::/\n",
	  { "lxc", "c1" } },
	{ "5:memory:/lxc/old\n", { "lxc", "old" } },
	{ "0::/lxc.monitor.c1\n", { 0 } },
	/* podman, rootful with systemd and cgroupfs, in a unit, rootless; its monitor */
	{ "0::/machine.slice/libpod-" ID ".scope/container\n", { "podman", ID } },
	{ "0::/machine.slice/libpod-" ID ".scope\n", { "podman", ID } },
	{ "0::/libpod_parent/libpod-" ID "\n", { "podman", ID } },
	{ "0::/system.slice/web.service/libpod-payload-" ID "\n", { "podman", ID } },
	{ "0::" USER "/user.slice/libpod-" ID ".scope/container\n",
	  { "podman", ID, "", true } },
	{ "0::/machine.slice/libpod-conmon-" ID ".scope\n", { 0 } },
	/* docker with both drivers, docker in docker, docker in LXC */
	{ "0::/system.slice/docker-" ID ".scope\n", { "docker", ID } },
	{ "11:devices:/docker/" ID "\n0::/\n", { "docker", ID } },
	{ "0::/docker/" ID "/docker/" ID2 "\n", { "docker", ID } },
	{ "0::/lxc.payload.c1/system.slice/docker-" ID ".scope\n", { "lxc", "c1" } },
	/* Kubernetes: CRI-O and containerd, both drivers */
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/crio-" ID ".scope/container\n",
	  { "cri-o", ID, POD } },
	{ "0::/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID ".scope\n",
	  { "containerd", ID, POD } },
	{ "0::/kubepods/besteffort/pod" POD "/" ID "\n", { "containerd", ID, POD } },
	{ "0::/kubepods/pod" POD "/crio-" ID "\n", { "cri-o", ID, POD } },
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/crio-conmon-" ID ".scope\n",
	  { 0 } },
	/* containerd's own */
	{ "0::/default/job-1\n", { "containerd", "job-1" } },
	{ "0::/k8s.io/" ID "\n", { "containerd", ID } },
	{ "0::/system.slice/nerdctl-" ID ".scope\n", { "containerd", ID } },
	/* systemd */
	{ "0::/machine.slice/machine-deb\\x2d13.scope/payload\n",
	  { "nspawn", "deb-13" } },
	/* no machine has these in its name, and no escape has a sign or a blank */
	{ "0::/machine.slice/machine-a\\x2f\\x00\\x+1\\x 1\\x4.scope\n",
	  { "nspawn", "a\\x2f\\x00\\x+1\\x 1\\x4" } },
	{ "0::/machine.slice/systemd-nspawn@deb.service/payload/system.slice/x.service\n",
	  { "nspawn", "deb" } },
	{ "0::/system.slice/cron.service\n", { "unit", "cron.service" } },
	{ "0::/system.slice/system-getty.slice/getty@tty1.service\n",
	  { "unit", "getty@tty1.service" } },
	{ "0::/user.slice/user-0.slice/session-3.scope\n", { 0 } },
	{ "0::" USER "/app.slice/shell.service\n",
	  { "unit", "shell.service", "", true } },
	/* what a container calls its own cgroups does not count */
	{ "0::/lxc.payload.evil/lxc.payload.good\n", { "lxc", "evil" } },
	{ "0::/machine.slice/libpod-" ID ".scope/docker/" ID2 "\n", { "podman", ID } },
	{ "0::" USER "/lxc.payload.c1\n", { "lxc", "c1", "", true } },
	/* no ids, no text */
	{ "0::/docker/"
	  "0a1b2c"
	  "\n",
	  { 0 } },
	{ "0::/system.slice/docker-xyz.scope\n", { 0 } },
	{ "0::/lxc.payload.\n", { 0 } },
	{ "0::/\n", { 0 } },
	{ "0::/../../a\n", { 0 } },
	{ "", { 0 } },
	{ "0::", { 0 } },
	{ "nonsense", { 0 } },
};

static void test_cgroups(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct engine_container *is = &rows[i].is;
		struct engine_container got = { 0 };
		int r = engine_of_cgroup(rows[i].cgroup, &got);

		if (r != (is->engine != NULL))
			fail_msg("%s: %d, %s", rows[i].cgroup, r,
				 got.engine ? got.engine : "none");
		if (!r)
			continue;
		if (strcmp(got.engine, is->engine) || strcmp(got.name, is->name) ||
		    strcmp(got.pod, is->pod) || got.of_user != is->of_user)
			fail_msg("%s: %s \"%s\" pod \"%s\" %d", rows[i].cgroup,
				 got.engine, got.name, got.pod, got.of_user);
	}
}

/* -------------------------------------------------------------------- names */

static char root[64];

static void put(const char *path, const char *content)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *c = whole + strlen(root) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		mkdir(whole, 0755);
		*c = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void process(int pid, const char *cgroup, const char *nspid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\tx\nNSpid:\t%s\nThreads:\t1\n", nspid);
	put(path, text);
}

static int set_up(void **state)
{
	strcpy(root, "/tmp/bpftoken-engine-XXXXXX");
	assert_non_null(mkdtemp(root));
	process(1, "/init.scope", "1");
	process(500, "/lxc.monitor.c1", "500");
	process(700, "/lxc.payload.c1/a.service", "700\t20");
	process(701, "/lxc.payload.c1/init.scope", "701\t1");
	process(702, "/lxc.payload.c1/b", "702\t40\t1");
	process(800, "/machine.slice/libpod-" ID ".scope/container", "800\t1");
	process(810, "/system.slice/docker-" ID2 ".scope", "810\t1");
	process(820, "/system.slice/web.service", "820");
	process(830, "/lxc.payload.evil/lxc.payload.gone", "830\t7");
	process(831, "/lxc.payload.evil", "831\t1");
	process(840, USER "/lxc.payload.theirs", "840\t1");
	process(850,
		"/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID2 ".scope",
		"850\t1");
	process(860, "/box", "860\t1");
	/* the second run of "again", and the first of "db-13" */
	process(861, "/lxc.payload.again-1", "861\t1");
	process(862, "/lxc.payload.db-13", "862\t1");
	process(863, "/lxc.payload.nobody-1", "863\t1");
	put("/var/lib/lxc/again/config", "");
	put("/var/lib/lxc/db-13/config", "");
	put("/var/lib/lxc/db/config", "");
	process(870, "/lxc.payload.twin", "870\t1");
	process(871, "/default/twin", "871\t1");
	put("/var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" ID "\",\"names\":[\"db\",\"db2\"]},{\"id\":\"x\"}]");
	put("/var/lib/docker/containers/" ID2 "/config.v2.json",
	    "{\"ID\":\"" ID2 "\",\"Name\":\"/shop\"}");
	put("/run/runc/box/state.json", "{\"id\":\"box\",\"init_process_pid\":860}");
	put("/run/crun/cbox/status", "{\"pid\":860}");
	put("/run/crun/ended/status", "{\"pid\":99999}");
	put("/run/runc/broken/state.json", "{\"init_process_pid\":");
	put("/run/containerd/io.containerd.runtime.v2.task/default/task/init.pid", "871");
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int code; /* 0: the pid, and the engine */
		pid_t pid;
		const char *engine, *says;
	} names[] = {
		{ "c1", 0, 701, "lxc", NULL },
		{ "evil", 0, 831, "lxc", NULL },
		/* named by what is inside another one, or by a user */
		{ "gone", -ENOENT, 0, NULL, "no container of this name" },
		{ "theirs", -ENOENT, 0, NULL, "no container of this name" },
		{ ID, 0, 800, "podman", NULL },
		{ "0a1b2c3d4e5f", 0, 800, "podman", NULL },
		{ "0a1b2c3d4e5", -ENOENT, 0, NULL, "no container" },
		{ "db", 0, 800, "podman", NULL },
		{ "db2", 0, 800, "podman", NULL },
		{ POD, 0, 850, "containerd", NULL },
		{ "web", 0, 820, "unit", NULL },
		{ "web.service", 0, 820, "unit", NULL },
		{ "box", 0, 860, "runc", NULL },
		{ "again", 0, 861, "lxc", NULL },
		{ "again-1", -ENOENT, 0, NULL, "no container" },
		{ "db-13", 0, 862, "lxc", NULL },
		{ "nobody-1", 0, 863, "lxc", NULL },
		{ "cbox", 0, 860, "crun", NULL },
		{ "task", 0, 871, "containerd", NULL },
		{ "ended", -ENOENT, 0, NULL, "no container" },
		{ "broken", -ENOENT, 0, NULL, "no container" },
		/* one id, two engines: both are named */
		{ "shop", -ENOTUNIQ, 0, NULL, "docker" },
		{ "twin", -ENOTUNIQ, 0, NULL, "lxc twin (pid 870)" },
		{ "twin", -ENOTUNIQ, 0, NULL, "containerd twin (pid 871)" },
		{ "", -EINVAL, 0, NULL, "no name" },
		{ "../c1", -EINVAL, 0, NULL, "no name" },
		{ "c*", -EINVAL, 0, NULL, "no name" },
		{ "a/b", -EINVAL, 0, NULL, "no name" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct engine_container container = { 0 };
		struct bpftoken_error err = { 0 };
		pid_t pid = 0;
		int r = engine_find(root, names[i].name, &pid, &container, &err);

		if (r != names[i].code || pid != names[i].pid)
			fail_msg("%s: %d, pid %d, %s", names[i].name, r, (int)pid,
				 err.why);
		if (r == 0)
			assert_string_equal(container.engine, names[i].engine);
		else if (!strstr(err.why, names[i].says) || !err.fix[0])
			fail_msg("%s: \"%s\"", names[i].name, err.why);
	}
}

static void test_homes(void **state)
{
	struct engine_container container;

	put("/var/lib/incus/containers/c1/x", "");
	assert_int_equal(engine_read(root, 701, &container), 1);
	assert_string_equal(container.engine, "incus");
	assert_int_equal(engine_read(root, 831, &container), 1);
	assert_string_equal(container.engine, "lxc");
	assert_int_equal(engine_read(root, 4000, &container), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_homes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
