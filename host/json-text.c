/* SPDX-License-Identifier: MIT */
/* JSON texts and positions in them: see json-text.h. */
#include "json-text.h"

#include "dialects.h"
#include "error.h"
#include "json.h"

#include <string.h>

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
	_cleanup_json_ struct json_object *root = NULL;
	struct json_wrong wrong;
	int r;

	if (text.len > HOST_TEXT_MAX) {
		text_error(err, text.at, -EFBIG, "it is longer than 1 MiB");
		err_fix(err, "give a policy alone");
		return -EFBIG;
	}
	r = json_read(text.data, text.len, max_depth, &root, &wrong);
	if (r == -ENOMEM)
		return err_oom(err);
	if (r < 0) {
		text_error(err, span_skip(text, wrong.at).at, -EINVAL, "not JSON: %s",
			   wrong.why);
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
