/* SPDX-License-Identifier: MIT */
/*
 * From container root to the program: capabilities are cut while there is the right to
 * cut them, then ids change, then what is left is made to survive the exec.
 */
#include "container.h"

#include "bpffs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

static int raise_caps(struct bpftoken_error *err)
{
	return err_raise(err, BPFTOKEN_STAGE_SETUP, -errno, "capabilities: %s",
			 strerror(errno));
}

static int cut_bounding_set(uint64_t keep, struct bpftoken_error *err)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (!(keep & 1ULL << cap) && cap_drop_bound(cap) < 0)
			return raise_caps(err);
	return 0;
}

/*
 * Permitted, effective and inheritable exactly these; ambient too, for a non-root user.
 */
static int set_capabilities(uint64_t keep, struct bpftoken_error *err)
{
	cap_t caps = cap_init();
	int r = caps ? 0 : -1;

	for (cap_value_t cap = 0; cap < cap_max_bits() && r == 0; cap++) {
		if (!(keep & 1ULL << cap))
			continue;
		r = cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET);
		if (r == 0)
			r = cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
		if (r == 0)
			r = cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_SET);
	}
	if (r == 0)
		r = cap_set_proc(caps);
	for (cap_value_t cap = 0; cap < cap_max_bits() && r == 0; cap++)
		if (keep & 1ULL << cap)
			r = cap_set_ambient(cap, CAP_SET);
	if (r < 0)
		r = raise_caps(err);
	cap_free(caps);
	return r;
}

static int become_user(const struct container *container, struct bpftoken_error *err)
{
	int r = 0;

	if (container->uid == 0 && container->gid == 0)
		return 0;
	if (container->caps_given)
		r = sys_keep_capabilities();
	if (r == 0)
		r = sys_set_ids(container->uid, container->gid);
	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_SETUP, r, "uid %u, gid %u: %s",
			  container->uid, container->gid, strerror(-r));
		err_fix(err, "give ids that the container has (--map)");
	}
	return r;
}

/*
 * The C library says EACCES for a name that no directory of PATH has, if one of them is
 * closed to us, as the host's /root/bin is. A name that cannot be seen is not there.
 */
static int search_error(const char *name, int code)
{
	const char *path = getenv("PATH");

	if (code != -EACCES || strchr(name, '/'))
		return code;
	for (size_t len; path && *path; path += len + (path[len] == ':')) {
		_cleanup_close_ int fd = -EBADF;
		char candidate[4096];

		len = strcspn(path, ":");
		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, path, name);
		fd = sys_openat(AT_FDCWD, candidate, O_PATH);
		if (fd >= 0)
			return code;
	}
	return -ENOENT;
}

int program_exec(const struct container *container, struct bpftoken_error *err)
{
	int r = 0;

	if (container->caps_given)
		r = cut_bounding_set(container->caps, err);
	if (r == 0)
		r = become_user(container, err);
	if (r == 0 && container->caps_given)
		r = set_capabilities(container->caps, err);
	if (r < 0)
		return r;
	/* Software looks in /sys/fs/bpf alone unless it is told. */
	if (container->policy && strcmp(container->bpffs, BPFFS_DEFAULT_TARGET) != 0) {
		(void)setenv("BPFTOKEN_PATH", container->bpffs, 0);
		(void)setenv("LIBBPF_BPF_TOKEN_PATH", container->bpffs, 0);
	}
	r = search_error(container->argv[0],
			 sys_execvp(container->argv[0], container->argv));
	return err_raise(err, BPFTOKEN_STAGE_EXEC, r, "%s: %s", container->argv[0],
			 strerror(-r));
}
