/* SPDX-License-Identifier: MIT */
/* Reading an object in a child process: see facts.h. */
#include "facts.h"

#include <stdio.h>
#include <string.h>

/* An object takes milliseconds; a broken one may take for ever. */
#ifndef READ_SECONDS
#define READ_SECONDS 20
#endif

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

static void make_printable(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int refuse(const char *name, struct facts *facts, struct bpftoken_error *err)
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
	};

	make_printable(facts->said, sizeof(facts->said));
	err_raise(err, BPFTOKEN_STAGE_NONE, ends[facts->end].code, "%s%s%s",
		  ends[facts->end].why, ends[facts->end].said ? ": " : "",
		  ends[facts->end].said ? facts->said : "");
	err_what(err, "cannot read the BPF object %s", name);
	err_fix(err, "%s", ends[facts->end].fix);
	return ends[facts->end].code;
}

/* As facts_fill() writes texts and flags: nobody else's words reach a terminal. */
static bool is_text(const char *text, size_t size)
{
	size_t len = 0;

	while (len < size && text[len] > ' ' && text[len] <= '~')
		len++;
	return len < size && !text[len];
}

static bool is_flag(const bool *flag)
{
	unsigned char byte;

	memcpy(&byte, flag, sizeof(byte));
	return byte <= 1;
}

static bool is_sound_prog(const struct facts_prog *prog)
{
	return is_text(prog->name, FACTS_NAME) && is_text(prog->section, FACTS_SECTION) &&
	       is_text(prog->member, FACTS_NAME) && is_flag(&prog->autoload);
}

static bool is_sound_map(const struct facts_map *map)
{
	return is_text(map->name, FACTS_NAME) && is_flag(&map->internal) &&
	       is_flag(&map->autocreate);
}

/* A child whose memory an object has spoilt may leave anything. */
static bool is_sound(const struct facts *facts)
{
	bool sound = facts->prog_count <= FACTS_PROGS && facts->map_count <= FACTS_MAPS &&
		     facts->kfunc_count <= FACTS_KFUNCS && is_flag(&facts->btf) &&
		     is_flag(&facts->subprograms);

	for (uint32_t i = 0; sound && i < facts->prog_count; i++)
		sound = is_sound_prog(&facts->progs[i]);
	for (uint32_t i = 0; sound && i < facts->map_count; i++)
		sound = is_sound_map(&facts->maps[i]);
	for (uint32_t i = 0; sound && i < facts->kfunc_count; i++)
		sound = is_text(facts->kfuncs[i], FACTS_NAME);
	return sound;
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
	if (facts->end >= FACTS_ENDS || (facts->end == FACTS_READ && !is_sound(facts)))
		facts->end = FACTS_UNFINISHED;
	if (facts->end != FACTS_READ)
		return refuse(name, facts, err);
	*ret_facts = TAKE_PTR(facts);
	return 0;
}
