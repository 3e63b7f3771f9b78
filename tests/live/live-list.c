/* SPDX-License-Identifier: MIT */
/*
 * `list` against the truth: a scene of containers with every property that the list
 * knows, made here and written down here, and compared in both directions with what
 * `list --json` says.
 */
#include "live-list.h"

#include <sys/sysmacros.h>

#define CONTAINERS 56
#define MOST 72

/* A policy and the flags that follow from it, and from what the container shares. */
static const struct {
	const char *text;
	uint64_t masks[BPFTOKEN_SETS];
	const char *flags, *if_net, *if_cgroup;
} policies[] = {
	{ SMALL_POLICY, { 0x21, 1ULL << 27, 1ULL << 1, 1 }, "", "", "" },
	{ "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp",
	  { 0x20, 0, 1ULL << 6, 1ULL << 37 },
	  "",
	  "host-net ",
	  "" },
	{ LIVE_ANY,
	  { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
	  "over-broad host-wide ",
	  "host-net ",
	  "host-cgroup " },
	{ "delegate_cmds=prog_load,delegate_progs=kprobe:tracing,"
	  "delegate_attachs=cgroup_inet_ingress:trace_fentry",
	  { 0x20, 0, 1ULL << 2 | 1ULL << 26, 1 | 1ULL << 24 },
	  "host-wide ",
	  "",
	  "" },
	{ "delegate_cmds=prog_load,delegate_progs=cgroup_skb,"
	  "delegate_attachs=cgroup_inet_ingress",
	  { 0x20, 0, 1ULL << 8, 1 },
	  "",
	  "",
	  "host-cgroup " },
	{ "delegate_cmds=map_lookup_elem,delegate_maps=hash",
	  { 0x2, 0x2, 0, 0 },
	  "inert ",
	  "",
	  "" },
	{ "delegate_maps=array", { 0, 0x4, 0, 0 }, "inert ", "", "" },
	{ "delegate_cmds=0x25,delegate_maps=0x6", { 0x25, 0x6, 0, 0 }, "", "", "" },
};

/* What has to be said of one bpffs. */
struct truth {
	char what[32];
	uint64_t device;
	pid_t pid; /* 0: nowhere mounted */
	uint64_t mount_namespace, user_namespace;
	const char *path;
	uint64_t masks[BPFTOKEN_SETS];
	char flags[128]; /* in the order of the flags' names below */
	unsigned int owner, places, usable;
	pid_t holder;
	unsigned int tokens, directories;
	bool found;
};

static struct truth truths[MOST];
static size_t truth_count;
static struct live_container containers[MOST];

/* Ends with the test. */
static pid_t start_process(void (*body)(int ready, void *data), void *data)
{
	int ready[2];
	char byte;
	pid_t pid;

	EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		body(ready[1], data);
		EXPECT_EQ(write(ready[1], "x", 1), 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static uint64_t device_at(pid_t pid, const char *path)
{
	char name[512];
	struct stat st;

	snprintf(name, sizeof(name), "/proc/%d/root%s", (int)pid, path);
	EXPECT_EQ(stat(name, &st), 0);
	return st.st_dev;
}

static struct truth *add_truth(const char *what, size_t policy, pid_t pid,
			       const char *path)
{
	struct truth *truth = &truths[truth_count++];

	EXPECT(truth_count <= MOST);
	snprintf(truth->what, sizeof(truth->what), "%s %zu", what, truth_count);
	memcpy(truth->masks, policies[policy].masks, sizeof(truth->masks));
	snprintf(truth->flags, sizeof(truth->flags), "%s", policies[policy].flags);
	truth->device = device_at(pid, path);
	truth->pid = pid;
	truth->mount_namespace = inode_of(pid, "mnt");
	truth->user_namespace = inode_of(pid, "user");
	truth->path = path;
	truth->places = truth->usable = 1;
	return truth;
}

/* ----------------------------------------------------------------- the scene */

struct join {
	const struct live_container *container;
	const char *path;
	int tokens;
};

static void hold_tokens(int ready, void *data)
{
	const struct join *join = data;
	struct bpftoken_error err;
	int dir_fd;

	(void)ready;
	EXPECT_EQ(sys_setns(join->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	dir_fd = open_dir(join->path);
	for (int i = 0; i < join->tokens; i++)
		EXPECT_OK(bpftoken_create(dir_fd, &err), &err);
	if (join->tokens)
		close(dir_fd);
}

static void detach_there(void *data)
{
	const struct join *join = data;

	EXPECT_EQ(sys_setns(join->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(umount2(join->path, MNT_DETACH), 0);
}

/* Sees what the outer one sees, from a user namespace below it. */
static void live_nested(int ready, void *data)
{
	const struct join *join = data;
	int fd;

	(void)ready;
	/* which would keep the outer one from ending */
	close(join->container->sock);
	EXPECT_EQ(sys_setns(join->container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	EXPECT_EQ(sys_set_dumpable(true), 0);
	EXPECT_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, "deny", 4), 4);
	close(fd);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	EXPECT_EQ(write(fd, "0 0 1\n", 6), 6);
	close(fd);
	fd = open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
	EXPECT_EQ(write(fd, "0 0 1\n", 6), 6);
	close(fd);
}

/* The flags in the order of their names in the list. */
static void set_flags(struct truth *truth, size_t policy, bool net, bool cgroup,
		      const char *owned)
{
	snprintf(truth->flags, sizeof(truth->flags), "%s%s%s%s%s",
		 strcmp(policies[policy].flags, "inert ") != 0 ? policies[policy].flags
							       : "",
		 owned, net ? policies[policy].if_net : "",
		 cgroup ? policies[policy].if_cgroup : "",
		 !strcmp(policies[policy].flags, "inert ") ? "inert " : "");
}

static void delegate(const struct live_container *container, size_t policy,
		     const char *path)
{
	_cleanup_policy_ struct bpftoken_policy *parsed =
		live_policy(policies[policy].text);
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct bpftoken_error err;

	opts.target = path;
	EXPECT_OK(bpftoken_bpffs_mount(container->pidfd, parsed, &opts, &err), &err);
}

static struct truth *make_container(size_t i)
{
	struct live_container *container = &containers[i];
	size_t policy = i % LIVE_COUNT(policies);
	bool net = !(i & 8), cgroup = !(i & 16), owned = i % 7 == 3;
	uint64_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | (net ? 0 : CLONE_NEWNET) |
			      (cgroup ? 0 : CLONE_NEWCGROUP);
	const char *path = i % 3 ? LIVE_BPFFS : DIR_INSIDE "/below";
	struct truth *truth;

	live_container_start_as(container, namespaces, owned ? 1000 : 0);
	delegate(container, policy, path);
	truth = add_truth("container", policy, container->pid, path);
	truth->owner = owned ? 1000 : 0;
	set_flags(truth, policy, net, cgroup, owned ? "user-owned " : "");
	return truth;
}

static void vary_container(size_t i, struct truth *truth)
{
	struct join join = { &containers[i], truth->path, (int)(i % 4) };
	pid_t child;

	/* held: by a process with tokens, or with the directory alone */
	if (i % 5 == 2 && truth->masks[0]) {
		truth->holder = start_process(hold_tokens, &join);
		truth->tokens = (unsigned int)join.tokens;
		truth->directories = !join.tokens;
	}
	/* detached, and if it is not held, gone */
	if (i % 10 == 2 && truth->holder) {
		in_child(detach_there, &join);
		truth->pid = 0;
		truth->places = truth->usable = 0;
		strcpy(truth->flags, "detached ");
	}
	if (i % 11 == 5) {
		child = start_process(live_nested, &join);
		EXPECT(child > 0);
		truth->places++;
	}
}

/* The container of the outer user namespace ends; who is below it sees it still. */
static void make_wrong_userns(void)
{
	struct live_container outer;
	struct join join = { &outer, LIVE_BPFFS, 0 };
	struct truth *truth;
	pid_t inner;

	live_container_start_as(&outer, CLONE_NEWUSER | CLONE_NEWNS, 0);
	delegate(&outer, 0, LIVE_BPFFS);
	inner = start_process(live_nested, &join);
	live_container_end(&outer);
	truth = add_truth("wrong-userns", 0, inner, LIVE_BPFFS);
	truth->owner = 100000;
	truth->usable = 0;
	strcpy(truth->flags, "wrong-userns user-owned ");
}

/* Mounted by the host for itself, which a container inherits. */
static void make_initial_userns(void)
{
	struct live_container heir;
	struct truth *truth;

	EXPECT_EQ(mount("bpf", "/run/live", "bpf", 0, policies[0].text), 0);
	live_container_start_as(&heir, CLONE_NEWUSER | CLONE_NEWNS, 0);
	containers[CONTAINERS] = heir;
	truth = add_truth("initial-userns", 0, getpid(), "/run/live");
	truth->places = 2;
	truth->usable = 0;
	strcpy(truth->flags, "initial-userns ");
}

static void make_scene(void)
{
	make_targets();
	for (size_t i = 0; i < CONTAINERS; i++)
		vary_container(i, make_container(i));
	make_wrong_userns();
	make_initial_userns();
}

/* ------------------------------------------------------------- the comparison */

static void compare_policy(const struct truth *truth, struct json_object *policy)
{
	static const char *const keys[] = { "cmds", "maps", "progs", "attachs" };

	if (!truth->pid) {
		EXPECT(!policy);
		return;
	}
	for (size_t set = 0; set < BPFTOKEN_SETS; set++) {
		const char *mask =
			json_object_get_string(member(member(policy, keys[set]), "mask"));

		if (strtoull(mask, NULL, 16) != truth->masks[set])
			live_fail(__FILE__, __LINE__, "%s: %s is %s", truth->what,
				  keys[set], mask);
	}
}

static void compare_flags(const struct truth *truth, struct json_object *flags)
{
	char got[256] = "";

	json_object_object_foreach(flags, name, says)
	{
		EXPECT(json_object_get_string_len(says) > 10);
		strcat(strcat(got, name), " ");
	}
	if (strcmp(got, truth->flags) != 0)
		live_fail(__FILE__, __LINE__, "%s: flags \"%s\", not \"%s\"", truth->what,
			  got, truth->flags);
}

static void compare_holders(const struct truth *truth, struct json_object *holders)
{
	struct json_object *holder;

	EXPECT_EQ(json_object_array_length(holders), truth->holder != 0);
	if (!truth->holder)
		return;
	holder = json_object_array_get_idx(holders, 0);
	EXPECT_EQ(number(holder, "pid"), truth->holder);
	EXPECT_EQ(number(holder, "tokens"), truth->tokens);
	EXPECT_EQ(number(holder, "directories"), truth->directories);
	EXPECT_STR(json_object_get_string(member(holder, "name")), "live-list");
}

static void compare_places(const struct truth *truth, struct json_object *places)
{
	unsigned int usable = 0;

	EXPECT_EQ(json_object_array_length(places), truth->places);
	for (size_t i = 0; i < truth->places; i++)
		usable += json_object_get_boolean(
			member(json_object_array_get_idx(places, i), "usable"));
	EXPECT_EQ(usable, truth->usable);
}

static void compare(struct truth *truth, struct json_object *one)
{
	if (truth->found)
		live_fail(__FILE__, __LINE__, "%s is listed twice", truth->what);
	truth->found = true;
	if (truth->pid) {
		EXPECT_EQ(number(one, "pid"), truth->pid);
		EXPECT_STR(json_object_get_string(member(one, "path")), truth->path);
		EXPECT_EQ(number(one, "mount_namespace"), truth->mount_namespace);
		EXPECT_EQ(number(one, "user_namespace"), truth->user_namespace);
		EXPECT_EQ(number(one, "owner"), truth->owner);
		EXPECT(number(one, "age") >= 0 && number(one, "age") < 120);
	}
	EXPECT_EQ(number(one, "tokens"), truth->tokens);
	compare_policy(truth, member(one, "policy"));
	compare_flags(truth, member(one, "flags"));
	compare_holders(truth, member(one, "holders"));
	compare_places(truth, member(one, "places"));
}

static void compare_all(struct json_object *root)
{
	struct json_object *list = member(root, "delegations");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *text = json_object_get_string(member(one, "device"));
		unsigned int major_number, minor_number;
		struct truth *truth = truths;

		EXPECT_EQ(sscanf(text, "%u:%u", &major_number, &minor_number), 2);
		while (truth < truths + truth_count &&
		       truth->device != makedev(major_number, minor_number))
			truth++;
		if (truth == truths + truth_count)
			live_fail(__FILE__, __LINE__, "there is no %s",
				  json_object_to_json_string(one));
		compare(truth, one);
	}
	for (size_t i = 0; i < truth_count; i++)
		if (!truths[i].found)
			live_fail(__FILE__, __LINE__, "%s is not listed", truths[i].what);
}

static void scene_is_listed(void)
{
	struct json_object *root;

	make_scene();
	root = list_json("");
	compare_all(root);
	EXPECT_EQ(number(member(root, "unseen"), "processes"), 0);
	EXPECT_EQ(number(member(root, "unseen"), "descriptors"), 0);
	EXPECT_EQ(number(member(root, "unseen"), "filesystems"), 0);
	printf("# %zu delegations, %d containers\n", truth_count, CONTAINERS + 2);
	json_object_put(root);
}

static void scene(void)
{
	alone(scene_is_listed);
}

static const struct live_test tests[] = {
	{ "a scene of 58 containers, exactly", scene, false },
};

LIVE_MAIN(tests)
