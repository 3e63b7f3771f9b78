/* SPDX-License-Identifier: MIT */
/* All dialects, and policy texts from files and arguments. */
#include "dialects.h"

#include "error.h"
#include "names.h"
#include "presets.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINE_COLUMNS 80

/* In the order of detection: the first bytes leave little doubt. */
const struct dialect *const host_dialects[] = {
	&dialect_oci, &dialect_json,  &dialect_systemd, &dialect_ini,
	&dialect_lxd, &dialect_incus, &dialect_mount,	NULL,
};

int host_policy_parse(const char *name, const char *text,
		      struct bpftoken_policy **ret_policy, struct list_notes *notes,
		      struct bpftoken_error *err)
{
	return dialect_parse(host_dialects, name, text, ret_policy, notes, err);
}

int host_policy_format(const char *name, const struct bpftoken_policy *policy,
		       char **ret_text, struct bpftoken_error *err)
{
	return dialect_format(host_dialects, name, policy, ret_text, err);
}

const char *host_dialect_of(const char *text)
{
	for (size_t i = 0; host_dialects[i]; i++)
		if (host_dialects[i]->detect(text))
			return host_dialects[i]->name;
	return NULL;
}

/* path is NULL for standard input. */
static int cannot_read(struct bpftoken_error *err, uint32_t kind, const char *path,
		       int code, const char *why)
{
	err_raise(err, BPFTOKEN_STAGE_POLICY, code, "%s", why);
	err_kind(err, kind);
	if (path)
		err_what(err, "cannot read the policy file \"%s\"",
			 text_quote(path, strlen(path)).text);
	else
		err_what(err, "cannot read the policy from standard input");
	err_fix(err, "give a readable policy file");
	return code;
}

static int file_failed(struct bpftoken_error *err, const char *path, int code)
{
	return cannot_read(err, BPFTOKEN_KIND_FAILED, path, code, strerror(-code));
}

/* Reads to the end; one byte more than a policy may have tells that there is more. */
static ssize_t read_all(int fd, char buf[HOST_TEXT_MAX + 1])
{
	size_t used = 0;

	while (used <= HOST_TEXT_MAX) {
		ssize_t n = sys_read(fd, buf + used, HOST_TEXT_MAX + 1 - used);

		if (n < 0)
			return n;
		if (n == 0)
			return (ssize_t)used;
		used += (size_t)n;
	}
	return -EFBIG;
}

/* Reads fd into a text of its own; path is its name, NULL for standard input. */
int host_read_fd(const char *path, int fd, char **ret_text, struct bpftoken_error *err)
{
	_cleanup_free_ char *buf = malloc(HOST_TEXT_MAX + 1);
	ssize_t size;

	if (!buf)
		return err_oom(err);
	size = read_all(fd, buf);
	if (size == -EFBIG)
		return cannot_read(err, BPFTOKEN_KIND_POLICY, path, -EFBIG,
				   "it is longer than 1 MiB");
	if (size < 0)
		return file_failed(err, path, (int)size);
	if (memchr(buf, '\0', (size_t)size))
		return cannot_read(err, BPFTOKEN_KIND_POLICY, path, -EINVAL,
				   "it contains a NUL byte");
	buf[size] = '\0';
	*ret_text = TAKE_PTR(buf);
	return 0;
}

int host_read_file(const char *path, char **ret_text, struct bpftoken_error *err)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return file_failed(err, path, fd);
	return host_read_fd(path, fd, ret_text, err);
}

int host_read_stdin(char **ret_text, struct bpftoken_error *err)
{
	return host_read_fd(NULL, STDIN_FILENO, ret_text, err);
}

/* Every policy text has one of these, and a file's name hardly ever. */
static bool looks_like_text(const char *arg)
{
	return strpbrk(arg, "={[\n");
}

/* A preset as a text, of the dialect that detection is surest of. */
static int preset_text(const char *arg, char **ret_text, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	int r = presets_parse(arg, &policy, err);

	return r < 0 ? r : host_policy_format("json", policy, ret_text, err);
}

int host_argument_text(const char *arg, char **ret_text, struct bpftoken_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	char *text;

	if (arg[0] == '@')
		return preset_text(arg, ret_text, err);
	fd = sys_openat(AT_FDCWD, arg, O_RDONLY);
	if (fd >= 0)
		return host_read_fd(arg, fd, ret_text, err);
	if (!looks_like_text(arg) || fd == -EACCES)
		return file_failed(err, arg, fd);
	text = strdup(arg);
	if (!text)
		return err_oom(err);
	*ret_text = text;
	return 0;
}

int host_policy_argument(const char *arg, struct bpftoken_policy **ret_policy,
			 struct bpftoken_error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = host_argument_text(arg, &text, err);

	if (r < 0)
		return r;
	return host_policy_parse(NULL, text, ret_policy, NULL, err);
}

const char *const host_keys[HOST_KEYS] = {
	[BPFTOKEN_CMDS] = "cmds",	[BPFTOKEN_MAPS] = "maps",
	[BPFTOKEN_PROGS] = "progs",	[BPFTOKEN_ATTACHS] = "attachs",
	[HOST_KEY_MEMLOCK] = "memlock",
};

int host_key(struct span name)
{
	for (int i = 0; i < HOST_KEYS; i++)
		if (span_is(name, host_keys[i]))
			return i;
	return -1;
}

int host_unknown_key(struct span name, struct bpftoken_error *err)
{
	struct nearest nearest;

	nearest_init(&nearest, name.data, name.len);
	for (size_t i = 0; i < HOST_KEYS; i++)
		nearest_offer(&nearest, host_keys[i]);
	if (nearest.best) {
		text_error(err, name.at, -EINVAL, "unknown key \"%s\"; nearest is \"%s\"",
			   SPAN_QUOTE(name), nearest.best);
		err_fix(err, "write %s", nearest.best);
	} else {
		text_error(err, name.at, -EINVAL, "unknown key \"%s\"", SPAN_QUOTE(name));
		err_fix(err, "the keys are cmds, maps, progs, attachs and memlock");
	}
	return -EINVAL;
}

void host_add_words(struct text *out, const char *words, size_t column)
{
	size_t at = column;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (at > column && at + 1 + len > LINE_COLUMNS) {
			text_add(out, "\n%*s", (int)column, "");
			at = column;
		}
		text_add(out, "%s%.*s", at > column ? " " : "", (int)len, words);
		at += len + (at > column);
		words += len + strspn(words + len, " ");
	}
}
