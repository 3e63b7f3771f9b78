/* SPDX-License-Identifier: MIT */
/*
 * Cgroups of the container engines. A row is what a component of the path looks like:
 *
 *   lxc, lxd, incus     lxc.payload.NAME                  lxc/NAME (old)
 *   podman              libpod-ID.scope, libpod-ID        libpod-payload-ID
 *   docker              docker-ID.scope                   docker/ID
 *   cri-o               crio-ID.scope, crio-ID
 *   containerd          cri-containerd-ID.scope           nerdctl-ID.scope
 *                       k8s.io/ID, default/NAME, moby/ID  podUID/ID
 *   nspawn              machine-NAME.scope                systemd-nspawn@NAME.service
 *   unit                NAME.service, when no container is above or below
 *
 * A path is read from the left and the first row that fits ends the search: everything
 * below a container's own cgroup is named by the container, and everything below
 * user@UID.service by that user.
 */
#include "engine.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_LENGTH = 64 };

enum word {
	WORD_ID, /* 64 hexadecimal digits */
	WORD_NAME,
	WORD_ESCAPED, /* a name as systemd escapes it: \x2d for "-" */
};

static const struct row {
	const char *engine, *prefix, *suffix;
	enum word word;
	const char *parent; /* name of the component before it; "pod" = a pod's */
} rows[] = {
	{ "lxc", "lxc.payload.", "", WORD_NAME, NULL },
	{ "podman", "libpod-payload-", "", WORD_ID, NULL },
	{ "podman", "libpod-", ".scope", WORD_ID, NULL },
	{ "podman", "libpod-", "", WORD_ID, NULL },
	{ "docker", "docker-", ".scope", WORD_ID, NULL },
	{ "cri-o", "crio-", ".scope", WORD_ID, NULL },
	{ "cri-o", "crio-", "", WORD_ID, NULL },
	{ "containerd", "cri-containerd-", ".scope", WORD_ID, NULL },
	{ "containerd", "nerdctl-", ".scope", WORD_ID, NULL },
	{ "nspawn", "machine-", ".scope", WORD_ESCAPED, NULL },
	{ "nspawn", "systemd-nspawn@", ".service", WORD_ESCAPED, NULL },
	{ "docker", "", "", WORD_ID, "docker" },
	{ "containerd", "", "", WORD_ID, "moby" },
	{ "containerd", "", "", WORD_ID, "k8s.io" },
	{ "containerd", "", "", WORD_NAME, "default" },
	{ "containerd", "", "", WORD_ID, "pod" },
	{ "lxc", "", "", WORD_NAME, "lxc" },
};

/* Where the engines that share liblxc's names of cgroups keep their containers. */
static const struct {
	const char *engine, *directory;
} homes[] = {
	{ "incus", "/var/lib/incus/containers" },
	{ "lxd", "/var/snap/lxd/common/lxd/containers" },
	{ "lxd", "/var/lib/lxd/containers" },
	{ "lxc", "/var/lib/lxc" },
};

/* ------------------------------------------------------------------ cgroups */

static bool is_id(struct span word)
{
	static const char digits[] = "0123456789abcdef";

	return word.len == ID_LENGTH && span_until(word, "/") == word.len &&
	       strspn(word.data, digits) >= word.len;
}

/* The byte of an escape, \xHH, that begins the word; 0: none, or of what no name has. */
static char escaped_byte(struct span word)
{
	char digits[3] = "";
	unsigned int byte;

	if (word.len < 4 || !span_starts(word, "\\x"))
		return 0;
	memcpy(digits, word.data + 2, 2);
	if (strspn(digits, "0123456789abcdefABCDEF") != 2)
		return 0;
	byte = (unsigned int)strtoul(digits, NULL, 16);
	return byte == '/' ? 0 : (char)byte;
}

/* Into name, cut where it does not fit; escapes undone if asked. */
static void take_name(struct span word, bool escaped, char *name, size_t size)
{
	size_t n = 0;

	while (word.len && n + 1 < size) {
		char byte = escaped ? escaped_byte(word) : 0;

		name[n++] = byte ? byte : word.data[0];
		word = span_skip(word, byte ? 4 : 1);
	}
	name[n] = '\0';
}

/* "podUID", "kubepods-burstable-podUID.slice", with "_" for "-" in the second. */
static bool take_pod(struct span component, char *pod, size_t size)
{
	struct span uid = component;
	ssize_t at = span_find(component, "-pod");

	if (span_starts(component, "kubepods") && at >= 0)
		uid = span_skip(component, (size_t)at + 1);
	if (!span_starts(uid, "pod"))
		return false;
	uid = span_skip(uid, 3);
	at = span_find(uid, ".slice");
	if (at >= 0)
		uid = span_first(uid, (size_t)at);
	if (uid.len < 32 || uid.len >= size)
		return false;
	take_name(uid, false, pod, size);
	for (char *c = pod; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return true;
}

static bool fits(const struct row *row, struct span component, struct span parent,
		 bool in_pod, struct span *ret_word)
{
	size_t prefix = strlen(row->prefix), suffix = strlen(row->suffix);
	struct span word;

	if (row->parent && !strcmp(row->parent, "pod")
		    ? !in_pod
		    : row->parent && !span_is(parent, row->parent))
		return false;
	if (component.len <= prefix + suffix || !span_starts(component, row->prefix))
		return false;
	if (memcmp(component.data + component.len - suffix, row->suffix, suffix) != 0)
		return false;
	word = span_first(span_skip(component, prefix), component.len - prefix - suffix);
	*ret_word = word;
	return row->word != WORD_ID || is_id(word);
}

static bool find_row(struct span component, struct span parent, bool in_pod,
		     struct engine_container *found)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span word;

		if (!fits(&rows[i], component, parent, in_pod, &word))
			continue;
		found->engine = rows[i].engine;
		take_name(word, rows[i].word == WORD_ESCAPED, found->name,
			  sizeof(found->name));
		return true;
	}
	return false;
}

static bool ends_with(struct span component, const char *suffix)
{
	size_t len = strlen(suffix);

	return component.len > len &&
	       !memcmp(component.data + component.len - len, suffix, len);
}

/* One path; 2 for a container, 1 for a unit, 0 for neither. */
static int read_path(struct span path, struct engine_container *found)
{
	struct span parent = { 0 }, unit = { 0 };
	bool in_pod = false;

	while (path.len) {
		struct span component = span_cut(&path, "/");

		if (!component.len)
			continue;
		if (find_row(component, parent, in_pod, found))
			return 2;
		if (span_starts(component, "user@") && ends_with(component, ".service"))
			found->of_user = true;
		else if (!unit.len && ends_with(component, ".service"))
			unit = component;
		in_pod = take_pod(component, found->pod, sizeof(found->pod));
		parent = component;
	}
	if (!unit.len)
		return 0;
	found->engine = "unit";
	take_name(unit, false, found->name, sizeof(found->name));
	return 1;
}

int engine_of_cgroup(const char *text, struct engine_container *ret_container)
{
	struct engine_container best = { 0 };
	struct span rest = span_of(text);
	int rank = 0;

	/* "HIERARCHY:CONTROLLERS:PATH"; a hybrid host has several, not all of them used */
	while (rest.len && rank < 2) {
		struct engine_container found = { 0 };
		struct span line = span_cut(&rest, "\n");
		int r;

		span_cut(&line, ":");
		span_cut(&line, ":");
		r = read_path(line, &found);
		if (r > rank) {
			best = found;
			rank = r;
		}
	}
	if (rank)
		*ret_container = best;
	return rank > 0;
}

/* Whose container of this name there is; NULL: nobody's. */
static const char *home_of(const char *root, const char *name)
{
	char path[512];

	for (size_t i = 0; name[0] != '.' && i < ARRAY_SIZE(homes); i++) {
		snprintf(path, sizeof(path), "%s%s/%s", root, homes[i].directory, name);
		if (access(path, F_OK) == 0)
			return homes[i].engine;
	}
	return NULL;
}

/*
 * liblxc's cgroups do not say whose liblxc it was. Where the cgroup of an earlier run was
 * left, the next one is called NAME-1, NAME-2...
 */
static void refine(const char *root, struct engine_container *container)
{
	char base[ENGINE_NAME_MAX], *dash;
	const char *engine;

	if (strcmp(container->engine, "lxc") != 0)
		return;
	engine = home_of(root, container->name);
	memcpy(base, container->name, sizeof(base));
	dash = strrchr(base, '-');
	if (!engine && dash && dash[1] && !dash[1 + strspn(dash + 1, "0123456789")]) {
		*dash = '\0';
		engine = home_of(root, base);
		if (engine)
			memcpy(container->name, base, sizeof(base));
	}
	if (engine)
		container->engine = engine;
}

int engine_read(const char *root, pid_t pid, struct engine_container *ret_container)
{
	char path[256], text[8192];
	ssize_t len;
	int r;

	snprintf(path, sizeof(path), "%s/proc/%d/cgroup", root, (int)pid);
	len = text_read_file(path, text, sizeof(text));
	r = len < 0 ? (int)len : engine_of_cgroup(text, ret_container);
	if (r > 0)
		refine(root, ret_container);
	return r;
}

int engine_of_pid(pid_t pid, struct engine_container *ret_container)
{
	return engine_read("", pid, ret_container);
}
