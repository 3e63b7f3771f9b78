/* SPDX-License-Identifier: MIT */
/* Asking by a child: see aside.h. It is killed on the first answer that is late. */
#include "aside.h"

#include "util.h"

#include <string.h>
#include <unistd.h>

#define LATE_MS 500
#define ALL_MS 2000
#define END_MS 200

struct answer {
	size_t index;
	unsigned char bytes[ASIDE_ANSWER_MAX];
};

struct asking {
	size_t count, next;
	void (*ask)(size_t index, void *answer, const void *data);
	char *answers;
	size_t size;
	const void *data;
	uint64_t deadline;
	bool opens; /* answers are descriptors */
};

static _Noreturn void answer_all(const struct asking *asking, int sock)
{
	sys_death_signal(SIGKILL);
	for (size_t i = asking->next; i < asking->count; i++) {
		struct answer answer = { .index = i };
		int fd = -EBADF;

		memcpy(answer.bytes, asking->answers + i * asking->size, asking->size);
		asking->ask(i, answer.bytes, asking->data);
		if (asking->opens)
			memcpy(&fd, answer.bytes, sizeof(fd));
		if (sys_send_fd(sock, &answer, sizeof(answer), fd) < 0)
			break;
		if (fd >= 0)
			sys_close(fd);
	}
	_exit(0);
}

/* Takes answers until all are there or one is late. */
static void take_answers(struct asking *asking, int sock)
{
	while (asking->next < asking->count && sys_now_ms() < asking->deadline) {
		struct answer answer;
		_cleanup_close_ int fd = -EBADF;

		if (sys_recv_fd(sock, LATE_MS, &answer, sizeof(answer), &fd) <= 0 ||
		    answer.index != asking->next)
			return;
		if (fd >= 0) {
			memcpy(answer.bytes, &fd, sizeof(fd));
			fd = -EBADF;
		}
		memcpy(asking->answers + asking->next * asking->size, answer.bytes,
		       asking->size);
		asking->next++;
	}
}

static void ask_all(struct asking *asking)
{
	asking->deadline = sys_now_ms() + ALL_MS;
	while (asking->next < asking->count && sys_now_ms() < asking->deadline) {
		_cleanup_close_ int pidfd = -EBADF, sock = -EBADF;
		siginfo_t info;
		int pair[2];
		pid_t pid;

		if (sys_socketpair(pair) < 0)
			return;
		pid = sys_clone(0, &pidfd);
		if (pid == 0)
			answer_all(asking, pair[1]);
		sys_close(pair[1]);
		sock = pair[0];
		if (pid < 0)
			return;
		take_answers(asking, sock);
		/* the one that is late is passed over */
		asking->next += asking->next < asking->count;
		(void)sys_pidfd_signal(pidfd, SIGKILL);
		(void)sys_reap(pidfd, END_MS, &info);
	}
}

void aside_ask(size_t count, void (*ask)(size_t index, void *answer, const void *data),
	       void *answers, size_t size, const void *data)
{
	struct asking asking = { count, 0, ask, answers, size, data, 0, false };

	ask_all(&asking);
}

void aside_open(size_t count, void (*open)(size_t index, void *answer, const void *data),
		int *fds, const void *data)
{
	struct asking asking = {
		count, 0, open, (char *)fds, sizeof(*fds), data, 0, true
	};

	ask_all(&asking);
}
