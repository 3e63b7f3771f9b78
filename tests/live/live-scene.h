/* SPDX-License-Identifier: MIT */
/*
 * The stage of the kernel's own token self-test: a container whose bpffs is delegated
 * before it is mounted anywhere, whose side first tries what no container may do (the two
 * common checks), and makes its token of the detached mount; and what both of our programs
 * of it load.
 */
#ifndef BPFTOKEN_LIVE_SCENE_H
#define BPFTOKEN_LIVE_SCENE_H

#include "live-more.h"

#include "handshake.h"

#include <sched.h>
#include <sys/mount.h>

enum {
	XDP_PASS_ = 2,
};

#define FSCONFIG_SET_STRING_ 1
#define FSPICK_CLOEXEC_ 1
#define FSPICK_EMPTY_PATH_ 8

/* ------------------------------------------------------------- the container */

struct scene {
	int sock; /* to the host */
	int mount_fd; /* detached */
	int bpffs_fd; /* its root */
	int token;
	char path[32]; /* of bpffs_fd */
};

typedef void (*scene_fn)(struct scene *scene);

/* None of the four options, on whatever may be configured. */
static inline void expect_no_delegating(int fd)
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };

	EXPECT(fd >= 0);
	for (size_t i = 0; i < LIVE_COUNT(keys); i++)
		EXPECT_EQ(sys_fsconfig(fd, FSCONFIG_SET_STRING_, keys[i], "any"), -EPERM);
}

static inline void container_side(int sock, scene_fn body)
{
	struct scene scene = { .sock = sock };
	struct bpftoken_error err;
	int context_fd, picked;

	live_become_root(sock);
	EXPECT_EQ(mount("proc", "/proc", "proc", 0, NULL), 0);
	context_fd = EXPECT_OK(bpftoken_bpffs_context(&err), &err);
	expect_no_delegating(context_fd);
	EXPECT_OK(handshake_send(sock, HANDSHAKE_CONTEXT, context_fd, &err), &err);
	EXPECT_OK(handshake_expect(sock, 20000, HANDSHAKE_MOUNT, &scene.mount_fd, &err),
		  &err);
	close(context_fd);
	picked = (int)syscall(SYS_fspick, scene.mount_fd, "",
			      FSPICK_CLOEXEC_ | FSPICK_EMPTY_PATH_);
	expect_no_delegating(picked);
	close(picked);
	scene.bpffs_fd = openat(scene.mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT(scene.bpffs_fd >= 0);
	snprintf(scene.path, sizeof(scene.path), "/proc/self/fd/%d", scene.bpffs_fd);
	/* while it is mounted nowhere */
	scene.token = EXPECT_OK(bpftoken_create(scene.bpffs_fd, &err), &err);
	body(&scene);
	_exit(0);
}

/* host goes on while body runs; NULL: there is nothing to do. */
static inline void in_scene(const char *policy_text, scene_fn body,
			    void (*host)(int sock, pid_t pid))
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(policy_text);
	int pair[2], pidfd, context_fd, mount_fd;
	struct bpftoken_error err;
	siginfo_t info;
	pid_t pid;

	(void)command_copy();
	EXPECT_EQ(sys_socketpair(pair), 0);
	pid = sys_clone(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET,
			&pidfd);
	EXPECT(pid >= 0);
	if (pid == 0) {
		close(pair[0]);
		sys_death_signal(SIGKILL);
		container_side(pair[1], body);
	}
	close(pair[1]);
	live_map_ids(pid, pair[0]);
	EXPECT_OK(handshake_expect(pair[0], 20000, HANDSHAKE_CONTEXT, &context_fd, &err),
		  &err);
	mount_fd = EXPECT_OK(bpftoken_bpffs_build(context_fd, policy, NULL, &err), &err);
	EXPECT_OK(handshake_send(pair[0], HANDSHAKE_MOUNT, mount_fd, &err), &err);
	close(context_fd);
	close(mount_fd);
	if (host)
		host(pair[0], pid);
	EXPECT_EQ(sys_reap(pidfd, 60000, &info), 0);
	EXPECT_EQ(info.si_code, CLD_EXITED);
	EXPECT_EQ(info.si_status, 0);
	close(pidfd);
	close(pair[0]);
}

/* What this kernel does otherwise; a process in a container ends without a flush. */
static inline void note(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

/*
 * int bpftoken_entry(struct xdp_md *ctx), global, and static int bpftoken_sub(int): all
 * that programs here need to say about themselves.
 */
static const struct {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_len, type_off, type_len, str_off, str_len;
	uint32_t words[29];
	char strings[48];
} own_btf = {
	0xeb9f,
	1,
	0,
	24,
	0,
	29 * 4,
	29 * 4,
	48,
	{
		1,  1U << 24,	   4,  1U << 24 | 32, /* 1: int */
		5,  4U << 24,	   24, /* 2: struct xdp_md */
		0,  2U << 24,	   2, /* 3: pointer to it */
		0,  13U << 24 | 1, 1,  12,
		3, /* 4: prototype */
		16, 12U << 24 | 1, 4, /* 5: bpftoken_entry */
		0,  13U << 24 | 1, 1,  12,
		1, /* 6: prototype */
		31, 12U << 24,	   6, /* 7: bpftoken_sub */
		5,  7U << 24,	   0, /* 8: forward declaration, to fill up */
	},
	"\0int\0xdp_md\0ctx\0bpftoken_entry\0bpftoken_sub",
};
#define TYPE_ENTRY 5U
#define TYPE_SUB 7U

struct function_info {
	uint32_t insn, type;
};

static inline int load_btf(int token)
{
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = token;
	opts.data = &own_btf;
	opts.size = sizeof(own_btf);
	return bpftoken_btf_load(&opts, NULL);
}

#define INSN_CALL(helper) ((struct attr_insn){ .code = 0x85, .imm = (helper) })

static inline int make_xdp(int token)
{
	/* jiffies64() asks for CAP_BPF, get_current_task() for CAP_PERFMON */
	const struct attr_insn insns[] = { INSN_CALL(118), INSN_CALL(35),
					   ATTR_INSN_MOV_IMM(0, XDP_PASS_),
					   ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token;
	opts.type = PROG_XDP;
	opts.expected_attach_type = ATTACH_XDP;
	opts.name = "selftest";
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	return closed(bpftoken_prog_load(&opts, NULL));
}

#define XDP_POLICY "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=any"

#endif
