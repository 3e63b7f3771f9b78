/* SPDX-License-Identifier: MIT */
/* JSON texts and positions in them: see json-text.h. */
#include "json-text.h"

#include "dialects.h"
#include "error.h"
#include "json.h"

#include <string.h>

static void tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

#define _cleanup_tokener_ _cleanup_(tokener_freep)

size_t json_text_string(struct span text)
{
	size_t i = 1;

	while (i < text.len && text.data[i] != '"')
		i += text.data[i] == '\\' ? 2 : 1;
	return i < text.len ? i + 1 : text.len;
}

struct span json_text_inside(struct span text)
{
	return span_first(span_skip(text, 1), json_text_string(text) - 2);
}

/* json-c takes keys in single quotes for JSON; json_text_string() and the standard do not. */
static int check_quotes(struct span text, struct bpftoken_error *err)
{
	for (;;) {
		text = span_skip(text, span_until(text, "\"'"));
		if (!text.len)
			return 0;
		if (text.data[0] == '\'')
			break;
		text = span_skip(text, json_text_string(text));
	}
	text_error(err, text.at, -EINVAL, "a string is in single quotes");
	err_fix(err, "use double quotes");
	return -EINVAL;
}

int json_text_read(struct span text, int max_depth, struct json_object **ret_root,
		   struct bpftoken_error *err)
{
	_cleanup_tokener_ struct json_tokener *tokener = json_tokener_new_ex(max_depth);
	_cleanup_json_ struct json_object *root = NULL;
	enum json_tokener_error error;
	int r;

	if (!tokener)
		return err_oom(err);
	if (text.len > HOST_TEXT_MAX) {
		text_error(err, text.at, -EFBIG, "it is longer than 1 MiB");
		err_fix(err, "give a policy alone");
		return -EFBIG;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text.data, (int)text.len + 1);
	error = json_tokener_get_error(tokener);
	if (error != json_tokener_success) {
		struct span at = span_skip(text, json_tokener_get_parse_end(tokener));

		text_error(err, at.at, -EINVAL, "not JSON: %s",
			   json_tokener_error_desc(error));
		err_fix(err, "correct the text here");
		return -EINVAL;
	}
	r = check_quotes(text, err);
	if (r == 0)
		*ret_root = TAKE_PTR(root);
	return r;
}

/* Length of the value that begins the text. */
static size_t value_len(struct span text)
{
	size_t depth = 0, i = 0;

	while (i < text.len) {
		char c = text.data[i];

		if (depth == 0 && strchr(",}]", c))
			break;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		if (c == '"')
			i += json_text_string(
				(struct span){ text.data + i, text.len - i, text.at });
		else
			i++;
	}
	return i;
}

bool json_text_next(struct span *rest, struct span *ret_key, struct span *ret_value)
{
	struct span text = span_ltrim(span_skip(*rest, 1)), value;

	if (!span_starts(text, "\""))
		return false;
	*ret_key = json_text_inside(text);
	text = span_ltrim(span_skip(text, json_text_string(text)));
	value = span_ltrim(span_skip(text, 1));
	*ret_value = span_rtrim(span_first(value, value_len(value)));
	*rest = span_skip(value, value_len(value));
	return rest->len;
}
