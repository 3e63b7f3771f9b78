/* SPDX-License-Identifier: MIT */
/*
 * names WAY [PATH]: loads a libbpf object with a token that is brought to it in one of
 * the ways that there are, and prints the names that the kernel has of its maps and its
 * program.
 *
 *	path PATH	the bpffs on PATH
 *	fd PATH		a bpffs that the program has open
 *	implicit	libbpf's own search: the bpffs on /sys/fs/bpf
 *	environment	the bpffs of $LIBBPF_BPF_TOKEN_PATH
 *	prevented	none: fails in a container
 *
 * Nothing here says that the names are to arrive: that the program is linked with
 * libbpftoken-libbpf does. Without it (-DWITHOUT_LIBBPFTOKEN) they are empty.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#ifdef WITHOUT_LIBBPFTOKEN
#define BPFTOKEN_LIBBPF_IMPLICIT NULL
#define BPFTOKEN_LIBBPF_PREVENTED ""
#else
#include <bpftoken-libbpf.h>
#endif

#include "names.skel.h"

struct way {
	const char *word;
	int (*prepare)(const char *path, struct bpf_object_open_opts *opts);
	int takes_path;
};

static int by_path(const char *path, struct bpf_object_open_opts *opts)
{
	opts->bpf_token_path = path;
	return 0;
}

static int by_fd(const char *path, struct bpf_object_open_opts *opts)
{
	static char fd_path[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

#ifdef WITHOUT_LIBBPFTOKEN
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
#else
	struct bpftoken_error err;

	if (bpftoken_libbpf_fd_path(fd, fd_path, &err) < 0) {
		bpftoken_explain(&err);
		fprintf(stderr, "names: %s: %s: %s\n", err.what, err.why, err.fix);
		return -1;
	}
#endif
	opts->bpf_token_path = fd_path;
	return 0;
}

static int implicit(const char *path, struct bpf_object_open_opts *opts)
{
	(void)path;
	opts->bpf_token_path = BPFTOKEN_LIBBPF_IMPLICIT;
	return unsetenv("LIBBPF_BPF_TOKEN_PATH");
}

static int by_environment(const char *path, struct bpf_object_open_opts *opts)
{
	(void)path;
	opts->bpf_token_path = BPFTOKEN_LIBBPF_IMPLICIT;
	if (getenv("LIBBPF_BPF_TOKEN_PATH"))
		return 0;
	fprintf(stderr, "names: LIBBPF_BPF_TOKEN_PATH is not set\n");
	return -1;
}

static int prevented(const char *path, struct bpf_object_open_opts *opts)
{
	(void)path;
	opts->bpf_token_path = BPFTOKEN_LIBBPF_PREVENTED;
	return 0;
}

static const struct way ways[] = {
	{ "path", by_path, 1 },	       { "fd", by_fd, 1 },
	{ "implicit", implicit, 0 },   { "environment", by_environment, 0 },
	{ "prevented", prevented, 0 }, { NULL, NULL, 0 },
};

static const char *or_none(const char *name)
{
	return name[0] ? name : "(no name)";
}

static int print_names(const struct names_bpf *skel)
{
	struct bpf_prog_info prog_info = { 0 };
	__u32 size = sizeof(prog_info);
	struct bpf_map *map;

	bpf_object__for_each_map(map, skel->obj)
	{
		struct bpf_map_info info = { 0 };
		__u32 map_size = sizeof(info);

		if (bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &map_size) < 0)
			return -1;
		printf("map %s: %s\n", bpf_map__name(map), or_none(info.name));
	}
	if (bpf_prog_get_info_by_fd(bpf_program__fd(skel->progs.count_packets),
				    &prog_info, &size) < 0)
		return -1;
	printf("program count_packets: %s\n", or_none(prog_info.name));
	return 0;
}

__attribute__((format(printf, 2, 0))) static int silent(enum libbpf_print_level level,
							const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	const struct way *way = ways;
	struct names_bpf *skel;
	int r;

	while (way->word && (argc < 2 || strcmp(way->word, argv[1]) != 0))
		way++;
	if (!way->word || argc != 2 + way->takes_path) {
		fprintf(stderr, "usage: names path PATH | fd PATH | implicit | "
				"environment | prevented\n");
		return 2;
	}
	libbpf_set_print(silent);
	if (way->prepare(argv[2], &opts) < 0)
		return 1;
	skel = names_bpf__open_opts(&opts);
	r = skel ? names_bpf__load(skel) : -1;
	if (r == 0)
		r = print_names(skel);
	names_bpf__destroy(skel);
	return r ? 1 : 0;
}
