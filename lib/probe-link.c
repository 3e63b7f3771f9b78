/* SPDX-License-Identifier: MIT */
/*
 * In which ways can a program be attached here: a program of the kind that is attached so
 * is loaded with the token, and then a link is asked for that the kernel cannot make (a
 * descriptor that is none, a device or function that does not exist), so that its errno
 * tells that all its checks were passed. Where there is no such thing to ask for, the
 * link is made to something that does not run, and closed at once.
 *
 * Source: Linux kernel/bpf/syscall.c, link_create(), bpf_raw_tracepoint_open().
 */
#include "probe-link.h"

#include "btf.h"
#include "denial.h"
#include "probe.h"
#include "text.h"

#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#define LOOPBACK_IFINDEX 1 /* in every network namespace */
#define XDP_FLAGS_DRV_MODE_ (1U << 2)
#define MAP_STRUCT_OPS 26

/* The program types and attach types of the table, by the kernel's names. */
enum {
	KPROBE = 2,
	SCHED_CLS = 3,
	XDP = 6,
	PERF_EVENT = 7,
	CGROUP_SKB = 8,
	RAW_TRACEPOINT = 17,
	FLOW_DISSECTOR = 22,
	TRACING = 26,
	STRUCT_OPS = 27,
	SK_LOOKUP = 30,
	NETFILTER = 32,
};
enum {
	AT_CGROUP_INET_INGRESS = 0,
	AT_FLOW_DISSECTOR = 17,
	AT_TRACE_FENTRY = 24,
	AT_TRACE_ITER = 28,
	AT_SK_LOOKUP = 36,
	AT_XDP = 37,
	AT_PERF_EVENT = 41,
	AT_TRACE_KPROBE_MULTI = 42,
	AT_STRUCT_OPS = 44,
	AT_NETFILTER = 45,
	AT_TCX_INGRESS = 46,
	AT_TRACE_UPROBE_MULTI = 48,
	AT_NETKIT_PRIMARY = 54,
	AT_TRACE_KPROBE_SESSION = 56,
	AT_TRACE_UPROBE_SESSION = 57,
};

struct link_row;
/* Asks for the link: an fd, or -errno with failure filled. */
typedef int (*ask_fn)(const struct link_row *row, int prog_fd, int token_fd,
		      struct bpftoken_error *failure);

struct link_row {
	const char *name;
	uint32_t prog_type;
	uint32_t load_type; /* expected attach type that the program is loaded with */
	uint32_t attach_type; /* that the link is made with */
	ask_fn ask;
	int means_yes; /* errno of a check behind all that say no; 0 = the link is made */
	const char *function; /* of the kernel, that the program is loaded for */
	uint64_t capabilities; /* that attaching asks for once more */
	int32_t pass; /* what the program returns: "go on", should it ever run */
};

static int link_create(const struct link_row *row, int prog_fd, struct link_attr *attr,
		       struct bpftoken_error *failure)
{
	int r;

	attr->prog_fd = (uint32_t)prog_fd;
	attr->attach_type = row->attach_type;
	r = sys_bpf(ATTR_LINK_CREATE, attr, sizeof(*attr));
	return r < 0 ? err_raise(failure, BPFTOKEN_STAGE_LINK_CREATE, r, NULL) : r;
}

/* To no descriptor, or no device. */
static int ask_nothing(const struct link_row *row, int prog_fd, int token_fd,
		       struct bpftoken_error *failure)
{
	struct link_attr attr = LINK_ATTR_NONE;

	attr.target_fd = NO_FD;
	return link_create(row, prog_fd, &attr, failure);
}

/*
 * An unknown device is -EINVAL here, so: the loopback device's driver, which knows no XDP.
 * If the device has another program, the kernel says so before.
 */
static int ask_xdp(const struct link_row *row, int prog_fd, int token_fd,
		   struct bpftoken_error *failure)
{
	struct link_attr attr = LINK_ATTR_NONE;
	int r;

	attr.target_fd = LOOPBACK_IFINDEX;
	attr.flags = XDP_FLAGS_DRV_MODE_;
	r = link_create(row, prog_fd, &attr, failure);
	if (r == -EBUSY || r == -EEXIST)
		failure->code = -row->means_yes;
	return r;
}

static int ask_netfilter(const struct link_row *row, int prog_fd, int token_fd,
			 struct bpftoken_error *failure)
{
	struct link_attr attr = LINK_ATTR_NONE;

	attr.netfilter.family = UINT8_MAX;
	return link_create(row, prog_fd, &attr, failure);
}

/* A directory, where a regular file is wanted. */
static int ask_uprobes(const struct link_row *row, int prog_fd, int token_fd,
		       struct bpftoken_error *failure)
{
	const uint64_t offset = 0;
	struct link_attr attr = LINK_ATTR_NONE;

	attr.uprobe_multi.path = (uintptr_t) "/";
	attr.uprobe_multi.offsets = (uintptr_t)&offset;
	attr.uprobe_multi.count = 1;
	return link_create(row, prog_fd, &attr, failure);
}

static int ask_kprobes(const struct link_row *row, int prog_fd, int token_fd,
		       struct bpftoken_error *failure)
{
	const uint64_t symbol = (uintptr_t) "bpftoken_no_such_function";
	struct link_attr attr = LINK_ATTR_NONE;

	attr.kprobe_multi.symbols = (uintptr_t)&symbol;
	attr.kprobe_multi.count = 1;
	return link_create(row, prog_fd, &attr, failure);
}

/* An event of this thread alone, which is never enabled. */
static int ask_perf_event(const struct link_row *row, int prog_fd, int token_fd,
			  struct bpftoken_error *failure)
{
	struct perf_event_attr event = { .size = PERF_ATTR_SIZE_VER0,
					 .type = PERF_TYPE_SOFTWARE,
					 .config = PERF_COUNT_SW_CPU_CLOCK,
					 .sample_period = UINT32_MAX,
					 .disabled = 1,
					 .exclude_kernel = 1,
					 .exclude_hv = 1 };
	struct link_attr attr = LINK_ATTR_NONE;
	_cleanup_close_ int event_fd = sys_perf_event_open(&event, 0, -1);

	if (event_fd < 0)
		return err_raise(failure, BPFTOKEN_STAGE_PERF_EVENT_OPEN, event_fd, NULL);
	attr.target_fd = (uint32_t)event_fd;
	return link_create(row, prog_fd, &attr, failure);
}

static int raw_tp_open(const char *name, int prog_fd, struct bpftoken_error *failure)
{
	struct link_raw_tp_attr attr = { .name = (uintptr_t)name,
					 .prog_fd = (uint32_t)prog_fd };
	int r = sys_bpf(ATTR_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));

	return r < 0 ? err_raise(failure, BPFTOKEN_STAGE_LINK_CREATE, r, NULL) : r;
}

static int ask_raw_tp(const struct link_row *row, int prog_fd, int token_fd,
		      struct bpftoken_error *failure)
{
	return raw_tp_open("bpftoken_no_such_tracepoint", prog_fd, failure);
}

/* The function runs in the kernel's own test runs of programs and nowhere else. */
static int ask_tracing(const struct link_row *row, int prog_fd, int token_fd,
		       struct bpftoken_error *failure)
{
	return raw_tp_open(NULL, prog_fd, failure);
}

/* A link to an iterator runs nothing: only a file that is made of it and read does. */
static int ask_iter(const struct link_row *row, int prog_fd, int token_fd,
		    struct bpftoken_error *failure)
{
	struct link_attr attr = LINK_ATTR_NONE;

	return link_create(row, prog_fd, &attr, failure);
}

#define OPS "tcp_congestion_ops"
#define OPS_MEMBER "ssthresh"

/* The smallest BTF: one integer. A struct_ops map does not go without BTF of its own. */
static int load_btf(int token_fd, struct bpftoken_error *failure)
{
	static const struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t header_len, type_off, type_len, str_off, str_len;
		uint32_t name_off, info, size, encoding;
		char strings[8];
	} btf = { 0xeb9f, 1, 0, 24, 0, 16, 16, 8, 1, 1U << 24, 4, 32, "\0int\0\0\0" };
	BPFTOKEN_OPTS(bpftoken_btf_load_opts, opts);

	opts.token_fd = token_fd;
	opts.data = &btf;
	opts.size = sizeof(btf);
	return bpftoken_btf_load(&opts, failure);
}

/* The kernel has such links if it makes a map for them; the link is to none. */
static int ask_struct_ops(const struct link_row *row, int prog_fd, int token_fd,
			  struct bpftoken_error *failure)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
	_cleanup_close_ int btf_fd = -EBADF, map_fd = -EBADF;
	struct link_attr attr = LINK_ATTR_NONE;
	struct btf_found value;
	int r;

	r = btf_find(BTF_STRUCT, "bpf_struct_ops_" OPS, NULL, &value);
	if (r < 0)
		return err_raise(failure, BPFTOKEN_STAGE_MAP_CREATE,
				 r == -ESRCH ? -EOPNOTSUPP : r, NULL);
	btf_fd = load_btf(token_fd, failure);
	if (btf_fd < 0)
		return btf_fd;
	opts.token_fd = token_fd;
	opts.type = MAP_STRUCT_OPS;
	opts.key_size = 4;
	opts.value_size = value.size;
	opts.max_entries = 1;
	opts.flags = LINK_MAP_FLAG;
	opts.btf_fd = (uint32_t)btf_fd;
	opts.btf_vmlinux_value_type_id = value.id;
	map_fd = bpftoken_map_create(&opts, failure);
	return map_fd < 0 ? map_fd : link_create(row, -1, &attr, failure);
}

#define NET (1ULL << CAP_NET_ADMIN)

static const struct link_row rows[BPFTOKEN_LINKS] = {
	[BPFTOKEN_LINK_UPROBE_MULTI] = { "uprobe_multi", KPROBE, AT_TRACE_UPROBE_MULTI,
					 AT_TRACE_UPROBE_MULTI, ask_uprobes, EBADF },
	[BPFTOKEN_LINK_UPROBE_SESSION] = { "uprobe_session", KPROBE,
					   AT_TRACE_UPROBE_SESSION,
					   AT_TRACE_UPROBE_SESSION, ask_uprobes, EBADF },
	[BPFTOKEN_LINK_KPROBE_MULTI] = { "kprobe_multi", KPROBE, AT_TRACE_KPROBE_MULTI,
					 AT_TRACE_KPROBE_MULTI, ask_kprobes, ESRCH },
	[BPFTOKEN_LINK_KPROBE_SESSION] = { "kprobe_session", KPROBE,
					   AT_TRACE_KPROBE_SESSION,
					   AT_TRACE_KPROBE_SESSION, ask_kprobes, ESRCH },
	[BPFTOKEN_LINK_PERF_EVENT] = { "perf_event", PERF_EVENT, 0, AT_PERF_EVENT,
				       ask_perf_event },
	[BPFTOKEN_LINK_RAW_TRACEPOINT] = { "raw_tracepoint", RAW_TRACEPOINT, 0, 0,
					   ask_raw_tp, ENOENT },
	[BPFTOKEN_LINK_TRACING] = { "tracing", TRACING, AT_TRACE_FENTRY, AT_TRACE_FENTRY,
				    ask_tracing, .function = "bpf_fentry_test1" },
	[BPFTOKEN_LINK_ITER] = { "iter", TRACING, AT_TRACE_ITER, AT_TRACE_ITER, ask_iter,
				 .function = "bpf_iter_task" },
	[BPFTOKEN_LINK_CGROUP] = { "cgroup", CGROUP_SKB, AT_CGROUP_INET_INGRESS,
				   AT_CGROUP_INET_INGRESS, ask_nothing, EBADF,
				   .capabilities = NET, .pass = 1 },
	[BPFTOKEN_LINK_XDP] = { "xdp", XDP, AT_XDP, AT_XDP, ask_xdp, EOPNOTSUPP,
				.pass = 2 },
	[BPFTOKEN_LINK_TCX] = { "tcx", SCHED_CLS, AT_TCX_INGRESS, AT_TCX_INGRESS,
				ask_nothing, ENODEV },
	[BPFTOKEN_LINK_NETKIT] = { "netkit", SCHED_CLS, AT_NETKIT_PRIMARY,
				   AT_NETKIT_PRIMARY, ask_nothing, ENODEV },
	[BPFTOKEN_LINK_NETFILTER] = { "netfilter", NETFILTER, AT_NETFILTER, AT_NETFILTER,
				      ask_netfilter, EAFNOSUPPORT, .pass = 1 },
	[BPFTOKEN_LINK_SK_LOOKUP] = { "sk_lookup", SK_LOOKUP, AT_SK_LOOKUP, AT_SK_LOOKUP,
				      ask_nothing, EBADF, .pass = 1 },
	[BPFTOKEN_LINK_FLOW_DISSECTOR] = { "flow_dissector", FLOW_DISSECTOR,
					   AT_FLOW_DISSECTOR, AT_FLOW_DISSECTOR,
					   ask_nothing, EBADF },
	/* loaded with the index of the member that it implements */
	[BPFTOKEN_LINK_STRUCT_OPS] = { "struct_ops", STRUCT_OPS, 0, AT_STRUCT_OPS,
				       ask_struct_ops, EBADF },
};

const char *bpftoken_link_name(uint32_t link)
{
	return link < ARRAY_SIZE(rows) ? rows[link].name : NULL;
}

/* What in the kernel the program is loaded for: 0, also when it needs none. */
static int find_target(const struct link_row *row, struct bpftoken_prog_load_opts *opts)
{
	struct btf_found found;
	int r = 0;

	opts->expected_attach_type = row->load_type;
	if (row->prog_type == STRUCT_OPS)
		r = btf_find(BTF_STRUCT, OPS, OPS_MEMBER, &found);
	else if (row->function)
		r = btf_find(BTF_FUNC, row->function, NULL, &found);
	else
		return 0;
	if (r < 0)
		return r;
	opts->attach_btf_id = found.id;
	if (row->prog_type == STRUCT_OPS)
		opts->expected_attach_type = found.member;
	return 0;
}

static int load(const struct link_row *row, int token_fd, struct bpftoken_error *failure)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, row->pass),
					   ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);
	int r;

	r = find_target(row, &opts);
	if (r < 0)
		return err_raise(failure, BPFTOKEN_STAGE_PROG_LOAD,
				 r == -ESRCH ? -EOPNOTSUPP : r, NULL);
	opts.token_fd = token_fd;
	opts.type = row->prog_type;
	opts.insns = insns;
	opts.insn_cnt = ARRAY_SIZE(insns);
	opts.license = "GPL";
	return bpftoken_prog_load(&opts, failure);
}

/* The kernel took the permission checks and then said that it has no such thing. */
static int lacks(const struct link_row *row, struct bpftoken_error *failure)
{
	snprintf(failure->why, sizeof(failure->why),
		 "the running kernel has no %s links: it is older, or built without them",
		 row->name);
	snprintf(failure->fix, sizeof(failure->fix), "use a kernel that has them");
	failure->kind = BPFTOKEN_KIND_KERNEL;
	return BPFTOKEN_KERNEL_LACKS;
}

static int perf_event_refused(struct bpftoken_error *failure)
{
	char level[16];

	(void)text_read_file("/proc/sys/kernel/perf_event_paranoid", level,
			     sizeof(level));
	level[strcspn(level, "\n")] = '\0';
	snprintf(failure->why, sizeof(failure->why),
		 "perf_event_open() is refused for the process's own events "
		 "(kernel.perf_event_paranoid: %s)",
		 level[0] ? level : "not shown here");
	snprintf(failure->fix, sizeof(failure->fix),
		 "set kernel.perf_event_paranoid to 2 or lower on the host, and allow "
		 "perf_event_open() in the seccomp profile");
	return BPFTOKEN_BLOCKED;
}

/* The program is loaded; a link takes no token, but its program has kept one. */
static int link_refused(const struct link_row *row, int token_fd,
			struct bpftoken_error *failure)
{
	const char *where = token_fd < 0 ? "the initial user namespace"
					 : "the token's user namespace";
	uint64_t has = 0;

	if (sys_capabilities(&has) == 0 && !(has & 1ULL << CAP_SYS_ADMIN) &&
	    denial_no_capability(row->capabilities, where, failure))
		return BPFTOKEN_NO_CAPABILITY;
	denial_blocked("the program could be loaded", failure);
	return BPFTOKEN_BLOCKED;
}

static int refused(const struct link_row *row, int token_fd,
		   struct bpftoken_error *failure)
{
	struct denied_call call;

	if (denial_call_of(failure, &call))
		return (int)denial_find(&call, failure);
	failure->kind = BPFTOKEN_KIND_DENIED;
	if (failure->stage == BPFTOKEN_STAGE_PERF_EVENT_OPEN)
		return perf_event_refused(failure);
	if (failure->stage == BPFTOKEN_STAGE_LINK_CREATE)
		return link_refused(row, token_fd, failure);
	return BPFTOKEN_BLOCKED;
}

static int no_btf(struct bpftoken_error *failure)
{
	snprintf(failure->why, sizeof(failure->why),
		 "the kernel's BTF, which names what the program is for, is not visible");
	snprintf(failure->fix, sizeof(failure->fix),
		 "mount sysfs on /sys, or use a kernel with BTF");
	failure->kind = BPFTOKEN_KIND_DENIED;
	return BPFTOKEN_BLOCKED;
}

/* Was it not the kernel's answer to the question, but to a token that is none? */
static bool is_no_token(const struct bpftoken_error *failure, int *ret_code)
{
	struct bpftoken_policy *policy = NULL;
	int r;

	if (failure->token_fd < 0)
		return false;
	r = bpftoken_info(failure->token_fd, &policy, NULL);
	bpftoken_policy_free(policy);
	*ret_code = r;
	return r == -EBADF || r == -EINVAL;
}

/* From the step that failed to one of the five answers. */
static int judge(const struct link_row *row, int token_fd, struct bpftoken_error *failure)
{
	int r = failure->code;

	switch (-r) {
	case EPERM:
	case EACCES:
		return is_no_token(failure, &r) ? r : refused(row, token_fd, failure);
	case EINVAL:
		return is_no_token(failure, &r) ? r : lacks(row, failure);
	case E2BIG:
	case EOPNOTSUPP:
	case ENOTSUPP_:
		return lacks(row, failure);
	case ENOENT:
		return failure->stage == BPFTOKEN_STAGE_LINK_CREATE
			       ? link_refused(row, token_fd, failure)
			       : no_btf(failure);
	case ENOSYS:
		return failure->stage == BPFTOKEN_STAGE_PERF_EVENT_OPEN
			       ? lacks(row, failure)
			       : BPFTOKEN_BLOCKED;
	case EAGAIN:
	case EBADF:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return r;
	default:
		return failure->stage == BPFTOKEN_STAGE_LINK_CREATE
			       ? link_refused(row, token_fd, failure)
			       : r;
	}
}

static int ask_link(const struct probe_question *question, struct bpftoken_error *reason)
{
	_cleanup_close_ int prog_fd = -EBADF, link_fd = -EBADF;
	const struct link_row *row = &rows[question->a];
	int token_fd = question->token_fd, answer;

	prog_fd = load(row, token_fd, reason);
	if (prog_fd >= 0) {
		link_fd = row->ask(row, prog_fd, token_fd, reason);
		if (link_fd >= 0 || (reason->stage == BPFTOKEN_STAGE_LINK_CREATE &&
				     reason->code == -row->means_yes)) {
			*reason = (struct bpftoken_error){ .token_fd = token_fd };
			return BPFTOKEN_WORKS;
		}
	}
	answer = judge(row, token_fd, reason);
	(void)bpftoken_explain(reason);
	return answer;
}

int bpftoken_probe_link(uint32_t link, int token_fd, struct bpftoken_error *reason)
{
	if (link >= ARRAY_SIZE(rows))
		return err_raise(reason, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
				 "there is no link of number %u", link);
	return probe_answer(PROBE_LINK, link, 0, token_fd, ask_link, reason);
}
