/* SPDX-License-Identifier: MIT */
/*
 * `bpftoken mount` and `umount` as a user meets them: finding the container, warnings on
 * the right cases and no others, refusals in one line, nothing left.
 */
#include "live-target.h"

#include "handshake.h"

#define NET_POLICY "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp"
#define CGROUP_POLICY \
	"delegate_cmds=prog_load,delegate_progs=sock_ops,delegate_attachs=cgroup_sock_ops"
#define HOST_POLICY "delegate_cmds=prog_load,delegate_progs=kprobe"

/* As live_container_start(), but the user namespace is that host user's. */
static void start_owned(struct live_container *container, uid_t owner,
			uint64_t namespaces)
{
	struct bpftoken_error err;
	int pair[2];

	EXPECT_EQ(sys_socketpair(pair), 0);
	EXPECT_EQ(seteuid(owner), 0);
	container->pid = sys_clone(CLONE_NEWUSER, &container->pidfd);
	if (container->pid)
		EXPECT_EQ(seteuid(0), 0);
	EXPECT(container->pid >= 0);
	if (container->pid == 0) {
		close(pair[0]);
		EXPECT_OK(handshake_expect(pair[1], 10000, HANDSHAKE_READY, NULL, &err),
			  &err);
		EXPECT_EQ(sys_set_ids(0, 0), 0);
		sys_death_signal(SIGKILL);
		EXPECT_EQ(unshare((int)namespaces), 0);
		EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		EXPECT_OK(handshake_send(pair[1], HANDSHAKE_PLACED, -1, &err), &err);
		(void)handshake_expect_end(pair[1], 60000, &err);
		_exit(0);
	}
	close(pair[1]);
	container->sock = pair[0];
	live_map_ids(container->pid, pair[0]);
	EXPECT_OK(handshake_expect(pair[0], 10000, HANDSHAKE_PLACED, NULL, &err), &err);
}

static const struct warned {
	uid_t owner;
	uint64_t namespaces; /* beside user and mount */
	const char *policy;
	const char *says[3];
} warned[] = {
	{ 0, CLONE_NEWNET | CLONE_NEWCGROUP, NET_POLICY, { NULL } },
	{ 0, CLONE_NEWNET | CLONE_NEWCGROUP, CGROUP_POLICY, { NULL } },
	{ 0, 0, SMALL_POLICY, { NULL } },
	{ 0, CLONE_NEWCGROUP, NET_POLICY, { "xdp act on the network of the host" } },
	{ 0, CLONE_NEWNET, NET_POLICY, { NULL } },
	{ 0, CLONE_NEWNET, CGROUP_POLICY, { "sock_ops act on any cgroup of the host" } },
	{ 0, CLONE_NEWCGROUP, CGROUP_POLICY, { NULL } },
	{ 0, CLONE_NEWNET | CLONE_NEWCGROUP, HOST_POLICY, { "kprobe see or change" } },
	{ 1000,
	  CLONE_NEWNET | CLONE_NEWCGROUP,
	  SMALL_POLICY,
	  { "host uid 1000 owns the container's user namespace" } },
	{ 1000, CLONE_NEWCGROUP, NET_POLICY, { "host uid 1000", "network of the host" } },
};

static void expect_warnings(const struct warned *row)
{
	static struct live_result result;
	struct live_container container;
	size_t lines = 0, wanted = 0;
	char pid[16];

	start_owned(&container, row->owner, CLONE_NEWNS | row->namespaces);
	snprintf(pid, sizeof(pid), "%d", (int)container.pid);
	live_bpftoken(&result, "mount", "--pid", pid, "-p", row->policy, NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(options_at(container.pid, LIVE_BPFFS), row->policy);
	for (const char *c = result.err; (c = strstr(c, "bpftoken: warning: ")); c++)
		lines++;
	while (wanted < LIVE_COUNT(row->says) && row->says[wanted])
		EXPECT_HAS(result.err, row->says[wanted++]);
	if (lines != wanted)
		live_fail(__FILE__, __LINE__, "%s: %zu warnings, not %zu: %s",
			  row->policy, lines, wanted, result.err);
	live_container_end(&container);
}

static void warnings(void)
{
	for (size_t i = 0; i < LIVE_COUNT(warned); i++)
		expect_warnings(&warned[i]);
}

/* PID is that of a container that has SMALL_POLICY. */
static const struct {
	const char *arguments;
	int status;
	const char *says;
} refusals[] = {
	{ "mount " SMALL_OPTIONS, 2, "no container given" },
	{ "mount --pid PID --container x " SMALL_OPTIONS, 2, "exclude one another" },
	{ "mount --pid PID", 2, "no policy given" },
	{ "mount --pid 0 " SMALL_OPTIONS, 2, "--pid" },
	{ "mount --pid x " SMALL_OPTIONS, 2, "--pid" },
	{ "mount --pid -1 " SMALL_OPTIONS, 2, "--pid" },
	{ "mount --pid 99999999999 " SMALL_OPTIONS, 2, "--pid" },
	{ "mount --pid 4000000 " SMALL_OPTIONS, 1, "the process has ended" },
	{ "mount --pidfd 777 " SMALL_OPTIONS, 1, "no pidfd" },
	{ "mount --container no-such-one " SMALL_OPTIONS, 1,
	  "no container of this name" },
	{ "mount --container ../x " SMALL_OPTIONS, 2, "no name of a container" },
	{ "mount --pid PID --target sys/fs/bpf " SMALL_OPTIONS, 2, "absolute path" },
	{ "mount --pid PID --root x " SMALL_OPTIONS, 2, "absolute path" },
	{ "mount --pid PID --owner 1 " SMALL_OPTIONS, 2, "UID:GID" },
	{ "mount --pid PID --owner 1:2x " SMALL_OPTIONS, 2, "UID:GID" },
	{ "mount --pid PID --owner 70000:0 " SMALL_OPTIONS, 2, "maps no ids" },
	{ "mount --pid PID --mode 8 " SMALL_OPTIONS, 2, "octal" },
	{ "mount --pid PID --mode 0 " SMALL_OPTIONS, 2, "octal" },
	{ "mount --pid PID --kill " SMALL_OPTIONS, 2, "--replace" },
	{ "mount --pid PID extra " SMALL_OPTIONS, 2, "extra" },
	{ "mount --pid PID --cmds 0x0", 3, "is empty" },
	{ "mount --pid PID --cmds map_create", 1, "bpftoken mount --replace" },
	{ "mount --pid PID --mode 700 " SMALL_OPTIONS, 1,
	  "another policy, owner or mode" },
	{ "mount --pid PID --owner 1:1 " SMALL_OPTIONS, 1,
	  "another policy, owner or mode" },
	{ "mount --pid PID --target /nowhere " SMALL_OPTIONS, 1, "/nowhere" },
	{ "mount --pid PID --target /proc/self/root/tmp " SMALL_OPTIONS, 5,
	  "symbolic link" },
	{ "mount --pid PID --root /nowhere " SMALL_OPTIONS, 1, "/nowhere" },
	{ "umount", 2, "no container given" },
	{ "umount --pid PID --target /tmp", 1, "no delegated bpffs" },
	{ "umount --pid PID --target /proc", 1, "no delegated bpffs" },
};

static void refused(void)
{
	static struct live_result result;
	struct live_container container;
	struct left before;
	char *mounts;

	live_container_start(&container, CONTAINER | CLONE_NEWNET | CLONE_NEWCGROUP);
	{
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)container.pid);
		live_bpftoken(&result, "mount", "--pid", pid, "-p", SMALL_POLICY, NULL);
		EXPECT_EQ(result.status, 0);
	}
	mounts = strdup(mounts_of(container.pid));
	before = count_left();
	for (size_t i = 0; i < LIVE_COUNT(refusals); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s", refusals[i].arguments);
		for (char *at; (at = strstr(text, "PID"));) {
			char rest[512];

			snprintf(rest, sizeof(rest), "%s", at + 3);
			snprintf(at, sizeof(text) - (size_t)(at - text), "%d%s",
				 (int)container.pid, rest);
		}
		run_command(&result, text, NULL);
		if (result.status != refusals[i].status ||
		    !strstr(result.err, refusals[i].says) || result.out[0])
			live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s%s", text,
				  result.status, refusals[i].status, result.err,
				  result.out);
		expect_one_line(text, result.err);
		expect_left(text, &before);
		EXPECT_STR(mounts_of(container.pid), mounts);
	}
	free(mounts);
	live_container_end(&container);
}

static void privileged_containers(void)
{
	static struct live_result result;
	struct live_container container;
	char pid[16];

	/* a container without a user namespace of its own */
	live_container_start(&container, CLONE_NEWNS | CLONE_NEWPID);
	snprintf(pid, sizeof(pid), "%d", (int)container.pid);
	live_bpftoken(&result, "mount", "--pid", pid, "-p", SMALL_POLICY, NULL);
	EXPECT_EQ(result.status, 5);
	EXPECT_HAS(result.err, "initial user namespace");
	EXPECT_HAS(result.err, "user namespace of its own");
	live_container_end(&container);
}

static void by_pidfd(void)
{
	static struct live_result result;
	struct live_container container;
	char number[16];

	live_container_start(&container, CONTAINER | CLONE_NEWNET | CLONE_NEWCGROUP);
	EXPECT_EQ(fcntl(container.pidfd, F_SETFD, 0), 0);
	snprintf(number, sizeof(number), "%d", container.pidfd);
	live_bpftoken(&result, "mount", "--pidfd", number, "-p", SMALL_POLICY, "--json",
		      NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT_STR(result.err, "");
	EXPECT_HAS(result.out, "\"result\": \"delegated\"");
	EXPECT_HAS(options_at(container.pid, LIVE_BPFFS), SMALL_POLICY);
	live_bpftoken(&result, "umount", "--pidfd", number, NULL);
	EXPECT_EQ(result.status, 0);
	EXPECT(!strstr(mounts_of(container.pid), "delegate_"));
	live_container_end(&container);
}

/* A hierarchy of cgroups that can be written, "" for none. */
static const char *cgroup_root(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/systemd",
					     "/sys/fs/cgroup/pids" };
	static char path[128];

	for (size_t i = 0; i < LIVE_COUNT(roots); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
		if (access(path, W_OK) == 0)
			return roots[i];
	}
	return "";
}

static void by_name(void)
{
	static struct live_result result;
	struct live_container container;
	const char *root = cgroup_root();
	char name[64], path[256], text[32];
	FILE *procs;

	if (!root[0])
		live_skip("no hierarchy of cgroups can be written");
	snprintf(name, sizeof(name), "bpftoken-live-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/lxc.payload.%s", root, name);
	EXPECT_EQ(mkdir(path, 0755), 0);
	live_container_start(&container, CONTAINER | CLONE_NEWNET | CLONE_NEWCGROUP);
	strcat(path, "/cgroup.procs");
	procs = fopen(path, "we");
	EXPECT(procs && fprintf(procs, "%d", (int)container.pid) > 0);
	EXPECT_EQ(fclose(procs), 0);
	live_bpftoken(&result, "mount", "--container", name, "-p", SMALL_POLICY, NULL);
	*strrchr(path, '/') = '\0';
	snprintf(text, sizeof(text), "process %d (lxc ", (int)container.pid);
	EXPECT_EQ(result.status, 0);
	EXPECT_HAS(result.out, text);
	EXPECT_HAS(options_at(container.pid, LIVE_BPFFS), SMALL_POLICY);
	live_container_end(&container);
	for (int i = 0; i < 100 && rmdir(path) < 0; i++)
		usleep(10000);
	EXPECT(access(path, F_OK) < 0);
}

static const struct live_test tests[] = {
	{ "warnings on the right cases and no others", warnings, false },
	{ "refused in one line, and nothing is changed", refused, false },
	{ "a privileged container", privileged_containers, false },
	{ "by an inherited pidfd", by_pidfd, false },
	{ "by the container's name", by_name, false },
};

LIVE_MAIN(tests)
