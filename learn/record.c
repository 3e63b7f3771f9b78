/* SPDX-License-Identifier: MIT */
/* Runs and recordings in memory: see record.h. */
#include "record.h"

#include <string.h>

struct learn_call *learn_run_add(struct learn_run *run)
{
	struct learn_call *call;

	if (run->count == run->size) {
		size_t size = run->size ? run->size * 2 : 64;
		struct learn_call *calls = realloc(run->calls, size * sizeof(*calls));

		if (!calls)
			return NULL;
		run->calls = calls;
		run->size = size;
	}
	call = &run->calls[run->count++];
	memset(call, 0, sizeof(*call));
	call->seq = (uint32_t)run->count;
	call->result = LEARN_NO_RESULT;
	return call;
}

void learn_run_done(struct learn_run *run)
{
	free(run->command);
	free(run->calls);
	*run = (struct learn_run){ 0 };
}

/* Maps have one space of ids, whatever they are to a call. */
static uint32_t id_space(uint32_t kind)
{
	return kind == LEARN_USE_INNER_MAP ? LEARN_USE_MAP : kind;
}

/* Which call made an object; an id that comes again is a new object's. */
struct maker {
	uint32_t kind, id, seq;
};

static int compare_makers(const void *a, const void *b)
{
	const struct maker *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The last maker of an object before the call seq, 0: none. */
static uint32_t find_maker(const struct maker *makers, size_t count, uint32_t kind,
			   uint32_t id, uint32_t seq)
{
	const struct maker wanted = { id_space(kind), id, seq };
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_makers(&makers[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || makers[low - 1].kind != wanted.kind || makers[low - 1].id != id)
		return 0;
	return makers[low - 1].seq;
}

int learn_run_relate(struct learn_run *run)
{
	_cleanup_free_ struct maker *makers = calloc(run->count + 1, sizeof(*makers));
	size_t count = 0;

	if (!makers)
		return -ENOMEM;
	for (size_t i = 0; i < run->count; i++) {
		const struct learn_call *call = &run->calls[i];

		run->calls[i].used = false;
		if (call->id && learn_is_delegable(call))
			makers[count++] = (struct maker){ learn_command(call->cmd)->makes,
							  call->id, call->seq };
	}
	qsort(makers, count, sizeof(*makers), compare_makers);
	/* backwards: whether a call counts depends on those behind it */
	for (size_t i = run->count; i-- > 0;) {
		struct learn_call *call = &run->calls[i];

		for (uint32_t n = 0; n < call->use_count; n++) {
			struct learn_use *use = &call->uses[n];

			use->seq =
				find_maker(makers, count, use->kind, use->id, call->seq);
			/* what only a failed or futile attempt uses is no better */
			if (use->seq && call->result >= 0 && !learn_is_probe(call))
				run->calls[use->seq - 1].used = true;
		}
	}
	return 0;
}

static int compare_runs(const void *a, const void *b)
{
	const struct learn_run *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int learn_recording_add(struct learn_recording *recording, struct learn_run *run)
{
	struct learn_run *runs;

	for (size_t i = 0; i < recording->count; i++) {
		if (strcmp(recording->runs[i].id, run->id) != 0)
			continue;
		learn_run_done(run);
		return 0;
	}
	runs = realloc(recording->runs, (recording->count + 1) * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	recording->runs = runs;
	runs[recording->count++] = *run;
	*run = (struct learn_run){ 0 };
	qsort(runs, recording->count, sizeof(*runs), compare_runs);
	return 0;
}

void learn_recording_done(struct learn_recording *recording)
{
	for (size_t i = 0; i < recording->count; i++)
		learn_run_done(&recording->runs[i]);
	free(recording->runs);
	*recording = (struct learn_recording){ 0 };
}
