/* SPDX-License-Identifier: MIT */
/*
 * What the hook of an OCI runtime reads. The first byte chooses: 's', the state; 'a', the
 * annotations of a good state, "KEY\nVALUE\n" each; 'c', the config.json of a bundle. All
 * of it comes from an engine, the annotations from whoever wrote the container's.
 */
#include "fuzz.h"
#include "grant.h"
#include "hook.h"
#include "json.h"
#include "policy.h"

#include <sys/stat.h>
#include <unistd.h>

static void read_state(const char *state)
{
	struct hook_request request = HOOK_REQUEST_EMPTY;
	struct bpftoken_error err = { .code = 0 };
	int r = hook_oci_read(&request, state, &err);

	fuzz_check(r <= 0);
	/* without a process that was looked at, nothing may be delegated */
	fuzz_check(r < 0 || !request.policy || (request.pidfd >= 0 && request.root));
	fuzz_check(r == 0 || (err.code == r && err.why[0]));
	hook_request_done(&request);
}

static struct json_object *good_state(const char *bundle)
{
	struct json_object *state = json_object_new_object();

	json_add(state, "ociVersion", json_object_new_string("1.0.2"));
	json_add(state, "id", json_object_new_string("fuzz"));
	json_add(state, "status", json_object_new_string("creating"));
	json_add(state, "pid", json_object_new_int(getpid()));
	json_add(state, "bundle", json_object_new_string(bundle));
	return state;
}

static void read_good_state(struct json_object *state)
{
	read_state(json_object_to_json_string(state));
	json_object_put(state);
}

/* What a container is granted by name or text, an administrator could be granted, too. */
static void check_annotation(const char *key, const char *value)
{
	struct hook_request of[2] = { HOOK_REQUEST_EMPTY, HOOK_REQUEST_EMPTY };
	struct bpftoken_error err;
	int r = hook_ask(&of[HOOK_CONTAINER], HOOK_CONTAINER, key, value, &err);

	fuzz_check(!of[HOOK_CONTAINER].policy ||
		   grant_check_ceiling(of[HOOK_CONTAINER].policy, &err) == 0);
	fuzz_check(r < 0 || hook_ask(&of[HOOK_ADMINISTRATOR], HOOK_ADMINISTRATOR, key,
				     value, &err) == 0);
	fuzz_check(r < 0 || !of[HOOK_CONTAINER].policy ||
		   bpftoken_policy_covers(of[HOOK_ADMINISTRATOR].policy,
					  of[HOOK_CONTAINER].policy, NULL) > 0);
	hook_request_done(&of[HOOK_CONTAINER]);
	hook_request_done(&of[HOOK_ADMINISTRATOR]);
}

static void read_annotations(char *text)
{
	struct json_object *state = good_state("/nonexistent");
	struct json_object *annotations = json_object_new_object();
	char *rest = text, *key;

	while ((key = strsep(&rest, "\n"))) {
		const char *value = strsep(&rest, "\n");

		if (!value)
			break;
		if (!strncmp(key, HOOK_PREFIX, strlen(HOOK_PREFIX)))
			check_annotation(key + strlen(HOOK_PREFIX), value);
		json_add(annotations, key, json_object_new_string(value));
	}
	json_add(state, "annotations", annotations);
	read_good_state(state);
}

/* The policy stands in the hook's own arguments, so that the bundle is looked at. */
static void read_config(const uint8_t *data, size_t size)
{
	static struct bpftoken_policy policy = { .mask = { 1 } };
	struct hook_request request = HOOK_REQUEST_EMPTY;
	struct json_object *state;
	struct bpftoken_error err;
	char bundle[FUZZ_PATH], path[FUZZ_PATH + 16];

	fuzz_directory(bundle);
	snprintf(path, sizeof(path), "%s/rootfs", bundle);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/config.json", bundle);
	fuzz_write(path, data, size);
	state = good_state(bundle);
	fuzz_check(hook_ask_policy(&request, &policy, &err) == 0);
	/* this process is in no container, whatever the configuration says */
	fuzz_check(hook_oci_read(&request, json_object_to_json_string(state), &err) < 0);
	json_object_put(state);
	hook_request_done(&request);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = NULL;

	if (!size || !strchr("sac", data[0]) || !data[0])
		return false;
	text = fuzz_text(data + 1, size - 1);
	if (data[0] == 's')
		read_state(text);
	else if (data[0] == 'a')
		read_annotations(text);
	else
		read_config(data + 1, size - 1);
	return true;
}
