/* SPDX-License-Identifier: MIT */
/*
 * What the container gets is what was asked: every value of every set that the running
 * kernel knows is delegated alone, and the kernel's own words in mountinfo are compared
 * with ours. And what we read as a policy text is what the kernel reads.
 */
#include "live.h"

#include "dialect.h"
#include "handshake.h"
#include "mountinfo.h"
#include "names.h"
#include "policy.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static const char *const keys[BPFTOKEN_SETS] = { "delegate_cmds", "delegate_maps",
						 "delegate_progs", "delegate_attachs" };

/* A side in the container that makes contexts and takes mounts, again and again. */
static void serve_contexts(int sock)
{
	struct bpftoken_error err;

	for (;;) {
		int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (handshake_container_side(sock, 60000, root_fd, LIVE_BPFFS, &err) < 0)
			_exit(err.code == -ECONNRESET || err.code == -EPIPE ? 0 : 1);
		EXPECT_EQ(umount2(LIVE_BPFFS, MNT_DETACH), 0);
		close(root_fd);
	}
}

struct server {
	pid_t pid;
	int pidfd, sock;
};

static void start_server(struct server *server)
{
	int pair[2];

	EXPECT_EQ(sys_socketpair(pair), 0);
	server->pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS, &server->pidfd);
	EXPECT(server->pid >= 0);
	if (server->pid == 0) {
		close(pair[0]);
		sys_death_signal(SIGKILL);
		live_become_root(pair[1]);
		serve_contexts(pair[1]);
	}
	close(pair[1]);
	server->sock = pair[0];
	live_map_ids(server->pid, server->sock);
}

static void end_server(struct server *server)
{
	siginfo_t info;

	close(server->sock);
	EXPECT_EQ(sys_reap(server->pidfd, 10000, &info), 0);
	EXPECT_EQ(info.si_status, 0);
	close(server->pidfd);
}

struct line {
	uint64_t id;
	char options[4096];
};

static int copy_line(const struct mountinfo *mount, void *data)
{
	struct line *line = data;

	if (mount->id != line->id)
		return 0;
	EXPECT_STR(mount->fs_type, "bpf");
	EXPECT_STR(mount->mount_point, LIVE_BPFFS);
	snprintf(line->options, sizeof(line->options), "%s", mount->super_options);
	return 1;
}

/* Places a mount and gives the kernel's description of it, without owner and mode. */
static const char *place(const struct server *server, int mount_fd)
{
	static struct line line;
	struct bpftoken_error err;
	const char *delegation;

	EXPECT_OK(handshake_send(server->sock, HANDSHAKE_MOUNT, mount_fd, &err), &err);
	EXPECT_OK(handshake_expect(server->sock, 10000, HANDSHAKE_PLACED, NULL, &err),
		  &err);
	EXPECT_EQ(sys_mount_id(mount_fd, &line.id), 0);
	EXPECT_EQ(mountinfo_each(server->pid, copy_line, &line), 1);
	EXPECT_OK(handshake_send(server->sock, HANDSHAKE_GO, -1, &err), &err);
	delegation = strstr(line.options, "delegate_");
	return delegation ? delegation : "";
}

static const char *delegate(const struct server *server,
			    const struct bpftoken_policy *policy)
{
	_cleanup_close_ int context_fd = -EBADF, mount_fd = -EBADF;
	struct bpftoken_error err;

	EXPECT_OK(handshake_expect(server->sock, 10000, HANDSHAKE_CONTEXT, &context_fd,
				   &err),
		  &err);
	mount_fd = EXPECT_OK(bpftoken_bpffs_build(context_fd, policy, NULL, &err), &err);
	return place(server, mount_fd);
}

static void every_value_alone(void)
{
	struct server server;
	size_t seen = 0;

	start_server(&server);
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int count = names_kernel_count(set);

		EXPECT(count > 30 && count < 64);
		for (uint32_t value = 0; value < (uint32_t)count; value++, seen++) {
			struct bpftoken_policy policy = { 0 };
			char wanted[128];

			EXPECT_EQ(bpftoken_policy_add(&policy, set, value), 0);
			EXPECT(bpftoken_name(set, value));
			snprintf(wanted, sizeof(wanted), "%s=%s", keys[set],
				 bpftoken_name(set, value));
			EXPECT_STR(delegate(&server, &policy), wanted);
		}
	}
	end_server(&server);
	printf("%zu values\n", seen);
}

/* The same through the verification that every delegation goes through. */
static void whole_sets(void)
{
	static const char *const texts[] = {
		LIVE_ANY,
		("delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"
		 "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress"),
		"delegate_maps=any",
		"delegate_attachs=0x1000000000000",
		"delegate_cmds=0x3:btf_load",
	};
	struct server server;

	start_server(&server);
	for (size_t i = 0; i < LIVE_COUNT(texts); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = live_policy(texts[i]);
		BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
		struct bpftoken_error err;

		EXPECT_OK(handshake_host_side(server.sock, 10000, server.pid, policy,
					      &opts, &err),
			  &err);
	}
	end_server(&server);
}

/* All known bits and one beyond: the kernel prints "any", and we still notice. */
static void unknown_bits_are_refused(void)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		for (int all = 0; all < 2; all++) {
			BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
			struct bpftoken_policy policy = { 0 };
			struct bpftoken_error err;
			struct server server;
			siginfo_t info;

			start_server(&server);
			policy.mask[set] = 1ULL << 63;
			if (all)
				policy.mask[set] |= (1ULL << names_kernel_count(set)) - 1;
			EXPECT_EQ(handshake_host_side(server.sock, 10000, server.pid,
						      &policy, &opts, &err),
				  -EOPNOTSUPP);
			EXPECT_EQ(err.stage, BPFTOKEN_STAGE_VERIFY);
			EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_KERNEL);
			EXPECT_HAS(err.why, "0x8000000000000000");
			/* the mount was taken away again before the other side went on */
			close(server.sock);
			EXPECT_EQ(sys_reap(server.pidfd, 10000, &info), 0);
			close(server.pidfd);
		}
	}
}

/* What the kernel makes of a text and what we make of it: the same, or we refuse. */
static const struct {
	const char *text;
	bool kernel, ours;
} kernel_texts[] = {
	{ "any", true, true },
	{ "prog_load", true, true },
	{ "PROG_LOAD", true, true },
	{ "prog_load:map_create", true, true },
	{ "0x20", true, true },
	{ "32", true, true },
	{ "040", true, true },
	{ "0x100:prog_load", true, true },
	{ "0x1:any", true, true },
	{ "prog_run", true, true },
	/* the kernel drops what stands before a number */
	{ "map_create:prog_load:0x100", true, false },
	{ "any:0x1", true, false },
	{ "", false, false },
	{ "ANY", false, false },
	{ "BPF_PROG_LOAD", false, false },
	{ "bogus", false, false },
	{ "prog_load:", false, false },
	{ ":prog_load", false, false },
	{ " 1", false, false },
	/* a blank at the end of the whole text is not part of the value */
	{ "0x20 ", false, true },
	{ "-1", false, false },
	{ "0x10000000000000000", false, false },
};

static void texts_mean_what_the_kernel_means(void)
{
	struct server server;

	start_server(&server);
	for (size_t i = 0; i < LIVE_COUNT(kernel_texts); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = NULL, *got = NULL;
		int context_fd, mount_fd, r;
		struct bpftoken_error err;
		char text[128];

		snprintf(text, sizeof(text), "delegate_cmds=%s", kernel_texts[i].text);
		r = bpftoken_policy_parse(text, "mount", &policy, &err);
		if ((r == 0) != kernel_texts[i].ours)
			live_fail(__FILE__, __LINE__, "\"%s\": we say %d", text, r);
		EXPECT_OK(handshake_expect(server.sock, 10000, HANDSHAKE_CONTEXT,
					   &context_fd, &err),
			  &err);
		r = sys_fsconfig(context_fd, 1, "delegate_cmds", kernel_texts[i].text);
		if ((r == 0) != kernel_texts[i].kernel)
			live_fail(__FILE__, __LINE__, "\"%s\": the kernel says %d", text,
				  r);
		/* any mask will do to go on where the kernel refused this one */
		EXPECT_EQ(sys_fsconfig(context_fd, 1, "delegate_maps", "0x4"), 0);
		EXPECT_EQ(sys_fsconfig(context_fd, 6, NULL, NULL), 0);
		mount_fd = sys_fsmount(context_fd, 0);
		EXPECT(mount_fd >= 0);
		if (policy)
			EXPECT_EQ(bpftoken_policy_add(policy, BPFTOKEN_MAPS, 2), 0);
		EXPECT_EQ(bpftoken_policy_parse(place(&server, mount_fd), "mount", &got,
						&err),
			  0);
		if (policy && kernel_texts[i].kernel &&
		    !bpftoken_policy_equal(policy, got))
			live_fail(__FILE__, __LINE__, "\"%s\": another mask", text);
		close(context_fd);
		close(mount_fd);
	}
	end_server(&server);
}

/* A context of another filesystem is refused before anything is created on it. */
static void foreign_contexts_are_refused(void)
{
	static const char *const types[] = { "tmpfs", "ramfs", "proc", "mqueue" };

	for (size_t i = 0; i < LIVE_COUNT(types); i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = live_policy(LIVE_ANY);
		_cleanup_close_ int context_fd = sys_fsopen(types[i]);
		struct bpftoken_error err;

		if (context_fd == -ENODEV)
			continue;
		EXPECT(context_fd >= 0);
		EXPECT_EQ(bpftoken_bpffs_build(context_fd, policy, NULL, &err), -EINVAL);
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_FSCONFIG_CMDS);
		/* still configurable: CREATE was never called on it */
		EXPECT(sys_fsconfig(context_fd, 1, "source", "x") != -EBUSY);
	}
}

static const struct live_test tests[] = {
	{ "every value alone is what the kernel shows", every_value_alone, false },
	{ "whole sets and combinations", whole_sets, false },
	{ "bits unknown to the kernel are refused", unknown_bits_are_refused, false },
	{ "texts mean what the kernel means", texts_mean_what_the_kernel_means, false },
	{ "contexts of other filesystems are refused", foreign_contexts_are_refused,
	  false },
};

LIVE_MAIN(tests)
