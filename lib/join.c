/* SPDX-License-Identifier: MIT */
/*
 * Delegating to a container that already runs, by helper processes; the caller never
 * leaves the host. Two things decide about a bpffs: the user namespace of who opens the
 * context, and the mount namespace that it is placed in. Who may do both depends on who
 * owns that mount namespace:
 *
 *   the user namespace owns it            it does not
 *   one helper joins both, opens the      the placer joins the mount namespace alone, as
 *   context and places the mount          root of the host; a second helper joins the user
 *                                         namespace, gets a mount namespace of its own
 *                                         (fsopen() asks for CAP_SYS_ADMIN over that), and
 *                                         opens the context
 *
 * A helper is not dumpable, so that nobody inside can ptrace it, keeps three descriptors,
 * and is not visible in the container's pid namespace.
 */
#include "current.h"
#include "guest.h"
#include "handshake.h"
#include "mountinfo.h"
#include "policy.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCK_PAUSE_MS 5

struct target {
	int pidfd;
	pid_t pid;
	int user_fd, mount_ns_fd;
	bool locked;
	bool foreign; /* another user namespace owns the mount namespace */
	const char *root, *path;
	bool make;
	int timeout_ms;
	/* guest_run()'s */
	int (*guest)(const struct guest *guest, void *data, struct bpftoken_error *err);
	void *data;
	uint64_t confirmed;
};

#define TARGET_NONE                                      \
	{                                                \
		.user_fd = -EBADF, .mount_ns_fd = -EBADF \
	}

static void target_done(struct target *target)
{
	/* Helpers have it, too: closing is not enough. */
	if (target->locked)
		(void)sys_unlock(target->mount_ns_fd);
	close_fd(&target->user_fd);
	close_fd(&target->mount_ns_fd);
}

/* ENOENT is what /proc says of a process that has ended, reaped or not. */
static int raise_target(int code, struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_TARGET, code == -ENOENT ? -ESRCH : code,
			 NULL);
}

/* ---------------------------------------------------------------- the helpers */

/* The new credentials make the process dumpable again where fs.suid_dumpable says so. */
static int become_root(const struct target *target)
{
	int r = sys_setns(target->user_fd, CLONE_NEWUSER);

	if (r == 0 && !target->foreign)
		r = sys_setns(target->mount_ns_fd, CLONE_NEWNS);
	if (r == 0 && target->foreign)
		r = sys_unshare(CLONE_NEWNS);
	if (r == 0)
		r = sys_drop_groups();
	if (r == 0)
		r = sys_set_ids(0, 0);
	return r;
}

static int join(const struct target *target, bool placer, struct bpftoken_error *err)
{
	int r = sys_set_dumpable(false);

	if (r == 0)
		r = placer && target->foreign
			    ? sys_setns(target->mount_ns_fd, CLONE_NEWNS)
			    : become_root(target);
	if (r == 0)
		r = sys_set_dumpable(false);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_JOIN, r, NULL) : 0;
}

/*
 * The root that the path begins at, opened with the host's rights and before joining: it
 * may be below a directory that the container's root may not enter.
 */
static int open_root(const struct target *target, struct bpftoken_error *err)
{
	_cleanup_close_ int own_fd = -EBADF;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)target->pid);
	own_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (own_fd < 0)
		return raise_target(own_fd, err);
	/* Still alive, so that the pid was not somebody else's by now. */
	r = sys_pidfd_signal(target->pidfd, 0);
	if (r < 0)
		return raise_target(r, err);
	if (!target->root)
		return TAKE_FD(own_fd);
	r = sys_follow_in_root(own_fd, target->root, O_PATH | O_DIRECTORY);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, "%s: %s", target->root,
				 strerror(-r))
		     : r;
}

static int serve(const struct target *target, int sock, int root_fd,
		 struct bpftoken_error *err)
{
	_cleanup_target_ struct bpffs_target at = BPFFS_TARGET_NONE;
	uint64_t mount_id = 0;
	int r = bpffs_target_open(root_fd, target->path, target->make, &at, err);

	if (r < 0)
		return r;
	r = sys_mount_root(at.fd, &mount_id);
	r = r < 0 ? err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, NULL)
		  : handshake_send_found(sock, mount_id, err);
	if (r == 0 && !target->foreign)
		r = handshake_offer_context(sock, err);
	if (r == 0)
		r = handshake_serve_target(sock, target->timeout_ms, at.fd, err);
	if (r < 0)
		bpffs_target_undo(&at);
	return r;
}

static int placer(const struct target *target, int sock, struct bpftoken_error *err)
{
	_cleanup_close_ int root_fd = open_root(target, err);
	int r = root_fd < 0 ? root_fd : join(target, true, err);

	return r < 0 ? r : serve(target, sock, root_fd, err);
}

static int opener(const struct target *target, int sock, struct bpftoken_error *err)
{
	int r = join(target, false, err);

	return r < 0 ? r : handshake_offer_context(sock, err);
}

/* --------------------------------------------------------------------- a guest */

int guest_ask(const struct guest *guest, int fd, struct bpftoken_error *err)
{
	uint64_t mount_id;
	int r = sys_mount_id(fd, &mount_id);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, NULL);
	r = handshake_send_found(guest->sock, mount_id, err);
	return r < 0 ? r
		     : handshake_expect(guest->sock, guest->timeout_ms, HANDSHAKE_GO,
					NULL, err);
}

int guest_confirm(const struct guest *guest, uint64_t number, struct bpftoken_error *err)
{
	int r = handshake_send_found(guest->sock, number, err);

	return r < 0 ? r
		     : handshake_expect(guest->sock, guest->timeout_ms, HANDSHAKE_GO,
					NULL, err);
}

static int run_guest(const struct target *target, int sock, struct bpftoken_error *err)
{
	_cleanup_close_ int root_fd = open_root(target, err), mount_fd = -EBADF;
	int r = root_fd < 0 ? root_fd : join(target, true, err);
	struct guest guest;

	if (r == 0)
		r = handshake_expect(sock, target->timeout_ms, HANDSHAKE_MOUNT, &mount_fd,
				     err);
	if (r < 0)
		return r;
	guest = (struct guest){ sock, target->timeout_ms, root_fd, mount_fd,
				target->confirmed };
	return target->guest(&guest, target->data, err);
}

/* -------------------------------------------------------------- the host's side */

struct helper {
	int sock, pidfd;
	pid_t pid;
	int timeout_ms;
};

#define HELPER_NONE                             \
	{                                       \
		.sock = -EBADF, .pidfd = -EBADF \
	}

static int start_helper(const struct target *target,
			int (*run)(const struct target *target, int sock,
				   struct bpftoken_error *err),
			struct helper *helper, struct bpftoken_error *err)
{
	_cleanup_close_ int theirs = -EBADF;
	struct bpftoken_error inside;
	int r = handshake_pair(&helper->sock, &theirs, err);

	if (r < 0)
		return r;
	helper->timeout_ms = target->timeout_ms;
	helper->pid = sys_clone(0, &helper->pidfd);
	if (helper->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_CLONE, helper->pid, NULL);
	if (helper->pid == 0) {
		/* What is inherited here would leave the host. */
		const int keep[] = { target->pidfd, target->user_fd, target->mount_ns_fd,
				     theirs };

		r = sys_close_all_but(keep, ARRAY_SIZE(keep));
		r = r < 0 ? err_raise(&inside, BPFTOKEN_STAGE_JOIN, r, NULL)
			  : run(target, theirs, &inside);
		if (r < 0)
			handshake_fail(theirs, &inside);
		_exit(r < 0);
	}
	return 0;
}

/* It ends when its connection does, or is killed. */
static void end_helper(struct helper *helper)
{
	siginfo_t info;

	close_fd(&helper->sock);
	helper->sock = -EBADF;
	if (helper->pidfd < 0)
		return;
	if (sys_reap(helper->pidfd, helper->timeout_ms, &info) < 0) {
		(void)sys_pidfd_signal(helper->pidfd, SIGKILL);
		(void)sys_reap(helper->pidfd, helper->timeout_ms, &info);
	}
	close_fd(&helper->pidfd);
	helper->pidfd = -EBADF;
}

#define _cleanup_helper_ _cleanup_(end_helper)

static int receive_context(const struct target *target, int placer_sock,
			   struct bpftoken_error *err)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	int context_fd = -EBADF;
	int r = target->foreign ? start_helper(target, opener, &helper, err) : 0;

	if (r == 0)
		r = handshake_expect(target->foreign ? helper.sock : placer_sock,
				     target->timeout_ms, HANDSHAKE_CONTEXT, &context_fd,
				     err);
	return r < 0 ? r : context_fd;
}

/* What the placer found on the target, read by the host. */
static int find_current(const struct target *target, const struct helper *helper,
			struct current *ret_current, struct bpftoken_error *err)
{
	uint64_t mount_id;
	int r = handshake_expect_found(helper->sock, target->timeout_ms, &mount_id, err);

	return r < 0 ? r : current_read(helper->pid, mount_id, ret_current, err);
}

static int raise_other(const struct current *current, const char *path,
		       struct bpftoken_error *err)
{
	if (current->stacked)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, -EBUSY,
				 "%s: several delegations lie on top of one another",
				 path);
	return err_raise(err, BPFTOKEN_STAGE_RESOLVE, -EEXIST,
			 "%s: another policy, owner or mode is delegated there already",
			 path);
}

/* Is there something to take off the target? *ret_swapped: then the new one is in place. */
static bool is_unfinished(const struct current *current, uint64_t device, bool swap,
			  bool *ret_swapped)
{
	bool on_top = current->delegated && current->dev == device;
	bool below = current->delegated && current->stacked && current->below == device;

	*ret_swapped = swap && (below || (on_top && !current->stacked));
	return below || (on_top && !*ret_swapped);
}

/*
 * A helper that failed takes back what it placed. One that the container's root killed or
 * stopped, which it may where it sees the host's processes, does not; another one does it
 * then, as root of the host, whom nobody in the container may signal. Where the new bpffs
 * lies below the old one already, or alone, the way is forward: 1, it is in place.
 */
static int clean_up(const struct target *target, uint64_t device, bool swap)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	struct target as_root = *target;
	struct bpftoken_error ignored;
	struct current current;
	bool swapped;
	int r;

	as_root.foreign = true;
	as_root.make = false;
	r = start_helper(&as_root, placer, &helper, &ignored);
	if (r == 0)
		r = find_current(&as_root, &helper, &current, &ignored);
	if (r < 0)
		return r;
	if (!is_unfinished(&current, device, swap, &swapped))
		return swapped;
	r = handshake_send(helper.sock, HANDSHAKE_DETACH, -EBADF, &ignored);
	if (r == 0)
		r = handshake_expect(helper.sock, target->timeout_ms, HANDSHAKE_GONE,
				     NULL, &ignored);
	return r < 0 ? r : swapped;
}

/* 1 when there is nothing to do. */
static int mount_on(const struct target *target, const struct bpftoken_policy *policy,
		    const struct bpftoken_bpffs_opts *opts, bool replace,
		    uint64_t *ret_device, struct bpftoken_error *err)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	_cleanup_close_ int context_fd = -EBADF;
	struct bpftoken_error why;
	struct current current;
	uint64_t device = 0;
	int r = start_helper(target, placer, &helper, err);

	if (r == 0)
		r = find_current(target, &helper, &current, err);
	if (r < 0)
		return r;
	r = current_is(&current, target->pid, policy, opts, err);
	if (r)
		return r;
	if (current.delegated && (!replace || current.stacked))
		return raise_other(&current, target->path, err);
	context_fd = receive_context(target, helper.sock, err);
	if (context_fd < 0)
		return context_fd;
	r = handshake_deliver(helper.sock, target->timeout_ms, helper.pid, context_fd,
			      policy, opts, current.delegated, target->foreign, &device,
			      &why);
	/* One that does not hear that all is well takes back what it placed. */
	if (r == 0)
		r = handshake_expect_end(helper.sock, target->timeout_ms, &why);
	if (r < 0 && device) {
		/* The first one is gone before: it might have gone on. */
		end_helper(&helper);
		if (clean_up(target, device, current.delegated) > 0)
			r = 0;
	}
	if (r < 0 && err)
		*err = why;
	if (r == 0)
		*ret_device = current.delegated ? current.dev : 0;
	return r;
}

/* ------------------------------------------------------------------ the target */

static int open_namespace(pid_t pid, const char *name, struct bpftoken_error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	return fd < 0 ? raise_target(fd, err) : fd;
}

static int same_inode(int fd, const char *path)
{
	uint64_t ours, theirs;
	int r = sys_inode(fd, "", &theirs);

	if (r == 0)
		r = sys_inode(AT_FDCWD, path, &ours);
	return r < 0 ? r : ours == theirs;
}

/* Whose it is decides the route; one of the host's is nobody's to change. */
static int find_owner(struct target *target, struct bpftoken_error *err)
{
	static const char *const of_host[] = { "/proc/self/ns/mnt", "/proc/1/ns/mnt" };
	_cleanup_close_ int owner_fd = -EBADF;
	uint64_t owner, user;
	int r;

	owner_fd = sys_ioctl(target->mount_ns_fd, NS_GET_USERNS, NULL);
	r = owner_fd < 0 ? owner_fd : sys_inode(owner_fd, "", &owner);
	if (r == 0)
		r = sys_inode(target->user_fd, "", &user);
	if (r < 0)
		return raise_target(r, err);
	target->foreign = owner != user;
	for (size_t i = 0; target->foreign && i < ARRAY_SIZE(of_host); i++) {
		r = same_inode(target->mount_ns_fd, of_host[i]);
		/* A host's root that may not look at pid 1 still knows its own. */
		if (r == -EACCES && i)
			continue;
		if (r < 0)
			return raise_target(r, err);
		if (r > 0)
			return err_raise(err, BPFTOKEN_STAGE_TARGET, -EINVAL,
					 "the process lives in the host's mount "
					 "namespace, and nothing is mounted there for a "
					 "container");
	}
	return 0;
}

/* The pid behind the pidfd and its namespaces; all are of one living process. */
static int open_target(struct target *target, struct bpftoken_error *err)
{
	int r;

	target->pid = sys_pidfd_pid(target->pidfd);
	if (target->pid < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, target->pid, NULL);
	r = bpffs_in_initial_userns(target->pid);
	if (r < 0)
		return raise_target(r, err);
	if (r > 0)
		return err_raise(
			err, BPFTOKEN_STAGE_TARGET, -EINVAL,
			"the process lives in the initial user namespace, where the "
			"kernel makes no tokens");
	r = target->user_fd = open_namespace(target->pid, "user", err);
	if (r >= 0)
		r = target->mount_ns_fd = open_namespace(target->pid, "mnt", err);
	if (r >= 0)
		r = find_owner(target, err);
	if (r < 0)
		return r;
	r = sys_pidfd_signal(target->pidfd, 0);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL) : 0;
}

/*
 * One change of a mount namespace at a time, or two would both find nothing and both
 * mount. The container can hold the lock as well, and hinders itself.
 */
static int lock_target(struct target *target, struct bpftoken_error *err)
{
	uint64_t deadline = sys_now_ms() + (uint64_t)target->timeout_ms;
	int r;

	while ((r = sys_lock(target->mount_ns_fd)) == -EWOULDBLOCK) {
		if (sys_now_ms() > deadline)
			break;
		(void)sys_poll(NULL, 0, LOCK_PAUSE_MS);
	}
	if (r == -EWOULDBLOCK)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, -ETIMEDOUT,
				 "somebody else holds the lock of its mount namespace");
	if (r < 0)
		return raise_target(r, err);
	target->locked = true;
	return 0;
}

static int take_target(int pidfd, const struct bpftoken_bpffs_opts *opts,
		       struct target *target, struct bpftoken_error *err)
{
	int r = bpffs_may_delegate(err);

	if (r < 0)
		return r;
	target->pidfd = pidfd;
	target->root = opts->root;
	target->path = opts->target ? opts->target : BPFFS_DEFAULT_TARGET;
	target->make = opts->flags & BPFTOKEN_BPFFS_MKDIR;
	target->timeout_ms =
		opts->timeout_ms ? (int)opts->timeout_ms : BPFFS_DEFAULT_TIMEOUT_MS;
	return open_target(target, err);
}

int bpffs_route(int pidfd, pid_t *ret_pid, bool *ret_foreign, struct bpftoken_error *err)
{
	_cleanup_(target_done) struct target target = TARGET_NONE;
	const struct bpftoken_bpffs_opts none = { 0 };
	int r = take_target(pidfd, &none, &target, err);

	if (r < 0)
		return r;
	*ret_pid = target.pid;
	*ret_foreign = target.foreign;
	return 0;
}

static int mount_or_replace(int pidfd, const struct bpftoken_policy *policy,
			    const struct bpftoken_bpffs_opts *opts, bool replace,
			    uint64_t *ret_device, struct bpftoken_error *err)
{
	_cleanup_(target_done) struct target target = TARGET_NONE;
	struct bpftoken_bpffs_opts own;
	int r;

	r = opts_take(&own, sizeof(own), opts, err);
	if (r == 0)
		r = policy_require(policy, err);
	if (r == 0)
		r = take_target(pidfd, &own, &target, err);
	if (r == 0)
		r = lock_target(&target, err);
	return r < 0 ? r : mount_on(&target, policy, &own, replace, ret_device, err);
}

int bpftoken_bpffs_mount(int pidfd, const struct bpftoken_policy *policy,
			 const struct bpftoken_bpffs_opts *opts,
			 struct bpftoken_error *err)
{
	uint64_t ignored;

	return mount_or_replace(pidfd, policy, opts, false, &ignored, err);
}

int bpftoken_bpffs_replace(int pidfd, const struct bpftoken_policy *policy,
			   const struct bpftoken_bpffs_opts *opts, uint64_t *ret_device,
			   struct bpftoken_error *err)
{
	return mount_or_replace(pidfd, policy, opts, true, ret_device, err);
}

static int detach(const struct target *target, uint64_t *ret_device,
		  struct bpftoken_error *err)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	struct current current;
	int r = start_helper(target, placer, &helper, err);

	if (r == 0)
		r = find_current(target, &helper, &current, err);
	if (r < 0)
		return r;
	if (!current.delegated)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, -ENODATA,
				 "%s: no delegated bpffs is mounted there", target->path);
	/* It has offered a context, too. */
	if (!target->foreign) {
		_cleanup_close_ int unused = receive_context(target, helper.sock, err);

		if (unused < 0)
			return unused;
	}
	r = handshake_send(helper.sock, HANDSHAKE_DETACH, -EBADF, err);
	if (r == 0)
		r = handshake_expect(helper.sock, target->timeout_ms, HANDSHAKE_GONE,
				     NULL, err);
	if (r == 0)
		*ret_device = current.dev;
	return r;
}

int bpftoken_bpffs_unmount(int pidfd, const struct bpftoken_bpffs_opts *opts,
			   uint64_t *ret_device, struct bpftoken_error *err)
{
	_cleanup_(target_done) struct target target = TARGET_NONE;
	struct bpftoken_bpffs_opts own;
	int r;

	r = opts_take(&own, sizeof(own), opts, err);
	if (r == 0)
		r = take_target(pidfd, &own, &target, err);
	if (r == 0)
		r = lock_target(&target, err);
	target.make = false;
	return r < 0 ? r : detach(&target, ret_device, err);
}

/* ---------------------------------------------------------------- guests of ours */

static int find_mount(const struct mountinfo *mount, void *data)
{
	const uint64_t *id = data;

	return mount->id == *id ? 1 + mount->shared : 0;
}

/*
 * A place that the container asks about, in the helper's own list of mounts. Where its
 * user namespace owns the mount namespace, no peer is on the host: the kernel has made
 * slaves of all mounts.
 */
static int answer_guest(const struct target *target, const struct helper *helper,
			struct bpftoken_error *err)
{
	uint64_t mount_id;
	int r = handshake_expect_found(helper->sock, helper->timeout_ms, &mount_id, err);

	if (r < 0)
		return r;
	r = mountinfo_each(helper->pid, find_mount, &mount_id);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, NULL);
	if (!r || (r > 1 && target->foreign))
		return err_raise(
			err, BPFTOKEN_STAGE_VERIFY, -EXDEV,
			"it is on a mount that the container shares with others, "
			"which would get what is put there, too");
	return handshake_send(helper->sock, HANDSHAKE_GO, -EBADF, err);
}

/* *ret_given: the helper may have done something. */
static int run_helper(struct target *target, const struct guest_opts *opts, size_t asks,
		      bool *ret_given, struct bpftoken_error *err)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	int r = start_helper(target, run_guest, &helper, err);

	if (r == 0)
		r = handshake_send(helper.sock, HANDSHAKE_MOUNT, opts->mount_fd, err);
	*ret_given = r == 0;
	for (size_t i = 0; i < asks && r == 0; i++)
		r = answer_guest(target, &helper, err);
	if (r == 0)
		r = handshake_expect_found(helper.sock, target->timeout_ms,
					   &target->confirmed, err);
	if (r == 0)
		r = handshake_send(helper.sock, HANDSHAKE_GO, -EBADF, err);
	return r < 0 ? r : handshake_expect_end(helper.sock, target->timeout_ms, err);
}

int guest_run(int pidfd, const struct guest_opts *opts, struct bpftoken_error *err)
{
	const struct bpftoken_bpffs_opts where = { .root = opts->root };
	_cleanup_(target_done) struct target target = TARGET_NONE;
	bool given = false;
	int r = take_target(pidfd, &where, &target, err);

	target.guest = opts->run;
	target.data = opts->data;
	if (r == 0)
		r = lock_target(&target, err);
	if (r == 0)
		r = run_helper(&target, opts, opts->asks, &given, err);
	if (r < 0 && given) {
		target.guest = opts->undo;
		target.foreign = true;
		(void)run_helper(&target, opts, 0, &given, NULL);
	}
	return r;
}
