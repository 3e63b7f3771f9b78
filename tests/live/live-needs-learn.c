/* SPDX-License-Identifier: MIT */
/*
 * `needs`, which reads an object, against `learn`, which sees it loaded: libbpf loads each
 * object in a container that has exactly what `needs` says, and of that very load `learn`
 * finds the same values, all of them granted. What else it has seen asked for, and
 * refused, is a row below with the reason why the object does without; what is listed and
 * does not occur is a failure as well.
 */
#include "live-objects.h"

#include "summary.h"

#include <bpf/libbpf.h>
#include <sys/stat.h>

/* What libbpf asks besides, and may be refused: the bits of what an object is asked for. */
enum question { CONTEXT = 1, READS = 2, ATTACH_TYPES = 4 };

static const struct {
	uint32_t set, value;
	uint32_t question;
	uint32_t before; /* later versions of libbpf need the answer; 0: none does */
	const char *reason;
} asked[] = {
	{ BPFTOKEN_PROGS, 2, CONTEXT, 0,
	  "a kprobe, to see whether the kernel types __arg_ctx: else libbpf does it" },
	{ BPFTOKEN_PROGS, 5, READS, 0,
	  "a tracepoint, for bpf_probe_read_kernel(): else it is bpf_probe_read()" },
	{ BPFTOKEN_PROGS, 9, ATTACH_TYPES, 0x0105,
	  "a cgroup_sock, for attach types: 1.4 gives them in any case" },
	{ BPFTOKEN_ATTACHS, 2, ATTACH_TYPES, 0x0105, "the attach type of that" },
};

static int in_load(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open_file(argc > 1 ? argv[1] : "", NULL);

	return !object || bpf_object__load(object) < 0;
}

/* A copy beside those of the programs, where a container's root can read it. */
static void copy_object(const char *name, char *path, size_t size)
{
	static struct live_result result;
	struct object object = read_object(name);
	FILE *file;

	/* makes those copies */
	live_bpftoken(&result, "--version", NULL);
	snprintf(path, size, "%.*s/object.o",
		 (int)(strrchr(live_self(), '/') - live_self()), live_self());
	file = fopen(path, "we");
	EXPECT(file && fwrite(object.image, 1, object.size, file) == object.size);
	EXPECT_EQ(fclose(file), 0);
	EXPECT_EQ(chmod(path, 0644), 0);
}

/* In a container with this policy, under learn. */
static void learn_load(const char *name, const struct bpftoken_policy *policy,
		       struct learn_recording *ret_recording)
{
	static struct live_result result;
	char path[64], object[512], *text = NULL;
	struct bpftoken_error err;

	snprintf(path, sizeof(path), "/tmp/bpftoken-needs-learn-%d", (int)getpid());
	copy_object(name, object, sizeof(object));
	EXPECT_EQ(bpftoken_policy_format(policy, "mount", &text, NULL), 0);
	text[strcspn(text, "\n")] = '\0';
	live_bpftoken(&result, "learn", "-o", path, "--", live_bpftoken_path(), "run",
		      "-p", text, "--", live_self(), "--inside", "load", object, NULL);
	unlink(object);
	free(text);
	if (result.status)
		live_fail(__FILE__, __LINE__, "%s is not loaded under what it needs: %s",
			  name, result.err);
	EXPECT_OK(learn_recording_read(ret_recording, path, &err), &err);
	unlink(path);
	EXPECT_EQ(ret_recording->count, 1);
}

/* Does the libbpf here go on without the answer? */
static bool does_without(size_t row)
{
	return !asked[row].before ||
	       (libbpf_major_version() << 8 | libbpf_minor_version()) < asked[row].before;
}

/* The question that a value stands for, where it does not have to be granted. */
static uint32_t question_of(const struct learn_item *item)
{
	for (size_t i = 0; i < LIVE_COUNT(asked); i++)
		if (asked[i].set == item->set && asked[i].value == item->value &&
		    does_without(i))
			return asked[i].question;
	return 0;
}

/* All that needs says was granted, and nothing else; what was refused is a question. */
static uint32_t compare(const struct learn_summary *learned,
			const struct bpftoken_policy *policy)
{
	struct bpftoken_policy granted = { 0 };
	uint32_t refused = 0;

	for (size_t i = 0; i < learned->count; i++) {
		const struct learn_item *item = &learned->items[i];
		uint32_t question = question_of(item);

		if (item->ok) {
			EXPECT_EQ(bpftoken_policy_add(&granted, item->set, item->value),
				  0);
			continue;
		}
		if (!question)
			live_fail(__FILE__, __LINE__, "nobody explains %s %s, refused",
				  names_set_noun(item->set),
				  bpftoken_name(item->set, item->value));
		refused |= question;
	}
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		EXPECT_EQ(granted.mask[set], policy->mask[set]);
	return refused;
}

/* Without a container: can this kernel do it at all? */
static bool loads_here(const char *name)
{
	char *argv[] = { (char *)"load", (char *)(uintptr_t)object_path(name), NULL };
	siginfo_t info;
	int pidfd;
	pid_t pid = sys_clone(0, &pidfd);

	if (pid == 0)
		_exit(in_load(2, argv));
	EXPECT(pid > 0);
	EXPECT_EQ(sys_reap(pidfd, 10000, &info), 0);
	return info.si_code == CLD_EXITED && info.si_status == 0;
}

/* questions: those that libbpf asks for this object, all of them and no other. */
static void check(const char *name, uint32_t questions)
{
	_cleanup_needs_ struct needs needs = { 0 };
	struct learn_recording recording = { 0 };
	struct learn_summary learned;
	struct bpftoken_policy policy;
	uint32_t refused;

	if (!loads_here(name))
		live_skip("the kernel does not load %s", name);
	ask_needs(&needs, name);
	answer_needs(&needs, &policy);
	learn_load(name, &policy, &recording);
	EXPECT_EQ(learn_summarize(&recording, &learned), 0);
	refused = compare(&learned, &policy);
	for (size_t i = 0; i < LIVE_COUNT(asked); i++) {
		bool listed = questions & asked[i].question && does_without(i);

		if (listed != !!(refused & asked[i].question))
			live_fail(__FILE__, __LINE__, "%s: %s", asked[i].reason,
				  listed ? "listed, but not asked"
					 : "asked, but not listed");
	}
	learn_summary_done(&learned);
	learn_recording_done(&recording);
}

#define OBJECT(function, name, questions) \
	static void function(void)        \
	{                                 \
		check(name, questions);   \
	}

OBJECT(xdp_globals, "xdp-globals", CONTEXT | ATTACH_TYPES)
OBJECT(tc, "tc", CONTEXT)
OBJECT(cgroup_skb, "cgroup-skb", CONTEXT | ATTACH_TYPES)
OBJECT(cgroup_addr, "cgroup-addr", CONTEXT)
OBJECT(sk_lookup, "sk-lookup", CONTEXT)
OBJECT(raw_tp, "raw-tp", CONTEXT | READS)
OBJECT(tp_btf, "tp-btf", CONTEXT)
OBJECT(iter, "iter", CONTEXT)
OBJECT(struct_ops, "struct-ops", CONTEXT)
OBJECT(map_in_map, "map-in-map", CONTEXT)
OBJECT(many, "many", CONTEXT)
OBJECT(ring_buffer, "ringbuf", CONTEXT)
OBJECT(uprobe_multi, "uprobe-multi", 0)
OBJECT(usdt, "usdt", 0)
OBJECT(kfunc, "kfunc", CONTEXT)
OBJECT(subprogram, "subprogram", CONTEXT)
OBJECT(maps_only, "maps-only", 0)
OBJECT(reuseport, "reuseport", CONTEXT)
OBJECT(pointers, "pointers", CONTEXT | ATTACH_TYPES)
OBJECT(freplace_target, "freplace-target", CONTEXT | ATTACH_TYPES)

static const struct live_inside insides[] = { { "load", in_load } };

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
	{ "tracepoint with a ring buffer", ring_buffer, false },
	{ "uprobe.multi and kprobe.multi", uprobe_multi, false },
	{ "usdt", usdt, false },
	{ "functions of the kernel", kfunc, false },
	{ "a subprogram's helper", subprogram, false },
	{ "maps without programs", maps_only, false },
	{ "sk_reuseport", reuseport, false },
	{ "a program that computes with pointers", pointers, false },
	{ "a program of two functions", freplace_target, false },
};

LIVE_MAIN_INSIDE(tests, insides)
