/* SPDX-License-Identifier: MIT */
/*
 * What needs says of objects, by libbpf's version, and what it says of files that are
 * none. Reads the objects of tests/objects.
 */
#include "host-policy.h"

#include "libbpf.h"
#include "needs.h"
#include "sections.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_IMAGE (1 << 20)

static char work[] = "/tmp/test-needs-XXXXXX";

/* Path of a file in the scratch directory; or of an object. */
static const char *scratch(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/object", work);
	return path;
}

static const char *object_path(const char *name)
{
	static char path[4096];
	char self[2048];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	snprintf(path, sizeof(path), "%s/../objects/%s.bpf.o", dirname(self), name);
	return path;
}

static size_t read_object(const char *name, char *image)
{
	int fd = open(object_path(name), O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, image, MAX_IMAGE);

	assert_in_range(size, 1, MAX_IMAGE - 1);
	close(fd);
	return (size_t)size;
}

static void write_scratch(const char *data, size_t size)
{
	int fd = open(scratch(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static void ask(struct needs *needs, const char *path)
{
	struct bpftoken_error err;

	if (needs_add_file(needs, path, &err) < 0 || needs_finish(needs, &err) < 0)
		fail_msg("%s: %s: %s", path, err.what, err.why);
}

static const struct needs_item *find(const struct needs *needs, uint32_t kind,
				     const char *name)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i].kind == kind && !strcmp(needs->items[i].name, name))
			return &needs->items[i];
	return NULL;
}

/* --------------------------------------------------------------- sections */

static void test_sections_are_libbpfs(void **state)
{
	struct libbpf libbpf;
	const char *missing = libbpf_load(&libbpf);
	const struct section *row;
	int unknown = 0;

	(void)state;
	assert_null(missing);
	libbpf.set_print(NULL);
	for (unsigned int n = 0; (row = section_row(n)); n++) {
		int type = -1, attach = -1, r;
		char name[64];

		snprintf(name, sizeof(name), "%s", row->name);
		if (strchr(name, '+'))
			strcpy(strchr(name, '+'), "/something");
		assert_ptr_equal(section_find(name), row);
		r = libbpf.type_of_section(name, &type, &attach);
		/* kprobe.session and uprobe.session are newer than 1.4 */
		if (r < 0 && strstr(name, ".session")) {
			unknown++;
			continue;
		}
		if (r < 0)
			fail_msg("libbpf knows no section %s", name);
		if ((uint32_t)type != row->type || (uint32_t)attach != row->attach_type)
			fail_msg("%s is %d:%d to libbpf, here %u:%u", name, type, attach,
				 row->type, row->attach_type);
	}
	assert_in_range(unknown, 0, 3);
}

static void test_section_names(void **state)
{
	(void)state;
	assert_non_null(section_find("?xdp"));
	assert_non_null(section_find("kprobe"));
	assert_null(section_find("xdp/foo"));
	assert_null(section_find("kprobes"));
	assert_null(section_find(""));
}

/* ----------------------------------------------------------------- libbpf */

/* The policies of both parts, by what loads the object. */
static const struct {
	const char *object, *libbpf, *part;
} parts[] = {
	{ "xdp-globals", "none", "" },
	{ "xdp-globals", "1.4",
	  "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress" },
	{ "xdp-globals", "1.7",
	  "delegate_progs=socket_filter:cgroup_sock,delegate_attachs="
	  "cgroup_inet_ingress:cgroup_inet_sock_create" },
	/* no first load, but the probe for global variables */
	{ "xdp-globals", "1.8",
	  "delegate_progs=socket_filter:cgroup_sock,delegate_attachs="
	  "cgroup_inet_ingress:cgroup_inet_sock_create" },
	{ "freplace-target", "1.8",
	  "delegate_progs=cgroup_sock,delegate_attachs=cgroup_inet_sock_create" },
	/* what cgroup_skb/ingress asks for is 0 in any case */
	{ "cgroup-skb", "1.7",
	  "delegate_progs=socket_filter:cgroup_sock,delegate_attachs="
	  "cgroup_inet_sock_create" },
	/* the first load may be a tracepoint; global variables want a socket filter */
	{ "ringbuf", "1.7", "delegate_progs=socket_filter" },
	{ "ringbuf", "1.8", "delegate_progs=socket_filter" },
	{ "maps-only", "1.7",
	  "delegate_cmds=prog_load,delegate_progs=socket_filter,delegate_attachs="
	  "cgroup_inet_ingress" },
	{ "maps-only", "1.8", "" },
	{ "map-in-map", "1.7", "" },
	{ "many", "1.7",
	  "delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress" },
};

static void test_libbpf_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_needs_ struct needs needs = { 0 };
		_cleanup_free_ char *text = NULL;

		needs.opts.no_libbpf = !strcmp(parts[i].libbpf, "none");
		if (!needs.opts.no_libbpf)
			assert_int_equal(
				needs_parse_libbpf(parts[i].libbpf, &needs.opts.libbpf),
				0);
		ask(&needs, object_path(parts[i].object));
		if (bpftoken_policy_is_empty(&needs.libbpf, BPFTOKEN_CMDS) &&
		    bpftoken_policy_is_empty(&needs.libbpf, BPFTOKEN_PROGS) &&
		    bpftoken_policy_is_empty(&needs.libbpf, BPFTOKEN_ATTACHS)) {
			assert_string_equal("", parts[i].part);
			continue;
		}
		assert_int_equal(
			bpftoken_policy_format(&needs.libbpf, "mount", &text, NULL), 0);
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, parts[i].part) != 0)
			fail_msg("%s with %s: %s, not %s", parts[i].object,
				 parts[i].libbpf, text, parts[i].part);
	}
}

static void test_versions(void **state)
{
	uint32_t version = 0;

	(void)state;
	assert_int_equal(needs_parse_libbpf("1.4", &version), 0);
	assert_int_equal(version, 0x0104);
	assert_int_equal(needs_parse_libbpf("1.10.2", &version), 0);
	assert_int_equal(version, 0x010a);
	assert_int_equal(needs_parse_libbpf("1", &version), -EINVAL);
	assert_int_equal(needs_parse_libbpf("1.4x", &version), -EINVAL);
	assert_int_equal(needs_parse_libbpf("", &version), -EINVAL);
	assert_int_equal(version, 0x010a);
}

/* ------------------------------------------------------------------ reasons */

static void test_reasons(void **state)
{
	static const struct {
		const char *object;
		uint32_t kind;
		const char *name, *why;
	} rows[] = {
		{ "xdp-globals", BPFTOKEN_MAPS, "array", ".rodata, .data, .bss" },
		{ "map-in-map", BPFTOKEN_MAPS, "array", "inside by_key" },
		{ "map-in-map", BPFTOKEN_MAPS, "lru_hash", "inside by_index" },
		{ "tc", BPFTOKEN_ATTACHS, "cgroup_inet_ingress",
		  "classify (names none, which is 0)" },
		{ "struct-ops", BPFTOKEN_ATTACHS, "cgroup_inet_ingress", "ssthresh" },
		{ "subprogram", NEEDS_CAPABILITY, "CAP_PERFMON",
		  "bpf_trace_printk() in a subprogram" },
		{ "cgroup-skb", NEEDS_CAPABILITY, "CAP_NET_ADMIN", "attaching" },
		{ "freplace", NEEDS_CAPABILITY, "CAP_SYS_ADMIN", "btf_get_fd_by_id" },
		{ "freplace", BPFTOKEN_CMDS, "btf_get_fd_by_id", "6.15" },
		{ "ringbuf", NEEDS_NEVER, "attaching exited (tp)", "raw_tp or tp_btf" },
		{ "raw-tp", NEEDS_LESS, "tracepoint", "bpf_probe_read" },
		{ "usdt", BPFTOKEN_ATTACHS, "trace_uprobe_multi", "hit" },
		{ "kfunc", NEEDS_NOTE, "kernel functions",
		  "bpf_task_acquire, bpf_task_release" },
		{ "tp-btf", BPFTOKEN_CMDS, "btf_load",
		  "executions is not created without" },
		{ "many", NEEDS_NOTE, "not loaded by itself", "on_packet" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_needs_ struct needs needs = { 0 };
		const struct needs_item *item;

		ask(&needs, object_path(rows[i].object));
		item = find(&needs, rows[i].kind, rows[i].name);
		if (!item || !strstr(item->why, rows[i].why))
			fail_msg("%s, %s: \"%s\" has no \"%s\"", rows[i].object,
				 rows[i].name, item ? item->why : "", rows[i].why);
	}
}

static void test_optional_programs(void **state)
{
	_cleanup_needs_ struct needs needs = { .opts.optional = true };
	_cleanup_needs_ struct needs plain = { 0 };

	(void)state;
	ask(&plain, object_path("many"));
	assert_null(find(&plain, BPFTOKEN_PROGS, "netfilter"));
	ask(&needs, object_path("many"));
	assert_non_null(find(&needs, BPFTOKEN_PROGS, "netfilter"));
	assert_int_equal(needs.programs, plain.programs + 1);
}

/* -------------------------------------------------------- objects in programs */

static void test_objects_inside(void **state)
{
	static char image[2 * MAX_IMAGE], junk[] = "\177ELF no object, \177ELF\2\1\1";
	_cleanup_needs_ struct needs needs = { 0 }, a = { 0 }, b = { 0 };
	struct bpftoken_policy both, inside;
	size_t size = sizeof(junk), second;
	char label[64];

	(void)state;
	memcpy(image, junk, sizeof(junk));
	size += read_object("tc", image + size);
	/* at an odd offset: nothing aligns what is included as bytes */
	second = size | 1;
	size = second + read_object("ringbuf", image + second);
	memcpy(image + size, junk, sizeof(junk));
	write_scratch(image, size + sizeof(junk));
	ask(&needs, scratch());
	ask(&a, object_path("tc"));
	ask(&b, object_path("ringbuf"));
	assert_int_equal(needs.objects, 2);
	bpftoken_policy_merge(&a.object, &b.object);
	assert_true(bpftoken_policy_equal(&needs.object, &a.object));
	needs_policy(&needs, &inside);
	needs_policy(&a, &both);
	bpftoken_policy_merge(&both, &b.libbpf);
	assert_true(bpftoken_policy_equal(&inside, &both));
	snprintf(label, sizeof(label), "object@0x%zx:exited", second);
	assert_non_null(find(&needs, BPFTOKEN_PROGS, "tracepoint"));
	assert_non_null(strstr(find(&needs, BPFTOKEN_PROGS, "tracepoint")->why, label));
	assert_int_equal(needs.capabilities, a.capabilities | b.capabilities);
}

/* ---------------------------------------------------------------- bad files */

/* An answer or an error, of one line each, and nothing else. Returns the result. */
static int ask_broken(struct bpftoken_error *err)
{
	_cleanup_needs_ struct needs needs = { 0 };
	int r = needs_add_file(&needs, scratch(), err);

	if (r < 0) {
		bpftoken_explain(err);
		assert_true(err->what[0] && err->why[0] && err->fix[0]);
		for (const char *c = err->why; *c; c++)
			assert_in_range((unsigned char)*c, ' ', '~');
		assert_int_equal(needs.count, 0);
		return r;
	}
	assert_int_equal(needs_finish(&needs, err), 0);
	for (size_t i = 0; i < needs.count; i++)
		for (const char *c = needs.items[i].why; *c; c++)
			assert_in_range((unsigned char)*c, ' ', '~');
	return r;
}

static void expect_refusal(const char *image, size_t size, const char *why)
{
	struct bpftoken_error err;

	write_scratch(image, size);
	assert_in_range(-ask_broken(&err), 1, 4095);
	if (!strstr(err.why, why))
		fail_msg("\"%s\" has no \"%s\"", err.why, why);
}

static void test_no_objects(void **state)
{
	static char image[MAX_IMAGE];
	struct bpftoken_error err;
	size_t size = read_object("tc", image);
	_cleanup_needs_ struct needs needs = { 0 };

	(void)state;
	expect_refusal("", 0, "it is empty");
	expect_refusal("#!/bin/sh\n", 10, "no ELF file");
	expect_refusal("\177ELF", 4, "no BPF object in it");
	/* the header alone */
	expect_refusal(image, 64, "libbpf refuses it");
	/* section headers that nobody has room for, and none */
	memset(image + 60, 0xff, 2);
	expect_refusal(image, size, "libbpf refuses it");
	read_object("tc", image);
	memset(image + 40, 0xff, 8);
	expect_refusal(image, size, "libbpf refuses it");
	read_object("tc", image);
	image[5] = 2;
	image[18] = 0;
	image[19] = (char)247;
	expect_refusal(image, size, "big-endian");
	assert_int_equal(needs_add_file(&needs, "/proc/self/exe", &err), -ENOEXEC);
	assert_string_equal(err.why, "there is no BPF object in it");
	assert_int_equal(needs_add_file(&needs, "/nowhere", &err), -ENOENT);
	assert_int_equal(needs_add_file(&needs, "/", &err), -EISDIR);
}

static void test_truncated(void **state)
{
	static char image[MAX_IMAGE];
	size_t size = read_object("xdp-globals", image);
	struct bpftoken_error err;

	(void)state;
	for (size_t part = 0; part < size; part += 1 + size / 50) {
		write_scratch(image, part);
		assert_true(ask_broken(&err) < 0);
	}
}

/* Bytes of anything, and an object of which some bytes are of anything. */
static void test_random(void **state)
{
	static const char *const names[] = { "xdp-globals", "struct-ops", "map-in-map" };
	static char image[MAX_IMAGE];
	uint64_t random = 88172645463325252;
	struct bpftoken_error err;
	int refused = 0, taken = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t size = read_object(names[round % 3], image);
		size_t first = round % 2 ? 0 : 64;
		int bytes = 1 + (int)(random_bits(&random) % 8);

		for (int i = 0; i < bytes; i++)
			image[first + random_bits(&random) % (size - first)] =
				(char)random_bits(&random);
		if (round % 10 == 9)
			for (size_t i = 64; i < size; i++)
				image[i] = (char)random_bits(&random);
		write_scratch(image, size);
		if (ask_broken(&err) < 0)
			refused++;
		else
			taken++;
	}
	/* the loop tried both */
	assert_true(refused > 30 && taken > 30);
}

static int make_scratch(void **state)
{
	(void)state;
	return mkdtemp(work) ? 0 : -1;
}

static int drop_scratch(void **state)
{
	(void)state;
	unlink(scratch());
	return rmdir(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_are_libbpfs),
		cmocka_unit_test(test_section_names),
		cmocka_unit_test(test_libbpf_parts),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_optional_programs),
		cmocka_unit_test(test_objects_inside),
		cmocka_unit_test(test_no_objects),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
