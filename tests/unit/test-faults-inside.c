/* SPDX-License-Identifier: MIT */
/*
 * What children run: the helpers that join a container, also those that put exec in front
 * of its program, and the init of `run` up to the exec of its own. Whatever fails there, they end, the parent hears of which stage,
 * and no mount or directory stays where others see it.
 */
#include "faults.h"

#include "container.h"
#include "cover.h"
#include "error.h"
#include "handshake.h"
#include "policy.h"

#include <sys/stat.h>

static const struct bpftoken_policy policy = { .mask = { 0x21, 1ULL << 27, 2, 1 } };

/* ------------------------------------------------------------------- helpers */

static void host_answers(void)
{
	fake.become = 1;
	faults_says(HANDSHAKE_MOUNT, "mount");
	faults_says(HANDSHAKE_GO, NULL);
}

static void host_answers_foreign(void)
{
	fake.foreign = true;
	host_answers();
}

static void host_swaps(void)
{
	fake.become = 1;
	faults_says(HANDSHAKE_MOUNT, "mount");
	faults_says(HANDSHAKE_SWAP, NULL);
}

static void host_detaches(void)
{
	fake.become = 1;
	faults_says(HANDSHAKE_DETACH, NULL);
}

static void second_helper(void)
{
	fake.foreign = true;
	fake.become = 2;
	faults_finds(0);
}

static int mount_in(struct bpftoken_error *err)
{
	return bpftoken_bpffs_mount(given.pidfd, &policy, NULL, err);
}

static int placer(struct bpftoken_error *err)
{
	return faults_inside(mount_in, err);
}

static int make_in(struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);

	opts.flags = BPFTOKEN_BPFFS_MKDIR;
	opts.target = "/sys/fs/new";
	opts.root = "/root";
	return bpftoken_bpffs_mount(given.pidfd, &policy, &opts, err);
}

static int maker(struct bpftoken_error *err)
{
	return faults_inside(make_in, err);
}

static int unmount_in(struct bpftoken_error *err)
{
	uint64_t device;

	return bpftoken_bpffs_unmount(given.pidfd, NULL, &device, err);
}

static int remover(struct bpftoken_error *err)
{
	return faults_inside(unmount_in, err);
}

/* A child that says that all is well has placed its mount, and only then. */
static void check_placed(int r)
{
	if (r == 0)
		assert_true(fake.placed && !fake.detached);
}

static void check_swapped(int r)
{
	if (r == 0)
		assert_true(fake.beneath && fake.old_detached);
}

static void check_detached(int r)
{
	if (r == 0)
		assert_true(fake.old_detached);
}

/* ----------------------------------------------------- in front of a program */

static struct cover cover;

static int cover_in(struct bpftoken_error *err)
{
	return cover_place(given.pidfd, &cover, err);
}

static int coverer(struct bpftoken_error *err)
{
	return faults_inside(cover_in, err);
}

static void image(const char *program)
{
	cover = (struct cover){
		.via = "auto",
		.token = "/sys/fs/bpf",
		.program = program,
		.path = "bin:/none:/bin",
		.cwd = "/srv",
		.front = "/front",
		.root = "/root",
	};
	fake_file("/front", "front");
	fake_file("/bin/entry", "\177ELF and more");
	fake_file("/srv/./script", "#!/outer -e\n");
	fake_file("/outer", "#! /bin/entry\n");
	fake_file("front", "");
	fake_file("bin/*", "");
	fake.file_mode = S_IFREG | 0755;
}

static void host_lets(const char *program)
{
	image(program);
	fake.become = 1;
	faults_says(HANDSHAKE_MOUNT, "mount");
	for (int i = 0; i < 2 + 1; i++)
		faults_says(HANDSHAKE_GO, NULL);
}

static void cover_searched(void)
{
	host_lets("entry");
}

static void cover_scripts(void)
{
	fake.foreign = true;
	host_lets("./script");
}

static void cover_again(void)
{
	fake.covered_before = true;
	host_lets("/bin/entry");
}

static void check_covered(int r)
{
	if (r == 0)
		assert_true(fake.covered && fake.placed && !fake.detached);
}

/* It is the other hook's, whatever fails. */
static void check_left_alone(int r)
{
	(void)r;
	assert_true(!fake.covered && !fake.placed && !fake.in_root);
}

static void second_helper_undoes(void)
{
	image("/bin/entry");
	fake.become = 2;
	fake.placed = fake.covered = true;
	faults_says(HANDSHAKE_MOUNT, "mount");
	faults_says(HANDSHAKE_GO, NULL);
}

/* The first helper was killed when all was in place. */
static void cover_killed(void)
{
	faults_ends();
	second_helper_undoes();
}

/* It has said that it was, and that the directory is its own; then it says more. */
static void cover_confirmed(void)
{
	fake.made = 1;
	faults_finds(FAKE_MOUNT_ID);
	faults_finds(FAKE_MOUNT_ID);
	faults_finds(1);
	faults_finds(1);
	second_helper_undoes();
}

/* The first helper's end is an error of the parent's alone. */
static int undo_in(struct bpftoken_error *err)
{
	(void)err;
	return cover_place(given.pidfd, &cover, NULL);
}

static int undoer(struct bpftoken_error *err)
{
	return faults_inside(undo_in, err);
}

static void check_uncovered(int r)
{
	if (r == 0)
		assert_true(!fake.covered && fake.detached && !fake.made);
}

/* ------------------------------------------------------------- init of run */

static char *const argv[] = { (char[]){ "/bin/true" }, NULL };
static struct container container = { .bpffs = "/bpffs", .argv = argv };

static int init(struct bpftoken_error *err)
{
	(void)err;
	container_init(&container, fake_new_fd("socket", false), &(sigset_t){ 0 });
}

static void init_set_up(void)
{
	container = (struct container){ .policy = &policy, .bpffs = "/bpffs" };
	container.argv = argv;
	faults_says(HANDSHAKE_READY, NULL);
	fake_file("/", "");
	faults_says(HANDSHAKE_MOUNT, "mount");
	faults_says(HANDSHAKE_GO, NULL);
}

static void rootfs_set_up(void)
{
	init_set_up();
	container.rootfs = "/image";
}

/* The program's process: the second clone. */
static void program_set_up(void)
{
	init_set_up();
	container.uid = container.gid = 1000;
	fake.become = 1;
}

static int in_init(struct bpftoken_error *err)
{
	fake.exit_status = 0;
	return faults_inside(init, err);
}

static void check_program(int r)
{
	if (r == 0)
		assert_true(fake.executed);
}

static const struct fault_path paths[] = {
	{ "placer", placer, host_answers, "", .inside = true, .check = check_placed },
	{ "placer, as root of the host", placer, host_answers_foreign, "", .inside = true,
	  .check = check_placed },
	{ "placer that makes a directory", maker, host_answers, "", .inside = true,
	  .check = check_placed },
	/* below the old one there is only the way forward: it is tried again */
	{ "placer that swaps", placer, host_swaps,
	  "sys_mount_private sys_fchdir sys_umount", .inside = true,
	  .check = check_swapped },
	{ "placer that detaches", remover, host_detaches, "", .inside = true,
	  .check = check_detached },
	{ "opener", placer, second_helper, "", .inside = true },
	/* another directory may be the place */
	{ "front, by PATH", coverer, cover_searched, "sys_open_in_root sys_mkdirat",
	  .inside = true, .undoes = true, .check = check_covered },
	{ "front, for scripts", coverer, cover_scripts, "sys_open_in_root sys_mkdirat",
	  .inside = true, .undoes = true, .check = check_covered },
	{ "front, a second hook's", coverer, cover_again, "sys_open_in_root",
	  .inside = true, .undoes = true, .check = check_left_alone },
	{ "front, after a kill", undoer, cover_killed, "", .inside = true,
	  .own_mounts = true, .check = check_uncovered },
	{ "front, after an error", undoer, cover_confirmed, "", .inside = true,
	  .own_mounts = true, .check = check_uncovered },
	/* the program ran: signals, and who is reaped when */
	{ "init", in_init, init_set_up, "sys_block_signals sys_wait_signal sys_reap_any",
	  .inside = true, .own_mounts = true },
	{ "init, --rootfs", in_init, rootfs_set_up,
	  "sys_block_signals sys_wait_signal sys_reap_any", .inside = true,
	  .own_mounts = true },
	{ "program", in_init, program_set_up, "sys_block_signals", .inside = true,
	  .own_mounts = true, .check = check_program },
};

int main(void)
{
	return faults_main(paths, ARRAY_SIZE(paths));
}
