/* SPDX-License-Identifier: MIT */
/*
 * The lxc.hook.start-host of plain LXC: called on the host when the container is made and
 * its init waits to be executed, with LXC_PID in the environment.
 *
 * What to delegate stands on the hook's own line, or in the container's configuration.
 * liblxc refuses keys that it does not know and keeps comments, so ours are comments:
 *
 *	# bpftoken.policy = @socket-filter
 *	# security.delegate_bpf = true
 *
 * with bpftoken.policy, cmds, maps, progs, attachs, target, exec, and LXD's keys with
 * LXD's values. The file is the administrator's; one that others can write asks nothing.
 *
 * Source: lxc.container.conf(5); liblxc src/lxc/start.c sets LXC_PID.
 */
#include "hook.h"

#include "bpffs.h"
#include "dialects.h"
#include "error.h"
#include "policy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FIX_LXC "let liblxc call it: lxc.hook.start-host = /usr/bin/bpftoken hook lxc"
#define FIX_FILE "give it to root, and let nobody else write to it"

/* LXD's keys, all that dialect-lxd.c reads. */
static const char *const lxd_prefixes[] = { "security.delegate_bpf",
					    "limits.kernel.memlock", NULL };

static bool is_lxd_key(struct span key)
{
	for (size_t i = 0; lxd_prefixes[i]; i++)
		if (span_starts(key, lxd_prefixes[i]))
			return true;
	return false;
}

/* What exec goes in front of: the first word of lxc.init.cmd, which is an absolute path. */
static int take_program(struct hook_request *request, struct span line,
			struct bpftoken_error *err)
{
	if (!span_is(span_trim(span_cut(&line, "=")), "lxc.init.cmd"))
		return 0;
	line = span_word(&line);
	free(request->program);
	request->program = strndup(line.data, line.len);
	return request->program ? 0 : err_oom(err);
}

/* Of a comment: bpftoken.* is taken, a key of LXD's is kept for its dialect. */
static int take_line(struct hook_request *request, struct span line, struct text *lxd,
		     struct bpftoken_error *err)
{
	_cleanup_free_ char *name = NULL, *value = NULL;
	struct span key;
	int r;

	line = span_trim(line);
	if (!span_starts(line, "#"))
		return take_program(request, line, err);
	line = span_trim(span_skip(line, 1));
	if (span_until(line, "=") == line.len)
		return 0;
	key = span_trim(span_cut(&line, "="));
	line = span_trim(line);
	if (is_lxd_key(key)) {
		text_add(lxd, "%.*s=%.*s\n", (int)key.len, key.data, (int)line.len,
			 line.data);
		return 0;
	}
	if (!span_starts(key, HOOK_PREFIX))
		return 0;
	key = span_skip(key, strlen(HOOK_PREFIX));
	name = strndup(key.data, key.len);
	value = strndup(line.data, line.len);
	if (!name || !value)
		return err_oom(err);
	r = hook_ask(request, HOOK_ADMINISTRATOR, name, value, err);
	if (r < 0 && err)
		err_position(err, line.at.line, line.at.column);
	return r;
}

static int take_lxd(struct hook_request *request, struct text *lxd,
		    struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	if (!lxd->len)
		return 0;
	r = text_take(lxd, &text);
	if (r < 0)
		return err_oom(err);
	r = host_policy_parse("lxd", text, &policy, NULL, err);
	return r < 0 ? r : hook_ask_policy(request, policy, err);
}

/* Only root decides what root's hook delegates. */
static int check_file(const char *path, struct bpftoken_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return hook_raise(err, -errno, FIX_LXC, "the configuration %s: %s", path,
				  strerror(errno));
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return hook_raise(
			err, -EPERM, FIX_FILE,
			"the configuration %s can be written by others than root", path);
	return 0;
}

static int read_file(struct hook_request *request, const char *path,
		     struct bpftoken_error *err)
{
	_cleanup_text_ struct text lxd = { 0 };
	_cleanup_free_ char *text = NULL;
	struct span rest;
	int r = host_read_file(path, &text, err);

	if (r < 0)
		return r;
	rest = span_of(text);
	while (r == 0 && rest.len)
		r = take_line(request, span_cut(&rest, "\n"), &lxd, err);
	if (r == 0)
		r = take_lxd(request, &lxd, err);
	if (r < 0)
		return r;
	return request->policy || request->target || request->via ? check_file(path, err)
								  : 0;
}

static int find_process(struct hook_request *request, const char *text,
			struct bpftoken_error *err)
{
	char *end;
	long pid;

	if (!text)
		return hook_raise(err, -EINVAL, FIX_LXC, "LXC_PID is not set");
	pid = strtol(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end || pid <= 1 || pid > INT32_MAX)
		return hook_raise(err, -EINVAL, FIX_LXC, "LXC_PID is no process: \"%s\"",
				  text_quote(text, strlen(text)).text);
	request->pidfd = sys_pidfd_open((pid_t)pid);
	return request->pidfd < 0
		       ? hook_raise(err, request->pidfd, FIX_LXC, "process %ld: %s", pid,
				    strerror(-request->pidfd))
		       : 0;
}

/* liblxc's own defaults, lxc.container.conf(5). */
static int complete_program(struct hook_request *request, struct bpftoken_error *err)
{
	if (!request->program)
		request->program = strdup("/sbin/init");
	request->path = strdup("");
	request->cwd = strdup("/");
	return request->program && request->path && request->cwd ? 0 : err_oom(err);
}

int hook_lxc_read(struct hook_request *request, const struct hook_lxc *lxc,
		  struct bpftoken_error *err)
{
	int r = 0;

	if (!lxc->type || strcmp(lxc->type, "start-host") != 0)
		return hook_raise(
			err, -EINVAL, FIX_LXC, "called as hook \"%s\"",
			lxc->type ? text_quote(lxc->type, strlen(lxc->type)).text : "");
	if (lxc->config)
		r = read_file(request, lxc->config, err);
	if (r == 0)
		r = hook_asks(request, err);
	if (r <= 0)
		return r;
	r = bpffs_may_delegate(err);
	if (r == 0 && request->via)
		r = complete_program(request, err);
	return r < 0 ? r : find_process(request, lxc->pid, err);
}
