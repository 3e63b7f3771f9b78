/* SPDX-License-Identifier: MIT */
/* The paths of the library and of run, as the host's side sees them: see faults.h. */
#include "faults.h"

#include "bpffs.h"
#include "container.h"
#include "handshake.h"
#include "policy.h"

#include <errno.h>
#include <sys/sysmacros.h>

static const struct bpftoken_policy policy = { .mask = { 0x21, 1ULL << 27, 2, 1 } };

/* --------------------------------------------------------------- the paths */

static struct bpftoken_policy untouched;

static void container_answers(void)
{
	faults_says(HANDSHAKE_CONTEXT, "fscontext");
	faults_says(HANDSHAKE_PLACED, NULL);
}

static void placer_answers(void)
{
	faults_finds(0);
	container_answers();
}

static void two_helpers_set_up(void)
{
	fake.foreign = true;
	placer_answers();
}

static void replace_set_up(void)
{
	faults_finds(76);
	container_answers();
	faults_says(HANDSHAKE_SWAPPED, NULL);
}

static void already_set_up(void)
{
	faults_finds(77);
}

static void unmount_set_up(void)
{
	faults_finds(77);
	faults_says(HANDSHAKE_CONTEXT, "fscontext");
	faults_says(HANDSHAKE_GONE, NULL);
}

static void host_answers(void)
{
	faults_says(HANDSHAKE_MOUNT, "mount");
	faults_says(HANDSHAKE_GO, NULL);
}

static int build(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);

	opts.flags = BPFTOKEN_BPFFS_UID | BPFTOKEN_BPFFS_GID;
	opts.uid = opts.gid = 100000;
	opts.mode = 0700;
	return bpftoken_bpffs_build(given.context, &policy, &opts, err);
}

static int place(struct bpftoken_error *err)
{
	return bpftoken_bpffs_place(given.mount, given.root, "/sys/fs/bpf", err);
}

static int verify(struct bpftoken_error *err)
{
	return bpftoken_bpffs_verify(given.mount, FAKE_CHILD, &policy, err);
}

static int mount(struct bpftoken_error *err)
{
	return bpftoken_bpffs_mount(given.pidfd, &policy, NULL, err);
}

static int replace(struct bpftoken_error *err)
{
	uint64_t device = 1234;
	int r = bpftoken_bpffs_replace(given.pidfd, &policy, NULL, &device, err);

	assert_true(device == (r == 0 ? makedev(0, 7) : 1234));
	return r;
}

static int unmount(struct bpftoken_error *err)
{
	uint64_t device = 1234;
	int r = bpftoken_bpffs_unmount(given.pidfd, NULL, &device, err);

	assert_true(device == (r == 0 ? makedev(0, 6) : 1234));
	return r;
}

static int count_holder(const struct bpftoken_holder *holder, void *data)
{
	assert_true(holder->tokens > 0);
	if (holder->name[0])
		assert_string_equal(holder->name, "program");
	return 0;
}

static int holders(struct bpftoken_error *err)
{
	uint32_t unseen = 0;
	int r = bpftoken_bpffs_holders(FAKE_DEVICE, count_holder, NULL, &unseen, err);

	/* two processes; one that cannot be looked at is told, one that is gone is not */
	if (r == 1 && !unseen && fake_failed())
		return 2;
	return r >= 0 ? r + (int)unseen : r;
}

static int host_side(struct bpftoken_error *err)
{
	return handshake_host_side(given.sock, 1000, FAKE_CHILD, &policy, NULL, err);
}

static int container_side(struct bpftoken_error *err)
{
	return handshake_container_side(given.sock, 1000, given.root, "/sys/fs/bpf", err);
}

static int create(struct bpftoken_error *err)
{
	return bpftoken_create(given.bpffs, err);
}

static void create_low_set_up(void)
{
	fake.low_fd = 0;
}

static void open_set_up(void)
{
	fake_file("/proc/self/mountinfo", "1 1 0:5 / /proc rw - proc proc rw\n"
					  "2 1 0:6 / /a rw - bpf none rw\n");
	fake_file("/a", "");
}

static int open_path(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);

	opts.path = "/a";
	opts.wanted = &policy;
	return bpftoken_open(&opts, err);
}

static int open_found(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);

	opts.wanted = &policy;
	return bpftoken_open(&opts, err);
}

static void two_set_up(void)
{
	open_set_up();
	fake_file("/proc/self/mountinfo", "2 1 0:6 / /a rw - bpf none rw\n"
					  "3 1 0:7 / /a rw - bpf none rw\n");
}

static int info(struct bpftoken_error *err)
{
	struct bpftoken_policy *found = &untouched;
	int r = bpftoken_info(given.token, &found, err);

	if (r < 0)
		assert_ptr_equal(found, &untouched);
	else
		bpftoken_policy_free(found);
	return r;
}

static void fdinfo_set_up(void)
{
	fake_file("/proc/self/fdinfo/*",
		  "pos:\t0\nallowed_cmds:\tany\nallowed_maps:\tany\n"
		  "allowed_progs:\tany\nallowed_attachs:\tany\n");
}

static void old_kernel_set_up(void)
{
	fdinfo_set_up();
	fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD] = -EINVAL;
}

static int map(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = given.token;
	return bpftoken_map_create(&opts, err);
}

static int prog(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = given.token;
	return bpftoken_prog_load(&opts, err);
}

static int btf(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = given.token;
	return bpftoken_btf_load(&opts, err);
}

static int btf_by_id(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_btf_by_id_opts, opts);

	opts.token_fd = given.token;
	return bpftoken_btf_get_fd_by_id(&opts, err);
}

/* The child of a container never runs here. */
void container_init(const struct container *container, int sock, const sigset_t *old_mask)
{
	fail_msg("container_init: the child ran");
	abort();
}

static void run_set_up(void)
{
	container_answers();
	fake.signals = 2;
	fake.exit_status = 3;
}

static int run(struct bpftoken_error *err)
{
	const struct container container = { .policy = &policy,
					     .bpffs = "/sys/fs/bpf",
					     .map_outside = 100000,
					     .map_count = 65536 };
	int r = container_run(&container, err);

	assert_false(fake.signals_blocked &&
		     strcmp(fake_failed(), "sys_block_signals") != 0);
	return r;
}

static void plain_set_up(void)
{
	fake.exit_status = 3;
}

static int run_plain(struct bpftoken_error *err)
{
	const struct container container = { .map_outside = 100000, .map_count = 65536 };

	return container_run(&container, err);
}

static const struct fault_path paths[] = {
	{ "bpffs_build", build, NULL, "", true, 0 },
	{ "bpffs_place", place, NULL, "", false, 0 },
	{ "bpffs_verify", verify, NULL, "", false, 0 },
	/* a helper that cannot be waited for is killed, the delegation stands */
	{ "bpffs_mount", mount, placer_answers, "sys_reap", false, 0 },
	{ "bpffs_mount, two helpers", mount, two_helpers_set_up, "sys_reap", false, 0 },
	{ "bpffs_mount, already", mount, already_set_up, "sys_reap", false, 1 },
	{ "bpffs_replace", replace, replace_set_up, "sys_reap", false, 0 },
	{ "bpffs_unmount", unmount, unmount_set_up, "sys_reap", false, 0 },
	/* what cannot be told of one descriptor or thread is told of the next */
	{ "bpffs_holders", holders, NULL,
	  "sys_openat sys_look sys_path_fs_type sys_same_fds sys_read", false, 2 },
	{ "handshake_host_side", host_side, container_answers, "", false, 0 },
	{ "handshake_container_side", container_side, host_answers, "", false, 0 },
	{ "create", create, NULL, "", true, 0 },
	{ "create, low", create, create_low_set_up, "", true, 0 },
	{ "open, path", open_path, open_set_up, "", true, 0 },
	{ "open, found", open_found, open_set_up, "", true, 0 },
	/* the second bpffs does as well: the token is of the first that works */
	{ "open, second", open_found, two_set_up, "sys_openat sys_bpf sys_fs_type", true,
	  0 },
	/* what the kernel does not tell, fdinfo does */
	{ "info", info, fdinfo_set_up, "sys_bpf", false, 0 },
	{ "info, old kernel", info, old_kernel_set_up, "sys_bpf", false, 0 },
	{ "map_create", map, NULL, "", true, 0 },
	{ "prog_load", prog, NULL, "", true, 0 },
	{ "btf_load", btf, NULL, "", true, 0 },
	{ "btf_get_fd_by_id", btf_by_id, NULL, "", true, 0 },
	/* the program ran: a signal is not passed on, or our own mask stays */
	{ "container_run", run, run_set_up, "sys_read sys_pidfd_signal sys_block_signals",
	  false, 3 },
	{ "container_run, plain", run_plain, plain_set_up, "sys_block_signals", false,
	  3 },
};

int main(void)
{
	return faults_main(paths, ARRAY_SIZE(paths));
}
