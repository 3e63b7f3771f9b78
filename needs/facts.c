/* SPDX-License-Identifier: MIT */
/* Reading an object in a child process: see facts.h. */
#include "facts.h"

#include <stdio.h>
#include <string.h>

/* An object takes milliseconds; a broken one may take for ever. */
#define READ_SECONDS 20

void facts_free(struct facts **facts)
{
	if (*facts)
		sys_unshare_memory(*facts, sizeof(**facts));
}

/* Runs the child to its end, whatever that is: 0, or a negative errno. */
static int fill_in_child(const void *image, size_t size, struct facts *facts)
{
	_cleanup_close_ int pidfd = -EBADF;
	siginfo_t info;
	pid_t pid = sys_clone(0, &pidfd);
	int r;

	if (pid < 0)
		return pid;
	if (pid == 0) {
		sys_death_signal(SIGKILL);
		if (sys_set_dumpable(false) == 0 && sys_limit_effort(READ_SECONDS) == 0)
			facts_fill(image, size, facts);
		_exit(0);
	}
	r = sys_reap(pidfd, READ_SECONDS * 1000, &info);
	if (r == -ETIMEDOUT) {
		sys_pidfd_signal(pidfd, SIGKILL);
		r = sys_reap(pidfd, -1, &info);
	}
	return r;
}

static int refuse(const char *name, const struct facts *facts, struct bpftoken_error *err)
{
	static const struct {
		const char *why, *fix;
		int code;
		bool said;
	} ends[] = {
		[FACTS_UNFINISHED] = { "libbpf crashed over it, or did not come to an "
				       "end",
				       "check where it comes from", -EINVAL, false },
		[FACTS_NO_LIBBPF] = { "it takes libbpf to read BPF objects",
				      "install libbpf 1.x and libelf", -ENOENT, true },
		[FACTS_REFUSED] = { "libbpf refuses it",
				    "check that it is whole, and built for this "
				    "version of libbpf",
				    -EINVAL, true },
		[FACTS_TOO_LARGE] = { "it has more than 1024 programs or maps",
				      "split the object", -E2BIG, false },
		[FACTS_NO_MEMORY] = { "out of memory", "free some memory and repeat",
				      -ENOMEM, false },
	};

	err_raise(err, BPFTOKEN_STAGE_NONE, ends[facts->end].code, "%s%s%s",
		  ends[facts->end].why, ends[facts->end].said ? ": " : "",
		  ends[facts->end].said ? facts->said : "");
	err_what(err, "cannot read the BPF object %s", name);
	err_fix(err, "%s", ends[facts->end].fix);
	return ends[facts->end].code;
}

int facts_read(const char *name, const void *image, size_t size, struct facts **ret_facts,
	       struct bpftoken_error *err)
{
	_cleanup_facts_ struct facts *facts = sys_share_memory(sizeof(*facts));
	int r;

	if (!facts)
		return err_oom(err);
	r = fill_in_child(image, size, facts);
	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_CLONE, r, NULL);
		err_what(err, "cannot read the BPF object %s", name);
		return r;
	}
	if (facts->end != FACTS_READ)
		return refuse(name, facts, err);
	*ret_facts = TAKE_PTR(facts);
	return 0;
}
