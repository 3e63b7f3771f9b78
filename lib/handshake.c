/* SPDX-License-Identifier: MIT */
/* The delegation protocol of handshake.h: messages, and the sequence of each side. */
#include "handshake.h"

#include <string.h>
#include <sys/mount.h>

struct message {
	uint32_t tag;
	uint32_t stage;
	int32_t code;
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

int handshake_expect(int sock, int timeout_ms, uint32_t tag, int *ret_fd,
		     struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r;

	r = receive(sock, timeout_ms, &message, &fd, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, -ECONNRESET,
				 "the other side ended without a word");
	if (message.tag != tag || (ret_fd != NULL) != (fd >= 0))
		return raise_unexpected(&message, err);
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}

int handshake_expect_any(int sock, int timeout_ms, uint32_t *ret_tag, int *ret_fd,
			 struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message message;
	int r;

	r = receive(sock, timeout_ms, &message, &fd, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_raise(err, BPFTOKEN_STAGE_HANDSHAKE, -ECONNRESET,
				 "the other side ended without a word");
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

/* Detaches the very mount that was placed, whatever is on the path by now. */
static int undo(int sock, int mount_fd, struct bpftoken_error *err)
{
	int r = sys_fchdir(mount_fd);

	if (r == 0)
		r = sys_umount(".", MNT_DETACH);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, r, NULL);
	return handshake_send(sock, HANDSHAKE_GONE, -EBADF, err);
}

int handshake_container_side(int sock, int timeout_ms, int root_fd, const char *target,
			     struct bpftoken_error *err)
{
	_cleanup_close_ int context_fd = -EBADF, mount_fd = -EBADF;
	struct bpftoken_error gone;
	int r;

	context_fd = bpftoken_bpffs_context(err);
	if (context_fd < 0)
		return context_fd;
	r = handshake_send(sock, HANDSHAKE_CONTEXT, context_fd, err);
	if (r < 0)
		return r;
	r = handshake_expect(sock, timeout_ms, HANDSHAKE_MOUNT, &mount_fd, err);
	if (r < 0)
		return r;
	r = bpftoken_bpffs_place(mount_fd, root_fd, target, err);
	if (r < 0)
		return r;
	r = handshake_send(sock, HANDSHAKE_PLACED, -EBADF, err);
	if (r == 0)
		r = handshake_expect(sock, timeout_ms, HANDSHAKE_GO, NULL, err);
	if (r < 0)
		(void)undo(sock, mount_fd, &gone);
	return r;
}

/* Everything after PLACED: the mount is in the container and has to be right. */
static int confirm(int sock, int timeout_ms, int mount_fd, pid_t pid,
		   const struct bpftoken_policy *policy, struct bpftoken_error *err)
{
	struct bpftoken_error ignored;
	int r = bpftoken_bpffs_verify(mount_fd, pid, policy, err);

	if (r == 0)
		return handshake_send(sock, HANDSHAKE_GO, -EBADF, err);
	(void)handshake_send(sock, HANDSHAKE_UNDO, -EBADF, &ignored);
	(void)handshake_expect(sock, timeout_ms, HANDSHAKE_GONE, NULL, &ignored);
	return r;
}

int handshake_host_side(int sock, int timeout_ms, pid_t pid,
			const struct bpftoken_policy *policy,
			const struct bpftoken_bpffs_opts *opts,
			struct bpftoken_error *err)
{
	_cleanup_close_ int context_fd = -EBADF, mount_fd = -EBADF;
	int r;

	r = handshake_expect(sock, timeout_ms, HANDSHAKE_CONTEXT, &context_fd, err);
	if (r < 0)
		return r;
	mount_fd = bpftoken_bpffs_build(context_fd, policy, opts, err);
	if (mount_fd < 0)
		return mount_fd;
	r = handshake_send(sock, HANDSHAKE_MOUNT, mount_fd, err);
	if (r < 0)
		return r;
	r = handshake_expect(sock, timeout_ms, HANDSHAKE_PLACED, NULL, err);
	if (r < 0)
		return r;
	return confirm(sock, timeout_ms, mount_fd, pid, policy, err);
}
