/* SPDX-License-Identifier: MIT */
/*
 * libbpftoken-libbpf: libbpf with a token, names included.
 *
 * libbpf (1.4 and newer) makes a token for each object, but asks the kernel whether it
 * may name maps and programs without one, is refused, and leaves the names out; and its
 * low-level calls and its probes know no token. A program that is linked with this
 * library, before the C library, has both put right: it brings its own syscall(3), which
 * lets the process's bpf() calls go through bpftoken_bpf() and all else through.
 * bpftoken-libbpf(3) says how to link it and which ways there are.
 *
 * The conventions are those of bpftoken.h.
 */
#ifndef BPFTOKEN_LIBBPF_H
#define BPFTOKEN_LIBBPF_H

#include <bpftoken.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * For bpf_object_open_opts.bpf_token_path, beside the path of a bpffs and that of
 * bpftoken_libbpf_fd_path().
 */
/* $LIBBPF_BPF_TOKEN_PATH, and where that is not set /sys/fs/bpf, if it gives a token. */
#define BPFTOKEN_LIBBPF_IMPLICIT NULL
/* No token, whatever the environment says. */
#define BPFTOKEN_LIBBPF_PREVENTED ""

#define BPFTOKEN_LIBBPF_FD_PATH_SIZE 32

/**
 * bpftoken_libbpf_use - make a token and let all of libbpf use it
 * @opts: where to look and what the token has to cover, or NULL
 * @err: what failed
 *
 * Makes the token as bpftoken_open() and sets it as bpftoken_global_set(). From then on
 * every bpf() call of libbpf that takes a token and has none carries this one: of
 * objects, of bpf_map_create() and its like, and of the libbpf_probe_*() functions. An
 * object that has a token of its own keeps it. A token that is there already, of a parent
 * process for example, only needs bpftoken_global_set().
 *
 * Returns: the token's file descriptor, which has to stay open.
 * Errors:
 *   ENOEXEC  syscall(3) is another library's: this one was linked behind the C library.
 *   any of bpftoken_open().
 * Privilege: as bpftoken_create().
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_libbpf_use(const struct bpftoken_open_opts *opts,
				     struct bpftoken_error *err);

/**
 * bpftoken_libbpf_fd_path - a bpffs that is an open directory, for bpf_token_path
 * @bpffs_fd: directory, the root of a bpffs; it has to stay open until the object loads
 * @ret_path: "/proc/self/fd/N", in BPFTOKEN_LIBBPF_FD_PATH_SIZE bytes of the caller's
 * @err: what failed
 *
 * libbpf opens that path again, which is right for a directory. It must not be done with
 * a token, so a token's descriptor is refused: bpftoken_global_set() is for that.
 *
 * Returns: 0.
 * Errors:
 *   EBADF    not a descriptor.
 *   ENOTDIR  not a directory, but for example a token.
 *   EINVAL   not on a bpffs.
 * Privilege: none.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_libbpf_fd_path(int bpffs_fd, char *ret_path,
					 struct bpftoken_error *err);

#ifdef __cplusplus
}
#endif

#endif
