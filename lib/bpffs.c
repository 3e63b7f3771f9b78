/* SPDX-License-Identifier: MIT */
/*
 * Host side: a bpffs for somebody else's user namespace.
 *
 *   step                who may              stage
 *   fsopen("bpf")       target's root        FSOPEN          decides the userns
 *   SET uid, gid, mode  host                 FSCONFIG_OWNER  ids as the host has them
 *   SET delegate_x=0x.. host, CAP_SYS_ADMIN  FSCONFIG_x      one number per set
 *   CMD_CREATE          host, CAP_SYS_ADMIN  CREATE          masks are final from here
 *   fsmount             host                 FSMOUNT         detached, O_PATH
 *   move_mount          target's root        MOVE_MOUNT      onto the target path
 *   mountinfo           anybody              VERIFY          what was really delegated
 *
 * Kernel: kernel/bpf/inode.c, fs/fsopen.c. A failing SET leaves the context usable and
 * CREATE then succeeds without the delegation, so every return value counts.
 */
#include "bpffs.h"

#include "attr.h"
#include "dialect.h"
#include "mountinfo.h"
#include "names.h"
#include "policy.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#define FSCONFIG_SET_STRING_ 1U
#define FSCONFIG_CMD_CREATE_ 6U
#define MOUNT_ATTR_NOSUID_ 0x2U
#define MOUNT_ATTR_NODEV_ 0x4U
#define MOUNT_ATTR_NOEXEC_ 0x8U
/* Inode number of the initial user namespace, part of the kernel's ABI. */
#define PROC_USER_INIT_INO_ 0xEFFFFFFDU

int bpftoken_supported(struct bpftoken_error *err)
{
	/* The kernel looks at the descriptor only when it knows the command. */
	struct attr_token_create attr = { .bpffs_fd = UINT32_MAX };
	int r = sys_bpf(ATTR_TOKEN_CREATE, &attr, sizeof(attr));

	if (r == -EBADF)
		return 1;
	return err_raise(err, BPFTOKEN_STAGE_KERNEL, r == -EINVAL ? -EOPNOTSUPP : r,
			 NULL);
}

int bpffs_in_initial_userns(pid_t pid)
{
	char path[64] = "/proc/self/ns/user";
	uint64_t inode;
	int r;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	r = sys_inode(AT_FDCWD, path, &inode);
	return r < 0 ? r : inode == PROC_USER_INIT_INO_;
}

int bpffs_may_map(struct bpftoken_error *err)
{
	uint64_t capabilities = 0;
	int r = bpffs_in_initial_userns(0);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_PRIVILEGE, r, NULL);
	if (r == 0)
		return err_raise(err, BPFTOKEN_STAGE_PRIVILEGE, -EPERM,
				 "this process lives in a user namespace, and only the "
				 "initial one can delegate");
	r = sys_capabilities(&capabilities);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_PRIVILEGE, r, NULL);
	if (!(capabilities & 1ULL << CAP_SYS_ADMIN))
		return err_raise(err, BPFTOKEN_STAGE_PRIVILEGE, -EPERM,
				 "CAP_SYS_ADMIN is missing");
	return 0;
}

int bpffs_may_delegate(struct bpftoken_error *err)
{
	int r = bpftoken_supported(err);

	return r < 0 ? r : bpffs_may_map(err);
}

int bpftoken_bpffs_context(struct bpftoken_error *err)
{
	int fd = sys_fsopen("bpf");

	return fd < 0 ? err_raise(err, BPFTOKEN_STAGE_FSOPEN, fd, NULL) : fd;
}

/*
 * Raises code with the kernel's own words: a filesystem context queues messages, each
 * one read() long, such as "e bpf: Bad value for 'uid'".
 */
static int raise_kernel(int context_fd, uint32_t stage, int code,
			struct bpftoken_error *err)
{
	char text[256];
	ssize_t len = sys_read(context_fd, text, sizeof(text) - 1);

	if (len <= 2)
		return err_raise(err, stage, code, NULL);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_raise(err, stage, code, "%s (the kernel says: %s)", strerror(-code),
			 text + 2);
}

static int set_string(int context_fd, const char *key, const char *value, uint32_t stage,
		      struct bpftoken_error *err)
{
	int r = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, key, value);

	return r < 0 ? raise_kernel(context_fd, stage, r, err) : 0;
}

/*
 * Before anything is created with host privilege on a context that may come from
 * outside: only a bpffs that knows delegation takes a zero mask and refuses a bad one.
 * ramfs takes both, tmpfs neither, and so does a bpffs before Linux 6.9.
 */
static int check_is_delegating_bpffs(int context_fd, struct bpftoken_error *err)
{
	char words[256];
	int zero = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, "delegate_cmds", "0");
	int bad = sys_fsconfig(context_fd, FSCONFIG_SET_STRING_, "delegate_cmds", ":");

	if (zero == 0 && bad == -EINVAL)
		return 0;
	if (zero == -EBUSY || zero == -EBADF)
		return err_raise(err, BPFTOKEN_STAGE_FSCONFIG_CMDS, zero, NULL);
	while (sys_read(context_fd, words, sizeof(words)) > 0)
		;
	return err_raise(err, BPFTOKEN_STAGE_FSCONFIG_CMDS, -EINVAL,
			 "the context is not one of a bpffs that can delegate");
}

static int set_owner(int context_fd, const struct bpftoken_bpffs_opts *opts,
		     struct bpftoken_error *err)
{
	const struct {
		const char *key;
		bool wanted, octal;
		uint32_t value;
	} options[] = {
		{ "uid", opts->flags & BPFTOKEN_BPFFS_UID, false, opts->uid },
		{ "gid", opts->flags & BPFTOKEN_BPFFS_GID, false, opts->gid },
		{ "mode", opts->mode != 0, true, opts->mode },
	};
	char value[16];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!options[i].wanted)
			continue;
		snprintf(value, sizeof(value), options[i].octal ? "%o" : "%u",
			 options[i].value);
		r = set_string(context_fd, options[i].key, value,
			       BPFTOKEN_STAGE_FSCONFIG_OWNER, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Numbers, never names: a number has no case, no length limit and needs no BTF. */
static int set_masks(int context_fd, const struct bpftoken_policy *policy,
		     struct bpftoken_error *err)
{
	char value[24];

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int r;

		if (!policy->mask[set])
			continue;
		snprintf(value, sizeof(value), "0x%llx",
			 (unsigned long long)policy->mask[set]);
		r = set_string(context_fd, dialect_mount_keys[set], value,
			       BPFTOKEN_STAGE_FSCONFIG_CMDS + set, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* CREATE, fsmount, and the proof that the result is a bpffs. */
static int create_mount(int context_fd, struct bpftoken_error *err)
{
	_cleanup_close_ int mount_fd = -EBADF;
	uint32_t type = 0;
	int r;

	r = sys_fsconfig(context_fd, FSCONFIG_CMD_CREATE_, NULL, NULL);
	if (r < 0)
		return raise_kernel(context_fd, BPFTOKEN_STAGE_CREATE, r, err);
	mount_fd = sys_fsmount(context_fd, MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_ |
						   MOUNT_ATTR_NOEXEC_);
	if (mount_fd < 0)
		return raise_kernel(context_fd, BPFTOKEN_STAGE_FSMOUNT, mount_fd, err);
	r = sys_fs_type(mount_fd, &type);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_FSMOUNT, r, NULL);
	if (type != BPFFS_MAGIC)
		return err_raise(err, BPFTOKEN_STAGE_FSMOUNT, -EINVAL,
				 "the new mount is of type 0x%x, not a bpffs", type);
	return TAKE_FD(mount_fd);
}

int bpftoken_bpffs_build(int context_fd, const struct bpftoken_policy *policy,
			 const struct bpftoken_bpffs_opts *opts,
			 struct bpftoken_error *err)
{
	struct bpftoken_bpffs_opts own;
	int r;

	r = opts_take(&own, sizeof(own), opts, err);
	if (r < 0)
		return r;
	r = policy_require(policy, err);
	if (r < 0)
		return r;
	r = check_is_delegating_bpffs(context_fd, err);
	if (r < 0)
		return r;
	r = set_owner(context_fd, &own, err);
	if (r < 0)
		return r;
	r = set_masks(context_fd, policy, err);
	if (r < 0)
		return r;
	return create_mount(context_fd, err);
}

/* The last directory alone, in a parent that is resolved as strictly as the whole. */
static int make_last(int root_fd, const char *path, struct bpffs_target *target)
{
	_cleanup_close_ int parent_fd = -EBADF;
	char parent[PATH_MAX];
	size_t len = strlen(path), start;
	int r;

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (start = len; path[start - 1] != '/';)
		start--;
	if (len - start > NAME_MAX || start >= sizeof(parent))
		return -ENAMETOOLONG;
	snprintf(parent, sizeof(parent), "%.*s", (int)start, path);
	snprintf(target->name, sizeof(target->name), "%.*s", (int)(len - start),
		 path + start);
	parent_fd = sys_open_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
	if (parent_fd < 0)
		return parent_fd;
	r = sys_mkdirat(parent_fd, target->name, 0755);
	if (r < 0 && r != -EEXIST)
		return r;
	target->fd = sys_open_in_root(parent_fd, target->name, O_PATH | O_DIRECTORY);
	if (r == 0)
		target->parent_fd = TAKE_FD(parent_fd);
	if (target->fd < 0)
		bpffs_target_undo(target);
	return target->fd;
}

int bpffs_target_open(int root_fd, const char *path, bool make,
		      struct bpffs_target *ret_target, struct bpftoken_error *err)
{
	_cleanup_target_ struct bpffs_target target = BPFFS_TARGET_NONE;
	int r;

	if (!path || path[0] != '/')
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, -EINVAL,
				 "the path is not absolute");
	r = target.fd = sys_open_in_root(root_fd, path, O_PATH | O_DIRECTORY);
	if (r == -ENOENT && make)
		r = make_last(root_fd, path, &target);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, r, "%s: %s", path,
				 strerror(-r));
	*ret_target = target;
	target = (struct bpffs_target)BPFFS_TARGET_NONE;
	return 0;
}

void bpffs_target_undo(const struct bpffs_target *target)
{
	if (target->parent_fd >= 0)
		(void)sys_rmdirat(target->parent_fd, target->name);
}

void bpffs_target_done(struct bpffs_target *target)
{
	close_fd(&target->fd);
	close_fd(&target->parent_fd);
	target->fd = target->parent_fd = -EBADF;
}

/*
 * On a shared mount the new one is shared, too, and in sight of every peer: it leaves the
 * group at once, and takes itself away again when it cannot.
 */
int bpffs_target_mount(int target_fd, int mount_fd, struct bpftoken_error *err)
{
	int r = sys_move_mount(mount_fd, target_fd);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_MOVE_MOUNT, r, NULL);
	r = sys_mount_private(mount_fd);
	if (r < 0) {
		(void)bpffs_detach(mount_fd);
		return err_raise(err, BPFTOKEN_STAGE_MOVE_MOUNT, r,
				 "it cannot be made private: %s", strerror(-r));
	}
	return 0;
}

int bpffs_detach(int root_fd)
{
	int r = sys_fchdir(root_fd);

	return r < 0 ? r : sys_umount(".", MNT_DETACH);
}

int bpftoken_bpffs_place(int mount_fd, int root_fd, const char *path,
			 struct bpftoken_error *err)
{
	_cleanup_target_ struct bpffs_target target = BPFFS_TARGET_NONE;
	int r = bpffs_target_open(root_fd, path, false, &target, err);

	return r < 0 ? r : bpffs_target_mount(target.fd, mount_fd, err);
}

struct readback {
	uint64_t id;
	struct bpftoken_policy policy;
	struct bpftoken_error *err;
};

static int take_own_line(const struct mountinfo *mount, void *data)
{
	struct readback *readback = data;
	int r;

	if (mount->id != readback->id)
		return 0;
	r = dialect_mount_parse_readback(mount->super_options,
					 strlen(mount->super_options), &readback->policy,
					 readback->err);
	return r < 0 ? r : 1;
}

/*
 * What the kernel printed as "any" are all bits that it knows, which its BTF has to tell;
 * a kernel that cannot is taken at its word.
 */
static uint64_t shown_mask(uint32_t set, uint64_t asked, uint64_t got)
{
	int count;

	if (got != POLICY_ANY || asked == POLICY_ANY)
		return got;
	count = names_kernel_count(set);
	return count > 0 && count < 64 ? (1ULL << count) - 1 : got;
}

static int compare(uint32_t set, uint64_t asked, uint64_t got, struct bpftoken_error *err)
{
	uint64_t shown = shown_mask(set, asked, got);
	uint64_t unknown = asked == POLICY_ANY ? 0 : asked & ~shown;
	uint64_t extra = asked == POLICY_ANY ? 0 : shown & ~asked;
	struct text names = { 0 };
	int r;

	if (asked == POLICY_ANY && got != POLICY_ANY)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, -EPROTO,
				 "any %s was asked, and the kernel does not delegate all",
				 names_set_noun(set));
	if (!unknown && !extra)
		return 0;
	list_format(&names, set, unknown ? unknown : extra, " ");
	r = unknown ? -EOPNOTSUPP : -EPROTO;
	err_raise(err, BPFTOKEN_STAGE_VERIFY, r,
		  unknown ? "the running kernel does not know %s %s"
			  : "the kernel delegates %s %s, which nobody asked for",
		  names_set_noun(set), names.data ? names.data : "(out of memory)");
	text_done(&names);
	return r;
}

int bpffs_compare(const struct bpftoken_policy *asked, const struct bpftoken_policy *got,
		  struct bpftoken_error *err)
{
	int r = 0;

	for (uint32_t set = 0; set < BPFTOKEN_SETS && r == 0; set++)
		r = compare(set, asked->mask[set], got->mask[set], err);
	return r;
}

int bpftoken_bpffs_verify(int mount_fd, int32_t pid, const struct bpftoken_policy *policy,
			  struct bpftoken_error *err)
{
	struct readback readback = { .err = err };
	int r = sys_mount_id(mount_fd, &readback.id);

	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, r, NULL);
	r = mountinfo_each(pid, take_own_line, &readback);
	if (r == 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, -ENOENT,
				 "process %d does not show the mount", pid);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_VERIFY, r, NULL);
	return bpffs_compare(policy, &readback.policy, err);
}
