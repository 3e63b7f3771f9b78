/* SPDX-License-Identifier: MIT */
/* The report of `bpftoken needs`: see needs-report.h. */
#include "needs-report.h"

#include "dialects.h"
#include "lint.h"
#include "names.h"

#include <string.h>
#include <sys/utsname.h>

static const char *kind_name(const struct needs_item *item)
{
	static const char *const kinds[] = {
		[NEEDS_CAPABILITY] = "capability",
		[NEEDS_LESS] = "less",
		[NEEDS_NEVER] = "never",
		[NEEDS_NOTE] = "note",
	};

	return item->kind < BPFTOKEN_SETS ? names_set_noun(item->kind)
					  : kinds[item->kind];
}

static const char *by_name(const struct needs_item *item)
{
	return item->by == NEEDS_LIBBPF ? "libbpf" : "object";
}

/* ------------------------------------------------------------------- risk */

/* What lint knows of the reach of a policy; the rest of it is about its writing. */
static bool is_risk(const struct lint_finding *finding)
{
	static const char *const rules[] = { "host-wide", "cgroup-reach",
					     "attach-wildcard" };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(finding->rule, rules[i]))
			return true;
	return false;
}

struct risks {
	FILE *stream; /* NULL: into list */
	struct json_object *list;
	int column, count;
	bool failed;
};

/* "TITLE  text", broken into lines. */
static bool print_wrapped(FILE *stream, int column, const char *title, const char *text)
{
	_cleanup_text_ struct text out = { 0 };

	host_add_words(&out, text, (size_t)column);
	if (out.failed)
		return false;
	fprintf(stream, "%-*s%s\n", column, title, out.data ? out.data : "");
	return true;
}

static void take_risk(const struct lint_finding *finding, void *data)
{
	struct risks *risks = data;
	struct json_object *row;

	if (!is_risk(finding))
		return;
	if (risks->stream) {
		if (!print_wrapped(risks->stream, risks->column,
				   risks->count++ ? "" : "risk", finding->reason))
			risks->failed = true;
		return;
	}
	row = json_object_new_object();
	if (!json_add(row, "rule", json_object_new_string(finding->rule)) ||
	    !json_add(row, "reason", json_object_new_string(finding->reason)))
		risks->failed = true;
	if (!json_append(risks->list, row))
		risks->failed = true;
}

static int each_risk(const struct needs *needs, struct risks *risks)
{
	struct bpftoken_policy policy;
	struct lint_input input = { .policy = &policy };
	int r;

	needs_policy(needs, &policy);
	r = lint_policy(&input, take_risk, risks);
	return r < 0 || risks->failed ? -ENOMEM : 0;
}

/* ------------------------------------------------------------------- text */

#define COLUMNS "%-13s %-*s %-7s "
#define ASIDE 13 /* column of the lines below the table */

/* Width of the longest value. */
static int value_width(const struct needs *needs)
{
	size_t width = strlen("VALUE");

	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i].kind <= NEEDS_CAPABILITY &&
		    strlen(needs->items[i].name) > width)
			width = strlen(needs->items[i].name);
	return (int)width;
}

static void print_item(FILE *stream, const struct needs_item *item, int width)
{
	fprintf(stream, COLUMNS "%s\n", kind_name(item), width, item->name, by_name(item),
		item->why);
}

static void print_head(FILE *stream, const struct needs *needs)
{
	const uint32_t version = needs->opts.libbpf;

	fprintf(stream, "%u object%s, %u program%s, %u map%s; loaded by ", needs->objects,
		needs->objects == 1 ? "" : "s", needs->programs,
		needs->programs == 1 ? "" : "s", needs->maps,
		needs->maps == 1 ? "" : "s");
	if (needs->opts.no_libbpf)
		fprintf(stream, "something that is not libbpf\n\n");
	else
		fprintf(stream, "libbpf %u.%u\n\n", version >> 8, version & 0xff);
}

/* The items of one kind below the table, each a paragraph. */
static bool print_aside(FILE *stream, const struct needs *needs, uint32_t kind,
			const char *title)
{
	for (size_t i = 0; i < needs->count; i++) {
		const struct needs_item *item = &needs->items[i];
		char line[sizeof(item->name) + sizeof(item->why) + 3];

		if (item->kind != kind)
			continue;
		snprintf(line, sizeof(line), "%s: %s", item->name, item->why);
		if (!print_wrapped(stream, ASIDE, title, line))
			return false;
		title = "";
	}
	return true;
}

int needs_report_text(FILE *stream, const struct needs *needs)
{
	struct risks risks = { .stream = stream, .column = ASIDE };
	const int width = value_width(needs);

	print_head(stream, needs);
	fprintf(stream, COLUMNS "%s\n", "KIND", width, "VALUE", "BY", "WHY");
	for (size_t i = 0; i < needs->count && needs->items[i].kind <= NEEDS_CAPABILITY;
	     i++)
		print_item(stream, &needs->items[i], width);
	fputc('\n', stream);
	if (!print_aside(stream, needs, NEEDS_LESS, "does without") ||
	    !print_aside(stream, needs, NEEDS_NEVER, "no policy") ||
	    !print_aside(stream, needs, NEEDS_NOTE, "note"))
		return -ENOMEM;
	return each_risk(needs, &risks);
}

void needs_report_missing(FILE *stream, const struct needs *needs,
			  const struct bpftoken_policy *missing)
{
	const int width = value_width(needs);

	for (size_t i = 0; i < needs->count; i++) {
		const struct needs_item *item = &needs->items[i];

		if (item->kind < BPFTOKEN_SETS &&
		    bpftoken_policy_has(missing, item->kind, item->value))
			print_item(stream, item, width);
	}
}

/* ------------------------------------------------------------------- JSON */

static struct json_object *item_json(const struct needs_item *item)
{
	_cleanup_json_ struct json_object *row = json_object_new_object();
	bool ok = json_add(row, "kind", json_object_new_string(kind_name(item))) &&
		  json_add(row, "name", json_object_new_string(item->name)) &&
		  json_add(row, "by", json_object_new_string(by_name(item))) &&
		  json_add(row, "why", json_object_new_string(item->why));

	if (ok && item->kind <= NEEDS_CAPABILITY)
		ok = json_add(row, "value", json_object_new_int((int)item->value));
	return ok ? TAKE_PTR(row) : NULL;
}

static struct json_object *policy_json(const struct bpftoken_policy *policy)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		struct json_object *names = json_object_new_array();

		for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
			const char *name = bpftoken_name(set, value);
			char number[16];

			if (!bpftoken_policy_has(policy, set, value))
				continue;
			snprintf(number, sizeof(number), "%u", value);
			if (!json_append(names,
					 json_object_new_string(name ? name : number))) {
				json_object_put(names);
				return NULL;
			}
		}
		if (!json_add(root, host_keys[set], names))
			return NULL;
	}
	return TAKE_PTR(root);
}

static struct json_object *capabilities_json(uint64_t mask)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (uint32_t cap = 0; cap < 64; cap++)
		if (mask >> cap & 1 &&
		    !json_append(list,
				 json_object_new_string(needs_capability_name(cap))))
			return NULL;
	return TAKE_PTR(list);
}

static bool add_lists(struct json_object *root, const struct needs *needs)
{
	struct json_object *items = json_object_new_array();
	struct risks risks = { .list = json_object_new_array() };

	if (!json_add(root, "items", items) || !json_add(root, "risk", risks.list))
		return false;
	for (size_t i = 0; i < needs->count; i++)
		if (!json_append(items, item_json(&needs->items[i])))
			return false;
	return each_risk(needs, &risks) == 0;
}

/* What loads the objects: a version of libbpf, or nothing of it. */
static bool add_libbpf(struct json_object *root, const struct needs *needs)
{
	char version[16];

	snprintf(version, sizeof(version), "%u.%u", needs->opts.libbpf >> 8,
		 needs->opts.libbpf & 0xff);
	return needs->opts.no_libbpf ||
	       json_add(root, "libbpf", json_object_new_string(version));
}

struct json_object *needs_provenance(const struct needs *needs, char *const paths[])
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct json_object *objects = json_object_new_array();
	struct utsname name;
	bool ok = json_add(root, "objects", objects) && uname(&name) == 0;

	for (unsigned int i = 0; ok && paths[i]; i++)
		ok = json_append(objects, json_object_new_string(paths[i]));
	ok = ok &&
	     json_add(root, "by",
		      json_object_new_string("bpftoken needs " BPFTOKEN_VERSION)) &&
	     add_libbpf(root, needs) &&
	     json_add(root, "kernel", json_object_new_string(name.release));
	return ok ? TAKE_PTR(root) : NULL;
}

struct json_object *needs_report_json(const struct needs *needs,
				      const struct bpftoken_policy *missing)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct bpftoken_policy policy;

	needs_policy(needs, &policy);
	if (!json_add(root, "objects", json_object_new_int((int)needs->objects)) ||
	    !json_add(root, "programs", json_object_new_int((int)needs->programs)) ||
	    !json_add(root, "maps", json_object_new_int((int)needs->maps)) ||
	    !add_libbpf(root, needs) || !add_lists(root, needs) ||
	    !json_add(root, "capabilities", capabilities_json(needs->capabilities)) ||
	    !json_add(root, "policy", policy_json(&policy)) ||
	    !json_add(root, "object_part", policy_json(&needs->object)) ||
	    !json_add(root, "libbpf_part", policy_json(&needs->libbpf)) ||
	    (missing && !json_add(root, "missing", policy_json(missing))))
		return NULL;
	return TAKE_PTR(root);
}
