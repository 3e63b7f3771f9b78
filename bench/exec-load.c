/* SPDX-License-Identifier: MIT */
/*
 * What `bpftoken exec` is measured with: a whole load with libbpf, and a busy data plane.
 *
 * exec-load load OBJECT PATH TIMES    loads OBJECT with the token of PATH; "" is none
 * exec-load data PATH FILTER TIMES    looks up and updates a map made with that token;
 *                                     FILTER idle: under a seccomp filter that permits all
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.9: newer than the build header may be. */
#define F_TOKEN_FD (1U << 16)

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int load(const char *object, const char *path, int times)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .bpf_token_path = path);

	while (times-- > 0) {
		struct bpf_object *loaded = bpf_object__open_file(object, &opts);

		if (!loaded || bpf_object__load(loaded) < 0)
			return fail("load");
		bpf_object__close(loaded);
	}
	return 0;
}

/* As one that looks at the command and has nothing to say of it. */
static int idle_filter(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffff, 0, 0),
		BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(insns) / sizeof(insns[0]), insns };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int data(const char *path, const char *filter, long times)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int key = 1, fd, bpffs;
	long value = 1;

	if (path[0]) {
		bpffs = open(path, O_RDONLY | O_DIRECTORY);
		opts.token_fd = bpf_token_create(bpffs, NULL);
		opts.map_flags = F_TOKEN_FD;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "bench", 4, 8, 16, &opts);
	if (fd < 0)
		return fail("map");
	if (!strcmp(filter, "idle") && idle_filter() < 0)
		return fail("filter");
	for (; times > 0; times--)
		if (bpf_map_update_elem(fd, &key, &value, 0) < 0 ||
		    bpf_map_lookup_elem(fd, &key, &value) < 0)
			return fail("data");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], strcmp(argv[3], "none") ? argv[3] : "",
			    atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "data"))
		return data(strcmp(argv[2], "none") ? argv[2] : "", argv[3],
			    atol(argv[4]));
	fputs("usage: exec-load load OBJECT PATH TIMES | data PATH FILTER TIMES\n",
	      stderr);
	return 2;
}
