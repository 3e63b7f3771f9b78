/* SPDX-License-Identifier: MIT */
/*
 * The gates on the way to a token: a bpffs that is visible, whole, of this user namespace
 * and delegates something, and CAP_BPF; the checks of bpf_token_create() in the kernel's
 * order (kernel/bpf/token.c).
 */
#include "doctor-gate.h"

#include "bpffs.h"
#include "mountinfo.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define FSCONFIG_CMD_RECONFIGURE_ 7

/* ------------------------------------------------------------------ the bpffs */

struct search {
	struct doctor *d;
	const char *path; /* the mount that this is on, NULL = the best */
	uint64_t id; /* of that mount */
	int rank; /* of what was found */
};

/* What the kernel turns into a token comes first. */
static int rank_of(const struct mountinfo *mount)
{
	return 1 + 2 * (strstr(mount->super_options, "delegate_") != NULL) +
	       (strcmp(mount->root, "/") == 0);
}

/* Another mount may hide it. */
static bool is_visible(const struct mountinfo *mount)
{
	_cleanup_close_ int fd =
		sys_openat(AT_FDCWD, mount->mount_point, O_PATH | O_DIRECTORY);
	uint64_t id = 0;

	return fd >= 0 && sys_mount_id(fd, &id) == 0 && id == mount->id;
}

static int take_mount(const struct mountinfo *mount, void *data)
{
	struct search *search = data;
	struct doctor *d = search->d;
	int rank = rank_of(mount);

	if (strcmp(mount->fs_type, "bpf") != 0)
		return 0;
	d->seen++;
	if (search->path ? mount->id != search->id
			 : rank <= search->rank || !is_visible(mount))
		return 0;
	search->rank = rank;
	snprintf(d->path, sizeof(d->path), "%s",
		 search->path ? search->path : mount->mount_point);
	snprintf(d->root, sizeof(d->root), "%s", mount->root);
	d->delegates = rank > 2;
	return 0;
}

/*
 * Ours is what we may reconfigure, which changes nothing: this filesystem takes no
 * change. A parent's user namespace may as well, but is none where tokens are tried.
 */
static int try_owner(const struct doctor *d, int dir_fd)
{
	_cleanup_close_ int context_fd = -EBADF;
	int r;

	if (!has_capability(d, CAP_SYS_ADMIN))
		return -1;
	context_fd = sys_fspick(dir_fd);
	if (context_fd < 0)
		return -1;
	r = sys_fsconfig(context_fd, FSCONFIG_CMD_RECONFIGURE_, NULL, NULL);
	if (r == 0)
		return 1;
	return r == -EPERM ? 0 : -1;
}

/* A path that somebody named: which mount is it on, and is it the root of that. */
static int look_at_path(struct doctor *d, const char *path, struct search *search)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	uint32_t type = 0;

	snprintf(d->path, sizeof(d->path), "%s", path);
	if (fd < 0)
		return d->open_error = fd;
	(void)sys_fs_type(fd, &type);
	d->outside = type != BPFFS_MAGIC;
	search->path = path;
	return sys_mount_id(fd, &search->id);
}

static int make_token(struct doctor *d)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, d->path, O_RDONLY | O_DIRECTORY);
	uint64_t id;

	if (fd < 0)
		return d->open_error = fd;
	/* a directory below the root of the mount */
	if (sys_mount_root(fd, &id) == 0)
		snprintf(d->root, sizeof(d->root), "%s", d->path);
	d->owner = try_owner(d, fd);
	return bpftoken_create(fd, NULL);
}

int doctor_look_bpffs(struct doctor *d, struct bpftoken_error *err)
{
	struct search search = { .d = d };
	int r = 0;

	d->owner = -1;
	if (d->opts->token_fd >= 0) {
		d->token_fd = d->opts->token_fd;
		return 0;
	}
	if (d->opts->path)
		r = look_at_path(d, d->opts->path, &search);
	if (r == 0)
		r = mountinfo_each(0, take_mount, &search);
	if (d->open_error || d->outside)
		return 0;
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_DISCOVER, r, NULL);
	if (!d->path[0])
		return 0;
	r = make_token(d);
	if (r >= 0)
		d->token_fd = r;
	else
		d->token_error = r;
	return 0;
}

/* ------------------------------------------------------------------- the gates */

/* A path, which somebody inside may have chosen. */
#define QUOTED(path) text_quote(path, strlen(path)).text

#define MOUNT_IT "delegate on the host: bpftoken mount --pid PID -p POLICY"

void gate_user_namespace(struct doctor *d, struct doctor_finding *f)
{
	if (d->opts->token_fd >= 0 || !d->initial) {
		gate_open(f, d->initial ? "the initial one, with a token of another"
					: "not the initial one");
		return;
	}
	gate_shut(
		f, BPFTOKEN_KIND_DENIED,
		"this is the initial user namespace, where the kernel makes no tokens%s",
		has_capability(d, CAP_SYS_ADMIN)
			? "; this process has CAP_SYS_ADMIN and needs none"
			: "");
	gate_fix(f, "run it in the container, or name one with --pid or --container");
}

void gate_bpffs(struct doctor *d, struct doctor_finding *f)
{
	if (d->opts->token_fd >= 0) {
		gate_open(f, "not needed: the token was handed over");
	} else if (d->outside || d->open_error == -ENOENT || d->open_error == -ENOTDIR) {
		gate_shut(f, BPFTOKEN_KIND_FAILED, "%s is no bpffs%s%s", QUOTED(d->path),
			  d->outside ? "" : ": ",
			  d->outside ? "" : strerror(-d->open_error));
		gate_fix(f, MOUNT_IT);
	} else if (!d->path[0]) {
		gate_shut(f, BPFTOKEN_KIND_FAILED,
			  d->seen ? "every bpffs here is hidden by another mount"
				  : "no bpffs is mounted in this mount namespace");
		gate_fix(f, MOUNT_IT);
	} else {
		gate_open(f, "%s, of %zu mounted here", QUOTED(d->path), d->seen);
	}
}

void gate_bpffs_access(struct doctor *d, struct doctor_finding *f)
{
	if (!d->open_error) {
		gate_open(f, "it opens");
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_DENIED, "%s cannot be opened: %s", QUOTED(d->path),
		  strerror(-d->open_error));
	gate_fix(f, "run as its owner, or delegate with other --owner and --mode");
}

void gate_bpffs_root(struct doctor *d, struct doctor_finding *f)
{
	if (!d->root[0] || !strcmp(d->root, "/")) {
		gate_open(f, "it is the root of the bpffs");
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_FAILED,
		  "%s is only a directory of a bpffs, and a token is made of its root",
		  QUOTED(d->path));
	gate_fix(f, "mount the whole bpffs there, not a bind mount of a sub-directory");
}

/* Of those that are left once the mount is whole, EPERM has three reasons. */
static bool refused(const struct doctor *d)
{
	return d->token_error == -EPERM || d->token_error == -EACCES;
}

void gate_bpffs_owner(struct doctor *d, struct doctor_finding *f)
{
	bool unknown = d->owner < 0 && has_capability(d, CAP_BPF);

	if (!refused(d) || (d->owner != 0 && !unknown)) {
		gate_open(f, "it belongs to this user namespace");
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_DENIED, "%s belongs to another user namespace%s",
		  QUOTED(d->path),
		  unknown ? ", or a security module refuses the token" : "");
	gate_fix(f, "delegate to this user namespace on the host: bpftoken mount --pid "
		    "PID; a bpffs of a parent or of the host yields no token here");
}

void gate_cap_bpf(struct doctor *d, struct doctor_finding *f)
{
	/* CAP_SYS_ADMIN stands for it where a token is used, not where one is made */
	if (has_capability(d, CAP_BPF) ||
	    (d->opts->token_fd >= 0 && has_capability(d, CAP_SYS_ADMIN))) {
		gate_open(f, "the process has CAP_BPF");
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_DENIED, "the process lacks CAP_BPF");
	gate_fix(f, "give the container CAP_BPF, and the program too, as ambient "
		    "capability if it does not run as uid 0");
}

void gate_delegation(struct doctor *d, struct doctor_finding *f)
{
	if (d->token_error != -ENOENT && (!d->path[0] || d->delegates)) {
		gate_open(f, "it delegates something");
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_POLICY, "%s delegates nothing", QUOTED(d->path));
	gate_fix(f,
		 "delegate on the host: bpftoken mount --pid PID --replace -p POLICY; a "
		 "remount changes nothing");
}

void gate_token(struct doctor *d, struct doctor_finding *f)
{
	if (d->token_fd >= 0) {
		gate_open(f,
			  d->opts->token_fd >= 0 ? "it was handed over" : "it was made");
		return;
	}
	/* what is left is the gate lsm */
	if (refused(d)) {
		f->state = GATE_BEHIND;
		return;
	}
	gate_shut(f, BPFTOKEN_KIND_FAILED, "the kernel makes none: %s",
		  strerror(-d->token_error));
	gate_fix(f, "see token_create in bpf(2) for this error");
}
