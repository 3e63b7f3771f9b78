/* SPDX-License-Identifier: MIT */
/* See tracees.h. */
#include "tracees.h"

#include "sys-trace.h"

#include <stdio.h>
#include <string.h>

#define MAX_FD 65536 /* beyond, a descriptor's end is not noticed */

struct tracee *tracees_find(struct tracees *tracees, pid_t tid)
{
	for (size_t i = 0; i < tracees->count; i++)
		if (tracees->rows[i].tid == tid)
			return &tracees->rows[i];
	return NULL;
}

struct tracee *tracees_get(struct tracees *tracees, pid_t tid)
{
	struct tracee *tracee = tracees_find(tracees, tid);

	if (tracee)
		return tracee;
	if (tracees->count == tracees->size) {
		size_t size = tracees->size ? tracees->size * 2 : 16;
		struct tracee *rows = realloc(tracees->rows, size * sizeof(*rows));

		if (!rows)
			return NULL;
		tracees->rows = rows;
		tracees->size = size;
	}
	tracee = &tracees->rows[tracees->count++];
	*tracee = (struct tracee){ .tid = tid };
	return tracee;
}

static void process_put(struct process *process)
{
	if (!process || --process->threads)
		return;
	close_fd(&process->pidfd);
	free(process->fds);
	free(process);
}

void tracees_remove(struct tracees *tracees, pid_t tid)
{
	struct tracee *tracee = tracees_find(tracees, tid);

	if (!tracee)
		return;
	process_put(tracee->process);
	*tracee = tracees->rows[--tracees->count];
}

void tracees_done(struct tracees *tracees)
{
	while (tracees->count)
		tracees_remove(tracees, tracees->rows[0].tid);
	free(tracees->rows);
	*tracees = (struct tracees){ 0 };
}

static pid_t group_of(pid_t tid)
{
	char path[64], text[2048];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (text_read_file(path, text, sizeof(text)) < 0)
		return tid;
	line = strstr(text, "\nTgid:");
	return line ? (pid_t)strtol(line + 6, NULL, 10) : tid;
}

static void read_names(struct tracee *tracee)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)tracee->tid);
	if (text_read_file(path, tracee->comm, sizeof(tracee->comm)) >= 0)
		tracee->comm[strcspn(tracee->comm, "\n")] = '\0';
	if (tracee->process->exe[0])
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)tracee->tid);
	(void)sys_read_link(path, tracee->process->exe, sizeof(tracee->process->exe));
}

int tracee_identify(struct tracees *tracees, struct tracee *tracee)
{
	pid_t pid;

	if (tracee->process && tracee->comm[0])
		return 0;
	pid = tracee->process ? tracee->process->pid : group_of(tracee->tid);
	for (size_t i = 0; !tracee->process && i < tracees->count; i++) {
		struct process *other = tracees->rows[i].process;

		if (other && other->pid == pid) {
			tracee->process = other;
			other->threads++;
		}
	}
	if (!tracee->process) {
		tracee->process = calloc(1, sizeof(*tracee->process));
		if (!tracee->process)
			return -ENOMEM;
		tracee->process->pid = pid;
		tracee->process->threads = 1;
		tracee->process->pidfd = sys_pidfd_open(pid);
	}
	read_names(tracee);
	return 0;
}

void tracee_exec(struct tracee *tracee)
{
	struct process *process = tracee->process;

	tracee->seq = 0;
	tracee->comm[0] = '\0';
	if (!process)
		return;
	process->exe[0] = '\0';
	free(process->fds);
	process->fds = NULL;
	process->fd_count = 0;
}

uint32_t process_take_fd(struct process *process, int fd, uint32_t seq)
{
	uint32_t before;

	if (fd >= MAX_FD)
		return 0;
	if ((size_t)fd >= process->fd_count) {
		size_t count = (size_t)fd * 2 + 64;
		uint32_t *fds = realloc(process->fds, count * sizeof(*fds));

		if (!fds)
			return 0;
		memset(fds + process->fd_count, 0,
		       (count - process->fd_count) * sizeof(*fds));
		process->fds = fds;
		process->fd_count = count;
	}
	before = process->fds[fd];
	process->fds[fd] = seq;
	return before;
}
