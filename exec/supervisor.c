/* SPDX-License-Identifier: MIT */
/* Who receives and who answers: see supervisor.h. */
#include "supervisor.h"

#include "handle.h"

#include <string.h>

/* As many calls are answered at a time, then those that wait do so unreceived. */
#define MAX_THREADS 256
#define STACK_BYTES (256 * 1024)

static void *serve(void *data);

static int start_thread(struct supervisor *supervisor)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r)
		return -r;
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, serve, supervisor);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

/* With the lock held: somebody else is to wait for the next notification. */
static void hand_over(struct supervisor *supervisor)
{
	supervisor->waiting = false;
	if (supervisor->idle > 0)
		pthread_cond_signal(&supervisor->turn);
	else if (supervisor->threads < MAX_THREADS && start_thread(supervisor) == 0)
		supervisor->threads++;
}

/*
 * Takes the turn and waits: 1 and a notification, 0 when there will be none any more. With
 * the lock held, but for the wait itself; the turn is kept.
 */
static int next(struct supervisor *supervisor, struct seccomp_notif *ret_notif)
{
	int r;

	while (supervisor->waiting && !supervisor->ended) {
		supervisor->idle++;
		pthread_cond_wait(&supervisor->turn, &supervisor->lock);
		supervisor->idle--;
	}
	if (supervisor->ended)
		return 0;
	supervisor->waiting = true;
	pthread_mutex_unlock(&supervisor->lock);
	do {
		r = sys_notif_recv(supervisor->supply.listener, ret_notif);
	} while (r == -ENOENT || r == -EINTR);
	pthread_mutex_lock(&supervisor->lock);
	return r >= 0;
}

static void *serve(void *data)
{
	struct supervisor *supervisor = data;
	struct seccomp_notif notif;

	pthread_mutex_lock(&supervisor->lock);
	while (next(supervisor, &notif) > 0) {
		bool may_last = handle_may_last(&notif);

		if (may_last)
			hand_over(supervisor);
		pthread_mutex_unlock(&supervisor->lock);
		handle_notification(&supervisor->supply, &notif);
		pthread_mutex_lock(&supervisor->lock);
		if (!may_last)
			supervisor->waiting = false;
	}
	supervisor->ended = true;
	pthread_cond_broadcast(&supervisor->turn);
	/* Who calls from now on has nobody to wait for: the kernel says ENOSYS. */
	if (--supervisor->threads == 0)
		sys_close(supervisor->supply.listener);
	pthread_mutex_unlock(&supervisor->lock);
	return NULL;
}

int supervisor_start(struct supervisor *supervisor, struct bpftoken_error *err)
{
	int r;

	pthread_mutex_init(&supervisor->lock, NULL);
	pthread_cond_init(&supervisor->turn, NULL);
	supervisor->threads = 1;
	r = start_thread(supervisor);
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_LISTENER, r, "a thread: %s",
				 strerror(-r))
		     : 0;
}
