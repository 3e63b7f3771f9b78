/* SPDX-License-Identifier: MIT */
/* A function that runs inside a container: see guest.h. */
#include "guest.h"

#include "handshake.h"
#include "helper.h"
#include "mountinfo.h"

/* ------------------------------------------------------------------- inside */

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
	_cleanup_close_ int root_fd = helper_open_root(target, err), mount_fd = -EBADF;
	int r = root_fd < 0 ? root_fd : helper_join(target, true, err);
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

/* --------------------------------------------------------------- the host's side */

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
	int r = helper_start(target, run_guest, &helper, err);

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
	int r = target_take(pidfd, &where, &target, err);

	target.guest = opts->run;
	target.data = opts->data;
	if (r == 0)
		r = target_lock(&target, err);
	if (r == 0)
		r = run_helper(&target, opts, opts->asks, &given, err);
	if (r < 0 && given) {
		target.guest = opts->undo;
		target.foreign = true;
		(void)run_helper(&target, opts, 0, &given, NULL);
	}
	return r;
}
