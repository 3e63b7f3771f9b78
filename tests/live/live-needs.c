/* SPDX-License-Identifier: MIT */
/*
 * `needs` against the kernel: libbpf loads each object in a container that has exactly
 * what `needs` says, and gets what it gets where everything is delegated: the same
 * programs with the same attach types, the same maps, with BTF. Without any one of the
 * bits, and without any one of the capabilities, it does not.
 */
#include "live-more.h"

#include "needs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <libgen.h>
#include <sys/mman.h>

#define MAX_THINGS 32
#define ATTACH_TCX_EGRESS 47
#define ATTACH_UPROBE_MULTI 48

/* What came of a load, in memory that the container's process shares. */
struct outcome {
	int result; /* 0, or libbpf's error */
	unsigned int progs, maps, attached;
	struct {
		uint32_t type, attach_type;
		bool btf;
	} prog[MAX_THINGS];
	struct {
		uint32_t type;
		bool btf;
	} map[MAX_THINGS];
};

/* One object in one container. */
struct attempt {
	const char *image;
	size_t size;
	uint64_t capabilities;
	bool optional; /* load its optional programs too */
	struct outcome *outcome;
};

/* ------------------------------------------------ what libbpf asks the kernel for */

/* Attach type that the program behind a descriptor was loaded with, plus one. */
static uint32_t loaded_with[1024];

/* libbpf's bpf() calls, all of which come here: the linker prefers the program's own. */
__attribute__((visibility("default"))) long syscall(long number, ...);

long syscall(long number, ...)
{
	static long (*real)(long number, ...);
	long args[6], r;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < LIVE_COUNT(args); i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	r = real(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (number == SYS_bpf && args[0] == ATTR_PROG_LOAD && r >= 0 &&
	    r < (long)LIVE_COUNT(loaded_with)) {
		const struct attr_prog_load *attr = (const void *)(uintptr_t)args[1];

		loaded_with[r] = 1 + attr_fixup_attach_type(attr->prog_type,
							    attr->expected_attach_type);
	}
	return r;
}

/* ------------------------------------------------------------------- loading */

static void look_at_programs(const struct bpf_object *object, struct outcome *outcome)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, object)
	{
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (fd < 0)
			continue;
		EXPECT(outcome->progs < MAX_THINGS && fd < (int)LIVE_COUNT(loaded_with));
		EXPECT_EQ(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
		outcome->prog[outcome->progs].type = info.type;
		outcome->prog[outcome->progs].btf = info.btf_id;
		EXPECT(loaded_with[fd]);
		outcome->prog[outcome->progs++].attach_type = loaded_with[fd] - 1;
	}
}

static void look_at_maps(const struct bpf_object *object, struct outcome *outcome)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_map__fd(map) < 0)
			continue;
		EXPECT(outcome->maps < MAX_THINGS);
		EXPECT_EQ(bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size), 0);
		outcome->map[outcome->maps].type = info.type;
		outcome->map[outcome->maps++].btf = info.btf_id;
	}
}

/*
 * Attaches what can be attached to something of the container's own, or harmlessly: not
 * cgroup programs, whose cgroups here are the host's.
 */
static void attach(const struct bpf_object *object, struct outcome *outcome)
{
	struct bpf_program *prog;
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	bpf_object__for_each_program(prog, object)
	{
		struct bpf_link *link = NULL;
		uint32_t type = (uint32_t)bpf_program__type(prog);
		uint32_t how = (uint32_t)bpf_program__expected_attach_type(prog);

		if (type == BPF_PROG_TYPE_XDP)
			link = bpf_program__attach_xdp(prog, 1);
		else if (type == BPF_PROG_TYPE_SK_LOOKUP)
			link = bpf_program__attach_netns(prog, net);
		else if (how == ATTACH_TCX_EGRESS)
			link = bpf_program__attach_tcx(prog, 1, NULL);
		else if (type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
			 type == BPF_PROG_TYPE_TRACING || how == ATTACH_UPROBE_MULTI)
			link = bpf_program__attach(prog);
		outcome->attached += link != NULL;
		bpf_link__destroy(link);
	}
	close(net);
}

static void load(void *data)
{
	const struct attempt *attempt = data;
	struct bpf_object *object;
	struct bpf_program *prog;

	set_capabilities(attempt->capabilities);
	libbpf_set_print(NULL);
	object = bpf_object__open_mem(attempt->image, attempt->size, NULL);
	EXPECT(object);
	bpf_object__for_each_program(prog, object) if (attempt->optional)
		EXPECT_EQ(bpf_program__set_autoload(prog, true), 0);
	attempt->outcome->result = bpf_object__load(object);
	if (attempt->outcome->result == 0) {
		look_at_programs(object, attempt->outcome);
		look_at_maps(object, attempt->outcome);
		attach(object, attempt->outcome);
	}
	bpf_object__close(object);
}

/* One load, with a policy and capabilities. */
static struct outcome try_load(struct attempt *attempt,
			       const struct bpftoken_policy *policy,
			       uint64_t capabilities)
{
	char *text = NULL;

	*attempt->outcome = (struct outcome){ 0 };
	attempt->capabilities = capabilities;
	EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL), 0);
	live_in_container(text, load, attempt);
	free(text);
	return *attempt->outcome;
}

/* -------------------------------------------------------------------- objects */

static const char *object_path(const char *name)
{
	static char path[4096];
	char self[2048];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	EXPECT(len > 0);
	self[len] = '\0';
	snprintf(path, sizeof(path), "%s/../objects/%s.bpf.o", dirname(self), name);
	return path;
}

static void read_object(const char *name, struct attempt *attempt)
{
	static char image[1 << 20];
	int fd = open(object_path(name), O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, image, sizeof(image));

	if (size <= 0 || size == sizeof(image))
		live_fail(__FILE__, __LINE__, "%s: %s", object_path(name),
			  strerror(errno));
	close(fd);
	attempt->image = image;
	attempt->size = (size_t)size;
	attempt->outcome = mmap(NULL, sizeof(*attempt->outcome), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(attempt->outcome != MAP_FAILED);
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void print_outcome(const char *name, const struct outcome *outcome)
{
	printf("# %s: result %d, %u attached", name, outcome->result, outcome->attached);
	for (unsigned int i = 0; i < outcome->progs; i++)
		printf(", program %u:%u%s", outcome->prog[i].type,
		       outcome->prog[i].attach_type, outcome->prog[i].btf ? "" : "-btf");
	for (unsigned int i = 0; i < outcome->maps; i++)
		printf(", map %u%s", outcome->map[i].type,
		       outcome->map[i].btf ? "" : "-btf");
	putchar('\n');
}

/* No single bit can go. */
static void remove_bits(struct attempt *attempt, const struct bpftoken_policy *policy,
			uint64_t capabilities, const struct outcome *wanted)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		for (uint32_t value = 0; value < 64; value++) {
			struct bpftoken_policy less = *policy;
			struct outcome outcome;

			if (!bpftoken_policy_has(policy, set, value))
				continue;
			bpftoken_policy_remove(&less, set, value);
			outcome = try_load(attempt, &less, capabilities);
			if (is_same(&outcome, wanted))
				live_fail(__FILE__, __LINE__,
					  "%s %s is not needed after all",
					  names_set_noun(set), bpftoken_name(set, value));
		}
	}
}

/* Nor a capability; those for attaching alone are not asked for by a load. */
static void remove_capabilities(struct attempt *attempt,
				const struct bpftoken_policy *policy,
				uint64_t capabilities, const struct outcome *wanted)
{
	for (uint32_t cap = 0; cap < 64; cap++) {
		struct outcome outcome;

		if (!(capabilities >> cap & 1))
			continue;
		outcome = try_load(attempt, policy, capabilities & ~(1ULL << cap));
		if (is_same(&outcome, wanted))
			live_fail(__FILE__, __LINE__, "%s is not needed after all",
				  needs_capability_name(cap));
	}
}

/*
 * attached: programs that can be, here; load_capabilities: those that
 * loading asks for, where attaching asks for more; 0: all.
 */
static void check(const char *name, unsigned int attached, uint64_t load_capabilities,
		  bool optional)
{
	_cleanup_needs_ struct needs needs = { .opts.optional = optional };
	struct attempt attempt = { .optional = optional };
	_cleanup_policy_ struct bpftoken_policy *any = live_policy(LIVE_ANY);
	struct bpftoken_policy policy;
	struct outcome wanted, outcome;
	struct bpftoken_error err;

	read_object(name, &attempt);
	EXPECT_OK(needs_add_file(&needs, object_path(name), &err), &err);
	EXPECT_OK(needs_finish(&needs, &err), &err);
	needs_policy(&needs, &policy);
	wanted = try_load(&attempt, any, ALL_CAPS);
	print_outcome("everything delegated", &wanted);
	if (wanted.result)
		live_skip("the kernel does not load %s: %s", name,
			  strerror(-wanted.result));
	EXPECT_EQ(wanted.progs, needs.programs);
	EXPECT_EQ(wanted.maps, needs.maps);
	EXPECT_EQ(wanted.attached, attached);
	outcome = try_load(&attempt, &policy, needs.capabilities);
	print_outcome("what needs says", &outcome);
	EXPECT(is_same(&outcome, &wanted));
	remove_bits(&attempt, &policy, needs.capabilities, &wanted);
	remove_capabilities(&attempt, &policy,
			    load_capabilities ? load_capabilities : needs.capabilities,
			    &wanted);
}

#define OBJECT(function, name, attached)         \
	static void function(void)               \
	{                                        \
		check(name, attached, 0, false); \
	}

OBJECT(xdp_globals, "xdp-globals", 1)
OBJECT(tc, "tc", 1)
OBJECT(cgroup_addr, "cgroup-addr", 0)
OBJECT(sk_lookup, "sk-lookup", 1)
OBJECT(raw_tp, "raw-tp", 1)
OBJECT(tp_btf, "tp-btf", 1)
OBJECT(iter, "iter", 1)
OBJECT(struct_ops, "struct-ops", 0)
OBJECT(map_in_map, "map-in-map", 0)
OBJECT(many, "many", 0)
OBJECT(ring_buffer, "ringbuf", 0)
OBJECT(uprobe_multi, "uprobe-multi", 1)
OBJECT(subprogram, "subprogram", 0)
OBJECT(maps_only, "maps-only", 0)
OBJECT(reuseport, "reuseport", 0)
OBJECT(freplace_target, "freplace-target", 1)

static void cgroup_skb(void)
{
	/* CAP_NET_ADMIN is for attaching */
	check("cgroup-skb", 0, CAP(BPF), false);
}

/* What no reader of the object can tell: the verifier's own conditions. */
static void pointers(void)
{
	_cleanup_needs_ struct needs needs = { 0 };
	struct attempt attempt = { 0 };
	struct bpftoken_policy policy;
	struct bpftoken_error err;
	struct outcome outcome;
	const struct needs_item *note = NULL;

	read_object("pointers", &attempt);
	EXPECT_OK(needs_add_file(&needs, object_path("pointers"), &err), &err);
	EXPECT_OK(needs_finish(&needs, &err), &err);
	for (size_t i = 0; i < needs.count; i++)
		if (!strcmp(needs.items[i].name, "CAP_PERFMON"))
			note = &needs.items[i];
	EXPECT(note && note->kind == NEEDS_NOTE);
	EXPECT_HAS(note->why, "subtracts or compares pointers");
	needs_policy(&needs, &policy);
	outcome = try_load(&attempt, &policy, needs.capabilities);
	EXPECT_EQ(outcome.result, -EACCES);
	outcome = try_load(&attempt, &policy, needs.capabilities | CAP(PERFMON));
	EXPECT_EQ(outcome.result, 0);
	EXPECT_EQ(outcome.progs, 1);
	EXPECT_EQ(outcome.prog[0].attach_type, ATTACH_XDP);
}

static void many_and_optional(void)
{
	check("many", 0, 0, true);
}

/* ------------------------------------------------- another libbpf: bpftool's own */

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
static const char *reachable(const char *name, const struct attempt *attempt)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s", live_self());
	snprintf(strrchr(path, '/'), 64, "/%s.o", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	EXPECT_EQ(write(fd, attempt->image, attempt->size), attempt->size);
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

static void check_bpftool(const char *name, const char *type, const char *as)
{
	_cleanup_needs_ struct needs needs = { .opts.libbpf = bpftool_libbpf() };
	struct attempt attempt = { 0 };
	struct bpftoken_policy policy;
	struct bpftoken_error err;
	char loaded[128];
	const char *path;

	read_object(name, &attempt);
	path = reachable(name, &attempt);
	EXPECT_OK(needs_add_file(&needs, object_path(name), &err), &err);
	EXPECT_OK(needs_finish(&needs, &err), &err);
	needs_policy(&needs, &policy);
	bpftool_loads(&policy, path, type, loaded, sizeof(loaded));
	EXPECT_STR(loaded, as);
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		for (uint32_t value = 0; value < 64; value++) {
			struct bpftoken_policy less = policy;

			if (!bpftoken_policy_has(&policy, set, value))
				continue;
			bpftoken_policy_remove(&less, set, value);
			bpftool_loads(&less, path, type, loaded, sizeof(loaded));
			if (!strcmp(loaded, as))
				live_fail(__FILE__, __LINE__,
					  "%s %s is not needed after all",
					  names_set_noun(set), bpftoken_name(set, value));
		}
	}
}

static void bpftool_xdp(void)
{
	check_bpftool("xdp-globals", "prog_type=BPF_PROG_TYPE_XDP", "BPF_XDP btf");
}

static void bpftool_cgroup_skb(void)
{
	check_bpftool("cgroup-skb", "prog_type=BPF_PROG_TYPE_CGROUP_SKB",
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
	struct attempt attempt = { 0 };
	struct bpftoken_policy policy;
	struct bpftoken_error err;
	const char *path;
	char as[128];

	if (needs.opts.libbpf < 0x0105)
		live_skip("bpftool's libbpf does not ask whether attach types count");
	read_object("freplace-target", &attempt);
	path = reachable("freplace-target", &attempt);
	bpftool_loads(narrow, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "BPF_CGROUP_INET_INGRESS btf");
	bpftoken_policy_add(narrow, BPFTOKEN_PROGS, BPF_PROG_TYPE_CGROUP_SOCK);
	bpftoken_policy_add(narrow, BPFTOKEN_ATTACHS, BPF_CGROUP_INET_SOCK_CREATE);
	bpftool_loads(narrow, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "");
	EXPECT_OK(needs_add_file(&needs, object_path("freplace-target"), &err), &err);
	EXPECT_OK(needs_finish(&needs, &err), &err);
	needs_policy(&needs, &policy);
	bpftoken_policy_add(narrow, BPFTOKEN_ATTACHS, ATTACH_XDP);
	EXPECT(bpftoken_policy_equal(narrow, &policy));
	bpftool_loads(&policy, path, "BPF_PROG_TYPE_XDP", as, sizeof(as));
	EXPECT_STR(as, "BPF_XDP btf");
}

static const struct live_test tests[] = {
	{ "xdp with global variables", xdp_globals, false },
	{ "tc and tcx", tc, false },
	{ "cgroup_skb", cgroup_skb, false },
	{ "cgroup_sock_addr and cgroup_sockopt", cgroup_addr, false },
	{ "sk_lookup with a sockmap", sk_lookup, false },
	{ "raw_tracepoint", raw_tp, false },
	{ "tp_btf with task storage", tp_btf, false },
	{ "iter", iter, false },
	{ "struct_ops", struct_ops, false },
	{ "maps in maps", map_in_map, false },
	{ "several programs in one object", many, false },
	{ "several programs, and the optional one", many_and_optional, false },
	{ "tracepoint with a ring buffer", ring_buffer, false },
	{ "uprobe.multi and kprobe.multi", uprobe_multi, false },
	{ "a subprogram's helper", subprogram, false },
	{ "maps without programs", maps_only, false },
	{ "sk_reuseport", reuseport, false },
	{ "a program of two functions", freplace_target, false },
	{ "a program that computes with pointers", pointers, false },
	{ "bpftool's libbpf and xdp", bpftool_xdp, false },
	{ "bpftool's libbpf and cgroup_skb", bpftool_cgroup_skb, false },
	{ "a policy that suffices, and widened does not", widened, false },
};

LIVE_MAIN(tests)
