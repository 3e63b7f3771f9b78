// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Probes of many functions at once, in programs and in the kernel. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

static __attribute__((noinline)) int note(void)
{
	__u32 key = bpf_get_current_pid_tgid() >> 32;
	__u64 when = bpf_ktime_get_ns();

	return bpf_map_update_elem(&calls, &key, &when, BPF_ANY);
}

SEC("uprobe.multi//proc/self/exe:main")
int in_user(void *ctx)
{
	return note() ? 1 : 0;
}

SEC("kprobe.multi/do_exit")
int in_kernel(void *ctx)
{
	return note() ? 1 : 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
