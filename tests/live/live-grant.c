/* SPDX-License-Identifier: MIT */
/*
 * Profiles and the ceiling: files that root alone can write are read, all others refuse.
 * Each test has an /etc of its own, in a mount namespace of its own: there is no variable
 * that leads the command elsewhere.
 */
#include "live-more.h"

#include "grant.h"

#include <sched.h>
#include <sys/mount.h>

#define TOP GRANT_DIRECTORY
#define SMALL_INI                                                   \
	"[delegate]\ncmds = map_create prog_load\nmaps = ringbuf\n" \
	"progs = socket_filter\nattachs = cgroup_inet_ingress\n"
#define XDP_INI "[delegate]\ncmds = prog_load\nprogs = xdp\nattachs = xdp\n"

static void own_etc(void)
{
	char path[] = TOP "/profiles.d";

	EXPECT_EQ(unshare(CLONE_NEWNS), 0);
	EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	*strrchr(path, '/') = '\0';
	*strrchr(path, '/') = '\0';
	mkdir(path, 0755);
	EXPECT_EQ(mount("none", path, "tmpfs", 0, "mode=755"), 0);
	EXPECT_EQ(mkdir(TOP, 0755), 0);
	EXPECT_EQ(mkdir(TOP "/profiles.d", 0755), 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void expect_refused(const char *what, int r, const struct bpftoken_error *err,
			   const char *why)
{
	if (r >= 0 || err->kind != BPFTOKEN_KIND_POLICY || !strstr(err->why, why))
		live_fail(__FILE__, __LINE__, "%s: %d, kind %u: %s, not: %s", what, r,
			  err->kind, err->why, why);
}

static void refuse_profile(const char *name, const char *why)
{
	struct bpftoken_error err = { .code = 0 };
	struct bpftoken_policy *policy = NULL;

	expect_refused(name, grant_profile(name, &policy, &err), &err, why);
	EXPECT(!policy);
}

static void refuse_container(const char *text, const char *why)
{
	struct bpftoken_error err = { .code = 0 };
	struct bpftoken_policy *policy = NULL;

	expect_refused(text, grant_from_container(text, &policy, &err), &err, why);
	EXPECT(!policy);
}

static void expect_grant(int (*grant)(const char *, struct bpftoken_policy **,
				      struct bpftoken_error *),
			 const char *text, const char *wanted)
{
	struct bpftoken_policy *policy = NULL, *other = live_policy(wanted);
	struct bpftoken_error err;

	EXPECT_OK(grant(text, &policy, &err), &err);
	EXPECT(bpftoken_policy_equal(policy, other));
	bpftoken_policy_free(policy);
	bpftoken_policy_free(other);
}

#define XDP_POLICY "delegate_cmds=prog_load,delegate_progs=xdp,delegate_attachs=xdp"

static void profiles(void)
{
	own_etc();
	write_file(TOP "/profiles.d/small.ini", SMALL_INI);
	write_file(TOP "/profiles.d/bad.ini", "[delegate]\ncmds = map_craete\n");
	write_file(TOP "/secret.ini", SMALL_INI);
	expect_grant(grant_profile, "small", SMALL_POLICY);
	expect_grant(grant_from_text, "small", SMALL_POLICY);
	expect_grant(grant_from_container, "small", SMALL_POLICY);
	expect_grant(grant_from_text, XDP_POLICY, XDP_POLICY);
	refuse_profile("none", "no profile");
	refuse_profile("bad", "nearest is \"map_create\"");
	refuse_profile("../secret", "no name of a profile");
	refuse_profile("a..b", "no name of a profile");
	refuse_profile(".hidden", "no name of a profile");
	refuse_profile("profiles.d/small", "no name of a profile");
	refuse_profile("", "no name of a profile");
	refuse_profile("small\n", "no name of a profile");
	refuse_profile("0123456789012345678901234567890123456789012345678901234567890123",
		       "no name of a profile");
}

static void untrusted_files(void)
{
	own_etc();
	write_file(TOP "/profiles.d/others.ini", SMALL_INI);
	EXPECT_EQ(chmod(TOP "/profiles.d/others.ini", 0666), 0);
	write_file(TOP "/profiles.d/group.ini", SMALL_INI);
	EXPECT_EQ(chmod(TOP "/profiles.d/group.ini", 0664), 0);
	write_file(TOP "/profiles.d/owned.ini", SMALL_INI);
	EXPECT_EQ(chown(TOP "/profiles.d/owned.ini", 1000, 0), 0);
	write_file("/tmp/bpftoken-live-link.ini", SMALL_INI);
	EXPECT_EQ(symlink("/tmp/bpftoken-live-link.ini", TOP "/profiles.d/link.ini"), 0);
	EXPECT_EQ(mkfifo(TOP "/profiles.d/fifo.ini", 0644), 0);
	EXPECT_EQ(mkdir(TOP "/profiles.d/dir.ini", 0755), 0);
	refuse_profile("others", "others than root");
	refuse_profile("group", "others than root");
	refuse_profile("owned", "others than root");
	refuse_profile("link", "symbolic link");
	refuse_profile("fifo", "no regular file");
	refuse_profile("dir", "no regular file");
	unlink("/tmp/bpftoken-live-link.ini");
	write_file(TOP "/profiles.d/small.ini", SMALL_INI);
	EXPECT_EQ(chmod(TOP "/profiles.d", 0777), 0);
	refuse_profile("small", "others than root");
	EXPECT_EQ(chmod(TOP "/profiles.d", 0755), 0);
	EXPECT_EQ(rename(TOP "/profiles.d", TOP "/elsewhere"), 0);
	EXPECT_EQ(symlink("elsewhere", TOP "/profiles.d"), 0);
	refuse_profile("small", "symbolic link");
}

/* A ceiling that cannot be trusted refuses, it does not go away. */
static void untrusted_ceiling(void)
{
	struct bpftoken_policy *small = live_policy(SMALL_POLICY);
	struct bpftoken_error err = { .code = 0 };

	own_etc();
	EXPECT_OK(grant_check_ceiling(small, &err), &err);
	write_file(TOP "/ceiling.ini", SMALL_INI);
	EXPECT_OK(grant_check_ceiling(small, &err), &err);
	EXPECT_EQ(chmod(TOP "/ceiling.ini", 0646), 0);
	expect_refused("mode", grant_check_ceiling(small, &err), &err,
		       "others than root");
	write_file(TOP "/ceiling.ini", "[delegate]\ncmds = map_create prog_laod\n");
	EXPECT_EQ(chmod(TOP "/ceiling.ini", 0644), 0);
	expect_refused("text", grant_check_ceiling(small, &err), &err, "prog_laod");
	EXPECT_EQ(unlink(TOP "/ceiling.ini"), 0);
	EXPECT_EQ(symlink("/nowhere", TOP "/ceiling.ini"), 0);
	expect_refused("link", grant_check_ceiling(small, &err), &err, "symbolic link");
	EXPECT_EQ(unlink(TOP "/ceiling.ini"), 0);
	write_file(TOP "/ceiling.ini", SMALL_INI);
	EXPECT_EQ(chmod(TOP, 0777), 0);
	expect_refused("directory", grant_check_ceiling(small, &err), &err,
		       "others than root");
	bpftoken_policy_free(small);
}

static void container_texts(void)
{
	static char large[(1 << 20) + 1];

	own_etc();
	write_file(TOP "/profiles.d/small.ini", SMALL_INI);
	write_file(TOP "/profiles.d/xdp.ini", XDP_INI);
	/* without a ceiling: profiles only */
	refuse_container(SMALL_POLICY, "without a ceiling");
	refuse_container("@xdp", "without a ceiling");
	expect_grant(grant_from_container, "xdp", XDP_POLICY);
	write_file(TOP "/ceiling.ini", SMALL_INI);
	expect_grant(grant_from_container, SMALL_POLICY, SMALL_POLICY);
	expect_grant(grant_from_container, "small", SMALL_POLICY);
	refuse_container("xdp", "program types xdp; attach types xdp");
	refuse_container("@xdp", "commands btf_load; program types xdp");
	refuse_container("delegate_cmds=any", "any command");
	refuse_container("../small", "none of the dialects");
	refuse_container("delegate_cmds=map_create\n", "not printable");
	refuse_container("delegate_cmds=map_create\x1b[31m", "not printable");
	refuse_container("delegate_cmds=map_create\xc3\xa4", "not printable");
	refuse_container(TOP "/profiles.d/small.ini", "none of the dialects");
	refuse_container("", "none of the dialects");
	memset(large, 'a', sizeof(large) - 1);
	refuse_container(large, "longer than 64 KiB");
	memset(large, '{', sizeof(large) - 1);
	large[10000] = '\0';
	refuse_container(large, "not JSON");
}

/* ---------------------------------------------------------------------- run */

static void expect_run(int status, const char *policy, const char *said)
{
	char *argv[] = { (char *)(uintptr_t)command_copy(),
			 (char *)(uintptr_t) "run",
			 (char *)(uintptr_t) "-p",
			 (char *)(uintptr_t)policy,
			 (char *)(uintptr_t) "--",
			 (char *)(uintptr_t)live_self(),
			 (char *)(uintptr_t) "--inside",
			 (char *)(uintptr_t) "masks",
			 NULL };
	static struct live_result result;

	live_command(&result, argv);
	if (result.status != status || !strstr(status ? result.err : result.out, said))
		live_fail(__FILE__, __LINE__, "%s: status %d: %s%s", policy,
			  result.status, result.out, result.err);
}

static int inside_masks(int argc, char **argv)
{
	const char *line = strstr(live_file("/proc/self/mountinfo"), "delegate_");

	if (!line)
		return 1;
	printf("%.*s\n", (int)strcspn(line, "\n"), line);
	return 0;
}

static void run_is_bounded(void)
{
	struct left before;

	/* the copy is made before /etc goes away, and below no path of it */
	command_copy();
	own_etc();
	expect_run(0, XDP_POLICY, "delegate_progs=xdp");
	write_file(TOP "/ceiling.ini", SMALL_INI);
	before = count_left();
	expect_run(3, XDP_POLICY,
		   "it exceeds the ceiling: program types xdp; "
		   "attach types xdp");
	expect_run(3, "@maps", "map types hash, array");
	expect_run(0, SMALL_POLICY, "delegate_maps=ringbuf");
	expect_left("run above and below the ceiling", &before);
}

static const struct live_test tests[] = {
	{ "a profile is found by a name, and by nothing else", profiles, true },
	{ "a profile that others could write is refused", untrusted_files, true },
	{ "a ceiling that cannot be trusted refuses all", untrusted_ceiling, true },
	{ "text from a container is bounded", container_texts, true },
	{ "run stays below the ceiling", run_is_bounded, false },
};

static const struct live_inside inside[] = { { "masks", inside_masks } };

LIVE_MAIN_INSIDE(tests, inside)
