/* SPDX-License-Identifier: MIT */
/* What the tests of `needs` share: the objects that they load. */
#ifndef BPFTOKEN_LIVE_OBJECTS_H
#define BPFTOKEN_LIVE_OBJECTS_H

#include "live-more.h"

#include "needs.h"

#include <libgen.h>

#define ATTACH_TCX_EGRESS 47
#define ATTACH_UPROBE_MULTI 48

/* An object as a file's bytes. */
struct object {
	const char *image;
	size_t size;
};

static inline const char *object_path(const char *name)
{
	static char path[4096];
	char self[2048];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	EXPECT(len > 0);
	self[len] = '\0';
	snprintf(path, sizeof(path), "%s/../objects/%s.bpf.o", dirname(self), name);
	return path;
}

/* Read but once: another one overwrites it. */
static inline struct object read_object(const char *name)
{
	static char images[2][1 << 20];
	static int next;
	char *image = images[next++ % 2];
	int fd = open(object_path(name), O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, image, sizeof(images[0]));

	if (size <= 0 || size == sizeof(images[0]))
		live_fail(__FILE__, __LINE__, "%s: %s", object_path(name),
			  strerror(errno));
	close(fd);
	return (struct object){ image, (size_t)size };
}

/* What needs says of one object more. */
static inline void ask_needs(struct needs *needs, const char *name)
{
	struct bpftoken_error err;

	EXPECT_OK(needs_add_file(needs, object_path(name), &err), &err);
}

static inline void answer_needs(struct needs *needs, struct bpftoken_policy *ret_policy)
{
	struct bpftoken_error err;

	EXPECT_OK(needs_finish(needs, &err), &err);
	needs_policy(needs, ret_policy);
}

/* Calls take with each policy that lacks one bit of policy. */
static inline void each_less(const struct bpftoken_policy *policy,
			     void (*take)(const struct bpftoken_policy *less,
					  const char *without, void *data),
			     void *data)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		for (uint32_t value = 0; value < 64; value++) {
			struct bpftoken_policy less = *policy;
			char without[96];

			if (!bpftoken_policy_has(policy, set, value))
				continue;
			bpftoken_policy_remove(&less, set, value);
			snprintf(without, sizeof(without), "%s %s", names_set_noun(set),
				 bpftoken_name(set, value));
			take(&less, without, data);
		}
	}
}

#endif
