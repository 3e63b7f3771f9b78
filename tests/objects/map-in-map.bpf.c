// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Maps of maps: an array whose maps are LRU hashes, a hash whose maps are arrays. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct inner_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct inner_hash {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_hash);
} by_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_array);
} by_key SEC(".maps");

SEC("socket")
int look(struct __sk_buff *skb)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&by_index, &zero);

	if (inner)
		bpf_map_delete_elem(inner, &zero);
	return bpf_map_lookup_elem(&by_key, &zero) ? -1 : 0;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
