/* SPDX-License-Identifier: MIT */
/*
 * Which container a process belongs to, and which process is the init of a container
 * that somebody names. The first is what /proc/PID/cgroup says, read by a table of what
 * each engine calls its cgroups; the second adds the state that the engines leave in
 * /run and /var/lib.
 */
#ifndef BPFTOKEN_HOST_ENGINE_H
#define BPFTOKEN_HOST_ENGINE_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

#define ENGINE_NAME_MAX 128

struct engine_container {
	const char *engine; /* a static name: "lxc", "podman"... "unit" for a service */
	char name[ENGINE_NAME_MAX]; /* name or id, as the cgroup has it */
	char pod[40]; /* uid of the Kubernetes pod, or "" */
	bool of_user; /* below an unprivileged user's own service */
};

/*
 * Reads the text of a /proc/PID/cgroup: 1, or 0 when it is in no container and no unit.
 * The outermost container counts: what is below it, the container names as it likes.
 */
int engine_of_cgroup(const char *text, struct engine_container *ret_container);

/* The same for a process; a negative errno when its cgroup cannot be read. */
int engine_of_pid(pid_t pid, struct engine_container *ret_container);

/* For tests: what stands before /proc and /var/lib, "" otherwise. */
int engine_read(const char *root, pid_t pid, struct engine_container *ret_container);

/*
 * The init process of the container with this name, id, beginning of an id (at least 12
 * digits) or Kubernetes pod uid. Errors, at the stage TARGET: -ENOENT, no such container
 * runs; -ENOTUNIQ, err lists the candidates. root as for engine_read().
 */
int engine_find(const char *root, const char *name, pid_t *ret_pid,
		struct engine_container *ret_container, struct bpftoken_error *err);

/*
 * The containers of the runtimes that keep their state in /run, runc and crun, whose
 * cgroups may be called anything: calls each() with those whose init runs. root as above.
 */
void engine_states(const char *root,
		   void (*each)(const struct engine_container *container, pid_t pid,
				void *data),
		   void *data);

#endif
