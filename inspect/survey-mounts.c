/* SPDX-License-Identifier: MIT */
/* The mounts of one mount namespace: which bpffs delegate, and what else is no bpffs. */
#include "survey-walk.h"

#include "dialect.h"
#include "mountinfo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

struct reading {
	struct walk *walk;
	pid_t pid;
	uint64_t space; /* inode */
	uint32_t space_index; /* once one is needed */
};

/* The space, made with its first delegated bpffs. */
static int need_space(struct reading *reading)
{
	struct survey *survey = reading->walk->survey;
	struct survey_space *space;
	uint32_t *known;

	if (reading->space_index != SURVEY_NONE)
		return 0;
	known = reading->space ? table_get(&reading->walk->spaces, reading->space) : NULL;
	reading->space_index = known ? *known : (uint32_t)survey->spaces.count;
	if (known)
		return 0;
	space = ARRAY_ADD(survey, spaces);
	if (!space)
		return -ENOMEM;
	space->id = reading->space;
	space->pid = reading->pid;
	return reading->space ? table_put(&reading->walk->spaces, reading->space,
					  reading->space_index)
			      : 0;
}

static int add_place(struct reading *reading, uint32_t index,
		     const struct mountinfo *mount)
{
	struct survey *survey = reading->walk->survey;
	struct survey_bpffs *bpffs = &survey->bpffs.at[index];
	uint32_t number = (uint32_t)survey->places.count;
	struct survey_place *place;
	int r = need_space(reading);

	if (r < 0)
		return r;
	place = ARRAY_ADD(survey, places);
	if (!place || !(place->path = strdup(mount->mount_point)))
		return -ENOMEM;
	place->mount_id = mount->id;
	place->bpffs = index;
	place->space = reading->space_index;
	place->next = SURVEY_NONE;
	place->whole = !strcmp(mount->root, "/");
	place->fit = SURVEY_FIT_UNKNOWN;
	if (bpffs->last_place == SURVEY_NONE)
		bpffs->first_place = number;
	else
		survey->places.at[bpffs->last_place].next = number;
	bpffs->last_place = number;
	bpffs->place_count++;
	return table_put(&reading->walk->mounts, mount->id, number);
}

/* uid=N of the super options; it is not shown for 0. */
static void read_uid(const char *options, struct survey_bpffs *bpffs)
{
	const char *found = strstr(options, ",uid=");

	bpffs->has_uid = true;
	bpffs->uid = found ? (uint32_t)strtoul(found + 5, NULL, 10) : 0;
}

static bool delegates(const struct bpftoken_policy *policy)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		if (policy->mask[set])
			return true;
	return false;
}

static int take_bpffs(struct reading *reading, const struct mountinfo *mount)
{
	struct walk *walk = reading->walk;
	struct bpftoken_policy policy = { 0 };
	struct survey_bpffs *bpffs;
	int64_t index;
	int r;

	if (table_get(&walk->mounts, mount->id))
		return 0;
	r = dialect_mount_parse_readback(mount->super_options,
					 strlen(mount->super_options), &policy, NULL);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && !delegates(&policy))
		return table_put(&walk->devices, mount->dev, DEVICE_OTHER);
	index = walk_bpffs(walk, mount->dev);
	if (index < 0)
		return (int)index;
	bpffs = &walk->survey->bpffs.at[index];
	bpffs->has_policy = r == 0;
	bpffs->policy = policy;
	read_uid(mount->super_options, bpffs);
	return add_place(reading, (uint32_t)index, mount);
}

/* A bind mount of a mount namespace's file. */
static int take_nsfs(const struct reading *reading, char *line)
{
	struct walk_kept kept = { .ns_fd = -EBADF, .pid = reading->pid };
	struct mountinfo mount;

	if (mountinfo_split(line, &mount) < 0 || strncmp(mount.root, "mnt:[", 5) != 0)
		return 0;
	kept.space = strtoull(mount.root + 5, NULL, 10);
	kept.path = (char *)(uintptr_t)mount.mount_point;
	return walk_keep(reading->walk, &kept);
}

/* "id parent 0:minor ...": a device without a driver, as a bpffs has, but none. */
static int take_other(const struct reading *reading, char *line)
{
	char *end;
	unsigned long minor;

	strtoul(line, &end, 10);
	strtoul(end, &end, 10);
	if (strncmp(end, " 0:", 3) != 0)
		return 0;
	minor = strtoul(end + 3, NULL, 10);
	if (makedev(0, minor) == reading->walk->nsfs)
		return take_nsfs(reading, line);
	return table_put(&reading->walk->devices, makedev(0, minor), DEVICE_OTHER);
}

/* A blank in a name is escaped, so that this stands before the type and nowhere else. */
static int take_line(char *line, void *data)
{
	struct reading *reading = data;
	struct mountinfo mount;

	if (!strstr(line, " - bpf "))
		return take_other(reading, line);
	return mountinfo_split(line, &mount) < 0 ? 0 : take_bpffs(reading, &mount);
}

int walk_mountinfo(struct walk *walk, int fd, pid_t pid, uint64_t space)
{
	struct reading reading = { walk, pid, space, SURVEY_NONE };

	return mountinfo_lines(fd, take_line, &reading);
}

int walk_mounts(struct walk *walk, int task_fd, pid_t pid, uint64_t space)
{
	_cleanup_close_ int fd = sys_openat(task_fd, "mountinfo", O_RDONLY);

	return fd < 0 ? fd : walk_mountinfo(walk, fd, pid, space);
}
