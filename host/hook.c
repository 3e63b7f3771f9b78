/* SPDX-License-Identifier: MIT */
/* What was asked, by whom, and the delegation itself: see hook.h. */
#include "hook.h"

#include "bpffs.h"
#include "cover.h"
#include "dialects.h"
#include "error.h"
#include "grant.h"
#include "names.h"
#include "policy.h"
#include "warn.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The keys that are no sets. */
enum { KEY_POLICY = BPFTOKEN_SETS, KEY_TARGET, KEY_EXEC, KEYS };

static const char *const keys[KEYS] = {
	[BPFTOKEN_CMDS] = "cmds",   [BPFTOKEN_MAPS] = "maps",
	[BPFTOKEN_PROGS] = "progs", [BPFTOKEN_ATTACHS] = "attachs",
	[KEY_POLICY] = "policy",    [KEY_TARGET] = "target",
	[KEY_EXEC] = "exec",
};

void hook_request_done(struct hook_request *request)
{
	request->policy = bpftoken_policy_free(request->policy);
	free(TAKE_PTR(request->target));
	free(TAKE_PTR(request->root));
	free(TAKE_PTR(request->via));
	free(TAKE_PTR(request->program));
	free(TAKE_PTR(request->path));
	free(TAKE_PTR(request->cwd));
	close_fd(&request->pidfd);
}

int hook_raise(struct bpftoken_error *err, int code, const char *fix, const char *why,
	       ...)
{
	va_list args;

	va_start(args, why);
	err_vraise(err, BPFTOKEN_STAGE_TARGET, code, why, args);
	va_end(args);
	err_fix(err, "%s", fix);
	err_kind(err, code == -EPERM ? BPFTOKEN_KIND_DENIED : BPFTOKEN_KIND_FAILED);
	return code;
}

int hook_ask_policy(struct hook_request *request, const struct bpftoken_policy *policy,
		    struct bpftoken_error *err)
{
	int r = request->policy ? 0 : bpftoken_policy_new(&request->policy);

	return r < 0 ? err_oom(err) : bpftoken_policy_merge(request->policy, policy);
}

/* Every part is judged where it came from, so that no part is hidden in another. */
static int ask_text(struct hook_request *request, enum hook_source source,
		    const char *text, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	int r = source == HOOK_CONTAINER ? grant_from_container(text, &policy, err)
					 : grant_from_text(text, &policy, err);

	return r < 0 ? r : hook_ask_policy(request, policy, err);
}

static int ask_list(struct hook_request *request, enum hook_source source, uint32_t set,
		    const char *value, struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	int r = bpftoken_policy_new(&policy);

	if (r < 0)
		return err_oom(err);
	r = list_parse_option(value, set, &policy->mask[set], err);
	if (r == 0)
		r = host_policy_format("mount", policy, &text, err);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	return ask_text(request, source, text, err);
}

/* A path inside the container: where it leads, openat2() in its root decides. */
static int ask_target(struct hook_request *request, const char *value,
		      struct bpftoken_error *err)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] == 0x7f)
			return err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
					 "it contains a control character");
	if (value[0] != '/' || len >= PATH_MAX)
		return err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
				 "it is not an absolute path");
	free(request->target);
	request->target = strdup(value);
	return request->target ? 0 : err_oom(err);
}

/* As exec's --via; true is auto, for those who write annotations. */
static int ask_exec(struct hook_request *request, const char *value,
		    struct bpftoken_error *err)
{
	static const char *const words[] = { "auto", "notify", "preload" };
	const char *via = strcmp(value, "true") != 0 ? value : "auto";
	size_t i = 0;

	while (i < ARRAY_SIZE(words) && strcmp(via, words[i]) != 0)
		i++;
	if (i == ARRAY_SIZE(words)) {
		err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL,
			  "\"%s\" is no way to run a program",
			  text_quote(value, strlen(value)).text);
		err_fix(err, "write true, auto, notify or preload");
		return -EINVAL;
	}
	free(request->via);
	request->via = strdup(via);
	return request->via ? 0 : err_oom(err);
}

static int unknown_key(const char *key, struct bpftoken_error *err)
{
	struct nearest nearest;

	nearest_init(&nearest, key, strlen(key));
	for (size_t i = 0; i < KEYS; i++)
		nearest_offer(&nearest, keys[i]);
	err_raise(err, BPFTOKEN_STAGE_POLICY, -EINVAL, "there is no such key");
	if (nearest.best)
		err_fix(err, "write " HOOK_PREFIX "%s", nearest.best);
	else
		err_fix(err,
			"the keys are policy, cmds, maps, progs, attachs, target, exec");
	return -EINVAL;
}

int hook_ask(struct hook_request *request, enum hook_source source, const char *key,
	     const char *value, struct bpftoken_error *err)
{
	int r, i = 0;

	while (i < KEYS && strcmp(keys[i], key) != 0)
		i++;
	if (i == KEYS)
		r = unknown_key(key, err);
	else if (i == KEY_TARGET)
		r = ask_target(request, value, err);
	else if (i == KEY_EXEC)
		r = ask_exec(request, value, err);
	else if (i == KEY_POLICY)
		r = ask_text(request, source, value, err);
	else
		r = ask_list(request, source, (uint32_t)i, value, err);
	if (r < 0 && err && !err->what[0])
		err_what(err, "cannot use " HOOK_PREFIX "%s",
			 text_quote(key, strlen(key)).text);
	return r;
}

int hook_asks(const struct hook_request *request, struct bpftoken_error *err)
{
	if (request->policy || !request->via)
		return request->policy != NULL;
	err_raise(err, BPFTOKEN_STAGE_POLICY, -ENODATA,
		  "without a policy there is no token that exec could give");
	err_what(err, "cannot use " HOOK_PREFIX "exec");
	err_fix(err, "write " HOOK_PREFIX "policy, too");
	return -ENODATA;
}

static int place_cover(const struct hook_request *request, struct bpftoken_error *err)
{
	const struct cover cover = {
		.via = request->via,
		.token = request->target ? request->target : BPFFS_DEFAULT_TARGET,
		.program = request->program,
		.path = request->path,
		.cwd = request->cwd,
		.front = request->front,
		.preload = request->preload,
		.root = request->root,
	};

	if (request->front)
		return cover_place(request->pidfd, &cover, err);
	return hook_raise(err, -ENOENT, "install it beside bpftoken",
			  "there is no " COVER_PROGRAM
			  ", which exec in a container needs");
}

int hook_delegate(const struct hook_request *request, struct bpftoken_error *err)
{
	struct bpftoken_bpffs_opts opts = {
		.sz = sizeof(opts),
		.flags = BPFTOKEN_BPFFS_MKDIR,
		.target = request->target,
		.root = request->root,
	};
	struct warn_facts facts;
	uint64_t device;
	bool made;
	int r = grant_check_ceiling(request->policy, err);

	if (r == 0)
		r = warn_observe(sys_pidfd_pid(request->pidfd), &facts, err);
	if (r < 0)
		return r;
	warn_each(request->policy, &facts, warn_print, NULL);
	r = bpftoken_bpffs_mount(request->pidfd, request->policy, &opts, err);
	made = r == 0;
	if (r >= 0 && request->via)
		r = place_cover(request, err);
	if (r < 0 && made)
		(void)bpftoken_bpffs_unmount(request->pidfd, &opts, &device, NULL);
	return r;
}
