/* SPDX-License-Identifier: MIT */
/*
 * A file that `needs` is given, with the real libbpf and libelf in its child. Those may
 * crash over it; the command may not, nor hang, nor leave a child or a descriptor. That
 * the child contains its crash is no excuse for our own code in it: its report is read.
 */
#include "fuzz.h"

#include "facts.h"
#include "image.h"
#include "libbpf.h"
#include "needs-report.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* needs/meson.build: the child is given 5. */
#define SECONDS 7

/* What does not come to an end is reported like what crashes: with where it is. */
static void out_of_time(int sig)
{
	(void)sig;
	abort();
}

/* The sanitizer's report of the child's end. */
static char *report_of(const struct image *image)
{
	int said = memfd_create("said", 0), status;
	struct facts *facts = sys_share_memory(sizeof(*facts));
	char *report = calloc(1, 1 << 16);
	pid_t pid;

	fuzz_check(said >= 0 && facts && report);
	pid = fork();
	fuzz_check(pid >= 0);
	if (pid == 0) {
		signal(SIGALRM, out_of_time);
		alarm(SECONDS);
		dup2(said, STDERR_FILENO);
		facts_fill(image->data, image->size, facts);
		_exit(0);
	}
	fuzz_check(waitpid(pid, &status, 0) == pid);
	fuzz_check(pread(said, report, (1 << 16) - 1, 0) >= 0);
	sys_unshare_memory(facts, sizeof(*facts));
	close(said);
	return report;
}

/* Did our own code do it: does a frame of ours come before any of the libraries'? */
static bool is_ours(const char *report)
{
	const char *ours = strstr(report, "/needs/");
	const char *libbpf = strstr(report, "libbpf.so"),
		   *libelf = strstr(report, "libelf.so");

	return ours && (!libbpf || ours < libbpf) && (!libelf || ours < libelf);
}

static void look_at_crash(const char *path)
{
	struct image_file file = { 0 };
	struct image image = { 0 };

	fuzz_check(image_file_read(path, &file, NULL) == 0);
	while (image_next(&file, &image)) {
		_cleanup_free_ char *report = report_of(&image);

		if (is_ours(report))
			fprintf(stderr, "%s", report);
		fuzz_check(!is_ours(report));
	}
	image_file_done(&file);
}

static int lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fuzz_check(fd >= 0 && close(fd) == 0);
	return fd;
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	char directory[FUZZ_PATH], path[FUZZ_PATH + 16];
	struct bpftoken_error err = { .code = 0 };
	struct needs needs = { .opts.optional = true };
	static struct libbpf libbpf;
	time_t begin = time(NULL);
	int r, fd;

	/* once here, and not in each child */
	if (!libbpf.open_mem)
		fuzz_check(!libbpf_load(&libbpf));
	fuzz_directory(directory);
	snprintf(path, sizeof(path), "%s/object", directory);
	fuzz_write(path, data, size);
	fd = lowest_fd();
	r = needs_add_file(&needs, path, &err);
	fuzz_check(time(NULL) - begin <= SECONDS);
	/* the sanitizers have a child of their own, which goes on */
	fuzz_check(waitpid(-1, NULL, WNOHANG) <= 0);
	fuzz_check(lowest_fd() == fd);
	fuzz_check(r >= 0 || (err.code == r && err.why[0] && err.fix[0]));
	if (r < 0 && strstr(err.why, "crashed"))
		look_at_crash(path);
	if (r >= 0) {
		FILE *null = fopen("/dev/null", "we");

		fuzz_check(needs_finish(&needs, &err) == 0);
		fuzz_check(null && needs_report_text(null, &needs) == 0);
		fclose(null);
	}
	needs_done(&needs);
	return true;
}
