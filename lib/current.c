/* SPDX-License-Identifier: MIT */
/*
 * The mount that is on a target, from its line of mountinfo: policy, owner and mode as
 * bpf_show_options() of kernel/bpf/inode.c writes them (ids of the reader's user
 * namespace, no uid or gid for 0, no mode for 777).
 */
#include "current.h"

#include "dialect.h"
#include "idmap.h"
#include "mountinfo.h"

#include <string.h>

#define MODE_DEFAULT 0777U
#define MODE_STICKY 01000U /* always set, and never written */

struct search {
	uint64_t mount_id, parent;
	struct current *current;
	struct bpftoken_error *err;
};

static void read_owner(const char *options, struct current *current)
{
	struct span rest = span_of(options);

	current->uid = current->gid = 0;
	current->mode = MODE_DEFAULT;
	while (rest.len) {
		struct span option = span_cut(&rest, ",");

		if (span_starts(option, "uid="))
			current->uid = (uint32_t)strtoul(option.data + 4, NULL, 10);
		else if (span_starts(option, "gid="))
			current->gid = (uint32_t)strtoul(option.data + 4, NULL, 10);
		else if (span_starts(option, "mode="))
			current->mode = (uint32_t)strtoul(option.data + 5, NULL, 8);
	}
}

static bool delegates(const struct mountinfo *mount)
{
	return !strcmp(mount->fs_type, "bpf") && !strcmp(mount->root, "/") &&
	       strstr(mount->super_options, "delegate_");
}

static int take_line(const struct mountinfo *mount, void *data)
{
	struct search *search = data;
	struct current *current = search->current;
	int r;

	if (mount->id != search->mount_id)
		return 0;
	if (!delegates(mount))
		return 1;
	r = dialect_mount_parse_readback(mount->super_options,
					 strlen(mount->super_options), &current->policy,
					 search->err);
	if (r < 0)
		return r;
	read_owner(mount->super_options, current);
	current->dev = mount->dev;
	current->delegated = true;
	search->parent = mount->parent;
	return 1;
}

static int take_parent(const struct mountinfo *mount, void *data)
{
	const struct search *search = data;

	if (mount->id != search->parent)
		return 0;
	search->current->stacked = delegates(mount);
	search->current->below = mount->dev;
	return 1;
}

int current_read(pid_t pid, uint64_t mount_id, struct current *ret_current,
		 struct bpftoken_error *err)
{
	struct current current = { 0 };
	struct search search = { .mount_id = mount_id, .current = &current, .err = err };
	int r = mount_id ? mountinfo_each(pid, take_line, &search) : 0;

	if (r >= 0 && current.delegated)
		r = mountinfo_each(pid, take_parent, &search);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_RESOLVE, r,
				 "cannot tell what is mounted there: %s", strerror(-r));
	*ret_current = current;
	return 0;
}

static int wanted_id(pid_t pid, const char *file, bool given, uint32_t id,
		     uint32_t *ret_id)
{
	if (!given)
		return idmap_to_host(pid, file, 0, ret_id);
	*ret_id = id;
	return 0;
}

int current_is(const struct current *current, pid_t pid,
	       const struct bpftoken_policy *policy,
	       const struct bpftoken_bpffs_opts *opts, struct bpftoken_error *err)
{
	uint32_t mode = opts->mode ? opts->mode : MODE_DEFAULT;
	uint32_t uid, gid;
	int r;

	if (!current->delegated || bpffs_compare(policy, &current->policy, NULL) < 0)
		return 0;
	r = wanted_id(pid, "uid_map", opts->flags & BPFTOKEN_BPFFS_UID, opts->uid, &uid);
	if (r == 0)
		r = wanted_id(pid, "gid_map", opts->flags & BPFTOKEN_BPFFS_GID, opts->gid,
			      &gid);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_TARGET, r, NULL);
	return current->uid == uid && current->gid == gid &&
	       ((current->mode ^ mode) & 07777 & ~MODE_STICKY) == 0;
}
