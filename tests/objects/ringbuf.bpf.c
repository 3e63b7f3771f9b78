// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A tracepoint that reports through a ring buffer and prints. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tp/sched/sched_process_exit")
int exited(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	bpf_printk("exit");
	if (!event)
		return 0;
	*event = bpf_get_current_pid_tgid();
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
