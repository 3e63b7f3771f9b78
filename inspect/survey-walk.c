/* SPDX-License-Identifier: MIT */
/*
 * The walk over /proc: for each process (and each thread that differs from its process)
 * one look at its mount namespace and root directory, and its mountinfo if no process
 * before it has shown the same; then its descriptors. A descriptor of /proc/PID is held
 * meanwhile, so that all answers are about one process, however pids are reused.
 */
#include "survey-walk.h"

#include "numbers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int64_t walk_bpffs(struct walk *walk, uint64_t device)
{
	uint32_t *known = table_get(&walk->devices, device);
	struct survey_bpffs *bpffs;
	uint32_t index;

	if (known && *known >= DEVICE_BPFFS)
		return *known - DEVICE_BPFFS;
	index = (uint32_t)walk->survey->bpffs.count;
	bpffs = ARRAY_ADD(walk->survey, bpffs);
	if (!bpffs || table_put(&walk->devices, device, DEVICE_BPFFS + index) < 0)
		return -ENOMEM;
	bpffs->device = device;
	bpffs->first_place = bpffs->last_place = bpffs->shown = SURVEY_NONE;
	return index;
}

static void add_user(struct survey_space *space, uint64_t id, pid_t pid)
{
	for (size_t i = 0; i < space->user_count; i++)
		if (space->users[i].id == id)
			return;
	if (space->user_count < SURVEY_USERS)
		space->users[space->user_count++] = (struct survey_user){ id, pid };
}

static int remember_view(struct walk *walk, uint64_t view, uint64_t space, pid_t pid)
{
	pid_t *place = ARRAY_ADD(walk->survey, views);

	if (!place)
		return -ENOMEM;
	*place = pid;
	if (table_put(&walk->looked, space, 1) < 0)
		return -ENOMEM;
	return table_put(&walk->views, view, 1);
}

/* Namespaces of a process or thread: 0, or a negative errno. */
static int look_at_namespaces(struct walk *walk, int task_fd, pid_t pid, uint64_t space)
{
	struct sys_file root = { 0 };
	uint64_t view, user;
	uint32_t *index;
	int r;

	/* What a process sees of its namespace begins at its root directory. */
	r = sys_look_at(task_fd, "root", &root);
	if (r < 0 && !walk_is_refused(r))
		return r;
	view = table_mix(space, root.mount_id, root.ino);
	if (!space || !table_get(&walk->views, view)) {
		r = walk_mounts(walk, task_fd, pid, space);
		if (r == 0 && space)
			r = remember_view(walk, view, space, pid);
		if (r < 0)
			return r;
	}
	index = space ? table_get(&walk->spaces, space) : NULL;
	if (index && sys_inode(task_fd, "ns/user", &user) == 0)
		add_user(&walk->survey->spaces.at[*index], user, pid);
	return 0;
}

struct task {
	struct walk *walk;
	int fd; /* /proc/PID */
	pid_t pid;
	uint64_t space;
};

static int visit_thread(int tid, void *data)
{
	const struct task *task = data;
	_cleanup_close_ int fd = -EBADF;
	uint64_t space;
	char name[32];
	int r;

	if (tid == task->pid)
		return 0;
	snprintf(name, sizeof(name), "task/%d", tid);
	fd = sys_openat(task->fd, name, O_PATH | O_DIRECTORY);
	r = fd < 0 ? fd : sys_inode(fd, "ns/mnt", &space);
	if (r == 0 && space != task->space)
		r = look_at_namespaces(task->walk, fd, tid, space);
	if (r == 0 && sys_same_fds(task->pid, tid) != 1)
		r = walk_descriptors(task->walk, fd, task->pid, tid);
	return r == -ENOMEM ? r : 0;
}

/* A process without threads has three links there. */
static int visit_threads(struct task *task)
{
	_cleanup_close_ int fd = -EBADF;
	struct sys_file file;
	int r = sys_look_at(task->fd, "task", &file);

	if (r < 0 || file.nlink <= 3)
		return r;
	fd = sys_openat(task->fd, "task", O_RDONLY | O_DIRECTORY);
	return fd < 0 ? fd : numbers_each(fd, visit_thread, task);
}

static int visit_process(int pid, void *data)
{
	struct walk *walk = data;
	struct task task = { walk, -EBADF, pid, 0 };
	_cleanup_close_ int fd = -EBADF;
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%d", pid);
	fd = task.fd = sys_openat(walk->proc_fd, name, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return 0;
	walk->survey->processes++;
	r = sys_inode(fd, "ns/mnt", &task.space);
	if (walk_is_refused(r))
		walk->survey->unseen.processes++;
	else if (r < 0)
		return 0;
	r = look_at_namespaces(walk, fd, pid, task.space);
	if (r == 0)
		r = walk_descriptors(walk, fd, pid, pid);
	if (r == 0)
		r = visit_threads(&task);
	return r == -ENOMEM ? r : 0;
}

int survey_walk(struct survey *survey)
{
	struct walk walk = { .survey = survey, .proc_fd = -EBADF };
	int r;

	walk.proc_fd = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
	r = walk.proc_fd < 0 ? walk.proc_fd : walk_note_spaces(&walk);
	if (r == 0)
		r = numbers_each(walk.proc_fd, visit_process, &walk);
	if (r == 0)
		r = walk_settle_kept(&walk);
	if (walk.proc_fd >= 0)
		sys_close(walk.proc_fd);
	walk_drop_kept(&walk);
	if (r == 0)
		r = walk_settle_held(&walk);
	table_done(&walk.views);
	table_done(&walk.spaces);
	table_done(&walk.mounts);
	table_done(&walk.devices);
	table_done(&walk.looked);
	table_done(&walk.before);
	table_done(&walk.met);
	free(walk.kept.at);
	free(walk.held.at);
	return r;
}
