/* SPDX-License-Identifier: MIT */
/* The dialect "lxd": commands, single lines, YAML documents, and mistakes in each. */
#include "dialect-test.h"

#define KEY "security.delegate_bpf"
#define ON KEY "=true\n"

/* The commands of LXD's own page on BPF delegation. */
#define SEED_COMMANDS                                                      \
	"lxc config set bpf-experiments limits.kernel.memlock=unlimited\n" \
	"lxc config set bpf-experiments security.delegate_bpf=true\n"      \
	"lxc config set bpf-experiments "                                  \
	"security.delegate_bpf.prog_types=socket_filter\n"                 \
	"lxc config set bpf-experiments "                                  \
	"security.delegate_bpf.attach_types=cgroup_inet_ingress\n"         \
	"lxc config set bpf-experiments "                                  \
	"security.delegate_bpf.cmd_types=prog_load:map_create\n"           \
	"lxc config set bpf-experiments security.delegate_bpf.map_types=ringbuf\n"

/* What `lxc config show` prints: other keys, and values over several lines. */
#define SHOW_HEAD                                                 \
	"### a comment\n"                                         \
	"name: c1\n"                                              \
	"description: \"\"\n"                                     \
	"status: Running\n"                                       \
	"architecture: x86_64\n"                                  \
	"config:\n"                                               \
	"  image.description: ubuntu 24.04 LTS amd64 (release)\n" \
	"  limits.kernel.memlock: \"8388608\"\n"
#define SHOW_TAIL                                    \
	"  user.user-data: |\n"                      \
	"    #cloud-config\n"                        \
	"    security.delegate_bpf.cmd_types: any\n" \
	"\n"                                         \
	"    runcmd: [ls]\n"                         \
	"  volatile.uuid: 0c1d\n"                    \
	"devices:\n"                                 \
	"  root:\n"                                  \
	"    path: /\n"                              \
	"ephemeral: false\n"                         \
	"profiles:\n"                                \
	"- default\n"                                \
	"stateful: false\n"

static const struct good_text good[] = {
	{ SEED_COMMANDS, { 0x21, 1ULL << 27, 2, 1 }, POLICY_UNLIMITED },
	{ SHOW_HEAD "  " KEY ": \"true\"\n"
		    "  " KEY ".cmd_types: prog_load:map_create\n"
		    "  " KEY ".map_types: \"0x8000000000000000:ringbuf\"\n"
		    "  " KEY ".prog_types: any\n" SHOW_TAIL,
	  { 0x21, 1ULL << 63 | 1ULL << 27, UINT64_MAX },
	  8388608 },
	{ "config:\r\n    " KEY ": \"yes\"\r\n    '" KEY ".cmd_types': '32'\r\n",
	  { 0x20 } },
	{ SHOW_HEAD "  " KEY ": \"false\"\n" SHOW_TAIL, { 0 }, 8388608 },
	{ ON KEY ".prog_types=socket_filter", { 0, 0, 2 } },
	{ "# a comment\n\n  " KEY ".cmd_types = prog_load\n\t# more\n" KEY " = on",
	  { 0x20 } },
	{ KEY ": \"true\"\n" KEY ".cmd_types: prog_load:map_create\n", { 0x21 } },
	{ ON, { 0 } },
	{ KEY "=TRUE", { 0 } },
	{ KEY "=Off", { 0 } },
	{ KEY "=0\nlimits.kernel.memlock=65536", { 0 }, 65536 },
	{ ON "limits.kernel.memlock=4096:8192", { 0 }, 8192 },
	{ ON "limits.kernel.memlock=4096:unlimited", { 0 }, POLICY_UNLIMITED },
	{ ON "limits.kernel.memlock=18446744073709551615", { 0 }, POLICY_UNLIMITED },
	{ "lxc config set c1 " KEY "=1 " KEY ".cmd_types=0x21\n", { 0x21 } },
	{ "lxc config set c1 " KEY " true\nlxc config set c1 " KEY ".cmd_types any",
	  { UINT64_MAX } },
	{ "lxc config set r:c1 " KEY "=true '" KEY ".cmd_types=prog_load' " KEY
	  ".map_types=\"hash\"\n",
	  { 0x20, 2 } },
	{ "lxc config set c1 " KEY "=true\n" KEY ".cmd_types=PROG_LOAD\n", { 0x20 } },
	/* the same twice is no contradiction */
	{ ON ON KEY ".cmd_types=1\n" KEY ".cmd_types=\"1\"\n", { 1 } },
};

static void test_good(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_good("lxd", &good[i]);
	check_good(NULL, &good[0]);
	check_good(NULL, &good[1]);
	check_good(NULL, &good[4]);
	check_good(NULL, &good[5]);
}

#define NO_EFFECT "without security.delegate_bpf=true LXD delegates nothing"
#define SWITCH_ON "set security.delegate_bpf=true"
#define AS_IT_IS "give the output of \"lxc config show\" as it is"
#define INCOMPLETE "write lxc config set NAME KEY=VALUE"
#define BYTES "write the bytes, such as 8388608, or unlimited"
#define OTHER_KEY                                                                   \
	"remove it; read are security.delegate_bpf, security.delegate_bpf.*_types " \
	"and limits.kernel.memlock"

static const struct bad_text bad_lists[] = {
	{ ON KEY ".cmd_types=BPF_PROG_LOAD", -ENOENT, 2, 33,
	  "unknown command \"BPF_PROG_LOAD\"; the kernel wants it without the prefix "
	  "BPF_",
	  "write prog_load" },
	{ ON KEY ".cmd_types=prog_load,map_create", -EINVAL, 2, 42,
	  "\",\" does not separate commands in the lxd dialect",
	  "write \":\" between them, and nothing else" },
	{ ON KEY ".cmd_types=prog_load: map_create", -EINVAL, 2, 43,
	  "\" \" does not separate commands in the lxd dialect",
	  "write \":\" between them, and nothing else" },
	{ ON KEY ".cmd_types=ANY", -EINVAL, 2, 33,
	  "\"ANY\" must be in lower case to mean all commands", "write any" },
	{ ON KEY ".cmd_types=", -EINVAL, 2, 33, "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ ON KEY ".cmd_types=prog_load:", -EINVAL, 2, 43,
	  "a command is missing beside a \":\"", "remove the \":\"" },
	{ ON KEY ".cmd_types=prog_load::map_create", -EINVAL, 2, 43,
	  "a command is missing beside a \":\"", "remove the \":\"" },
	{ ON KEY ".prog_types=socket_filer", -ENOENT, 2, 34,
	  "unknown program type \"socket_filer\"; nearest is \"socket_filter\"",
	  "write socket_filter" },
	{ ON KEY ".attach_types=xdp:0x10000000000000000", -ERANGE, 2, 40,
	  "the number \"0x10000000000000000\" has more than 64 bits",
	  "write a mask of at most 16 hexadecimal digits" },
	{ ON KEY ".cmd_types=prog_load:0x1", -EINVAL, 2, 43,
	  "to the kernel the number \"0x1\" replaces what stands before it",
	  "write one number, and names after it" },
	{ "config:\n  " KEY ": \"true\"\n  " KEY ".cmd_types: \"\"\n", -EINVAL, 3, 37,
	  "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ "config:\n  " KEY ": \"true\"\n  " KEY ".cmd_types: any # all\n", -EINVAL, 3,
	  39, "\" \" does not separate commands in the lxd dialect",
	  "write \":\" between them, and nothing else" },
};

static const struct bad_text bad_keys[] = {
	{ "", -EINVAL, 1, 1, NO_EFFECT, SWITCH_ON },
	{ "# nothing\n", -EINVAL, 1, 1, NO_EFFECT, SWITCH_ON },
	{ "limits.kernel.memlock=unlimited", -EINVAL, 1, 1, NO_EFFECT, SWITCH_ON },
	{ KEY ".cmd_types=prog_load", -EINVAL, 1, 33, NO_EFFECT, SWITCH_ON },
	{ KEY "=false\n" KEY ".cmd_types=prog_load", -EINVAL, 2, 33, NO_EFFECT,
	  SWITCH_ON },
	{ "config: {}\nname: c1\n", -EINVAL, 1, 1, NO_EFFECT, SWITCH_ON },
	{ KEY "=maybe", -EINVAL, 1, 23, KEY " is \"maybe\", no boolean",
	  "write security.delegate_bpf=true" },
	{ KEY "=", -EINVAL, 1, 23, KEY " is \"\", no boolean",
	  "write security.delegate_bpf=true" },
	{ ON KEY ".cmd_type=any", -EINVAL, 2, 1,
	  "unknown key \"security.delegate_bpf.cmd_type\"; nearest is "
	  "\"security.delegate_bpf.cmd_types\"",
	  "write security.delegate_bpf.cmd_types" },
	{ ON "security.nesting=true", -EINVAL, 2, 1,
	  "the key \"security.nesting\" does not delegate BPF", OTHER_KEY },
	{ "lxc config set c1 security.nesting true", -EINVAL, 1, 19,
	  "the key \"security.nesting\" does not delegate BPF", OTHER_KEY },
	{ ON KEY "=false", -EINVAL, 2, 1,
	  "security.delegate_bpf is given twice, as \"true\" in line 1 and as \"false\"",
	  "keep one of the two" },
	{ ON KEY ".cmd_types=1\n" KEY ".cmd_types=map_create", -EINVAL, 3, 1,
	  "security.delegate_bpf.cmd_types is given twice, as \"1\" in line 2 and as "
	  "\"map_create\"",
	  "keep one of the two" },
	{ ON "limits.kernel.memlock=8MiB", -EINVAL, 2, 23,
	  "limits.kernel.memlock is \"8MiB\", no number of bytes above 0; LXD takes no "
	  "suffix",
	  BYTES },
	{ ON "limits.kernel.memlock=0", -EINVAL, 2, 23,
	  "limits.kernel.memlock is \"0\", no number of bytes above 0; LXD takes no "
	  "suffix",
	  BYTES },
	{ ON "limits.kernel.memlock=1:", -EINVAL, 2, 23,
	  "limits.kernel.memlock is \"1:\", no number of bytes above 0; LXD takes no "
	  "suffix",
	  BYTES },
	{ ON "limits.kernel.memlock=18446744073709551616", -EINVAL, 2, 23,
	  "limits.kernel.memlock is \"18446744073709551616\", no number of bytes above "
	  "0; "
	  "LXD takes no suffix",
	  BYTES },
};

static const struct bad_text bad_lines[] = {
	{ "lxc launch ubuntu:noble c1\n", -EINVAL, 1, 1,
	  "of the commands only \"lxc config set\" is read", "leave the line out" },
	{ "  lxc config show c1\n", -EINVAL, 1, 3,
	  "of the commands only \"lxc config set\" is read", "leave the line out" },
	{ "lxc config set", -EINVAL, 1, 15,
	  "the instance after \"config set\" is missing", INCOMPLETE },
	{ "lxc config set --project p c1 " ON, -EINVAL, 1, 16,
	  "the instance after \"config set\" is missing", INCOMPLETE },
	{ "lxc config set c1\n" ON, -EINVAL, 1, 18,
	  "the key after the instance is missing", INCOMPLETE },
	{ "lxc config set c1 " KEY " true x", -EINVAL, 1, 19,
	  "\"security.delegate_bpf\" is not KEY=VALUE",
	  "write a line such as security.delegate_bpf.cmd_types=prog_load" },
	{ "lxc config set c1 " ON "lxc config set c2 " ON, -EINVAL, 2, 16,
	  "this is about two instances, \"c1\" and \"c2\"",
	  "give the lines of one instance" },
	{ ON "something else", -EINVAL, 2, 1, "\"something else\" is not KEY=VALUE",
	  "write a line such as security.delegate_bpf.cmd_types=prog_load" },
	{ ON KEY ".cmd_types:any", -EINVAL, 2, 1,
	  "\"security.delegate_bpf.cmd_types:any\" is not KEY=VALUE",
	  "write a line such as security.delegate_bpf.cmd_types=prog_load" },
	{ "\x1b]0;x\x07", -EINVAL, 1, 1, "\"\\x1b]0;x\\x07\" is not KEY=VALUE",
	  "write a line such as security.delegate_bpf.cmd_types=prog_load" },
};

static const struct bad_text bad_yaml[] = {
	{ "config:\n  " KEY ": \"true\"\n  " KEY ".map_type: any\n", -EINVAL, 3, 3,
	  "unknown key \"security.delegate_bpf.map_type\"; nearest is "
	  "\"security.delegate_bpf.map_types\"",
	  "write security.delegate_bpf.map_types" },
	{ "config:\n  " KEY ": \"true\"\n  " KEY ".cmd_types:\n    any\n", -EINVAL, 3, 35,
	  "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ "config:\n  " KEY ".cmd_types: prog_load\n    :map_create\n", -EINVAL, 3, 5,
	  "unexpected indentation in \":map_create\"", AS_IT_IS },
	{ "config:\n    " KEY ": \"true\"\n  " KEY ".cmd_types: any\n", -EINVAL, 3, 3,
	  "unexpected indentation in \"security.delegate_bpf.cmd_types: any\"",
	  AS_IT_IS },
	{ "config:\n  \t" KEY ": \"true\"\n", -EINVAL, 2, 3,
	  "unexpected indentation in \"\\x09security.delegate_bpf: \\x22true\\x22\"",
	  AS_IT_IS },
	{ "config:\n  nonsense\n", -EINVAL, 2, 3, "no KEY: VALUE in \"nonsense\"",
	  AS_IT_IS },
	{ "config: { a: b }\n", -EINVAL, 1, 1,
	  "no block of lines in \"config: { a: b }\"", AS_IT_IS },
	{ "config:\n  a: b\nconfig:\n  c: d\n", -EINVAL, 3, 1,
	  "a second config block in \"config:\"", AS_IT_IS },
	{ "config:\n  " KEY ": \"true\"\nlxc config set c1 x=y\n", -EINVAL, 3, 1,
	  "unexpected text in \"lxc config set c1 x=y\"", AS_IT_IS },
	{ SHOW_HEAD SHOW_TAIL, -EINVAL, 1, 1, NO_EFFECT, SWITCH_ON },
};

static void test_mistakes(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_lists); i++)
		check_bad("lxd", &bad_lists[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad_keys); i++)
		check_bad("lxd", &bad_keys[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad_lines); i++)
		check_bad("lxd", &bad_lines[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad_yaml); i++)
		check_bad("lxd", &bad_yaml[i]);
}

#define SET "lxc config set INSTANCE "

static void test_writes(_unused_ void **state)
{
	static const struct {
		struct bpftoken_policy policy;
		const char *text;
	} rows[] = {
		{ { { 0x21, 1ULL << 27, 2, 1 }, POLICY_UNLIMITED },
		  SET "limits.kernel.memlock=unlimited\n" SET KEY "=true\n" SET KEY
		      ".prog_types=socket_filter\n" SET KEY
		      ".attach_types=cgroup_inet_ingress\n" SET KEY
		      ".cmd_types=map_create:prog_load\n" SET KEY
		      ".map_types=ringbuf\n" },
		{ { { 0, UINT64_MAX }, 0 },
		  SET KEY "=true\n" SET KEY ".map_types=any\n" },
		{ { { 1ULL << 63 | 1 }, 4096 },
		  SET "limits.kernel.memlock=4096\n" SET KEY "=true\n" SET KEY
		      ".cmd_types=0x8000000000000000:map_create\n" },
		{ { { 0 }, 0 }, SET KEY "=false\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(
			bpftoken_policy_format(&rows[i].policy, "lxd", &text, NULL), 0);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_notes(_unused_ void **state)
{
	static const struct dialect *const table[] = { &dialect_lxd, NULL };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	struct list_notes notes = { .count = 0 };

	assert_int_equal(dialect_parse(table, "lxd", ON KEY ".cmd_types=prog_load:1",
				       &policy, &notes, NULL),
			 0);
	assert_true(policy->mask[BPFTOKEN_CMDS] == 1);
	assert_int_equal(notes.count, 1);
	assert_true(notes.items[0].after_names && notes.items[0].decimal);
	assert_int_equal(notes.items[0].at.line, 2);
	assert_int_equal(notes.items[0].at.column, 43);
}

static void test_round_trips(_unused_ void **state)
{
	check_round_trips("lxd", true);
}

static void test_noise(_unused_ void **state)
{
	static const char *const pieces[] = {
		KEY,	      ON,
		".cmd_types", "=",
		": ",	      " ",
		"\n",	      "config:",
		"  ",	      "lxc config set",
		"c1",	      "any",
		"'",	      "\"",
		"# ",	      "limits.kernel.memlock",
		"1:",	      "0x1",
		"\t",	      "\xff",
		"- ",
	};

	check_noise("lxd", pieces, ARRAY_SIZE(pieces));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	    cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_writes),	    cmocka_unit_test(test_notes),
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
