/* SPDX-License-Identifier: MIT */
/*
 * The dialect json: {"cmds": ["map_create"], ...}, for programs. A set is the string
 * "any" or an array of names, "0x..." masks and integers, which are values of the
 * kernel's enums; "memlock" is "unlimited" or bytes; "provenance", an object, is there
 * for whoever wrote the policy and means nothing here.
 *
 * json-c reads it. It keeps no positions and, of a key written twice, the last value;
 * both are found in the text itself, which is known to be JSON by then.
 */
#include "dialects.h"
#include "error.h"
#include "json-text.h"
#include "json.h"
#include "names.h"

#include <string.h>

#define MAX_DEPTH 16
#define KEY_PROVENANCE HOST_KEYS

static const struct list_syntax json_syntax = {
	.separators = "",
	.numbers = LIST_NUMBERS_HEX,
	.dialect = "json",
};

/* One reading. */
struct json {
	struct span text;
	struct bpftoken_policy *policy;
	struct list_notes *notes;
	struct bpftoken_error *err;
};

/* Parts of a member of the top object. */
enum part { PART_KEY, PART_VALUE, PART_ITEM }; /* PART_ITEM + n: item n of its array */

/*
 * Where in a JSON text a part of the n-th member of the top object begins; an empty span
 * when there is none.
 */
static struct span find_part(struct span text, size_t member, size_t part)
{
	const size_t wanted_depth = part >= PART_ITEM ? 2 : 1;
	size_t depth = 0, at_member = 0, at_part = PART_KEY;

	for (text = span_ltrim(text); text.len; text = span_ltrim(text)) {
		char c = text.data[0];

		if (depth == wanted_depth && at_member == member && at_part == part &&
		    !strchr(":,]}", c))
			return text;
		if (strchr("[{", c) && ++depth == 2)
			at_part = PART_ITEM;
		if (strchr("]}", c))
			depth--;
		if (c == ':' && depth == 1)
			at_part = PART_VALUE;
		if (c == ',' && depth == 2)
			at_part++;
		if (c == ',' && depth == 1) {
			at_member++;
			at_part = PART_KEY;
		}
		text = span_skip(text, c == '"' ? json_text_string(text) : 1);
	}
	return text;
}

/* A value is of a type that it cannot have. */
static int wrong_type(struct json *json, size_t member, size_t part, const char *fix)
{
	struct span value = find_part(json->text, member, part);
	struct span word = span_first(value, span_until(value, ",]}" SPAN_BLANKS));

	if (span_starts(value, "\""))
		word = json_text_inside(value);
	text_error(json->err, value.at, -EINVAL, "\"%s\" cannot be here",
		   SPAN_QUOTE(word));
	err_fix(json->err, "%s", fix);
	return -EINVAL;
}

/* json-c's strings may contain NUL bytes. */
static struct span string_span(struct json_object *string)
{
	struct span span = { .data = json_object_get_string(string) };

	span.len = (size_t)json_object_get_string_len(string);
	return span;
}

static bool is_word(struct json_object *value, const char *word)
{
	return json_object_is_type(value, json_type_string) &&
	       span_is(string_span(value), word);
}

static int read_item(struct json *json, struct json_object *item, uint32_t set,
		     size_t member, size_t part)
{
	uint64_t *mask = &json->policy->mask[set];
	int64_t value;
	int r;

	if (json_object_is_type(item, json_type_string)) {
		struct span name = string_span(item), where;

		if (!name.len || span_until(name, ",:;" SPAN_BLANKS) < name.len)
			return wrong_type(json, member, part,
					  "put one name into a string");
		r = list_parse(name.data, name.len, set, &json_syntax, name.at, mask,
			       json->notes, json->err);
		if (r >= 0)
			return 0;
		where = find_part(json->text, member, part);
		err_position(json->err, where.at.line, where.at.column);
		return r;
	}
	value = json_object_is_type(item, json_type_int) ? json_object_get_int64(item)
							 : -1;
	if (value < 0 || value > (int64_t)NAMES_MAX_VALUE)
		return wrong_type(
			json, member, part,
			"give a name, a mask like \"0x20\", or a value up to 63");
	*mask |= UINT64_C(1) << value;
	return 0;
}

static int read_set(struct json *json, struct json_object *value, uint32_t set,
		    size_t member)
{
	int r = 0;

	if (is_word(value, "any")) {
		json->policy->mask[set] = POLICY_ANY;
		return 0;
	}
	if (!json_object_is_type(value, json_type_array))
		return wrong_type(json, member, PART_VALUE,
				  "give an array of names, or \"any\"");
	for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
		r = read_item(json, json_object_array_get_idx(value, i), set, member,
			      PART_ITEM + i);
	return r;
}

static int read_memlock(struct json *json, struct json_object *value, size_t member)
{
	uint64_t bytes = 0;

	if (is_word(value, "unlimited")) {
		json->policy->memlock = POLICY_UNLIMITED;
		return 0;
	}
	/* json-c gives 0 for negative numbers, the largest number for all larger ones */
	if (json_object_is_type(value, json_type_int))
		bytes = json_object_get_uint64(value);
	if (!bytes || bytes == UINT64_MAX)
		return wrong_type(json, member, PART_VALUE,
				  "give a number of bytes or \"unlimited\"");
	json->policy->memlock = bytes;
	return 0;
}

static int read_provenance(struct json *json, struct json_object *value, size_t member)
{
	if (json_object_is_type(value, json_type_object))
		return 0;
	return wrong_type(json, member, PART_VALUE, "give an object");
}

/* The n-th member, whose key stands in the text at key. */
static int read_member(struct json *json, struct json_object *root, struct span key,
		       size_t member, uint32_t *seen)
{
	struct span name = json_text_inside(key);
	bool provenance = span_is(name, "provenance");
	int index = provenance ? KEY_PROVENANCE : host_key(name);
	struct json_object *value;

	if (index < 0)
		return host_unknown_key(name, json->err);
	if (*seen & 1U << index) {
		text_error(json->err, name.at, -EINVAL, "the key \"%s\" is there twice",
			   SPAN_QUOTE(name));
		err_fix(json->err, "keep one of them");
		return -EINVAL;
	}
	*seen |= 1U << index;
	value = json_object_object_get(root,
				       provenance ? "provenance" : host_keys[index]);
	if (provenance)
		return read_provenance(json, value, member);
	if (index == HOST_KEY_MEMLOCK)
		return read_memlock(json, value, member);
	return read_set(json, value, (uint32_t)index, member);
}

static int read_root(struct json *json, struct json_object *root)
{
	uint32_t seen = 0;
	int r = 0;

	for (size_t member = 0; r >= 0; member++) {
		struct span key = find_part(json->text, member, PART_KEY);

		if (!key.len)
			break;
		r = read_member(json, root, key, member, &seen);
	}
	return r;
}

static int json_parse(const char *text, struct bpftoken_policy *policy,
		      struct list_notes *notes, struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *root = NULL;
	struct json json = { span_of(text), policy, notes, err };
	int r = json_text_read(json.text, MAX_DEPTH, &root, err);

	if (r < 0)
		return r;
	if (!json_object_is_type(root, json_type_object)) {
		text_error(err, span_ltrim(json.text).at, -EINVAL, "not a JSON object");
		err_fix(err, "write {\"cmds\": [...], ...}");
		return -EINVAL;
	}
	return read_root(&json, root);
}

static bool json_detect(const char *text)
{
	return span_starts(span_ltrim(span_of(text)), "{");
}

/* The array of a set's names, or "any"; NULL when there is no memory. */
static struct json_object *set_value(uint32_t set, uint64_t mask)
{
	_cleanup_text_ struct text list = { 0 };
	_cleanup_json_ struct json_object *array = json_object_new_array();
	struct span rest, word;

	if (mask == POLICY_ANY)
		return json_object_new_string("any");
	list_format(&list, set, mask, " ");
	if (list.failed)
		return NULL;
	for (rest = span_of(list.data); (word = span_word(&rest)).len;) {
		if (!json_append(array,
				 json_object_new_string_len(word.data, (int)word.len)))
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *memlock_value(uint64_t memlock)
{
	if (memlock == POLICY_UNLIMITED)
		return json_object_new_string("unlimited");
	return json_object_new_uint64(memlock);
}

static int json_format(const struct bpftoken_policy *policy, struct text *out,
		       struct bpftoken_error *err)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	const char *text;

	if (!root)
		return err_oom(err);
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (policy->mask[set] &&
		    !json_add(root, host_keys[set], set_value(set, policy->mask[set])))
			return err_oom(err);
	}
	if (policy->memlock &&
	    !json_add(root, host_keys[HOST_KEY_MEMLOCK], memlock_value(policy->memlock)))
		return err_oom(err);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED);
	if (!text)
		return err_oom(err);
	text_add(out, "%s\n", text);
	return 0;
}

const struct dialect dialect_json = {
	.name = "json",
	.what = "an object with an array of names for each set, for programs",
	.detect = json_detect,
	.parse = json_parse,
	.format = json_format,
};
