/* SPDX-License-Identifier: MIT */
/*
 * Helper functions that ask for a capability of their own, whatever the program's type.
 * Source: Linux kernel/bpf/helpers.c, bpf_base_func_proto(); kernel/trace/bpf_trace.c;
 * net/core/filter.c, bpf_sk_base_func_proto(); kernel/bpf/syscall.c.
 */
#include "items.h"

#include <linux/bpf.h>
#include <linux/capability.h>

static const struct helper {
	uint32_t helper, capability;
	const char *name;
} rows[] = {
#define ROW(name, capability)                             \
	{                                                 \
		BPF_FUNC_##name, capability, "bpf_" #name \
	}
	ROW(trace_printk, CAP_PERFMON),
	ROW(get_current_task, CAP_PERFMON),
	ROW(probe_read_user, CAP_PERFMON),
	ROW(probe_read_kernel, CAP_PERFMON),
	ROW(probe_read_user_str, CAP_PERFMON),
	ROW(probe_read_kernel_str, CAP_PERFMON),
	ROW(skc_to_tcp6_sock, CAP_PERFMON),
	ROW(skc_to_tcp_sock, CAP_PERFMON),
	ROW(skc_to_tcp_timewait_sock, CAP_PERFMON),
	ROW(skc_to_tcp_request_sock, CAP_PERFMON),
	ROW(skc_to_udp6_sock, CAP_PERFMON),
	ROW(snprintf_btf, CAP_PERFMON),
	ROW(get_current_task_btf, CAP_PERFMON),
	ROW(snprintf, CAP_PERFMON),
	ROW(sys_bpf, CAP_PERFMON),
	ROW(task_pt_regs, CAP_PERFMON),
	ROW(trace_vprintk, CAP_PERFMON),
	ROW(skc_to_unix_sock, CAP_PERFMON),
	ROW(skc_to_mptcp_sock, CAP_PERFMON),
	ROW(probe_write_user, CAP_SYS_ADMIN),
};

static bool calls(const struct facts_helpers *helpers, uint32_t helper)
{
	return helpers->mask[helper / 64] >> helper % 64 & 1;
}

void helpers_each(const struct facts_helpers *helpers,
		  void (*take)(const char *helper, uint32_t capability, void *data),
		  void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (calls(helpers, rows[i].helper))
			take(rows[i].name, rows[i].capability, data);
}

bool helpers_read_kernel(const struct facts_helpers *helpers)
{
	return calls(helpers, BPF_FUNC_probe_read_kernel) ||
	       calls(helpers, BPF_FUNC_probe_read_kernel_str) ||
	       calls(helpers, BPF_FUNC_probe_read_user) ||
	       calls(helpers, BPF_FUNC_probe_read_user_str);
}
