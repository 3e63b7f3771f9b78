/* SPDX-License-Identifier: MIT */
/*
 * libbpftoken: delegate a chosen part of BPF to a container, and use it there.
 *
 * A host mounts a bpffs into a container's user namespace and names on it the
 * commands, map types, program types and attach types that it delegates. A process
 * in that user namespace turns the mount into a token, and the kernel (Linux 6.9 and
 * newer) checks bpf() calls that carry the token against the token and against the
 * caller's capabilities in that user namespace, instead of those on the host.
 *
 * Conventions, valid for every function below:
 *  - A fallible function returns a negative errno on failure and a value >= 0 (a file
 *    descriptor, or a documented answer) on success. errno itself means nothing.
 *  - The last parameter, struct bpftoken_error *err, may be NULL. It is written on
 *    failure only; results (ret_x) are written on success only.
 *  - Every returned file descriptor is close-on-exec and belongs to the caller.
 *  - Options structs start with their own size: set sz to sizeof(the struct), or use
 *    BPFTOKEN_OPTS(). A NULL options pointer means all defaults. Non-zero bytes beyond
 *    what this library knows are refused with -E2BIG.
 *  - Kernel enum values are uint32_t; sets of them are opaque.
 *  - The library prints nothing, never exits and reads no environment variable.
 *
 * The blocks below are the source of the manual pages in section 3.
 */
#ifndef BPFTOKEN_H
#define BPFTOKEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BPFTOKEN_API __attribute__((visibility("default")))
#else
#define BPFTOKEN_API
#endif

#define BPFTOKEN_VERSION_MAJOR 0
#define BPFTOKEN_VERSION_MINOR 1
#define BPFTOKEN_VERSION_PATCH 0

/* Declares and initialises an options struct: BPFTOKEN_OPTS(bpftoken_open_opts, o); */
#ifdef __cplusplus
#define BPFTOKEN_OPTS(type, name) \
	struct type name = {};    \
	name.sz = sizeof(struct type)
#else
#define BPFTOKEN_OPTS(type, name) struct type name = { .sz = sizeof(struct type) }
#endif

/**
 * bpftoken_version - version of the library at run time
 *
 * Returns: a static string, "MAJOR.MINOR.PATCH".
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_version(void);

/* ------------------------------------------------------------------ errors */

/*
 * The protocol step that failed. The same errno at two steps has two cures, so an
 * error always carries its stage; bpftoken_stage_name() gives it a name for logs.
 */
enum bpftoken_stage {
	BPFTOKEN_STAGE_NONE,
	/* texts */
	BPFTOKEN_STAGE_POLICY, /* a policy text, or a policy as a whole */
	BPFTOKEN_STAGE_OPTIONS, /* an options struct of this library */
	BPFTOKEN_STAGE_MEMORY, /* an allocation */
	/* host side */
	BPFTOKEN_STAGE_KERNEL, /* does the running kernel have BPF tokens */
	BPFTOKEN_STAGE_PRIVILEGE, /* may this process delegate at all */
	BPFTOKEN_STAGE_TARGET, /* the process or namespaces to delegate to */
	BPFTOKEN_STAGE_CLONE, /* a new process or its namespaces */
	BPFTOKEN_STAGE_IDMAP, /* uid_map, gid_map */
	BPFTOKEN_STAGE_JOIN, /* setns() into the target, becoming its root */
	BPFTOKEN_STAGE_FSOPEN, /* fsopen("bpf") in the target's user namespace */
	BPFTOKEN_STAGE_HANDSHAKE, /* passing a descriptor between the two sides */
	BPFTOKEN_STAGE_FSCONFIG_OWNER, /* uid=, gid=, mode= */
	BPFTOKEN_STAGE_FSCONFIG_CMDS, /* delegate_cmds= */
	BPFTOKEN_STAGE_FSCONFIG_MAPS, /* delegate_maps= */
	BPFTOKEN_STAGE_FSCONFIG_PROGS, /* delegate_progs= */
	BPFTOKEN_STAGE_FSCONFIG_ATTACHS, /* delegate_attachs= */
	BPFTOKEN_STAGE_CREATE, /* FSCONFIG_CMD_CREATE: the superblock */
	BPFTOKEN_STAGE_FSMOUNT, /* the superblock becomes a mount */
	BPFTOKEN_STAGE_RESOLVE, /* the target path, inside the container's root */
	BPFTOKEN_STAGE_MOVE_MOUNT, /* the mount goes to its path */
	BPFTOKEN_STAGE_VERIFY, /* what the kernel says was delegated, compared */
	/* container setup of `bpftoken run` */
	BPFTOKEN_STAGE_SETUP, /* mounts, loopback, ids, capabilities */
	BPFTOKEN_STAGE_EXEC, /* the program itself */
	/* client side */
	BPFTOKEN_STAGE_DISCOVER, /* looking for a bpffs that yields a token */
	BPFTOKEN_STAGE_TOKEN_OPEN, /* opening the bpffs */
	BPFTOKEN_STAGE_TOKEN_CREATE, /* BPF_TOKEN_CREATE */
	BPFTOKEN_STAGE_TOKEN_INFO, /* reading a token's masks */
	BPFTOKEN_STAGE_MAP_CREATE, /* BPF_MAP_CREATE */
	BPFTOKEN_STAGE_PROG_LOAD, /* BPF_PROG_LOAD */
	BPFTOKEN_STAGE_BTF_LOAD, /* BPF_BTF_LOAD */
	BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, /* BPF_BTF_GET_FD_BY_ID */
	BPFTOKEN_STAGE_BPF, /* a bpf() command that takes no token */
	BPFTOKEN_STAGE_LINK_CREATE, /* BPF_LINK_CREATE, BPF_RAW_TRACEPOINT_OPEN */
	BPFTOKEN_STAGE_PERF_EVENT_OPEN, /* perf_event_open() */
	/* `bpftoken exec` */
	BPFTOKEN_STAGE_LISTENER, /* a seccomp listener for the program's calls */
	BPFTOKEN_STAGE_PRELOAD, /* the preload library, where there is no listener */
};

/* What an error means to the caller; the numbers are the command's exit statuses. */
enum bpftoken_kind {
	BPFTOKEN_KIND_FAILED = 1, /* nothing more specific */
	BPFTOKEN_KIND_USAGE = 2, /* the call itself is wrong */
	BPFTOKEN_KIND_POLICY = 3, /* policy invalid, insufficient or above a ceiling */
	BPFTOKEN_KIND_KERNEL = 4, /* the running kernel lacks it */
	BPFTOKEN_KIND_DENIED = 5, /* not permitted */
};

/*
 * One failure. Owned by the caller, needs no initialisation, may be copied freely.
 * Texts are always terminated; a text too long for its field ends in "...".
 */
struct bpftoken_error {
	int32_t code; /* negative errno of the step that failed */
	uint32_t stage; /* enum bpftoken_stage */
	uint32_t kind; /* enum bpftoken_kind; 0 until bpftoken_explain() decides it */
	uint32_t line; /* position in a text, both from 1; 0 = no position */
	uint32_t column;
	uint32_t type; /* map or program type of a refused load */
	uint32_t attach_type; /* expected attach type of a refused program */
	int32_t token_fd; /* token that a refused call was to carry, -1 = none */
	char what[192]; /* what failed, without a full stop */
	char why[512]; /* why */
	char fix[320]; /* what to do; may be empty */
};

/**
 * bpftoken_stage_name - name of a stage, for logs and JSON
 * @stage: enum bpftoken_stage
 *
 * Returns: a static string such as "FSCONFIG_MAPS", or "UNKNOWN".
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_stage_name(uint32_t stage);

/**
 * bpftoken_explain - complete an error with its meaning and remedy
 * @err: an error that a function of this library has filled
 *
 * Fills what is still empty of kind, what, why and fix from the stage, the errno and
 * facts that it observes at the time of the call: the token's masks, the caller's
 * capabilities, the kernel's BTF. For a refused load it finds which of the kernel's
 * checks said no. Texts that are already there are kept.
 *
 * Returns: enum bpftoken_kind.
 * Privilege: none.
 * Since: 0.1
 */
BPFTOKEN_API uint32_t bpftoken_explain(struct bpftoken_error *err);

/* ------------------------------------------------------------------- names */

/* The four things that a bpffs delegates. */
enum bpftoken_set {
	BPFTOKEN_CMDS, /* bpf() commands, enum bpf_cmd */
	BPFTOKEN_MAPS, /* map types, enum bpf_map_type */
	BPFTOKEN_PROGS, /* program types, enum bpf_prog_type */
	BPFTOKEN_ATTACHS, /* attach types, enum bpf_attach_type */
	BPFTOKEN_SETS, /* how many there are */
};

/**
 * bpftoken_name - kernel name of a value
 * @set: enum bpftoken_set
 * @value: value of the kernel's enum
 *
 * Names are the kernel's enumerators without prefix, in lower case, as mountinfo
 * prints them: "prog_load", "ringbuf", "socket_filter", "cgroup_inet_ingress".
 * Values newer than this library are named from the running kernel's BTF.
 *
 * Returns: a string that stays valid for the life of the process, or NULL for a value
 * that neither this library nor the running kernel names.
 * Since: 0.1
 * Source: Linux kernel/bpf/inode.c, bpf_show_options().
 */
BPFTOKEN_API const char *bpftoken_name(uint32_t set, uint32_t value);

/**
 * bpftoken_value - value of a kernel name
 * @set: enum bpftoken_set
 * @name: name without prefix; upper and lower case are the same, aliases are known
 * @ret_value: the value
 *
 * Returns: 0.
 * Errors:
 *   ENOENT  neither this library nor the running kernel's BTF has such a name.
 *   EINVAL  set is not one of the four.
 * Since: 0.1
 * Source: Linux kernel/bpf/inode.c, find_btf_enum_const().
 */
BPFTOKEN_API int bpftoken_value(uint32_t set, const char *name, uint32_t *ret_value);

/* ------------------------------------------------------------------ policy */

/* What is delegated: for each of the four sets some values, or "any". */
struct bpftoken_policy;

/**
 * bpftoken_policy_new - an empty policy
 * @ret_policy: the new policy; free it with bpftoken_policy_free()
 *
 * Returns: 0.
 * Errors:
 *   ENOMEM  no memory.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_new(struct bpftoken_policy **ret_policy);

/**
 * bpftoken_policy_free - free a policy
 * @policy: the policy, or NULL
 *
 * Returns: NULL, for p = bpftoken_policy_free(p).
 * Since: 0.1
 */
BPFTOKEN_API struct bpftoken_policy *bpftoken_policy_free(struct bpftoken_policy *policy);

/**
 * bpftoken_policy_add - add one value to a set
 * @policy: the policy
 * @set: enum bpftoken_set
 * @value: value of the kernel's enum, named or not
 *
 * Returns: 0.
 * Errors:
 *   EINVAL  set is not one of the four.
 *   ERANGE  value is above 63, which no delegation can express.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_add(struct bpftoken_policy *policy, uint32_t set,
				     uint32_t value);

/**
 * bpftoken_policy_add_any - delegate everything of a set, future values included
 * @policy: the policy
 * @set: enum bpftoken_set
 *
 * Returns: 0.
 * Errors:
 *   EINVAL  set is not one of the four.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_add_any(struct bpftoken_policy *policy, uint32_t set);

/**
 * bpftoken_policy_remove - remove one value from a set
 * @policy: the policy
 * @set: enum bpftoken_set
 * @value: value of the kernel's enum
 *
 * A set that was "any" becomes every value from 0 to 63 but this one.
 *
 * Returns: 0, also when the value was not there.
 * Errors:
 *   EINVAL  set is not one of the four.
 *   ERANGE  value is above 63.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_remove(struct bpftoken_policy *policy, uint32_t set,
					uint32_t value);

/**
 * bpftoken_policy_has - is a value delegated
 * @policy: the policy
 * @set: enum bpftoken_set
 * @value: value of the kernel's enum
 *
 * Returns: 1 yes, 0 no (also for a set or value out of range).
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_has(const struct bpftoken_policy *policy, uint32_t set,
				     uint32_t value);

/**
 * bpftoken_policy_is_any - is a whole set delegated
 * @policy: the policy
 * @set: enum bpftoken_set
 *
 * Returns: 1 yes, 0 no.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_is_any(const struct bpftoken_policy *policy,
					uint32_t set);

/**
 * bpftoken_policy_is_empty - is nothing delegated
 * @policy: the policy
 * @set: enum bpftoken_set, or BPFTOKEN_SETS for all four
 *
 * Returns: 1 nothing, 0 something.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_is_empty(const struct bpftoken_policy *policy,
					  uint32_t set);

/**
 * bpftoken_policy_merge - add all of one policy to another
 * @policy: what is added to
 * @other: what is added
 *
 * Returns: 0.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_merge(struct bpftoken_policy *policy,
				       const struct bpftoken_policy *other);

/**
 * bpftoken_policy_equal - do two policies delegate the same
 * @a: one policy
 * @b: the other
 *
 * Returns: 1 the same, 0 not.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_equal(const struct bpftoken_policy *a,
				       const struct bpftoken_policy *b);

/**
 * bpftoken_policy_covers - does a policy delegate all that another asks
 * @policy: what is delegated
 * @wanted: what is asked
 * @ret_missing: what is asked and not delegated, to be freed by the caller, or NULL when
 * nothing is; may be NULL
 *
 * Returns: 1 all of it, 0 not all.
 * Errors:
 *   ENOMEM  no memory for ret_missing.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_covers(const struct bpftoken_policy *policy,
					const struct bpftoken_policy *wanted,
					struct bpftoken_policy **ret_missing);

/**
 * bpftoken_policy_parse - read a policy text
 * @text: the text, terminated
 * @dialect: "mount" or "lxd", or NULL to detect it
 * @ret_policy: the policy, to be freed by the caller
 * @err: what is wrong, with line, column and the nearest name
 *
 * Reading is strict: an unknown name or key is an error, nothing is ignored.
 *
 * mount: "delegate_cmds=map_create:prog_load,delegate_maps=ringbuf", or a whole line
 * of /proc/PID/mountinfo or mount(8).
 *
 * lxd: "security.delegate_bpf.cmd_types=...", `lxc config set` lines, or the config
 * block of `lxc config show`.
 *
 * Returns: 0.
 * Errors:
 *   EINVAL  the text is not a policy in that dialect; err says where and why.
 *   ENOENT  an unknown name; err offers the nearest one.
 *   ERANGE  a number that does not fit 64 bits.
 *   ENOMEM  no memory.
 * Privilege: none.
 * Since: 0.1
 * Source: Linux kernel/bpf/inode.c, bpf_parse_param(); LXD's instance options.
 */
BPFTOKEN_API int bpftoken_policy_parse(const char *text, const char *dialect,
				       struct bpftoken_policy **ret_policy,
				       struct bpftoken_error *err);

/**
 * bpftoken_policy_format - write a policy as text
 * @policy: the policy
 * @dialect: "mount" or "lxd"
 * @ret_text: the text, to be freed with free()
 * @err: why the dialect cannot express the policy
 *
 * The text is canonical: sets in the order commands, maps, programs, attach types;
 * names in the kernel's order of values; empty sets left out. It ends with a newline.
 * Parsing it gives the same policy.
 *
 * Returns: 0.
 * Errors:
 *   EINVAL  unknown dialect.
 *   ENOMEM  no memory.
 * Privilege: none.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_policy_format(const struct bpftoken_policy *policy,
					const char *dialect, char **ret_text,
					struct bpftoken_error *err);

/* --------------------------------------------------------------- host side */

/**
 * bpftoken_supported - does the running kernel have BPF tokens
 * @err: the reason when it has not, or cannot be asked
 *
 * Asks the kernel (BPF_TOKEN_CREATE with an invalid descriptor), never its version.
 *
 * Returns: 1.
 * Errors:
 *   EOPNOTSUPP  the kernel lacks BPF tokens (Linux 6.9 or newer has them).
 *   EPERM, ENOSYS  the bpf() system call itself is blocked, e.g. by seccomp.
 * Privilege: none.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, token_create().
 */
BPFTOKEN_API int bpftoken_supported(struct bpftoken_error *err);

/**
 * bpftoken_bpffs_context - begin a bpffs for the calling process's user namespace
 * @err: what failed
 *
 * The container's half of the handshake: opens a filesystem context whose superblock
 * will belong to the caller's user namespace and root to the caller's fsuid. Send the
 * descriptor to the host, which goes on with bpftoken_bpffs_build(). Call it as uid 0 of
 * the user namespace, after its maps are written.
 *
 * Returns: the context's file descriptor.
 * Errors:
 *   EPERM   no CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
 *   ENODEV  the kernel has no bpffs.
 *   EMFILE, ENFILE, ENOMEM  limits.
 * Privilege: CAP_SYS_ADMIN in the user namespace that owns the caller's mount namespace.
 * Since: 0.1
 * Source: Linux fs/fsopen.c, fs/fs_context.c.
 */
BPFTOKEN_API int bpftoken_bpffs_context(struct bpftoken_error *err);

struct bpftoken_bpffs_opts {
	size_t sz;
	uint32_t flags; /* BPFTOKEN_BPFFS_* */
	uint32_t uid; /* owner of the root, a HOST uid; with BPFTOKEN_BPFFS_UID */
	uint32_t gid; /* group, a HOST gid; with BPFTOKEN_BPFFS_GID */
	uint32_t mode; /* permissions, 0 = the kernel's 1777 */
	uint32_t timeout_ms; /* bound of every wait for the other side, 0 = 5000 */
	const char *target; /* path inside the container, NULL = "/sys/fs/bpf" */
	const char *root; /* where target begins, NULL = the process's root directory */
};
#define BPFTOKEN_BPFFS_UID (1U << 0)
#define BPFTOKEN_BPFFS_GID (1U << 1)
#define BPFTOKEN_BPFFS_MKDIR (1U << 2) /* create the last directory of target */

/**
 * bpftoken_bpffs_build - host side: delegate a policy on a filesystem context
 * @context_fd: a context from bpftoken_bpffs_context(), stays the caller's
 * @policy: what to delegate, not empty
 * @opts: owner and mode, or NULL
 * @err: what failed, with the kernel's own words where it gave some
 *
 * Sets owner and masks (one hexadecimal number per set), creates the superblock, checks
 * that it is a bpffs, and turns it into a detached mount (nosuid, nodev, noexec). The
 * context may come from an untrusted process: a context of another filesystem is
 * refused. Compare the result with bpftoken_bpffs_verify() once it is mounted.
 *
 * Returns: the file descriptor of a detached mount, an O_PATH descriptor.
 * Errors:
 *   EINVAL  empty policy; not a bpffs context; uid or gid without a mapping there.
 *   EPERM   not privileged to delegate.
 *   EBUSY   the context was used before (by the other side).
 *   EOPNOTSUPP  the kernel lacks BPF tokens.
 * Privilege: CAP_SYS_ADMIN in the initial user namespace.
 * Since: 0.1
 * Source: Linux kernel/bpf/inode.c, bpf_parse_param(), bpf_fill_super().
 */
BPFTOKEN_API int bpftoken_bpffs_build(int context_fd,
				      const struct bpftoken_policy *policy,
				      const struct bpftoken_bpffs_opts *opts,
				      struct bpftoken_error *err);

/**
 * bpftoken_bpffs_place - put a detached mount on a path
 * @mount_fd: a mount from bpftoken_bpffs_build()
 * @root_fd: directory that the path is resolved in and cannot leave
 * @path: absolute path of an existing directory below root_fd
 * @err: what failed
 *
 * Symbolic links, magic links and ".." out of the root are refused. The mount appears
 * in the caller's mount namespace, which has to be root_fd's, and is private there: it
 * takes no part in propagation.
 *
 * Returns: 0.
 * Errors:
 *   ENOENT  no such directory.
 *   ENOTDIR  a part of the path is not a directory.
 *   ELOOP   a part of the path is a symbolic link.
 *   EPERM   no CAP_SYS_ADMIN for this mount namespace.
 * Privilege: CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
 * Since: 0.1
 * Source: openat2(2), move_mount(2).
 */
BPFTOKEN_API int bpftoken_bpffs_place(int mount_fd, int root_fd, const char *path,
				      struct bpftoken_error *err);

/**
 * bpftoken_bpffs_verify - compare what the kernel delegates with what was asked
 * @mount_fd: the placed mount, or any file on it
 * @pid: a process whose mount namespace shows the mount
 * @policy: what was asked
 * @err: the exact difference
 *
 * Reads the mount's own line of /proc/PID/mountinfo.
 *
 * Returns: 0, they are the same.
 * Errors:
 *   EOPNOTSUPP  the kernel does not know a value that was asked; err names it.
 *   ENOENT  that process shows no such mount.
 *   EPROTO  the kernel delegates something else than was asked.
 * Privilege: read access to /proc/PID/mountinfo.
 * Since: 0.1
 * Source: Linux kernel/bpf/inode.c, bpf_show_options().
 */
BPFTOKEN_API int bpftoken_bpffs_verify(int mount_fd, int32_t pid,
				       const struct bpftoken_policy *policy,
				       struct bpftoken_error *err);

/**
 * bpftoken_bpffs_mount - delegate to a process that already runs
 * @pidfd: pidfd of a process in the container
 * @policy: what to delegate, not empty
 * @opts: target path, owner, mode, timeout, or NULL
 * @err: what failed
 *
 * The whole protocol: a helper process joins the target's namespaces and opens the
 * context, the caller builds the mount, the helper places it inside the target's root,
 * and the caller reads it back. On failure nothing is left: no mount, no directory, no
 * process, no descriptor. Where the target's user namespace does not own its mount
 * namespace, two helpers share the work: one opens the context in the user namespace, one
 * places the mount as root of the host. The host's own mount namespace is never changed.
 *
 * The target path is resolved inside the root and cannot leave it; symbolic links and
 * magic links in it are refused. opts->root is for a container that is not there yet: a
 * directory as the target's mount namespace names it, that is going to be the container's
 * root, such as the rootfs of an OCI bundle while a createRuntime hook runs. Symbolic
 * links in opts->root itself are followed, inside the target's root: it is the host's
 * word. With BPFTOKEN_BPFFS_MKDIR the last directory of the path is created if it is
 * missing.
 *
 * Returns: 0, or 1 when the same policy is delegated there already, with the same owner
 * and mode; nothing was done then. Without BPFTOKEN_BPFFS_UID the owner is the
 * container's root.
 * Errors:
 *   EINVAL  empty policy; the target lives in the initial user namespace, or in the
 *           host's mount namespace.
 *   EEXIST  another policy, owner or mode is delegated there: bpftoken_bpffs_replace().
 *   ESRCH   the process is gone.
 *   EPERM   not privileged to delegate.
 *   ETIMEDOUT  the other side did not answer in time.
 *   any of bpftoken_bpffs_build(), bpftoken_bpffs_place(), bpftoken_bpffs_verify().
 * Privilege: CAP_SYS_ADMIN in the initial user namespace.
 * Since: 0.1
 * Source: Linux fs/fsopen.c; setns(2), openat2(2), move_mount(2).
 */
BPFTOKEN_API int bpftoken_bpffs_mount(int pidfd, const struct bpftoken_policy *policy,
				      const struct bpftoken_bpffs_opts *opts,
				      struct bpftoken_error *err);

/**
 * bpftoken_bpffs_replace - change what is delegated to a process that runs
 * @pidfd: pidfd of a process in the container
 * @policy: what to delegate from now on, not empty
 * @opts: as for bpftoken_bpffs_mount()
 * @ret_device: st_dev of the bpffs that was replaced, 0 when there was none
 * @err: what failed
 *
 * The kernel changes no bpffs that is mounted, and takes no token back. So this is
 * bpftoken_bpffs_mount(), and where a delegation is on the target it is detached once the
 * new one is complete and right; if any step fails, the old one stays as it was. Tokens
 * that were made of the old one go on working.
 *
 * Returns: 0, or 1 when the same policy is delegated there already; ret_device is
 * untouched then.
 * Errors:
 *   EBUSY   several delegations lie on top of one another: bpftoken_bpffs_unmount().
 *   any of bpftoken_bpffs_mount(), except EEXIST.
 * Privilege: CAP_SYS_ADMIN in the initial user namespace.
 * Since: 0.1
 * Source: Linux fs/namespace.c, MOVE_MOUNT_BENEATH.
 */
BPFTOKEN_API int bpftoken_bpffs_replace(int pidfd, const struct bpftoken_policy *policy,
					const struct bpftoken_bpffs_opts *opts,
					uint64_t *ret_device, struct bpftoken_error *err);

/**
 * bpftoken_bpffs_unmount - detach a delegated bpffs from a process that runs
 * @pidfd: pidfd of a process in the container
 * @opts: target and root as for bpftoken_bpffs_mount(), timeout, or NULL
 * @ret_device: st_dev of the bpffs that was detached
 * @err: what failed
 *
 * Detaches the topmost mount of the target if it is a bpffs that delegates something, and
 * nothing else. Tokens that were made of it go on working.
 *
 * Returns: 0.
 * Errors:
 *   ENODATA  what is mounted there, if anything, delegates nothing.
 *   ENOENT, ENOTDIR, ELOOP, ESRCH, EPERM, EINVAL, ETIMEDOUT  as bpftoken_bpffs_mount().
 * Privilege: CAP_SYS_ADMIN in the initial user namespace.
 * Since: 0.1
 * Source: umount(2).
 */
BPFTOKEN_API int bpftoken_bpffs_unmount(int pidfd, const struct bpftoken_bpffs_opts *opts,
					uint64_t *ret_device, struct bpftoken_error *err);

/* A process that holds something of a bpffs. */
struct bpftoken_holder {
	int32_t pid;
	uint32_t tokens; /* descriptors of tokens that were made of it */
	uint32_t
		directories; /* descriptors of its directories, which may become tokens */
	char name[16]; /* of the program, as the kernel has it; foreign text */
};

/* Receives one process; non-zero ends the search. */
typedef int (*bpftoken_holder_fn)(const struct bpftoken_holder *holder, void *data);

/**
 * bpftoken_bpffs_holders - find the processes that still hold a token of a bpffs
 * @device: st_dev of the bpffs, as bpftoken_bpffs_replace() returns it
 * @each: called for each process that holds something; non-zero ends the search
 * @data: for each()
 * @ret_unseen: how many processes could not be looked at, or NULL
 * @err: what failed
 *
 * Looks at the descriptors of every process by stat(2) and statfs(2) alone; nothing is
 * opened, and no server of a filesystem is asked. A process with several tokens is
 * reported once. A descriptor that is on its way through a socket belongs to no process
 * and is not found.
 *
 * Returns: how many processes hold something, or what each() returned if not 0.
 * Errors:
 *   EACCES, ENOENT  /proc cannot be read.
 *   EMFILE, ENFILE, ENOMEM  limits.
 * Privilege: CAP_SYS_PTRACE in the initial user namespace, to look at others' processes.
 * Since: 0.1
 * Source: proc(5); Linux kernel/bpf/token.c, bpf_token_create().
 */
BPFTOKEN_API int bpftoken_bpffs_holders(uint64_t device, bpftoken_holder_fn each,
					void *data, uint32_t *ret_unseen,
					struct bpftoken_error *err);

/* ------------------------------------------------------------- client side */

/**
 * bpftoken_create - turn a delegated bpffs into a token
 * @bpffs_fd: the root directory of the bpffs; an O_PATH descriptor will not do
 * @err: what failed
 *
 * Returns: the token's file descriptor, 3 or above. It keeps the masks of the mount as they are now
 * and stays valid after the mount is gone.
 * Errors:
 *   EBADF   not a descriptor, or an O_PATH one.
 *   EINVAL  not the root directory of a bpffs.
 *   EPERM   the bpffs belongs to another user namespace, or the caller lacks CAP_BPF in
 *           this one (CAP_SYS_ADMIN does not replace it here).
 *   EOPNOTSUPP  in the initial user namespace; or the kernel lacks BPF tokens.
 *   ENOENT  nothing is delegated on this bpffs.
 * Privilege: CAP_BPF in the user namespace of the bpffs, which has to be the caller's.
 * Since: 0.1
 * Source: Linux kernel/bpf/token.c, bpf_token_create().
 */
BPFTOKEN_API int bpftoken_create(int bpffs_fd, struct bpftoken_error *err);

struct bpftoken_open_opts {
	size_t sz;
	const char *path; /* this bpffs and no other, "" = none, NULL = look in every */
	const struct bpftoken_policy *wanted; /* what the token has to cover, or NULL */
};

/**
 * bpftoken_open - find a bpffs and make a token of it
 * @opts: where to look and what the token has to cover, or NULL
 * @err: why no bpffs gave a token
 *
 * Without a path, tries every bpffs of /proc/self/mountinfo in the order of the mounts
 * and takes the first whose delegation covers opts->wanted. With the empty path, as
 * libbpf has it too, a user opts out of tokens: nothing is opened, and the -ECANCELED
 * that is returned is, as any negative number, "no token" to every token_fd.
 *
 * Returns: the token's file descriptor.
 * Errors:
 *   ECANCELED  the path is "".
 *   ENOENT  no bpffs here, or none covers what is wanted.
 *   any of open(2) and bpftoken_create(): of the path, or of the first bpffs.
 * Privilege: as bpftoken_create().
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_open(const struct bpftoken_open_opts *opts,
			       struct bpftoken_error *err);

/**
 * bpftoken_adopt - use a token that another process handed over
 * @fd: the descriptor that it arrived as, across execve() or a socket
 * @err: what failed
 *
 * Makes sure that it is a token, without opening it again, and that it is handed no
 * further: it becomes close-on-exec. A standard descriptor (0, 1, 2) is copied and stays
 * as it is.
 *
 * Returns: the token's file descriptor, which is fd, or above 2 if fd was not.
 * Errors:
 *   EBADF   not a descriptor.
 *   EINVAL  not a token, or the kernel has none.
 *   EMFILE  no descriptor left for the copy.
 * Privilege: none.
 * Since: 0.1
 * Source: Linux kernel/bpf/token.c, bpf_token_create(), bpf_token_get_from_fd().
 */
BPFTOKEN_API int bpftoken_adopt(int fd, struct bpftoken_error *err);

/**
 * bpftoken_info - what a token of this process permits
 * @token_fd: a token that this process created
 * @ret_policy: its masks, to be freed by the caller
 * @err: what failed
 *
 * Uses BPF_OBJ_GET_INFO_BY_FD (Linux 6.17) and, where the kernel is older, this
 * process's own /proc/self/fdinfo. Do not use it on a token file that an untrusted
 * process sent.
 *
 * Returns: 0.
 * Errors:
 *   EBADF   not a descriptor.
 *   EINVAL  not a token.
 *   ENOMEM  no memory.
 * Privilege: none.
 * Since: 0.1
 * Source: Linux kernel/bpf/token.c, bpf_token_get_info_by_fd(),
 * bpf_token_show_fdinfo().
 */
BPFTOKEN_API int bpftoken_info(int token_fd, struct bpftoken_policy **ret_policy,
			       struct bpftoken_error *err);

/**
 * bpftoken_global_set - set the token that calls use by default
 * @token_fd: the token, or -1 for none; stays the caller's and has to stay open
 *
 * Process-wide. Reading is lock-free, so it may be set while other threads load.
 *
 * Returns: the token that was set before, or -1.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_global_set(int token_fd);

/**
 * bpftoken_global_get - the token that calls use by default
 *
 * Returns: the token, or -1 for none.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_global_get(void);

struct bpftoken_map_create_opts {
	size_t sz;
	int32_t token_fd; /* 0 the process-wide token, -1 none, above 0 this one */
	uint32_t type; /* map type */
	uint32_t key_size; /* bytes */
	uint32_t value_size; /* bytes */
	uint32_t max_entries;
	uint32_t flags; /* BPF_F_*; BPF_F_TOKEN_FD is set for you */
	const char *name; /* at most 15 characters, NULL = none */
	uint32_t inner_map_fd;
	uint32_t numa_node;
	uint32_t ifindex;
	uint32_t btf_fd;
	uint32_t btf_key_type_id;
	uint32_t btf_value_type_id;
	uint32_t btf_vmlinux_value_type_id;
	uint32_t value_type_btf_obj_fd;
	uint64_t map_extra;
};

/**
 * bpftoken_map_create - create a map, with a token
 * @opts: the map
 * @err: what failed; bpftoken_explain() finds which check refused
 *
 * Returns: the map's file descriptor.
 * Errors:
 *   EPERM   not permitted: map_create or the type is not delegated by the token, a
 *           capability is missing in the token's user namespace (all of them are where
 *           that is not the caller's, nor below it), or an LSM refused.
 *   EINVAL  unknown type, wrong sizes or flags; not a token; name too long.
 *   EBADF   token_fd is not a descriptor.
 *   E2BIG   sizes out of range, or unknown options.
 *   ENOMEM  no memory, or the memory cgroup is full.
 * Privilege: CAP_BPF, for some types also CAP_NET_ADMIN, in the user namespace of the
 * token; without a token in the initial one.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, map_create().
 */
BPFTOKEN_API int bpftoken_map_create(const struct bpftoken_map_create_opts *opts,
				     struct bpftoken_error *err);

struct bpftoken_prog_load_opts {
	size_t sz;
	int32_t token_fd; /* 0 the process-wide token, -1 none, above 0 this one */
	uint32_t type; /* program type */
	uint32_t expected_attach_type; /* 0 is cgroup_inet_ingress: there is no "none" */
	uint32_t insn_cnt; /* instructions, 8 bytes each */
	const void *insns;
	const char *license; /* NULL = "" */
	const char *name; /* at most 15 characters, NULL = none */
	uint32_t flags; /* BPF_F_*; BPF_F_TOKEN_FD is set for you */
	uint32_t log_level;
	uint32_t log_size; /* bytes of log_buf */
	uint32_t kern_version;
	char *log_buf;
	/* bytes that the whole log needs, written on failure too; NULL = not wanted */
	uint32_t *ret_log_true_size;
	uint32_t ifindex;
	uint32_t btf_fd;
	const void *func_info;
	uint32_t func_info_rec_size;
	uint32_t func_info_cnt;
	const void *line_info;
	uint32_t line_info_rec_size;
	uint32_t line_info_cnt;
	uint32_t attach_btf_id;
	uint32_t attach_btf_obj_fd; /* or the fd of the program to attach to */
	const int32_t *fd_array;
	uint32_t fd_array_cnt;
	uint32_t reserved; /* 0 */
};

/**
 * bpftoken_prog_load - load a program, with a token
 * @opts: the program
 * @err: what failed; bpftoken_explain() finds which check refused
 *
 * Returns: the program's file descriptor.
 * Errors:
 *   EPERM   not permitted: prog_load, the program type or the expected attach type is
 *           not delegated by the token, a capability is missing in the token's user
 *           namespace (all of them are where that is not the caller's, nor below it),
 *           or an LSM refused. A type that the kernel does not know gives the same
 *           EPERM.
 *   EACCES  the verifier refused the program; see its log.
 *   EINVAL  bad program, unknown type, not a token; name too long.
 *   EBADF   token_fd is not a descriptor.
 *   E2BIG   too many instructions, or unknown options.
 *   ENOSPC  the log does not fit log_buf.
 * Privilege: CAP_BPF and, by type, CAP_NET_ADMIN or CAP_PERFMON in the user namespace of
 * the token; without a token in the initial one.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, bpf_prog_load(); kernel/bpf/token.c.
 */
BPFTOKEN_API int bpftoken_prog_load(const struct bpftoken_prog_load_opts *opts,
				    struct bpftoken_error *err);

struct bpftoken_btf_load_opts {
	size_t sz;
	int32_t token_fd; /* 0 the process-wide token, -1 none, above 0 this one */
	uint32_t size; /* bytes of data */
	const void *data; /* raw BTF */
	char *log_buf;
	uint32_t log_size; /* bytes of log_buf */
	uint32_t log_level;
};

/**
 * bpftoken_btf_load - load type information, with a token
 * @opts: the BTF
 * @err: what failed
 *
 * Returns: the file descriptor of the BTF.
 * Errors:
 *   EPERM   btf_load is not delegated by the token, or CAP_BPF is missing in its user
 *           namespace (as it is in every other that is not above it).
 *   EINVAL  bad BTF; not a token.
 *   EBADF   token_fd is not a descriptor.
 *   E2BIG   BTF too large, or unknown options.
 * Privilege: CAP_BPF in the user namespace of the token; without a token in the initial
 * one.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, bpf_btf_load().
 */
BPFTOKEN_API int bpftoken_btf_load(const struct bpftoken_btf_load_opts *opts,
				   struct bpftoken_error *err);

struct bpftoken_btf_by_id_opts {
	size_t sz;
	int32_t token_fd; /* 0 the process-wide token, -1 none, above 0 this one */
	uint32_t id; /* id of a BTF object in the kernel */
};

/**
 * bpftoken_btf_get_fd_by_id - open a BTF object of the kernel, with a token
 * @opts: which one
 * @err: what failed
 *
 * Before Linux 6.15 the command takes no token. The call then goes without, and
 * bpftoken_explain() says so where it is refused.
 *
 * Returns: the file descriptor of the BTF.
 * Errors:
 *   EPERM   btf_get_fd_by_id is not delegated by the token, or CAP_SYS_ADMIN is missing
 *           in its user namespace (as it is in every other that is not above it).
 *   EINVAL  not a token.
 *   ENOENT  no such id.
 *   EBADF   token_fd is not a descriptor.
 * Privilege: CAP_SYS_ADMIN in the user namespace of the token (CAP_BPF is not enough);
 * without a token in the initial one.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, bpf_btf_get_fd_by_id().
 */
BPFTOKEN_API int bpftoken_btf_get_fd_by_id(const struct bpftoken_btf_by_id_opts *opts,
					   struct bpftoken_error *err);

struct bpftoken_bpf_opts {
	size_t sz;
	int32_t token_fd; /* 0 the process-wide token, -1 none, above 0 this one */
	uint32_t common_size; /* bytes of common */
	void *common; /* struct bpf_common_attr, where cmd has BPF_COMMON_ATTRS (7.2) */
	struct bpftoken_error *err; /* what failed, or NULL */
};

/**
 * bpftoken_bpf - bpf(2), with the token where the command takes one
 * @cmd: command, enum bpf_cmd, with or without BPF_COMMON_ATTRS
 * @attr: union bpf_attr
 * @size: bytes of attr
 * @opts: which token, or NULL for the process-wide one
 *
 * For code that builds its own attr. map_create, prog_load, btf_load and
 * btf_get_fd_by_id get the token's field and BPF_F_TOKEN_FD, in a copy of the attr that
 * is long enough for them; what the kernel writes into the attr arrives in the caller's,
 * as far as that goes, and the token does not. A kernel whose command has no such field
 * gets neither. Every other command, and an attr that has a token already, that
 * is empty or is longer than 4096 bytes, goes to the kernel as it is.
 *
 * Returns: what bpf(2) returns: a file descriptor or 0.
 * Errors:
 *   EPERM   not permitted; bpftoken_explain() finds which check refused.
 *   EBADF   token_fd is not a descriptor.
 *   EINVAL  not a token.
 *   EFAULT  attr is NULL and size is not 0.
 *   E2BIG   attr is longer than a page or has bytes set that the kernel does not know;
 *           or unknown options.
 *   any of bpf(2).
 * Privilege: that of the command, in the user namespace of the token.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, __sys_bpf().
 */
BPFTOKEN_API int bpftoken_bpf(uint32_t cmd, void *attr, uint32_t size,
			      const struct bpftoken_bpf_opts *opts);

/* ------------------------------------------------------------------ probes */

/* The answers of a probe. */
enum bpftoken_answer {
	BPFTOKEN_WORKS, /* it was done, here and now, and undone */
	BPFTOKEN_KERNEL_LACKS, /* the running kernel does not know it */
	BPFTOKEN_NOT_DELEGATED, /* a bit is missing in the token, or there is no token */
	BPFTOKEN_NO_CAPABILITY, /* a capability is missing in the user namespace */
	BPFTOKEN_BLOCKED, /* something else: LSM, lockdown, seccomp, a setting */
};

/**
 * bpftoken_probe_map_type - can a map of this type be created here
 * @type: map type
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Creates the smallest map of that type and closes it. The reason is complete, without
 * bpftoken_explain().
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_probe_map_type(uint32_t type, int token_fd,
					 struct bpftoken_error *reason);

/**
 * bpftoken_probe_prog_type - can a program of this type be loaded here
 * @type: program type
 * @attach_type: expected attach type; BPFTOKEN_ATTACH_DEFAULT for the type's usual one
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Loads the smallest program of that type and closes it. Nothing is attached. The reason
 * is complete, without bpftoken_explain().
 *
 * Returns: enum bpftoken_answer.
 * Programs that name something in the kernel's BTF are given a target that every kernel
 * has. A struct_ops or ext program is loaded as far as the permission checks go.
 *
 * Errors:
 *   EINVAL, EBADF  token_fd is no token.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_probe_prog_type(uint32_t type, uint32_t attach_type,
					  int token_fd, struct bpftoken_error *reason);
#define BPFTOKEN_ATTACH_DEFAULT UINT32_MAX

/**
 * bpftoken_probe_map_flag - can a map of this type be created with this flag
 * @type: map type
 * @flag: BPF_F_*, one bit
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   EINVAL  flag is not exactly one bit, or is BPF_F_TOKEN_FD.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, map_create(), and the map types' alloc_check().
 */
BPFTOKEN_API int bpftoken_probe_map_flag(uint32_t type, uint32_t flag, int token_fd,
					 struct bpftoken_error *reason);

/**
 * bpftoken_probe_helper - can a program of this type call this helper here
 * @prog_type: program type
 * @helper: number of the helper, enum bpf_func_id
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Loads the smallest program of the type that calls the helper. A program that the
 * verifier refuses for the helper's arguments proves that the helper itself is permitted.
 *
 * Returns: enum bpftoken_answer; a helper that the kernel has, but not for programs of
 * this type, is lacking.
 * Errors:
 *   EOPNOTSUPP  what programs of this type (struct_ops, ext) may call depends on their
 *           target, which this probe does not choose.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/verifier.c, check_helper_call().
 */
BPFTOKEN_API int bpftoken_probe_helper(uint32_t prog_type, uint32_t helper, int token_fd,
				       struct bpftoken_error *reason);

/**
 * bpftoken_helper_name - name of a helper
 * @helper: number of the helper, enum bpf_func_id
 *
 * Names are those of the kernel's documentation, without BPF_FUNC_: "map_lookup_elem".
 * Helpers newer than this library are named from the running kernel's BTF.
 *
 * Returns: a string that stays valid for the life of the process, or NULL.
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_helper_name(uint32_t helper);

/**
 * bpftoken_helper_count - how many helpers the running kernel has
 *
 * Returns: one more than the largest number; from the kernel's BTF, or what this library
 * knows where the kernel shows none.
 * Since: 0.1
 */
BPFTOKEN_API uint32_t bpftoken_helper_count(void);

/**
 * bpftoken_probe_kfunc - does the kernel have this kfunc, and may a program call it
 * @prog_type: program type, or 0 to ask only whether the kernel has it
 * @name: name of the kernel function
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Whether it exists is read from the kernel's BTF (functions tagged "bpf_kfunc"); whether
 * it may be called is asked by loading a program that calls it.
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   ENOENT  the kernel shows no BTF to look in, or one that does not say which functions
 *           are kfuncs (before Linux 6.10).
 *   EOPNOTSUPP  what programs of this type (struct_ops, ext) may call depends on their
 *           target, which this probe does not choose.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/verifier.c, fetch_kfunc_meta().
 */
BPFTOKEN_API int bpftoken_probe_kfunc(uint32_t prog_type, const char *name, int token_fd,
				      struct bpftoken_error *reason);

/**
 * bpftoken_probe_btf_kind - can BTF with a type of this kind be loaded here
 * @kind: BTF_KIND_*
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/btf.c, btf_check_meta().
 */
BPFTOKEN_API int bpftoken_probe_btf_kind(uint32_t kind, int token_fd,
					 struct bpftoken_error *reason);

/**
 * bpftoken_btf_kind_name - name of a kind of BTF type
 * @kind: BTF_KIND_*
 *
 * Returns: a static string such as "int" or "decl_tag", or NULL.
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_btf_kind_name(uint32_t kind);

/**
 * bpftoken_probe_cmd - can this bpf() command be used here
 * @cmd: command, enum bpf_cmd
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Calls the command with arguments that change nothing. Only map_create, prog_load,
 * btf_load and btf_get_fd_by_id take a token; the others either need no privilege or one
 * on the host that no delegation replaces, and the reason says which.
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   EOPNOTSUPP  the kernel has the command, but it is newer than this library, which does
 *               not know how to call it without effect.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, __sys_bpf().
 */
BPFTOKEN_API int bpftoken_probe_cmd(uint32_t cmd, int token_fd,
				    struct bpftoken_error *reason);

/* The ways in which a program is attached. */
enum bpftoken_link {
	BPFTOKEN_LINK_UPROBE_MULTI,
	BPFTOKEN_LINK_UPROBE_SESSION,
	BPFTOKEN_LINK_KPROBE_MULTI,
	BPFTOKEN_LINK_KPROBE_SESSION,
	BPFTOKEN_LINK_PERF_EVENT,
	BPFTOKEN_LINK_RAW_TRACEPOINT,
	BPFTOKEN_LINK_TRACING,
	BPFTOKEN_LINK_ITER,
	BPFTOKEN_LINK_CGROUP,
	BPFTOKEN_LINK_XDP,
	BPFTOKEN_LINK_TCX,
	BPFTOKEN_LINK_NETKIT,
	BPFTOKEN_LINK_NETFILTER,
	BPFTOKEN_LINK_SK_LOOKUP,
	BPFTOKEN_LINK_FLOW_DISSECTOR,
	BPFTOKEN_LINK_STRUCT_OPS,
	BPFTOKEN_LINKS, /* how many there are */
};

/**
 * bpftoken_probe_link - can a program be attached in this way here
 * @link: enum bpftoken_link
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Loads a program of the kind that is attached so and asks for a link that cannot be
 * made, or one that is closed before anything can run through it; nothing stays attached.
 * The kernel checks a token when the program is loaded, so its type and attach type have
 * to be delegated:
 *
 * uprobe_multi, uprobe_session, kprobe_multi, kprobe_session: kprobe with the attach type
 * of that name (trace_uprobe_multi...).
 *
 * perf_event, raw_tracepoint: the program type of that name, cgroup_inet_ingress (0).
 *
 * tracing, iter: tracing with trace_fentry, with trace_iter.
 *
 * cgroup: cgroup_skb with cgroup_inet_ingress. xdp: xdp with xdp. tcx, netkit: sched_cls
 * with tcx_ingress, with netkit_primary. netfilter, sk_lookup, flow_dissector: program
 * and attach type of that name.
 *
 * struct_ops: the program type, the attach type whose value is the number of the member
 * that the program implements, the map type, and the commands map_create and btf_load.
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   EINVAL  no such link; token_fd is not a token.
 *   EBADF   token_fd is not a descriptor.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 * Source: Linux kernel/bpf/syscall.c, link_create().
 */
BPFTOKEN_API int bpftoken_probe_link(uint32_t link, int token_fd,
				     struct bpftoken_error *reason);

/**
 * bpftoken_link_name - name of a way to attach
 * @link: enum bpftoken_link
 *
 * Returns: a static string such as "uprobe_multi", or NULL.
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_link_name(uint32_t link);

/* What else a program may depend on. */
enum bpftoken_feature {
	BPFTOKEN_FEATURE_LARGE_PROGRAMS, /* more than 4096 instructions */
	BPFTOKEN_FEATURE_BOUNDED_LOOPS,
	BPFTOKEN_FEATURE_ISA_V2, /* jump if less */
	BPFTOKEN_FEATURE_ISA_V3, /* 32-bit jumps */
	BPFTOKEN_FEATURE_ISA_V4, /* long jumps, sign extension */
	BPFTOKEN_FEATURE_RING_BUFFER, /* a ringbuf map */
	BPFTOKEN_FEATURE_PERF_BUFFER, /* perf_event_array with events on a CPU */
	BPFTOKEN_FEATURE_OBJECT_NAMES, /* names of maps and programs */
	BPFTOKEN_FEATURE_GLOBAL_DATA, /* direct access to an array's value */
	BPFTOKEN_FEATURES, /* how many there are */
};

/**
 * bpftoken_probe_feature - does something else that programs depend on work here
 * @feature: enum bpftoken_feature
 * @token_fd: as in the load functions: 0 process-wide, -1 none, above 0 this one
 * @reason: which check refused and what would turn it into a yes; may be NULL
 *
 * Instructions are probed with whichever program type the token permits.
 *
 * Returns: enum bpftoken_answer.
 * Errors:
 *   EINVAL  no such feature.
 *   ENOMEM, EMFILE, ENFILE, EAGAIN  the question could not be asked.
 * Privilege: none to ask.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_probe_feature(uint32_t feature, int token_fd,
					struct bpftoken_error *reason);

/**
 * bpftoken_feature_name - name of a feature
 * @feature: enum bpftoken_feature
 *
 * Returns: a static string such as "bounded_loops", or NULL.
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_feature_name(uint32_t feature);

/**
 * bpftoken_probe_forget - forget the answers that were given for a token
 * @token_fd: as in the load functions; INT32_MIN forgets all
 *
 * Answers are kept for each token (by its descriptor), so that asking again costs no
 * system call. Forget them before the descriptor is closed, and when what the process may
 * do has changed: capabilities, a seccomp filter, a setting.
 *
 * Returns: how many answers were forgotten.
 * Since: 0.1
 */
BPFTOKEN_API int bpftoken_probe_forget(int token_fd);

/**
 * bpftoken_answer_name - a probe's answer in words
 * @answer: enum bpftoken_answer
 *
 * Returns: a static string: "works", "kernel lacks it", "not delegated",
 * "capability missing", "blocked".
 * Since: 0.1
 */
BPFTOKEN_API const char *bpftoken_answer_name(uint32_t answer);

#ifdef __cplusplus
}
#endif

#endif
