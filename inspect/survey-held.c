/* SPDX-License-Identifier: MIT */
/*
 * Who holds tokens. A token is a regular file without a name and without contents on the
 * superblock of its bpffs. What else is like that (a memfd, a temporary file) is on a
 * device that some mountinfo names, or is asked for its type: by a child, since that
 * question goes to the filesystem, and a filesystem may be a program that does not answer.
 */
#include "survey-walk.h"

#include "aside.h"
#include "bpffs.h"
#include "numbers.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct looking {
	struct walk *walk;
	int fd; /* of the directory of descriptors */
	pid_t pid, tid;
	bool refused; /* one at least may not be looked at */
};

/* What the process holds on the device already, or a new entry. */
static struct walk_held *find_held(struct walk *walk, const struct looking *looking,
				   uint64_t device)
{
	struct walk_held *held;

	for (size_t i = walk->held.count; i > 0; i--) {
		held = &walk->held.at[i - 1];
		if (held->holder.pid != looking->pid)
			break;
		if (held->device == device)
			return held;
	}
	held = ARRAY_ADD(walk, held);
	if (held) {
		held->device = device;
		held->holder.pid = looking->pid;
		held->tid = looking->tid;
		held->fd = -1;
	}
	return held;
}

/* fd -1 is the working directory. */
static int take_file(const struct looking *looking, int fd, const struct sys_file *file)
{
	bool is_token = S_ISREG(file->mode) && !file->nlink && !file->size;
	const uint32_t *known;
	struct walk_held *held;

	if (major(file->dev) || !(is_token || S_ISDIR(file->mode)))
		return 0;
	known = table_get(&looking->walk->devices, file->dev);
	if (known && *known == DEVICE_OTHER)
		return 0;
	held = find_held(looking->walk, looking, file->dev);
	if (!held)
		return -ENOMEM;
	held->fd = held->fd < 0 ? fd : held->fd;
	held->holder.tokens += is_token;
	held->holder.directories += !is_token;
	return 0;
}

static int look_at_fd(int fd, void *data)
{
	struct looking *looking = data;
	struct sys_file file;
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%d", fd);
	r = sys_look_at(looking->fd, name, &file);
	looking->refused |= walk_is_refused(r);
	if (r == 0 && file.dev == looking->walk->nsfs) {
		const struct walk_kept kept = { file.ino, -EBADF, looking->tid, fd,
						NULL };

		return walk_keep(looking->walk, &kept);
	}
	return r < 0 ? 0 : take_file(looking, fd, &file);
}

int walk_descriptors(struct walk *walk, int task_fd, pid_t pid, pid_t tid)
{
	_cleanup_close_ int fd = sys_openat(task_fd, "fd", O_RDONLY | O_DIRECTORY);
	struct looking looking = { walk, fd, pid, tid, walk_is_refused(fd) };
	struct sys_file file;
	int r;

	walk->survey->unseen.tables += looking.refused;
	if (fd < 0)
		return looking.refused ? 0 : fd;
	if (pid == tid && sys_look_at(task_fd, "cwd", &file) == 0 &&
	    take_file(&looking, -1, &file) < 0)
		return -ENOMEM;
	r = numbers_each(fd, look_at_fd, &looking);
	walk->survey->unseen.tables += looking.refused;
	return r;
}

/* -------------------------------------------------------- unknown devices */

struct unknown {
	const struct walk_held *samples[256];
	size_t count;
};

/* One sample of every device that no mountinfo has named. */
static int gather_unknown(struct walk *walk, struct unknown *unknown)
{
	_cleanup_(table_done) struct table seen = { 0 };

	unknown->count = 0;
	for (size_t i = 0; i < walk->held.count; i++) {
		const struct walk_held *held = &walk->held.at[i];

		if (table_get(&walk->devices, held->device) ||
		    table_get(&seen, held->device))
			continue;
		if (unknown->count == ARRAY_SIZE(unknown->samples))
			break;
		unknown->samples[unknown->count++] = held;
		if (table_put(&seen, held->device, 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void ask_type(size_t index, void *answer, const void *data)
{
	const struct unknown *unknown = data;
	const struct walk_held *held = unknown->samples[index];
	struct sys_file file;
	char path[64];

	snprintf(path, sizeof(path), held->fd < 0 ? "/proc/%d/cwd" : "/proc/%d/fd/%d",
		 (int)held->tid, held->fd);
	/* Is it the same file still? */
	if (sys_look(path, &file) < 0 || file.dev != held->device ||
	    sys_path_fs_type(path, answer) < 0)
		*(uint32_t *)answer = 0;
}

#define NO_ANSWER UINT32_MAX

static int settle_unknown(struct walk *walk, const struct unknown *unknown)
{
	uint32_t types[ARRAY_SIZE(unknown->samples)];

	memset(types, 0xff, sizeof(types));
	aside_ask(unknown->count, ask_type, types, sizeof(types[0]), unknown);
	for (size_t i = 0; i < unknown->count; i++) {
		uint64_t device = unknown->samples[i]->device;
		int64_t r;

		walk->survey->unseen.files += types[i] == NO_ANSWER;
		r = types[i] == BPFFS_MAGIC
			    ? walk_bpffs(walk, device)
			    : table_put(&walk->devices, device, DEVICE_OTHER);
		if (r < 0)
			return (int)r;
	}
	return 0;
}

static void read_name(struct bpftoken_holder *holder)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)holder->pid);
	(void)text_read_file(path, holder->name, sizeof(holder->name));
	holder->name[strcspn(holder->name, "\n")] = '\0';
}

static int by_bpffs(const void *a, const void *b)
{
	const struct survey_holder *x = a, *y = b;

	if (x->bpffs != y->bpffs)
		return x->bpffs < y->bpffs ? -1 : 1;
	return (x->holder.pid > y->holder.pid) - (x->holder.pid < y->holder.pid);
}

static int make_holders(struct walk *walk)
{
	struct survey *survey = walk->survey;

	for (size_t i = 0; i < walk->held.count; i++) {
		const struct walk_held *held = &walk->held.at[i];
		const uint32_t *known = table_get(&walk->devices, held->device);
		struct survey_holder *holder;

		if (!known || *known == DEVICE_OTHER)
			continue;
		holder = ARRAY_ADD(survey, holders);
		if (!holder)
			return -ENOMEM;
		holder->bpffs = *known - DEVICE_BPFFS;
		holder->holder = held->holder;
		read_name(&holder->holder);
		survey->bpffs.at[holder->bpffs].tokens += held->holder.tokens;
	}
	if (survey->holders.count)
		qsort(survey->holders.at, survey->holders.count,
		      sizeof(*survey->holders.at), by_bpffs);
	for (size_t i = survey->holders.count; i > 0; i--) {
		struct survey_bpffs *bpffs =
			&survey->bpffs.at[survey->holders.at[i - 1].bpffs];

		bpffs->first_holder = (uint32_t)i - 1;
		bpffs->holder_count++;
	}
	return 0;
}

int walk_settle_held(struct walk *walk)
{
	struct unknown unknown;
	int r = gather_unknown(walk, &unknown);

	while (r == 0 && unknown.count) {
		r = settle_unknown(walk, &unknown);
		if (r == 0)
			r = gather_unknown(walk, &unknown);
	}
	return r < 0 ? r : make_holders(walk);
}
