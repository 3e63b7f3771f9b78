// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A typed tracepoint, with storage for each task. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} executions SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task)
{
	__u64 *count = bpf_task_storage_get(&executions, task, NULL,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (count)
		++*count;
	return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
