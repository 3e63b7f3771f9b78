/* SPDX-License-Identifier: MIT */
/*
 * The dialect "oci": annotations of a container, as bpftoken's own hook reads them. A
 * JSON object of annotations, or a container's whole config.json, of which its member
 * "annotations" is read. bpftoken.cmds, .maps, .progs and .attachs are lists;
 * bpftoken.policy is a policy in one of the other dialects, or presets; bpftoken.target is
 * where the bpffs is mounted. All that is given is merged. Annotations of others pass.
 */
#include "dialects.h"
#include "error.h"
#include "json-text.h"
#include "json.h"
#include "names.h"
#include "presets.h"

#include <string.h>
#include <strings.h>

#define PREFIX "bpftoken."
#define MAX_DEPTH 32

struct reader {
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
	uint32_t seen; /* rows of keys[] */
};

struct oci_key {
	const char *name;
	int (*parse)(struct reader *reader, const struct oci_key *key, struct span text);
	uint32_t set;
};

static const struct list_syntax oci_list = {
	.separators = ":, ",
	.blanks = true,
	.numbers = LIST_NUMBERS_HEX,
	.dialect = "oci",
};

static int parse_list(struct reader *reader, const struct oci_key *key, struct span text)
{
	return list_parse(text.data, text.len, key->set, &oci_list, text.at,
			  &reader->policy->mask[key->set], reader->notes, reader->err);
}

static int refuse_policy(struct reader *reader, struct span text, const char *why,
			 const char *fix)
{
	text_error(reader->err, text.at, -EINVAL, "\"%s\" %s", SPAN_QUOTE(text), why);
	err_fix(reader->err, "%s", fix);
	return -EINVAL;
}

static int parse_policy(struct reader *reader, _unused_ const struct oci_key *key,
			struct span text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *copy = strndup(text.data, text.len);
	int r;

	if (!copy)
		return err_oom(reader->err);
	if (copy[0] == '@')
		r = presets_parse(copy, &policy, reader->err);
	else if (!strpbrk(copy, "={["))
		r = refuse_policy(reader, text, "is a profile, and those are the host's",
				  "write the policy that the profile has");
	else if (dialect_oci.detect(copy))
		r = refuse_policy(reader, text, "holds annotations once more",
				  "write a policy in another dialect");
	else
		r = host_policy_parse(NULL, copy, &policy, reader->notes, reader->err);
	if (r < 0)
		err_position(reader->err, text.at.line, text.at.column);
	return r < 0 ? r : bpftoken_policy_merge(reader->policy, policy);
}

static int parse_target(struct reader *reader, const struct oci_key *key,
			struct span text)
{
	if (!policy_set_target(reader->policy, text))
		return 0;
	text_error(reader->err, text.at, -EINVAL, "%s is \"%s\", no absolute path",
		   key->name, SPAN_QUOTE(text));
	err_fix(reader->err, "write a path of at most %zu bytes, without ..",
		sizeof(reader->policy->target) - 1);
	return -EINVAL;
}

static const struct oci_key keys[] = {
	{ PREFIX "policy", parse_policy, 0 },
	{ PREFIX "target", parse_target, 0 },
	{ PREFIX "cmds", parse_list, BPFTOKEN_CMDS },
	{ PREFIX "maps", parse_list, BPFTOKEN_MAPS },
	{ PREFIX "progs", parse_list, BPFTOKEN_PROGS },
	{ PREFIX "attachs", parse_list, BPFTOKEN_ATTACHS },
};

/* Annotations of others pass, but not one that seems to be ours. */
static int check_foreign(struct reader *reader, struct span name)
{
	struct nearest nearest;

	nearest_init(&nearest, name.data, name.len);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		nearest_offer(&nearest, keys[i].name);
	if (!nearest.best && strncasecmp(name.data, "bpftoken", strlen("bpftoken")))
		return 0;
	text_error(reader->err, name.at, -EINVAL, "unknown annotation \"%s\"%s%s%s",
		   SPAN_QUOTE(name), nearest.best ? "; nearest is \"" : "",
		   nearest.best ? nearest.best : "", nearest.best ? "\"" : "");
	err_fix(reader->err, nearest.best ? "write %s" : "see bpftoken-policy(5)%s",
		nearest.best ? nearest.best : "");
	return -EINVAL;
}

static int read_annotation(struct reader *reader, const struct oci_key *key,
			   struct span name, struct json_object *value, struct span where)
{
	struct span text = { .at = where.at };
	uint32_t bit = 1U << (key - keys);

	if (reader->seen & bit) {
		text_error(reader->err, name.at, -EINVAL,
			   "the annotation \"%s\" is there twice", key->name);
		err_fix(reader->err, "keep one of them");
		return -EINVAL;
	}
	reader->seen |= bit;
	if (!json_object_is_type(value, json_type_string))
		return refuse_policy(reader, where, "is no string",
				     "annotations are strings: put it into quotes");
	text.data = json_object_get_string(value);
	text.len = (size_t)json_object_get_string_len(value);
	text.at.column++; /* behind the quote */
	if (!text.len || memchr(text.data, '\0', text.len))
		return refuse_policy(reader, text, "says nothing",
				     "write a value, or leave the annotation out");
	return key->parse(reader, key, text);
}

/* The text of an object, from its brace on, and the object itself. */
static int read_annotations(struct reader *reader, struct span rest,
			    struct json_object *object)
{
	struct span name, where;
	int r = 0;

	while (r >= 0 && json_text_next(&rest, &name, &where)) {
		const struct oci_key *key = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (span_is(name, keys[i].name))
				key = &keys[i];
		r = key ? read_annotation(reader, key, name,
					  json_object_object_get(object, key->name),
					  where)
			: check_foreign(reader, name);
	}
	return r;
}

/* A key with escapes is one to json-c and to engines, and none in the text. */
static int check_all_seen(struct reader *reader, struct span at,
			  struct json_object *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!json_object_object_get_ex(object, keys[i].name, NULL) ||
		    reader->seen & 1U << i)
			continue;
		text_error(reader->err, at.at, -EINVAL,
			   "the key of the annotation \"%s\" has escapes", keys[i].name);
		err_fix(reader->err, "write it as it is");
		return -EINVAL;
	}
	return 0;
}

/* The member annotations of a config.json, or the text itself. */
static int find_annotations(struct span *text, struct json_object *root,
			    struct json_object **ret_object, struct bpftoken_error *err)
{
	struct span rest = *text, key, value;
	struct json_object *object = NULL;

	*ret_object = root;
	if (json_object_object_get_ex(root, "annotations", &object) ||
	    json_object_object_get_ex(root, "ociVersion", NULL)) {
		while (json_text_next(&rest, &key, &value))
			if (span_is(key, "annotations"))
				*text = value;
		if (!json_object_is_type(object, json_type_object)) {
			text_error(err, text->at, -EINVAL,
				   "the container has no annotations");
			err_fix(err, "give it the annotation " PREFIX "policy");
			return -EINVAL;
		}
		*ret_object = object;
	}
	return 0;
}

static int oci_parse(const char *text, struct bpftoken_policy *policy,
		     struct list_notes *notes, struct bpftoken_error *err)
{
	struct reader reader = { .policy = policy, .notes = notes, .err = err };
	_cleanup_json_ struct json_object *root = NULL;
	struct span at = span_of(text);
	struct json_object *object;
	int r = json_text_read(at, MAX_DEPTH, &root, err);

	if (r < 0)
		return r;
	at = span_ltrim(at);
	if (!json_object_is_type(root, json_type_object)) {
		text_error(err, at.at, -EINVAL, "not a JSON object");
		err_fix(err, "write {\"" PREFIX "cmds\": \"map_create\", ...}");
		return -EINVAL;
	}
	r = find_annotations(&at, root, &object, err);
	if (r >= 0)
		r = read_annotations(&reader, at, object);
	if (r >= 0)
		r = check_all_seen(&reader, at, object);
	return r < 0 ? r : 0;
}

/* Nothing else has such keys; a text that is no JSON is refused by whoever reads it. */
static bool oci_detect(const char *text)
{
	struct span rest = span_ltrim(span_of(text)), key, value;

	if (!span_starts(rest, "{"))
		return false;
	while (json_text_next(&rest, &key, &value))
		if (span_starts(key, "bpftoken") || span_is(key, "ociVersion") ||
		    span_is(key, "annotations"))
			return true;
	return false;
}

static struct json_object *list_value(uint32_t set, uint64_t mask)
{
	_cleanup_text_ struct text list = { 0 };

	list_format(&list, set, mask, ":");
	return list.failed ? NULL : json_object_new_string(list.data);
}

static int oci_format(const struct bpftoken_policy *policy, struct text *out,
		      struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	bool ok = root;

	for (size_t i = 0; ok && i < ARRAY_SIZE(keys); i++) {
		const struct oci_key *key = &keys[i];

		if (key->parse == parse_list && policy->mask[key->set])
			ok = json_add(root, key->name,
				      list_value(key->set, policy->mask[key->set]));
		if (key->parse == parse_target && policy->target[0])
			ok = json_add(root, key->name,
				      json_object_new_string(policy->target));
	}
	/* an object without annotations would be a policy of another dialect */
	if (ok && bpftoken_policy_is_empty(policy, BPFTOKEN_SETS))
		ok = json_add(root, PREFIX "cmds", json_object_new_string("0x0"));
	if (!ok)
		return err_oom(err);
	text_add(out, "%s\n",
		 json_object_to_json_string_ext(
			 root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				       JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}

const struct dialect dialect_oci = {
	.name = "oci",
	.what = "annotations of a container; also reads its config.json",
	.detect = oci_detect,
	.parse = oci_parse,
	.format = oci_format,
};
