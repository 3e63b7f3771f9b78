/* SPDX-License-Identifier: MIT */
/* The report of a recording for a program: one object, whose keys stay. */
#include "report.h"

#include "dialects.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

/* What a text says, as a string. */
static struct json_object *text_string(struct text *text)
{
	return text->failed ? NULL : json_object_new_string(text->data ? text->data : "");
}

static struct json_object *value_json(uint32_t set, uint32_t value)
{
	const char *name = bpftoken_name(set, value);

	return name ? json_object_new_string(name) : json_object_new_int64(value);
}

struct json_object *learn_item_json(const struct learn_report *report,
				    const struct learn_item *item)
{
	_cleanup_text_ struct text evidence = { 0 };
	_cleanup_json_ struct json_object *object = json_object_new_object();
	uint32_t verdict = learn_report_verdict(report, item);
	bool ok;

	learn_add_evidence(&evidence, item->run, item->evidence);
	ok = json_add(object, "set", json_object_new_string(host_keys[item->set])) &&
	     json_add(object, "value", value_json(item->set, item->value)) &&
	     json_add(object, "calls", json_object_new_int64(item->calls)) &&
	     json_add(object, "ok", json_object_new_int64(item->ok)) &&
	     json_add(object, "needed",
		      json_object_new_string(item->unknown
						     ? "not known"
						     : learn_verdict_name(verdict))) &&
	     json_add(object, "run", json_object_new_string(item->run->id)) &&
	     json_add(object, "seq", json_object_new_int64(item->evidence->seq)) &&
	     json_add(object, "evidence", text_string(&evidence));
	return ok ? TAKE_PTR(object) : NULL;
}

static bool append_host(struct json_object *array, const struct learn_host_use *use)
{
	struct json_object *object = json_object_new_object();

	return json_append(array, object) &&
	       json_add(object, "call",
			json_object_new_string(learn_command_name(use->cmd))) &&
	       json_add(object, "calls", json_object_new_int64(use->calls)) &&
	       json_add(object, "failed", json_object_new_int64(use->failed)) &&
	       json_add(object, "instead",
			json_object_new_string(learn_command(use->cmd)->instead));
}

static bool add_policy(struct json_object *root, const char *key,
		       const struct bpftoken_policy *policy)
{
	_cleanup_free_ char *text = NULL;

	return host_policy_format("json", policy, &text, NULL) == 0 &&
	       json_add(root, key, json_tokener_parse(text));
}

static bool add_minimum(struct json_object *root, const struct learn_minimum *minimum)
{
	struct json_object *object;

	if (!minimum)
		return true;
	object = json_object_new_object();
	return json_add(root, "minimum", object) &&
	       json_add(object, "goal", json_object_new_string(minimum->goal)) &&
	       json_add(object, "runs", json_object_new_int64(minimum->runs)) &&
	       json_add(object, "verified", json_object_new_int64(minimum->verified)) &&
	       json_add(object, "took_ms",
			json_object_new_int64((int64_t)minimum->took_ms)) &&
	       json_add(object, "interrupted",
			json_object_new_boolean(minimum->interrupted)) &&
	       json_add(object, "unstable", json_object_new_boolean(minimum->unstable));
}

static bool append_run(struct json_object *array, const struct learn_run *run)
{
	struct json_object *object = json_object_new_object();

	return json_append(array, object) &&
	       json_add(object, "run", json_object_new_string(run->id)) &&
	       json_add(object, "command", json_tokener_parse(run->command)) &&
	       json_add(object, "kernel", json_object_new_string(run->kernel)) &&
	       json_add(object, "libraries", json_object_new_string(run->libraries)) &&
	       (!run->ended ||
		json_add(object, "status", json_object_new_int64(run->status))) &&
	       (!run->delegated || add_policy(object, "delegated", &run->now));
}

static bool add_summary(struct json_object *root, const struct learn_summary *summary,
			uint64_t needed)
{
	_cleanup_text_ struct text caps = { 0 };
	_cleanup_json_ struct json_object *array = json_object_new_array();
	struct span rest, word;

	learn_add_capabilities(&caps, needed);
	if (caps.failed)
		return false;
	rest = span_of(caps.data);
	while (needed && (word = span_word(&rest)).len)
		if (!json_append(array,
				 json_object_new_string_len(word.data, (int)word.len)))
			return false;
	return json_add(root, "calls", json_object_new_int64(summary->calls)) &&
	       json_add(root, "probes", json_object_new_int64(summary->probes)) &&
	       json_add(root, "denied", json_object_new_int64(summary->denied)) &&
	       json_add(root, "processes", json_object_new_int64(summary->processes)) &&
	       json_add(root, "capabilities", TAKE_PTR(array));
}

int learn_report_json(const struct learn_report *report, struct text *out)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	const struct learn_summary *summary = report->summary;
	struct json_object *items = json_object_new_array(),
			   *host = json_object_new_array(),
			   *runs = json_object_new_array();
	const char *text;
	bool ok = json_add(root, "items", items);

	ok = json_add(root, "not_given", host) && ok;
	ok = json_add(root, "runs", runs) && ok;
	for (size_t i = 0; ok && i < summary->count; i++)
		ok = json_append(items, learn_item_json(report, &summary->items[i]));
	for (size_t i = 0; ok && i < summary->host_count; i++)
		ok = append_host(host, &summary->host[i]);
	for (size_t i = 0; ok && i < report->recording->count; i++)
		ok = append_run(runs, &report->recording->runs[i]);
	ok = ok &&
	     add_summary(root, summary,
			 learn_capabilities(learn_report_policy(report))) &&
	     add_policy(root, "policy", learn_report_policy(report)) &&
	     add_minimum(root, report->minimum);
	text = ok ? json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_SPACED)
		  : NULL;
	if (!text)
		return -ENOMEM;
	text_add(out, "%s\n", text);
	return out->failed ? -ENOMEM : 0;
}

struct json_object *learn_provenance(const struct learn_report *report)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct json_object *runs = json_object_new_array();
	bool ok = json_add(root, "runs", runs) &&
		  json_add(root, "by",
			   json_object_new_string("bpftoken learn " BPFTOKEN_VERSION));

	for (size_t i = 0; ok && i < report->recording->count; i++)
		ok = append_run(runs, &report->recording->runs[i]);
	return ok && add_minimum(root, report->minimum) ? TAKE_PTR(root) : NULL;
}
