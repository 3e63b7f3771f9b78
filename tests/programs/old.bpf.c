// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Everything that a loader passes on: type information, global data, a map, a map in a
 * map, a subprogram, and programs of several types.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, long);
} counts SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &first } };

const volatile int limit = 7;
int seen;

static __attribute__((noinline)) int add(int more)
{
	return more + seen;
}

SEC("socket")
int filter(struct __sk_buff *skb)
{
	int key = 1;
	long *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	seen += limit;
	return bpf_map_lookup_elem(&outer, &key) ? add(seen) : 0;
}

SEC("xdp")
int pass(struct xdp_md *context)
{
	seen++;
	return XDP_PASS;
}

SEC("cgroup_skb/egress")
int allow(struct __sk_buff *skb)
{
	return 1;
}

SEC("raw_tp/sched_switch")
int switched(void *context)
{
	seen++;
	return 0;
}

char terms[] SEC("license") = "GPL";
