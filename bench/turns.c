/* SPDX-License-Identifier: MIT */
/*
 * Runs commands in turns (A B C A B C ...), so that whatever the machine does at the time
 * hits all of them, and prints for each the median wall time, its ratio to the first
 * command as the median of the ratios within the rounds, the quartiles of those ratios,
 * and the peak memory of any process of it.
 *
 * turns ROUNDS NAME=COMMAND...: a command is split at blanks and run without a shell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 8
#define MAX_ARGS 64
#define MAX_ROUNDS 10000
#define WARM_UP 3

struct command {
	const char *name;
	char *argv[MAX_ARGS];
	double *ms, *ratio;
	long peak_kib;
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted values; between two of them where the place falls between. */
static double quantile(const double *sorted, size_t count, double q)
{
	double at = q * (double)(count - 1);
	size_t below = (size_t)at;
	double rest = at - (double)below;

	return below + 1 < count ? sorted[below] * (1 - rest) + sorted[below + 1] * rest
				 : sorted[below];
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double run_once(struct command *command)
{
	struct rusage usage;
	double start = now_ms();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(command->argv[0], command->argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
		fprintf(stderr, "turns: %s: it failed: run it by hand\n", command->name);
		exit(1);
	}
	if (usage.ru_maxrss > command->peak_kib)
		command->peak_kib = usage.ru_maxrss;
	return now_ms() - start;
}

static void split(struct command *command, char *text, size_t rounds)
{
	size_t n = 0;
	char *rest;

	command->name = strtok_r(text, "=", &rest);
	while (n < MAX_ARGS - 1 && (command->argv[n] = strtok_r(NULL, " ", &rest)))
		n++;
	command->ms = calloc(rounds, sizeof(double));
	command->ratio = calloc(rounds, sizeof(double));
	if (!n || !command->ms || !command->ratio) {
		fprintf(stderr, "turns: %s: no command\n", command->name);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS] = { 0 };
	size_t count = (size_t)(argc > 2 ? argc - 2 : 0);
	size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (!count || count > MAX_COMMANDS || rounds < 2 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: turns ROUNDS NAME=COMMAND...\n");
		return 2;
	}
	for (size_t i = 0; i < count; i++)
		split(&commands[i], argv[i + 2], rounds);
	for (size_t i = 0; i < count * WARM_UP; i++)
		(void)run_once(&commands[i % count]);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			commands[i].ms[round] = run_once(&commands[i]);
			commands[i].ratio[round] =
				commands[i].ms[round] / commands[0].ms[round];
		}
	}
	printf("%-16s %10s %8s %17s %10s\n", "command", "median ms", "ratio", "quartiles",
	       "peak KiB");
	for (size_t i = 0; i < count; i++) {
		qsort(commands[i].ms, rounds, sizeof(double), compare);
		qsort(commands[i].ratio, rounds, sizeof(double), compare);
		printf("%-16s %10.2f %8.3f %8.3f %8.3f %10ld\n", commands[i].name,
		       quantile(commands[i].ms, rounds, 0.5),
		       quantile(commands[i].ratio, rounds, 0.5),
		       quantile(commands[i].ratio, rounds, 0.25),
		       quantile(commands[i].ratio, rounds, 0.75), commands[i].peak_kib);
	}
	return 0;
}
