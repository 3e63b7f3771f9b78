/* SPDX-License-Identifier: MIT */
/* What is known of, and done to, a thread that waits: see caller.h. */
#include "caller.h"

#include "util.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

static bool same_file(const struct sys_identity *a, const struct sys_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

int supply_init(struct supply *supply, int listener, int token_fd)
{
	char path[64];
	int r;

	*supply = (struct supply){ .listener = listener,
				   .token_fd = token_fd,
				   .places.lock = PTHREAD_MUTEX_INITIALIZER };
	snprintf(path, sizeof(path), "/proc/self/fd/%d", token_fd);
	r = sys_identity(path, &supply->token);
	if (r == 0)
		r = sys_identity("/proc/self/ns/user", &supply->userns);
	if (r == 0)
		r = sys_capabilities(&supply->capabilities);
	return r;
}

bool caller_waits(const struct caller *caller)
{
	return sys_notif_valid(caller->supply->listener, caller->id) == 0;
}

int caller_read(const struct caller *caller, uint64_t address, void *buf, size_t size)
{
	ssize_t len = size ? sys_task_read(caller->tid, address, buf, size) : 0;

	return len < 0 ? (int)len : (size_t)len < size ? -EFAULT : 0;
}

/* A thread id that is written to must still be the one that waits. */
int caller_write(const struct caller *caller, uint64_t address, const void *buf,
		 size_t size)
{
	ssize_t len;

	if (!size)
		return 0;
	if (!caller_waits(caller))
		return -ENOENT;
	len = sys_task_write(caller->tid, address, buf, size);
	return len < 0 ? (int)len : (size_t)len < size ? -EFAULT : 0;
}

int caller_rights(const struct caller *caller, uint64_t *ret_effective)
{
	struct sys_identity userns;
	uint64_t effective;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)caller->tid);
	r = sys_identity(path, &userns);
	if (r == 0)
		r = sys_task_capabilities(caller->tid, &effective);
	/* What we have looked at was the caller's if it waits even now. */
	if (r < 0 || !caller_waits(caller))
		return r < 0 ? r : -ENOENT;
	if (!same_file(&userns, &caller->supply->userns) ||
	    !(effective & (1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN)))
		return 0;
	*ret_effective = effective;
	return 1;
}

/* ---------------------------------------------------------- the token's place */

bool caller_holds(const struct caller *caller, int fd)
{
	struct sys_identity file;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)caller->tid, fd);
	return sys_identity(path, &file) == 0 && same_file(&file, &caller->supply->token);
}

static size_t copy_places(struct places *places, int fds[CALLER_PLACES])
{
	size_t count;

	pthread_mutex_lock(&places->lock);
	count = places->count;
	memcpy(fds, places->fds, count * sizeof(fds[0]));
	pthread_mutex_unlock(&places->lock);
	return count;
}

/* To the front; what does not fit any more is looked for no longer. */
static void use_place(struct places *places, int fd)
{
	size_t at = 0;

	pthread_mutex_lock(&places->lock);
	while (at < places->count && places->fds[at] != fd)
		at++;
	if (at == places->count && places->count < CALLER_PLACES)
		places->count++;
	if (at == CALLER_PLACES)
		at--;
	memmove(places->fds + 1, places->fds, at * sizeof(places->fds[0]));
	places->fds[0] = fd;
	pthread_mutex_unlock(&places->lock);
}

bool caller_had(const struct caller *caller, int fd)
{
	int fds[CALLER_PLACES];
	size_t count = copy_places(&caller->supply->places, fds);

	for (size_t i = 0; i < count; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

static bool is_open(const struct caller *caller, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)caller->tid, fd);
	return sys_link_exists(path) == 0;
}

/*
 * The lowest free number, as for anything that a program opens. Where that would be a
 * standard descriptor, which the program is about to open itself, a number well above.
 */
#define HIGH_FD 200

/* The result of the call needs a number as well. Where we cannot know, there is room. */
static bool has_room(const struct caller *caller)
{
	uint64_t open, limit;

	return sys_task_fd_count(caller->tid, &open, &limit) < 0 || open + 2 <= limit;
}

static int give_token(const struct caller *caller)
{
	struct seccomp_notif_addfd add = {
		.id = caller->id,
		.srcfd = (uint32_t)caller->supply->token_fd,
		.newfd_flags = O_CLOEXEC,
	};
	int high = HIGH_FD;

	if (!has_room(caller))
		return -EMFILE;
	if (is_open(caller, 0) && is_open(caller, 1) && is_open(caller, 2))
		return sys_notif_addfd(caller->supply->listener, &add);
	while (high < 2 * HIGH_FD && is_open(caller, high))
		high++;
	add.flags = SECCOMP_ADDFD_FLAG_SETFD;
	add.newfd = (uint32_t)high;
	return sys_notif_addfd(caller->supply->listener, &add);
}

int caller_token(const struct caller *caller)
{
	int fds[CALLER_PLACES];
	size_t count = copy_places(&caller->supply->places, fds);
	uint64_t effective;
	int r;

	for (size_t i = 0; i < count; i++)
		if (caller_holds(caller, fds[i])) {
			if (i > 0)
				use_place(&caller->supply->places, fds[i]);
			return fds[i];
		}
	r = caller_rights(caller, &effective);
	if (r <= 0)
		return r < 0 ? r : -EPERM;
	r = give_token(caller);
	if (r >= 0)
		use_place(&caller->supply->places, r);
	return r;
}

/* ---------------------------------------------------------------- answers */

int caller_answer_fd(const struct caller *caller, int fd)
{
	const struct seccomp_notif_addfd add = {
		.id = caller->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = O_CLOEXEC,
	};

	return sys_notif_addfd(caller->supply->listener, &add);
}

/* A caller that has gone (ENOENT) needs no answer. */
void caller_answer(const struct caller *caller, int error)
{
	const struct seccomp_notif_resp answer = { .id = caller->id, .error = error };

	(void)sys_notif_send(caller->supply->listener, &answer);
}

void caller_continue(const struct caller *caller)
{
	const struct seccomp_notif_resp answer = {
		.id = caller->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	(void)sys_notif_send(caller->supply->listener, &answer);
}
