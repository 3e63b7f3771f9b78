/* SPDX-License-Identifier: MIT */
/*
 * Tokens in other processes' hands. A token is a regular file without a name on the
 * superblock of the bpffs that it was made of; stat() and statfs() on /proc/PID/fd/N say
 * that much, and nothing here opens or reads one. Threads may have a table of descriptors
 * of their own (CLONE_FILES), which kcmp(2) tells.
 */
#include "holders.h"

#include "bpffs.h"
#include "numbers.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Has it ended while it was looked at? */
static bool is_gone(int code)
{
	return code == -ENOENT || code == -ESRCH;
}

static int each_number(const char *path, int (*each)(int number, void *data), void *data)
{
	_cleanup_close_ int dir_fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);

	return dir_fd < 0 ? dir_fd : numbers_each(dir_fd, each, data);
}

struct look {
	const char *directory; /* "/proc/PID/fd" or of a thread */
	uint64_t device;
	struct bpftoken_holder holder;
};

static void look_at(const char *path, struct look *look)
{
	struct sys_file file;
	uint32_t type;

	/* What the device is not is never asked for its filesystem. */
	if (sys_look(path, &file) < 0 || file.dev != look->device ||
	    sys_path_fs_type(path, &type) < 0 || type != BPFFS_MAGIC)
		return;
	look->holder.tokens += S_ISREG(file.mode) && file.nlink == 0;
	look->holder.directories += S_ISDIR(file.mode);
}

static int look_at_fd(int fd, void *data)
{
	struct look *look = data;
	char path[96];

	snprintf(path, sizeof(path), "%s/%d", look->directory, fd);
	look_at(path, look);
	return 0;
}

static int look_at_table(pid_t pid, pid_t tid, struct look *look)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", (int)pid, (int)tid);
	look->directory = path;
	return each_number(path, look_at_fd, look);
}

static int look_at_thread(int tid, void *data)
{
	struct look *look = data;
	pid_t pid = look->holder.pid;
	int r;

	if (tid == pid || sys_same_fds(pid, tid) == 1)
		return 0;
	r = look_at_table(pid, tid, look);
	return is_gone(r) ? 0 : r;
}

static void read_name(struct bpftoken_holder *holder)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)holder->pid);
	(void)text_read_file(path, holder->name, sizeof(holder->name));
	holder->name[strcspn(holder->name, "\n")] = '\0';
}

int holders_look(pid_t pid, uint64_t device, struct bpftoken_holder *ret_holder)
{
	struct look look = { .device = device, .holder = { .pid = pid } };
	char path[64];
	int r = look_at_table(pid, pid, &look);

	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
		r = each_number(path, look_at_thread, &look);
	}
	if (r < 0)
		return is_gone(r) ? 0 : r;
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	look_at(path, &look);
	if (!look.holder.tokens && !look.holder.directories)
		return 0;
	read_name(&look.holder);
	*ret_holder = look.holder;
	return 1;
}

struct search {
	uint64_t device;
	bpftoken_holder_fn each;
	void *data;
	int found;
	uint32_t unseen;
	int ended; /* what each() said */
};

static int look_at_process(int pid, void *data)
{
	struct search *search = data;
	struct bpftoken_holder holder;
	int r = holders_look(pid, search->device, &holder);

	if (r == -EACCES || r == -EPERM)
		search->unseen++;
	else if (r < 0)
		return r;
	if (r <= 0)
		return 0;
	search->found++;
	search->ended = search->each(&holder, search->data);
	return search->ended;
}

int bpftoken_bpffs_holders(uint64_t device, bpftoken_holder_fn each, void *data,
			   uint32_t *ret_unseen, struct bpftoken_error *err)
{
	struct search search = { .device = device, .each = each, .data = data };
	int r = each_number("/proc", look_at_process, &search);

	if (search.ended)
		return search.ended;
	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL);
		err_what(err, "cannot look for the holders of tokens");
		return r;
	}
	if (ret_unseen)
		*ret_unseen = search.unseen;
	return search.found;
}
