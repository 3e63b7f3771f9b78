/* SPDX-License-Identifier: MIT */
/*
 * The createRuntime hook of an OCI runtime (and the older prestart): called on the host
 * with the container's state as JSON on standard input, when its namespaces and mounts
 * are made and its root is not yet pivoted to. So the container's root is a directory of
 * its mount namespace, with the path that the host knows it by.
 *
 * The state says which process and which bundle; that the two belong together is not
 * believed but looked at: the process has the user namespace that the bundle's
 * configuration describes, and its mount namespace has one mount more on the root than
 * the host, which is the one that the runtime makes before it pivots there.
 *
 * Source: OCI runtime-spec, runtime.md (state) and config.md (hooks, root, namespaces).
 */
#include "hook.h"

#include "bpffs.h"
#include "dialects.h"
#include "error.h"
#include "json.h"
#include "mountinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A state nests three deep, a configuration with all of seccomp eight. */
#define JSON_DEPTH 32

#define FIX_STATE "let an OCI runtime call it, as createRuntime hook"
#define FIX_USERNS \
	"start the container in a user namespace of its own (podman --userns, hostUsers: false)"

/* A whole text that is one object, or an error about what. */
static int parse_object(const char *text, const char *what, struct json_object **ret,
			struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *object = NULL;
	struct json_wrong wrong;
	int r = json_read(text, strlen(text), JSON_DEPTH, &object, &wrong);

	if (r == -ENOMEM)
		return err_oom(err);
	if (r < 0)
		return hook_raise(err, -EINVAL, FIX_STATE, "%s is not valid JSON: %s",
				  what, wrong.why);
	if (!json_object_is_type(object, json_type_object))
		return hook_raise(err, -EINVAL, FIX_STATE, "%s is not a JSON object",
				  what);
	*ret = TAKE_PTR(object);
	return 0;
}

/* A member of a type, or NULL. */
static struct json_object *member(struct json_object *object, const char *key,
				  enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

/* The text of a string, or NULL; a NUL inside would hide the rest. */
static const char *text_of(struct json_object *value)
{
	const char *text = json_object_is_type(value, json_type_string)
				   ? json_object_get_string(value)
				   : NULL;

	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text
										 : NULL;
}

static const char *string_member(struct json_object *object, const char *key)
{
	return text_of(member(object, key, json_type_string));
}

/* What a pod's annotations ask is for its containers, not for the one that holds it. */
static bool is_pod_sandbox(struct json_object *annotations)
{
	static const char *const keys[] = { "io.kubernetes.cri.container-type",
					    "io.kubernetes.cri-o.ContainerType" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *type = string_member(annotations, keys[i]);

		if (type && !strcmp(type, "sandbox"))
			return true;
	}
	return false;
}

static int ask_annotations(struct hook_request *request, struct json_object *state,
			   struct bpftoken_error *err)
{
	struct json_object *annotations = member(state, "annotations", json_type_object);
	int r = 0;

	if (!annotations || is_pod_sandbox(annotations))
		return 0;
	json_object_object_foreach(annotations, key, unused)
	{
		const char *value;

		(void)unused;
		if (strncmp(key, HOOK_PREFIX, strlen(HOOK_PREFIX)) != 0)
			continue;
		value = string_member(annotations, key);
		if (!value)
			return hook_raise(err, -EINVAL, FIX_STATE,
					  "the annotation %s is not a text",
					  text_quote(key, strlen(key)).text);
		r = hook_ask(request, HOOK_CONTAINER, key + strlen(HOOK_PREFIX), value,
			     err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ------------------------------------------------------------- the container */

static int read_config(const char *bundle, struct json_object **ret_config,
		       struct bpftoken_error *err)
{
	_cleanup_free_ char *text = NULL, *path = NULL;
	int r;

	if (asprintf(&path, "%s/config.json", bundle) < 0)
		return err_oom(err);
	r = host_read_file(path, &text, err);
	if (r < 0) {
		err_what(err, "cannot read the bundle's configuration");
		err_fix(err, FIX_STATE);
		return r;
	}
	return parse_object(text, "the bundle's config.json", ret_config, err);
}

/* root.path, which may be relative to the bundle, as the host's mounts call it. */
static int find_root(struct hook_request *request, struct json_object *config,
		     const char *bundle, struct bpftoken_error *err)
{
	struct json_object *root = member(config, "root", json_type_object);
	const char *given = root ? string_member(root, "path") : NULL;
	_cleanup_free_ char *path = NULL;

	if (!given)
		return hook_raise(err, -EINVAL, FIX_STATE,
				  "the bundle's configuration has no root.path");
	if (asprintf(&path, "%s%s%s", given[0] == '/' ? "" : bundle,
		     given[0] == '/' ? "" : "/", given) < 0)
		return err_oom(err);
	request->root = realpath(path, NULL);
	if (request->root)
		return 0;
	return hook_raise(err, -errno, FIX_STATE, "the container's root %s: %s", path,
			  strerror(errno));
}

struct root_count {
	const char *root;
	int count;
};

static int count_root(const struct mountinfo *mount, void *data)
{
	struct root_count *counter = data;

	counter->count += !strcmp(mount->mount_point, counter->root);
	return 0;
}

static int check_mounts(pid_t pid, const char *root, struct bpftoken_error *err)
{
	struct root_count host = { root, 0 }, container = { root, 0 };
	int r = mountinfo_each(0, count_root, &host);

	if (r == 0)
		r = mountinfo_each(pid, count_root, &container);
	if (r < 0)
		return hook_raise(err, r, FIX_STATE, "the mounts of process %d: %s",
				  (int)pid, strerror(-r));
	if (container.count > host.count)
		return 0;
	return hook_raise(err, -EINVAL, FIX_STATE,
			  "process %d is not in the container whose root is %s", (int)pid,
			  root);
}

/* The entry of linux.namespaces, or NULL. */
static struct json_object *find_namespace(struct json_object *config, const char *type)
{
	struct json_object *os = member(config, "linux", json_type_object);
	struct json_object *list = os ? member(os, "namespaces", json_type_array) : NULL;
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *is = string_member(entry, "type");

		if (is && !strcmp(is, type))
			return entry;
	}
	return NULL;
}

/* Is this mapping in the list: inside, outside, count? */
static bool has_mapping(struct json_object *list, const long long wanted[3])
{
	static const char *const fields[3] = { "containerID", "hostID", "size" };
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *mapping = json_object_array_get_idx(list, i);
		size_t same = 0;

		for (; same < 3; same++) {
			struct json_object *number =
				member(mapping, fields[same], json_type_int);

			if (!number || json_object_get_int64(number) != wanted[same])
				break;
		}
		if (same == 3)
			return true;
	}
	return false;
}

/* The same mappings and as many; the kernel sorts those of a long map. */
static int check_map(pid_t pid, struct json_object *config, const char *file,
		     const char *key, struct bpftoken_error *err)
{
	struct json_object *os = member(config, "linux", json_type_object);
	struct json_object *list = os ? member(os, key, json_type_array) : NULL;
	size_t missing = list ? json_object_array_length(list) : 0;
	char path[64], text[16384];
	struct span rest;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	len = text_read_file(path, text, sizeof(text));
	if (len < 0)
		return hook_raise(err, (int)len, FIX_STATE, "process %d: %s", (int)pid,
				  strerror((int)-len));
	for (rest = span_of(text); rest.len && missing; missing--) {
		long long is[3];

		if (sscanf(span_cut(&rest, "\n").data, "%lld %lld %lld", &is[0], &is[1],
			   &is[2]) != 3 ||
		    !has_mapping(list, is))
			break;
	}
	if (!rest.len && !missing)
		return 0;
	return hook_raise(err, -EINVAL, FIX_STATE,
			  "process %d does not have the %s of the bundle's configuration",
			  (int)pid, key);
}

/* The user namespace is the one that the configuration makes, or joins by its path. */
static int check_userns(pid_t pid, struct json_object *config, struct bpftoken_error *err)
{
	struct json_object *user = find_namespace(config, "user");
	const char *path = user ? string_member(user, "path") : NULL;
	uint64_t theirs, wanted;
	char own[64];
	int r;

	if (!user)
		return hook_raise(err, -EPERM, FIX_USERNS,
				  "the container has no user namespace of its own");
	if (!find_namespace(config, "mount"))
		return hook_raise(err, -EPERM, FIX_USERNS,
				  "the container has no mount namespace of its own");
	if (path && path[0]) {
		snprintf(own, sizeof(own), "/proc/%d/ns/user", (int)pid);
		r = sys_inode(AT_FDCWD, own, &theirs);
		if (r == 0)
			r = sys_inode(AT_FDCWD, path, &wanted);
		if (r == 0 && theirs == wanted)
			return 0;
		return hook_raise(err, r < 0 ? r : -EINVAL, FIX_STATE,
				  "process %d is not in the user namespace of the "
				  "bundle's configuration",
				  (int)pid);
	}
	r = check_map(pid, config, "uid_map", "uidMappings", err);
	return r < 0 ? r : check_map(pid, config, "gid_map", "gidMappings", err);
}

static int find_process(struct hook_request *request, struct json_object *state,
			pid_t *ret_pid, struct bpftoken_error *err)
{
	struct json_object *number = member(state, "pid", json_type_int);
	int64_t pid = number ? json_object_get_int64(number) : 0;

	if (pid <= 1 || pid > INT32_MAX)
		return hook_raise(err, -EINVAL, FIX_STATE,
				  "the state names no process of the container");
	request->pidfd = sys_pidfd_open((pid_t)pid);
	if (request->pidfd < 0)
		return hook_raise(err, request->pidfd, FIX_STATE, "process %d: %s",
				  (int)pid, strerror(-request->pidfd));
	*ret_pid = (pid_t)pid;
	return 0;
}

/* ---------------------------------------------------------------- its program */

/* Far above what anyone means. */
#define MAX_PATH_LIST (16 << 10)

/* The last that is set counts. */
static const char *find_path(struct json_object *process)
{
	struct json_object *env = member(process, "env", json_type_array);
	size_t count = env ? json_object_array_length(env) : 0;
	const char *path = "";

	for (size_t i = 0; i < count; i++) {
		const char *text = text_of(json_object_array_get_idx(env, i));

		if (text && !strncmp(text, "PATH=", 5))
			path = text + 5;
	}
	return path;
}

static int find_program(struct hook_request *request, struct json_object *config,
			struct bpftoken_error *err)
{
	struct json_object *process = member(config, "process", json_type_object);
	struct json_object *args =
		process ? member(process, "args", json_type_array) : NULL;
	const char *program = args ? text_of(json_object_array_get_idx(args, 0)) : NULL;
	const char *cwd = process ? string_member(process, "cwd") : NULL;
	const char *path = process ? find_path(process) : "";

	if (!program || !program[0])
		return hook_raise(err, -EINVAL, FIX_STATE,
				  "the bundle's configuration has no program to run");
	if (strlen(path) > MAX_PATH_LIST)
		return hook_raise(err, -E2BIG, "shorten it",
				  "the PATH of the container is longer than %d bytes",
				  MAX_PATH_LIST);
	request->program = strdup(program);
	request->path = strdup(path);
	request->cwd = strdup(cwd && cwd[0] == '/' ? cwd : "/");
	return request->program && request->path && request->cwd ? 0 : err_oom(err);
}

/* The process is held before it is looked at: what is checked is what gets the mount. */
static int find_container(struct hook_request *request, struct json_object *state,
			  struct bpftoken_error *err)
{
	const char *bundle = string_member(state, "bundle");
	_cleanup_json_ struct json_object *config = NULL;
	pid_t pid = 0;
	int r;

	if (!bundle || bundle[0] != '/')
		return hook_raise(err, -EINVAL, FIX_STATE,
				  "the state names no bundle by an absolute path");
	r = find_process(request, state, &pid, err);
	if (r == 0)
		r = read_config(bundle, &config, err);
	if (r == 0)
		r = check_userns(pid, config, err);
	if (r == 0)
		r = find_root(request, config, bundle, err);
	if (r == 0 && request->via)
		r = find_program(request, config, err);
	return r < 0 ? r : check_mounts(pid, request->root, err);
}

int hook_oci_read(struct hook_request *request, const char *text,
		  struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *state = NULL;
	int r = parse_object(text, "the container's state", &state, err);

	if (r == 0)
		r = ask_annotations(request, state, err);
	if (r == 0)
		r = hook_asks(request, err);
	if (r <= 0)
		return r;
	r = bpffs_may_delegate(err);
	return r < 0 ? r : find_container(request, state, err);
}
