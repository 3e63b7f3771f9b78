// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Goes over all tasks and prints a line for each. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
} __attribute__((preserve_access_index));

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	static const char format[] = "task\n";

	bpf_seq_printf(ctx->meta->seq, format, sizeof(format), NULL, 0);
	return 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
