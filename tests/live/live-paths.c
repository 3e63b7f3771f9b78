/* SPDX-License-Identifier: MIT */
/* `bpftoken run --bpffs` and `--rootfs`: where the delegation and the files are. */
#include "live-more.h"

#include "mountinfo.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#define CHECKED_DIR "/run"

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		live_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

/* A directory that is ours alone and goes with this process. */
static void make_checked_dir(void)
{
	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	EXPECT_EQ(mount("live", CHECKED_DIR, "tmpfs", 0, "mode=0755"), 0);
}

/* ----------------------------------------------------------------- --bpffs */

static int find_delegation(const struct mountinfo *mount, void *data)
{
	const char *wanted = data;

	return !strcmp(mount->mount_point, wanted) && !strcmp(mount->fs_type, "bpf") &&
	       strstr(mount->super_options, SMALL_POLICY);
}

static int inside_bpffs(int argc, char **argv)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;

	EXPECT_EQ(mountinfo_each(0, find_delegation, argv[1]), 1);
	EXPECT_EQ(mountinfo_each(0, find_delegation, (void *)(uintptr_t)LIVE_BPFFS), 0);
	opts.path = argv[1];
	EXPECT_OK(try_map(MAP_RINGBUF, bpftoken_open(&opts, NULL), &err), &err);
	/* discovery finds it there, too */
	EXPECT_OK(try_map(MAP_RINGBUF, bpftoken_open(NULL, NULL), &err), &err);
	return 0;
}

static void links_are_refused(const char *path, const struct left *before)
{
	static struct live_result result;
	char text[512];

	snprintf(text, sizeof(text), "run " SMALL_OPTIONS " --bpffs %s -- /bin/true",
		 path);
	run_command(&result, text, NULL);
	EXPECT_EQ(result.status, 5);
	expect_one_line(text, result.err);
	EXPECT_HAS(result.err, path);
	EXPECT_HAS(result.err, "symbolic link");
	expect_left(text, before);
}

static void bpffs_path(void)
{
	struct left before;

	make_checked_dir();
	make_dir(CHECKED_DIR "/dir");
	make_dir(CHECKED_DIR "/dir/below");
	EXPECT_EQ(symlink("dir", CHECKED_DIR "/link"), 0);
	EXPECT_EQ(symlink("/sys/fs/bpf", CHECKED_DIR "/absolute"), 0);
	(void)command_copy();
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	before = count_left();
	run_inside(0, SMALL_OPTIONS " --bpffs " CHECKED_DIR "/dir",
		   "bpffs " CHECKED_DIR "/dir");
	expect_left("--bpffs", &before);
	links_are_refused(CHECKED_DIR "/link", &before);
	links_are_refused(CHECKED_DIR "/link/below", &before);
	links_are_refused(CHECKED_DIR "/absolute", &before);
}

/* ---------------------------------------------------------------- --rootfs */

#define ROOT CHECKED_DIR "/root"

static void copy_file(const char *from, const char *to)
{
	static char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0755);
	ssize_t got;

	if (in < 0 || out < 0)
		live_fail(__FILE__, __LINE__, "%s to %s: %s", from, to, strerror(errno));
	while ((got = read(in, buf, sizeof(buf))) > 0)
		EXPECT_EQ(write(out, buf, (size_t)got), got);
	close(in);
	close(out);
}

/*
 * This program's shared libraries, where it has any, in one directory; the command that
 * starts it by hand is the result. "libx.so.8.0.0" is also looked for as "libx.so.8".
 */
static const char *copy_libraries(void)
{
	static char start[256] = "/self";
	char maps[65536], path[256], *saved;

	snprintf(maps, sizeof(maps), "%s", live_file("/proc/self/maps"));
	make_dir(ROOT "/lib");
	for (char *line = strtok_r(maps, "\n", &saved); line;
	     line = strtok_r(NULL, "\n", &saved)) {
		const char *file = strchr(line, '/'), *name, *major;

		if (!file || !strstr(file, ".so"))
			continue;
		name = strrchr(file, '/') + 1;
		snprintf(path, sizeof(path), ROOT "/lib/%s", name);
		copy_file(file, path);
		major = strstr(name, ".so.");
		if (major && strchr(major + 4, '.')) {
			*strchr(strrchr(path, '/') + (major - name) + 5, '.') = '\0';
			copy_file(file, path);
		}
		if (!strncmp(name, "ld", 2))
			snprintf(start, sizeof(start),
				 "/lib/%s --library-path /lib /self", name);
	}
	return start;
}

static void expect_device(const char *path, unsigned int minor_number)
{
	struct stat st;

	EXPECT_EQ(stat(path, &st), 0);
	EXPECT(S_ISCHR(st.st_mode));
	EXPECT_EQ(major(st.st_rdev), 1);
	EXPECT_EQ(minor(st.st_rdev), minor_number);
}

static int inside_rootfs(int argc, char **argv)
{
	struct bpftoken_error err;
	char byte = 'x';
	int fd;

	/* the host's files are out of sight, by any way out */
	EXPECT(access(argv[1], F_OK) < 0 && errno == ENOENT);
	EXPECT(access("/proc/1/root/etc/passwd", F_OK) < 0);
	EXPECT(chdir("../../../..") == 0 && access("self", F_OK) == 0);
	EXPECT(!strstr(live_file("/proc/self/mountinfo"), CHECKED_DIR "/host"));
	EXPECT_EQ(access("/root-of-test", F_OK), 0);
	/* the devices work, and no device can be made */
	expect_device("/dev/null", 3);
	expect_device("/dev/zero", 5);
	expect_device("/dev/urandom", 9);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(write(fd, "x", 1), 1);
	EXPECT_EQ(read(fd, &byte, 1), 0);
	EXPECT(mknod("/dev/kmem", S_IFCHR | 0600, makedev(1, 2)) < 0 && errno == EPERM);
	/* /proc is its own, /sys cannot be written */
	EXPECT_EQ(getpid(), 2);
	EXPECT_EQ(live_count_processes(), 2);
	EXPECT(open("/sys/class/net/lo/mtu", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	EXPECT_EQ(mountinfo_each(0, find_delegation, (void *)(uintptr_t)LIVE_BPFFS), 1);
	EXPECT_OK(try_map(MAP_RINGBUF, bpftoken_open(NULL, NULL), &err), &err);
	EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, bpftoken_open(NULL, NULL), &err), &err);
	return 0;
}

static void rootfs_path(void)
{
	static const char *const dirs[] = {
		ROOT,	     ROOT "/root-of-test", ROOT "/proc",       ROOT "/sys",
		ROOT "/dev", ROOT "/bpf",	   CHECKED_DIR "/host"
	};
	static struct live_result result;
	char text[1024];
	struct left before;
	const char *start;

	make_checked_dir();
	for (size_t i = 0; i < LIVE_COUNT(dirs); i++)
		make_dir(dirs[i]);
	copy_file(live_self(), ROOT "/self");
	start = copy_libraries();
	(void)command_copy();
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	before = count_left();
	snprintf(text, sizeof(text),
		 "run " SMALL_OPTIONS " --rootfs " ROOT " -- %s --inside rootfs %s",
		 start, CHECKED_DIR "/host");
	run_command(&result, text, NULL);
	if (result.status)
		live_fail(__FILE__, __LINE__, "%s: status %d: %s%s", text, result.status,
			  result.out, result.err);
	expect_left("--rootfs", &before);
	/* the host's network namespace has no sysfs for us: the bpffs goes elsewhere */
	snprintf(text, sizeof(text),
		 "run " SMALL_OPTIONS " --rootfs " ROOT
		 " --net host --bpffs /bpf -- %s --inside bpffs /bpf",
		 start);
	run_command(&result, text, NULL);
	if (result.status)
		live_fail(__FILE__, __LINE__, "%s: status %d: %s%s", text, result.status,
			  result.out, result.err);
	expect_left("--rootfs --net host", &before);
}

/* ----------------------------------------------------------------- chroot */

#define CHROOT_DIR CHECKED_DIR "/root"

static int inside_chroot(int argc, char **argv)
{
	struct bpftoken_error err;

	EXPECT_OK(try_map(MAP_RINGBUF, bpftoken_open(NULL, NULL), &err), &err);
	EXPECT_EQ(access(CHECKED_DIR "/only-in-the-chroot", F_OK), 0);
	return 0;
}

/* The kernel makes no user namespace for a process in a chroot; run finds a way. */
static void from_a_chroot(void)
{
	static struct live_result result;
	struct left before;
	char text[512];
	int pidfd;
	pid_t pid;

	snprintf(text, sizeof(text), "run " SMALL_OPTIONS " -- %s --inside chroot",
		 live_self());
	make_checked_dir();
	make_dir(CHROOT_DIR);
	EXPECT_EQ(mount("/", CHROOT_DIR, NULL, MS_BIND | MS_REC, NULL), 0);
	EXPECT_EQ(mount("live", CHROOT_DIR CHECKED_DIR, "tmpfs", 0, "mode=0755"), 0);
	make_dir(CHROOT_DIR CHECKED_DIR "/only-in-the-chroot");
	(void)command_copy();
	EXPECT_EQ(chroot(CHROOT_DIR), 0);
	EXPECT_EQ(chdir(CHECKED_DIR), 0);
	pid = sys_clone(CLONE_NEWUSER, &pidfd);
	if (pid == 0)
		_exit(0);
	EXPECT_EQ(pid, -EPERM);
	before = count_left();
	run_command(&result, text, NULL);
	EXPECT_STR(result.err, "");
	EXPECT_EQ(result.status, 0);
	expect_left("from a chroot", &before);
}

static const struct live_test tests[] = {
	{ "--bpffs: elsewhere, and not through links", bpffs_path, false },
	{ "--rootfs: files, devices and proc of its own", rootfs_path, false },
	{ "from a chroot", from_a_chroot, false },
};

static const struct live_inside inside[] = {
	{ "bpffs", inside_bpffs },
	{ "rootfs", inside_rootfs },
	{ "chroot", inside_chroot },
};

LIVE_MAIN_INSIDE(tests, inside)
