/* SPDX-License-Identifier: MIT */
/* The dialect json: what it reads, what it refuses and where, what it writes. */
#include "host-policy.h"

#define CMDS(bits)                                   \
	{                                            \
		.mask = { [BPFTOKEN_CMDS] = (bits) } \
	}
#define MAP_CREATE (UINT64_C(1) << 0)
#define PROG_LOAD (UINT64_C(1) << 5)
#define BTF_LOAD (UINT64_C(1) << 18)

static const struct {
	const char *text;
	struct bpftoken_policy policy;
} good_texts[] = {
	{ "{}", CMDS(0) },
	{ " {\"cmds\": []}\n", CMDS(0) },
	{ "{\"cmds\":[\"map_create\", \"prog_load\"]}", CMDS(MAP_CREATE | PROG_LOAD) },
	{ "{\"cmds\":[\"PROG_LOAD\", 0, \"0x40000\"]}",
	  CMDS(MAP_CREATE | PROG_LOAD | BTF_LOAD) },
	{ "{\"cmds\":[\"map_creat\\u0065\"]}", CMDS(MAP_CREATE) },
	{ "{\"cmds\":\"any\"}", CMDS(POLICY_ANY) },
	{ "{\"cmds\":[63, \"any\"]}", CMDS(POLICY_ANY) },
	{ "{\"provenance\":{\"by\":[{\"cmds\":\"{[,\\\"'\"}]},\"cmds\":[0]}",
	  CMDS(MAP_CREATE) },
	{ "{\"cmds\":[0],\"memlock\":65536}",
	  { .mask = { MAP_CREATE }, .memlock = 65536 } },
	{ "{\"memlock\":\"unlimited\"}", { .memlock = POLICY_UNLIMITED } },
	{ "{\"memlock\":18446744073709551614}", { .memlock = POLICY_UNLIMITED - 1 } },
};

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_texts); i++) {
		struct bpftoken_policy *policy;
		struct bpftoken_error err;

		if (host_policy_parse(NULL, good_texts[i].text, &policy, NULL, &err) < 0)
			fail_msg("%s: %s", good_texts[i].text, err.why);
		assert_memory_equal(policy, &good_texts[i].policy, sizeof(*policy));
		bpftoken_policy_free(policy);
	}
}

static const struct bad_text bad_texts[] = {
	{ "", -EINVAL, 1, 1, "not JSON", "" },
	{ "[1]", -EINVAL, 1, 1, "not a JSON object", "cmds" },
	{ "null", -EINVAL, 1, 1, "not a JSON object", "cmds" },
	{ "{\"cmds\":[0]", -EINVAL, 1, 12, "not JSON", "" },
	{ "{\"cmds\":[0]} x", -EINVAL, 1, 14, "not JSON", "" },
	{ "{\n\"cmds\":[0,]}", -EINVAL, 2, 11, "not JSON", "" },
	{ "{\"cmds\":[0]} // x", -EINVAL, 1, 14, "not JSON", "" },
	{ "{\"cmds\":[\"\xff\"]}", -EINVAL, 1, 11, "not JSON", "" },
	{ "{\"provenance\":{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}", -EINVAL, 1, 34,
	  "not JSON", "" },
	{ "{\"cmds\":['any']}", -EINVAL, 1, 10, "not JSON", "" },
	{ "{'cmds':\"any\"}", -EINVAL, 1, 2, "single quotes", "double" },
	{ "{\"provenance\":{\"a\":\"\\\"'\",'b':1}}", -EINVAL, 1, 26, "single quotes",
	  "" },
	{ "{\"cmd\":[]}", -EINVAL, 1, 3, "nearest is \"cmds\"", "write cmds" },
	{ "{\"cmds\":[],\n \"something\":[]}", -EINVAL, 2, 3, "unknown key",
	  "cmds, maps" },
	{ "{\"cmds\":[0],\"cmds\":[5]}", -EINVAL, 1, 14, "twice", "" },
	{ "{\"cmds\":[0],\"maps\":[1],\"cmds\":[0]}", -EINVAL, 1, 25, "twice", "" },
	{ "{\"cmds\":[0],\"cmd\\u0073\":[5]}", -EINVAL, 1, 14, "unknown key", "" },
	{ "{\"cmds\\u0000x\":[5]}", -EINVAL, 1, 3, "unknown key", "" },
	{ "{\"provenance\":{},\"provenance\":{}}", -EINVAL, 1, 19, "twice", "" },
	{ "{\"provenance\":1}", -EINVAL, 1, 15, "\"1\"", "object" },
	{ "{\"cmds\":null}", -EINVAL, 1, 9, "null", "array" },
	{ "{\"cmds\":5}", -EINVAL, 1, 9, "\"5\"", "array" },
	{ "{\"cmds\":{}}", -EINVAL, 1, 9, "\"{\"", "array" },
	{ "{\"cmds\":\"map_create\"}", -EINVAL, 1, 9, "map_create", "array" },
	{ "{\"cmds\":\"any\\u0000\"}", -EINVAL, 1, 9, "any", "array" },
	{ "{\"cmds\":[[0]]}", -EINVAL, 1, 10, "[0", "name" },
	{ "{\"cmds\":[null]}", -EINVAL, 1, 10, "null", "name" },
	{ "{\"cmds\":[true]}", -EINVAL, 1, 10, "true", "name" },
	{ "{\"cmds\":[1.0]}", -EINVAL, 1, 10, "1.0", "name" },
	{ "{\"cmds\":[NaN]}", -EINVAL, 1, 10, "NaN", "name" },
	{ "{\"cmds\":[64]}", -EINVAL, 1, 10, "64", "63" },
	{ "{\"cmds\":[-1]}", -EINVAL, 1, 10, "-1", "63" },
	{ "{\"cmds\":[9223372036854775807]}", -EINVAL, 1, 10, "9223372036854775807",
	  "63" },
	{ "{\"cmds\":[\"\"]}", -EINVAL, 1, 10, "", "one name" },
	{ "{\"cmds\":[\"map_create,prog_load\"]}", -EINVAL, 1, 10, "map_create,",
	  "one name" },
	{ "{\"cmds\":[\"map_create:prog_load\"]}", -EINVAL, 1, 10,
	  "map_create:", "one name" },
	{ "{\"cmds\":[\"map_create \"]}", -EINVAL, 1, 10, "map_create ", "one name" },
	{ "{\"cmds\":[0, \"map_craete\"]}", -ENOENT, 1, 13, "unknown command",
	  "map_create" },
	{ "{\"cmds\":[\"map_create\\u0000x\"]}", -ENOENT, 1, 10, "unknown command", "" },
	{ "{\"cmds\":[0],\"progs\":[1,\n2, \"xdpp\"]}", -ENOENT, 2, 4, "program type",
	  "xdp" },
	{ "{\"cmds\":[\"5\"]}", -EINVAL, 1, 10, "5", "prog_load" },
	{ "{\"cmds\":[\"0x10000000000000000\"]}", -ERANGE, 1, 10, "64 bits", "" },
	{ "{\"memlock\":0}", -EINVAL, 1, 12, "\"0\"", "unlimited" },
	{ "{\"memlock\":-5}", -EINVAL, 1, 12, "\"-5\"", "unlimited" },
	{ "{\"memlock\":18446744073709551615}", -EINVAL, 1, 12, "", "unlimited" },
	{ "{\"memlock\":\"5\"}", -EINVAL, 1, 12, "\"5\"", "unlimited" },
};

static void refuses(void **state)
{
	(void)state;
	check_bad_texts("json", bad_texts, ARRAY_SIZE(bad_texts));
}

/* Positions are looked up only for what is wrong: no time is lost on long arrays. */
/* json-c refuses it from 0.18 on and saturates before: it is refused in either case. */
static void refuses_more_than_64_bits(void **state)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;

	assert_int_equal(host_policy_parse("json", "{\"cmds\":[18446744073709551616]}",
					   &policy, NULL, &err),
			 -EINVAL);
	assert_null(policy);
	assert_int_equal(err.line, 1);
}

static void reads_long_arrays(void **state)
{
	static const char head[] = "{\"cmds\":[0", item[] = ",\"prog_load\"",
			  tail[] = "]}";
	char *text = malloc(HOST_TEXT_MAX + sizeof(item) + sizeof(tail));
	struct bpftoken_policy *policy;
	char *end = stpcpy(text, head), *last = end;

	(void)state;
	while ((size_t)(end - text) + strlen(tail) <= HOST_TEXT_MAX) {
		last = end;
		end = stpcpy(end, item);
	}
	strcpy(end, tail);
	assert_int_equal(host_policy_parse("json", text, &policy, NULL, NULL), -EFBIG);
	strcpy(last, tail);
	assert_int_equal(host_policy_parse("json", text, &policy, NULL, NULL), 0);
	assert_int_equal(policy->mask[BPFTOKEN_CMDS], MAP_CREATE | PROG_LOAD);
	bpftoken_policy_free(policy);
	free(text);
}

static void writes_the_canonical_object(void **state)
{
	const struct bpftoken_policy policy = {
		.mask = { MAP_CREATE | UINT64_C(1) << 63, POLICY_ANY, 0, 0 },
		.memlock = 4096,
	};
	char *text;

	(void)state;
	assert_int_equal(host_policy_format("json", &policy, &text, NULL), 0);
	assert_string_equal(text, "{\n"
				  "  \"cmds\": [\n"
				  "    \"0x8000000000000000\",\n"
				  "    \"map_create\"\n"
				  "  ],\n"
				  "  \"maps\": \"any\",\n"
				  "  \"memlock\": 4096\n"
				  "}\n");
	free(text);
}

static void round_trips(void **state)
{
	(void)state;
	check_round_trips("json", 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_more_than_64_bits),
		cmocka_unit_test(reads_long_arrays),
		cmocka_unit_test(writes_the_canonical_object),
		cmocka_unit_test(round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
