/* SPDX-License-Identifier: MIT */
/*
 * `list` where it is hard to be right: names of all kinds, ten thousand mounts, processes
 * that come and go, filesystems that do not answer, threads and chroots, eyes that may
 * not see everything; and its options.
 */
#include "live-list.h"

#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/ioctl.h>

/* NS_MNT_GET_NEXT and NS_MNT_GET_PREV of linux/nsfs.h. */
#define MNT_GET_NEXT _IOC(_IOC_READ, 0xb7, 11, 16)
#define MNT_GET_PREV _IOC(_IOC_READ, 0xb7, 12, 16)

static struct json_object *delegations(struct json_object *root)
{
	return member(root, "delegations");
}

static struct json_object *only(struct json_object *root)
{
	EXPECT_EQ(json_object_array_length(delegations(root)), 1);
	return json_object_array_get_idx(delegations(root), 0);
}

static void delegate_at(const struct live_container *container, const char *text,
			const char *path)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(text);
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct bpftoken_error err;

	opts.target = path;
	EXPECT_OK(bpftoken_bpffs_mount(container->pidfd, policy, &opts, &err), &err);
}

static void start(struct live_container *container)
{
	live_container_start(container, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET);
}

/* In a container's namespaces, as its root. */
static void join(const struct live_container *container)
{
	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
}

/* --------------------------------------------------------------------- names */

static char longest[NAME_MAX + 1];

static const struct {
	const char *name, *json, *text;
} names[] = {
	{ "a blank", "a blank", "a blank" },
	{ "new\nline", "new\nline", "new\\x0aline" },
	{ "back\\slash\ttab", "back\\\\slash\ttab", "back\\\\slash\\x09tab" },
	{ "latin\xe9", "latin\\xe9", "latin\\xe9" },
	{ "cut\xe2\x82", "cut\\xe2\\x82", "cut\\xe2\\x82" },
	{ "over\xc0\xaflong", "over\\xc0\\xaflong", "over\\xc0\\xaflong" },
	{ "half\xed\xa0\x80pair", "half\\xed\\xa0\\x80pair", "half\\xed\\xa0\\x80pair" },
	{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
	{ "esc\033[31m", "esc\033[31m", "esc\\x1b[31m" },
	{ "turn\xe2\x80\xae", "turn\xe2\x80\xae", "turn\\xe2\\x80\\xae" },
	{ " - bpf - ", " - bpf - ", " - bpf - " },
	{ "\"quote\" <b>&'", "\"quote\" <b>&'", "\"quote\" <b>&'" },
	{ longest, longest, longest },
};

static void expect_names(struct json_object *list)
{
	bool seen[LIVE_COUNT(names)] = { false };

	EXPECT_EQ(json_object_array_length(list), LIVE_COUNT(names));
	for (size_t i = 0; i < LIVE_COUNT(names); i++) {
		const char *path = json_object_get_string(
			member(json_object_array_get_idx(list, i), "path"));
		size_t j = 0;

		EXPECT(!strncmp(path, "/run/live/", 10));
		while (j < LIVE_COUNT(names) && strcmp(path + 10, names[j].json) != 0)
			j++;
		if (j == LIVE_COUNT(names) || seen[j])
			live_fail(__FILE__, __LINE__, "path %s", path);
		seen[j] = true;
	}
}

static void names_body(void)
{
	struct live_container container;
	struct json_object *root;

	make_targets();
	memset(longest, 'l', NAME_MAX);
	for (size_t i = 0; i < LIVE_COUNT(names); i++) {
		char path[512];

		snprintf(path, sizeof(path), "/run/live/%s", names[i].name);
		EXPECT_EQ(mkdir(path, 0755), 0);
	}
	start(&container);
	for (size_t i = 0; i < LIVE_COUNT(names); i++) {
		char path[512];

		snprintf(path, sizeof(path), "/run/live/%s", names[i].name);
		delegate_at(&container, SMALL_POLICY, path);
	}
	root = list_json("");
	expect_names(delegations(root));
	json_object_put(root);
	EXPECT_EQ(list_to_file("", "/run/list.txt"), 0);
	for (size_t i = 0; i < LIVE_COUNT(names); i++)
		EXPECT_HAS(live_file("/run/list.txt"), names[i].text);
	EXPECT(!strchr(live_file("/run/list.txt"), '\033'));
	EXPECT_EQ(list_to_file("--html /run/list.html", "/run/list.txt"), 0);
	EXPECT_HAS(live_file("/run/list.html"), "&quot;quote&quot; &lt;b&gt;&amp;&#39;");
	EXPECT(!strstr(live_file("/run/list.html"), "<b>"));
	EXPECT(!strstr(live_file("/run/list.html"), "http:"));
	live_container_end(&container);
}

static void all_names(void)
{
	alone(names_body);
}

/* ---------------------------------------------------------------- many mounts */

#define MOUNTS 10000

static void mount_many(void *data)
{
	char path[64];

	join(data);
	EXPECT_EQ(mount("live", "/run/live", "tmpfs", 0, NULL), 0);
	for (int i = 0; i < MOUNTS; i++) {
		snprintf(path, sizeof(path), "/run/live/%d", i);
		EXPECT_EQ(mkdir(path, 0755), 0);
		EXPECT_EQ(mount(i % 10 ? "/run" : LIVE_BPFFS, path, NULL, MS_BIND, NULL),
			  0);
	}
}

static void many_body(void)
{
	struct live_container container;
	struct json_object *root, *one;
	uint64_t begin;

	make_targets();
	start(&container);
	delegate_at(&container, SMALL_POLICY, LIVE_BPFFS);
	in_child(mount_many, &container);
	begin = sys_now_ms();
	root = list_json("");
	printf("# %d mounts in %llu ms\n", MOUNTS,
	       (unsigned long long)(sys_now_ms() - begin));
	one = only(root);
	EXPECT_EQ(json_object_array_length(member(one, "places")), 1 + MOUNTS / 10);
	EXPECT_STR(json_object_get_string(member(one, "path")), LIVE_BPFFS);
	EXPECT_EQ(json_object_object_length(member(one, "flags")), 0);
	json_object_put(root);
	live_container_end(&container);
}

static void many_mounts(void)
{
	alone(many_body);
}

/* ------------------------------------------------------------- comings, goings */

/* Containers with a delegation that last for some milliseconds, and processes. */
static void come_and_go(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);

	for (;;) {
		struct live_container container;
		struct bpftoken_error err;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		start(&container);
		(void)bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err);
		live_container_end(&container);
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	}
}

static void vanishing_body(void)
{
	struct live_container container;
	/* fewer where the processor is emulated */
	int times = getenv("BPFTOKEN_KERNEL") ? 20 : 100;
	size_t most = 0;
	pid_t storms[3];

	make_targets();
	start(&container);
	delegate_at(&container, SMALL_POLICY, LIVE_BPFFS);
	for (size_t i = 0; i < LIVE_COUNT(storms); i++) {
		storms[i] = fork();
		if (storms[i] == 0) {
			sys_death_signal(SIGKILL);
			close(container.sock);
			come_and_go();
		}
	}
	for (int i = 0; i < times; i++) {
		struct json_object *root = list_json("");
		struct json_object *list = delegations(root);
		size_t count = json_object_array_length(list), steady = 0;

		/* one that is made just now has no place yet, and no pid */
		for (size_t j = 0; j < count; j++) {
			struct json_object *pid;

			steady += json_object_object_get_ex(
					  json_object_array_get_idx(list, j), "pid",
					  &pid) &&
				  json_object_get_int(pid) == container.pid;
		}
		EXPECT_EQ(steady, 1);
		most = count > most ? count : most;
		json_object_put(root);
	}
	printf("# %d lists, of up to %zu delegations\n", times, most);
	EXPECT(most > 1);
	for (size_t i = 0; i < LIVE_COUNT(storms); i++)
		EXPECT_EQ(kill(storms[i], SIGKILL), 0);
}

static void vanishing(void)
{
	alone(vanishing_body);
}

/* -------------------------------------------------------------- what may block */

/* A filesystem whose server never answers, in nobody's mount namespace. */
static int open_silent_filesystem(void)
{
	char options[64];
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC), dir;

	if (fuse < 0)
		live_skip("no FUSE in this kernel");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 fuse);
	EXPECT_EQ(mount("silent", "/run/live/below", "fuse", 0, options), 0);
	dir = open("/run/live/below", O_PATH | O_DIRECTORY | O_CLOEXEC);
	EXPECT(dir >= 0);
	EXPECT_EQ(umount2("/run/live/below", MNT_DETACH), 0);
	return dir;
}

static void hide_below_silence(void *data)
{
	const struct live_container *container = data;
	char options[64];
	int fuse;

	/* as the host's root, whose device it is */
	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWNS), 0);
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	EXPECT(fuse >= 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 fuse);
	EXPECT_EQ(mount("silent", "/run", "fuse", 0, options), 0);
	for (;;)
		pause();
}

static void silent_body(void)
{
	struct live_container plain, covered;
	struct json_object *root;
	uint64_t begin, passed;
	int dir;
	pid_t hider, stopped;

	make_targets();
	dir = open_silent_filesystem();
	start(&plain);
	delegate_at(&plain, SMALL_POLICY, LIVE_BPFFS);
	start(&covered);
	delegate_at(&covered, SMALL_POLICY, "/run/live");
	hider = fork();
	EXPECT(hider >= 0);
	if (hider == 0) {
		sys_death_signal(SIGKILL);
		hide_below_silence(&covered);
	}
	stopped = fork();
	EXPECT(stopped >= 0);
	if (stopped == 0) {
		raise(SIGSTOP);
		_exit(0);
	}
	usleep(200000);
	EXPECT_EQ(sys_pidfd_signal(plain.pidfd, SIGSTOP), 0);
	begin = sys_now_ms();
	root = list_json("");
	passed = sys_now_ms() - begin;
	printf("# %llu ms\n", (unsigned long long)passed);
	EXPECT(passed < 5000);
	EXPECT_EQ(json_object_array_length(delegations(root)), 2);
	EXPECT(number(member(root, "unseen"), "filesystems") >= 1);
	EXPECT(!json_object_get_boolean(member(root, "complete")));
	json_object_put(root);
	close(dir);
	EXPECT_EQ(sys_pidfd_signal(plain.pidfd, SIGCONT), 0);
	EXPECT_EQ(kill(hider, SIGKILL), 0);
	EXPECT_EQ(kill(stopped, SIGKILL), 0);
}

static void silent(void)
{
	alone(silent_body);
}

/* ------------------------------------------------------- threads and directories */

static void *own_namespace(void *data)
{
	int *ready = data;

	EXPECT_EQ(unshare(CLONE_FS | CLONE_NEWNS), 0);
	EXPECT_EQ(mount("bpf", "/run/live/below", "bpf", 0, SMALL_POLICY), 0);
	EXPECT_EQ(write(ready[1], "x", 1), 1);
	for (;;)
		pause();
}

static void *own_descriptors(void *data)
{
	int *pipes = data;
	struct bpftoken_error err;
	int dir_fd;

	EXPECT_EQ(unshare(CLONE_FILES), 0);
	dir_fd = open_dir(LIVE_BPFFS);
	EXPECT_OK(bpftoken_create(dir_fd, &err), &err);
	close(dir_fd);
	EXPECT_EQ(write(pipes[1], "x", 1), 1);
	for (;;)
		pause();
}

struct place {
	const struct live_container *container;
	int *ready;
};

static void hold_in_thread(const struct place *place)
{
	pthread_t thread;

	join(place->container);
	EXPECT_EQ(pthread_create(&thread, NULL, own_descriptors, place->ready), 0);
	for (;;)
		pause();
}

static void threads_body(void)
{
	struct live_container container;
	struct json_object *root, *list;
	size_t tokens = 0, initial = 0;
	struct place place;
	pthread_t thread;
	int ready[2];
	char byte;
	pid_t pid;

	make_targets();
	EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
	start(&container);
	delegate_at(&container, SMALL_POLICY, LIVE_BPFFS);
	place = (struct place){ &container, ready };
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		hold_in_thread(&place);
	}
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	EXPECT_EQ(pthread_create(&thread, NULL, own_namespace, ready), 0);
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	root = list_json("");
	list = delegations(root);
	EXPECT_EQ(json_object_array_length(list), 2);
	for (size_t i = 0; i < 2; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		tokens += (size_t)number(one, "tokens");
		initial += json_object_object_get_ex(member(one, "flags"),
						     "initial-userns", NULL);
	}
	EXPECT_EQ(tokens, 1);
	EXPECT_EQ(initial, 1);
	json_object_put(root);
}

static void threads(void)
{
	alone(threads_body);
}

/* Of one namespace the first process, and the one that lists, see less than another. */
static void chroot_body(void)
{
	struct json_object *root;
	int ready[2];
	char byte;

	make_targets();
	EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		EXPECT(pid >= 0);
		if (pid)
			continue;
		sys_death_signal(SIGKILL);
		if (i == 0)
			EXPECT_EQ(chroot("/run/live/below"), 0);
		EXPECT_EQ(write(ready[1], "x", 1), 1);
		for (;;)
			pause();
	}
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	EXPECT_EQ(read(ready[0], &byte, 1), 1);
	EXPECT_EQ(mount("bpf", "/run/link", "bpf", 0, SMALL_POLICY), 0);
	root = list_json("");
	EXPECT_STR(json_object_get_string(member(only(root), "path")), DIR_INSIDE);
	json_object_put(root);
}

static void chrooted(void)
{
	alone(chroot_body);
}

/* ------------------------------------------------- namespaces without a process */

/* Ends; its mount namespace is kept by a descriptor, which may move to a bind mount. */
static int leave_behind(const char *text, const char *bind)
{
	struct live_container container;
	char path[64];
	int fd;

	start(&container);
	delegate_at(&container, text, LIVE_BPFFS);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)container.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	if (bind)
		EXPECT_EQ(mount(path, bind, NULL, MS_BIND, NULL), 0);
	live_container_end(&container);
	return fd;
}

/* The entry of that mount namespace, or NULL. */
static struct json_object *of_space(struct json_object *root, uint64_t space)
{
	struct json_object *list = delegations(root), *value;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_object_object_get_ex(one, "mount_namespace", &value) &&
		    (uint64_t)json_object_get_int64(value) == space)
			return one;
	}
	return NULL;
}

static void expect_kept(struct json_object *root, uint64_t space, const char *maps)
{
	struct json_object *one = of_space(root, space);

	EXPECT(one);
	EXPECT_STR(json_object_get_string(member(one, "path")), LIVE_BPFFS);
	EXPECT_STR(json_object_get_string(
			   member(member(member(one, "policy"), "maps"), "mask")),
		   maps);
	EXPECT(!member(one, "container"));
	EXPECT(!member(one, "pid"));
	EXPECT(!member(one, "usable"));
	EXPECT_EQ(number(one, "tokens"), 0);
	EXPECT_EQ(json_object_array_length(member(one, "holders")), 0);
	EXPECT_EQ(json_object_array_length(member(one, "places")), 1);
}

static void kept_body(void)
{
	uint64_t bound, held;
	struct json_object *root;
	struct stat st;
	int fd;

	make_targets();
	fd = leave_behind("delegate_cmds=map_create,delegate_maps=0x6", "/run/file");
	EXPECT_EQ(fstat(fd, &st), 0);
	bound = st.st_ino;
	close(fd);
	fd = leave_behind("delegate_cmds=map_create,delegate_maps=0x2", NULL);
	EXPECT_EQ(fstat(fd, &st), 0);
	held = st.st_ino;
	root = list_json("");
	expect_kept(root, bound, "0x6");
	expect_kept(root, held, "0x2");
	json_object_put(root);
	EXPECT_EQ(list_to_file("", "/run/list.txt"), 0);
	EXPECT_HAS(live_file("/run/list.txt"), "(no process)");
	EXPECT_EQ(umount2("/run/file", 0), 0);
	root = list_json("");
	EXPECT(!of_space(root, bound));
	expect_kept(root, held, "0x2");
	json_object_put(root);
	close(fd);
	root = list_json("");
	EXPECT(!of_space(root, held));
	json_object_put(root);
}

/* In a pid namespace of its own the kernel lists no namespaces. */
static void kept_met(void)
{
	alone(kept_body);
}

/*
 * As before Linux 6.12, in the initial pid namespace too: a filter answers the ioctls that
 * go from one namespace to the next as a kernel does that does not know them.
 */
static void kept_unlisted(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MNT_GET_NEXT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MNT_GET_PREV, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { LIVE_COUNT(insns), insns };
	uint32_t info[4] = { sizeof(info) };
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	EXPECT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	EXPECT(ioctl(fd, MNT_GET_NEXT, info) < 0 && errno == ENOTTY);
	EXPECT(ioctl(fd, MNT_GET_PREV, info) < 0 && errno == ENOTTY);
	close(fd);
	kept_body();
}

/* Known to be there, out of reach: the list says that it is not complete. */
static void covered_body(void)
{
	struct json_object *root;

	make_targets();
	EXPECT_EQ(mkdir(DIR_INSIDE "/below/in", 0755), 0);
	close(open(DIR_INSIDE "/below/in/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	close(leave_behind(SMALL_POLICY, DIR_INSIDE "/below/in/file"));
	root = list_json("");
	EXPECT(!member(only(root), "pid"));
	EXPECT_EQ(number(member(root, "unseen"), "namespaces"), 0);
	json_object_put(root);
	EXPECT_EQ(mount("cover", DIR_INSIDE "/below", "tmpfs", 0, NULL), 0);
	root = list_json("");
	EXPECT_EQ(json_object_array_length(delegations(root)), 0);
	EXPECT_EQ(number(member(root, "unseen"), "namespaces"), 1);
	EXPECT(!json_object_get_boolean(member(root, "complete")));
	json_object_put(root);
}

static void covered(void)
{
	alone(covered_body);
}

/* ----------------------------------------------------------- an ordinary user */

static void as_user(void *data)
{
	struct json_object *root, *one, *policy;

	(void)data;
	EXPECT_EQ(setgroups(0, NULL), 0);
	EXPECT_EQ(sys_set_ids(1000, 1000), 0);
	EXPECT_EQ(list_to_file("", "/run/list.txt"), 0);
	EXPECT_HAS(live_file("/run/list.txt"), "could not be looked at");
	EXPECT_HAS(live_file("/run/list.txt"), "run as root");
	EXPECT_EQ(list_to_file("--fail-on detached", "/run/list.txt"), 5);
	EXPECT_EQ(list_to_file("--fail-on inert,host-wide", "/run/list.txt"), 5);
	root = list_json("");
	one = only(root);
	EXPECT(!json_object_get_boolean(member(root, "complete")));
	EXPECT(number(member(root, "unseen"), "processes") >= 2);
	EXPECT(number(member(root, "unseen"), "descriptors") >= 2);
	EXPECT_STR(json_object_get_string(member(one, "path")), LIVE_BPFFS);
	policy = member(member(one, "policy"), "cmds");
	EXPECT_STR(json_object_get_string(member(policy, "mask")), "0x21");
	EXPECT(!member(one, "owner"));
	EXPECT(!member(one, "age"));
	EXPECT(!member(one, "usable"));
	EXPECT(!member(one, "user_namespace"));
	json_object_put(root);
}

static void user_body(void)
{
	struct live_container container;
	int fd;

	make_targets();
	start(&container);
	delegate_at(&container, SMALL_POLICY, LIVE_BPFFS);
	for (int i = 0; i < 2; i++) {
		fd = open(i ? "/run/list.txt" : "/run/list.json",
			  O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		EXPECT(fd >= 0);
		EXPECT_EQ(fchmod(fd, 0666), 0);
		close(fd);
	}
	(void)command_copy();
	in_child(as_user, NULL);
	live_container_end(&container);
}

static void ordinary_user(void)
{
	alone(user_body);
}

/* -------------------------------------------------------------------- options */

static void options_body(void)
{
	struct live_container one, two;
	struct json_object *root;
	char text[64];

	make_targets();
	start(&one);
	start(&two);
	delegate_at(&one, SMALL_POLICY, LIVE_BPFFS);
	delegate_at(&two, LIVE_ANY, LIVE_BPFFS);
	snprintf(text, sizeof(text), "--pid %d", (int)one.pid);
	root = list_json(text);
	EXPECT_EQ(number(only(root), "pid"), one.pid);
	json_object_put(root);
	snprintf(text, sizeof(text), "--pid %d --fail-on over-broad", (int)two.pid);
	EXPECT_EQ(list_to_file(text, "/run/list.txt"), 3);
	EXPECT_EQ(list_to_file("--fail-on detached --fail-on host-wide", "/run/list.txt"),
		  3);
	EXPECT_EQ(list_to_file("--fail-on broad", "/run/list.txt"), 2);
	EXPECT_HAS(live_file("/run/list.txt"), "over-broad");
	EXPECT_EQ(list_to_file("--pid 1 --container x", "/run/list.txt"), 2);
	EXPECT_EQ(list_to_file("--pid 99999999", "/run/list.txt"), 1);
	EXPECT_HAS(live_file("/run/list.txt"), "cannot look at process");
	EXPECT_EQ(list_to_file("--container nobody-has-this", "/run/list.txt"), 1);
	live_container_end(&two);
	live_container_end(&one);
	EXPECT_EQ(list_to_file("", "/run/list.txt"), 0);
	EXPECT_HAS(live_file("/run/list.txt"), "Nothing is delegated");
}

static void all_options(void)
{
	alone(options_body);
}

/* ---------------------------------------------------------------------- watch */

/* The text of the file has it, within five seconds. */
static void wait_for(const char *what)
{
	uint64_t deadline = sys_now_ms() + 5000;

	while (!strstr(live_file("/run/watch.json"), what)) {
		if (sys_now_ms() > deadline)
			live_fail(__FILE__, __LINE__, "no %s in %s", what,
				  live_file("/run/watch.json"));
		usleep(20000);
	}
}

static pid_t start_watch(const char *option)
{
	const char *path = command_copy();
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		int fd = open("/run/watch.json", O_WRONLY | O_CREAT | O_TRUNC, 0644);

		sys_death_signal(SIGKILL);
		dup2(fd, STDOUT_FILENO);
		execl(path, path, "list", "--watch", "--json", option, NULL);
		_exit(127);
	}
	return pid;
}

static void hold_token(void *data)
{
	struct bpftoken_error err;
	int dir_fd;

	join(data);
	dir_fd = open_dir(LIVE_BPFFS);
	EXPECT_OK(bpftoken_create(dir_fd, &err), &err);
	close(dir_fd);
	wait_for("\"tokens\":1");
}

static void watch_body(void)
{
	struct live_container first, second;
	int status;
	pid_t pid;

	make_targets();
	start(&first);
	delegate_at(&first, SMALL_POLICY, LIVE_BPFFS);
	pid = start_watch(NULL);
	wait_for("\"event\":\"new\"");
	start(&second);
	usleep(1200000);
	/* in a namespace that is watched by now: at once */
	delegate_at(&second, LIVE_ANY, LIVE_BPFFS);
	wait_for("over-broad");
	in_child(hold_token, &first);
	wait_for("\"event\":\"changed\"");
	live_container_end(&second);
	wait_for("\"event\":\"gone\"");
	EXPECT_EQ(kill(pid, SIGTERM), 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	pid = start_watch("--fail-on=host-wide");
	wait_for("\"event\":\"new\"");
	delegate_at(&first, LIVE_ANY, "/run/live/below");
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	live_container_end(&first);
}

static void watch(void)
{
	alone(watch_body);
}

static const struct live_test tests[] = {
	{ "names of all kinds", all_names, false },
	{ "ten thousand mounts in one namespace", many_mounts, false },
	{ "processes and namespaces that vanish", vanishing, false },
	{ "stopped processes, filesystems that do not answer", silent, false },
	{ "threads with namespaces and descriptors of their own", threads, false },
	{ "a first process in a chroot", chrooted, false },
	{ "namespaces without a process, as the kernel lists them", kept_body, false },
	{ "namespaces without a process, as the walk meets them", kept_met, false },
	{ "namespaces without a process, which the kernel does not list", kept_unlisted,
	  false },
	{ "a namespace without a process that is out of reach", covered, false },
	{ "an ordinary user is told what is not seen", ordinary_user, false },
	{ "options and statuses", all_options, false },
	{ "changes as they happen", watch, false },
};

LIVE_MAIN(tests)
