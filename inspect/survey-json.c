/* SPDX-License-Identifier: MIT */
/* A survey as JSON; the keys are those of bpftoken-list(1). */
#include "show.h"

#include "json.h"
#include "policy-json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char *const set_keys[BPFTOKEN_SETS] = {
	[BPFTOKEN_CMDS] = "cmds",
	[BPFTOKEN_MAPS] = "maps",
	[BPFTOKEN_PROGS] = "progs",
	[BPFTOKEN_ATTACHS] = "attachs",
};

/* null where it does not hold; json-c has NULL for that. */
static bool add_number(struct json_object *object, const char *key, bool known,
		       int64_t number)
{
	if (!known)
		return json_object_object_add(object, key, NULL) == 0;
	return json_add(object, key, json_object_new_int64(number));
}

static struct json_object *container_json(const struct engine_container *container)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();
	bool ok = json_add(object, "engine", json_object_new_string(container->engine)) &&
		  json_add(object, "name", show_json(container->name));

	if (ok && container->pod[0])
		ok = json_add(object, "pod", show_json(container->pod));
	if (ok && container->of_user)
		ok = json_add(object, "of_user", json_object_new_boolean(true));
	return ok ? TAKE_PTR(object) : NULL;
}

static bool add_container(struct json_object *object,
			  const struct engine_container *container)
{
	if (!container->engine)
		return json_object_object_add(object, "container", NULL) == 0;
	return json_add(object, "container", container_json(container));
}

/* Can a process there make a token of it? Capabilities are another question. */
static bool add_usable(struct json_object *object, const struct survey_place *place)
{
	if (place->fit == SURVEY_FIT_UNKNOWN)
		return json_object_object_add(object, "usable", NULL) == 0;
	return json_add(
		object, "usable",
		json_object_new_boolean(place->fit == SURVEY_FITS && place->whole));
}

/* Where it is: what a place has in common with what is shown of the whole. */
static bool add_place(struct json_object *object, const struct survey *survey,
		      const struct survey_place *place)
{
	const struct survey_space *space = &survey->spaces.at[place->space];
	pid_t pid = place->user.pid ? place->user.pid : space->pid;

	return json_add(object, "path", show_json(place->path)) &&
	       json_add(object, "whole", json_object_new_boolean(place->whole)) &&
	       add_number(object, "pid", pid, pid) &&
	       add_number(object, "mount_namespace", space->id, (int64_t)space->id) &&
	       add_number(object, "user_namespace", place->user.id,
			  (int64_t)place->user.id) &&
	       add_container(object, &space->container) && add_usable(object, place);
}

static struct json_object *places_json(const struct survey *survey,
				       const struct survey_bpffs *bpffs)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();
	const struct survey_place *place;

	for (uint32_t i = bpffs->first_place; i != SURVEY_NONE; i = place->next) {
		_cleanup_json_ struct json_object *object = json_object_new_object();

		place = &survey->places.at[i];
		if (!add_place(object, survey, place) ||
		    !json_append(array, TAKE_PTR(object)))
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *holders_json(const struct survey *survey,
					const struct survey_bpffs *bpffs)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (uint32_t i = 0; i < bpffs->holder_count; i++) {
		const struct bpftoken_holder *holder =
			&survey->holders.at[bpffs->first_holder + i].holder;
		_cleanup_json_ struct json_object *object = json_object_new_object();

		if (!add_number(object, "pid", true, holder->pid) ||
		    !json_add(object, "name", show_json(holder->name)) ||
		    !add_number(object, "tokens", true, holder->tokens) ||
		    !add_number(object, "directories", true, holder->directories) ||
		    !json_append(array, TAKE_PTR(object)))
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *flags_json(const struct survey_bpffs *bpffs)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < SURVEY_FLAGS; i++)
		if (bpffs->says[i] &&
		    !json_add(object, survey_flag_names[i], show_json(bpffs->says[i])))
			return NULL;
	return TAKE_PTR(object);
}

static bool add_policy(struct json_object *object, const struct survey_bpffs *bpffs)
{
	struct json_object *policy;

	if (!bpffs->has_policy)
		return json_object_object_add(object, "policy", NULL) == 0;
	policy = json_object_new_object();
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (!json_add(policy, set_keys[set],
			      policy_set_json(set, bpffs->policy.mask[set]))) {
			json_object_put(policy);
			return false;
		}
	}
	return json_add(object, "policy", policy);
}

struct json_object *survey_bpffs_json(const struct survey *survey,
				      const struct survey_bpffs *bpffs)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();
	bool placed = bpffs->shown != SURVEY_NONE, ok;
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", major(bpffs->device),
		 minor(bpffs->device));
	ok = json_add(object, "device", json_object_new_string(device));
	if (ok && placed)
		ok = add_place(object, survey, &survey->places.at[bpffs->shown]);
	ok = ok && add_number(object, "owner", bpffs->has_facts, bpffs->facts.owner) &&
	     add_number(object, "root_uid", bpffs->has_uid, bpffs->uid) &&
	     add_number(object, "age", bpffs->since, survey->now - bpffs->since) &&
	     add_policy(object, bpffs) &&
	     add_number(object, "tokens", true, bpffs->tokens) &&
	     json_add(object, "holders", holders_json(survey, bpffs)) &&
	     json_add(object, "places", places_json(survey, bpffs)) &&
	     json_add(object, "flags", flags_json(bpffs));
	return ok ? TAKE_PTR(object) : NULL;
}

static struct json_object *unseen_json(const struct survey *survey)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();
	bool ok = add_number(object, "processes", true, survey->unseen.processes) &&
		  add_number(object, "descriptors", true, survey->unseen.tables) &&
		  add_number(object, "filesystems", true, survey->unseen.files) &&
		  add_number(object, "namespaces", true, survey->unseen.spaces) &&
		  json_add(object, "other_pid_namespaces",
			   json_object_new_boolean(survey->part));

	return ok ? TAKE_PTR(object) : NULL;
}

struct json_object *survey_json(const struct survey *survey,
				bool (*wanted)(const struct survey_bpffs *bpffs,
					       const void *data),
				const void *data)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();

	if (!json_add(root, "complete",
		      json_object_new_boolean(!survey_is_partial(survey))) ||
	    !json_add(root, "unseen", unseen_json(survey)) ||
	    !json_add(root, "processes",
		      json_object_new_int64((int64_t)survey->processes)) ||
	    !json_add(root, "delegations", array))
		return NULL;
	for (size_t i = 0; i < survey->bpffs.count; i++) {
		const struct survey_bpffs *bpffs = &survey->bpffs.at[i];

		if (wanted(bpffs, data) &&
		    !json_append(array, survey_bpffs_json(survey, bpffs)))
			return NULL;
	}
	return TAKE_PTR(root);
}
