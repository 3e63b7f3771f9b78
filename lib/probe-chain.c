/* SPDX-License-Identifier: MIT */
/* The recipes for calls, the program that they make, and what its log says. */
#include "probe-chain.h"

#include "util.h"

#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))
#define TC (BIT(3) | BIT(4)) /* sched_cls, sched_act */
#define PACKETS (TC | BIT(10) | BIT(11) | BIT(12) | BIT(19)) /* and lwt_* */
#define SOCKETS (TC | BIT(1) | BIT(8) | BIT(9) | BIT(18)) /* and those about sockets */
/* kprobe, tracepoint, perf_event, raw_tracepoint(_writable), tracing, syscall */
#define TRACING (BIT(2) | BIT(5) | BIT(7) | BIT(17) | BIT(24) | BIT(26) | BIT(31))

/*
 * What the arguments are, in order: c the context, t the current task, m memory of 16
 * bytes, s its size, 0 a zero. A call that takes t stands behind the one that gives it.
 */
static const struct recipe {
	uint16_t helper;
	char args[6];
	uint64_t types; /* 0 = all */
} recipes[] = {
	{ 5, "" }, /* ktime_get_ns */
	{ 6, "ms" }, /* trace_printk */
	{ 7, "" }, /* get_prandom_u32 */
	{ 8, "" }, /* get_smp_processor_id */
	{ 14, "" }, /* get_current_pid_tgid */
	{ 15, "" }, /* get_current_uid_gid */
	{ 16, "ms" }, /* get_current_comm */
	{ 17, "c" }, /* get_cgroup_classid */
	{ 35, "" }, /* get_current_task */
	{ 42, "" }, /* get_numa_node_id */
	{ 80, "" }, /* get_current_cgroup_id */
	{ 105, "ms0m" }, /* strtol */
	{ 106, "ms0m" }, /* strtoul */
	{ 109, "0" }, /* send_signal */
	{ 112, "ms0" }, /* probe_read_user */
	{ 113, "ms0" }, /* probe_read_kernel */
	{ 114, "ms0" }, /* probe_read_user_str */
	{ 115, "ms0" }, /* probe_read_kernel_str */
	{ 117, "0" }, /* send_signal_thread */
	{ 118, "" }, /* jiffies64 */
	{ 120, "00ms" }, /* get_ns_current_pid_tgid */
	{ 123, "0" }, /* get_current_ancestor_cgroup_id */
	{ 125, "" }, /* ktime_get_boot_ns */
	{ 149, "msms0" }, /* snprintf_btf */
	{ 158, "" }, /* get_current_task_btf */
	{ 175, "t" }, /* task_pt_regs */
	{ 160, "" }, /* ktime_get_coarse_ns */
	{ 176, "ms0" }, /* get_branch_snapshot */
	{ 177, "ms00" }, /* trace_vprintk */
	{ 208, "" }, /* ktime_get_tai_ns */
	{ 4, "ms0", TRACING }, /* probe_read */
	{ 45, "ms0", TRACING }, /* probe_read_str */
	{ 26, "c0ms", PACKETS | BIT(1) | BIT(8) | BIT(14) }, /* skb_load_bytes */
	{ 24, "c", PACKETS }, /* get_route_realm */
	{ 34, "c", PACKETS }, /* get_hash_recalc */
	{ 39, "c0", PACKETS | BIT(14) }, /* skb_pull_data */
	{ 46, "c", SOCKETS }, /* get_socket_cookie */
	{ 122, "c", SOCKETS }, /* get_netns_cookie */
	{ 9, "c0ms0", TC }, /* skb_store_bytes */
	{ 10, "c0000", TC }, /* l3_csum_replace */
	{ 11, "c0000", TC }, /* l4_csum_replace */
	{ 13, "c00", TC }, /* clone_redirect */
	{ 18, "c00", TC }, /* skb_vlan_push */
	{ 19, "c", TC }, /* skb_vlan_pop */
	{ 23, "00", TC | BIT(6) }, /* redirect */
	{ 31, "c00", TC }, /* skb_change_proto */
	{ 32, "c0", TC }, /* skb_change_type */
	{ 38, "c00", TC }, /* skb_change_tail */
	{ 40, "c0", TC }, /* csum_update */
	{ 41, "c", TC }, /* set_hash_invalid */
	{ 43, "c00", TC }, /* skb_change_head */
	{ 44, "c0", BIT(6) }, /* xdp_adjust_head */
	{ 47, "c", TC }, /* get_socket_uid */
	{ 48, "c0", TC }, /* set_hash */
	{ 50, "c000", TC }, /* skb_adjust_room */
	{ 54, "c0", BIT(6) }, /* xdp_adjust_meta */
	{ 65, "c0", BIT(6) }, /* xdp_adjust_tail */
	{ 79, "c", TC }, /* skb_cgroup_id */
	{ 83, "c0", TC }, /* skb_ancestor_cgroup_id */
	{ 97, "c", TC }, /* skb_ecn_set_ce */
	{ 135, "c0", TC }, /* csum_level */
	{ 151, "c", TC }, /* skb_cgroup_classid */
};

#define GIVES_TASK 158
#define CTX 6 /* registers that calls keep */
#define TASK 7
#define UNWRITTEN 9
#define FRAME 10

_Static_assert(ARRAY_SIZE(recipes) <= CHAIN_LONGEST, "CHAIN_INSNS");

uint32_t chain_helper(size_t n)
{
	return n < ARRAY_SIZE(recipes) ? recipes[n].helper : 0;
}

bool chain_has(uint32_t type, size_t n)
{
	return n < ARRAY_SIZE(recipes) &&
	       (!recipes[n].types || (type < 64 && recipes[n].types & BIT(type)));
}

int chain_place(uint32_t helper)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		if (recipes[i].helper == helper)
			return (int)i;
	return -1;
}

static struct attr_insn insn(uint8_t code, unsigned int dst, unsigned int src, int off,
			     int imm)
{
	return (struct attr_insn){ .code = code,
				   .regs = (uint8_t)(dst | src << 4),
				   .off = (int16_t)off,
				   .imm = imm };
}

static struct attr_insn copy(unsigned int dst, unsigned int src)
{
	return insn(0xbf, dst, src, 0, 0);
}

/* Register reg becomes the argument. */
static uint32_t argument(unsigned int reg, char kind, struct attr_insn *to)
{
	switch (kind) {
	case 'c':
		to[0] = copy(reg, CTX);
		return 1;
	case 't':
		to[0] = copy(reg, TASK);
		return 1;
	case 'm':
		to[0] = copy(reg, FRAME);
		to[1] = insn(0x07, reg, 0, 0, -16); /* += */
		return 2;
	case 's':
		to[0] = insn(0xb7, reg, 0, 0, 16);
		return 1;
	default:
		to[0] = insn(0xb7, reg, 0, 0, 0);
		return 1;
	}
}

static uint32_t call(const struct recipe *recipe, struct attr_insn *to)
{
	uint32_t n = 0;

	for (unsigned int i = 0; recipe->args[i]; i++)
		n += argument(i + 1, recipe->args[i], to + n);
	to[n++] = insn(0x85, 0, 0, 0, recipe->helper);
	if (recipe->helper == GIVES_TASK)
		to[n++] = copy(TASK, 0);
	return n;
}

uint32_t chain_program(uint32_t type, size_t first, size_t last,
		       struct attr_insn insns[CHAIN_INSNS])
{
	uint32_t n = 0;

	insns[n++] = copy(CTX, 1);
	insns[n++] = insn(0x7a, FRAME, 0, -8, 0); /* *(u64 *)(fp - 8) = 0 */
	insns[n++] = insn(0x7a, FRAME, 0, -16, 0);
	for (size_t i = first; i < last && i < ARRAY_SIZE(recipes); i++)
		if (chain_has(type, i))
			n += call(&recipes[i], insns + n);
	/* never loaded to the end: that would cost ten times as much */
	insns[n++] = insn(0x61, 0, UNWRITTEN, 0, 0);
	insns[n++] = insn(0x95, 0, 0, 0, 0);
	return n;
}

int chain_proven(size_t first, size_t last, const char *log, bool *ret_hidden)
{
	const char *number = strrchr(log, '#');
	int place;

	*ret_hidden = false;
	if (strstr(log, "R9 !read_ok"))
		return (int)(last - first);
	if (!number || !(strstr(log, "unknown func") || strstr(log, "invalid func") ||
			 strstr(log, "cannot use helper")))
		return -1;
	place = chain_place((uint32_t)strtoul(number + 1, NULL, 10));
	if (place < (int)first || place >= (int)last)
		return -1;
	*ret_hidden = true;
	return place - (int)first;
}
