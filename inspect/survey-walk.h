/* SPDX-License-Identifier: MIT */
/* What the files of the walk share. */
#ifndef BPFTOKEN_INSPECT_SURVEY_WALK_H
#define BPFTOKEN_INSPECT_SURVEY_WALK_H

#include "survey.h"

/* What a device is, in walk.devices: this, or DEVICE_BPFFS + the index of a bpffs. */
enum { DEVICE_OTHER, DEVICE_BPFFS };

/* Descriptors of one process on one device that may be a bpffs. */
struct walk_held {
	uint64_t device;
	struct bpftoken_holder holder;
	pid_t tid; /* where the sample is */
	int fd; /* a sample; -1 = the working directory */
};

/* A namespace that is not the own one of a process that was met. */
struct walk_kept {
	uint64_t space; /* inode; of a mount namespace, or any other that has a file */
	int ns_fd; /* its file; -EBADF: it is where the others say */
	pid_t pid; /* of the process that shows it, 0 = none */
	int fd; /* of its descriptors, */
	char *path; /* or the bind mount that it sees */
};

struct walk {
	struct survey *survey;
	int proc_fd;
	struct table views; /* namespace and root directory of mounts that were read */
	struct table spaces; /* inode of a mount namespace to an index */
	struct table mounts; /* mount id to the index of a place */
	struct table devices;
	struct table looked; /* inodes of mount namespaces that were read */
	struct table before; /* and of all, as the kernel lists them; may be empty */
	struct table met; /* those that were in kept */
	uint64_t nsfs; /* the device of namespaces' files; 0: the kernel lists them */
	struct {
		struct walk_kept *at;
		size_t count, size;
	} kept;
	struct {
		struct walk_held *at;
		size_t count, size;
	} held;
};

/* Has it ended while it was looked at? A process about to end has no namespaces. */
static inline bool walk_is_gone(int code)
{
	return code == -ENOENT || code == -ESRCH || code == -EINVAL;
}

static inline bool walk_is_refused(int code)
{
	return code == -EACCES || code == -EPERM;
}

/* The mounts that a process sees, of the namespace with this inode (0 = not known). */
int walk_mounts(struct walk *walk, int task_fd, pid_t pid, uint64_t space);

/* The same of an open mountinfo; pid 0: of a namespace without processes. */
int walk_mountinfo(struct walk *walk, int fd, pid_t pid, uint64_t space);

/* Namespaces without processes: what there is before the walk, what it meets, their mounts. */
int walk_note_spaces(struct walk *walk);
int walk_keep(struct walk *walk, const struct walk_kept *kept);
int walk_settle_kept(struct walk *walk);
void walk_drop_kept(struct walk *walk);

/* What it holds: its descriptors and its working directory. */
int walk_descriptors(struct walk *walk, int task_fd, pid_t pid, pid_t tid);

/* Makes holders of what was held on a bpffs; asks what the unknown devices are. */
int walk_settle_held(struct walk *walk);

/* Index of the bpffs with this device, made if need be; negative: -ENOMEM. */
int64_t walk_bpffs(struct walk *walk, uint64_t device);

#endif
