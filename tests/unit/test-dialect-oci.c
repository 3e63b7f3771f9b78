/* SPDX-License-Identifier: MIT */
/* The dialect oci: annotations alone and in a config.json, and mistakes in both. */
#include "host-policy.h"

static const struct {
	const char *text;
	uint64_t mask[BPFTOKEN_SETS];
	const char *target;
} good_texts[] = {
	{ "{\"bpftoken.cmds\":\"map_create:prog_load\",\"bpftoken.maps\":\"ringbuf\","
	  "\"bpftoken.progs\":\"xdp socket_filter\",\"bpftoken.attachs\":\"xdp,"
	  "cgroup_inet_ingress\"}",
	  { 0x21, 1ULL << 27, 0x42, 1ULL << 37 | 1 },
	  "" },
	{ "{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"bpftoken.cmds\",\"{\"]},"
	  "\"annotations\":{\"io.kubernetes.cri\":\"a{b\\\"\",\"bpftoken.policy\":"
	  "\"delegate_cmds=map_create,delegate_maps=hash\","
	  "\"bpftoken.target\":\"/run/bpf\"},\"linux\":{}}",
	  { 1, 2 },
	  "/run/bpf" },
	{ "{\"bpftoken.policy\":\"@xdp\",\"bpftoken.maps\":\"any\"}",
	  { 1ULL << 5 | 1ULL << 18, UINT64_MAX, 0x40, 1ULL << 37 },
	  "" },
	{ "{\"bpftoken.policy\":\"{\\\"cmds\\\":[\\\"map_create\\\"]}\"}", { 1 }, "" },
	{ "{\"annotations\":{}}", { 0 }, "" },
	{ "{\"annotations\":{\"a\":\"b\"}}", { 0 }, "" },
	{ "{\"bpftoken.cmds\":\"0x8000000000000001\"}", { 1ULL << 63 | 1 }, "" },
};

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_texts); i++) {
		struct bpftoken_policy *policy;
		struct bpftoken_error err;

		if (host_policy_parse(i % 2 ? "oci" : NULL, good_texts[i].text, &policy,
				      NULL, &err) < 0)
			fail_msg("%s: %s", good_texts[i].text, err.why);
		assert_memory_equal(policy->mask, good_texts[i].mask,
				    sizeof(policy->mask));
		assert_string_equal(policy->target, good_texts[i].target);
		bpftoken_policy_free(policy);
	}
}

static const struct bad_text bad_texts[] = {
	{ "{\"bpftoken.cmd\":\"any\"}", -EINVAL, 1, 3,
	  "unknown annotation \"bpftoken.cmd\"; nearest is \"bpftoken.cmds\"",
	  "write bpftoken.cmds" },
	{ "{\"annotations\":{\"bpf-token.maps\":\"any\"}}", -EINVAL, 1, 18,
	  "nearest is \"bpftoken.maps\"", "write bpftoken.maps" },
	{ "{\"bpftoken.cmds\":\n\"map_craete\"}", -ENOENT, 2, 2,
	  "unknown command \"map_craete\"; nearest is \"map_create\"",
	  "write map_create" },
	{ "{\"bpftoken.cmds\":\"5\"}", -EINVAL, 1, 19, "5", "" },
	{ "{\"bpftoken.cmds\":[\"any\"]}", -EINVAL, 1, 18, "is no string", "quotes" },
	{ "{\"bpftoken.cmds\":\"\"}", -EINVAL, 1, 19, "says nothing", "" },
	{ "{\"bpftoken.cmds\":\"any\",\"bpftoken.cmds\":\"any\"}", -EINVAL, 1, 25,
	  "is there twice", "keep one" },
	{ "{\"bpftoken\\u002ecmds\":\"any\"}", -EINVAL, 1, 3, "unknown annotation", "" },
	{ "{\"annotations\":{\"\\u0062pftoken.cmds\":\"any\"}}", -EINVAL, 1, 16,
	  "\"bpftoken.cmds\" has escapes", "as it is" },
	{ "{\"bpftoken.policy\":\"web\"}", -EINVAL, 1, 21, "is a profile", "" },
	{ "{\"bpftoken.policy\":\"{\\\"bpftoken.policy\\\":\\\"@xdp\\\"}\"}", -EINVAL, 1,
	  21, "annotations once more", "" },
	{ "{\"bpftoken.policy\":\"delegate_cmds=map_craete\"}", -ENOENT, 1, 21,
	  "map_craete", "" },
	{ "{\"bpftoken.policy\":\"@xpd\"}", -ENOENT, 1, 21, "unknown preset", "@xdp" },
	{ "{\"bpftoken.target\":\"../etc\"}", -EINVAL, 1, 21, "no absolute path", "" },
	{ "{\"bpftoken.target\":\"/a\\u0000b\"}", -EINVAL, 1, 21, "says nothing", "" },
	{ "{\"ociVersion\":\"1.2.0\"}", -EINVAL, 1, 1, "no annotations", "" },
	{ "{\"annotations\":[]}", -EINVAL, 1, 16, "no annotations", "" },
	{ "{\"annotations\":{\"bpftoken.cmds\":\"any\"}", -EINVAL, 1, 39, "not JSON",
	  "" },
	{ "[]", -EINVAL, 1, 1, "not a JSON object", "" },
	{ "{'bpftoken.cmds':\"any\"}", -EINVAL, 1, 2, "single quotes", "double" },
};

static void refuses(void **state)
{
	(void)state;
	check_bad_texts("oci", bad_texts, ARRAY_SIZE(bad_texts));
}

static void round_trips(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct bpftoken_policy policy = { .memlock = 0 };
		struct bpftoken_policy *again;
		char *text;

		for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
			policy.mask[set] = random_mask(&random);
		if (i % 3 == 0)
			strcpy(policy.target, "/run/\"b\\pf");
		assert_int_equal(host_policy_format("oci", &policy, &text, NULL), 0);
		assert_int_equal(
			host_policy_parse(i % 2 ? "oci" : NULL, text, &again, NULL, NULL),
			0);
		assert_memory_equal(again, &policy, sizeof(policy));
		bpftoken_policy_free(again);
		free(text);
	}
}

/* Foreign texts of any depth and size are answered, not suffered. */
static void hostile(void **state)
{
	static char text[HOST_TEXT_MAX + 2];
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		strcpy(text + i * 5, "{\"a\":");
	assert_int_equal(host_policy_parse("oci", text, &policy, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.why, "nesting too deep"));
	memset(text, '[', 10000);
	text[10000] = '\0';
	assert_int_equal(host_policy_parse("oci", text, &policy, NULL, &err), -EINVAL);
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "{\"bpftoken.cmds\":\"any\"}", 23);
	assert_int_equal(host_policy_parse("oci", text, &policy, NULL, &err), -EFBIG);
	assert_null(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
