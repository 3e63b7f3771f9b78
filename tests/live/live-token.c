/* SPDX-License-Identifier: MIT */
/*
 * From a bpffs to a token: every documented refusal of bpftoken_create(), the search of
 * bpftoken_open(), what a token says about itself, and the process-wide one.
 */
#include "live-more.h"

#include "handshake.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>

#define BTF_POLICY "delegate_cmds=btf_load"

static void expect_no_token(const char *what, int bpffs_fd, int code, uint32_t kind)
{
	struct bpftoken_error err = { 0 };
	int r = bpftoken_create(bpffs_fd, &err);

	if (r != code || err.code != code || err.stage != BPFTOKEN_STAGE_TOKEN_CREATE)
		live_fail(__FILE__, __LINE__, "%s: %d at %s, not %d", what, r,
			  bpftoken_stage_name(err.stage), code);
	if (bpftoken_explain(&err) != kind || !err.what[0] || !err.why[0] || !err.fix[0])
		live_fail(__FILE__, __LINE__, "%s: kind %u: %s: %s: %s", what, err.kind,
			  err.what, err.why, err.fix);
}

/* ------------------------------------------------------------ descriptors */

static void wrong_descriptors(void *data)
{
	int path_fd = open(LIVE_BPFFS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int closed_fd = open_dir("/");

	(void)data;
	close(closed_fd);
	expect_no_token("no descriptor", -1, -EBADF, BPFTOKEN_KIND_USAGE);
	expect_no_token("a closed one", closed_fd, -EBADF, BPFTOKEN_KIND_USAGE);
	expect_no_token("an O_PATH one", path_fd, -EBADF, BPFTOKEN_KIND_USAGE);
	EXPECT_EQ(mkdir(LIVE_BPFFS "/below", 0755), 0);
	expect_no_token("a directory below the root", open_dir(LIVE_BPFFS "/below"),
			-EINVAL, BPFTOKEN_KIND_FAILED);
	expect_no_token("another filesystem", open_dir("/proc"), -EINVAL,
			BPFTOKEN_KIND_FAILED);
	expect_no_token("a file", open("/proc/self/status", O_RDONLY | O_CLOEXEC),
			-EINVAL, BPFTOKEN_KIND_FAILED);
	EXPECT(bpftoken_create(open_dir(LIVE_BPFFS), NULL) > 2);
}

static void create_descriptors(void)
{
	live_in_container(SMALL_POLICY, wrong_descriptors, NULL);
}

/* A token is never 0, which would mean "process-wide", nor a standard descriptor. */
static void with_closed_standard(void *data)
{
	int bpffs_fd = open_dir(LIVE_BPFFS), token;

	(void)data;
	close(STDIN_FILENO);
	token = bpftoken_create(bpffs_fd, NULL);
	EXPECT(token > 2);
	EXPECT_EQ(fcntl(token, F_GETFD), FD_CLOEXEC);
	EXPECT(fcntl(STDIN_FILENO, F_GETFD) < 0 && errno == EBADF);
}

static void closed_standard_input(void)
{
	live_in_container(SMALL_POLICY, with_closed_standard, NULL);
}

/* -------------------------------------------------------------- namespaces */

static void in_nested_userns(void *data)
{
	EXPECT_EQ(unshare(CLONE_NEWUSER), 0);
	expect_no_token("nested user namespace", *(int *)data, -EPERM,
			BPFTOKEN_KIND_DENIED);
}

static void without_cap_bpf(void *data)
{
	set_capabilities(ALL_CAPS & ~CAP(BPF));
	expect_no_token("without CAP_BPF", *(int *)data, -EPERM, BPFTOKEN_KIND_DENIED);
}

static void with_cap_bpf_alone(void *data)
{
	struct bpftoken_error err;

	set_capabilities(CAP(BPF));
	EXPECT_OK(bpftoken_create(*(int *)data, &err), &err);
}

static void wrong_callers(void *data)
{
	int bpffs_fd = open_dir(LIVE_BPFFS);

	(void)data;
	in_child(in_nested_userns, &bpffs_fd);
	in_child(without_cap_bpf, &bpffs_fd);
	in_child(with_cap_bpf_alone, &bpffs_fd);
}

static void create_callers(void)
{
	live_in_container(SMALL_POLICY, wrong_callers, NULL);
}

/* What the host may do with the container's bpffs: nothing. */
static void create_from_the_host(void)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(SMALL_POLICY);
	struct live_container container;
	struct bpftoken_error err;
	char path[64];

	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS);
	EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, NULL, &err), &err);
	snprintf(path, sizeof(path), "/proc/%d/root" LIVE_BPFFS, (int)container.pid);
	expect_no_token("from the parent", open_dir(path), -EPERM, BPFTOKEN_KIND_DENIED);
	live_container_end(&container);
}

/* A context of our own user namespace, with masks: the directory of its mount. */
static int own_bpffs(const char *policy_text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = live_policy(policy_text);
	_cleanup_close_ int context_fd = -EBADF, mount_fd = -EBADF;
	struct bpftoken_error err;
	int fd;

	context_fd = EXPECT_OK(bpftoken_bpffs_context(&err), &err);
	mount_fd = EXPECT_OK(bpftoken_bpffs_build(context_fd, policy, NULL, &err), &err);
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT(fd >= 0);
	return fd;
}

static void create_in_the_initial_namespace(void)
{
	expect_no_token("initial user namespace", own_bpffs(SMALL_POLICY), -EOPNOTSUPP,
			BPFTOKEN_KIND_DENIED);
}

/* The container's side of a bpffs that nothing is delegated on. */
static void try_undelegated(void *data)
{
	int sock = *(int *)data, mount_fd = -EBADF, context_fd;
	struct bpftoken_error err;

	context_fd = EXPECT_OK(bpftoken_bpffs_context(&err), &err);
	EXPECT_OK(handshake_send(sock, HANDSHAKE_CONTEXT, context_fd, &err), &err);
	EXPECT_OK(handshake_expect(sock, 10000, HANDSHAKE_MOUNT, &mount_fd, &err), &err);
	expect_no_token("nothing delegated",
			openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			-ENOENT, BPFTOKEN_KIND_POLICY);
}

/* bpftoken_bpffs_build() makes none without masks: the steps by hand. */
static void serve_undelegated(int sock)
{
	int context_fd = -EBADF, mount_fd;
	struct bpftoken_error err;

	EXPECT_OK(handshake_expect(sock, 10000, HANDSHAKE_CONTEXT, &context_fd, &err),
		  &err);
	EXPECT_EQ(sys_fsconfig(context_fd, 6, NULL, NULL), 0);
	mount_fd = sys_fsmount(context_fd, 0);
	EXPECT(mount_fd >= 0);
	EXPECT_OK(handshake_send(sock, HANDSHAKE_MOUNT, mount_fd, &err), &err);
}

static void create_of_nothing(void)
{
	int pair[2], status;
	pid_t server;

	EXPECT_EQ(sys_socketpair(pair), 0);
	server = fork();
	EXPECT(server >= 0);
	if (server == 0) {
		serve_undelegated(pair[0]);
		_exit(0);
	}
	live_in_container(NULL, try_undelegated, &pair[1]);
	EXPECT_EQ(waitpid(server, &status, 0), server);
	EXPECT_EQ(status, 0);
}

/* ------------------------------------------------------------------- open */

static void open_paths(void *data)
{
	static const struct {
		const char *path;
		int code;
		uint32_t stage;
	} paths[] = {
		{ "/nonexistent", -ENOENT, BPFTOKEN_STAGE_TOKEN_OPEN },
		{ "/proc/self/status", -ENOTDIR, BPFTOKEN_STAGE_TOKEN_OPEN },
		{ "/proc", -EINVAL, BPFTOKEN_STAGE_TOKEN_CREATE },
		{ "/", -EINVAL, BPFTOKEN_STAGE_TOKEN_CREATE },
	};
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;
	int token;

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(paths); i++) {
		opts.path = paths[i].path;
		EXPECT_EQ(bpftoken_open(&opts, &err), paths[i].code);
		EXPECT_EQ(err.code, paths[i].code);
		EXPECT_EQ(err.stage, paths[i].stage);
		(void)bpftoken_explain(&err);
		EXPECT(strstr(err.what, paths[i].path) || strstr(err.why, paths[i].path));
	}
	opts.path = LIVE_BPFFS;
	token = EXPECT_OK(bpftoken_open(&opts, &err), &err);
	EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err);
}

static void open_with_path(void)
{
	live_in_container(SMALL_POLICY, open_paths, NULL);
}

/* ------------------------------------------------------------------- adopt */

static void adopt_tokens(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int others[] = { open_dir(LIVE_BPFFS),
			 open_dir("/"),
			 open("/proc/self/status", O_RDONLY | O_CLOEXEC),
			 EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err),
			 900,
			 -1 };
	int copy = dup(token);

	(void)data;
	EXPECT_EQ(fcntl(copy, F_GETFD), 0);
	EXPECT_EQ(bpftoken_adopt(copy, &err), copy);
	EXPECT_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	EXPECT_OK(try_map(MAP_RINGBUF, copy, &err), &err);
	for (size_t i = 0; i < LIVE_COUNT(others); i++) {
		EXPECT_EQ(bpftoken_adopt(others[i], &err), i < 4 ? -EINVAL : -EBADF);
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
		EXPECT_EQ(bpftoken_explain(&err), BPFTOKEN_KIND_USAGE);
	}
	/* never 0, which would mean the process-wide one */
	EXPECT_EQ(dup2(token, STDIN_FILENO), STDIN_FILENO);
	copy = EXPECT_OK(bpftoken_adopt(STDIN_FILENO, &err), &err);
	EXPECT(copy > 2);
	EXPECT_OK(try_map(MAP_RINGBUF, copy, &err), &err);
}

static void adopt(void)
{
	live_in_container(SMALL_POLICY, adopt_tokens, NULL);
}

/* From a parent, across execve(), to the command. */
static void hand_over(void *data)
{
	struct bpftoken_error err;
	char number[16];
	struct live_result *result = calloc(1, sizeof(*result));
	int token = dup(EXPECT_OK(bpftoken_open(NULL, &err), &err));

	(void)data;
	snprintf(number, sizeof(number), "%d", token);
	/* no bpffs is left to make one of */
	EXPECT_EQ(umount2(LIVE_BPFFS, MNT_DETACH), 0);
	live_bpftoken(result, "test", NULL);
	EXPECT_EQ(result->status, 1);
	EXPECT_EQ(setenv("BPFTOKEN_FD", number, 1), 0);
	live_bpftoken(result, "test", NULL);
	EXPECT_EQ(result->status, 0);
	EXPECT_HAS(result->out,
		   "map  ringbuf            not delegated [1]     supported");
	EXPECT_EQ(setenv("BPFTOKEN_FD", "1", 1), 0);
	live_bpftoken(result, "test", NULL);
	EXPECT_EQ(result->status, 2);
	EXPECT_HAS(result->err, "cannot use the token of $BPFTOKEN_FD");
	EXPECT_EQ(unsetenv("BPFTOKEN_FD"), 0);
	EXPECT_EQ(setenv("BPFTOKEN_PATH", "", 1), 0);
	live_bpftoken(result, "test", NULL);
	EXPECT_EQ(result->status, 2);
	free(result);
}

static void token_of_the_parent(void)
{
	static struct live_result result;

	/* the copy that a container's root may run is made out here */
	live_bpftoken(&result, "--version", NULL);
	EXPECT_EQ(result.status, 0);
	live_in_container(SMALL_POLICY, hand_over, NULL);
}

/* ------------------------------------------------------------------ search */

static void expect_masks(int token, const char *text)
{
	_cleanup_policy_ struct bpftoken_policy *wanted = live_policy(text);
	_cleanup_policy_ struct bpftoken_policy *has = NULL;
	struct bpftoken_error err;

	EXPECT_OK(token, &err);
	EXPECT_OK(bpftoken_info(token, &has, &err), &err);
	EXPECT(bpftoken_policy_equal(has, wanted));
	close(token);
}

static int search(const char *wanted_text, const char *path, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *wanted =
		wanted_text ? live_policy(wanted_text) : NULL;
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);

	opts.wanted = wanted;
	opts.path = path;
	return bpftoken_open(&opts, err);
}

/* Two delegations, on /run/a and on /run/b, in that order. */
static void search_two(void *data)
{
	const struct live_container *container = data;
	struct bpftoken_error err;

	EXPECT_EQ(sys_setns(container->pidfd, CLONE_NEWUSER | CLONE_NEWNS), 0);
	EXPECT_EQ(sys_set_ids(0, 0), 0);
	expect_masks(search(NULL, NULL, &err), BTF_POLICY);
	expect_masks(search("delegate_cmds=btf_load", NULL, &err), BTF_POLICY);
	expect_masks(search("delegate_cmds=prog_load", NULL, &err), SMALL_POLICY);
	expect_masks(search("delegate_maps=ringbuf", NULL, &err), SMALL_POLICY);
	/* each covers a part, none the whole */
	EXPECT_EQ(search("delegate_cmds=btf_load:prog_load", NULL, &err), -ENOENT);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_DISCOVER);
	EXPECT_HAS(err.why, "delegate_cmds=prog_load");
	EXPECT(!strstr(err.why, "btf_load"));
	EXPECT_EQ(search("delegate_maps=hash:ringbuf", "/run/b", &err), -ENOENT);
	EXPECT_HAS(err.why, "/run/b");
	EXPECT_HAS(err.why, "delegate_maps=hash");
	EXPECT(!strstr(err.why, "ringbuf"));
	EXPECT_EQ(search("delegate_progs=any", NULL, &err), -ENOENT);
}

static void discovery_takes_the_first_that_covers(void)
{
	static const char *const policies[] = { BTF_POLICY, SMALL_POLICY };
	static const char *const targets[] = { "/run/a", "/run/b" };
	struct live_container container;

	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	EXPECT_EQ(mount("live", "/run", "tmpfs", 0, "mode=0755"), 0);
	EXPECT_EQ(mkdir(targets[0], 0755) | mkdir(targets[1], 0755), 0);
	/* a bpffs of the host, where there is one, is not ours to speak about */
	while (umount2(LIVE_BPFFS, MNT_DETACH) == 0)
		;
	live_container_start(&container, CLONE_NEWUSER | CLONE_NEWNS);
	for (int i = 0; i < 2; i++) {
		_cleanup_policy_ struct bpftoken_policy *policy =
			live_policy(policies[i]);
		BPFTOKEN_OPTS(bpftoken_bpffs_opts, opts);
		struct bpftoken_error err;

		opts.target = targets[i];
		EXPECT_OK(bpftoken_bpffs_mount(container.pidfd, policy, &opts, &err),
			  &err);
	}
	in_child(search_two, &container);
	live_container_end(&container);
}

/* Covered by another file system, below a name with blanks, and a part of it alone. */
static void search_odd_mounts(void *data)
{
	static const char spaced[] = "/run/a b\\c", part[] = "/run/part";
	struct bpftoken_error err;

	(void)data;
	EXPECT_EQ(mount("live", "/run", "tmpfs", 0, NULL), 0);
	EXPECT_EQ(mkdir(spaced, 0755) | mkdir(part, 0755), 0);
	EXPECT_EQ(mkdir(LIVE_BPFFS "/below", 0755), 0);
	EXPECT_EQ(mount(LIVE_BPFFS "/below", part, NULL, MS_BIND, NULL), 0);
	EXPECT_EQ(mount(LIVE_BPFFS, spaced, NULL, MS_BIND, NULL), 0);
	EXPECT_EQ(mount("live", LIVE_BPFFS, "tmpfs", 0, NULL), 0);
	expect_masks(search(NULL, NULL, &err), SMALL_POLICY);
	expect_masks(search(NULL, spaced, &err), SMALL_POLICY);
	EXPECT_EQ(search(NULL, part, &err), -EINVAL);
	EXPECT_EQ(umount2(spaced, MNT_DETACH), 0);
	/* what is left are the covered one and the part */
	EXPECT(search(NULL, NULL, &err) < 0);
	EXPECT_EQ(umount2(LIVE_BPFFS, MNT_DETACH), 0);
	expect_masks(search(NULL, NULL, &err), SMALL_POLICY);
}

static void discovery_of_odd_mounts(void)
{
	live_in_container(SMALL_POLICY, search_odd_mounts, NULL);
}

static void nothing_to_discover(void *data)
{
	struct bpftoken_error err;

	(void)data;
	while (umount2(LIVE_BPFFS, MNT_DETACH) == 0)
		;
	EXPECT_EQ(bpftoken_open(NULL, &err), -ENOENT);
	EXPECT_EQ(err.stage, BPFTOKEN_STAGE_DISCOVER);
}

static void discovery_finds_nothing(void)
{
	/* a locked mount of the host's would stay */
	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	while (umount2(LIVE_BPFFS, MNT_DETACH) == 0)
		;
	live_in_container(SMALL_POLICY, nothing_to_discover, NULL);
}

/* ------------------------------------------------------------------- info */

static void expect_fdinfo(int token, uint32_t set, uint64_t mask)
{
	static const char *const keys[BPFTOKEN_SETS] = { "allowed_cmds:\t",
							 "allowed_maps:\t",
							 "allowed_progs:\t",
							 "allowed_attachs:\t" };
	const char *line;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", token);
	line = strstr(live_file(path), keys[set]);
	EXPECT(line);
	line += strlen(keys[set]);
	if (mask == POLICY_ANY)
		EXPECT_EQ(strncmp(line, "any\n", 4), 0);
	else
		EXPECT_EQ(strtoull(line, NULL, 16), mask);
}

static void compare_info(void *data)
{
	_cleanup_policy_ struct bpftoken_policy *wanted = live_policy(data);
	_cleanup_policy_ struct bpftoken_policy *has = NULL;
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	EXPECT_OK(bpftoken_info(token, &has, &err), &err);
	EXPECT(bpftoken_policy_equal(has, wanted));
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		expect_fdinfo(token, set, has->mask[set]);
}

static void info_is_the_policy(void)
{
	static const char *const policies[] = { SMALL_POLICY, LIVE_ANY, BTF_POLICY,
						"delegate_maps=hash,delegate_progs=any",
						"delegate_attachs=0x100000001" };

	for (size_t i = 0; i < LIVE_COUNT(policies); i++)
		live_in_container(policies[i], compare_info,
				  (void *)(uintptr_t)policies[i]);
}

static void info_of_others(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	int others[] = { open("/proc/self/status", O_RDONLY | O_CLOEXEC), open_dir("/"),
			 open_dir(LIVE_BPFFS),
			 EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err),
			 EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, token, &err), &err) };
	struct bpftoken_policy *untouched = NULL;

	(void)data;
	for (size_t i = 0; i < LIVE_COUNT(others); i++) {
		EXPECT(others[i] >= 0);
		EXPECT_EQ(bpftoken_info(others[i], &untouched, &err), -EINVAL);
		EXPECT_EQ(err.stage, BPFTOKEN_STAGE_TOKEN_INFO);
		EXPECT(!untouched);
	}
	close(others[0]);
	EXPECT_EQ(bpftoken_info(others[0], &untouched, &err), -EBADF);
	EXPECT_EQ(bpftoken_info(-1, &untouched, &err), -EBADF);
}

static void info_of_what_is_no_token(void)
{
	live_in_container(SMALL_POLICY, info_of_others, NULL);
}

/* --------------------------------------------------------------------- use */

static void use_after_umount(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);

	(void)data;
	EXPECT(umount2(LIVE_BPFFS, 0) < 0 && errno == EBUSY);
	EXPECT_EQ(umount2(LIVE_BPFFS, MNT_DETACH), 0);
	EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err);
	EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, token, &err), &err);
	EXPECT_EQ(try_map(MAP_HASH, token, &err), -EPERM);
}

static void token_outlives_the_mount(void)
{
	live_in_container(SMALL_POLICY, use_after_umount, NULL);
}

static void *use_in_thread(void *data)
{
	struct bpftoken_error err;

	(void)data;
	EXPECT_OK(try_map(MAP_RINGBUF, 0, &err), &err);
	return NULL;
}

static void use_global(void *data)
{
	struct bpftoken_error err;
	int token = EXPECT_OK(bpftoken_open(NULL, &err), &err);
	pthread_t thread;

	(void)data;
	EXPECT_EQ(bpftoken_global_get(), -1);
	EXPECT_EQ(try_map(MAP_RINGBUF, 0, &err), -EPERM);
	EXPECT_EQ(err.token_fd, -1);
	EXPECT_EQ(bpftoken_global_set(token), -1);
	EXPECT_EQ(bpftoken_global_get(), token);
	EXPECT_OK(try_map(MAP_RINGBUF, 0, &err), &err);
	EXPECT_OK(try_prog(PROG_SOCKET_FILTER, 0, 0, &err), &err);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, 0, NULL), BPFTOKEN_WORKS);
	EXPECT_EQ(pthread_create(&thread, NULL, use_in_thread, NULL), 0);
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	/* -1 is none, whatever the process-wide one is */
	EXPECT_EQ(try_map(MAP_RINGBUF, -1, &err), -EPERM);
	EXPECT_EQ(bpftoken_probe_map_type(MAP_RINGBUF, -1, NULL), BPFTOKEN_NOT_DELEGATED);
	EXPECT_EQ(bpftoken_global_set(-7), token);
	EXPECT_EQ(bpftoken_global_get(), -1);
	EXPECT_EQ(try_map(MAP_RINGBUF, 0, &err), -EPERM);
	EXPECT_OK(try_map(MAP_RINGBUF, token, &err), &err);
}

static void process_wide_token(void)
{
	live_in_container(SMALL_POLICY, use_global, NULL);
}

static const struct live_test tests[] = {
	{ "create: wrong descriptors", create_descriptors, false },
	{ "create: standard input closed", closed_standard_input, false },
	{ "create: namespaces and capabilities", create_callers, false },
	{ "create: from the host", create_from_the_host, false },
	{ "create: in the initial user namespace", create_in_the_initial_namespace,
	  false },
	{ "create: nothing delegated", create_of_nothing, false },
	{ "open: with a path", open_with_path, false },
	{ "adopt", adopt, false },
	{ "adopt: the parent's, in the command", token_of_the_parent, false },
	{ "open: the first that covers", discovery_takes_the_first_that_covers, false },
	{ "open: covered, renamed and partial mounts", discovery_of_odd_mounts, false },
	{ "open: nothing there", discovery_finds_nothing, false },
	{ "info: the policy and fdinfo", info_is_the_policy, false },
	{ "info: what is no token", info_of_what_is_no_token, false },
	{ "a token outlives its mount", token_outlives_the_mount, false },
	{ "the process-wide token", process_wide_token, false },
};

LIVE_MAIN(tests)
