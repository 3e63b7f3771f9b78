/* SPDX-License-Identifier: MIT */
/* The table of section names, in libbpf's order: the first that fits counts. */
#include "sections.h"

#include "util.h"

#include <string.h>

#define PROBED SECTION_ATTACH_PROBED
#define PERF SECTION_PERF
#define TYPED "raw_tp or tp_btf"
#define UMULTI "uprobe.multi"
#define KMULTI "kprobe.multi"

/* enum bpf_prog_type, enum bpf_attach_type; source: libbpf 1.7, section_defs. */
static const struct section sections[] = {
	{ "socket", 1, 0 },
	{ "sk_reuseport/migrate", 21, 40 },
	{ "sk_reuseport", 21, 39 },
	{ "kprobe+", 2, 0, PERF, KMULTI },
	{ "uprobe+", 2, 0, PERF, UMULTI },
	{ "uprobe.s+", 2, 0, PERF, "uprobe.multi.s" },
	{ "kretprobe+", 2, 0, PERF, "kretprobe.multi" },
	{ "uretprobe+", 2, 0, PERF, "uretprobe.multi" },
	{ "uretprobe.s+", 2, 0, PERF, "uretprobe.multi.s" },
	{ "kprobe.multi+", 2, 42 },
	{ "kretprobe.multi+", 2, 42 },
	{ "kprobe.session+", 2, 56 },
	{ "uprobe.multi+", 2, 48 },
	{ "uretprobe.multi+", 2, 48 },
	{ "uprobe.session+", 2, 57 },
	{ "uprobe.multi.s+", 2, 48 },
	{ "uretprobe.multi.s+", 2, 48 },
	{ "uprobe.session.s+", 2, 57 },
	{ "ksyscall+", 2, 0, PERF, KMULTI },
	{ "kretsyscall+", 2, 0, PERF, "kretprobe.multi" },
	{ "usdt+", 2, 0, SECTION_USDT },
	{ "usdt.s+", 2, 0, SECTION_USDT },
	{ "tc/ingress", 3, 46 },
	{ "tc/egress", 3, 47 },
	{ "tcx/ingress", 3, 46 },
	{ "tcx/egress", 3, 47 },
	{ "tc", 3, 0 },
	{ "classifier", 3, 0 },
	{ "action", 4, 0 },
	{ "netkit/primary", 3, 54 },
	{ "netkit/peer", 3, 55 },
	{ "tracepoint+", 5, 0, PERF, TYPED },
	{ "tp+", 5, 0, PERF, TYPED },
	{ "raw_tracepoint+", 17, 0 },
	{ "raw_tp+", 17, 0 },
	{ "raw_tracepoint.w+", 24, 0 },
	{ "raw_tp.w+", 24, 0 },
	{ "tp_btf+", 26, 23 },
	{ "fentry+", 26, 24 },
	{ "fmod_ret+", 26, 26 },
	{ "fexit+", 26, 25 },
	{ "fentry.s+", 26, 24 },
	{ "fmod_ret.s+", 26, 26 },
	{ "fexit.s+", 26, 25 },
	{ "freplace+", 28, 0, SECTION_REPLACES },
	{ "lsm+", 29, 27 },
	{ "lsm.s+", 29, 27 },
	{ "lsm_cgroup+", 29, 43 },
	{ "iter+", 26, 28 },
	{ "iter.s+", 26, 28 },
	{ "syscall", 31, 0 },
	{ "xdp.frags/devmap", 6, 33 },
	{ "xdp/devmap", 6, 33 },
	{ "xdp.frags/cpumap", 6, 35 },
	{ "xdp/cpumap", 6, 35 },
	{ "xdp.frags", 6, 37 },
	{ "xdp", 6, 37, PROBED },
	{ "perf_event", 7, 0, PERF },
	{ "lwt_in", 10, 0 },
	{ "lwt_out", 11, 0 },
	{ "lwt_xmit", 12, 0 },
	{ "lwt_seg6local", 19, 0 },
	{ "sockops", 13, 3, PROBED },
	{ "sk_skb/stream_parser", 14, 4, PROBED },
	{ "sk_skb/stream_verdict", 14, 5, PROBED },
	{ "sk_skb/verdict", 14, 38, PROBED },
	{ "sk_skb", 14, 0 },
	{ "sk_msg", 16, 7, PROBED },
	{ "lirc_mode2", 20, 16, PROBED },
	{ "flow_dissector", 22, 17, PROBED },
	{ "cgroup_skb/ingress", 8, 0, PROBED },
	{ "cgroup_skb/egress", 8, 1, PROBED },
	{ "cgroup/skb", 8, 0 },
	{ "cgroup/sock_create", 9, 2 },
	{ "cgroup/sock_release", 9, 34 },
	{ "cgroup/sock", 9, 2, PROBED },
	{ "cgroup/post_bind4", 9, 12 },
	{ "cgroup/post_bind6", 9, 13 },
	{ "cgroup/bind4", 18, 8 },
	{ "cgroup/bind6", 18, 9 },
	{ "cgroup/connect4", 18, 10 },
	{ "cgroup/connect6", 18, 11 },
	{ "cgroup/connect_unix", 18, 49 },
	{ "cgroup/sendmsg4", 18, 14 },
	{ "cgroup/sendmsg6", 18, 15 },
	{ "cgroup/sendmsg_unix", 18, 50 },
	{ "cgroup/recvmsg4", 18, 19 },
	{ "cgroup/recvmsg6", 18, 20 },
	{ "cgroup/recvmsg_unix", 18, 51 },
	{ "cgroup/getpeername4", 18, 29 },
	{ "cgroup/getpeername6", 18, 30 },
	{ "cgroup/getpeername_unix", 18, 52 },
	{ "cgroup/getsockname4", 18, 31 },
	{ "cgroup/getsockname6", 18, 32 },
	{ "cgroup/getsockname_unix", 18, 53 },
	{ "cgroup/sysctl", 23, 18 },
	{ "cgroup/getsockopt", 25, 21 },
	{ "cgroup/setsockopt", 25, 22 },
	{ "cgroup/dev", 15, 6, PROBED },
	{ "struct_ops+", 27, 0 },
	{ "struct_ops.s+", 27, 0 },
	{ "sk_lookup", 30, 36 },
	{ "netfilter", 32, 45 },
};

static bool fits(const struct section *section, const char *name)
{
	size_t len = strcspn(section->name, "+");

	return !strncmp(name, section->name, len) &&
	       (!name[len] || (section->name[len] && name[len] == '/'));
}

const struct section *section_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (fits(&sections[i], name + (name[0] == '?')))
			return &sections[i];
	return NULL;
}

const struct section *section_row(unsigned int n)
{
	return n < ARRAY_SIZE(sections) ? &sections[n] : NULL;
}
