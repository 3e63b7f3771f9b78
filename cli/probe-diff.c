/* SPDX-License-Identifier: MIT */
/*
 * bpftoken probe --diff: two reports of --json, host against container or kernel against
 * kernel, and what differs by section. The files are foreign text: their size and depth
 * are bounded, and nothing of them reaches a terminal but printable characters.
 */
#include "probe-report.h"

#include "dialects.h"
#include "error.h"
#include "json.h"
#include "print-json.h"
#include "text.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

/* A report of every kernel function for every program type is far below. */
#define REPORT_MAX ((size_t)32 << 20)
/* section, type, name, and what belongs to an item */
#define REPORT_DEPTH 6

struct difference {
	const char *section, *group, *name; /* group "": none */
	const char *from, *to;
};

struct differences {
	struct difference *rows;
	size_t count, size;
	bool failed;
};

static const char *const sides[] = { "A", "B" };

/* ----------------------------------------------------------------- reading */

static int wrong_report(struct bpftoken_error *err, const char *path, int code,
			const char *why)
{
	err_raise(err, BPFTOKEN_STAGE_POLICY, code, "%s", why);
	err_kind(err, BPFTOKEN_KIND_USAGE);
	err_what(err, "cannot read the report %s", text_quote(path, strlen(path)).text);
	err_fix(err, "give a file that bpftoken probe --json wrote");
	return code;
}

/* Parses what is read from fd; -EFBIG, -EINVAL, -ENOMEM or of read(2). */
static int parse_fd(int fd, struct json_object **ret_root)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0, len = 0;
	struct json_wrong wrong;
	ssize_t n = 1;

	while (n > 0 && len <= REPORT_MAX) {
		if (len == size) {
			char *more = realloc(text, size = size ? size * 2 : 1U << 16);

			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = sys_read(fd, text + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return (int)n;
	return len > REPORT_MAX ? -EFBIG
				: json_read(text, len, REPORT_DEPTH, ret_root, &wrong);
}

static int read_report(const char *path, struct json_object **ret_root,
		       struct bpftoken_error *err)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	_cleanup_json_ struct json_object *root = NULL;
	struct json_object *version;
	int r = fd < 0 ? fd : parse_fd(fd, &root);

	if (r == -ENOMEM)
		return err_oom(err);
	if (r == -EINVAL)
		return wrong_report(err, path, r, "it is no JSON, or nested too deeply");
	if (r < 0)
		return wrong_report(err, path, r, strerror(-r));
	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "bpftoken", &version))
		return wrong_report(err, path, -EINVAL, "it is JSON, but no report");
	*ret_root = TAKE_PTR(root);
	return 0;
}

/* --------------------------------------------------------------- comparing */

static void add(struct differences *all, const struct difference *row)
{
	if (all->count == all->size) {
		size_t size = all->size ? all->size * 2 : 64;
		struct difference *rows = reallocarray(all->rows, size, sizeof(*rows));

		if (!rows) {
			all->failed = true;
			return;
		}
		all->rows = rows;
		all->size = size;
	}
	all->rows[all->count++] = *row;
}

/* An item's answer, or a fact's value: an object without an answer is neither. */
static const char *leaf(struct json_object *value, bool there)
{
	struct json_object *answer;

	if (!there)
		return "not in the report";
	if (!value)
		return "not set";
	if (!json_object_is_type(value, json_type_object))
		return json_object_get_string(value);
	return json_object_object_get_ex(value, "answer", &answer) && answer
		       ? json_object_get_string(answer)
		       : NULL;
}

static void compare(struct differences *all, struct difference *at, struct json_object *a,
		    struct json_object *b);

/* What both have at a key: an item, or a group of them. */
static void compare_key(struct differences *all, const struct difference *at,
			const char *key, struct json_object *a, struct json_object *b)
{
	struct json_object *left = NULL, *right = NULL;
	bool in_a = json_object_object_get_ex(a, key, &left);
	bool in_b = json_object_object_get_ex(b, key, &right);
	struct difference row = *at;

	row.name = key;
	row.from = leaf(left, in_a);
	row.to = leaf(right, in_b);
	if (row.from && row.to) {
		if (strcmp(row.from, row.to) != 0)
			add(all, &row);
		return;
	}
	row.group = key;
	compare(all, &row, row.from ? NULL : left, row.to ? NULL : right);
}

static void compare(struct differences *all, struct difference *at, struct json_object *a,
		    struct json_object *b)
{
	if (json_object_is_type(a, json_type_object)) {
		json_object_object_foreach(a, key, value)
		{
			(void)value;
			compare_key(all, at, key, a, b);
		}
	}
	if (json_object_is_type(b, json_type_object)) {
		json_object_object_foreach(b, key, value)
		{
			(void)value;
			if (!json_object_object_get_ex(a, key, NULL))
				compare_key(all, at, key, a, b);
		}
	}
}

static bool is_wanted(const char *section, int count, char **sections)
{
	bool wanted = count == 0;

	for (int i = 0; i < count; i++)
		wanted |= !strcmp(section, sections[i]);
	return wanted && strcmp(section, "bpftoken") != 0 &&
	       strcmp(section, "token") != 0 && strcmp(section, "no_token") != 0;
}

/* What only one report asked is no difference, but worth a word. */
static void compare_reports(struct differences *all, struct json_object *root[2],
			    int count, char **sections)
{
	for (int side = 0; side < 2; side++) {
		json_object_object_foreach(root[side], key, value)
		{
			struct difference at = { .section = key, .group = "" };
			struct json_object *other;

			if (!is_wanted(key, count, sections))
				continue;
			if (!json_object_object_get_ex(root[!side], key, &other))
				cli_note("not compared: %s is in %s alone",
					 text_quote(key, strlen(key)).text, sides[side]);
			else if (side == 0)
				compare(all, &at, value, other);
		}
	}
}

/* ----------------------------------------------------------------- showing */

/* Foreign text on its way to a terminal. */
static void add_printable(struct text *out, const char *text)
{
	for (; *text; text++)
		text_add(out, "%c", isprint((unsigned char)*text) ? *text : '?');
}

static const char *title_of(const char *section)
{
	for (const struct probe_section *s = probe_sections; s->name; s++)
		if (!strcmp(s->name, section))
			return s->title;
	return !strcmp(section, PROBE_SYSTEM) ? "System" : section;
}

static bool same_place(const struct difference *a, const struct difference *b)
{
	return !strcmp(a->section, b->section) && !strcmp(a->group, b->group);
}

/* "works -> not delegated   name name...": all of one place that changed like row first. */
static void print_change(struct differences *all, size_t first, bool *shown)
{
	const struct difference *rows = all->rows;
	_cleanup_text_ struct text words = { 0 }, out = { 0 }, change = { 0 };
	const size_t column = 36;

	add_printable(&change, rows[first].from);
	text_add(&change, " -> ");
	add_printable(&change, rows[first].to);
	for (size_t i = first; i < all->count && same_place(&rows[i], &rows[first]);
	     i++) {
		if (strcmp(rows[i].from, rows[first].from) != 0 ||
		    strcmp(rows[i].to, rows[first].to) != 0)
			continue;
		text_add(&words, "%s", words.len ? " " : "");
		add_printable(&words, rows[i].name);
		shown[i] = true;
	}
	if (words.data)
		host_add_words(&out, words.data, column);
	all->failed |= words.failed || out.failed || change.failed;
	printf("  %-*s", (int)column - 2, change.data ? change.data : "");
	if (change.len > column - 3) /* too long for one line: the names go below */
		printf("\n%*s", (int)column, "");
	puts(out.data ? out.data : "");
}

/* Which report is which: its file, and whether a token was used. */
static void print_side(struct differences *all, const char *mark, const char *path,
		       struct json_object *root)
{
	_cleanup_text_ struct text line = { 0 };
	struct json_object *token = NULL;

	add_printable(&line, path);
	text_add(&line, ": ");
	if (json_object_object_get_ex(root, "token", &token) && token) {
		text_add(&line, "with a token: ");
		add_printable(&line, json_object_get_string(token));
	} else {
		text_add(&line, "without a token");
	}
	all->failed |= line.failed;
	printf("%s %s\n", mark, line.data ? line.data : "");
}

static int print_text(struct differences *all, char **paths, struct json_object *root[2])
{
	_cleanup_free_ bool *shown = calloc(all->count + 1, sizeof(*shown));

	if (!shown)
		return -ENOMEM;
	if (all->count) {
		print_side(all, "---", paths[0], root[0]);
		print_side(all, "+++", paths[1], root[1]);
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct difference *row = &all->rows[i];
		_cleanup_text_ struct text group = { 0 };

		if (i == 0 || strcmp(row->section, row[-1].section) != 0) {
			add_printable(&group, title_of(row->section));
			printf("\n=== %s ===\n", group.data ? group.data : "");
			text_done(&group);
		}
		if (row->group[0] && (i == 0 || !same_place(row, row - 1))) {
			add_printable(&group, row->group);
			puts(group.data ? group.data : "");
		}
		if (!shown[i])
			print_change(all, i, shown);
	}
	return all->failed ? -ENOMEM : 0;
}

static int print_json(const struct differences *all)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	bool ok = json_add(root, "differences", array);

	for (size_t i = 0; i < all->count && ok; i++) {
		const struct difference *row = &all->rows[i];
		struct json_object *object = json_object_new_object();

		ok = json_append(array, object) &&
		     json_add(object, "section", json_object_new_string(row->section)) &&
		     (!row->group[0] ||
		      json_add(object, "type", json_object_new_string(row->group))) &&
		     json_add(object, "name", json_object_new_string(row->name)) &&
		     json_add(object, "a", json_object_new_string(row->from)) &&
		     json_add(object, "b", json_object_new_string(row->to));
	}
	return ok && cli_print_json(root) ? 0 : -ENOMEM;
}

int probe_diff(const struct cli_command *command, int count, char **operands, bool json)
{
	_cleanup_json_ struct json_object *a = NULL, *b = NULL;
	struct json_object *roots[2];
	struct differences all = { 0 };
	struct bpftoken_error err;
	int r;

	if (count < 2)
		return cli_usage(command, "--diff takes two reports, not %d", count);
	if (read_report(operands[0], &a, &err) < 0 ||
	    read_report(operands[1], &b, &err) < 0)
		return cli_fail(&err);
	roots[0] = a;
	roots[1] = b;
	compare_reports(&all, roots, count - 2, operands + 2);
	if (all.failed)
		r = -ENOMEM;
	else
		r = json ? print_json(&all) : print_text(&all, operands, roots);
	free(all.rows);
	if (r < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	return all.count ? CLI_FAILED : CLI_DONE;
}
