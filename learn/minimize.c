/* SPDX-License-Identifier: MIT */
/* The search for the least policy: see minimize.h. */
#include "minimize.h"

#include "sys-trace.h"

#include <stdio.h>
#include <string.h>

#define MAX_KEPT 64 /* policies that did, from the widest to the least */

struct value {
	uint32_t set, value;
};

#define TRIAL_FACTOR 10 /* a trial may take so many times what the first run took */
#define TRIAL_MS 2000 /* and this besides */

struct search {
	struct learn_minimize minimize; /* its timeout shrinks after the first run */
	sigset_t mask; /* of the program */
	sigset_t signals; /* that end the search */
	char *signature; /* of the run under everything */
	bool ended; /* that one ended by itself */
	int32_t status;
	struct bpftoken_policy kept[MAX_KEPT];
	unsigned int seen[MAX_KEPT]; /* how often each was seen to do */
	unsigned int kept_count;
	struct learn_minimum minimum;
	uint64_t began_ms;
	struct bpftoken_error *err;
};

static const struct bpftoken_policy *least(const struct search *search)
{
	return &search->kept[search->kept_count - 1];
}

/* A run under a policy. 1: it is as good, 0: it is not, -ECANCELED: the user has enough. */
static int try(struct search *search, const struct bpftoken_policy *policy)
{
	const struct learn_minimize *minimize = &search->minimize;
	_cleanup_free_ char *signature = NULL;
	const char *wanted = search->ended && !minimize->check ? NULL : search->signature;
	struct learn_contained contained;
	int r;

	r = learn_run_under(minimize, policy, wanted, &search->mask, &contained,
			    search->err);
	if (r < 0)
		return r;
	search->minimum.runs++;
	r = learn_goal_signature(&contained.run, minimize->goal, &signature);
	if (contained.interrupted)
		r = -ECANCELED;
	else if (r < 0)
		err_oom(search->err);
	else if (minimize->check)
		r = contained.checked && !strcmp(signature, search->signature);
	else
		r = contained.run.ended == search->ended &&
		    contained.run.status == search->status &&
		    !strcmp(signature, search->signature);
	learn_run_done(&contained.run);
	if (r > 0 && search->kept_count && bpftoken_policy_equal(policy, least(search)))
		search->seen[search->kept_count - 1]++;
	return r;
}

static void keep(struct search *search, const struct bpftoken_policy *policy,
		 unsigned int seen)
{
	/* the widest stays, at the bottom */
	if (search->kept_count == MAX_KEPT)
		search->kept_count--;
	search->seen[search->kept_count] = seen;
	search->kept[search->kept_count++] = *policy;
}

static size_t values_of(const struct bpftoken_policy *policy,
			struct value values[BPFTOKEN_SETS * 64])
{
	size_t count = 0;

	/* Sets backwards: without a type, its command is the next to go. */
	for (uint32_t set = BPFTOKEN_SETS; set-- > 0;)
		for (uint32_t value = 0; value < 64; value++)
			if (policy->mask[set] >> value & 1)
				values[count++] = (struct value){ set, value };
	return count;
}

static void show_progress(struct search *search, size_t left)
{
	struct value values[BPFTOKEN_SETS * 64];
	uint64_t took = sys_now_ms() - search->began_ms;
	const struct learn_progress progress = {
		.runs = search->minimum.runs,
		.values = (unsigned int)values_of(least(search), values),
		.left = (unsigned int)left,
		.left_ms = search->minimum.runs ? took * left / search->minimum.runs : 0,
	};

	if (search->minimize.progress)
		search->minimize.progress(&progress, search->minimize.data);
}

/* Without count values from at on: 1 and kept when it does. */
static int try_without(struct search *search, const struct value *values, size_t count)
{
	struct bpftoken_policy policy = *least(search);
	int r;

	for (size_t i = 0; i < count; i++)
		policy.mask[values[i].set] &= ~(1ULL << values[i].value);
	r = try(search, &policy);
	if (r > 0)
		keep(search, &policy, 1);
	else if (r == 0 && count == 1)
		search->minimum.proof[values->set][values->value] = search->minimum.runs;
	return r;
}

/* Takes away pieces of half the values, of a quarter... while that is worth a run. */
static int take_pieces(struct search *search)
{
	struct value values[BPFTOKEN_SETS * 64];
	size_t count = values_of(least(search), values);
	int r = 0;

	for (size_t piece = count / 2; r >= 0 && piece > 4; piece /= 2) {
		count = values_of(least(search), values);
		for (size_t at = 0; r >= 0 && at < count; at += piece) {
			size_t size = count - at < piece ? count - at : piece;

			show_progress(search, (count - at) / piece + count / 2);
			r = try_without(search, values + at, size);
		}
	}
	return r < 0 ? r : 0;
}

/* Round and round, one value at a time, until each has failed since the last that went. */
static int take_values(struct search *search)
{
	struct value values[BPFTOKEN_SETS * 64];
	size_t count = values_of(least(search), values), failed = 0, at = 0;

	while (failed < count) {
		int r;

		show_progress(search, count - failed);
		r = try_without(search, &values[at % count], 1);
		if (r < 0)
			return r;
		if (r > 0) {
			/* what failed under another policy proves nothing for this one */
			memset(search->minimum.proof, 0, sizeof(search->minimum.proof));
			memmove(&values[at % count], &values[at % count + 1],
				(count - at % count - 1) * sizeof(values[0]));
			at = at % count;
			count--;
			failed = 0;
		} else {
			at++;
			failed++;
		}
	}
	return 0;
}

/*
 * The least once more. A program that does not always do the same may fail now: then it
 * is the one before it, the next wider, that has to show it again.
 */
static int verify(struct search *search)
{
	int r = try(search, least(search));

	while (r == 0 && search->kept_count > 1) {
		search->kept_count--;
		memset(search->minimum.proof, 0, sizeof(search->minimum.proof));
		search->minimum.unstable = true;
		r = try(search, least(search));
	}
	if (r == 0) {
		err_raise(search->err, BPFTOKEN_STAGE_SETUP, -EAGAIN,
			  "it does not do the same twice under the same policy");
		err_what(search->err, "cannot find the least policy");
		err_fix(search->err, "choose a weaker --goal, or a --check");
		return -EAGAIN;
	}
	return r < 0 ? r : 0;
}

static int no_baseline(struct search *search, const struct learn_run *run)
{
	bool token = false, denied = false;

	for (size_t i = 0; i < run->count; i++) {
		token |= run->calls[i].token;
		denied |= run->calls[i].result == -EPERM &&
			  learn_is_delegable(&run->calls[i]);
	}
	err_raise(
		search->err, BPFTOKEN_STAGE_SETUP, -EPERM,
		search->minimize.check
			? "in a container with everything delegated the check did not succeed"
			: "in a container with everything delegated it ends with status %d",
		run->status);
	err_what(search->err, "cannot find the least policy");
	if (denied && !token)
		err_fix(search->err, "its calls carry no token: use a library that knows "
				     "tokens, such as libbpf 1.4, or give --exec");
	else
		err_fix(search->err,
			"make it work first: bpftoken run --cmds any --maps any "
			"--progs any --attachs any -- PROGRAM");
	return -EPERM;
}

/* A trial that hangs for lack of something should not do so for long. */
static void bound_trials(struct search *search, const struct learn_run *run,
			 uint64_t took_ms)
{
	const struct learn_call *last = run->count ? &run->calls[run->count - 1] : NULL;
	uint64_t bound;

	if (!run->ended && !search->minimize.check)
		took_ms = last ? last->time_us / 1000 : 0;
	bound = took_ms * TRIAL_FACTOR + TRIAL_MS;
	if (bound < (uint64_t)search->minimize.timeout_ms)
		search->minimize.timeout_ms = (int)bound;
}

/* Under everything: the goal, and what was used. */
static int run_under_all(struct search *search, struct learn_run *ret_run)
{
	const struct bpftoken_policy all = { .mask = { POLICY_ANY, POLICY_ANY, POLICY_ANY,
						       POLICY_ANY } };
	struct learn_contained contained;
	uint64_t began_ms = sys_now_ms();
	int r;

	r = learn_run_under(&search->minimize, &all, NULL, &search->mask, &contained,
			    search->err);
	if (r < 0)
		return r;
	search->minimum.runs++;
	*ret_run = contained.run;
	search->ended = ret_run->ended;
	search->status = ret_run->status;
	if (contained.interrupted)
		return -ECANCELED;
	if (search->minimize.check ? !contained.checked
				   : ret_run->ended && ret_run->status)
		return no_baseline(search, ret_run);
	bound_trials(search, ret_run, sys_now_ms() - began_ms);
	r = learn_goal_signature(ret_run, search->minimize.goal, &search->signature);
	return r < 0 ? err_oom(search->err) : 0;
}

/* What was used, the first policy that can do; and a guess: what was not only probed. */
static int try_used(struct search *search, struct learn_run *run)
{
	const struct learn_recording recording = { .runs = run, .count = 1 };
	struct bpftoken_policy needed;
	struct learn_summary summary;
	int r;

	if (learn_summarize(&recording, &summary) < 0)
		return err_oom(search->err);
	keep(search, &summary.policy, 0);
	needed = summary.needed;
	learn_summary_done(&summary);
	r = try(search, least(search));
	if (r == 0) {
		err_raise(search->err, BPFTOKEN_STAGE_SETUP, -EAGAIN,
			  "under exactly what it used it does not do the same again");
		err_what(search->err, "cannot find the least policy");
		err_fix(search->err, "choose a weaker --goal, or a --check");
		return -EAGAIN;
	}
	if (r < 0 || bpftoken_policy_equal(&needed, least(search)))
		return r < 0 ? r : 0;
	r = try(search, &needed);
	if (r > 0)
		keep(search, &needed, 1);
	return r < 0 ? r : 0;
}

static int find(struct search *search, struct learn_run *ret_run)
{
	int r = run_under_all(search, ret_run);

	if (r == 0)
		r = try_used(search, ret_run);
	if (r == 0)
		r = take_pieces(search);
	if (r == 0)
		r = take_values(search);
	if (r == 0)
		r = verify(search);
	/* What has been seen to do is worth something. */
	if (r == -ECANCELED && search->kept_count) {
		search->minimum.interrupted = true;
		r = 0;
	} else if (r == -ECANCELED) {
		err_raise(search->err, BPFTOKEN_STAGE_SETUP, r, "interrupted");
		err_what(search->err, "cannot find the least policy");
	}
	return r;
}

int learn_minimize(const struct learn_minimize *minimize,
		   struct learn_minimum *ret_minimum, struct learn_run *ret_run,
		   struct bpftoken_error *err)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD };
	struct search search = { .minimize = *minimize,
				 .began_ms = sys_now_ms(),
				 .err = err };
	struct learn_run run = { 0 };
	siginfo_t info;
	int r;

	sigemptyset(&search.signals);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&search.signals, ends[i]);
	r = sys_block_signals(&search.signals, &search.mask);
	if (r < 0)
		return err_raise(err, BPFTOKEN_STAGE_SETUP, r, NULL);
	r = find(&search, &run);
	/* one that came too late to interrupt anything */
	while (sys_wait_signal_for(&search.signals, 0, &info) > 0)
		;
	(void)sys_block_signals(&search.mask, NULL);
	free(search.signature);
	if (r < 0) {
		learn_run_done(&run);
		return r;
	}
	search.minimum.policy = *least(&search);
	search.minimum.verified = search.seen[search.kept_count - 1];
	search.minimum.goal = learn_goal_name(minimize->goal);
	search.minimum.took_ms = sys_now_ms() - search.began_ms;
	*ret_minimum = search.minimum;
	*ret_run = run;
	return 0;
}
