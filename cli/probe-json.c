/* SPDX-License-Identifier: MIT */
/* The report of `bpftoken probe` as JSON; bpftoken-probe(1) documents its keys. */
#include "probe-report.h"

#include "answers.h"
#include "json.h"
#include "policy.h"
#include "print-json.h"

#include <string.h>

static struct json_object *text_or_null(const char *text)
{
	/* json-c has no object for null */
	return text ? json_object_new_string(text) : NULL;
}

/* Adds a text, or null. */
static bool add_text(struct json_object *object, const char *key, const char *text)
{
	if (!text)
		return object && json_object_object_add(object, key, NULL) == 0;
	return json_add(object, key, text_or_null(text));
}

/* The object at a key, made when it is not there. NULL: no memory. */
static struct json_object *object_at(struct json_object *object, const char *key)
{
	struct json_object *found = NULL;

	if (json_object_object_get_ex(object, key, &found))
		return found;
	found = json_object_new_object();
	return json_add(object, key, found) ? found : NULL;
}

static bool add_fact(struct json_object *system, const struct system_fact *fact)
{
	struct json_object *group = object_at(system, fact->group);
	char *end = NULL;
	long long number = fact->value ? strtoll(fact->value, &end, 10) : 0;

	if (!group)
		return false;
	if (end && end != fact->value && !*end && !strcmp(fact->group, "sysctls"))
		return json_add(group, fact->name, json_object_new_int64(number));
	return add_text(group, fact->name, fact->value);
}

static bool add_system(struct json_object *root, const struct system_facts *facts)
{
	struct json_object *system;
	bool ok = true;

	if (!facts->count)
		return true;
	system = object_at(root, PROBE_SYSTEM);
	for (size_t i = 0; i < facts->count && ok; i++)
		ok = system && add_fact(system, &facts->facts[i]);
	return ok;
}

/* {"answer": "works"} or {"answer": ..., "why": ..., "fix": ...} */
static struct json_object *item_json(const struct probe_item *item)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();

	if (!json_add(object, "answer",
		      json_object_new_string(answer_word(item->answer))))
		return NULL;
	if (item->reason &&
	    (!json_add(object, "why", json_object_new_string(item->reason->why)) ||
	     !json_add(object, "fix", json_object_new_string(item->reason->fix))))
		return NULL;
	return TAKE_PTR(object);
}

static bool add_items(struct json_object *root, const struct probe_list *list)
{
	struct json_object *at = NULL;
	const struct probe_section *section = NULL;
	const char *group = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct probe_item *item = &list->items[i];

		if (!at || item->section != section || item->group != group) {
			at = object_at(root, item->section->name);
			if (at && item->group)
				at = object_at(at, item->group);
			section = item->section;
			group = item->group;
		}
		if (!json_add(at, item->name, item_json(item)))
			return false;
	}
	return true;
}

static bool add_token(struct json_object *root, const struct probe_report *report)
{
	_cleanup_free_ char *permits = NULL;
	struct json_object *none;

	if (report->permits) {
		if (bpftoken_policy_format(report->permits, "mount", &permits, NULL) < 0)
			return false;
		permits[strcspn(permits, "\n")] = '\0';
	}
	if (!add_text(root, "token", permits))
		return false;
	if (!report->no_token)
		return true;
	none = object_at(root, "no_token");
	return none && add_text(none, "why", report->no_token->why) &&
	       add_text(none, "fix", report->no_token->fix);
}

int probe_print_json(const struct probe_report *report)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();

	if (!root || !add_text(root, "bpftoken", bpftoken_version()) ||
	    !add_token(root, report) || !add_system(root, &report->facts) ||
	    !add_items(root, &report->list))
		return -ENOMEM;
	return cli_print_json(root) ? 0 : -ENOMEM;
}
