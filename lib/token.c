/* SPDX-License-Identifier: MIT */
/*
 * Client side: from a bpffs to a token, and what the token permits. A token is an inode
 * of the bpffs that it was made from; its masks never change. Kernel: kernel/bpf/token.c.
 */
#include "attr.h"
#include "bpffs.h"
#include "error.h"
#include "mountinfo.h"
#include "policy.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static atomic_int global_token = -1;

int bpftoken_global_set(int token_fd)
{
	return atomic_exchange(&global_token, token_fd < 0 ? -1 : token_fd);
}

int bpftoken_global_get(void)
{
	return atomic_load(&global_token);
}

/* A caller with closed standard descriptors: 0 as token_fd would mean "process-wide". */
static int move_high(int fd, struct bpftoken_error *err)
{
	int high = sys_dup_high(fd);

	sys_close(fd);
	return high < 0 ? err_raise(err, BPFTOKEN_STAGE_TOKEN_CREATE, high, NULL) : high;
}

int bpftoken_create(int bpffs_fd, struct bpftoken_error *err)
{
	struct attr_token_create attr = { .bpffs_fd = (uint32_t)bpffs_fd };
	int fd = sys_bpf(ATTR_TOKEN_CREATE, &attr, sizeof(attr));
	struct bpftoken_error unsupported;

	if (fd > 2)
		return fd;
	if (fd >= 0)
		return move_high(fd, err);
	/* A kernel without tokens says EINVAL too. */
	if (fd == -EINVAL && bpftoken_supported(&unsupported) == -EOPNOTSUPP)
		return err_raise(err, BPFTOKEN_STAGE_KERNEL, -EOPNOTSUPP, NULL);
	return err_raise(err, BPFTOKEN_STAGE_TOKEN_CREATE, fd, NULL);
}

static int create_from_path(const char *path, struct bpftoken_error *err)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	int token;

	if (fd < 0)
		return err_raise(err, BPFTOKEN_STAGE_TOKEN_OPEN, fd, "%s: %s", path,
				 strerror(-fd));
	token = bpftoken_create(fd, err);
	if (token < 0)
		err_what(err, "cannot make a token of %s", path);
	return token;
}

/* A token that covers what is wanted, or the reason why not. */
static int create_covering(const char *path, const struct bpftoken_policy *wanted,
			   struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *has = NULL, *missing = NULL;
	_cleanup_close_ int token = create_from_path(path, err);
	_cleanup_free_ char *text = NULL;
	int r;

	if (token < 0 || !wanted)
		return TAKE_FD(token);
	r = bpftoken_info(token, &has, err);
	if (r < 0)
		return r;
	r = bpftoken_policy_covers(has, wanted, &missing);
	if (r > 0)
		return TAKE_FD(token);
	if (r < 0 || bpftoken_policy_format(missing, "mount", &text, NULL) < 0)
		return err_oom(err);
	text[strcspn(text, "\n")] = '\0';
	return err_raise(err, BPFTOKEN_STAGE_DISCOVER, -ENOENT, "%s lacks %s", path,
			 text);
}

/*
 * What the kernel itself says: it looks at the token first, then at the size of the BTF,
 * which here is above every limit. EINVAL is another file than a token.
 */
static bool kernel_takes_as_token(int fd)
{
	const struct attr_token_row *row = attr_token_row(ATTR_BTF_LOAD);
	struct attr_btf_load attr = { .btf_size = UINT32_MAX,
				      .btf_flags = ATTR_F_TOKEN_FD,
				      .btf_token_fd = (uint32_t)fd };

	return sys_bpf(ATTR_BTF_LOAD, &attr, row->min_size) != -EINVAL;
}

/* Never by opening it again: the file behind the descriptor answers all of this. */
static int check_is_token(int fd)
{
	uint32_t type;
	uint64_t links;
	mode_t mode;
	int r;

	r = sys_fs_type(fd, &type);
	if (r < 0)
		return r;
	r = sys_file_mode(fd, &mode, &links);
	if (r < 0)
		return r;
	return type == BPFFS_MAGIC && S_ISREG(mode) && links == 0 &&
			       kernel_takes_as_token(fd)
		       ? 0
		       : -EINVAL;
}

int bpftoken_adopt(int fd, struct bpftoken_error *err)
{
	int r = check_is_token(fd);

	if (r == 0)
		r = fd > 2 ? sys_set_cloexec(fd) : sys_dup_high(fd);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TOKEN_INFO, r, NULL);
	return fd > 2 ? fd : r;
}

struct search {
	const struct bpftoken_policy *wanted;
	struct bpftoken_error *err; /* about failure */
	int failure; /* of the first bpffs that gave no token */
	int token;
};

static int try_mount(const struct mountinfo *mount, void *data)
{
	struct search *search = data;

	if (strcmp(mount->fs_type, "bpf") != 0 || strcmp(mount->root, "/") != 0)
		return 0;
	search->token = create_covering(mount->mount_point, search->wanted,
					search->failure ? NULL : search->err);
	if (search->token >= 0)
		return 1;
	if (!search->failure)
		search->failure = search->token;
	return 0;
}

int bpftoken_open(const struct bpftoken_open_opts *opts, struct bpftoken_error *err)
{
	struct bpftoken_error first;
	struct search search = { .err = &first };
	struct bpftoken_open_opts own;
	int r;

	r = opts_take(&own, sizeof(own), opts, err);
	if (r < 0)
		return r;
	if (own.path && !own.path[0])
		return err_raise(err, BPFTOKEN_STAGE_DISCOVER, -ECANCELED, NULL);
	if (own.path)
		return create_covering(own.path, own.wanted, err);
	search.wanted = own.wanted;
	r = mountinfo_each(0, try_mount, &search);
	if (r > 0)
		return search.token;
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_DISCOVER, r, NULL);
	if (search.failure && err)
		*err = first;
	if (search.failure)
		return search.failure;
	return err_raise(err, BPFTOKEN_STAGE_DISCOVER, -ENOENT,
			 "there is none in this mount namespace");
}

/* "allowed_cmds:\tany" or "allowed_cmds:\t0x21". */
static int fdinfo_mask(const char *text, const char *key, uint64_t *ret_mask)
{
	const char *line = strstr(text, key);
	size_t digits;

	if (!line)
		return -EINVAL;
	line += strlen(key);
	line += *line == '\t';
	if (!strncmp(line, "any\n", 4)) {
		*ret_mask = POLICY_ANY;
		return 0;
	}
	/* strtoull() alone would take blanks, signs and too many digits. */
	digits = strncmp(line, "0x", 2) ? 0 : strspn(line + 2, "0123456789abcdef");
	if (digits < 1 || digits > 16 || line[2 + digits] != '\n')
		return -EPROTO;
	*ret_mask = strtoull(line, NULL, 16);
	return 0;
}

/*
 * Before Linux 6.17 the only place that shows a token's masks. Our own, never another's.
 */
static int info_from_fdinfo(int token_fd, uint64_t mask[BPFTOKEN_SETS])
{
	static const char *const keys[BPFTOKEN_SETS] = {
		[BPFTOKEN_CMDS] = "\nallowed_cmds:",
		[BPFTOKEN_MAPS] = "\nallowed_maps:",
		[BPFTOKEN_PROGS] = "\nallowed_progs:",
		[BPFTOKEN_ATTACHS] = "\nallowed_attachs:",
	};
	char path[64], text[1024];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", token_fd);
	len = text_read_file(path, text, sizeof(text));
	if (len < 0)
		return (int)len;
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		int r = fdinfo_mask(text, keys[set], &mask[set]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int info_masks(int token_fd, uint64_t mask[BPFTOKEN_SETS])
{
	struct attr_token_info info = { 0 };
	struct attr_obj_info attr = { .bpf_fd = (uint32_t)token_fd,
				      .info_len = sizeof(info),
				      .info = (uintptr_t)&info };
	uint32_t type;
	int r;

	r = sys_fs_type(token_fd, &type);
	if (r < 0)
		return r;
	/* A map or program would answer with its own info. */
	if (type != BPFFS_MAGIC)
		return -EINVAL;
	r = sys_bpf(ATTR_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	if (r < 0)
		return info_from_fdinfo(token_fd, mask);
	mask[BPFTOKEN_CMDS] = info.allowed_cmds;
	mask[BPFTOKEN_MAPS] = info.allowed_maps;
	mask[BPFTOKEN_PROGS] = info.allowed_progs;
	mask[BPFTOKEN_ATTACHS] = info.allowed_attachs;
	return 0;
}

int bpftoken_info(int token_fd, struct bpftoken_policy **ret_policy,
		  struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	int r = bpftoken_policy_new(&policy);

	if (r < 0)
		return err_oom(err);
	r = info_masks(token_fd, policy->mask);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TOKEN_INFO, r, NULL);
	*ret_policy = TAKE_PTR(policy);
	return 0;
}
