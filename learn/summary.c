/* SPDX-License-Identifier: MIT */
/* From calls to items: see summary.h. */
#include "summary.h"

#include "attr.h"
#include "names.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdicts[] = {
	[LEARN_NEEDED] = "yes",		 [LEARN_PROBE] = "probe only",
	[LEARN_FAILED] = "never worked", [LEARN_REMOVABLE] = "no",
	[LEARN_PROVEN] = "yes, proven",
};

const char *learn_verdict_name(uint32_t verdict)
{
	return verdicts[verdict];
}

size_t learn_call_values(const struct learn_call *call, struct learn_value ret_values[3])
{
	size_t count = 0;

	if (!learn_is_delegable(call))
		return 0;
	ret_values[count++] = (struct learn_value){ BPFTOKEN_CMDS, call->cmd };
	if (call->cmd == ATTR_MAP_CREATE)
		ret_values[count++] = (struct learn_value){ BPFTOKEN_MAPS, call->type };
	if (call->cmd == ATTR_PROG_LOAD) {
		ret_values[count++] = (struct learn_value){ BPFTOKEN_PROGS, call->type };
		ret_values[count++] =
			(struct learn_value){ BPFTOKEN_ATTACHS, call->attach_checked };
	}
	return count;
}

static struct learn_item *find_item(struct learn_summary *summary,
				    const struct learn_value *value)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->items[i].set == value->set &&
		    summary->items[i].value == value->value)
			return &summary->items[i];
	return NULL;
}

static struct learn_item *need_item(struct learn_summary *summary,
				    const struct learn_value *value)
{
	struct learn_item *item = find_item(summary, value), *items;

	if (item)
		return item;
	items = realloc(summary->items, (summary->count + 1) * sizeof(*items));
	if (!items)
		return NULL;
	summary->items = items;
	item = &items[summary->count++];
	*item = (struct learn_item){ .set = value->set,
				     .value = value->value,
				     .verdict = LEARN_FAILED };
	return item;
}

static uint32_t verdict_of(const struct learn_call *call)
{
	if (call->result < 0)
		return LEARN_FAILED;
	return learn_is_probe(call) ? LEARN_PROBE : LEARN_NEEDED;
}

static int take_delegable(struct learn_summary *summary, const struct learn_run *run,
			  const struct learn_call *call)
{
	struct learn_value values[3];
	size_t count = learn_call_values(call, values);
	uint32_t verdict = verdict_of(call);

	summary->calls++;
	summary->probes += verdict == LEARN_PROBE;
	/* EACCES is the verifier's answer */
	summary->denied += call->result == -EPERM;
	summary->untokened += call->result == -EPERM && !call->token;
	summary->nameless += call->result >= 0 && !learn_is_probe(call) &&
			     learn_command(call->cmd)->name && !call->name[0];
	for (size_t i = 0; i < count; i++) {
		struct learn_item *item = need_item(summary, &values[i]);

		if (!item)
			return -ENOMEM;
		item->calls++;
		item->ok += call->result >= 0;
		if (item->evidence && verdict >= item->verdict)
			continue;
		item->verdict = verdict;
		item->evidence = call;
		item->run = run;
	}
	return 0;
}

static void take_host(struct learn_summary *summary, const struct learn_call *call)
{
	size_t i = 0;

	while (i < summary->host_count && summary->host[i].cmd != call->cmd)
		i++;
	if (i == ARRAY_SIZE(summary->host))
		return;
	if (i == summary->host_count)
		summary->host[summary->host_count++].cmd = call->cmd;
	summary->host[i].calls++;
	/* the end of a walk over ids is no failure */
	summary->host[i].failed += call->result < 0 && call->result != -ENOENT;
}

static int by_number(const void *a, const void *b)
{
	const int32_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static int count_processes(struct learn_summary *summary, const struct learn_run *run)
{
	_cleanup_free_ int32_t *pids = reallocarray(NULL, run->count + 1, sizeof(*pids));

	if (!pids)
		return -ENOMEM;
	for (size_t i = 0; i < run->count; i++)
		pids[i] = run->calls[i].pid;
	qsort(pids, run->count, sizeof(*pids), by_number);
	for (size_t i = 0; i < run->count; i++)
		summary->processes += !i || pids[i] != pids[i - 1];
	return 0;
}

/* What the running kernel does not know cannot be delegated, nor can a call succeed. */
static bool is_unknown(const struct learn_item *item)
{
	int known = names_kernel_count(item->set);

	if (item->value > NAMES_MAX_VALUE)
		return true;
	return !item->ok && known > 0 && item->value >= (uint32_t)known;
}

static uint64_t capabilities_of(uint32_t set, uint32_t value)
{
	switch (set) {
	case BPFTOKEN_MAPS:
		return attr_map_capabilities(value);
	case BPFTOKEN_PROGS:
		return attr_prog_capabilities(value);
	case BPFTOKEN_CMDS:
		return value == ATTR_BTF_GET_FD_BY_ID ? 1ULL << CAP_SYS_ADMIN
						      : 1ULL << CAP_BPF;
	}
	return 0;
}

uint64_t learn_capabilities(const struct bpftoken_policy *policy)
{
	uint64_t caps = 0;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++)
			if (policy->mask[set] >> value & 1)
				caps |= capabilities_of(set, value);
	return caps;
}

static int compare_items(const void *a, const void *b)
{
	const struct learn_item *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static void conclude(struct learn_summary *summary)
{
	if (summary->count)
		qsort(summary->items, summary->count, sizeof(*summary->items),
		      compare_items);
	for (size_t i = 0; i < summary->count; i++) {
		struct learn_item *item = &summary->items[i];

		item->unknown = is_unknown(item);
		if (item->unknown)
			continue;
		(void)bpftoken_policy_add(&summary->policy, item->set, item->value);
		if (item->verdict == LEARN_NEEDED)
			(void)bpftoken_policy_add(&summary->needed, item->set,
						  item->value);
	}
}

int learn_summarize(const struct learn_recording *recording,
		    struct learn_summary *ret_summary)
{
	struct learn_summary summary = { 0 };
	int r = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct learn_run *run = &recording->runs[i];

		if (r == 0)
			r = count_processes(&summary, run);
		for (size_t n = 0; r == 0 && n < run->count; n++) {
			const struct learn_call *call = &run->calls[n];

			if (learn_is_delegable(call))
				r = take_delegable(&summary, run, call);
			else if (learn_command(call->cmd)->class == LEARN_HOST)
				take_host(&summary, call);
		}
	}
	if (r < 0) {
		learn_summary_done(&summary);
		return r;
	}
	conclude(&summary);
	*ret_summary = summary;
	return 0;
}

void learn_summary_done(struct learn_summary *summary)
{
	free(summary->items);
	*summary = (struct learn_summary){ 0 };
}

/* ------------------------------------------------------------------- words */

#define KERNEL_ENOTSUPP 524 /* the kernel's own, which no header has */

const char *learn_error_name(int64_t code)
{
	const char *name = strerrorname_np((int)-code);

	if (code == -KERNEL_ENOTSUPP)
		return "ENOTSUPP";
	return name ? name : "an unknown error";
}

static void add_value(struct text *out, uint32_t set, uint32_t value)
{
	const char *name = bpftoken_name(set, value);

	if (name)
		text_add(out, "%s", name);
	else
		text_add(out, "%u", value);
}

void learn_add_item(struct text *out, uint32_t set, uint32_t value)
{
	text_add(out, "%s ", names_set_noun(set));
	add_value(out, set, value);
}

static const struct learn_call *call_at(const struct learn_run *run, uint32_t seq)
{
	return seq && seq <= run->count ? &run->calls[seq - 1] : NULL;
}

/* Whose BTF it is: the first call that succeeded and uses it. */
static const struct learn_call *first_user(const struct learn_run *run, uint32_t seq)
{
	for (size_t i = seq; i < run->count; i++) {
		const struct learn_call *call = &run->calls[i];

		for (uint32_t n = 0; call->result >= 0 && n < call->use_count; n++)
			if (call->uses[n].seq == seq)
				return call;
	}
	return NULL;
}

static void add_name(struct text *out, const struct learn_call *call)
{
	if (call->name[0])
		text_add(out, " \"%s\"", text_quote(call->name, strlen(call->name)).text);
}

static void add_prog(struct text *out, const struct learn_call *call)
{
	add_value(out, BPFTOKEN_PROGS, call->type);
	add_name(out, call);
	text_add(out, ", %u insns, attach ", call->insns);
	add_value(out, BPFTOKEN_ATTACHS, call->attach_checked);
	if (call->attach != call->attach_checked)
		text_add(out, " (given as %u)", call->attach);
}

static void add_map(struct text *out, const struct learn_run *run,
		    const struct learn_call *call)
{
	add_value(out, BPFTOKEN_MAPS, call->type);
	add_name(out, call);
	for (uint32_t i = 0; i < call->use_count; i++) {
		const struct learn_call *inner = call_at(run, call->uses[i].seq);

		if (call->uses[i].kind == LEARN_USE_INNER_MAP && inner) {
			text_add(out, " of ");
			add_value(out, BPFTOKEN_MAPS, inner->type);
		}
	}
}

static void add_btf(struct text *out, const struct learn_run *run,
		    const struct learn_call *call)
{
	const struct learn_call *user = first_user(run, call->seq);

	text_add(out, "%u bytes", call->btf_size);
	if (user) {
		text_add(out, " for the %s",
			 user->cmd == ATTR_MAP_CREATE ? "map" : "program");
		add_name(out, user);
	}
}

void learn_add_evidence(struct text *out, const struct learn_run *run,
			const struct learn_call *call)
{
	text_add(out, "#%u %s[%d] ", call->seq,
		 text_quote(call->comm, strlen(call->comm)).text, call->pid);
	switch (call->cmd) {
	case ATTR_MAP_CREATE:
		add_map(out, run, call);
		break;
	case ATTR_PROG_LOAD:
		add_prog(out, call);
		break;
	case ATTR_BTF_LOAD:
		add_btf(out, run, call);
		break;
	default:
		text_add(out, "%s",
			 learn_command_name(call->cmd) ? learn_command_name(call->cmd)
						       : "a new command");
		add_name(out, call);
	}
	if (call->result == LEARN_NO_RESULT)
		text_add(out, ", ended in the call");
	else if (call->result < 0)
		text_add(out, ", %s", learn_error_name(call->result));
	else if (learn_is_probe(call))
		text_add(out, ", closed unused");
}
