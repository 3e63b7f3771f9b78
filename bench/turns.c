/* SPDX-License-Identifier: MIT */
/*
 * Runs commands in turns (A B C A B C ...), so that whatever the machine does at the time
 * hits all of them, and prints for each the median wall time, its ratio to the first
 * command as the median of the ratios within the rounds, the quartiles of those ratios,
 * and the peak memory of any process of it.
 *
 * turns [-o RAW] [-s SAID] [-w WARM_UP] ROUNDS NAME=COMMAND...
 *
 * A command is split at blanks and run without a shell; what it says goes to SAID. RAW has
 * a line `# NAME...`, and one for each round: the wall times of all, then their processor
 * times, in milliseconds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 32
#define MAX_ARGS 64
#define MAX_ROUNDS 10000

struct command {
	const char *name;
	char *argv[MAX_ARGS];
	double *ms, *cpu_ms, *ratio;
	long peak_kib;
};

static const char *raw_name, *said_name;
static size_t warm_up = 3;

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

static double ms_of(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

static double run_once(struct command *command, double *cpu_ms)
{
	struct rusage usage;
	double start = now_ms();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (said_name) {
			int fd = open(said_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				      0644);

			if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
			    dup2(fd, STDERR_FILENO) < 0)
				_exit(126);
		}
		execvp(command->argv[0], command->argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
		fprintf(stderr, "turns: %s: it failed: run it by hand\n", command->name);
		exit(1);
	}
	if (usage.ru_maxrss > command->peak_kib)
		command->peak_kib = usage.ru_maxrss;
	*cpu_ms = ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime);
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
	command->cpu_ms = calloc(rounds, sizeof(double));
	command->ratio = calloc(rounds, sizeof(double));
	if (!n || !command->ms || !command->cpu_ms || !command->ratio) {
		fprintf(stderr, "turns: %s: no command\n", command->name);
		exit(2);
	}
}

static void measure(struct command *commands, size_t count, size_t rounds)
{
	double cpu_ms;

	for (size_t i = 0; i < count * warm_up; i++)
		(void)run_once(&commands[i % count], &cpu_ms);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			struct command *command = &commands[i];

			command->ms[round] = run_once(command, &command->cpu_ms[round]);
			command->ratio[round] =
				command->ms[round] / commands[0].ms[round];
		}
	}
}

static void write_raw(const struct command *commands, size_t count, size_t rounds)
{
	FILE *raw = fopen(raw_name, "we");

	if (!raw) {
		perror(raw_name);
		exit(1);
	}
	fputc('#', raw);
	for (size_t i = 0; i < count; i++)
		fprintf(raw, " %s", commands[i].name);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			fprintf(raw, i ? " %.4f" : "\n%.4f", commands[i].ms[round]);
		for (size_t i = 0; i < count; i++)
			fprintf(raw, " %.4f", commands[i].cpu_ms[round]);
	}
	fputc('\n', raw);
	if (fclose(raw) != 0) {
		perror(raw_name);
		exit(1);
	}
}

static void print(struct command *commands, size_t count, size_t rounds)
{
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
}

static int usage(void)
{
	fputs("usage: turns [-o RAW] [-s SAID] [-w WARM_UP] ROUNDS NAME=COMMAND...\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS] = { 0 };
	size_t count = 0, rounds = 0;
	int option;

	while ((option = getopt(argc, argv, "+o:s:w:")) != -1) {
		if (option == 'o')
			raw_name = optarg;
		else if (option == 's')
			said_name = optarg;
		else if (option == 'w')
			warm_up = strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	if (argc - optind > 1) {
		rounds = strtoul(argv[optind], NULL, 10);
		count = (size_t)(argc - optind - 1);
	}
	if (!count || count > MAX_COMMANDS || rounds < 2 || rounds > MAX_ROUNDS)
		return usage();
	for (size_t i = 0; i < count; i++)
		split(&commands[i], argv[optind + 1 + (int)i], rounds);
	measure(commands, count, rounds);
	if (raw_name)
		write_raw(commands, count, rounds);
	print(commands, count, rounds);
	return 0;
}
