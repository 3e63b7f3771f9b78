/* SPDX-License-Identifier: MIT */
/*
 * The warnings: each is a row with the fact that has to hold and the program types that
 * have to be delegated. Why: a link takes the network namespace of whoever makes it and
 * any cgroup that can be opened (kernel/bpf/syscall.c, link_create()), the tracing family
 * knows no container at all, and the owner of a user namespace has all capabilities in it
 * (user_namespaces(7)), which is all that the use of a token asks for.
 */
#include "warn.h"

#include "lint.h"
#include "policy.h"
#include "text.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>

static bool shares_net(const struct warn_facts *facts)
{
	return facts->host_net;
}

static bool shares_cgroup(const struct warn_facts *facts)
{
	return facts->host_cgroup;
}

static const struct {
	const char *name;
	bool (*holds)(const struct warn_facts *facts); /* NULL = always */
	uint64_t (*progs)(const struct bpftoken_policy *policy);
	const char *says; /* behind the names of the types */
} rows[] = {
	{ "host-net", shares_net, lint_network_progs,
	  "act on the network of the host, which the container shares" },
	{ "host-cgroup", shares_cgroup, lint_cgroup_progs,
	  "act on any cgroup of the host that the container can open, since it shares "
	  "the host's cgroup namespace" },
	{ "host-wide", NULL, lint_host_progs,
	  "see or change the whole host, not the container only" },
};

void warn_each(const struct bpftoken_policy *policy, const struct warn_facts *facts,
	       warn_say say, void *data)
{
	char line[160];

	if (facts->owner) {
		snprintf(line, sizeof(line),
			 "host uid %u owns the container's user namespace, and so gets "
			 "what is delegated, outside the container, too",
			 facts->owner);
		say("user-owned", line, data);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t progs = rows[i].progs(policy);
		struct text text = { 0 };

		if (!progs || (rows[i].holds && !rows[i].holds(facts)))
			continue;
		text_add(&text, "programs of type ");
		list_format(&text, BPFTOKEN_PROGS, progs, " ");
		text_add(&text, " %s", rows[i].says);
		say(rows[i].name, text.failed ? "out of memory" : text.data, data);
		text_done(&text);
	}
}

void warn_print(_unused_ const char *name, const char *warning, _unused_ void *data)
{
	fprintf(stderr, "bpftoken: warning: %s\n", warning);
}

/* Is it the namespace of this process, or of pid 1, who are both of the host? */
static int is_of_host(pid_t pid, const char *name, bool *ret_same)
{
	static const char *const hosts[] = { "self", "1" };
	uint64_t theirs, ours;
	bool same = false;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	r = sys_inode(AT_FDCWD, path, &theirs);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(hosts); i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", hosts[i], name);
		r = sys_inode(AT_FDCWD, path, &ours);
		same |= r == 0 && ours == theirs;
		/* A root that lacks a capability of pid 1 may not look at it. */
		if (r == -EACCES && i)
			r = 0;
	}
	if (r == 0)
		*ret_same = same;
	return r;
}

static int userns_owner(pid_t pid, uint32_t *ret_owner)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];
	uid_t owner;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return fd;
	r = sys_ioctl(fd, NS_GET_OWNER_UID, &owner);
	if (r == 0)
		*ret_owner = owner;
	return r;
}

int warn_observe(pid_t pid, struct warn_facts *ret_facts, struct bpftoken_error *err)
{
	struct warn_facts facts = { 0 };
	int r = userns_owner(pid, &facts.owner);

	if (r == 0)
		r = is_of_host(pid, "net", &facts.host_net);
	if (r == 0)
		r = is_of_host(pid, "cgroup", &facts.host_cgroup);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, r == -ENOENT ? -ESRCH : r,
				 NULL);
	*ret_facts = facts;
	return 0;
}
