/* SPDX-License-Identifier: MIT */
/*
 * `needs` against the kernel: libbpf loads each object in a container that has exactly
 * what `needs` says, and gets what it gets where everything is delegated: the same
 * programs with the same attach types, the same maps, with BTF. Without any one of the
 * bits, and without any one of the capabilities, it does not.
 */
#include "live-objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <sys/mman.h>

#define MAX_THINGS 32

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

/* Loads in one container. */
struct attempt {
	struct object object;
	struct object target; /* loaded before, for the object to replace a part of */
	uint64_t capabilities;
	bool optional; /* load its optional programs too */
	struct outcome *outcome;
	const struct outcome *wanted; /* what no lesser policy may come to */
};

/* ------------------------------------------------ what libbpf asks the kernel for */

/* Attach type that the program behind a descriptor was loaded with, plus one. */
static uint32_t loaded_with[1024];

/* Token for the one command that libbpf before 1.6 sends without; -1: as it is. */
static int token_for_ids = -1;

/*
 * libbpf's bpf() calls all come here: the linker prefers the program's own function, or is
 * told to (--wrap) where all is static.
 */
#ifdef NEEDS_LINKED
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
#define syscall_here __wrap_syscall
#define real_syscall __real_syscall
#else
__attribute__((visibility("default"))) long syscall(long number, ...);
#define syscall_here syscall

static long real_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	static long (*real)(long number, ...);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a, b, c, d, e, f);
}
#endif

static void note_load(const struct attr_prog_load *attr, long fd)
{
	if (fd < (long)LIVE_COUNT(loaded_with))
		loaded_with[fd] = 1 + attr_fixup_attach_type(attr->prog_type,
							     attr->expected_attach_type);
}

/* As bpftoken exec and libbpf 1.6 do. */
static long get_with_token(const struct attr_btf_get_fd_by_id *given)
{
	struct attr_btf_get_fd_by_id attr = { .btf_id = given->btf_id,
					      .open_flags = ATTR_F_TOKEN_FD,
					      .fd_by_id_token_fd =
						      (uint32_t)token_for_ids };

	return real_syscall(SYS_bpf, ATTR_BTF_GET_FD_BY_ID, (long)(uintptr_t)&attr,
			    sizeof(attr), 0, 0, 0);
}

long syscall_here(long number, ...)
{
	long args[6], r;
	const void *attr;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < LIVE_COUNT(args); i++)
		args[i] = va_arg(list, long);
	va_end(list);
	attr = (const void *)(uintptr_t)args[1];
	if (number == SYS_bpf && args[0] == ATTR_BTF_GET_FD_BY_ID && token_for_ids >= 0)
		return get_with_token(attr);
	r = real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (number == SYS_bpf && args[0] == ATTR_PROG_LOAD && r >= 0)
		note_load(attr, r);
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
			 type == BPF_PROG_TYPE_TRACING ||
			 (how == ATTACH_UPROBE_MULTI && type == BPF_PROG_TYPE_KPROBE))
			link = bpf_program__attach(prog);
		outcome->attached += link != NULL;
		bpf_link__destroy(link);
	}
	close(net);
}

/* Loads one object: 0, or libbpf's error. A target is the fd of a program, 0 = none. */
static int load_object(const struct object *file, bool optional, int target,
		       struct bpf_object **ret_object)
{
	struct bpf_object *object = bpf_object__open_mem(file->image, file->size, NULL);
	struct bpf_program *prog;

	EXPECT(object);
	bpf_object__for_each_program(prog, object)
	{
		if (optional)
			EXPECT_EQ(bpf_program__set_autoload(prog, true), 0);
		if (target)
			EXPECT_EQ(bpf_program__set_attach_target(prog, target, NULL), 0);
	}
	*ret_object = object;
	return bpf_object__load(object);
}

static void look(const struct bpf_object *object, struct outcome *outcome)
{
	look_at_programs(object, outcome);
	look_at_maps(object, outcome);
}

static void load(void *data)
{
	const struct attempt *attempt = data;
	struct outcome *outcome = attempt->outcome;
	struct bpf_object *object = NULL, *target = NULL;
	int fd = 0;

	set_capabilities(attempt->capabilities);
	libbpf_set_print(NULL);
	if (attempt->target.image) {
		token_for_ids = bpftoken_open(NULL, NULL);
		outcome->result = load_object(&attempt->target, false, 0, &target);
		if (outcome->result == 0)
			look(target, outcome);
		fd = bpf_program__fd(bpf_object__next_program(target, NULL));
	}
	if (outcome->result == 0)
		outcome->result =
			load_object(&attempt->object, attempt->optional, fd, &object);
	if (outcome->result == 0) {
		look(object, outcome);
		attach(object, outcome);
	}
	bpf_object__close(object);
	bpf_object__close(target);
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

static void take_less(const struct bpftoken_policy *less, const char *without, void *data)
{
	struct attempt *attempt = data;
	struct outcome outcome = try_load(attempt, less, attempt->capabilities);

	if (is_same(&outcome, attempt->wanted))
		live_fail(__FILE__, __LINE__, "%s is not needed after all", without);
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

static struct outcome *shared_outcome(void)
{
	void *memory = mmap(NULL, sizeof(struct outcome), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(memory != MAP_FAILED);
	return memory;
}

/* What the kernel and libbpf make of it where everything is delegated. */
static struct outcome try_with_any(struct attempt *attempt)
{
	_cleanup_policy_ struct bpftoken_policy *any = live_policy(LIVE_ANY);
	struct outcome outcome;

	if (!attempt->outcome)
		attempt->outcome = shared_outcome();
	outcome = try_load(attempt, any, ALL_CAPS);
	print_outcome("everything delegated", &outcome);
	return outcome;
}

/*
 * Exactly what is needed does the same, and nothing less does. load_capabilities: those
 * that loading asks for.
 */
static void check_exact(struct attempt *attempt, const struct bpftoken_policy *policy,
			uint64_t capabilities, uint64_t load_capabilities,
			const struct outcome *wanted)
{
	struct outcome outcome = try_load(attempt, policy, capabilities);

	print_outcome("what needs says", &outcome);
	EXPECT(is_same(&outcome, wanted));
	attempt->wanted = wanted;
	each_less(policy, take_less, attempt);
	remove_capabilities(attempt, policy, load_capabilities, wanted);
}

/*
 * attached: programs that can be, here; load_capabilities: those that loading asks for,
 * where attaching asks for more; 0: all.
 */
static void check(const char *name, unsigned int attached, uint64_t load_capabilities,
		  bool optional)
{
	_cleanup_needs_ struct needs needs = { .opts.optional = optional };
	struct attempt attempt = { .object = read_object(name), .optional = optional };
	struct bpftoken_policy policy;
	struct outcome wanted;

	ask_needs(&needs, name);
	answer_needs(&needs, &policy);
	wanted = try_with_any(&attempt);
	if (wanted.result)
		live_skip("the kernel does not load %s: %s", name,
			  strerror(-wanted.result));
	EXPECT_EQ(wanted.progs, needs.programs);
	EXPECT_EQ(wanted.maps, needs.maps);
	EXPECT_EQ(wanted.attached, attached);
	check_exact(&attempt, &policy, needs.capabilities,
		    load_capabilities ? load_capabilities : needs.capabilities, &wanted);
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
OBJECT(usdt, "usdt", 0)
OBJECT(kfunc, "kfunc", 1)
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
	struct attempt attempt = { .object = read_object("pointers"),
				   .outcome = shared_outcome() };
	struct bpftoken_policy policy;
	struct outcome outcome;
	const struct needs_item *note = NULL;

	ask_needs(&needs, "pointers");
	answer_needs(&needs, &policy);
	for (size_t i = 0; i < needs.count; i++)
		if (!strcmp(needs.items[i].name, "CAP_PERFMON"))
			note = &needs.items[i];
	EXPECT(note && note->kind == NEEDS_NOTE);
	EXPECT_HAS(note->why, "subtracts or compares pointers");
	outcome = try_load(&attempt, &policy, needs.capabilities);
	EXPECT_EQ(outcome.result, -EACCES);
	outcome = try_load(&attempt, &policy, needs.capabilities | CAP(PERFMON));
	EXPECT_EQ(outcome.result, 0);
	EXPECT_EQ(outcome.progs, 1);
	EXPECT_EQ(outcome.prog[0].attach_type, ATTACH_XDP);
}

/* Does the kernel know this member of union bpf_attr? */
static bool kernel_has(const char *member)
{
	static char btf[32 << 20];
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, btf + size, sizeof(btf) - size)) > 0)
		size += (size_t)n;
	close(fd);
	return memmem(btf, size, member, strlen(member) + 1);
}

/* Without a container and a token: can this kernel do it at all? */
static void load_on_host(void *data)
{
	struct attempt *attempt = data;

	attempt->capabilities = ALL_CAPS;
	load(attempt);
}

/*
 * A program that replaces a function of another one, and so needs the other's BTF by its
 * id. The kernel lets it be had with a token since 6.15; libbpf before 1.6 does not ask
 * with one, so that the calls of this one are helped.
 */
static void freplace(void)
{
	_cleanup_needs_ struct needs needs = { 0 };
	struct attempt attempt = { .object = read_object("freplace"),
				   .target = read_object("freplace-target"),
				   .outcome = shared_outcome() };
	struct bpftoken_policy policy;
	struct outcome wanted;

	ask_needs(&needs, "freplace-target");
	ask_needs(&needs, "freplace");
	answer_needs(&needs, &policy);
	EXPECT(bpftoken_policy_has(&policy, BPFTOKEN_CMDS, ATTR_BTF_GET_FD_BY_ID));
	in_child(load_on_host, &attempt);
	if (attempt.outcome->result)
		live_skip("this kernel refuses freplace programs to the host's root: %s",
			  strerror(-attempt.outcome->result));
	wanted = try_with_any(&attempt);
	if (!kernel_has("fd_by_id_token_fd")) {
		EXPECT(wanted.result < 0);
		return;
	}
	EXPECT_EQ(wanted.result, 0);
	EXPECT_EQ(wanted.progs, 2);
	/* CAP_SYS_ADMIN stands for all others but the one that makes tokens */
	check_exact(&attempt, &policy, needs.capabilities, CAP(BPF) | CAP(SYS_ADMIN),
		    &wanted);
}

static void many_and_optional(void)
{
	check("many", 0, 0, true);
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
	{ "usdt", usdt, false },
	{ "functions of the kernel", kfunc, false },
	{ "a subprogram's helper", subprogram, false },
	{ "maps without programs", maps_only, false },
	{ "sk_reuseport", reuseport, false },
	{ "a program of two functions", freplace_target, false },
	{ "a program that computes with pointers", pointers, false },
	{ "freplace", freplace, false },
};

LIVE_MAIN(tests)
