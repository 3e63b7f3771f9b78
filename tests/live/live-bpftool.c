/* SPDX-License-Identifier: MIT */
/*
 * `needs` against another libbpf than the installed one: the one in bpftool, from 1.5 on,
 * which asks whether attach types can be named. What it loads is read off strace.
 */
#include "live-objects.h"

#include <linux/bpf.h>

/* Version of the libbpf that bpftool was built with; skips without it. */
static uint32_t bpftool_libbpf(void)
{
	static struct live_result result;
	char bpftool[] = "bpftool", ask[] = "version";
	char *argv[] = { bpftool, ask, NULL };
	uint32_t version = 0;
	const char *said;

	live_command(&result, argv);
	said = strstr(result.out, "using libbpf v");
	if (result.status || !said)
		live_skip("no bpftool that says its libbpf");
	said += strlen("using libbpf v");
	*strpbrk(said, " \n") = '\0';
	EXPECT_EQ(needs_parse_libbpf(said, &version), 0);
	return version;
}

/* A copy of an object where a container's root may read it. */
static const char *reachable(const char *name)
{
	const struct object object = read_object(name);
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s", live_self());
	snprintf(strrchr(path, '/'), 64, "/%s.o", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	EXPECT_EQ(write(fd, object.image, object.size), object.size);
	close(fd);
	return path;
}

/*
 * Has bpftool load an object with a policy, and leaves, of strace's line of the load of a
 * program of this type, what it was loaded as: "BPF_XDP btf", "" when it was not loaded.
 */
static void bpftool_loads(const struct bpftoken_policy *policy, const char *path,
			  const char *type, char *as, size_t size)
{
	static struct live_result result;
	char script[512], words[2048], *text = NULL, *tail[] = { script, NULL };
	const char *line, *attach, *btf, *end;

	EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL), 0);
	text[strcspn(text, "\n")] = '\0';
	snprintf(words, sizeof(words), "run --policy %s -- sh -c", text);
	snprintf(
		script, sizeof(script),
		"exec strace -f -s 4 -e trace=bpf bpftool prog loadall %s /sys/fs/bpf/it "
		"2>&1",
		path);
	run_command(&result, words, tail);
	free(text);
	*as = '\0';
	line = strstr(result.out, type);
	attach = line ? strstr(line, "expected_attach_type=") : NULL;
	btf = attach ? strstr(attach, "prog_btf_fd=") : NULL;
	end = btf ? strchr(btf, '\n') : NULL;
	if (result.status || !end)
		return;
	attach += strlen("expected_attach_type=");
	snprintf(as, size, "%.*s%s", (int)strcspn(attach, ","), attach,
		 strncmp(btf, "prog_btf_fd=0", 13) ? " btf" : "");
}

/*
 * Is the first load left out, as with libbpf 1.8? The stable kernels took that over, and
 * their bpftool (Debian 13's, of 6.12.117) says that its libbpf is 1.5 all the same.
 */
static bool leaves_first_load_out(const char *path)
{
	_cleanup_policy_ struct bpftoken_policy *policy =
		live_policy("delegate_cmds=prog_load:btf_load,delegate_progs=xdp,"
			    "delegate_attachs=cgroup_inet_ingress");
	char as[128];

	bpftool_loads(policy, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	return as[0];
}

struct expected {
	const char *path, *type, *as;
	bool no_first_load;
};

static void take_less(const struct bpftoken_policy *less, const char *without, void *data)
{
	const struct expected *expected = data;
	char as[128];

	if (expected->no_first_load && !strcmp(without, "program type socket_filter"))
		return;
	bpftool_loads(less, expected->path, expected->type, as, sizeof(as));
	if (!strcmp(as, expected->as))
		live_fail(__FILE__, __LINE__, "%s is not needed after all", without);
}

static void check(const char *name, const char *type, const char *as)
{
	_cleanup_needs_ struct needs needs = { .opts.libbpf = bpftool_libbpf() };
	struct expected expected = { .type = type, .as = as };
	struct bpftoken_policy policy;
	char loaded[128];

	/* that type is for a second reason where there are global variables */
	expected.no_first_load = strcmp(name, "xdp-globals") != 0 &&
				 leaves_first_load_out(reachable("freplace-target"));
	expected.path = reachable(name);
	ask_needs(&needs, name);
	answer_needs(&needs, &policy);
	bpftool_loads(&policy, expected.path, type, loaded, sizeof(loaded));
	EXPECT_STR(loaded, as);
	each_less(&policy, take_less, &expected);
}

static void xdp(void)
{
	check("xdp-globals", "prog_type=BPF_PROG_TYPE_XDP", "BPF_XDP btf");
}

static void cgroup_skb(void)
{
	check("cgroup-skb", "prog_type=BPF_PROG_TYPE_CGROUP_SKB",
	      "BPF_CGROUP_INET_EGRESS btf");
}

/*
 * The trap of libbpf 1.5 to 1.7: a policy that suffices and, widened for the sake of
 * something else, does not. What needs says is the widest of the three.
 */
static void widened(void)
{
	_cleanup_policy_ struct bpftoken_policy *narrow = live_policy(
		"delegate_cmds=prog_load:btf_load,delegate_progs=xdp:socket_filter,"
		"delegate_attachs=cgroup_inet_ingress");
	_cleanup_needs_ struct needs needs = { .opts.libbpf = bpftool_libbpf() };
	const char *path = reachable("freplace-target");
	struct bpftoken_policy policy;
	char as[128];

	if (needs.opts.libbpf < 0x0105)
		live_skip("bpftool's libbpf does not ask whether attach types count");
	bpftool_loads(narrow, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "BPF_CGROUP_INET_INGRESS btf");
	bpftoken_policy_add(narrow, BPFTOKEN_PROGS, BPF_PROG_TYPE_CGROUP_SOCK);
	bpftoken_policy_add(narrow, BPFTOKEN_ATTACHS, BPF_CGROUP_INET_SOCK_CREATE);
	bpftool_loads(narrow, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "");
	ask_needs(&needs, "freplace-target");
	answer_needs(&needs, &policy);
	bpftoken_policy_add(narrow, BPFTOKEN_ATTACHS, ATTACH_XDP);
	EXPECT(bpftoken_policy_equal(narrow, &policy));
	bpftool_loads(&policy, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "BPF_XDP btf");
}

static const struct live_test tests[] = {
	{ "xdp with global variables", xdp, false },
	{ "cgroup_skb", cgroup_skb, false },
	{ "a policy that suffices, and widened does not", widened, false },
};

LIVE_MAIN(tests)
