/* SPDX-License-Identifier: MIT */
/* Strict JSON, with every version of json-c the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "json.h"

#include <stdio.h>
#include <string.h>

#define DEPTH 4

static const struct {
	const char *text, *printed; /* NULL: refused, with so much before */
	size_t at;
} texts[] = {
	{ "{}", "{}", 0 },
	{ " {\"a\" : [1, null]}\n ", "{\"a\":[1,null]}", 0 },
	{ "17", "17", 0 },
	{ "-1.5\n", "-1.5", 0 },
	/* characters of two, three and four bytes; keys too */
	{ "\"\xc3\xa4\"", "\"\xc3\xa4\"", 0 },
	{ "[\"\xe2\x82\xac b\", \"\xc2\xba\"]", "[\"\xe2\x82\xac b\",\"\xc2\xba\"]", 0 },
	{ "{\"\xf0\x9f\x90\x9d\":\"\xf4\x8f\xbf\xbf\"}",
	  "{\"\xf0\x9f\x90\x9d\":\"\xf4\x8f\xbf\xbf\"}", 0 },
	{ "\"\\u00e4\\\\\"", "\"\xc3\xa4\\\\\"", 0 },
	/* no UTF-8: cut, alone, too long for what it says, half a pair, too much */
	{ "\"ab\xc3\"", NULL, 3 },
	{ "\"\x80\"", NULL, 1 },
	{ "\"\xc0\xaf\"", NULL, 1 },
	{ "\"\xed\xa0\x80\"", NULL, 1 },
	{ "\"\xf4\x90\x80\x80\"", NULL, 1 },
	{ "\"\xe2\x82", NULL, 1 },
	/* not in a string */
	{ "\xc3\xa4", NULL, 0 },
	{ "{}\xc3\xa4", NULL, 2 },
	{ "[1\xc2\xa0]", NULL, 2 },
	/* what json-c takes otherwise */
	{ "", NULL, 0 },
	{ "{", NULL, 1 },
	{ "[1,]", NULL, 3 },
	{ "{} {}", NULL, 3 },
	{ "nUll", NULL, 1 },
	{ "/* */ 1", NULL, 0 },
	{ "[[[[[1]]]]]", NULL, 4 },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_json_ struct json_object *root = NULL;
		struct json_wrong wrong = { 0 };
		int r = json_read(texts[i].text, strlen(texts[i].text), DEPTH, &root,
				  &wrong);

		if (r != (texts[i].printed ? 0 : -EINVAL) ||
		    (r && (wrong.at != texts[i].at || !wrong.why[0])))
			fail_msg("%s: %d at %zu: %s", texts[i].text, r, wrong.at,
				 wrong.why);
		if (!r)
			assert_string_equal(json_object_to_json_string_ext(
						    root, JSON_C_TO_STRING_PLAIN),
					    texts[i].printed);
	}
}

/* A NUL ends no text. */
static void test_nul(void **state)
{
	static const char text[] = "{}\0{";
	struct json_object *root = NULL;
	struct json_wrong wrong;

	(void)state;
	assert_int_equal(json_read(text, sizeof(text) - 1, DEPTH, &root, &wrong),
			 -EINVAL);
	assert_int_equal(wrong.at, 2);
	assert_null(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
