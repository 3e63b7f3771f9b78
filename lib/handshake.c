/* SPDX-License-Identifier: MIT */
/* The delegation protocol of handshake.h: messages, and the sequence of each side. */
#include "handshake.h"

#include "bpffs.h"
#include "mountinfo.h"

#include <stdio.h>
#include <string.h>

struct message {
	uint32_t tag;
	uint32_t stage;
	int32_t code;
	uint32_t unused;
	uint64_t mount_id;
	char why[160], fix[96]; /* the failing side's own words, if it has some */
};

int handshake_pair(int *ret_ours, int *ret_theirs, struct bpftoken_error *err)
{
	int pair[2];
	int r = sys_socketpair(pair);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, r, NULL);
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

int handshake_send(int sock, uint32_t tag, int fd, struct bpftoken_error *err)
{
	struct message message = { .tag = tag };
	int r = sys_send_fd(sock, &message, sizeof(message), fd);

	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, r, NULL) : 0;
}

void handshake_fail(int sock, const struct bpftoken_error *err)
{
	struct message message = { .tag = HANDSHAKE_FAILED,
				   .stage = err->stage,
				   .code = err->code };

	memcpy(message.why, err->why, sizeof(message.why) - 1);
	memcpy(message.fix, err->fix, sizeof(message.fix) - 1);
	(void)sys_send_fd(sock, &message, sizeof(message), -EBADF);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* What the other side says is data, also when it is our own helper. */
static int raise_theirs(const struct message *message, struct bpftoken_error *err)
{
	int code = message->code < 0 && message->code > -4096 ? message->code : -EPROTO;

	err_raise(err, message->stage, code, "%.*s", (int)sizeof(message->why) - 1,
		  message->why);
	err_fix(err, "%.*s", (int)sizeof(message->fix) - 1, message->fix);
	if (err) {
		make_printable(err->why);
		make_printable(err->fix);
	}
	return code;
}

/* One message: 1, 0 at the end, or an error, which may be the other side's. */
static int receive(int sock, int timeout_ms, struct message *message, int *ret_fd,
		   struct bpftoken_error *err)
{
	int r = sys_recv_fd(sock, timeout_ms, message, sizeof(*message), ret_fd);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, r, NULL);
	return r > 0 && message->tag == HANDSHAKE_FAILED ? raise_theirs(message, err) : r;
}

static int raise_unexpected(const struct message *message, struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, -EPROTO,
			 "the other side sent message %u out of turn", message->tag);
}

/* The next message has to be there; FAILED is raised. */
static int receive_some(int sock, int timeout_ms, struct message *message, int *ret_fd,
			struct bpftoken_error *err)
{
	int r = receive(sock, timeout_ms, message, ret_fd, err);

	if (r == 0)
		return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, -ECONNRESET,
				 "the other side ended without a word");
	return r < 0 ? r : 0;
}

int handshake_expect(int sock, int timeout_ms, uint32_t tag, int *ret_fd,
		     struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r = receive_some(sock, timeout_ms, &message, &fd, err);

	if (r < 0)
		return r;
	if (message.tag != tag || (ret_fd != NULL) != (fd >= 0))
		return raise_unexpected(&message, err);
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}

/* One of two orders: 0 for the first, 1 for the second, which carries no descriptor. */
static int expect_order(int sock, int timeout_ms, uint32_t first, int *ret_fd,
			uint32_t second, struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r = receive_some(sock, timeout_ms, &message, &fd, err);

	if (r < 0)
		return r;
	if (message.tag == second && fd < 0)
		return 1;
	if (message.tag != first || (ret_fd != NULL) != (fd >= 0))
		return raise_unexpected(&message, err);
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}

int handshake_send_found(int sock, uint64_t mount_id, struct bpftoken_error *err)
{
	struct message message = { .tag = HANDSHAKE_FOUND, .mount_id = mount_id };
	int r = sys_send_fd(sock, &message, sizeof(message), -EBADF);

	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, r, NULL) : 0;
}

int handshake_expect_found(int sock, int timeout_ms, uint64_t *ret_mount_id,
			   struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r = receive_some(sock, timeout_ms, &message, &fd, err);

	if (r < 0)
		return r;
	if (message.tag != HANDSHAKE_FOUND || fd >= 0)
		return raise_unexpected(&message, err);
	*ret_mount_id = message.mount_id;
	return 0;
}

int handshake_expect_any(int sock, int timeout_ms, uint32_t *ret_tag, int *ret_fd,
			 struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r = receive_some(sock, timeout_ms, &message, &fd, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return raise_unexpected(&message, err);
	*ret_tag = message.tag;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int handshake_expect_end(int sock, int timeout_ms, struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r = receive(sock, timeout_ms, &message, &fd, err);

	return r > 0 ? raise_unexpected(&message, err) : r;
}

/* What was placed goes away again. */
static int undo(int sock, int mount_fd, struct bpftoken_error *err)
{
	int r = bpffs_detach(mount_fd);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, r, NULL);
	return handshake_send(sock, HANDSHAKE_GONE, -EBADF, err);
}

int handshake_offer_context(int sock, struct bpftoken_error *err)
{
	_cleanup_close_ int context_fd = bpftoken_bpffs_context(err);

	return context_fd < 0 ? context_fd
			      : handshake_send(sock, HANDSHAKE_CONTEXT, context_fd, err);
}

static int uncover(int copy_fd, int old_fd)
{
	int r = sys_mount_private(copy_fd);

	return r < 0 ? r : bpffs_detach(old_fd);
}

/*
 * The new mount is on top of the old one and right. Nothing can slip under what it covers,
 * so it is taken down, a copy goes below the old one, and the old one away: whatever fails
 * on the way, the old one is in place. What lies below another mount cannot be taken away
 * alone: from there the way is forward, and is tried twice.
 */
static int swap_mounts(int sock, int mount_fd, int old_fd, struct bpftoken_error *err)
{
	_cleanup_close_ int copy_fd = sys_clone_mount(mount_fd);
	int r = copy_fd < 0 ? copy_fd : bpffs_detach(mount_fd);

	if (r == 0)
		r = sys_move_mount_beneath(copy_fd, old_fd);
	if (r == 0 && uncover(copy_fd, old_fd) < 0)
		r = uncover(copy_fd, old_fd);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_MOVE_MOUNT, r,
				 "the old delegation cannot be replaced: %s",
				 strerror(-r));
	return handshake_send(sock, HANDSHAKE_SWAPPED, -EBADF, err);
}

static int detach_target(int sock, int target_fd, struct bpftoken_error *err)
{
	int r = bpffs_detach(target_fd);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_MOVE_MOUNT, r,
				 "the old delegation cannot be detached: %s",
				 strerror(-r));
	return handshake_send(sock, HANDSHAKE_GONE, -EBADF, err);
}

int handshake_serve_target(int sock, int timeout_ms, int target_fd,
			   struct bpftoken_error *err)
{
	_cleanup_close_ int mount_fd = -EBADF;
	struct bpftoken_error gone;
	int r;

	r = expect_order(sock, timeout_ms, HANDSHAKE_MOUNT, &mount_fd, HANDSHAKE_DETACH,
			 err);
	if (r < 0)
		return r;
	if (r > 0)
		return detach_target(sock, target_fd, err);
	r = bpffs_target_mount(target_fd, mount_fd, err);
	if (r < 0)
		return r;
	r = handshake_send(sock, HANDSHAKE_PLACED, -EBADF, err);
	if (r == 0)
		r = expect_order(sock, timeout_ms, HANDSHAKE_GO, NULL, HANDSHAKE_SWAP,
				 err);
	if (r > 0)
		r = swap_mounts(sock, mount_fd, target_fd, err);
	if (r < 0)
		(void)undo(sock, mount_fd, &gone);
	return r;
}

int handshake_container_side(int sock, int timeout_ms, int root_fd, const char *target,
			     struct bpftoken_error *err)
{
	_cleanup_target_ struct bpffs_target at = BPFFS_TARGET_NONE;
	int r = bpffs_target_open(root_fd, target, false, &at, err);

	if (r == 0)
		r = handshake_offer_context(sock, err);
	return r < 0 ? r : handshake_serve_target(sock, timeout_ms, at.fd, err);
}

static int same_device(const struct mountinfo *mount, void *data)
{
	return mount->dev == *(const uint64_t *)data;
}

static int read_device(int mount_fd, uint64_t *ret_device)
{
	struct sys_file root;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", mount_fd);
	r = sys_look(path, &root);
	if (r == 0)
		*ret_device = root.dev;
	return r;
}

/* A shared mount below the target gives what is put on it to all its peers. */
static int check_host_is_spared(uint64_t device, struct bpftoken_error *err)
{
	int r = mountinfo_each(0, same_device, &device);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, r, NULL);
	return r ? err_raise(err, BPFTOKEN_STAGE_VERIFY, -EXDEV,
			     "the target is on a mount that the container shares with "
			     "the host, which would get the bpffs, too")
		 : 0;
}

/* The mount is in the container and right. */
static int confirm(int sock, int timeout_ms, uint32_t order, struct bpftoken_error *err)
{
	int r = handshake_send(sock, order, -EBADF, err);

	if (r < 0 || order != HANDSHAKE_SWAP)
		return r;
	return handshake_expect(sock, timeout_ms, HANDSHAKE_SWAPPED, NULL, err);
}

static void take_back(int sock, int timeout_ms)
{
	struct bpftoken_error ignored;

	(void)handshake_send(sock, HANDSHAKE_UNDO, -EBADF, &ignored);
	(void)handshake_expect(sock, timeout_ms, HANDSHAKE_GONE, NULL, &ignored);
}

int handshake_deliver(int sock, int timeout_ms, pid_t pid, int context_fd,
		      const struct bpftoken_policy *policy,
		      const struct bpftoken_bpffs_opts *opts, bool swap, bool careful,
		      uint64_t *ret_device, struct bpftoken_error *err)
{
	_cleanup_close_ int mount_fd = -EBADF;
	uint64_t device = 0;
	int r;

	mount_fd = bpftoken_bpffs_build(context_fd, policy, opts, err);
	if (mount_fd < 0)
		return mount_fd;
	r = read_device(mount_fd, &device);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_FSMOUNT, r, NULL);
	if (ret_device)
		*ret_device = device;
	r = handshake_send(sock, HANDSHAKE_MOUNT, mount_fd, err);
	if (r < 0)
		return r;
	r = handshake_expect(sock, timeout_ms, HANDSHAKE_PLACED, NULL, err);
	if (r < 0)
		return r;
	r = bpftoken_bpffs_verify(mount_fd, pid, policy, err);
	if (r == 0 && careful)
		r = check_host_is_spared(device, err);
	if (r < 0) {
		take_back(sock, timeout_ms);
		return r;
	}
	return confirm(sock, timeout_ms, swap ? HANDSHAKE_SWAP : HANDSHAKE_GO, err);
}

int handshake_host_side(int sock, int timeout_ms, pid_t pid,
			const struct bpftoken_policy *policy,
			const struct bpftoken_bpffs_opts *opts,
			struct bpftoken_error *err)
{
	_cleanup_close_ int context_fd = -EBADF;
	int r = handshake_expect(sock, timeout_ms, HANDSHAKE_CONTEXT, &context_fd, err);

	return r < 0 ? r
		     : handshake_deliver(sock, timeout_ms, pid, context_fd, policy, opts,
					 false, false, NULL, err);
}
