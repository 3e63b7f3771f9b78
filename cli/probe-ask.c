/* SPDX-License-Identifier: MIT */
/*
 * Asking the questions of a report. The probes may run in any thread, and token and
 * capabilities are the process's; two threads halve the wait where there are two CPUs.
 * They begin at the two ends of the list: the links, which are last, wait for the kernel.
 */
#include "probe-report.h"

#include "util.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <search.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 2
/* Items that a worker takes at a time, and all that are about the same type. */
#define CHUNK 64

struct job {
	struct probe_report *report;
	size_t first, last; /* the items that nobody took */
	bool from_end; /* the next worker begins there */
	pthread_mutex_t lock; /* of the above and of the report's reasons */
	atomic_size_t done; /* items */
	bool progress;
};

/* Items first <= i < last. */
struct range {
	size_t first, last;
};

static int compare_reasons(const void *a, const void *b)
{
	const struct probe_reason *left = a, *right = b;
	int r = strcmp(left->why, right->why);

	return r ? r : strcmp(left->fix, right->fix);
}

static void free_reason(void *node)
{
	struct probe_reason *reason = node;

	free(reason->why);
	free(reason->fix);
	free(reason);
}

/* A copy that is the report's; equal reasons are one. NULL: no memory. */
static const struct probe_reason *keep_reason(struct job *job, char *why, char *fix)
{
	struct probe_reason key = { why, fix }, **found, *reason;

	found = tfind(&key, &job->report->reasons, compare_reasons);
	if (found)
		return *found;
	reason = calloc(1, sizeof(*reason));
	if (!reason)
		return NULL;
	reason->why = strdup(why);
	reason->fix = strdup(fix);
	if (!reason->why || !reason->fix ||
	    !tsearch(reason, &job->report->reasons, compare_reasons)) {
		free_reason(reason);
		return NULL;
	}
	return reason;
}

static int not_asked(struct bpftoken_error *reason)
{
	snprintf(reason->why, sizeof(reason->why),
		 "the question alone would leave a warning in the kernel's log");
	snprintf(reason->fix, sizeof(reason->fix), "ask with --full");
	return -ECANCELED;
}

/* Asks without a reason where it may not be needed: composing one costs half a call. */
static bool is_enough(const struct probe_report *report, struct probe_item *item)
{
	if (!report->counts_only || !item->section->many || probe_is_noisy(item))
		return false;
	item->answer = item->section->ask(item, report->token_fd, NULL);
	return item->answer == BPFTOKEN_WORKS || item->answer == BPFTOKEN_KERNEL_LACKS;
}

static void ask(struct job *job, struct probe_item *item)
{
	struct bpftoken_error reason;

	if (is_enough(job->report, item))
		return;
	memset(&reason, 0, offsetof(struct bpftoken_error, what));
	reason.what[0] = reason.why[0] = reason.fix[0] = '\0';
	if (!job->report->full && probe_is_noisy(item))
		item->answer = not_asked(&reason);
	else
		item->answer = item->section->ask(item, job->report->token_fd, &reason);
	if (item->answer == BPFTOKEN_WORKS)
		return;
	if (item->answer < 0 && !reason.why[0])
		snprintf(reason.why, sizeof(reason.why), "the question failed: %s",
			 strerror(-item->answer));
	if (item->answer < 0 && !reason.fix[0])
		snprintf(
			reason.fix, sizeof(reason.fix), "%s",
			item->answer == -EOPNOTSUPP
				? "load a program of this type with its target"
				: "ask again when there is memory and a free descriptor");
	pthread_mutex_lock(&job->lock);
	item->reason = keep_reason(job, reason.why, reason.fix);
	pthread_mutex_unlock(&job->lock);
	if (!item->reason)
		item->answer = -ENOMEM;
}

static void show_progress(struct job *job, size_t more)
{
	size_t done = atomic_fetch_add(&job->done, more) + more;

	if (job->progress)
		fprintf(stderr, "\rprobing: %zu of %zu", done, job->report->list.count);
}

/* Do two neighbours belong together? One load may answer for a whole type. */
static bool same_group(const struct probe_list *list, size_t i)
{
	return list->items[i].group && list->items[i].group == list->items[i - 1].group;
}

/* The next items for a worker, none when all are taken. */
static struct range take_items(struct job *job, bool from_end)
{
	const struct probe_list *list = &job->report->list;
	struct range range;

	pthread_mutex_lock(&job->lock);
	range = (struct range){ job->first, job->last };
	if (range.last - range.first > CHUNK && from_end) {
		range.first = range.last - CHUNK;
		while (range.first > job->first && same_group(list, range.first))
			range.first--;
	} else if (range.last - range.first > CHUNK) {
		range.last = range.first + CHUNK;
		while (range.last < job->last && same_group(list, range.last))
			range.last++;
	}
	if (from_end)
		job->last = range.first;
	else
		job->first = range.last;
	pthread_mutex_unlock(&job->lock);
	return range;
}

static void *work(void *arg)
{
	struct job *job = arg;
	struct range range;
	bool from_end;

	pthread_mutex_lock(&job->lock);
	from_end = job->from_end;
	job->from_end = true;
	pthread_mutex_unlock(&job->lock);
	for (range = take_items(job, from_end); range.first < range.last;
	     range = take_items(job, from_end)) {
		for (size_t i = range.first; i < range.last; i++)
			ask(job, &job->report->list.items[i]);
		show_progress(job, range.last - range.first);
	}
	return NULL;
}

static int worker_count(const struct probe_list *list)
{
	cpu_set_t cpus;
	int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;

	if (list->count <= CHUNK)
		return 1;
	return count < WORKERS ? count : WORKERS;
}

int probe_ask_all(struct probe_report *report)
{
	struct job job = { .report = report,
			   .last = report->list.count,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .progress =
				   report->list.count > CHUNK && isatty(STDERR_FILENO) };
	pthread_t threads[WORKERS];
	int started = 0, wanted = worker_count(&report->list) - 1;

	while (started < wanted &&
	       pthread_create(&threads[started], NULL, work, &job) == 0)
		started++;
	work(&job);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	if (job.progress)
		fputs("\r\033[K", stderr);
	for (size_t i = 0; i < report->list.count; i++)
		if (report->list.items[i].answer == -ENOMEM)
			return -ENOMEM;
	return 0;
}

void probe_report_done(struct probe_report *report)
{
	tdestroy(report->reasons, free_reason);
	free(report->list.items);
	free(report->operands);
	system_facts_done(&report->facts);
}
