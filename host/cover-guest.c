/* SPDX-License-Identifier: MIT */
/*
 * The container's part of cover.h, in a helper that is inside: what the program is, as the
 * kernel will find it, and the three mounts. Nothing of the container runs yet, but its
 * files may be anything.
 */
#include "cover.h"

#include "bpffs.h"
#include "guest.h"
#include "sys-task.h"
#include "text.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FIX_PROGRAM "correct the program of the container's configuration"

/* The kernel's: fs/exec.c and fs/binfmt_script.c. */
#define MAX_SCRIPTS 5
#define HEAD_SIZE 256

struct file {
	int root_fd;
	const char *cwd;
	char path[PATH_MAX]; /* inside */
	int fd; /* O_PATH */
};

static int set_path(struct file *file, struct span path)
{
	bool absolute = path.len && path.data[0] == '/';
	int len = snprintf(file->path, sizeof(file->path), "%s%s%.*s",
			   absolute ? "" : file->cwd, absolute ? "" : "/", (int)path.len,
			   path.data);

	return len < (int)sizeof(file->path) ? 0 : -ENAMETOOLONG;
}

/* Opened without looking into it: it may be a pipe, or a device. */
static int open_file(struct file *file)
{
	mode_t mode = 0;
	uint64_t links;
	int r;

	close_fd(&file->fd);
	r = file->fd = sys_follow_in_root(file->root_fd, file->path, O_PATH);
	if (r >= 0)
		r = sys_file_mode(file->fd, &mode, &links);
	if (r >= 0 && (!S_ISREG(mode) || !(mode & 0111)))
		r = -ENOEXEC;
	return r < 0 ? r : 0;
}

static int raise_file(const struct file *file, int code, struct bpftoken_error *err)
{
	struct quoted path = text_quote(file->path, strlen(file->path));

	return code == -ENOEXEC
		       ? cover_raise(err, code, FIX_PROGRAM,
				     "%s is no regular file that can be executed",
				     path.text)
		       : cover_raise(err, code, FIX_PROGRAM, "%s: %s", path.text,
				     strerror(-code));
}

/* What says of a directory that another one has the program, or none. */
static bool is_elsewhere(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -EACCES || code == -ELOOP ||
	       code == -ENAMETOOLONG || code == -ENOEXEC;
}

/* As the runtimes do: directories that are relative do not count. */
static int search_path(struct file *file, const struct cover *cover,
		       struct bpftoken_error *err)
{
	struct span rest = span_of(cover->path);

	while (rest.len) {
		struct span dir = span_cut(&rest, ":");
		char path[PATH_MAX];
		int r;

		if (!span_starts(dir, "/") ||
		    snprintf(path, sizeof(path), "%.*s/%s", (int)dir.len, dir.data,
			     cover->program) >= (int)sizeof(path))
			continue;
		r = set_path(file, span_of(path));
		if (r == 0)
			r = open_file(file);
		if (!is_elsewhere(r))
			return r < 0 ? raise_file(file, r, err) : 0;
	}
	return cover_raise(err, -ENOENT, FIX_PROGRAM,
			   "%s is no program in the PATH of the container",
			   text_quote(cover->program, strlen(cover->program)).text);
}

/* The first bytes, of the very file that was looked at. */
static ssize_t read_head(const struct file *file, char head[HEAD_SIZE])
{
	_cleanup_close_ int fd = sys_follow_in_root(file->root_fd, file->path,
						    O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct sys_file looked, opened;
	int r = fd;

	if (r >= 0)
		r = sys_look_at(file->fd, "", &looked);
	if (r >= 0)
		r = sys_look_at(fd, "", &opened);
	if (r >= 0 && (looked.dev != opened.dev || looked.ino != opened.ino))
		r = -ESTALE;
	return r < 0 ? r : sys_pread(fd, head, HEAD_SIZE, 0);
}

/* From a script to its interpreter: 1; 0 at the file that the kernel loads. */
static int follow_script(struct file *file, struct bpftoken_error *err)
{
	char head[HEAD_SIZE + 1] = "";
	ssize_t len = read_head(file, head);
	struct span line;

	if (len < 0)
		return raise_file(file, (int)len, err);
	if (len > SELFMAG && !memcmp(head, ELFMAG, SELFMAG))
		return 0;
	line = span_of(head);
	if (!span_starts(line, "#!"))
		return cover_raise(err, -ENOEXEC, FIX_PROGRAM,
				   "%s is neither a script nor an ELF file",
				   text_quote(file->path, strlen(file->path)).text);
	line = span_skip(line, 2);
	line = span_first(line, span_until(line, "\n"));
	line = span_trim(line);
	line = span_first(line, span_until(line, " \t"));
	if (!line.len || set_path(file, line) < 0)
		return cover_raise(err, -ENOEXEC, FIX_PROGRAM, "%s names no interpreter",
				   text_quote(file->path, strlen(file->path)).text);
	return 1;
}

static int find_program(struct file *file, const struct cover *cover,
			struct bpftoken_error *err)
{
	int r = 0;

	if (!strchr(cover->program, '/')) {
		r = search_path(file, cover, err);
	} else {
		r = set_path(file, span_of(cover->program));
		if (r == 0)
			r = open_file(file);
		if (r < 0)
			return raise_file(file, r, err);
	}
	for (int depth = 0; r == 0 && depth <= MAX_SCRIPTS; depth++) {
		r = follow_script(file, err);
		if (r <= 0)
			return r;
		r = open_file(file);
		if (r < 0)
			return raise_file(file, r, err);
	}
	return r < 0 ? r
		     : cover_raise(err, -ELOOP, FIX_PROGRAM,
				   "a script of scripts, deeper than the kernel follows");
}

static const char *const places[] = { COVER_PLACES };

static int find_place(int root_fd, struct bpffs_target *target,
		      struct bpftoken_error *err)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r < 0; i++)
		r = bpffs_target_open(root_fd, places[i], true, target, NULL);
	return r < 0 ? cover_raise(
			       err, r,
			       "make a directory /run/" COVER_NAME " in the image",
			       "no directory for it can be made in /dev, /run or /: %s",
			       strerror(-r))
		     : 0;
}

/* What a second hook finds. A directory of that name in an image is no such place. */
static int is_covered(int place_fd, int program_fd, struct bpftoken_error *err)
{
	struct sys_file place, program, entry;
	int r = sys_look_at(place_fd, "", &place);

	if (r == 0)
		r = sys_look_at(program_fd, "", &program);
	if (r == 0 && place.dev != program.dev)
		return 0;
	if (r == 0) {
		r = sys_look_at(place_fd, COVER_FRONT, &entry);
		if (r == -ENOENT)
			return 0;
	}
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, NULL)
		     : entry.ino == program.ino;
}

static int mount_front(const struct guest *guest, int program_fd)
{
	_cleanup_close_ int file_fd = sys_openat(guest->mount_fd, COVER_FRONT, O_PATH);
	_cleanup_close_ int front_fd = file_fd < 0 ? file_fd : sys_clone_mount(file_fd);

	return front_fd < 0 ? front_fd : sys_move_mount(front_fd, program_fd);
}

static int mount_all(const struct guest *guest, const struct cover *cover, int place_fd,
		     const struct file *program, struct bpftoken_error *err)
{
	_cleanup_close_ int kept_fd = sys_clone_mount(program->fd), below_fd = -EBADF;
	char path[512];
	int r = kept_fd;

	snprintf(path, sizeof(path), COVER_BIN "/%s", cover_base(cover->program));
	if (r >= 0)
		r = sys_mount_private(kept_fd);
	/* A root that is still to be made read-only would be writable through it. */
	if (r == 0)
		r = sys_mount_readonly(kept_fd);
	if (r == 0)
		r = sys_move_mount(guest->mount_fd, place_fd);
	if (r == 0)
		r = below_fd = sys_openat(guest->mount_fd, path, O_PATH | O_NOFOLLOW);
	if (r >= 0)
		r = sys_move_mount(kept_fd, below_fd);
	if (r == 0)
		r = mount_front(guest, program->fd);
	return r == 0 ? 0
		      : cover_raise(err, r, "see the mounts of the container",
				    "it cannot be mounted over %s: %s",
				    text_quote(program->path, strlen(program->path)).text,
				    strerror(-r));
}

/* Is what lies on the program's path of our own tmpfs? */
static int is_ours(const struct guest *guest, const struct file *program)
{
	_cleanup_close_ int fd =
		sys_follow_in_root(guest->root_fd, program->path, O_PATH);
	struct sys_file on_top, ours;
	int r = fd;

	if (r >= 0)
		r = sys_look_at(fd, "", &on_top);
	if (r >= 0)
		r = sys_look_at(guest->mount_fd, "", &ours);
	return r < 0 ? r : on_top.dev == ours.dev;
}

/* The mount of a file has no directory to detach it by: only its path is left. */
static int uncover(const struct guest *guest, const struct file *program)
{
	int r = is_ours(guest, program);

	if (r <= 0)
		return r;
	r = sys_fchdir(guest->root_fd);
	if (r == 0)
		r = sys_chroot(".");
	return r < 0 ? r : sys_umount(program->path, MNT_DETACH);
}

/* Leaves the process in another root, and so comes last. */
static int take_away(const struct guest *guest, const struct file *program)
{
	/* A tmpfs that was not mounted yet cannot be detached, and ends with its file. */
	int r = uncover(guest, program), detached = bpffs_detach(guest->mount_fd);

	return r < 0 ? r : detached;
}

int cover_guest(const struct guest *guest, void *data, struct bpftoken_error *err)
{
	const struct cover *cover = data;
	_cleanup_target_ struct bpffs_target place = BPFFS_TARGET_NONE;
	struct file file = { .root_fd = guest->root_fd, .cwd = cover->cwd, .fd = -EBADF };
	int r = find_program(&file, cover, err);

	if (r == 0)
		r = find_place(guest->root_fd, &place, err);
	if (r == 0)
		r = guest_ask(guest, place.fd, err);
	if (r == 0)
		r = guest_ask(guest, file.fd, err);
	if (r == 0)
		r = is_covered(place.fd, file.fd, err);
	if (r == 0)
		r = mount_all(guest, cover, place.fd, &file, err);
	if (r >= 0)
		r = guest_confirm(guest, place.parent_fd >= 0, err);
	if (r < 0) {
		(void)take_away(guest, &file);
		bpffs_target_undo(&place);
	}
	close_fd(&file.fd);
	return r;
}

/* The directory that the other helper has made: the first one that is there. */
static int remove_place(int root_fd)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == -ENOENT; i++) {
		_cleanup_close_ int parent_fd = -EBADF;
		char parent[sizeof(COVER_NAME) + 8];

		snprintf(parent, sizeof(parent), "%.*s",
			 (int)(strlen(places[i]) - strlen(COVER_NAME)), places[i]);
		r = parent_fd = sys_open_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
		if (r >= 0)
			r = sys_rmdirat(parent_fd, COVER_NAME);
	}
	return r;
}

int cover_guest_undo(const struct guest *guest, void *data, struct bpftoken_error *err)
{
	const struct cover *cover = data;
	struct file file = { .root_fd = guest->root_fd, .cwd = cover->cwd, .fd = -EBADF };
	/* The front is what the path leads to, if it got that far. */
	int r = find_program(&file, cover, err), away = take_away(guest, &file);

	close_fd(&file.fd);
	if (r == 0 && away == 0 && guest->confirmed)
		away = remove_place(guest->root_fd);
	if (r == 0 && away < 0)
		r = err_raise(err, BPFTOKEN_STAGE_RESOLVE, away, NULL);
	return r < 0 ? r : guest_confirm(guest, 0, err);
}
