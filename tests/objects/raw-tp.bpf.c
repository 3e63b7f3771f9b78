// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A raw tracepoint that reads the kernel's memory. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} words SEC(".maps");

SEC("raw_tp/sched_process_exec")
int executed(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	__u64 *word = bpf_map_lookup_elem(&words, &zero);

	if (word)
		bpf_probe_read_kernel(word, sizeof(*word), (void *)ctx->args[0]);
	return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
