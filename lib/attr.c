/* SPDX-License-Identifier: MIT */
/* What the kernel looks at in a token-taking bpf() call, as tables. */
#include "attr.h"

#include "bpftoken.h"
#include "util.h"

#include <linux/capability.h>

#define OFFSET(type, member, value) \
	_Static_assert(offsetof(struct type, member) == (value), #type "." #member)

OFFSET(attr_map_create, map_flags, 16);
OFFSET(attr_map_create, map_name, 28);
OFFSET(attr_map_create, btf_fd, 48);
OFFSET(attr_map_create, map_extra, 64);
OFFSET(attr_map_create, map_token_fd, 76);
OFFSET(attr_prog_load, log_buf, 32);
OFFSET(attr_prog_load, prog_flags, 44);
OFFSET(attr_prog_load, expected_attach_type, 68);
OFFSET(attr_prog_load, attach_btf_obj_fd, 112);
OFFSET(attr_prog_load, log_true_size, 140);
OFFSET(attr_prog_load, prog_token_fd, 144);
OFFSET(attr_prog_load, fd_array_cnt, 148);
OFFSET(attr_btf_load, btf_flags, 32);
OFFSET(attr_btf_load, btf_token_fd, 36);
OFFSET(attr_btf_get_fd_by_id, open_flags, 8);
OFFSET(attr_btf_get_fd_by_id, fd_by_id_token_fd, 12);
OFFSET(attr_token_create, bpffs_fd, 4);
OFFSET(attr_obj_info, info, 8);

#define TOKEN_ROW(index_, name, type, flags_member, fd_member)                         \
	{                                                                              \
		.cmd = ATTR_##name, .stage = BPFTOKEN_STAGE_##name, .index = (index_), \
		.flags_offset = offsetof(struct type, flags_member),                   \
		.fd_offset = offsetof(struct type, fd_member),                         \
		.min_size = offsetof(struct type, fd_member) + sizeof(uint32_t)        \
	}

static const struct attr_token_row token_rows[ATTR_TOKEN_ROWS] = {
	TOKEN_ROW(0, MAP_CREATE, attr_map_create, map_flags, map_token_fd),
	TOKEN_ROW(1, PROG_LOAD, attr_prog_load, prog_flags, prog_token_fd),
	TOKEN_ROW(2, BTF_LOAD, attr_btf_load, btf_flags, btf_token_fd),
	TOKEN_ROW(3, BTF_GET_FD_BY_ID, attr_btf_get_fd_by_id, open_flags,
		  fd_by_id_token_fd),
};

const struct attr_token_row *attr_token_row(uint32_t cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(token_rows); i++)
		if (token_rows[i].cmd == cmd)
			return &token_rows[i];
	return NULL;
}

#define BPF (1ULL << CAP_BPF)
#define NET (1ULL << CAP_NET_ADMIN | BPF)
#define PERF (1ULL << CAP_PERFMON | BPF)

#define BIT(n) (UINT64_C(1) << (n))
#define SOCK_ADDR                                                                        \
	(BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(14) | BIT(15) | BIT(19) | BIT(20) |   \
	 BIT(29) | BIT(30) | BIT(31) | BIT(32) | BIT(49) | BIT(50) | BIT(51) | BIT(52) | \
	 BIT(53))
#define TRACING                                                                          \
	(BIT(23) | BIT(24) | BIT(25) | BIT(26) | BIT(28) | BIT(58) | BIT(59) | BIT(60) | \
	 BIT(61))

/*
 * Measured on Linux 6.11 to 7.3, the same on all. usual is what the type is loaded with
 * when nobody says anything else; fixup is what the kernel makes of 0;
 * attachs are the attach types that programs of the type are meant for, after that. A
 * struct_ops program is loaded with the index of a member of its struct.
 */
static const struct prog_row {
	uint64_t capabilities;
	uint32_t usual, fixup;
	uint64_t attachs;
} prog_rows[] = {
	[1] = { BPF, 0, 0, BIT(0) }, /* socket_filter */
	[2] = { PERF, 0, 0, BIT(0) | BIT(42) | BIT(48) | BIT(56) | BIT(57) }, /* kprobe */
	[3] = { NET, 0, 0,
		BIT(0) | BIT(46) | BIT(47) | BIT(54) | BIT(55) }, /* sched_cls */
	[4] = { NET, 0, 0, BIT(0) }, /* sched_act */
	[5] = { PERF, 0, 0, BIT(0) }, /* tracepoint */
	[6] = { NET, 37, 0, BIT(33) | BIT(35) | BIT(37) }, /* xdp */
	[7] = { PERF, 0, 0, BIT(0) | BIT(41) }, /* perf_event */
	[8] = { BPF, 0, 0, BIT(0) | BIT(1) }, /* cgroup_skb: cgroup_inet_ingress is 0 */
	[9] = { NET, 2, 2,
		BIT(2) | BIT(12) | BIT(13) |
			BIT(34) }, /* cgroup_sock: cgroup_inet_sock_create */
	[10] = { NET, 0, 0, BIT(0) }, /* lwt_in */
	[11] = { NET, 0, 0, BIT(0) }, /* lwt_out */
	[12] = { NET, 0, 0, BIT(0) }, /* lwt_xmit */
	[13] = { NET, 3, 0, BIT(3) }, /* sock_ops: cgroup_sock_ops */
	[14] = { NET, 0, 0, BIT(4) | BIT(5) | BIT(38) }, /* sk_skb */
	[15] = { NET, 6, 0, BIT(6) }, /* cgroup_device */
	[16] = { NET, 7, 0, BIT(7) }, /* sk_msg: sk_msg_verdict */
	[17] = { PERF, 0, 0, BIT(0) }, /* raw_tracepoint */
	[18] = { NET, 10, 0, SOCK_ADDR }, /* cgroup_sock_addr: cgroup_inet4_connect */
	[19] = { NET, 0, 0, BIT(0) }, /* lwt_seg6local */
	[20] = { BPF, 16, 0, BIT(16) }, /* lirc_mode2 */
	[21] = { BPF, 39, 39, BIT(39) | BIT(40) }, /* sk_reuseport: sk_reuseport_select */
	[22] = { NET, 17, 0, BIT(17) }, /* flow_dissector */
	[23] = { NET, 18, 0, BIT(18) }, /* cgroup_sysctl */
	[24] = { PERF, 0, 0, BIT(0) }, /* raw_tracepoint_writable */
	[25] = { NET, 21, 0, BIT(21) | BIT(22) }, /* cgroup_sockopt: cgroup_getsockopt */
	[26] = { PERF, 28, 0, TRACING }, /* tracing: trace_iter */
	[27] = { PERF, 0, 0, UINT64_MAX }, /* struct_ops */
	[28] = { NET | PERF, 0, 0, BIT(0) }, /* ext */
	[29] = { PERF, 27, 0, BIT(27) | BIT(43) }, /* lsm: lsm_mac */
	[30] = { BPF, 36, 0, BIT(36) }, /* sk_lookup */
	[31] = { BPF, 0, 0, BIT(0) }, /* syscall */
	[32] = { NET, 45, 0, BIT(45) }, /* netfilter */
};

/* Types that are not here are new: CAP_BPF is the least that anything asks for. */
static const struct prog_row *prog_row(uint32_t type)
{
	static const struct prog_row unknown = { BPF, 0, 0, BIT(0) };

	return type < ARRAY_SIZE(prog_rows) && prog_rows[type].capabilities
		       ? &prog_rows[type]
		       : &unknown;
}

uint32_t attr_fixup_attach_type(uint32_t prog_type, uint32_t attach_type)
{
	return attach_type ? attach_type : prog_row(prog_type)->fixup;
}

uint32_t attr_default_attach_type(uint32_t prog_type)
{
	return prog_row(prog_type)->usual;
}

uint64_t attr_prog_attach_types(uint32_t prog_type)
{
	return prog_row(prog_type)->attachs;
}

uint64_t attr_prog_capabilities(uint32_t prog_type)
{
	return prog_row(prog_type)->capabilities;
}

uint64_t attr_map_capabilities(uint32_t map_type)
{
	/* devmap, sockmap, xskmap, sockhash, devmap_hash */
	static const uint32_t net_types[] = { 14, 15, 17, 18, 25 };

	for (size_t i = 0; i < ARRAY_SIZE(net_types); i++)
		if (net_types[i] == map_type)
			return NET;
	return BPF;
}
