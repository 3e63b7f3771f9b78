/* SPDX-License-Identifier: MIT */
/*
 * Recordings as JSON Lines. A line with "run" begins a run, and the calls behind it are
 * its own. Fields that say nothing are left out, and read as 0.
 */
#include "summary.h"

#include "dialects.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------- fields, as rows */

enum field_type { FIELD_U32, FIELD_I32, FIELD_U64, FIELD_BOOL, FIELD_TEXT };

struct field {
	const char *key;
	enum field_type type;
	size_t offset, size;
};

#define FIELD(key, type, of, member)                                                     \
	{                                                                                \
		key, type, offsetof(struct of, member), sizeof(((struct of *)0)->member) \
	}
#define CALL(key, type, member) FIELD(key, type, learn_call, member)
#define RUN(key, type, member) FIELD(key, type, learn_run, member)

static const struct field call_fields[] = {
	CALL("seq", FIELD_U32, seq),
	CALL("time_us", FIELD_U64, time_us),
	CALL("pid", FIELD_I32, pid),
	CALL("tid", FIELD_I32, tid),
	CALL("comm", FIELD_TEXT, comm),
	CALL("exe", FIELD_TEXT, exe),
	CALL("attr_size", FIELD_U32, size),
	CALL("common_attrs", FIELD_BOOL, common_attrs),
	CALL("compat", FIELD_BOOL, compat),
	CALL("unreadable", FIELD_BOOL, unreadable),
	CALL("name", FIELD_TEXT, name),
	CALL("flags", FIELD_U32, flags),
	CALL("key_size", FIELD_U32, key_size),
	CALL("value_size", FIELD_U32, value_size),
	CALL("max_entries", FIELD_U32, max_entries),
	CALL("insns", FIELD_U32, insns),
	CALL("btf_size", FIELD_U32, btf_size),
	CALL("token", FIELD_BOOL, token),
	CALL("id", FIELD_U32, id),
	CALL("closed", FIELD_BOOL, closed),
	CALL("used", FIELD_BOOL, used),
};

static const struct field run_fields[] = {
	RUN("run", FIELD_TEXT, id),
	RUN("kernel", FIELD_TEXT, kernel),
	RUN("libraries", FIELD_TEXT, libraries),
	RUN("ended", FIELD_BOOL, ended),
	RUN("status", FIELD_I32, status),
};

static struct json_object *field_value(const struct field *field, const void *of)
{
	const char *at = (const char *)of + field->offset;

	switch (field->type) {
	case FIELD_U32:
		return json_object_new_int64(*(const uint32_t *)(const void *)at);
	case FIELD_I32:
		return json_object_new_int64(*(const int32_t *)(const void *)at);
	case FIELD_U64:
		return json_object_new_uint64(*(const uint64_t *)(const void *)at);
	case FIELD_BOOL:
		return json_object_new_boolean(*(const bool *)at);
	case FIELD_TEXT:
		return json_object_new_string(at);
	}
	return NULL;
}

static bool is_empty(const struct field *field, const void *of)
{
	const char *at = (const char *)of + field->offset;

	if (field->type == FIELD_TEXT)
		return !*at;
	for (size_t i = 0; i < field->size; i++)
		if (at[i])
			return false;
	return true;
}

static bool add_fields(struct json_object *object, const struct field *fields,
		       size_t count, const void *of)
{
	for (size_t i = 0; i < count; i++)
		if (!is_empty(&fields[i], of) &&
		    !json_add(object, fields[i].key, field_value(&fields[i], of)))
			return false;
	return true;
}

static void take_fields(struct json_object *object, const struct field *fields,
			size_t count, void *of)
{
	for (size_t i = 0; i < count; i++) {
		char *at = (char *)of + fields[i].offset;
		struct json_object *value = json_object_object_get(object, fields[i].key);

		if (!value)
			continue;
		switch (fields[i].type) {
		case FIELD_U32:
			*(uint32_t *)(void *)at = (uint32_t)json_object_get_int64(value);
			break;
		case FIELD_I32:
			*(int32_t *)(void *)at = json_object_get_int(value);
			break;
		case FIELD_U64:
			*(uint64_t *)(void *)at = json_object_get_uint64(value);
			break;
		case FIELD_BOOL:
			*(bool *)at = json_object_get_boolean(value);
			break;
		case FIELD_TEXT:
			snprintf(at, fields[i].size, "%s", json_object_get_string(value));
			break;
		}
	}
}

/* ------------------------------------------- values that have names, or not */

static struct json_object *named(const char *name, uint32_t value)
{
	return name ? json_object_new_string(name) : json_object_new_int64(value);
}

static uint32_t value_of(struct json_object *value, uint32_t set)
{
	uint32_t number = 0;

	if (!json_object_is_type(value, json_type_string))
		return (uint32_t)json_object_get_int64(value);
	(void)bpftoken_value(set, json_object_get_string(value), &number);
	return number;
}

/* The set that a command's type is of; BPFTOKEN_SETS: none. */
static uint32_t type_set(uint32_t cmd)
{
	uint32_t makes = learn_command(cmd)->makes;

	if (learn_command(cmd)->class != LEARN_DELEGABLE || makes == LEARN_USE_BTF)
		return BPFTOKEN_SETS;
	return makes == LEARN_USE_MAP ? BPFTOKEN_MAPS : BPFTOKEN_PROGS;
}

static const char *type_key(uint32_t cmd)
{
	switch (type_set(cmd)) {
	case BPFTOKEN_MAPS:
		return "map_type";
	case BPFTOKEN_PROGS:
		return "prog_type";
	}
	return "type";
}

static bool add_types(struct json_object *object, const struct learn_call *call)
{
	uint32_t set = type_set(call->cmd);
	bool ok = true;

	if (call->unreadable)
		return true;
	if (set != BPFTOKEN_SETS || call->type)
		ok = json_add(object, type_key(call->cmd),
			      named(set == BPFTOKEN_SETS ? NULL
							 : bpftoken_name(set, call->type),
				    call->type));
	if (learn_command(call->cmd)->attach)
		ok = ok &&
		     json_add(object, "attach_type",
			      json_object_new_int64(call->attach)) &&
		     json_add(object, "attach_checked",
			      named(bpftoken_name(BPFTOKEN_ATTACHS, call->attach_checked),
				    call->attach_checked));
	return ok;
}

static bool add_uses(struct json_object *object, const struct learn_call *call)
{
	struct json_object *array;

	if (!call->use_count)
		return true;
	array = json_object_new_array();
	if (!json_add(object, "uses", array))
		return false;
	for (uint32_t i = 0; i < call->use_count; i++) {
		const struct learn_use *use = &call->uses[i];
		struct json_object *item = json_object_new_object();

		if (!json_append(array, item) ||
		    !json_add(item, "kind",
			      json_object_new_string(learn_use_name(use->kind))) ||
		    !json_add(item, "id", json_object_new_int64(use->id)) ||
		    (use->seq &&
		     !json_add(item, "made_by", json_object_new_int64(use->seq))))
			return false;
	}
	return true;
}

static bool add_result(struct json_object *object, const struct learn_call *call)
{
	if (call->result == LEARN_NO_RESULT)
		return true;
	if (!json_add(object, "result", json_object_new_int64(call->result)))
		return false;
	return call->result >= 0 ||
	       json_add(object, "error",
			json_object_new_string(learn_error_name(call->result)));
}

static int format_line(struct json_object *object, struct text *out)
{
	const char *line = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!line)
		return -ENOMEM;
	text_add(out, "%s\n", line);
	return out->failed ? -ENOMEM : 0;
}

static int format_call(const struct learn_call *call, struct text *out)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();

	if (!add_fields(object, call_fields, 1, call) ||
	    !json_add(object, "cmd", named(learn_command_name(call->cmd), call->cmd)) ||
	    !add_types(object, call) ||
	    !add_fields(object, call_fields + 1, ARRAY_SIZE(call_fields) - 1, call) ||
	    !add_uses(object, call) || !add_result(object, call))
		return -ENOMEM;
	return format_line(object, out);
}

static int format_run(const struct learn_run *run, struct text *out)
{
	_cleanup_json_ struct json_object *object = json_object_new_object();
	_cleanup_free_ char *now = NULL;

	if (run->delegated && host_policy_format("json", &run->now, &now, NULL) < 0)
		return -ENOMEM;
	if (!add_fields(object, run_fields, ARRAY_SIZE(run_fields), run) ||
	    !json_add(object, "command", json_tokener_parse(run->command)) ||
	    (now && !json_add(object, "delegated", json_tokener_parse(now))))
		return -ENOMEM;
	return format_line(object, out);
}

int learn_recording_format(const struct learn_recording *recording, struct text *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < recording->count; i++) {
		const struct learn_run *run = &recording->runs[i];

		r = format_run(run, out);
		for (size_t n = 0; r == 0 && n < run->count; n++)
			r = format_call(&run->calls[n], out);
	}
	return r;
}

int learn_run_set_command(struct learn_run *run, char *const argv[])
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; argv[i]; i++)
		if (!json_append(array, json_object_new_string(argv[i])))
			return -ENOMEM;
	run->command = strdup(json_object_to_json_string_ext(
		array, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	return run->command ? 0 : -ENOMEM;
}

/* ------------------------------------------------------------------ reading */

struct reader {
	struct learn_recording *recording;
	struct learn_run run; /* whose calls are being read; id "" = none yet */
	const char *name;
	uint32_t line;
	struct bpftoken_error *err;
};

static int bad_line(struct reader *reader, const char *why)
{
	err_raise(reader->err, BPFTOKEN_STAGE_POLICY, -EINVAL, "%s", why);
	err_kind(reader->err, BPFTOKEN_KIND_FAILED);
	err_what(reader->err, "cannot read the recording \"%.64s\"", reader->name);
	if (reader->line)
		err_position(reader->err, reader->line, 1);
	err_fix(reader->err, "give a file that bpftoken learn -o wrote");
	return -EINVAL;
}

static uint32_t use_kind(const char *name)
{
	for (uint32_t kind = 0; name && kind < LEARN_USE_KINDS; kind++)
		if (!strcmp(name, learn_use_name(kind)))
			return kind;
	return LEARN_USE_NONE;
}

static void take_uses(struct learn_call *call, struct json_object *array)
{
	size_t count = json_object_is_type(array, json_type_array)
			       ? json_object_array_length(array)
			       : 0;

	for (size_t i = 0; i < count && i < LEARN_MAX_USES; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		struct json_object *kind = json_object_object_get(item, "kind");
		struct json_object *id = json_object_object_get(item, "id");

		call->uses[call->use_count++] = (struct learn_use){
			.kind = use_kind(json_object_get_string(kind)),
			.id = (uint32_t)json_object_get_int64(id),
		};
	}
}

static int take_call(struct reader *reader, struct json_object *object)
{
	struct json_object *cmd = json_object_object_get(object, "cmd"), *value;
	struct learn_call *call;

	if (!reader->run.id[0])
		return bad_line(reader, "a call stands before the first run");
	call = learn_run_add(&reader->run);
	if (!call)
		return err_oom(reader->err);
	if (!json_object_is_type(cmd, json_type_string))
		call->cmd = (uint32_t)json_object_get_int64(cmd);
	else if (learn_command_value(json_object_get_string(cmd), &call->cmd) < 0)
		return bad_line(reader, "there is no such command");
	take_fields(object, call_fields, ARRAY_SIZE(call_fields), call);
	if (call->seq != reader->run.count)
		return bad_line(reader, "a call is missing before this one");
	call->type = value_of(json_object_object_get(object, type_key(call->cmd)),
			      type_set(call->cmd));
	call->attach =
		value_of(json_object_object_get(object, "attach_type"), BPFTOKEN_ATTACHS);
	call->attach_checked = value_of(json_object_object_get(object, "attach_checked"),
					BPFTOKEN_ATTACHS);
	take_uses(call, json_object_object_get(object, "uses"));
	value = json_object_object_get(object, "result");
	if (value)
		call->result = json_object_get_int64(value);
	return 0;
}

static int end_run(struct reader *reader)
{
	if (!reader->run.id[0])
		return 0;
	if (learn_run_relate(&reader->run) < 0 ||
	    learn_recording_add(reader->recording, &reader->run) < 0)
		return err_oom(reader->err);
	return 0;
}

static int begin_run(struct reader *reader, struct json_object *object)
{
	struct json_object *command = json_object_object_get(object, "command"), *now;
	struct learn_run *run = &reader->run;
	int r = end_run(reader);

	if (r < 0)
		return r;
	take_fields(object, run_fields, ARRAY_SIZE(run_fields), run);
	if (!run->id[0] || !json_object_is_type(command, json_type_array))
		return bad_line(reader, "a run has no name or no command");
	run->command = strdup(json_object_to_json_string_ext(
		command, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	if (!run->command)
		return err_oom(reader->err);
	now = json_object_object_get(object, "delegated");
	if (now) {
		_cleanup_policy_ struct bpftoken_policy *policy = NULL;

		if (host_policy_parse("json", json_object_to_json_string(now), &policy,
				      NULL, NULL) < 0)
			return bad_line(reader, "what was delegated cannot be read");
		run->delegated = true;
		run->now = *policy;
	}
	return 0;
}

static int take_line(struct reader *reader, const char *line)
{
	_cleanup_json_ struct json_object *object = json_tokener_parse(line);

	if (!json_object_is_type(object, json_type_object))
		return bad_line(reader, "it is no JSON object");
	if (json_object_object_get(object, "run"))
		return begin_run(reader, object);
	if (json_object_object_get(object, "cmd"))
		return take_call(reader, object);
	return bad_line(reader, "it is neither a run nor a call");
}

static void close_file(FILE **file)
{
	if (*file && *file != stdin)
		fclose(*file);
}

static int read_lines(struct reader *reader, FILE *file)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &size, file)) >= 0) {
		reader->line++;
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			r = take_line(reader, line);
	}
	if (r == 0 && ferror(file))
		r = bad_line(reader, strerror(EIO));
	if (r == 0 && !reader->line)
		r = bad_line(reader, "it is empty");
	return r < 0 ? r : end_run(reader);
}

int learn_recording_read(struct learn_recording *recording, const char *path,
			 struct bpftoken_error *err)
{
	struct reader reader = { .recording = recording, .name = path, .err = err };
	_cleanup_(close_file) FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int r;

	if (!file) {
		r = -errno;
		return bad_line(&reader, strerror(-r));
	}
	r = read_lines(&reader, file);
	learn_run_done(&reader.run);
	return r;
}
