/* SPDX-License-Identifier: MIT */
/*
 * Strict reading of JSON. json-c 0.18, read strictly, refuses each character beyond ASCII
 * (its issue 875), so that it is given them as the escapes that the standard has for them;
 * which also leaves no byte to it that is no UTF-8.
 */
#include "json.h"

#include "text.h"

#include <stdio.h>

/* What is no character is passed on as what is no escape. */
#define NO_ESCAPE "\\!"

static bool is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

/* The next bytes of a text as they are given to json-c. */
struct piece {
	size_t taken; /* bytes of the text */
	const char *given;
	size_t len;
	char escape[13];
};

static void next_piece(struct piece *piece, const char *text, size_t len)
{
	uint32_t c = 0;

	*piece = (struct piece){ .given = text };
	while (piece->taken < len && is_ascii(text[piece->taken]))
		piece->taken++;
	piece->len = piece->taken;
	if (piece->taken)
		return;
	piece->taken = text_character(text, len, &c);
	piece->given = piece->escape;
	if (!piece->taken)
		piece->len = (size_t)snprintf(piece->escape, 13, NO_ESCAPE);
	else if (c < 0x10000)
		piece->len = (size_t)snprintf(piece->escape, 13, "\\u%04x", c);
	else /* a pair, each with ten bits of c - 0x10000 */
		piece->len = (size_t)snprintf(piece->escape, 13, "\\u%04x\\u%04x",
					      0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

/* More of a text that has its value already is too much. */
static enum json_tokener_error next(struct json_tokener *tokener,
				    const struct piece *piece, bool last, size_t *ret_end,
				    struct json_object **root)
{
	enum json_tokener_error state;

	*root = json_tokener_parse_ex(tokener, piece->given, (int)piece->len);
	state = json_tokener_get_error(tokener);
	*ret_end = json_tokener_get_parse_end(tokener);
	if (state != json_tokener_success || (last && *ret_end == piece->len))
		return state;
	json_object_put(*root);
	return json_tokener_error_parse_unexpected;
}

int json_read(const char *text, size_t len, int max_depth, struct json_object **ret_root,
	      struct json_wrong *ret_wrong)
{
	struct json_tokener *tokener = json_tokener_new_ex(max_depth);
	enum json_tokener_error state = json_tokener_continue;
	struct json_object *root = NULL;
	struct piece piece;
	size_t at = 0, end = 0;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	for (; state == json_tokener_continue && at < len; at += end) {
		next_piece(&piece, text + at, len - at);
		state = next(tokener, &piece, at + piece.taken == len, &end, &root);
		if (piece.given == piece.escape)
			end = state == json_tokener_continue ? piece.taken : 0;
	}
	/* a number ends with the text, and what else stops in the middle does not pass */
	if (state == json_tokener_continue) {
		root = json_tokener_parse_ex(tokener, "", 1);
		state = json_tokener_get_error(tokener);
	}
	json_tokener_free(tokener);
	if (state == json_tokener_success) {
		*ret_root = root;
		return 0;
	}
	*ret_wrong = (struct json_wrong){ json_tokener_error_desc(state), at };
	return -EINVAL;
}
