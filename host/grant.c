/* SPDX-License-Identifier: MIT */
/*
 * Profiles and the ceiling: see grant.h. Each directory on the way and the file itself
 * are opened one by one, without following links, and have to be root's alone.
 */
#include "grant.h"

#include "dialects.h"
#include "error.h"
#include "names.h"
#include "presets.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROFILES "profiles.d"
#define CEILING "ceiling.ini"
#define NAME_MAX_LENGTH 63

#define OTHERS_WRITE 022U

/* ------------------------------------------------------------------- files */

/* An error about a file of ours. */
static int file_error(struct bpftoken_error *err, const char *path, int code,
		      const char *why, const char *fix)
{
	err_raise(err, BPFTOKEN_STAGE_POLICY, code, "%s", why);
	err_kind(err, BPFTOKEN_KIND_POLICY);
	err_what(err, "cannot use %s", path);
	err_fix(err, "%s", fix);
	return code;
}

/*
 * Opens name in the directory dir_fd, without following a link, if it is of the type and
 * only root can write it. path is its whole name, for errors. -ENOENT raises no error.
 */
static int open_trusted(int dir_fd, const char *name, const char *path, mode_t type,
			struct bpftoken_error *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	_cleanup_close_ int fd = sys_openat(dir_fd, name, flags);
	struct sys_owner owner;
	int r;

	if (fd == -ENOENT)
		return fd;
	if (fd == -ELOOP)
		return file_error(err, path, fd, "it is a symbolic link",
				  "put the file itself there");
	if (fd < 0)
		return file_error(err, path, fd, strerror(-fd),
				  "let root read and own it");
	r = sys_owner(fd, &owner);
	if (r < 0)
		return file_error(err, path, r, strerror(-r), "let root read and own it");
	if ((owner.mode & S_IFMT) != type)
		return file_error(err, path, -EINVAL,
				  type == S_IFDIR ? "it is no directory"
						  : "it is no regular file",
				  "replace it");
	if (owner.uid != 0 || owner.mode & OTHERS_WRITE) {
		file_error(err, path, -EPERM, "others than root can write it", "");
		err_fix(err, "chown root %s && chmod go-w %s", path, path);
		return -EPERM;
	}
	return TAKE_FD(fd);
}

/* The directory of all of it, or -ENOENT without an error. */
static int open_directory(struct bpftoken_error *err)
{
	_cleanup_close_ int parent = sys_openat(AT_FDCWD, BPFTOKEN_CONFDIR, O_PATH);

	if (parent == -ENOENT)
		return parent;
	if (parent < 0)
		return file_error(err, BPFTOKEN_CONFDIR, parent, strerror(-parent),
				  "let root read it");
	return open_trusted(parent, "bpftoken", GRANT_DIRECTORY, S_IFDIR, err);
}

/* Reads and parses an ini file; path is its whole name. */
static int read_policy(int fd, const char *path, struct bpftoken_policy **ret_policy,
		       struct bpftoken_error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = host_read_fd(path, fd, &text, err);

	if (r < 0)
		return r;
	r = host_policy_parse("ini", text, ret_policy, NULL, err);
	if (r < 0)
		err_what(err, "cannot use %s", path);
	return r;
}

/* ---------------------------------------------------------------- profiles */

static bool is_name_character(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && !first && strchr("._-", c);
}

bool grant_is_profile_name(const char *name)
{
	size_t len = 0;

	while (len <= NAME_MAX_LENGTH && is_name_character(name[len], len == 0))
		len++;
	return len && len <= NAME_MAX_LENGTH && !name[len] && !strstr(name, "..");
}

static int open_profile(const char *name, char *path, size_t size,
			struct bpftoken_error *err)
{
	_cleanup_close_ int top = -EBADF, dir = -EBADF;

	snprintf(path, size, "%s/%s/%s.ini", GRANT_DIRECTORY, PROFILES, name);
	top = open_directory(err);
	if (top < 0)
		return top;
	dir = open_trusted(top, PROFILES, GRANT_DIRECTORY "/" PROFILES, S_IFDIR, err);
	if (dir < 0)
		return dir;
	return open_trusted(dir, strrchr(path, '/') + 1, path, S_IFREG, err);
}

int grant_profile(const char *name, struct bpftoken_policy **ret_policy,
		  struct bpftoken_error *err)
{
	char path[sizeof(GRANT_DIRECTORY) + sizeof(PROFILES) + NAME_MAX_LENGTH + 8];
	_cleanup_close_ int fd = -EBADF;

	if (!grant_is_profile_name(name)) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
			  "\"%s\" is no name of a profile",
			  text_quote(name, strlen(name)).text);
		err_kind(err, BPFTOKEN_KIND_POLICY);
		err_fix(err, "use at most 63 letters, digits, '.', '_' and '-', a letter "
			     "or digit first");
		return -EINVAL;
	}
	fd = open_profile(name, path, sizeof(path), err);
	if (fd == -ENOENT) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, fd, "there is no profile \"%s\"",
			  name);
		err_kind(err, BPFTOKEN_KIND_POLICY);
		err_fix(err, "write %s", path);
	}
	return fd < 0 ? fd : read_policy(fd, path, ret_policy, err);
}

/* ----------------------------------------------------------------- ceiling */

/* 1 and the ceiling, 0 when there is none, or negative: then nothing may be granted. */
static int read_ceiling(struct bpftoken_policy **ret_ceiling, struct bpftoken_error *err)
{
	const char *path = GRANT_DIRECTORY "/" CEILING;
	_cleanup_close_ int top = open_directory(err), fd = -EBADF;
	int r;

	if (top == -ENOENT)
		return 0;
	if (top < 0)
		return top;
	fd = open_trusted(top, CEILING, path, S_IFREG, err);
	if (fd == -ENOENT)
		return 0;
	r = fd < 0 ? fd : read_policy(fd, path, ret_ceiling, err);
	return r < 0 ? r : 1;
}

/* "map types hash, ringbuf; every program type" */
static void list_excess(const struct bpftoken_policy *policy,
			const struct bpftoken_policy *excess, struct text *out)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!excess->mask[set])
			continue;
		text_add(out, "%s", out->len ? "; " : "");
		if (policy->mask[set] == POLICY_ANY) {
			text_add(out, "any %s", names_set_noun(set));
			continue;
		}
		text_add(out, "%ss ", names_set_noun(set));
		list_format(out, set, excess->mask[set], ", ");
	}
}

/* Cut at a whole item where the sentence has no room for all. */
static int refuse_excess(const struct bpftoken_policy *policy,
			 const struct bpftoken_policy *excess, struct bpftoken_error *err)
{
	static const char why[] = "it exceeds the ceiling: ";
	const size_t room = sizeof(err->why) - sizeof(why) - sizeof(", ...");
	_cleanup_text_ struct text list = { 0 };
	size_t len;
	bool cut;

	list_excess(policy, excess, &list);
	if (list.failed)
		return err_oom(err);
	cut = list.len > room;
	for (len = cut ? room : list.len; cut && list.data[len] != ',';)
		len--;
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EPERM, "%s%.*s%s", why, (int)len,
		  list.data, cut ? ", ..." : "");
	err_kind(err, BPFTOKEN_KIND_POLICY);
	err_what(err, "cannot grant the policy");
	err_fix(err, "ask for less, or raise %s/%s", GRANT_DIRECTORY, CEILING);
	return -EPERM;
}

static int check_within(const struct bpftoken_policy *policy,
			const struct bpftoken_policy *ceiling, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *excess = NULL;
	int r = bpftoken_policy_covers(ceiling, policy, &excess);

	if (r < 0)
		return err_oom(err);
	return r ? 0 : refuse_excess(policy, excess, err);
}

int grant_check_ceiling(const struct bpftoken_policy *policy, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *ceiling = NULL;
	int r = read_ceiling(&ceiling, err);

	return r <= 0 ? r : check_within(policy, ceiling, err);
}

/* ------------------------------------------------------------------- texts */

int grant_from_text(const char *text, struct bpftoken_policy **ret_policy,
		    struct bpftoken_error *err)
{
	if (text[0] == '@')
		return presets_parse(text, ret_policy, err);
	if (grant_is_profile_name(text))
		return grant_profile(text, ret_policy, err);
	return host_policy_parse(NULL, text, ret_policy, NULL, err);
}

static int refuse_container(struct bpftoken_error *err, int code, const char *why,
			    const char *fix)
{
	err_raise(err, BPFTOKEN_STAGE_POLICY, code, "%s", why);
	err_kind(err, BPFTOKEN_KIND_POLICY);
	err_what(err, "cannot grant what the container asks for");
	err_fix(err, "%s", fix);
	return code;
}

static int check_container_text(const char *text, struct bpftoken_error *err)
{
	size_t len = strnlen(text, GRANT_CONTAINER_MAX + 1);

	if (len > GRANT_CONTAINER_MAX)
		return refuse_container(err, -EFBIG, "the text is longer than 64 KiB",
					"name a profile");
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return refuse_container(
				err, -EINVAL,
				"the text has characters that are not printable",
				"write one line of ASCII");
	return 0;
}

int grant_from_container(const char *text, struct bpftoken_policy **ret_policy,
			 struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL, *ceiling = NULL;
	int r = check_container_text(text, err), bounded;

	if (r < 0)
		return r;
	bounded = read_ceiling(&ceiling, err);
	if (bounded < 0)
		return bounded;
	if (!bounded && !grant_is_profile_name(text))
		return refuse_container(
			err, -EPERM,
			"without a ceiling a container can only name a profile",
			"name a profile, or write " GRANT_DIRECTORY "/" CEILING);
	r = grant_from_text(text, &policy, err);
	if (r >= 0 && bounded)
		r = check_within(policy, ceiling, err);
	if (r < 0)
		return r;
	*ret_policy = TAKE_PTR(policy);
	return 0;
}
