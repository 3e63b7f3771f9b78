/* SPDX-License-Identifier: MIT */
/*
 * lowlevel: libbpf's low-level calls and probes, which know no token. One call lets them
 * all use one; the line above it and the linker's are all that there is to it.
 */
#include <linux/bpf.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <bpftoken-libbpf.h>

int main(void)
{
	struct bpftoken_error err;
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int map;

	if (bpftoken_libbpf_use(NULL, &err) < 0) {
		bpftoken_explain(&err);
		fprintf(stderr, "lowlevel: %s: %s: %s\n", err.what, err.why, err.fix);
		return 1;
	}
	map = bpf_map_create(BPF_MAP_TYPE_HASH, "by_hand", 4, 4, 1, NULL);
	if (map < 0 || bpf_map_get_info_by_fd(map, &info, &size) < 0) {
		perror("lowlevel: bpf_map_create");
		return 1;
	}
	printf("map: %s\n", info.name[0] ? info.name : "(no name)");
	printf("hash maps: %d, array maps: %d\n",
	       libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, NULL),
	       libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY, NULL));
	printf("socket filters: %d, XDP programs: %d\n",
	       libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SOCKET_FILTER, NULL),
	       libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL));
	return 0;
}
