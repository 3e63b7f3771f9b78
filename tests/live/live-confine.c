/* SPDX-License-Identifier: MIT */
/*
 * What a program in a container of `bpftoken run` cannot do: be root of the host, touch
 * its init, widen the delegation, lend it to a namespace below. All as container root.
 */
#include "live-more.h"

#include "mountinfo.h"
#include "sys.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#define FSPICK_CLOEXEC_ 1U
#define FSCONFIG_SET_STRING_ 1U
#define FSCONFIG_CMD_CREATE_ 6U
#define FSCONFIG_CMD_RECONFIGURE_ 7U

static char saved_line[4096];

static int find_line(const struct mountinfo *mount, void *data)
{
	if (strcmp(mount->mount_point, LIVE_BPFFS) != 0 ||
	    strcmp(mount->fs_type, "bpf") != 0)
		return 0;
	snprintf(data, sizeof(saved_line), "%llu %s", (unsigned long long)mount->id,
		 mount->super_options);
	return 1;
}

static void expect_fails(int result, int wanted, const char *what)
{
	if (result >= 0 || errno != wanted)
		live_fail(__FILE__, __LINE__, "%s: %s, not %s", what,
			  result >= 0 ? "done" : strerror(errno), strerror(wanted));
}

/* ------------------------------------------------------- not the host's root */

static void expect_full_capabilities(void)
{
	const char *line = strstr(live_file("/proc/self/status"), "CapEff:");
	unsigned long long last;

	EXPECT(line);
	last = strtoull(line + 7, NULL, 16);
	EXPECT_EQ(last,
		  (1ULL << (atoi(live_file("/proc/sys/kernel/cap_last_cap")) + 1)) - 1);
}

/* argv[1]: a file of the host's root, mode 0600. */
static int inside_not_root(int argc, char **argv)
{
	static const char *const kernel_files[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/vm/overcommit_memory",
	};
	char name[65];

	expect_full_capabilities();
	expect_fails(open(argv[1], O_RDONLY), EACCES, argv[1]);
	expect_fails(open(argv[1], O_WRONLY), EACCES, argv[1]);
	expect_fails(unlink(argv[1]), EPERM, argv[1]);
	expect_fails(chown(argv[1], 0, 0), EPERM, argv[1]);
	for (size_t i = 0; i < LIVE_COUNT(kernel_files); i++)
		expect_fails(open(kernel_files[i], O_WRONLY), EACCES, kernel_files[i]);
	EXPECT_EQ(sethostname("inside", 6), 0);
	EXPECT_EQ(gethostname(name, sizeof(name)), 0);
	EXPECT_STR(name, "inside");
	expect_fails(mount("bpf", "/tmp", "bpf", 0, NULL), EPERM, "mount of a bpffs");
	expect_fails(mount("bpf", "/tmp", "bpf", 0, "delegate_cmds=any"), EPERM,
		     "mount of a delegated bpffs");
	return 0;
}

static void container_root_is_not_host_root(void)
{
	char path[] = "/tmp/bpftoken-live-secret-XXXXXX", text[128], before[65],
	     after[65];
	int fd = mkstemp(path);

	EXPECT(fd >= 0);
	EXPECT_EQ(fchmod(fd, 0600), 0);
	EXPECT_EQ(gethostname(before, sizeof(before)), 0);
	snprintf(text, sizeof(text), "not-root %s", path);
	run_inside(0, "--no-delegation", text);
	EXPECT_EQ(gethostname(after, sizeof(after)), 0);
	EXPECT_STR(after, before);
	EXPECT_EQ(unlink(path), 0);
	close(fd);
}

/* ---------------------------------------------------------------- its init */

static int inside_init(int argc, char **argv)
{
	char link[128];

	EXPECT_EQ(getppid(), 1);
	expect_fails((int)ptrace(PTRACE_SEIZE, 1, 0, 0), EPERM, "PTRACE_SEIZE");
	expect_fails((int)ptrace(PTRACE_ATTACH, 1, 0, 0), EPERM, "PTRACE_ATTACH");
	expect_fails(open("/proc/1/mem", O_RDWR), EACCES, "/proc/1/mem");
	expect_fails(opendir("/proc/1/fd") ? 0 : -1, EACCES, "/proc/1/fd");
	expect_fails((int)readlink("/proc/1/exe", link, sizeof(link)), EACCES,
		     "/proc/1/exe");
	expect_fails(open("/proc/1/root", O_PATH), EACCES, "/proc/1/root");
	expect_fails(open("/proc/1/environ", O_RDONLY), EACCES, "/proc/1/environ");
	expect_fails((int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 0, 0),
		     EPERM, "pidfd_getfd");
	/* its signals are the host's to send: from here they do nothing, nor come back */
	EXPECT_EQ(kill(1, SIGKILL), 0);
	EXPECT_EQ(kill(1, SIGTERM), 0);
	usleep(200000);
	EXPECT_EQ(getppid(), 1);
	return 0;
}

static void init_is_out_of_reach(void)
{
	let_new_ids_be_dumpable();
	run_inside(0, "--no-delegation", "init");
	run_inside(0, SMALL_OPTIONS, "init");
}

static int inside_fds(int argc, char **argv)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	EXPECT(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		if (atoi(entry->d_name) > 2)
			live_fail(__FILE__, __LINE__, "descriptor %s is open",
				  entry->d_name);
	}
	closedir(dir);
	return 0;
}

static void only_standard_descriptors(void)
{
	(void)command_copy();
	for (int i = 0; i < 40; i++)
		EXPECT(open("/", O_RDONLY | O_DIRECTORY) >= 0);
	EXPECT(dup2(0, 200) == 200);
	run_inside(0, SMALL_OPTIONS, "fds");
	run_inside(0, "--no-delegation", "fds");
}

/* --------------------------------------------------------------- the token */

static int inside_limits(int argc, char **argv)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	EXPECT_OK(closed(try_map(MAP_RINGBUF, token, &err)), &err);
	EXPECT_OK(closed(try_prog(PROG_SOCKET_FILTER, 0, token, &err)), &err);
	EXPECT_EQ(try_map(MAP_HASH, token, &err), -EPERM);
	EXPECT_EQ(try_prog(PROG_XDP, ATTACH_XDP, token, &err), -EPERM);
	EXPECT_EQ(try_prog(PROG_XDP, 0, token, &err), -EPERM);
	EXPECT_EQ(try_prog(PROG_SOCKET_FILTER, ATTACH_XDP, token, &err), -EPERM);
	/* without the token nothing of it */
	EXPECT_EQ(try_map(MAP_RINGBUF, -1, &err), -EPERM);
	EXPECT_EQ(try_prog(PROG_SOCKET_FILTER, 0, -1, &err), -EPERM);
	return 0;
}

static void only_what_is_delegated(void)
{
	run_inside(0, SMALL_OPTIONS, "limits");
}

/* The kernel takes some of this without a word; what counts is that nothing changes. */
static void try_to_widen(void)
{
	static const char *const keys[] = { "delegate_cmds", "delegate_maps",
					    "delegate_progs", "delegate_attachs" };
	int fresh = (int)syscall(SYS_fsopen, "bpf", 1);
	int picked = (int)syscall(SYS_fspick, AT_FDCWD, LIVE_BPFFS, FSPICK_CLOEXEC_);

	EXPECT(fresh >= 0);
	EXPECT(picked >= 0);
	for (size_t i = 0; i < LIVE_COUNT(keys); i++) {
		char option[64];

		snprintf(option, sizeof(option), "%s=any", keys[i]);
		expect_fails(mount(NULL, LIVE_BPFFS, NULL, MS_REMOUNT, option), EPERM,
			     option);
		for (int j = 0; j < 2; j++) {
			const char *value = j ? "0x1" : "any";

			EXPECT_EQ(
				sys_fsconfig(fresh, FSCONFIG_SET_STRING_, keys[i], value),
				-EPERM);
			EXPECT_EQ(sys_fsconfig(picked, FSCONFIG_SET_STRING_, keys[i],
					       value),
				  -EPERM);
		}
	}
	(void)sys_fsconfig(picked, FSCONFIG_CMD_RECONFIGURE_, NULL, NULL);
	EXPECT_EQ(sys_fsconfig(fresh, FSCONFIG_CMD_CREATE_, NULL, NULL), -EPERM);
}

static int inside_widen(int argc, char **argv)
{
	_cleanup_policy_ struct bpftoken_policy *wanted = live_policy(SMALL_POLICY);
	_cleanup_policy_ struct bpftoken_policy *has = NULL;
	struct bpftoken_error err;
	char line[4096];

	EXPECT_EQ(mountinfo_each(0, find_line, saved_line), 1);
	EXPECT_HAS(saved_line, SMALL_POLICY);
	try_to_widen();
	EXPECT_EQ(mountinfo_each(0, find_line, line), 1);
	EXPECT_STR(line, saved_line);
	EXPECT_OK(bpftoken_info(bpftoken_open(NULL, NULL), &has, &err), &err);
	EXPECT(bpftoken_policy_equal(has, wanted));
	return 0;
}

static void the_delegation_cannot_be_widened(void)
{
	run_inside(0, SMALL_OPTIONS, "widen");
}

struct fds {
	int bpffs, token;
};

static void in_nested_userns(void *data)
{
	const struct fds *fds = data;
	struct bpftoken_error err;

	EXPECT_EQ(unshare(CLONE_NEWUSER), 0);
	EXPECT_EQ(bpftoken_create(fds->bpffs, &err), -EPERM);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TOKEN_CREATE);
	EXPECT_EQ(try_map(MAP_RINGBUF, fds->token, &err), -EPERM);
	EXPECT_EQ(try_prog(PROG_SOCKET_FILTER, 0, fds->token, &err), -EPERM);
}

static int inside_nested(int argc, char **argv)
{
	struct bpftoken_error err;
	struct fds fds = { .bpffs = open_dir(LIVE_BPFFS) };

	fds.token = EXPECT_OK(bpftoken_create(fds.bpffs, &err), &err);
	in_child(in_nested_userns, &fds);
	EXPECT_OK(try_map(MAP_RINGBUF, fds.token, &err), &err);
	return 0;
}

static void no_use_in_a_nested_user_namespace(void)
{
	run_inside(0, SMALL_OPTIONS, "nested");
}

static const struct live_test tests[] = {
	{ "container root is not host root", container_root_is_not_host_root, true },
	{ "the container's init is out of reach", init_is_out_of_reach, false },
	{ "only the standard descriptors are open", only_standard_descriptors, false },
	{ "only what is delegated works", only_what_is_delegated, false },
	{ "the delegation cannot be widened", the_delegation_cannot_be_widened, false },
	{ "no use in a nested user namespace", no_use_in_a_nested_user_namespace, false },
};

static const struct live_inside inside[] = {
	{ "not-root", inside_not_root }, { "init", inside_init },
	{ "fds", inside_fds },		 { "limits", inside_limits },
	{ "widen", inside_widen },	 { "nested", inside_nested },
};

LIVE_MAIN_INSIDE(tests, inside)
