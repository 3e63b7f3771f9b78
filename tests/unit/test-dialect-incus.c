/* SPDX-License-Identifier: MIT */
/* The dialect "incus": commands, single lines, YAML documents, and mistakes in each. */
#include "dialect-test.h"

#define KEY "security.bpffs"
#define SHOW_HEAD                \
	"architecture: x86_64\n" \
	"config:\n"              \
	"  image.os: Debian\n"   \
	"  limits.kernel.memlock: \"8388608\"\n"
#define SHOW_TAIL                 \
	"  user.user-data: |\n"   \
	"    #cloud-config\n"     \
	"  volatile.uuid: 0c1d\n" \
	"devices: {}\n"           \
	"ephemeral: false\n"

static const struct good_text good[] = {
	{ "incus config set c1 " KEY ".delegate_cmds=map_create,prog_load\n"
	  "incus config set c1 " KEY ".delegate_maps=ringbuf\n"
	  "incus config set c1 " KEY ".delegate_progs=socket_filter\n"
	  "incus config set c1 " KEY ".delegate_attachs=cgroup_inet_ingress\n",
	  { 0x21, 1ULL << 27, 2, 1 } },
	{ "incus config set c1 " KEY ".delegate_cmds map_create", { 1 } },
	{ SHOW_HEAD "  " KEY ".delegate_cmds: map_create,prog_load\n"
		    "  " KEY ".delegate_maps: any\n"
		    "  " KEY ".path: /sys/fs/bpf\n" SHOW_TAIL,
	  { 0x21, UINT64_MAX },
	  8388608 },
	{ KEY ".delegate_cmds=map_create, ,prog_load,", { 0x21 } },
	{ KEY ".delegate_cmds=map_create:prog_load", { 0x21 } },
	{ KEY ".delegate_cmds=0x20,map_create", { 0x21 } },
	{ KEY ".delegate_cmds=", { 0 } },
	{ "# nothing\n" KEY ".delegate_progs: \"xdp\"", { 0, 0, 0x40 } },
	{ "limits.kernel.memlock=4096\n" KEY ".delegate_cmds=any\n",
	  { UINT64_MAX },
	  4096 },
};

static const struct bad_text bad[] = {
	{ KEY ".delegate_cmd=map_create", -EINVAL, 1, 1,
	  "unknown key \"" KEY ".delegate_cmd\"; nearest is \"" KEY ".delegate_cmds\"",
	  "write " KEY ".delegate_cmds" },
	{ KEY ".delegate_cmds=map_craete", -ENOENT, 1, 30,
	  "unknown command \"map_craete\"; nearest is \"map_create\"",
	  "write map_create" },
	{ KEY ".delegate_cmds=map_create,0x20", -EINVAL, 1, 41,
	  "to the kernel the number \"0x20\" replaces what stands before it",
	  "write one number, and names after it" },
	{ KEY ".delegate_maps=hash\n" KEY ".delegate_maps=array", -EINVAL, 2, 1,
	  KEY ".delegate_maps is given twice, as \"hash\" in line 1 and as \"array\"",
	  "keep one of the two" },
	{ KEY ".path=sys/fs/bpf", -EINVAL, 1, 21,
	  KEY ".path is \"sys/fs/bpf\", no absolute path",
	  "write a path of at most 255 bytes, without .." },
	{ KEY ".path=/sys/../etc", -EINVAL, 1, 21,
	  KEY ".path is \"/sys/../etc\", no absolute path",
	  "write a path of at most 255 bytes, without .." },
	{ KEY ".delegate_cmds=any\nlxc config set c1 " KEY ".path=/bpf", -EINVAL, 2, 1,
	  "the key \"lxc config set c1 " KEY ".path\" does not delegate BPF",
	  "remove it; read are " KEY ".delegate_*, " KEY
	  ".path and limits.kernel.memlock" },
	{ "incus config show c1", -EINVAL, 1, 1,
	  "of the commands only \"incus config set\" is read", "leave the line out" },
};

static void test_reads(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		check_good("incus", &good[i]);
		check_good(NULL, &good[i]);
	}
}

static void test_mistakes(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad("incus", &bad[i]);
}

static void test_round_trips(_unused_ void **state)
{
	check_round_trips("incus", true);
}

/* The kernel takes 255 bytes of an option: a longer list is one number. */
static void test_long_lists(_unused_ void **state)
{
	static const char *const dialects[] = { "incus", "lxd" };
	struct bpftoken_policy policy = { .mask = { 1, 0, 0, 0xfffffffff } };
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		_cleanup_policy_ struct bpftoken_policy *back = NULL;
		_cleanup_free_ char *written = NULL;

		assert_int_equal(
			bpftoken_policy_format(&policy, dialects[i], &written, NULL), 0);
		assert_non_null(strstr(written, "=0xfffffffff\n"));
		assert_int_equal(bpftoken_policy_parse(written, dialects[i], &back, NULL),
				 0);
		assert_true(bpftoken_policy_equal(&policy, back));
	}
	snprintf(text, sizeof(text), KEY ".delegate_maps=hash");
	for (int i = 0; i < 63; i++)
		strcat(text, ",hash");
	check_bad("incus",
		  &(struct bad_text){ text, -EINVAL, 1, 30,
				      KEY ".delegate_maps has 319 bytes, and the kernel "
					  "takes an option of at most 255",
				      "write the list as one number, such as 0x20" });
}

static void test_path(_unused_ void **state)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(bpftoken_policy_parse(KEY ".path=/run/bpf\n" KEY
						   ".delegate_cmds=map_create",
					       "incus", &policy, NULL),
			 0);
	assert_string_equal(policy->target, "/run/bpf");
	assert_int_equal(bpftoken_policy_format(policy, "incus", &text, NULL), 0);
	assert_string_equal(text, "incus config set INSTANCE " KEY ".path=/run/bpf\n"
				  "incus config set INSTANCE " KEY
				  ".delegate_cmds=map_create\n");
}

static void test_noise(_unused_ void **state)
{
	static const char *const pieces[] = {
		KEY,	".delegate_cmds", ".path", "=",	 ": ",	 "any",	   ",",
		":",	"/sys",		  "0x20",  "\n", "  ",	 "incus ", "config ",
		"set ", "config:\n",	  "\"",	   "#",	 "\xff", "c1 "
	};

	check_noise("incus", pieces, ARRAY_SIZE(pieces));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),	    cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_path),	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
