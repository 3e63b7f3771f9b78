/* SPDX-License-Identifier: MIT */
/* The faults and the checks after each: see faults.h. */
#include "faults.h"

#include "error.h"
#include "handshake.h"
#include "names.h"

#include <stdlib.h>
#include <unistd.h>

#define LAST_STAGE BPFTOKEN_STAGE_PRELOAD
#define MAX_CALLS 300 /* of one path: more is an endless loop */

#define CHILD_MOUNTS                                                     \
	"1 1 0:5 / /proc rw - proc proc rw\n"                            \
	"76 1 0:7 / /sys/fs/bpf rw - bpf none rw,delegate_cmds=any\n"    \
	"77 1 0:6 / /sys/fs/bpf rw - bpf none rw,uid=100000,gid=100000," \
	"delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"      \
	"delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress\n"

struct fault_given given;

static unsigned int faults; /* injected so far */

/* What any call may say; where only is set, a call says nothing else. */
static const int common[] = { EPERM, ENOMEM, EMFILE, ENFILE, EIO, ENOSYS, 0 };

static const struct errors {
	const char *name;
	bool only;
	int more[8];
} errors[] = {
	{ "sys_bpf", false, { EINVAL, EACCES, E2BIG, EBUSY, EOPNOTSUPP } },
	{ "sys_clone", false, { EAGAIN, ENOSPC, EUSERS, EINVAL } },
	{ "sys_clone_mount", false, { EINVAL, ENOSPC } },
	{ "sys_chroot", false, { EACCES, ENOENT } },
	{ "sys_creat", false, { EACCES, EEXIST, EISDIR, ELOOP, ENOSPC, EROFS } },
	{ "sys_creatat", false, { EACCES, EEXIST, EISDIR, EROFS, ENOSPC } },
	{ "sys_execvp", false, { EACCES, ENOENT, ENOEXEC, ETXTBSY, E2BIG } },
	{ "sys_fchdir", false, { EACCES, ENOTDIR } },
	{ "sys_follow_in_root", false, { EACCES, ENOENT, ELOOP, ENOTDIR, EXDEV } },
	{ "sys_fsconfig", false, { EBUSY, EINVAL, ERANGE, EACCES } },
	{ "sys_fsmount", false, { EACCES, EBUSY, EINVAL } },
	{ "sys_fsopen", false, { ENODEV } },
	{ "sys_fspick", false, { EINVAL, EACCES } },
	{ "sys_inode", false, { EACCES, ENOENT, ESRCH } },
	{ "sys_ioctl", false, { EBADF, EINVAL, ENOTTY } },
	{ "sys_lock", false, { EINTR, ENOLCK } },
	{ "sys_look_at", false, { EACCES, ESTALE } },
	{ "sys_map_file", false, { EACCES, EFBIG, ENODEV } },
	{ "sys_mkdir", false, { EACCES, ENOSPC, EROFS } },
	{ "sys_mkdirat", false, { EACCES, ENOSPC, EROFS } },
	{ "sys_mount", false, { EACCES, EBUSY, EINVAL, ENODEV, ENOSPC } },
	{ "sys_mount_private", false, { EINVAL, EBUSY } },
	{ "sys_mount_readonly", false, { EINVAL, EBUSY } },
	{ "sys_move_mount", false, { EACCES, EBUSY, EINVAL, ELOOP, ENOENT, ENOSPC } },
	{ "sys_move_mount_beneath", false, { EBUSY, EINVAL, ELOOP, ENOSPC } },
	{ "sys_notif_addfd", true, { EBADF, EINPROGRESS, EMFILE, ENOENT, ENOMEM } },
	{ "sys_notif_recv", true, { EINTR, ENOENT, ENOMEM } },
	{ "sys_notif_send", true, { EINPROGRESS, ENOENT } },
	{ "sys_notif_valid", true, { ENOENT } },
	{ "sys_open_in_root", false, { EACCES, EAGAIN, ELOOP, ENOTDIR, EXDEV } },
	{ "sys_openat", false, { EACCES, ELOOP, ENOENT, ESRCH } },
	{ "sys_pidfd_open", false, { EINVAL, ESRCH } },
	{ "sys_pidfd_pid", false, { EBADF, ENOENT, ESRCH } },
	{ "sys_pidfd_signal", false, { EINVAL, ESRCH } },
	{ "sys_pivot_root", false, { EBUSY, EINVAL, ENOTDIR } },
	{ "sys_read", false, { EACCES, EINVAL, EISDIR, ESRCH } },
	{ "sys_recv_fd", false, { ECONNRESET, EPROTO, ETIMEDOUT } },
	{ "sys_seccomp_listen", false, { EACCES, EBUSY, EINVAL } },
	{ "sys_send_fd", false, { EAGAIN, ECONNRESET, EPIPE, ENOBUFS, ETOOMANYREFS } },
	{ "sys_set_effective", true, { EPERM } },
	{ "sys_setns", false, { EINVAL, ESRCH } },
	{ "sys_set_ids", false, { EAGAIN, EINVAL } },
	{ "sys_symlinkat", false, { EACCES, EEXIST, ENOSPC, EROFS } },
	{ "sys_task_read", true, { EFAULT, ENOMEM, EPERM, ESRCH } },
	{ "sys_task_write", true, { EFAULT, ENOMEM, EPERM, ESRCH } },
	{ "sys_trace_seize", false, { ESRCH } },
	{ "sys_umount", false, { EBUSY, EINVAL } },
	{ "sys_unshare", false, { ENOSPC, EUSERS } },
	{ "sys_write", false, { EINVAL, ENOSPC, EPIPE } },
};

/* --------------------------------------------------------------- the paths */

void faults_says(uint32_t tag, const char *kind)
{
	bool before = fake.echo;

	fake.echo = true;
	assert_int_equal(
		handshake_send(given.sock, tag, kind ? fake_given(kind) : -EBADF, NULL),
		0);
	fake.echo = before;
}

void faults_finds(uint64_t mount_id)
{
	fake.echo = true;
	assert_int_equal(handshake_send_found(given.sock, mount_id, NULL), 0);
	fake.echo = false;
}

void faults_ends(void)
{
	fake_message("", 0, NULL);
}

static jmp_buf outside;

__attribute__((noreturn)) static void leave(int status)
{
	longjmp(outside, status + 1);
}

__attribute__((noreturn)) void __wrap__exit(int status);
void __wrap__exit(int status)
{
	if (fake.leave)
		fake.leave(status);
	exit(status);
}

int faults_inside(int (*body)(struct bpftoken_error *err), struct bpftoken_error *err)
{
	struct bpftoken_error inner = { 0 };
	int status;

	fake.leave = leave;
	fake.echo = true;
	status = setjmp(outside);
	/* A result: what failed, failed before there was a child. */
	if (!status)
		return body(err);
	fake.leave = NULL;
	if (status == 1)
		return 0;
	/* Nothing more fails: the parent hears what was said. */
	fake_fail_done();
	if (fake_last_message())
		status = handshake_expect_end(given.sock, 1000, &inner);
	if (inner.code == 0)
		err_raise(&inner, BPFTOKEN_STAGE_HANDSHAKE, -ECONNRESET, NULL);
	if (err)
		*err = inner;
	return inner.code;
}

/* -------------------------------------------------------------- the checks */

static void prepare(const struct fault_path *path)
{
	fake_reset();
	fake_file("/proc/4242/mountinfo", CHILD_MOUNTS);
	fake_file("/proc/4242/?id_map", "");
	fake_file("/proc/42/?id_map", "0 100000 65536\n");
	fake_file("/proc/42/ns/*", "");
	fake_file("/proc/42/root", "");
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

static bool is_one_of(const char *names, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	for (; len && *names; names += strspn(names, " ")) {
		size_t word = strcspn(names, " ");

		if (word == len && !memcmp(names, name, len))
			return true;
		names += word;
	}
	return false;
}

/* Whatever the result: nothing is left but what a success returns. */
static void check_nothing_left(const struct fault_path *path, int r)
{
	if (!path->inside)
		fake_assert_closed(path->returns_fd ? r : -1);
	if (!path->inside && fake.cloned && !fake.reaped)
		fail_msg("%s: the child is left after %s failed", path->name,
			 fake_failed());
	/* A host that no longer hears of it takes it away itself: clean_up(). */
	if (r < 0 && !path->own_mounts &&
	    (path->undoes || !is_one_of("sys_send_fd", fake_failed())) &&
	    (fake.covered || (fake.placed && !fake.detached) ||
	     (fake.beneath && !fake.old_detached)))
		fail_msg("%s: the mount is left after %s failed", path->name,
			 fake_failed());
	if (fake.made && !path->own_mounts && (r < 0 || !fake.placed) &&
	    !is_one_of("sys_unlink sys_rmdirat", fake_failed()))
		fail_msg("%s: %d files are left after %s failed", path->name, fake.made,
			 fake_failed());
	if (fake.mapped)
		fail_msg("%s: memory is left after %s failed", path->name, fake_failed());
	if (path->check)
		path->check(r);
}

static void check_success(const struct fault_path *path, int r)
{
	if (path->returns_fd ? !fake_is_open(r) : r != path->success)
		fail_msg("%s: %d, %s failed", path->name, r, fake_failed());
	if (path->returns_fd)
		assert_true(r > 2);
}

static void check_failure(const struct fault_path *path, int r,
			  struct bpftoken_error *err)
{
	if (err->code != r || err->stage == BPFTOKEN_STAGE_NONE ||
	    err->stage > LAST_STAGE)
		fail_msg("%s: %d, but the error is %d at stage %u, %s failed", path->name,
			 r, err->code, err->stage, fake_failed());
	assert_string_not_equal(bpftoken_stage_name(err->stage), "UNKNOWN");
	fake_fail_done();
	assert_in_range(bpftoken_explain(err), BPFTOKEN_KIND_FAILED,
			BPFTOKEN_KIND_DENIED);
	assert_string_not_equal(err->what, "");
	assert_string_not_equal(err->why, "");
	if (!path->inside)
		fake_assert_closed(-1);
}

/* One run whose nth call fails; false when there are fewer calls. */
static bool fail_nth(const struct fault_path *path, unsigned int nth, int error)
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
		if (fake_failed() && !fake.expected &&
		    !is_one_of(path->survives, fake_failed()))
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

/* The nth call of a path with each errno: false when there are fewer calls. */
static bool fail_each(const struct fault_path *path, unsigned int nth)
{
	const struct errors *row = errors;
	const char *failed;

	if (!fail_nth(path, nth, ENOMEM))
		return false;
	failed = fake_failed();
	while (row < errors + ARRAY_SIZE(errors) && strcmp(row->name, failed) != 0)
		row++;
	if (row == errors + ARRAY_SIZE(errors))
		row = NULL;
	for (const int *error = common; *error && !(row && row->only); error++, faults++)
		(void)fail_nth(path, nth, *error);
	for (const int *error = row ? row->more : common; row && *error;
	     error++, faults++)
		(void)fail_nth(path, nth, *error);
	return true;
}

static void test_faults(void **state)
{
	const struct fault_path *path = *state;
	unsigned int before = faults, nth = 1;

	while (fail_each(path, nth))
		if (nth++ == MAX_CALLS)
			fail_msg("%s does not end", path->name);
	assert_true(nth > 1);
	print_message("# %s: %u calls, %u faults\n", path->name, nth - 1,
		      faults - before);
}

int faults_main(const struct fault_path paths[], size_t count)
{
	struct CMUnitTest tests[64];
	int failed;

	if (count > ARRAY_SIZE(tests))
		fail_msg("too many paths");
	/* The kernel's BTF is read once in a process: here, before calls are counted. */
	fake_reset();
	(void)names_kernel_count(BPFTOKEN_CMDS);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = paths[i].name,
			.test_func = test_faults,
			.initial_state = (void *)(uintptr_t)&paths[i],
		};
	failed = _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
	print_message("# count: faults injected %u\n", faults);
	return failed;
}
