/* SPDX-License-Identifier: MIT */
/*
 * From a name to a process. What the engines' own state says about the name comes first
 * (an id, or the pid itself); then every process is asked for its cgroup. The init of a
 * container is the process that is pid 1 in a pid namespace of its own, or else the one
 * with the lowest pid.
 */
#include "engine.h"

#include "json.h"
#include "text.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#define MAX_FOUND 8
#define MAX_IDS 8
#define SHORT_ID 12

struct candidate {
	pid_t pid;
	bool is_init;
	struct engine_container container;
};

struct search {
	const char *root, *name;
	char ids[MAX_IDS]
		[ENGINE_NAME_MAX]; /* that the engines' state gives for the name */
	size_t id_count;
	struct candidate found[MAX_FOUND];
	size_t count;
};

/* ---------------------------------------------------------- the engines' state */

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value)
		       ? json_object_get_string(value)
		       : NULL;
}

static void add_id(struct search *search, const char *id)
{
	if (id && search->id_count < MAX_IDS)
		snprintf(search->ids[search->id_count++], ENGINE_NAME_MAX, "%s", id);
}

/* [{"id":ID, "names":[NAME...]}...] of containers/storage: podman and CRI-O. */
static void read_storage(struct search *search, struct json_object *file)
{
	size_t count = json_object_is_type(file, json_type_array)
			       ? json_object_array_length(file)
			       : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(file, i), *names;

		if (!json_object_object_get_ex(one, "names", &names) ||
		    !json_object_is_type(names, json_type_array))
			continue;
		for (size_t j = 0; j < json_object_array_length(names); j++) {
			const char *name = json_object_get_string(
				json_object_array_get_idx(names, j));

			if (name && !strcmp(name, search->name))
				add_id(search, text_of(one, "id"));
		}
	}
}

/* {"ID":ID, "Name":"/NAME"} of docker. */
static void read_docker(struct search *search, struct json_object *file)
{
	const char *name = text_of(file, "Name");

	if (name && !strcmp(name + (name[0] == '/'), search->name))
		add_id(search, text_of(file, "ID"));
}

static void add_pid(struct search *search, const char *engine, int64_t pid);

static void read_runc(struct search *search, struct json_object *file)
{
	struct json_object *pid;

	if (json_object_object_get_ex(file, "init_process_pid", &pid))
		add_pid(search, "runc", json_object_get_int64(pid));
}

static void read_crun(struct search *search, struct json_object *file)
{
	struct json_object *pid;

	if (json_object_object_get_ex(file, "pid", &pid))
		add_pid(search, "crun", json_object_get_int64(pid));
}

/* A bare number: init.pid of containerd's shim. */
static void read_pid_file(struct search *search, const char *path)
{
	char text[32];

	if (text_read_file(path, text, sizeof(text)) > 0)
		add_pid(search, "containerd", strtoll(text, NULL, 10));
}

static void read_json_file(struct search *search, const char *path,
			   void (*read)(struct search *search, struct json_object *file))
{
	_cleanup_json_ struct json_object *file = json_object_from_file(path);

	if (file)
		read(search, file);
}

static const struct {
	const char *before, *after; /* of the name, which is no path; NULL = not in it */
	void (*read)(struct search *search, struct json_object *file); /* NULL = a pid */
} states[] = {
	{ "/var/lib/containers/storage/*-containers/containers.json", NULL,
	  read_storage },
	{ "/var/lib/docker/containers/*/config.v2.json", NULL, read_docker },
	{ "/run/runc/", "/state.json", read_runc },
	{ "/run/crun/", "/status", read_crun },
	{ "/run/containerd/io.containerd.runtime.v2.task/*/", "/init.pid", NULL },
};

static void read_states(struct search *search)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		const char *after = states[i].after;
		char path[512];
		glob_t files;

		snprintf(path, sizeof(path), "%s%s%s%s", search->root, states[i].before,
			 after ? search->name : "", after ? after : "");
		if (glob(path, GLOB_NOSORT, NULL, &files) != 0)
			continue;
		for (size_t j = 0; j < files.gl_pathc; j++) {
			if (states[i].read)
				read_json_file(search, files.gl_pathv[j], states[i].read);
			else
				read_pid_file(search, files.gl_pathv[j]);
		}
		globfree(&files);
	}
}

/* --------------------------------------------------------------- the processes */

/* Pid 1 of a pid namespace that is not the host's? */
static bool is_init(const char *root, pid_t pid)
{
	char path[256], text[4096];
	const char *line;

	snprintf(path, sizeof(path), "%s/proc/%d/status", root, (int)pid);
	if (text_read_file(path, text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
	line = strrchr(path, '\t');
	return line && strchr(path, '\t') != line && !strcmp(line, "\t1");
}

static struct candidate *known(struct search *search, const struct engine_container *one)
{
	for (size_t i = 0; i < search->count; i++) {
		struct engine_container *other = &search->found[i].container;

		if (!strcmp(other->engine, one->engine) &&
		    !strcmp(other->name, one->name))
			return &search->found[i];
	}
	return NULL;
}

static void add(struct search *search, const struct engine_container *container,
		pid_t pid)
{
	struct candidate one = { pid, is_init(search->root, pid), *container };
	struct candidate *other = known(search, container);

	if (!other && search->count < MAX_FOUND)
		search->found[search->count++] = one;
	else if (other && (one.is_init > other->is_init ||
			   (one.is_init == other->is_init && pid < other->pid)))
		*other = one;
}

/* A state file may be of a container that ended: its pid has to be there. */
static void add_pid(struct search *search, const char *engine, int64_t pid)
{
	struct engine_container container = { .engine = engine };
	char path[256], text[64];

	snprintf(path, sizeof(path), "%s/proc/%lld/cgroup", search->root, (long long)pid);
	if (pid <= 1 || pid > INT32_MAX || text_read_file(path, text, sizeof(text)) < 0)
		return;
	snprintf(container.name, sizeof(container.name), "%s", search->name);
	add(search, &container, (pid_t)pid);
}

static bool is_meant(const struct search *search, const struct engine_container *one)
{
	size_t len = strlen(search->name);
	size_t id_len = strlen(one->name);

	/* What a user's own service calls its cgroups has to be said in full. */
	if (one->of_user)
		return id_len == 64 && !strcmp(one->name, search->name);
	if (!strcmp(one->name, search->name) || !strcmp(one->pod, search->name))
		return true;
	if (len >= SHORT_ID && id_len == 64 && !strncmp(one->name, search->name, len))
		return true;
	if (!strcmp(one->engine, "unit"))
		return id_len == len + strlen(".service") &&
		       !strncmp(one->name, search->name, len);
	for (size_t i = 0; i < search->id_count; i++)
		if (!strcmp(one->name, search->ids[i]))
			return true;
	return false;
}

static int ask_processes(struct search *search)
{
	const struct dirent *entry;
	char path[256];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", search->root);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct engine_container container;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && engine_read(search->root, pid, &container) > 0 &&
		    is_meant(search, &container))
			add(search, &container, pid);
	}
	closedir(dir);
	return 0;
}

/* ------------------------------------------------------------------ the answer */

/* The same process by its state file and by its cgroup is one. */
static void join_same(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		for (size_t j = i + 1; j < search->count;) {
			if (search->found[i].pid == search->found[j].pid)
				search->found[j] = search->found[--search->count];
			else
				j++;
		}
	}
}

static int raise_ambiguous(const struct search *search, struct bpftoken_error *err)
{
	struct text list = { 0 };

	for (size_t i = 0; i < search->count; i++) {
		const struct candidate *one = &search->found[i];

		text_add(
			&list, "%s%s %s (pid %d)", i ? ", " : "", one->container.engine,
			text_quote(one->container.name, strlen(one->container.name)).text,
			(int)one->pid);
	}
	err_raise(err, BPFTOKEN_STAGE_TARGET, -ENOTUNIQ, "it may be any of: %s",
		  list.failed ? "(out of memory)" : list.data);
	err_fix(err, "name its pid: --pid");
	text_done(&list);
	return -ENOTUNIQ;
}

int engine_find(const char *root, const char *name, pid_t *ret_pid,
		struct engine_container *ret_container, struct bpftoken_error *err)
{
	struct search search = { .root = root, .name = name };
	int r = -EINVAL;

	if (name[0] && name[0] != '.' && !name[strcspn(name, "/*?[\\")] &&
	    strlen(name) < ENGINE_NAME_MAX) {
		read_states(&search);
		r = ask_processes(&search);
	}
	if (r == -EINVAL) {
		err_raise(err, BPFTOKEN_STAGE_TARGET, r, "it is no name of a container");
		err_kind(err, BPFTOKEN_KIND_USAGE);
		err_fix(err, "give the name or id that the engine shows");
	} else if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL);
	} else {
		join_same(&search);
		if (search.count > 1)
			r = raise_ambiguous(&search, err);
		else if (!search.count) {
			r = err_raise(err, BPFTOKEN_STAGE_TARGET, -ENOENT,
				      "no container of this name runs");
			err_fix(err, "see what runs, or name a pid: --pid");
		}
	}
	if (r < 0) {
		err_what(err, "cannot find the container \"%.64s\"",
			 text_quote(name, strlen(name)).text);
		return r;
	}
	*ret_pid = search.found[0].pid;
	*ret_container = search.found[0].container;
	return 0;
}
