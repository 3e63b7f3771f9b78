/* SPDX-License-Identifier: MIT */
/*
 * Every system call of every path that opens something fails once, with each of some
 * errors. Whatever fails: the result is negative and the error is about it, nothing that
 * was opened stays open, a child is gone, a mount that was placed is detached again.
 */
#include "fake-sys.h"

#include "bpffs.h"
#include "container.h"
#include "handshake.h"
#include "names.h"
#include "policy.h"

#include <errno.h>
#include <sys/sysmacros.h>

#define LAST_STAGE BPFTOKEN_STAGE_BTF_GET_FD_BY_ID
#define MAX_CALLS 200 /* of one path: more is an endless loop */

static const struct bpftoken_policy policy = { .mask = { 0x21, 1ULL << 27, 2, 1 } };

#define CHILD_MOUNTS                                                     \
	"1 1 0:5 / /proc rw - proc proc rw\n"                            \
	"76 1 0:7 / /sys/fs/bpf rw - bpf none rw,delegate_cmds=any\n"    \
	"77 1 0:6 / /sys/fs/bpf rw - bpf none rw,uid=100000,gid=100000," \
	"delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"      \
	"delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress\n"

/* --------------------------------------------------------------- the paths */

/* What one run works on; set up afresh for each. */
static struct {
	int context, mount, root, sock, pidfd, bpffs, token;
} given;

static struct bpftoken_policy untouched;
static unsigned int faults; /* injected so far */

/* What comes in: made by the same functions that the other side uses. */
static void says(uint32_t tag, const char *kind)
{
	fake.echo = true;
	assert_int_equal(
		handshake_send(given.sock, tag, kind ? fake_given(kind) : -EBADF, NULL),
		0);
	fake.echo = false;
}

static void container_answers(void)
{
	says(HANDSHAKE_CONTEXT, "fscontext");
	says(HANDSHAKE_PLACED, NULL);
}

static void finds(uint64_t mount_id)
{
	fake.echo = true;
	assert_int_equal(handshake_send_found(given.sock, mount_id, NULL), 0);
	fake.echo = false;
}

static void placer_answers(void)
{
	finds(0);
	container_answers();
}

static void two_helpers_set_up(void)
{
	fake.foreign = true;
	placer_answers();
}

static void replace_set_up(void)
{
	finds(76);
	container_answers();
	says(HANDSHAKE_SWAPPED, NULL);
}

static void already_set_up(void)
{
	finds(77);
}

static void unmount_set_up(void)
{
	finds(77);
	says(HANDSHAKE_CONTEXT, "fscontext");
	says(HANDSHAKE_GONE, NULL);
}

static void host_answers(void)
{
	says(HANDSHAKE_MOUNT, "mount");
	says(HANDSHAKE_GO, NULL);
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

	/* two processes; the one that cannot be looked at is told */
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

/* survives: calls whose failure may leave a success, separated by blanks. */
static const struct path {
	const char *name;
	int (*run)(struct bpftoken_error *err);
	void (*set_up)(void);
	const char *survives;
	bool returns_fd;
	int success; /* else */
} paths[] = {
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

/* -------------------------------------------------------------- the checks */

static void prepare(const struct path *path)
{
	fake_reset();
	fake_file("/proc/4242/mountinfo", CHILD_MOUNTS);
	fake_file("/proc/4242/?id_map", "");
	fake_file("/proc/42/?id_map", "0 100000 65536\n");
	fake_file("/proc/42/ns/*", "");
	fake_file("/proc/self/mountinfo", "1 1 0:5 / /proc rw - proc proc rw\n");
	fake_file_bytes("/proc",
			"self\0"
			"1\0"
			"4242",
			12);
	fake_file_bytes("/proc/*/task/*/fd",
			"0\0"
			"5",
			4);
	fake_file_bytes("/proc/*/task",
			"1\0"
			"77",
			5);
	fake_file("/proc/*/comm", "program\n");
	given.context = fake_given("fscontext");
	given.mount = fake_given("mount");
	given.root = fake_given("root");
	given.sock = fake_given("socket");
	given.pidfd = fake_given("pidfd");
	given.bpffs = fake_given("bpffs");
	given.token = fake_given("token");
	if (path->set_up)
		path->set_up();
}

static bool listed(const char *names, const char *name)
{
	const char *found = strstr(names, name);
	size_t len = strlen(name);

	return found && (found[len] == ' ' || !found[len]);
}

/* Whatever the result: nothing is left but what a success returns. */
static void check_nothing_left(const struct path *path, int r)
{
	fake_assert_closed(path->returns_fd ? r : -1);
	if (fake.cloned && !fake.reaped)
		fail_msg("%s: the child is left after %s failed", path->name,
			 fake_failed());
	if (path->run == container_side && r < 0 && fake.placed && !fake.detached)
		fail_msg("%s: the mount is left after %s failed", path->name,
			 fake_failed());
}

static void check_success(const struct path *path, int r)
{
	if (path->returns_fd ? !fake_is_open(r) : r != path->success)
		fail_msg("%s: %d, %s failed", path->name, r, fake_failed());
	if (path->returns_fd)
		assert_true(r > 2);
}

static void check_failure(const struct path *path, int r, struct bpftoken_error *err)
{
	if (err->code != r || err->stage == BPFTOKEN_STAGE_NONE ||
	    err->stage > LAST_STAGE)
		fail_msg("%s: %d, but the error is %d at stage %u, %s failed", path->name,
			 r, err->code, err->stage, fake_failed());
	assert_string_not_equal(bpftoken_stage_name(err->stage), "UNKNOWN");
	fake_fail_any(0, 0);
	assert_in_range(bpftoken_explain(err), BPFTOKEN_KIND_FAILED,
			BPFTOKEN_KIND_DENIED);
	assert_string_not_equal(err->what, "");
	assert_string_not_equal(err->why, "");
	fake_assert_closed(-1);
}

/* One run whose nth call fails; false when there are fewer calls. */
static bool fail_nth(const struct path *path, unsigned int nth, int error)
{
	struct bpftoken_error err;
	int r, again;

	prepare(path);
	fake_fail_any(nth, error);
	again = path->run(NULL);
	check_nothing_left(path, again);
	prepare(path);
	fake_fail_any(nth, error);
	fake_poison(&err);
	r = path->run(&err);
	assert_true(r == again || (r >= 0 && again >= 0));
	check_nothing_left(path, r);
	if (r >= 0) {
		fake_assert_poisoned(&err);
		check_success(path, r);
		if (fake_failed() && !listed(path->survives, fake_failed()))
			fail_msg("%s: a success, and %s (call %u) failed", path->name,
				 fake_failed(), nth);
		return fake_failed();
	}
	if (!fake_failed())
		fail_msg("%s: %d, %s, and nothing was made to fail", path->name, r,
			 err.why);
	check_failure(path, r, &err);
	return true;
}

static void test_faults(void **state)
{
	static const int errors[] = { EPERM, ENOMEM, EMFILE, ENFILE, EIO, ENOSYS };
	const struct path *path = *state;
	unsigned int before = faults;

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		unsigned int nth = 1;

		while (fail_nth(path, nth, errors[i])) {
			if (nth++ == MAX_CALLS)
				fail_msg("%s does not end", path->name);
			faults++;
		}
	}
	print_message("# %s: %u faults\n", path->name, faults - before);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(paths)];
	int failed;

	/* The kernel's BTF is read once in a process: here, before calls are counted. */
	fake_reset();
	(void)names_kernel_count(BPFTOKEN_CMDS);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		tests[i] = (struct CMUnitTest){
			.name = paths[i].name,
			.test_func = test_faults,
			.initial_state = (void *)(uintptr_t)&paths[i],
		};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	print_message("# count: faults injected %u\n", faults);
	return failed;
}
