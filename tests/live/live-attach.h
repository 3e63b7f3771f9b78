/* SPDX-License-Identifier: MIT */
/*
 * For every way to attach a program a real attachment, by raw calls, to something of the
 * test's own: a function of this program, its network namespace, a new cgroup or device.
 */
#ifndef BPFTOKEN_LIVE_ATTACH_H
#define BPFTOKEN_LIVE_ATTACH_H

#include "live-more.h"

#include "btf.h"
#include "probe-link.h"

#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#define LOOPBACK 1
#define XDP_GENERIC (1U << 1)
#define PASS 1 /* to cgroup, sk_lookup and netfilter programs */

static inline uint64_t address(const void *of)
{
	return (uintptr_t)of;
}

/* A cgroup of the test's own, or "". */
static char cgroup[128];

/* What each link needs of the token and of the process, and what we attach to. */
struct kind {
	uint32_t link, prog_type, load_type, attach_type;
	const char *attach; /* name of load_type, which has to be delegated */
	uint64_t capabilities;
	int (*target)(struct link_attr *attr); /* fills the target: 0 or -errno */
	const char *function;
	int result; /* of the program */
};

static inline int no_target(struct link_attr *attr)
{
	(void)attr;
	return 0;
}

__attribute__((noinline)) static void probed(void)
{
	__asm__ volatile("");
}

/* Offset in our own file of a function that nothing calls. */
static inline uint64_t offset_of_probed(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long begin, end, offset, at = (uintptr_t)probed;
	char line[512];
	uint64_t found = 0;

	EXPECT(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &begin, &end, &offset) == 3 &&
		    at >= begin && at < end)
			found = at - begin + offset;
	fclose(maps);
	EXPECT(found);
	return found;
}

static inline int own_function(struct link_attr *attr)
{
	static uint64_t offset;

	offset = offset_of_probed();
	attr->uprobe_multi.path = address("/proc/self/exe");
	attr->uprobe_multi.offsets = address(&offset);
	attr->uprobe_multi.count = 1;
	attr->uprobe_multi.pid = (uint32_t)getpid();
	return 0;
}

static inline int kernel_function(struct link_attr *attr)
{
	static uint64_t symbol;

	symbol = address("bpf_fentry_test1");
	attr->kprobe_multi.symbols = address(&symbol);
	attr->kprobe_multi.count = 1;
	return 0;
}

static inline int own_event(struct link_attr *attr)
{
	struct perf_event_attr event = { .size = PERF_ATTR_SIZE_VER0,
					 .type = PERF_TYPE_SOFTWARE,
					 .config = PERF_COUNT_SW_TASK_CLOCK,
					 .sample_period = 1000000,
					 .exclude_kernel = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);

	attr->target_fd = (uint32_t)fd;
	return fd < 0 ? -errno : 0;
}

static inline int own_cgroup(struct link_attr *attr)
{
	attr->target_fd = (uint32_t)open_dir(cgroup);
	return 0;
}

static inline int own_loopback(struct link_attr *attr)
{
	attr->target_fd = LOOPBACK;
	return 0;
}

static inline int own_loopback_generic(struct link_attr *attr)
{
	attr->target_fd = LOOPBACK;
	attr->flags = XDP_GENERIC;
	return 0;
}

static inline int own_netns(struct link_attr *attr)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	attr->target_fd = (uint32_t)fd;
	return 0;
}

static inline int own_output_hook(struct link_attr *attr)
{
	attr->netfilter.family = 2; /* IPv4 */
	attr->netfilter.hook = 3; /* local output */
	attr->netfilter.priority = -128;
	return 0;
}

static inline void put_attribute(struct nlmsghdr *message, unsigned short type,
				 const void *data, size_t size)
{
	struct rtattr *rta =
		(struct rtattr *)((char *)message + NLMSG_ALIGN(message->nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(rta), data, size);
	message->nlmsg_len =
		(uint32_t)(NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(rta->rta_len));
}

/* A new netkit device in our own network namespace; the kernel's errno without it. */
static inline int own_netkit(struct link_attr *attr)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		char room[256];
	} request = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
				  .nlmsg_type = RTM_NEWLINK,
				  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
						 NLM_F_CREATE | NLM_F_EXCL } };
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char room[512];
	} answer;
	char kind[12] = { 0 };
	struct rtattr inner = { .rta_len = RTA_LENGTH(6), .rta_type = IFLA_INFO_KIND };
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	EXPECT(sock >= 0);
	memcpy(kind, &inner, sizeof(inner));
	memcpy(kind + sizeof(inner), "netkit", 6);
	put_attribute(&request.header, IFLA_IFNAME, "own0", 5);
	put_attribute(&request.header, IFLA_LINKINFO, kind, sizeof(kind));
	EXPECT_EQ(send(sock, &request, request.header.nlmsg_len, 0),
		  request.header.nlmsg_len);
	EXPECT(recv(sock, &answer, sizeof(answer), 0) >= (ssize_t)NLMSG_LENGTH(4));
	EXPECT_EQ(answer.header.nlmsg_type, NLMSG_ERROR);
	close(sock);
	attr->target_fd = if_nametoindex("own0");
	return answer.error.error;
}

#define BPF CAP(BPF)
#define NET (CAP(NET_ADMIN) | BPF)
#define PERF (CAP(PERFMON) | BPF)

static const struct kind kinds[] = {
	{ BPFTOKEN_LINK_UPROBE_MULTI, 2, 48, 48, "trace_uprobe_multi", PERF, own_function,
	  NULL, 0 },
	{ BPFTOKEN_LINK_UPROBE_SESSION, 2, 57, 57, "trace_uprobe_session", PERF,
	  own_function, NULL, 0 },
	{ BPFTOKEN_LINK_KPROBE_MULTI, 2, 42, 42, "trace_kprobe_multi", PERF,
	  kernel_function, NULL, 0 },
	{ BPFTOKEN_LINK_KPROBE_SESSION, 2, 56, 56, "trace_kprobe_session", PERF,
	  kernel_function, NULL, 0 },
	{ BPFTOKEN_LINK_PERF_EVENT, 7, 0, 41, "cgroup_inet_ingress", PERF, own_event,
	  NULL, 0 },
	{ BPFTOKEN_LINK_RAW_TRACEPOINT, 17, 0, 0, "cgroup_inet_ingress", PERF, NULL, NULL,
	  0 },
	{ BPFTOKEN_LINK_TRACING, 26, 24, 24, "trace_fentry", PERF, NULL,
	  "bpf_fentry_test1", 0 },
	{ BPFTOKEN_LINK_ITER, 26, 28, 28, "trace_iter", PERF, no_target, "bpf_iter_task",
	  0 },
	{ BPFTOKEN_LINK_CGROUP, 8, 0, 0, "cgroup_inet_ingress", NET, own_cgroup, NULL,
	  PASS },
	{ BPFTOKEN_LINK_XDP, 6, 37, 37, "xdp", NET, own_loopback_generic, NULL, 0 },
	{ BPFTOKEN_LINK_TCX, 3, 46, 46, "tcx_ingress", NET, own_loopback, NULL, 0 },
	{ BPFTOKEN_LINK_NETKIT, 3, 54, 54, "netkit_primary", NET, own_netkit, NULL, 0 },
	{ BPFTOKEN_LINK_NETFILTER, 32, 45, 45, "netfilter", NET, own_output_hook, NULL,
	  PASS },
	{ BPFTOKEN_LINK_SK_LOOKUP, 30, 36, 36, "sk_lookup", BPF, own_netns, NULL, PASS },
	{ BPFTOKEN_LINK_FLOW_DISSECTOR, 22, 17, 17, "flow_dissector", NET, own_netns,
	  NULL, 0 },
	/* the attach type is the number of the member that the program implements */
	{ BPFTOKEN_LINK_STRUCT_OPS, 27, 0, 44, NULL, PERF, NULL, NULL, 0 },
};

/* The operations that a program implements: a member of them, or of their map's value. */
#define OPS "tcp_congestion_ops"
#define OPS_VALUE "bpf_struct_ops_" OPS

static inline struct btf_found ops_find(const char *type, const char *member)
{
	struct btf_found found;

	EXPECT_EQ(btf_find(BTF_STRUCT, type, member, &found), 0);
	return found;
}

static inline int raw_prog(struct attr_prog_load *attr, int result, int token_fd)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, result),
					   ATTR_INSN_EXIT() };

	attr->insns = address(insns);
	attr->insn_cnt = LIVE_COUNT(insns);
	attr->license = address("GPL");
	if (token_fd >= 0) {
		attr->prog_flags = ATTR_F_TOKEN_FD;
		attr->prog_token_fd = (uint32_t)token_fd;
	}
	return sys_bpf(ATTR_PROG_LOAD, attr, sizeof(*attr));
}

static inline int raw_ops_prog(const char *member, int token_fd)
{
	struct btf_found found = ops_find(OPS, member);
	struct attr_prog_load attr = { .prog_type = 27,
				       .expected_attach_type = found.member,
				       .attach_btf_id = found.id };

	return raw_prog(&attr, 0, token_fd);
}

static inline int raw_load(const struct kind *kind, int token_fd)
{
	struct attr_prog_load attr = { .prog_type = kind->prog_type,
				       .expected_attach_type = kind->load_type };
	struct btf_found found = { 0 };

	if (kind->link == BPFTOKEN_LINK_STRUCT_OPS)
		return raw_ops_prog("ssthresh", token_fd);
	if (kind->function)
		EXPECT_EQ(btf_find(BTF_FUNC, kind->function, NULL, &found), 0);
	attr.attach_btf_id = found.id;
	return raw_prog(&attr, kind->result, token_fd);
}

/* A header, one integer type, and its name. */
static const unsigned char own_btf[] = {
	0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0,  0, 16, 0, 0, 0,	3, 0,
	0,    0,    1, 0, 0,  0, 0, 0, 0, 1, 4, 0, 0,  0, 32, 0, 0,  0, 0, 'u', 0,
};

/* The map that such a link is made of: kernels without such links do not make it. */
static inline int raw_ops_map(int token_fd)
{
	struct attr_map_create attr = { .map_type = 26,
					.key_size = 4,
					.max_entries = 1,
					.map_flags = LINK_MAP_FLAG };
	struct attr_btf_load btf = { .btf = address(own_btf),
				     .btf_size = sizeof(own_btf) };
	struct btf_found found = ops_find(OPS_VALUE, "data");
	int btf_fd, r;

	if (token_fd >= 0) {
		btf.btf_flags = ATTR_F_TOKEN_FD;
		btf.btf_token_fd = (uint32_t)token_fd;
	}
	btf_fd = sys_bpf(ATTR_BTF_LOAD, &btf, sizeof(btf));
	if (btf_fd < 0)
		return btf_fd;
	attr.btf_fd = (uint32_t)btf_fd;
	attr.value_size = found.size;
	attr.btf_vmlinux_value_type_id = found.id;
	if (token_fd >= 0) {
		attr.map_flags |= ATTR_F_TOKEN_FD;
		attr.map_token_fd = (uint32_t)token_fd;
	}
	r = sys_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr));
	close(btf_fd);
	return r;
}

/*
 * A congestion control, for the whole machine as long as the link is there: which only a
 * VM of ours may have. Elsewhere the map that it would be made of is enough.
 */
static inline int raw_ops_link(int token_fd)
{
	static const char *const members[] = { "ssthresh", "undo_cwnd", "cong_avoid" };
	static unsigned char value[4096];
	int map_fd = raw_ops_map(token_fd), zero = 0, fds[LIVE_COUNT(members)], r;
	uint32_t data = ops_find(OPS_VALUE, "data").offset;
	struct link_attr attr = LINK_ATTR_NONE;
	struct {
		uint64_t map_fd, key, value, flags;
	} update = { (uint64_t)map_fd, address(&zero), address(value), 0 };

	if (map_fd < 0 || !getenv("BPFTOKEN_KERNEL"))
		return map_fd;
	memset(value, 0, sizeof(value));
	strcpy((char *)value + data + ops_find(OPS, "name").offset, "bpftoken");
	for (size_t i = 0; i < LIVE_COUNT(members); i++) {
		uint64_t fd = (uint64_t)raw_ops_prog(members[i], token_fd);

		EXPECT((int)fd >= 0);
		fds[i] = (int)fd;
		memcpy(value + data + ops_find(OPS, members[i]).offset, &fd, sizeof(fd));
	}
	EXPECT_EQ(sys_bpf(2, &update, sizeof(update)), 0);
	for (size_t i = 0; i < LIVE_COUNT(members); i++)
		close(fds[i]);
	attr.prog_fd = (uint32_t)map_fd;
	attr.attach_type = 44;
	r = sys_bpf(ATTR_LINK_CREATE, &attr, sizeof(attr));
	if (r >= 0)
		EXPECT_HAS(
			live_file("/proc/sys/net/ipv4/tcp_available_congestion_control"),
			"bpftoken");
	close(map_fd);
	return r;
}

static inline int raw_attach(const struct kind *kind, int prog_fd, int token_fd)
{
	struct link_attr attr = LINK_ATTR_NONE;
	struct link_raw_tp_attr raw_tp = { .prog_fd = (uint32_t)prog_fd };
	int r;

	if (kind->link == BPFTOKEN_LINK_STRUCT_OPS)
		return raw_ops_link(token_fd);
	if (!kind->target) {
		raw_tp.name = kind->function ? 0 : address("sched_process_exit");
		return sys_bpf(ATTR_RAW_TRACEPOINT_OPEN, &raw_tp, sizeof(raw_tp));
	}
	attr.prog_fd = (uint32_t)prog_fd;
	attr.attach_type = kind->attach_type;
	r = kind->target(&attr);
	return r < 0 ? r : sys_bpf(ATTR_LINK_CREATE, &attr, sizeof(attr));
}

/* Really attached, and taken away again: 0, or the errno of the step that failed. */
static inline int attach_for_real(const struct kind *kind, int token_fd)
{
	int prog_fd = raw_load(kind, token_fd);
	int link_fd = prog_fd < 0 ? prog_fd : raw_attach(kind, prog_fd, token_fd);

	if (prog_fd >= 0)
		close(prog_fd);
	return closed(link_fd);
}

#endif
