/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a bpf() call of libbpf's: it gets the process-wide token. And libbpf's
 * one question that a token may leave unanswered is answered here.
 *
 * libbpf (to this day 1.8) gives a map or program no name unless a program called
 * "libbpf_nametest" loaded. It tries that once in a process without a token, in a
 * container in vain (EPERM), and 1.4 once more for an object, with a token in an attr
 * that ends before the token (EINVAL). What it wants to know is whether the kernel knows
 * names (Linux 4.15), and every kernel with tokens (6.9) does.
 */
#include "libbpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>

long bpftoken_libbpf_failed(long negative)
{
	errno = (int)-negative;
	return -1;
}

static int kernel_has_tokens(void)
{
	static atomic_int known; /* 1 yes, -1 no */
	int answer = atomic_load(&known);

	if (!answer) {
		answer = bpftoken_supported(NULL) > 0 ? 1 : -1;
		atomic_store(&known, answer);
	}
	return answer > 0;
}

/* Two instructions, return 0, that libbpf loads to see whether the name is refused. */
static int is_name_probe(unsigned int cmd, const union bpf_attr *attr, size_t size)
{
	return cmd == BPF_PROG_LOAD && attr &&
	       size >= offsetof(union bpf_attr, prog_name) + sizeof(attr->prog_name) &&
	       attr->prog_type == BPF_PROG_TYPE_SOCKET_FILTER && attr->insn_cnt == 2 &&
	       !strncmp(attr->prog_name, "libbpf_nametest", sizeof(attr->prog_name));
}

long bpftoken_libbpf_bpf(long number, long cmd, void *attr, unsigned long size,
			 void *common, unsigned long common_size)
{
	BPFTOKEN_OPTS(bpftoken_bpf_opts, opts);
	int r, kept = errno;

	(void)number;
	if (cmd == BPFTOKEN_LIBBPF_QUESTION)
		return 0;
	opts.common = common;
	opts.common_size = (uint32_t)common_size;
	r = bpftoken_bpf((uint32_t)cmd, attr, (uint32_t)size, &opts);
	/* libbpf closes it unused. Without a descriptor left it is -1, -EPERM again. */
	if (r < 0 && is_name_probe((unsigned int)cmd, attr, size) && kernel_has_tokens())
		r = eventfd(0, EFD_CLOEXEC);
	if (r < 0)
		return bpftoken_libbpf_failed(r);
	errno = kept;
	return r;
}
