/* SPDX-License-Identifier: MIT */
/* The dialect "mount": the kernel's own inputs, the lines that show a mount, mistakes. */
#include "dialect-test.h"

#define SEED_SHOWN                                                    \
	"none on /sys/fs/bpf type bpf (rw,relatime,uid=1000000,"      \
	"gid=1000000,\n                            "                  \
	"delegate_cmds=map_create:prog_load,\n                      " \
	"      delegate_maps=ringbuf,\n                            "  \
	"delegate_progs=socket_filter,\n                           "  \
	" delegate_attachs=cgroup_inet_ingress)"

/* The values that bpf_parse_param() takes, with what it makes of them. */
static const struct good_text kernel_takes[] = {
	{ "delegate_cmds=any", { UINT64_MAX } },
	{ "delegate_cmds=prog_load", { 0x20 } },
	{ "delegate_cmds=PROG_LOAD", { 0x20 } },
	{ "delegate_cmds=prog_load:map_create", { 0x21 } },
	{ "delegate_cmds=0x20", { 0x20 } },
	{ "delegate_cmds=32", { 0x20 } },
	{ "delegate_cmds=040", { 0x20 } },
	{ "delegate_cmds=+1", { 1 } },
	{ "delegate_cmds=1\n", { 1 } },
	{ "delegate_cmds=0x100:prog_load", { 0x120 } },
	{ "delegate_cmds=0x1:any", { UINT64_MAX } },
	{ "delegate_cmds=0", { 0 } },
	{ "delegate_cmds=0x0", { 0 } },
	{ "delegate_cmds=0x8000000000000000", { 1ULL << 63 } },
	{ "delegate_cmds=prog_run", { 0x400 } },
	{ "delegate_maps=cgroup_storage:percpu_cgroup_storage", { 0, 0x280000 } },
	{ "delegate_progs=xdp,delegate_attachs=xdp", { 0, 0, 0x40, 1ULL << 37 } },
	{ "delegate_cmds=prog_load,delegate_cmds=map_create", { 0x21 } },
};

static void test_kernel_takes(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_takes); i++)
		check_good("mount", &kernel_takes[i]);
}

static const struct good_text forms[] = {
	{ "-o delegate_cmds=prog_load", { 0x20 } },
	{ "  -o   rw,delegate_cmds=prog_load  \n", { 0x20 } },
	{ "delegate_cmds=prog_load,\n\tdelegate_maps=hash,\r\n delegate_progs=xdp\n",
	  { 0x20, 2, 0x40 } },
	{ "nosuid,nodev,noexec,mode=0700,uid=100000,gid=100000,delegate_cmds=1", { 1 } },
	{ "context=\"u:r:t:s0:c1,c2\",delegate_cmds=1", { 1 } },
	{ SEED_SHOWN, { 0x21, 1ULL << 27, 2, 1 } },
	{ SEED_SHOWN "\n", { 0x21, 1ULL << 27, 2, 1 } },
	{ "bpf on /sys/fs/bpf type bpf (rw,nosuid,nodev,noexec,relatime,mode=700)\n",
	  { 0 } },
	{ "36 25 0:30 / /sys/fs/bpf rw,nosuid,nodev,noexec,relatime shared:11 - bpf none "
	  "rw,uid=100000,delegate_cmds=map_create:prog_load:0x800000000,"
	  "delegate_maps=any\n",
	  { 0x800000021, UINT64_MAX } },
	{ "36 25 0:30 / /sys/fs/bpf rw - bpf none rw,delegate_attachs=xdp",
	  { 0, 0, 0, 1ULL << 37 } },
	{ "36 25 0:30 / /a\\040-\\040b rw - bpf  rw,delegate_maps=hash", { 0, 2 } },
	{ "36 25 0:30 / /sys/fs/bpf rw - bpf bpf rw", { 0 } },
	{ "none /sys/fs/bpf bpf rw,relatime,delegate_cmds=prog_load:0x1 0 0\n",
	  { 0x21 } },
};

static void test_forms(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		check_good("mount", &forms[i]);
		check_good(NULL, &forms[i]);
	}
}

#define NOT_THAT_OPTION                                                           \
	"remove it; the options that delegate are delegate_cmds, delegate_maps, " \
	"delegate_progs and delegate_attachs"
#define NOT_A_BLANK "separate options by \",\", items by \":\""

static const struct bad_text mistakes[] = {
	{ "", -EINVAL, 1, 1, "none of these mount options delegates anything",
	  "write an option such as delegate_cmds=map_create:prog_load" },
	{ "rw,nosuid", -EINVAL, 1, 1, "none of these mount options delegates anything",
	  "write an option such as delegate_cmds=map_create:prog_load" },
	{ "delegate_cmds=", -EINVAL, 1, 15, "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ "delegate_cmds", -EINVAL, 1, 14, "the list of commands is empty",
	  "write what to delegate, or leave the list out" },
	{ "delegate_cmds=ANY", -EINVAL, 1, 15,
	  "\"ANY\" must be in lower case to mean all commands", "write any" },
	{ "delegate_cmds=BPF_PROG_LOAD", -ENOENT, 1, 15,
	  "unknown command \"BPF_PROG_LOAD\"; the kernel wants it without the prefix "
	  "BPF_",
	  "write prog_load" },
	{ "delegate_maps=BPF_MAP_TYPE_HASH", -ENOENT, 1, 15,
	  "unknown map type \"BPF_MAP_TYPE_HASH\"; the kernel wants it without the "
	  "prefix "
	  "BPF_MAP_TYPE_",
	  "write hash" },
	{ "delegate_progs=socket_filer", -ENOENT, 1, 16,
	  "unknown program type \"socket_filer\"; nearest is \"socket_filter\"",
	  "write socket_filter" },
	{ "delegate_cmds=bogus", -ENOENT, 1, 15, "unknown command \"bogus\"",
	  "write a command as in linux/bpf.h without BPF_" },
	{ "delegate_cmds=prog_load:", -EINVAL, 1, 25,
	  "a command is missing beside a \":\"", "remove the \":\"" },
	{ "delegate_cmds=:prog_load", -EINVAL, 1, 15,
	  "a command is missing beside a \":\"", "remove the \":\"" },
	{ "delegate_cmds=prog_load,map_create", -EINVAL, 1, 25,
	  "\",\" ends the list of delegate_cmds, and \"map_create\" is no mount option",
	  "write \":\" before map_create" },
	{ "delegate_cmds=prog_load:map_create:0x100", -EINVAL, 1, 36,
	  "to the kernel the number \"0x100\" replaces what stands before it",
	  "write one number, and names after it" },
	{ "delegate_cmds=any:0x1", -EINVAL, 1, 19,
	  "to the kernel the number \"0x1\" replaces what stands before it",
	  "write one number, and names after it" },
	{ "delegate_cmds= 1", -EINVAL, 1, 15,
	  "a blank within the mount option \"delegate_cmds= 1\"", NOT_A_BLANK },
	{ "delegate_cmds=0x20 ,delegate_maps=hash", -EINVAL, 1, 19,
	  "a blank within the mount option \"delegate_cmds=0x20 \"", NOT_A_BLANK },
	{ "delegate_cmds=prog_load delegate_maps=hash", -EINVAL, 1, 24,
	  "a blank within the mount option \"delegate_cmds=prog_load "
	  "delegate_maps=hash\"",
	  NOT_A_BLANK },
	{ "delegate_cmds=-1", -EINVAL, 1, 15, "\"-1\" is neither a command nor a number",
	  "write a name, or a mask such as 0x20" },
	{ "delegate_cmds=0x10000000000000000", -ERANGE, 1, 15,
	  "the number \"0x10000000000000000\" has more than 64 bits",
	  "write a mask of at most 16 hexadecimal digits" },
	{ "delegate_cmds=1,delegate_attach=any", -EINVAL, 1, 17,
	  "unknown mount option \"delegate_attach\"; nearest is \"delegate_attachs\"",
	  "write delegate_attachs" },
	{ "delegate_cmds=1,\n  DELEGATE_MAPS=any", -EINVAL, 2, 3,
	  "unknown mount option \"DELEGATE_MAPS\"; nearest is \"delegate_maps\"",
	  "write delegate_maps" },
	{ "delegate_cmds=1,size=4k", -EINVAL, 1, 17, "unknown mount option \"size\"",
	  NOT_THAT_OPTION },
	{ "delegate_cmds=1,rw=1", -EINVAL, 1, 17,
	  "the mount option \"rw\" takes no value", "write rw" },
	{ "delegate_cmds=1,mode", -EINVAL, 1, 17,
	  "the mount option \"mode\" needs a value",
	  "write mode=VALUE, or leave it out" },
	{ "delegate_cmds=1,", -EINVAL, 1, 17, "a mount option is missing beside a \",\"",
	  "remove the \",\"" },
	{ ",delegate_cmds=1", -EINVAL, 1, 1, "a mount option is missing beside a \",\"",
	  "remove the \",\"" },
	{ "delegate_cmds=1,,rw", -EINVAL, 1, 17,
	  "a mount option is missing beside a \",\"", "remove the \",\"" },
	{ "context=\"a,delegate_cmds=any", -EINVAL, 1, 1,
	  "the mount option \"context=\\x22a,delegate_cmds=any\" has an opening quote "
	  "alone",
	  "close the quote" },
	{ "delegate_cmds=1,\x1b[2J\n=", -EINVAL, 1, 21,
	  "a blank within the mount option \"\\x1b[2J\\x0a=\"", NOT_A_BLANK },
	{ "tmpfs on /tmp type tmpfs (rw,delegate_cmds=any)", -EINVAL, 1, 20,
	  "this is a mount of type \"tmpfs\", not a bpffs",
	  "give the line of a mount of type bpf" },
	{ "36 25 0:30 / /tmp rw - tmpfs none rw,delegate_cmds=any", -EINVAL, 1, 24,
	  "this is a mount of type \"tmpfs\", not a bpffs",
	  "give the line of a mount of type bpf" },
	{ "none /tmp tmpfs rw,delegate_cmds=any 0 0", -EINVAL, 1, 11,
	  "this is a mount of type \"tmpfs\", not a bpffs",
	  "give the line of a mount of type bpf" },
	{ "36 25 0:30 / /a rw - bpf none rw\n37 25 0:31 / /b rw - bpf none rw", -EINVAL,
	  2, 1, "there is more text after the mount's options",
	  "give the line of one mount alone" },
	{ SEED_SHOWN "\nnone on /b type bpf (rw)", -EINVAL, 6, 1,
	  "there is more text after the mount's options",
	  "give the line of one mount alone" },
	{ "none /b bpf rw 0 0\nnone /c bpf rw 0 0", -EINVAL, 2, 1,
	  "there is more text after the mount's options",
	  "give the line of one mount alone" },
	{ "36 25 0:30 / /a rw - bpf none rw,delegate_cmd=any", -EINVAL, 1, 34,
	  "unknown mount option \"delegate_cmd\"; nearest is \"delegate_cmds\"",
	  "write delegate_cmds" },
};

static void test_mistakes(_unused_ void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
		check_bad("mount", &mistakes[i]);
}

/* The kernel's limit of 255 bytes is none here: what is sent is a number. */
static void test_long_value(_unused_ void **state)
{
	struct bpftoken_policy policy = { .mask = { 0, 0, 0, ~0ULL >> 2 } };
	_cleanup_policy_ struct bpftoken_policy *back = NULL;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(bpftoken_policy_format(&policy, "mount", &text, NULL), 0);
	assert_true(strlen(text) > 255);
	assert_int_equal(bpftoken_policy_parse(text, "mount", &back, NULL), 0);
	assert_true(bpftoken_policy_equal(&policy, back));
}

static void test_writes(_unused_ void **state)
{
	static const struct {
		struct bpftoken_policy policy;
		const char *text;
	} rows[] = {
		{ { { 0x21, 1ULL << 27, 2, 1 }, 0 },
		  "delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"
		  "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress\n" },
		{ { { 0, UINT64_MAX, 0, 0 }, 4096 }, "delegate_maps=any\n" },
		{ { { 1ULL << 63 | 1, 0, 0, 0 }, 0 },
		  "delegate_cmds=0x8000000000000000:map_create\n" },
		{ { { 0 }, 0 }, "delegate_cmds=0x0\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(
			bpftoken_policy_format(&rows[i].policy, "mount", &text, NULL), 0);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_readback(_unused_ void **state)
{
	static const char options[] = "rw,delegate_cmds=map_create:0x100,uid=1 trailing";
	struct bpftoken_policy policy = { 0 };
	struct bpftoken_error err;

	assert_int_equal(dialect_mount_parse_readback(options, 39, &policy, &err), 0);
	assert_true(policy.mask[BPFTOKEN_CMDS] == 0x101);
	assert_int_equal(dialect_mount_parse_readback("rw", 2, &policy, &err), 0);
	assert_int_equal(
		dialect_mount_parse_readback("rw,delegate_x=1", 15, &policy, &err),
		-EINVAL);
	assert_int_equal(err.column, 4);
}

static void test_notes(_unused_ void **state)
{
	static const struct dialect *const table[] = { &dialect_mount, NULL };
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	struct list_notes notes = { .count = 0 };

	assert_int_equal(dialect_parse(table, "mount",
				       "delegate_cmds=prog_load:1,delegate_maps=2",
				       &policy, &notes, NULL),
			 0);
	assert_true(policy->mask[BPFTOKEN_CMDS] == 1);
	assert_int_equal(notes.count, 2);
	assert_true(notes.items[0].after_names);
	assert_int_equal(notes.items[1].set, BPFTOKEN_MAPS);
	assert_int_equal(notes.items[1].at.column, 41);
}

static void test_round_trips(_unused_ void **state)
{
	check_round_trips("mount", false);
}

static void test_noise(_unused_ void **state)
{
	static const char *const pieces[] = {
		"delegate_cmds",
		"delegate_maps=",
		"=",
		":",
		",",
		" ",
		"\n",
		"prog_load",
		"any",
		"0x",
		"1",
		"rw",
		"-o ",
		" - bpf ",
		"36",
		" on ",
		" type ",
		"bpf",
		" (",
		")",
		"\"",
		"\xff",
		"context",
		"delegate_",
	};

	check_noise("mount", pieces, ARRAY_SIZE(pieces));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_takes), cmocka_unit_test(test_forms),
		cmocka_unit_test(test_mistakes),     cmocka_unit_test(test_long_value),
		cmocka_unit_test(test_writes),	     cmocka_unit_test(test_readback),
		cmocka_unit_test(test_notes),	     cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
