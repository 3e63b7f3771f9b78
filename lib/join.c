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
 * helper.h says what a helper is.
 */
#include "bpffs.h"
#include "current.h"
#include "handshake.h"
#include "helper.h"
#include "policy.h"

/* ---------------------------------------------------------------- the helpers */

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
	_cleanup_close_ int root_fd = helper_open_root(target, err);
	int r = root_fd < 0 ? root_fd : helper_join(target, true, err);

	return r < 0 ? r : serve(target, sock, root_fd, err);
}

static int opener(const struct target *target, int sock, struct bpftoken_error *err)
{
	int r = helper_join(target, false, err);

	return r < 0 ? r : handshake_offer_context(sock, err);
}

/* -------------------------------------------------------------- the host's side */

static int receive_context(const struct target *target, int placer_sock,
			   struct bpftoken_error *err)
{
	_cleanup_helper_ struct helper helper = HELPER_NONE;
	int context_fd = -EBADF;
	int r = target->foreign ? helper_start(target, opener, &helper, err) : 0;

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
	r = helper_start(&as_root, placer, &helper, &ignored);
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
	int r = helper_start(target, placer, &helper, err);

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
		helper_end(&helper);
		if (clean_up(target, device, current.delegated) > 0)
			r = 0;
	}
	if (r < 0 && err)
		*err = why;
	if (r == 0)
		*ret_device = current.delegated ? current.dev : 0;
	return r;
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
		r = target_take(pidfd, &own, &target, err);
	if (r == 0)
		r = target_lock(&target, err);
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
	int r = helper_start(target, placer, &helper, err);

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
		r = target_take(pidfd, &own, &target, err);
	if (r == 0)
		r = target_lock(&target, err);
	target.make = false;
	return r < 0 ? r : detach(&target, ret_device, err);
}
