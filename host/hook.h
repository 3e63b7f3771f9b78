/* SPDX-License-Identifier: MIT */
/*
 * What the engines' hooks have in common: who asked for what, and the delegation to a
 * container that its engine has made but not yet started.
 *
 * Two sources ask. The administrator (the hook's own command line, LXC's configuration)
 * is bounded by the ceiling alone. The container (an image's or a pod's annotations) may
 * name profiles and, where there is a ceiling, policies within it: grant.h decides.
 */
#ifndef BPFTOKEN_HOST_HOOK_H
#define BPFTOKEN_HOST_HOOK_H

#include "bpftoken.h"
#include "text.h"

#include <stdbool.h>
#include <sys/types.h>

enum hook_source { HOOK_ADMINISTRATOR, HOOK_CONTAINER };

struct hook_request {
	struct bpftoken_policy *policy; /* NULL: nothing was asked */
	char *target; /* inside the container, NULL: /sys/fs/bpf */
	char *root; /* of the container in its mount namespace, NULL: its own "/" */
	int pidfd;
	/* exec in front of the program: cover.h. NULL: not asked */
	char *via;
	char *program, *path, *cwd;
	const char *front, *preload; /* not owned; NULL: not installed */
};

#define HOOK_REQUEST_EMPTY ((struct hook_request){ .pidfd = -EBADF })

void hook_request_done(struct hook_request *request);

/* Adds a policy to what is asked. */
int hook_ask_policy(struct hook_request *request, const struct bpftoken_policy *policy,
		    struct bpftoken_error *err);

/*
 * Takes bpftoken.KEY = value: policy, cmds, maps, progs, attachs, target or exec. An error
 * names the key, and a key that there is not is one.
 */
int hook_ask(struct hook_request *request, enum hook_source source, const char *key,
	     const char *value, struct bpftoken_error *err);

/* Prefix of all keys that are ours. */
#define HOOK_PREFIX "bpftoken."

/* Is there anything to do? 1 or 0; exec without a policy is an error. */
int hook_asks(const struct hook_request *request, struct bpftoken_error *err);

/*
 * Holds all that was asked to the ceiling and delegates it to the process of pidfd; then
 * exec goes in front of its program. What fails leaves neither there.
 */
int hook_delegate(const struct hook_request *request, struct bpftoken_error *err);

/*
 * An OCI runtime's hook: state is what it wrote to standard input. Nothing asked leaves
 * the request without policy and looks no further. Otherwise the process and the root
 * are found and checked to be those of the state's container.
 */
int hook_oci_read(struct hook_request *request, const char *state,
		  struct bpftoken_error *err);

/* The JSON of a hooks.d file that calls path with args, which end with NULL. */
int hook_oci_config(const char *path, char *const args[], bool always, char **ret_text,
		    struct bpftoken_error *err);

/* What liblxc tells its lxc.hook.start-host. */
struct hook_lxc {
	const char *type; /* LXC_HOOK_TYPE, or the third argument */
	const char *pid; /* LXC_PID */
	const char *config; /* LXC_CONFIG_FILE, or NULL */
};
int hook_lxc_read(struct hook_request *request, const struct hook_lxc *lxc,
		  struct bpftoken_error *err);

/* Raises an error about what an engine said, with the hook's own remedy. */
int hook_raise(struct bpftoken_error *err, int code, const char *fix, const char *why,
	       ...) _printf_(4, 5);

#endif
