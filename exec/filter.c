/* SPDX-License-Identifier: MIT */
/* Composes the filter with libseccomp, installs it with the flags that 2.5 lacks. */
#include "filter.h"

#include "attr.h"
#include "sys-task.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <string.h>

#define MAX_INSNS 512

/* Every way into bpf() of one kernel: the program may be 32-bit, or change over. */
static const uint32_t more_arches[] = {
#if defined(__x86_64__)
	SCMP_ARCH_X86,
	SCMP_ARCH_X32,
#elif defined(__aarch64__)
	SCMP_ARCH_ARM,
#endif
	0,
};

static int compose(scmp_filter_ctx ctx, bool by_id)
{
	static const uint32_t cmds[] = { ATTR_MAP_CREATE, ATTR_PROG_LOAD, ATTR_BTF_LOAD,
					 ATTR_BTF_GET_FD_BY_ID };
	int r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	for (const uint32_t *arch = more_arches; *arch && r == 0; arch++)
		r = seccomp_arch_add(ctx, *arch);
	for (size_t i = 0; i < ARRAY_SIZE(cmds) - !by_id && r == 0; i++)
		/* The command is an int: the upper half of the register is noise. */
		r = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(bpf), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ,
					     UINT32_MAX & ~FILTER_COMMON_ATTRS, cmds[i]));
	return r;
}

/* libseccomp writes the program to a file, and only there. */
static ssize_t export(scmp_filter_ctx ctx, struct sock_filter filter[MAX_INSNS])
{
	_cleanup_close_ int fd = sys_memfd("filter");
	ssize_t r = fd;

	if (r >= 0)
		r = seccomp_export_bpf(ctx, fd);
	if (r >= 0)
		r = sys_rewind(fd);
	if (r >= 0)
		r = sys_read(fd, filter, MAX_INSNS * sizeof(*filter));
	return r < 0 ? r : r / (ssize_t)sizeof(*filter);
}

static ssize_t make(bool by_id, struct sock_filter filter[MAX_INSNS])
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	ssize_t r;

	if (!ctx)
		return -ENOMEM;
	r = compose(ctx, by_id);
	if (r == 0)
		r = export(ctx, filter);
	seccomp_release(ctx);
	return r;
}

int filter_install(bool by_id, bool *ret_no_new_privs, struct bpftoken_error *err)
{
	struct sock_filter filter[MAX_INSNS];
	ssize_t len = make(by_id, filter);
	bool no_new_privs = false;
	int fd;

	if (len < 0)
		return err_raise(err, BPFTOKEN_STAGE_LISTENER, (int)len, NULL);
	fd = sys_seccomp_listen(filter, (unsigned short)len);
	if (fd == -EACCES) {
		no_new_privs = sys_no_new_privs() == 0;
		fd = sys_seccomp_listen(filter, (unsigned short)len);
	}
	if (fd < 0)
		return err_raise(err, BPFTOKEN_STAGE_LISTENER, fd, NULL);
	*ret_no_new_privs = no_new_privs;
	return fd;
}
