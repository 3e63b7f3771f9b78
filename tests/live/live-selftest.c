/* SPDX-License-Identifier: MIT */
/*
 * The scenarios that the kernel tests its own tokens with, over this library: what a map,
 * a BTF and a program need of the token and of the capabilities, where a token is looked
 * for, and what it says about itself. live-selftest-prog.c has those about programs.
 */
#include "live-scene.h"

enum {
	MAP_QUEUE = 22,
	MAP_STACK = 23,
	PROG_EXT = 28,
};

/* A call with a token or without, 0 or -errno. */
typedef int (*call_fn)(int token);

struct attempt {
	call_fn call;
	int token;
	uint64_t capabilities;
	int wanted;
};

static void attempt_call(void *data)
{
	const struct attempt *attempt = data;

	set_capabilities(attempt->capabilities);
	EXPECT_EQ(attempt->call(attempt->token), attempt->wanted);
}

/* Only with the token and the capabilities, and these are enough. */
static void expect_needs_both(call_fn call, int token, uint64_t capabilities)
{
	struct attempt attempts[] = {
		{ call, -1, 0, -EPERM },	  { call, token, 0, -EPERM },
		{ call, -1, ALL_CAPS, -EPERM },	  { call, -1, capabilities, -EPERM },
		{ call, token, capabilities, 0 },
	};

	for (size_t i = 0; i < LIVE_COUNT(attempts); i++)
		in_child(attempt_call, &attempts[i]);
}

/* ------------------------------------------------------- 1 map_token, 2 btf_token */

static int make_map(uint32_t type, int token)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token;
	opts.type = type;
	opts.name = "selftest";
	opts.value_size = 8;
	opts.max_entries = 1;
	return closed(bpftoken_map_create(&opts, NULL));
}

static int make_stack(int token)
{
	return make_map(MAP_STACK, token);
}

static int make_queue(int token)
{
	return make_map(MAP_QUEUE, token);
}

static void map_token_scene(struct scene *scene)
{
	expect_needs_both(make_stack, scene->token, CAP(BPF));
}

static void map_token(void)
{
	in_scene("delegate_cmds=map_create,delegate_maps=stack", map_token_scene, NULL);
}

static int make_btf(int token)
{
	return closed(load_btf(token));
}

static void btf_token_scene(struct scene *scene)
{
	expect_needs_both(make_btf, scene->token, CAP(BPF));
}

static void btf_token(void)
{
	in_scene("delegate_cmds=btf_load", btf_token_scene, NULL);
}

/* ------------------------------------------------------------------ 3 prog_token */

static void prog_token_scene(struct scene *scene)
{
	const struct {
		uint64_t capabilities;
		int wanted;
	} less[] = {
		/* the verifier, not the token, misses these */
		{ CAP(BPF) | CAP(NET_ADMIN), -EINVAL },
		{ CAP(BPF) | CAP(PERFMON), -EPERM },
		{ CAP(NET_ADMIN) | CAP(PERFMON), -EPERM },
	};

	expect_needs_both(make_xdp, scene->token,
			  CAP(BPF) | CAP(NET_ADMIN) | CAP(PERFMON));
	for (size_t i = 0; i < LIVE_COUNT(less); i++) {
		struct attempt attempt = { make_xdp, scene->token, less[i].capabilities,
					   less[i].wanted };

		in_child(attempt_call, &attempt);
	}
}

static void prog_token(void)
{
	in_scene("delegate_cmds=PROG_LOAD,delegate_progs=XDP,delegate_attachs=xdp",
		 prog_token_scene, NULL);
}

/* ----------------------------------------- 4 obj_priv_map, 5 obj_priv_prog (path) */

/* A token of the bpffs that is named, and of no other. */
static int open_path(const char *path)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;

	opts.path = path;
	return EXPECT_OK(bpftoken_open(&opts, &err), &err);
}

static void object_map_scene(struct scene *scene)
{
	EXPECT_EQ(make_queue(-1), -EPERM);
	EXPECT_EQ(make_queue(open_path(scene->path)), 0);
}

static void object_map(void)
{
	in_scene("delegate_cmds=map_create,delegate_maps=queue", object_map_scene, NULL);
}

static void object_prog_scene(struct scene *scene)
{
	EXPECT_EQ(make_xdp(-1), -EPERM);
	EXPECT_EQ(make_xdp(open_path(scene->path)), 0);
}

static void object_prog(void)
{
	in_scene(XDP_POLICY, object_prog_scene, NULL);
}

/* ------------------------------------- 10, 11 obj_priv_implicit_token(_envvar) */

static void place(struct scene *scene, const char *path)
{
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct bpftoken_error err;

	EXPECT_OK(bpftoken_bpffs_place(scene->mount_fd, root_fd, path, &err), &err);
	close(root_fd);
}

/* `bpftoken test [PATH]`: did it make its token of this directory? */
static bool command_works(const char *path, const char *from)
{
	static struct live_result result;
	char wanted[128];

	live_bpftoken(&result, "test", path, NULL);
	snprintf(wanted, sizeof(wanted), "Creating BPF token from %s...", from);
	EXPECT_HAS(result.out, wanted);
	if (result.status)
		EXPECT_HAS(result.err, from);
	return result.status == 0;
}

static void implicit_scene(struct scene *scene)
{
	int token;

	EXPECT(bpftoken_open(NULL, NULL) < 0);
	EXPECT(!command_works(NULL, LIVE_BPFFS));
	place(scene, LIVE_BPFFS);
	token = bpftoken_open(NULL, NULL);
	EXPECT(token >= 0);
	EXPECT(command_works(NULL, LIVE_BPFFS));
	/* nobody has said that this process uses it */
	EXPECT_EQ(make_queue(0), -EPERM);
	EXPECT_EQ(bpftoken_global_set(token), -1);
	EXPECT_EQ(make_queue(0), 0);
	/* the one call that opts out, and the whole process */
	EXPECT_EQ(make_queue(-1), -EPERM);
	EXPECT_EQ(bpftoken_global_set(-1), token);
	EXPECT_EQ(make_queue(0), -EPERM);
}

#define QUEUE_POLICY                                              \
	"delegate_cmds=map_create:prog_load,delegate_maps=queue," \
	"delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress"

static void implicit_token(void)
{
	in_scene(QUEUE_POLICY, implicit_scene, NULL);
}

static void environment_scene(struct scene *scene)
{
	static const char *const names[] = { "BPFTOKEN_PATH", "LIBBPF_BPF_TOKEN_PATH" };
	char dir[] = "/tmp/bpftoken-selftest-XXXXXX";
	int token;

	EXPECT(mkdtemp(dir));
	place(scene, dir);
	EXPECT(!command_works(NULL, LIVE_BPFFS));
	for (size_t i = 0; i < LIVE_COUNT(names); i++) {
		EXPECT_EQ(setenv(names[i], dir, 1), 0);
		EXPECT(command_works(NULL, dir));
		/* the command line counts more */
		EXPECT(!command_works(LIVE_BPFFS, LIVE_BPFFS));
		/* what the environment names is meant: there is no falling back */
		EXPECT_EQ(setenv(names[i], "/proc", 1), 0);
		EXPECT(!command_works(NULL, "/proc"));
		EXPECT_EQ(unsetenv(names[i]), 0);
	}
	/* the library finds it where it is, and reads no environment */
	EXPECT_EQ(setenv(names[0], "/proc", 1), 0);
	token = bpftoken_open(NULL, NULL);
	EXPECT(token >= 0);
	EXPECT_EQ(make_queue(token), 0);
	EXPECT_EQ(make_queue(open_path(dir)), 0);
	EXPECT_EQ(umount2(dir, MNT_DETACH), 0);
	EXPECT_EQ(rmdir(dir), 0);
}

static void environment_token(void)
{
	in_scene(QUEUE_POLICY, environment_scene, NULL);
}

/* --------------------------------------------------------------- 12 bpf_token_info */

static void info_scene(struct scene *scene)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_policy_ struct bpftoken_policy *wanted =
		live_policy("delegate_cmds=map_create,delegate_progs=xdp");
	struct attr_token_info info = { 0 };
	struct attr_obj_info attr = { .bpf_fd = (uint32_t)scene->token,
				      .info_len = sizeof(info),
				      .info = (uintptr_t)&info };
	struct bpftoken_error err;
	int r;

	EXPECT_OK(bpftoken_info(scene->token, &policy, &err), &err);
	EXPECT_EQ(bpftoken_policy_has(policy, BPFTOKEN_CMDS, ATTR_MAP_CREATE), 1);
	EXPECT_EQ(bpftoken_policy_has(policy, BPFTOKEN_PROGS, PROG_XDP), 1);
	EXPECT_EQ(bpftoken_policy_has(policy, BPFTOKEN_PROGS, PROG_EXT), 0);
	EXPECT_EQ(bpftoken_policy_equal(policy, wanted), 1);
	r = sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	if (r == -EINVAL) {
		note("this kernel tells a token's masks in fdinfo alone");
		return;
	}
	EXPECT_EQ(r, 0);
	EXPECT_EQ(info.allowed_cmds, 1ULL << ATTR_MAP_CREATE);
	EXPECT_EQ(info.allowed_progs, 1ULL << PROG_XDP);
	EXPECT_EQ(info.allowed_maps, 0);
	EXPECT_EQ(info.allowed_attachs, 0);
}

static void token_info(void)
{
	in_scene("delegate_cmds=map_create,delegate_progs=xdp", info_scene, NULL);
}

static const struct live_test tests[] = {
	{ "map_token", map_token, false },
	{ "btf_token", btf_token, false },
	{ "prog_token", prog_token, false },
	{ "obj_priv_map", object_map, false },
	{ "obj_priv_prog", object_prog, false },
	{ "obj_priv_implicit_token", implicit_token, false },
	{ "obj_priv_implicit_token_envvar", environment_token, false },
	{ "bpf_token_info", token_info, false },
};

LIVE_MAIN(tests)
