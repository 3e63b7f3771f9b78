/* SPDX-License-Identifier: MIT */
/* What the tests of changes to a running container share: containers, and their mounts. */
#ifndef BPFTOKEN_LIVE_TARGET_H
#define BPFTOKEN_LIVE_TARGET_H

#include "live-more.h"

#include "mountinfo.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#define CONTAINER (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
#define DIR_INSIDE "/run/live"

/* Directories and links that the host, and every container after it, sees below /run. */
static inline void make_targets(void)
{
	int fd;

	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	EXPECT_EQ(mount("live", "/run", "tmpfs", 0, "mode=0755"), 0);
	EXPECT_EQ(mkdir(DIR_INSIDE, 0755), 0);
	EXPECT_EQ(mkdir(DIR_INSIDE "/below", 0755), 0);
	EXPECT_EQ(symlink(DIR_INSIDE, "/run/link"), 0);
	fd = open("/run/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	EXPECT(fd >= 0);
	close(fd);
}

/* The lines of the container's mounts, for comparison. */
static inline const char *mounts_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return live_file(path);
}

struct seen {
	const char *mount_point;
	char options[1024];
};

static inline int take_options(const struct mountinfo *mount, void *data)
{
	struct seen *seen = data;

	if (strcmp(mount->mount_point, seen->mount_point) != 0 ||
	    strcmp(mount->fs_type, "bpf") != 0)
		return 0;
	snprintf(seen->options, sizeof(seen->options), "%s", mount->super_options);
	return 1;
}

/* The kernel's word for what is mounted there. */
static inline const char *options_at(pid_t pid, const char *target)
{
	static struct seen seen;

	seen.mount_point = target;
	EXPECT_EQ(mountinfo_each(pid, take_options, &seen), 1);
	return seen.options;
}

/* Of the mount itself: "rw,nosuid,nodev,noexec,relatime". */
static inline void expect_mount_flags(pid_t pid, const char *target)
{
	char wanted[128], line[512];
	const char *found;

	snprintf(wanted, sizeof(wanted), " / %s ", target);
	found = strstr(mounts_of(pid), wanted);
	/* the last that was put there */
	for (const char *next = found; next; next = strstr(next + 1, wanted))
		found = next;
	EXPECT(found);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	EXPECT_HAS(line, "nosuid");
	EXPECT_HAS(line, "nodev");
	EXPECT_HAS(line, "noexec");
	/* private: nothing goes back to the host */
	EXPECT(!strstr(line, "shared:"));
	EXPECT(!strstr(line, "master:"));
}

/* A container whose user namespace does not own its mount namespace. */
static inline void start_unowned(struct live_container *outer,
				 struct live_container *inner)
{
	int ns_fd;

	live_container_start(outer, CLONE_NEWNS);
	ns_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(sys_setns(outer->pidfd, CLONE_NEWNS), 0);
	live_container_start(inner, CLONE_NEWUSER | CLONE_NEWPID);
	EXPECT_EQ(sys_setns(ns_fd, CLONE_NEWNS), 0);
	close(ns_fd);
}

/* Refused with that, and the container's mounts are what they were. */
static inline void expect_refused(const struct live_container *container,
				  const char *what, const struct bpftoken_policy *policy,
				  const struct bpftoken_bpffs_opts *opts, int code,
				  uint32_t stage)
{
	char *mounts = strdup(mounts_of(container->pid));
	struct left before = count_left();
	struct bpftoken_error err = { 0 };
	int r = bpftoken_bpffs_mount(container->pidfd, policy, opts, &err);

	if (r != code || err.code != code || err.stage != stage)
		live_fail(__FILE__, __LINE__, "%s: %d at %s (%s), not %d at %s", what, r,
			  bpftoken_stage_name(err.stage), err.why, code,
			  bpftoken_stage_name(stage));
	EXPECT(mounts);
	EXPECT_STR(mounts_of(container->pid), mounts);
	expect_left(what, &before);
	free(mounts);
}

#endif
