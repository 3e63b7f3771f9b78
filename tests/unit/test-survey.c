/* SPDX-License-Identifier: MIT */
/* What the survey of a host stands on: its tables, foreign text, the runtimes' states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "show.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_table(void **state)
{
	struct table table = { 0 };

	(void)state;
	assert_null(table_get(&table, 1));
	/* keys as inodes are, in a row, and spread ones */
	for (uint64_t i = 1; i <= 20000; i++)
		assert_int_equal(table_put(&table, i << (i % 3 * 16), (uint32_t)i), 0);
	assert_int_equal(table_put(&table, 3, 7), 0);
	assert_int_equal(*table_get(&table, 3), 7);
	for (uint64_t i = 4; i <= 20000; i++) {
		const uint32_t *value = table_get(&table, i << (i % 3 * 16));

		assert_non_null(value);
		assert_int_equal(*value, i);
	}
	assert_int_equal(table.count, 20000);
	assert_null(table_get(&table, 1ULL << 60));
	assert_null(table_get(&table, 0));
	assert_int_equal(table_put(&table, 0, 5), 0);
	assert_int_equal(*table_get(&table, 0), 5);
	table_done(&table);
	assert_int_not_equal(table_mix(1, 2, 3), table_mix(2, 1, 3));
}

static const struct {
	const char *bytes, *json, *terminal, *html;
} texts[] = {
	{ "", "", "", "" },
	{ "plain", "plain", "plain", "plain" },
	{ "a\\b", "a\\\\b", "a\\\\b", "a\\\\b" },
	{ "\x80", "\\x80", "\\x80", "\\x80" },
	{ "\xc3", "\\xc3", "\\xc3", "\\xc3" },
	{ "\xc3(", "\\xc3(", "\\xc3(", "\\xc3(" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
	  "\\xf4\\x90\\x80\\x80" },
	{ "\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d",
	  "\xf0\x9f\x90\x9d" },
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf" },
	{ "\n\033\x7f", "\n\033\x7f", "\\x0a\\x1b\\x7f", "\\x0a\\x1b\\x7f" },
	{ "\xc2\x9b", "\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b" },
	{ "<a b=\"c\">&'", "<a b=\"c\">&'", "<a b=\"c\">&'",
	  "&lt;a b=&quot;c&quot;&gt;&amp;&#39;" },
};

static void expect_text(const char *bytes, enum show_for target, const char *wanted)
{
	_cleanup_text_ struct text text = { 0 };

	show_add(&text, bytes, target);
	assert_false(text.failed);
	assert_string_equal(text.data ? text.data : "", wanted);
}

static void test_foreign_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		expect_text(texts[i].bytes, SHOW_JSON, texts[i].json);
		expect_text(texts[i].bytes, SHOW_TERMINAL, texts[i].terminal);
		expect_text(texts[i].bytes, SHOW_HTML, texts[i].html);
	}
}

static void test_ages(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = { { -5, "0 s" },	{ 0, "0 s" },	      { 119, "119 s" },
		     { 120, "2 min" },	{ 7199, "119 min" },  { 7200, "2 h" },
		     { 172800, "2 d" }, { 31536000, "365 d" } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		show_age(text, sizeof(text), rows[i].seconds);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_flag_names(void **state)
{
	(void)state;
	for (int i = 0; i < SURVEY_FLAGS; i++)
		assert_int_equal(survey_find_flag(survey_flag_names[i]), i);
	assert_int_equal(survey_find_flag("any"), -EINVAL);
}

static char root[] = "/tmp/bpftoken-states-XXXXXX";

/* A file below root; its directories are made. */
static void put(const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *slash = strchr(whole + 5, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(whole, 0755);
		*slash = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static char states[1024];

static void note_state(const struct engine_container *container, pid_t pid, void *data)
{
	(void)data;
	snprintf(states + strlen(states), sizeof(states) - strlen(states), "%s %s %d\n",
		 container->engine, container->name, (int)pid);
}

static void test_states(void **state)
{
	static const char stat[] = " (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
				   "18 777 20";

	(void)state;
	assert_non_null(mkdtemp(root));
	put("/proc/11/stat", stat);
	put("/proc/12/stat", stat);
	put("/proc/13/stat", stat);
	put("/run/runc/web/state.json",
	    "{\"init_process_pid\": 11, \"init_process_start\": 777}");
	/* its pid is another's by now */
	put("/run/runc/old/state.json",
	    "{\"init_process_pid\": 12, \"init_process_start\": 776}");
	put("/run/runc/gone/state.json",
	    "{\"init_process_pid\": 99, \"init_process_start\": 777}");
	put("/run/runc/bad/state.json", "{\"init_process_pid\":");
	put("/run/runc/host/state.json", "{\"init_process_pid\": 1}");
	put("/run/containerd/runc/k8s.io/pod/state.json",
	    "{\"init_process_pid\": 12, \"init_process_start\": 777}");
	put("/run/crun/db/status", "{\"pid\": 13, \"process-start-time\": 777}");
	engine_states(root, note_state, NULL);
	assert_string_equal(states, "runc web 11\ncontainerd pod 12\ncrun db 13\n");
}

static int remove_root(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_foreign_text),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_flag_names),
		cmocka_unit_test_teardown(test_states, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
