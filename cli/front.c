/* SPDX-License-Identifier: MIT */
/*
 * bpftoken-front: what `bpftoken hook` puts in front of a container's program (cover.h).
 * Statically linked, for it runs in any image. It has no options: each argument is the
 * program's, argv[0] included.
 */
#include "cli.h"

#include "cover.h"
#include "error.h"
#include "exec.h"
#include "preload-env.h"
#include "token-option.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

struct front {
	char entry[PATH_MAX], via[16], token[PATH_MAX], preload[PATH_MAX], lock[PATH_MAX];
};

static bool read_link(char *text, size_t size, const char *dir, const char *name)
{
	char path[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	len = readlink(path, text, size - 1);
	text[len > 0 ? len : 0] = '\0';
	return len > 0 && len < (ssize_t)size - 1;
}

/* What the hook has left for us; whoever hides it, hides the program, too. */
static bool find(struct front *front)
{
	static const char *const places[] = { COVER_PLACES };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char kept[PATH_MAX / 2];

		if (!read_link(kept, sizeof(kept), places[i], COVER_ENTRY) ||
		    !read_link(front->via, sizeof(front->via), places[i], COVER_VIA) ||
		    !read_link(front->token, sizeof(front->token), places[i],
			       COVER_TOKEN))
			continue;
		snprintf(front->entry, sizeof(front->entry), "%s/%s", places[i], kept);
		snprintf(front->lock, sizeof(front->lock), "%s/" COVER_LOCK, places[i]);
		snprintf(front->preload, sizeof(front->preload), "%s/" PRELOAD_NAME,
			 places[i]);
		return true;
	}
	return false;
}

static void note(const char *sentence)
{
	cli_note("%s", sentence);
}

static int cannot_run(const char *program, int code)
{
	struct bpftoken_error err;

	err_raise(&err, BPFTOKEN_STAGE_EXEC, code, "%s: %s", program, strerror(-code));
	return cli_fail_program(&err);
}

static int start_exec(const struct front *front, char **argv)
{
	struct exec_options options = {
		.file = front->entry,
		.preload = access(front->preload, R_OK) == 0 ? front->preload : NULL,
		.argv = argv,
		.note = note,
	};
	struct bpftoken_error err;
	int r = exec_via_of(front->via);

	if (r < 0)
		return cannot_run(front->entry, r);
	options.via = (enum exec_via)r;
	r = cli_open_token(front->token, &options.token_fd, &err);
	if (r == 0)
		r = options.token_fd < 0 ? err.code : exec_run(&options, &err);
	return r < 0 ? cli_fail_program(&err) : r;
}

int main(int argc, char **argv)
{
	struct front front;
	int lock;

	if (argc < 1 || !find(&front))
		return cannot_run(argc ? argv[0] : "?", -ENOENT);
	lock = sys_openat(AT_FDCWD, front.lock, O_RDONLY);
	/* Where nothing can be told of the lock, better twice than without the token. */
	if (lock < 0 || sys_lock(lock) != -EWOULDBLOCK)
		return start_exec(&front, argv);
	/* exec is there already, and this program is one of those below it */
	execv(front.entry, argv);
	return cannot_run(argv[0], -errno);
}
