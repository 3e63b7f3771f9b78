/* SPDX-License-Identifier: MIT */
/* The report of a recording for a person, on one screen: see report.h. */
#include "report.h"

#include "dialects.h"
#include "names.h"
#include "warn.h"

#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#define LABEL "%-12s"

const struct bpftoken_policy *learn_report_policy(const struct learn_report *report)
{
	return report->minimum ? &report->minimum->policy : &report->summary->policy;
}

uint32_t learn_report_verdict(const struct learn_report *report,
			      const struct learn_item *item)
{
	const struct learn_minimum *minimum = report->minimum;

	if (!minimum || item->unknown)
		return item->verdict;
	if (!bpftoken_policy_has(&minimum->policy, item->set, item->value))
		return LEARN_REMOVABLE;
	return minimum->proof[item->set][item->value] ? LEARN_PROVEN : item->verdict;
}

/* libbpf asks without a token whether the kernel knows names, and is refused. */
static void add_untokened(const struct learn_summary *summary, struct text *out)
{
	text_add(out, LABEL "%u call%s carried no token and %s refused%s\n", "untokened",
		 summary->untokened, summary->untokened == 1 ? "" : "s",
		 summary->untokened == 1 ? "was" : "were", summary->nameless ? ";" : "");
	if (summary->nameless)
		text_add(out,
			 LABEL
			 "where maps and programs have lost their names (%u have none), "
			 "that is why:\n" LABEL
			 "give --exec, or link with libbpftoken-libbpf\n",
			 "", summary->nameless, "");
}

static void add_head(const struct learn_report *report, struct text *out)
{
	const struct learn_summary *summary = report->summary;
	const struct learn_recording *recording = report->recording;

	text_add(out, LABEL "%u calls that a policy decides, %u of them probes; ",
		 "learned", summary->calls, summary->probes);
	text_add(out, "%u process%s", summary->processes,
		 summary->processes == 1 ? "" : "es");
	if (recording->count != 1)
		text_add(out, ", %zu runs", recording->count);
	else if (recording->runs[0].ended)
		text_add(out, ", exit status %d", recording->runs[0].status);
	text_add(out, "\n");
	if (report->minimum && summary->untokened)
		add_untokened(summary, out);
	else if (!report->minimum && summary->denied)
		text_add(out,
			 LABEL "%u of the calls were refused (EPERM): what would "
			       "have come after them is not known;\n" LABEL
			       "repeat as root on the host, or with more delegated\n",
			 "incomplete", summary->denied, "");
}

static void add_items(const struct learn_report *report, struct text *out)
{
	static const char *const kinds[] = { "cmd", "map", "prog", "attach" };

	if (report->summary->count)
		text_add(out, "\n%-7s %-28s %5s %5s  %-12s  %s\n", "KIND", "VALUE",
			 "CALLS", "OK", "NEEDED", "FIRST EVIDENCE");
	for (size_t i = 0; i < report->summary->count; i++) {
		const struct learn_item *item = &report->summary->items[i];
		uint32_t verdict = learn_report_verdict(report, item);
		const char *name = bpftoken_name(item->set, item->value);
		char number[16];

		snprintf(number, sizeof(number), "%u", item->value);
		text_add(out, "%-7s %-28s %5u %5u  %-12s  ", kinds[item->set],
			 name ? name : number, item->calls, item->ok,
			 item->unknown ? "not known" : learn_verdict_name(verdict));
		learn_add_evidence(out, item->run, item->evidence);
		if (verdict == LEARN_PROVEN)
			text_add(out, " (fails without: run %u)",
				 report->minimum->proof[item->set][item->value]);
		text_add(out, "\n");
	}
}

static void add_host(const struct learn_summary *summary, struct text *out)
{
	for (size_t i = 0; i < summary->host_count; i++) {
		const struct learn_host_use *use = &summary->host[i];

		text_add(out,
			 LABEL "%s, %u call%s, %u failed: no policy gives it to a "
			       "container;\n" LABEL "instead: %s\n",
			 i ? "" : "not given", learn_command_name(use->cmd), use->calls,
			 use->calls == 1 ? "" : "s", use->failed, "",
			 learn_command(use->cmd)->instead);
	}
}

void learn_add_capabilities(struct text *out, uint64_t caps)
{
	const char *blank = "";

	for (cap_value_t cap = 0; cap < 64; cap++) {
		char *name;

		if (!(caps >> cap & 1))
			continue;
		name = cap_to_name(cap);
		text_add(out, "%s%s", blank, name ? name : "?");
		cap_free(name);
		blank = " ";
	}
	if (!caps)
		text_add(out, "none");
}

struct risks {
	struct text *out;
	const char *separator;
	bool any;
};

static void add_risk(_unused_ const char *name, const char *warning, void *data)
{
	struct risks *risks = data;

	text_add(risks->out, "%s%s", risks->any ? risks->separator : "", warning);
	risks->any = true;
}

void learn_add_risks(struct text *out, const struct bpftoken_policy *policy,
		     const char *separator)
{
	struct risks risks = { out, separator, false };

	warn_each(policy, &(struct warn_facts){ 0 }, add_risk, &risks);
	if (!risks.any)
		text_add(out, "nothing that reaches beyond the container");
}

/* A policy's text, its lines behind the label. */
static int add_policy(const struct learn_report *report, struct text *out)
{
	const struct bpftoken_policy *policy = learn_report_policy(report);
	const char *dialect = report->dialect ? report->dialect : "mount";
	_cleanup_free_ char *written = NULL;
	int r;

	text_add(out, "\n" LABEL, "policy");
	if (!report->summary->count) {
		text_add(out, "none: nothing that was called needs a delegation\n");
		return 0;
	}
	r = host_policy_format(dialect, policy, &written, NULL);
	if (r < 0)
		return r;
	for (const char *line = written; *line;) {
		size_t len = strcspn(line, "\n");

		if (line != written)
			text_add(out, LABEL, "");
		text_add(out, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return 0;
}

static void add_minimum(const struct learn_minimum *minimum, struct text *out)
{
	if (!minimum)
		return;
	text_add(out,
		 LABEL
		 "%u runs in %.1f s; under this policy the goal \"%s\" held %u time%s\n",
		 minimum->interrupted ? "interrupted" : "minimised", minimum->runs,
		 (double)minimum->took_ms / 1000, minimum->goal, minimum->verified,
		 minimum->verified == 1 ? "" : "s");
	if (minimum->unstable)
		text_add(out, LABEL "a smaller one did once and then did not\n",
			 "unstable");
}

static void add_difference(struct text *out, char sign, const struct bpftoken_policy *a,
			   const struct bpftoken_policy *b, unsigned int *count)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		uint64_t mask = a->mask[set] & ~b->mask[set];

		if (a->mask[set] == POLICY_ANY && b->mask[set] != POLICY_ANY) {
			text_add(out, LABEL "%c %s any\n", "", sign, names_set_noun(set));
			(*count)++;
			continue;
		}
		for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
			if (!(mask >> value & 1))
				continue;
			text_add(out, LABEL "%c ", "", sign);
			learn_add_item(out, set, value);
			text_add(out, "\n");
			(*count)++;
		}
	}
}

static void add_now(const struct learn_report *report, struct text *out)
{
	unsigned int count = 0;

	text_add(out, LABEL, "now");
	if (!report->now) {
		text_add(out, "nothing is delegated where it ran\n");
		return;
	}
	text_add(out, "against what is delegated where it ran:\n");
	add_difference(out, '+', learn_report_policy(report), report->now, &count);
	add_difference(out, '-', report->now, learn_report_policy(report), &count);
	if (!count)
		text_add(out, LABEL "the same\n", "");
}

/* Text of a file that may be anybody's, as long as it is. */
static void add_foreign(struct text *out, const char *text)
{
	for (; *text; text++)
		text_add(out, *text >= ' ' && *text <= '~' ? "%c" : "\\x%02x",
			 (unsigned char)*text);
}

void learn_add_provenance(struct text *out, const struct learn_recording *recording)
{
	for (size_t i = 0; i < recording->count; i++) {
		const struct learn_run *run = &recording->runs[i];

		text_add(out, LABEL, i ? "" : "recorded");
		add_foreign(out, run->command);
		text_add(out, " on Linux ");
		add_foreign(out, run->kernel);
		text_add(out, ", ");
		add_foreign(out,
			    run->libraries[0] ? run->libraries : "no shared BPF library");
		text_add(out, "\n");
	}
}

int learn_report_text(const struct learn_report *report, struct text *out)
{
	int r;

	add_head(report, out);
	add_items(report, out);
	if (report->summary->host_count)
		text_add(out, "\n");
	add_host(report->summary, out);
	r = add_policy(report, out);
	if (r < 0)
		return r;
	add_minimum(report->minimum, out);
	if (report->summary->count) {
		text_add(out, LABEL, "needs, too");
		learn_add_capabilities(out,
				       learn_capabilities(learn_report_policy(report)));
		text_add(out, " in its user namespace\n" LABEL, "risk");
		learn_add_risks(out, learn_report_policy(report), "\n            ");
		text_add(out, "\n");
	}
	add_now(report, out);
	learn_add_provenance(out, report->recording);
	return out->failed ? -ENOMEM : 0;
}
