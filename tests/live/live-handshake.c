/* SPDX-License-Identifier: MIT */
/*
 * The host's side of a delegation against a container's side that is silent, dies, lies
 * or sends what it should not. All that the peer will ever say is in the socket
 * beforehand.
 */
#include "live-more.h"

#include "handshake.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define TIMEOUT_MS 200

struct peer {
	int host, container;
};

static struct peer make_peer(void)
{
	int pair[2];

	EXPECT_EQ(sys_socketpair(pair), 0);
	return (struct peer){ pair[0], pair[1] };
}

/* What the peer says; fd >= 0 goes along and is closed here. */
static void says(const struct peer *peer, uint32_t tag, int fd)
{
	struct bpftoken_error err;

	EXPECT_OK(handshake_send(peer->container, tag, fd, &err), &err);
	if (fd >= 0)
		close(fd);
}

static int bpffs_context(void)
{
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_bpffs_context(&err), &err);
}

/* The host's side fails like that and keeps nothing. */
static void expect_failure(const char *what, struct peer *peer, int code, uint32_t stage)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
	struct bpftoken_error err = { 0 };
	struct left before = count_left();
	uint64_t start = sys_now_ms();
	int r = handshake_host_side(peer->host, TIMEOUT_MS, getpid(), policy, &opts,
				    &err);

	if (r != code || err.code != code || err.stage != stage)
		live_fail(__FILE__, __LINE__, "%s: %d at %s (%s), not %d at %s", what, r,
			  bpftoken_stage_name(err.stage), err.why, code,
			  bpftoken_stage_name(stage));
	EXPECT(bpftoken_explain(&err) >= BPFTOKEN_KIND_FAILED);
	EXPECT(err.what[0] && err.why[0]);
	/* three waits at most */
	EXPECT(sys_now_ms() - start < 10000);
	expect_left(what, &before);
	close(peer->host);
	if (peer->container >= 0)
		close(peer->container);
}

static void ends(struct peer *peer)
{
	close(peer->container);
	peer->container = -EBADF;
}

static void silent_at_each_step(void)
{
	struct peer peer = make_peer();

	expect_failure("says nothing", &peer, -ETIMEDOUT, BPFTOKEN_STAGE_HANDSHAKE);
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	expect_failure("does not place it", &peer, -ETIMEDOUT, BPFTOKEN_STAGE_HANDSHAKE);
}

static void ended_at_each_step(void)
{
	struct peer peer = make_peer();

	ends(&peer);
	expect_failure("ends at once", &peer, -ECONNRESET, BPFTOKEN_STAGE_HANDSHAKE);
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	ends(&peer);
	expect_failure("ends before the mount", &peer, -EPIPE, BPFTOKEN_STAGE_HANDSHAKE);
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	EXPECT_EQ(shutdown(peer.container, SHUT_WR), 0);
	expect_failure("ends after the mount", &peer, -ECONNRESET,
		       BPFTOKEN_STAGE_HANDSHAKE);
}

static void out_of_turn(void)
{
	static const uint32_t tags[] = { HANDSHAKE_READY,
					 HANDSHAKE_MOUNT,
					 HANDSHAKE_PLACED,
					 HANDSHAKE_GO,
					 HANDSHAKE_UNDO,
					 HANDSHAKE_GONE,
					 1000 };
	struct peer peer;

	for (size_t i = 0; i < LIVE_COUNT(tags); i++) {
		for (int with_fd = 0; with_fd < 2; with_fd++) {
			peer = make_peer();
			says(&peer, tags[i], with_fd ? bpffs_context() : -EBADF);
			expect_failure("another first message", &peer, -EPROTO,
				       BPFTOKEN_STAGE_HANDSHAKE);
		}
	}
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, -EBADF);
	expect_failure("no context", &peer, -EPROTO, BPFTOKEN_STAGE_HANDSHAKE);
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	says(&peer, HANDSHAKE_PLACED, bpffs_context());
	expect_failure("a descriptor too many", &peer, -EPROTO, BPFTOKEN_STAGE_HANDSHAKE);
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	expect_failure("two contexts", &peer, -EPROTO, BPFTOKEN_STAGE_HANDSHAKE);
}

/* It says that the mount is placed, and it is nowhere. */
static void placed_nowhere(void)
{
	struct peer peer = make_peer();

	says(&peer, HANDSHAKE_CONTEXT, bpffs_context());
	says(&peer, HANDSHAKE_PLACED, -EBADF);
	expect_failure("placed nowhere", &peer, -ENOENT, BPFTOKEN_STAGE_VERIFY);
}

static void foreign_contexts(void)
{
	static const char *const types[] = { "tmpfs", "ramfs", "proc", "sysfs",
					     "mqueue" };
	struct peer peer;

	for (size_t i = 0; i < LIVE_COUNT(types); i++) {
		int context_fd = sys_fsopen(types[i]);

		if (context_fd == -ENODEV)
			continue;
		EXPECT(context_fd >= 0);
		peer = make_peer();
		says(&peer, HANDSHAKE_CONTEXT, context_fd);
		expect_failure(types[i], &peer, -EINVAL, BPFTOKEN_STAGE_FSCONFIG_CMDS);
	}
	peer = make_peer();
	says(&peer, HANDSHAKE_CONTEXT, open("/dev/null", O_RDWR | O_CLOEXEC));
	expect_failure("no context at all", &peer, -EINVAL, BPFTOKEN_STAGE_FSCONFIG_CMDS);
}

/* The peer kept a copy and was faster. */
static void used_context(void)
{
	struct peer peer = make_peer();
	int context_fd = bpffs_context();

	EXPECT_EQ(sys_fsconfig(context_fd, 6, NULL, NULL), 0);
	says(&peer, HANDSHAKE_CONTEXT, context_fd);
	expect_failure("CREATE was called", &peer, -EBUSY, BPFTOKEN_STAGE_FSCONFIG_CMDS);
}

/* The bytes of a real CONTEXT message. */
static size_t context_message(char *buf, size_t size)
{
	struct peer peer = make_peer();
	ssize_t len;

	says(&peer, HANDSHAKE_CONTEXT, -EBADF);
	len = recv(peer.host, buf, size, 0);
	EXPECT(len > 12 && (size_t)len < size);
	close(peer.host);
	close(peer.container);
	return (size_t)len;
}

static void send_fds(int sock, char *data, size_t size, const int fds[], size_t count)
{
	union {
		char buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { data, size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
	EXPECT_EQ(sendmsg(sock, &msg, 0), size);
}

static void malformed_messages(void)
{
	char data[4096] = { 0 };
	size_t len = context_message(data, sizeof(data));
	const size_t sizes[] = { 1, 4, len - 1, len + 1, sizeof(data) };
	int fds[3] = { bpffs_context(), bpffs_context(), bpffs_context() };
	struct peer peer;

	for (size_t i = 0; i < LIVE_COUNT(sizes); i++) {
		peer = make_peer();
		send_fds(peer.container, data, sizes[i], fds, 1);
		expect_failure("another size", &peer, -EPROTO, BPFTOKEN_STAGE_HANDSHAKE);
	}
	for (size_t count = 2; count <= 3; count++) {
		peer = make_peer();
		send_fds(peer.container, data, len, fds, count);
		expect_failure("more than one descriptor", &peer, -EPROTO,
			       BPFTOKEN_STAGE_HANDSHAKE);
	}
}

/* What the peer calls its failure is data. */
static void reported_failures(void)
{
	static const struct {
		int code, becomes;
		uint32_t stage;
	} failures[] = {
		{ -EPERM, -EPERM, BPFTOKEN_STAGE_FSOPEN },
		{ -ELOOP, -ELOOP, BPFTOKEN_STAGE_RESOLVE },
		{ 0, -EPROTO, BPFTOKEN_STAGE_RESOLVE },
		{ 7, -EPROTO, BPFTOKEN_STAGE_RESOLVE },
		{ -4096, -EPROTO, BPFTOKEN_STAGE_RESOLVE },
		{ INT32_MIN, -EPROTO, BPFTOKEN_STAGE_RESOLVE },
		{ -EPERM, -EPERM, 100000 },
	};

	for (size_t i = 0; i < LIVE_COUNT(failures); i++) {
		struct bpftoken_error theirs = { .code = failures[i].code,
						 .stage = failures[i].stage };
		struct peer peer = make_peer();

		memset(theirs.why, 'x', sizeof(theirs.why) - 1);
		handshake_fail(peer.container, &theirs);
		expect_failure("a failure", &peer, failures[i].becomes,
			       failures[i].stage);
	}
}

/* ------------------------------------------------- the container's side */

/* The host goes away, or takes it back: the mount is gone again. */
static void container_side(const struct peer *peer, int code)
{
	struct bpftoken_error err;
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t mounts = live_count_mounts();

	EXPECT_EQ(handshake_container_side(peer->container, TIMEOUT_MS, root_fd,
					   LIVE_BPFFS, &err),
		  code);
	EXPECT_EQ(live_count_mounts(), mounts);
	close(root_fd);
}

static int built_mount(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	_cleanup_close_ int context_fd = bpffs_context();
	struct bpftoken_error err;

	return EXPECT_OK(bpftoken_bpffs_build(context_fd, policy, NULL, &err), &err);
}

static void container_undoes(void)
{
	static const struct {
		uint32_t tag;
		int code;
	} answers[] = {
		{ HANDSHAKE_UNDO, -EPROTO },
		{ HANDSHAKE_PLACED, -EPROTO },
		{ HANDSHAKE_FAILED, -EPROTO },
	};

	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	for (size_t i = 0; i <= LIVE_COUNT(answers) + 1; i++) {
		struct peer peer = make_peer();
		int mount_fd = built_mount();
		struct bpftoken_error err;

		EXPECT_OK(handshake_send(peer.host, HANDSHAKE_MOUNT, mount_fd, &err),
			  &err);
		close(mount_fd);
		if (i < LIVE_COUNT(answers))
			EXPECT_OK(handshake_send(peer.host, answers[i].tag, -EBADF, &err),
				  &err);
		if (i == LIVE_COUNT(answers))
			EXPECT_EQ(shutdown(peer.host, SHUT_WR), 0);
		if (i < LIVE_COUNT(answers))
			container_side(&peer, answers[i].code);
		else
			container_side(&peer, i == LIVE_COUNT(answers) ? -ECONNRESET
								       : -ETIMEDOUT);
		close(peer.host);
		close(peer.container);
	}
}

static const struct live_test tests[] = {
	{ "silent at each step", silent_at_each_step, false },
	{ "ended at each step", ended_at_each_step, false },
	{ "messages out of turn", out_of_turn, false },
	{ "placed nowhere", placed_nowhere, false },
	{ "contexts of other filesystems", foreign_contexts, false },
	{ "a context that was used", used_context, false },
	{ "malformed messages", malformed_messages, false },
	{ "failures that it reports", reported_failures, false },
	{ "the container's side undoes what is not confirmed", container_undoes, false },
};

LIVE_MAIN(tests)
