/* SPDX-License-Identifier: MIT */
/* bpftoken policy diff and merge: policies as sets. */
#include "policy-cli.h"

#include "dialects.h"
#include "error.h"
#include "names.h"
#include "print-json.h"

#include <string.h>

/* The policy of an operand, and its text; CLI_DONE or the exit status of a failure. */
static int read_policy(const char *operand, const char *from, char **ret_text,
		       struct bpftoken_policy **ret_policy)
{
	struct bpftoken_error err;
	int status = policy_read(operand, ret_text);

	if (status)
		return status;
	if (host_policy_parse(from, *ret_text, ret_policy, NULL, &err) < 0) {
		err_what(&err, "cannot read the policy \"%s\"",
			 text_quote(operand, strlen(operand)).text);
		return cli_fail(&err);
	}
	return CLI_DONE;
}

static int check_stdin(const struct cli_command *command, int count, char **operands)
{
	int times = 0;

	for (int i = 0; i < count; i++)
		times += !strcmp(operands[i], "-");
	return times > 1 ? cli_usage(command, "standard input given twice") : CLI_DONE;
}

/* -------------------------------------------------------------------- diff */

static uint64_t lost(uint64_t a, uint64_t b)
{
	return a == POLICY_ANY && b != POLICY_ANY ? a : a & ~b;
}

/* "any" is one thing, and where it goes, all that is there instead is new. */
static uint64_t gained(uint64_t a, uint64_t b)
{
	if (a == POLICY_ANY || b == POLICY_ANY)
		return a == b ? 0 : b;
	return b & ~a;
}

/* One line for each value; a bit without a name is its number. */
static void print_side(char sign, uint32_t set, uint64_t mask)
{
	const char *noun = names_set_noun(set);

	if (mask == POLICY_ANY) {
		printf("%c %s any\n", sign, noun);
		return;
	}
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		const char *name = bpftoken_name(set, value);

		if (!(mask >> value & 1))
			continue;
		if (name)
			printf("%c %s %s\n", sign, noun, name);
		else
			printf("%c %s %u\n", sign, noun, value);
	}
}

static struct json_object *side_json(const struct bpftoken_policy *a,
				     const struct bpftoken_policy *b,
				     uint64_t (*side)(uint64_t a, uint64_t b))
{
	_cleanup_json_ struct json_object *object = json_object_new_object();

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		_cleanup_text_ struct text list = { 0 };
		struct json_object *array = json_object_new_array();
		struct span rest, word;

		if (!json_add(object, host_keys[set], array))
			return NULL;
		list_format(&list, set, side(a->mask[set], b->mask[set]), " ");
		if (list.failed)
			return NULL;
		rest = span_of(list.data ? list.data : "");
		while ((word = span_word(&rest)).len)
			if (!json_append(array, json_object_new_string_len(
							word.data, (int)word.len)))
				return NULL;
	}
	return TAKE_PTR(object);
}

static int diff_json(const struct bpftoken_policy *a, const struct bpftoken_policy *b)
{
	_cleanup_json_ struct json_object *root = json_object_new_object();
	bool equal = bpftoken_policy_equal(a, b);

	if (!json_add(root, "equal", json_object_new_boolean(equal)) ||
	    !json_add(root, "added", side_json(a, b, gained)) ||
	    !json_add(root, "removed", side_json(a, b, lost)))
		return -ENOMEM;
	return cli_print_json(root) ? 0 : -ENOMEM;
}

static void diff_text(const struct bpftoken_policy *a, const struct bpftoken_policy *b)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		print_side('-', set, lost(a->mask[set], b->mask[set]));
		print_side('+', set, gained(a->mask[set], b->mask[set]));
	}
}

int policy_run_diff(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *a = NULL, *b = NULL;
	_cleanup_free_ char *a_text = NULL, *b_text = NULL;
	struct bpftoken_error err;
	int status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (argc - first != 2)
		return cli_usage(command, "two policies wanted");
	status = check_stdin(command, 2, argv + first);
	if (!status)
		status = read_policy(argv[first], options.from, &a_text, &a);
	if (!status)
		status = read_policy(argv[first + 1], options.from, &b_text, &b);
	if (status)
		return status;
	if (!options.json) {
		diff_text(a, b);
	} else if (diff_json(a, b) < 0) {
		err_oom(&err);
		return cli_fail(&err);
	}
	return bpftoken_policy_equal(a, b) ? CLI_DONE : CLI_POLICY;
}

/* ------------------------------------------------------------------- merge */

int policy_run_merge(const struct cli_command *command, int argc, char **argv)
{
	struct policy_arguments options = { 0 };
	_cleanup_policy_ struct bpftoken_policy *all = NULL;
	int status, first = cli_parse(command, argc, argv, &options, &status);

	if (first < 0)
		return status;
	if (argc - first < 2)
		return cli_usage(command, "at least two policies wanted");
	status = check_stdin(command, argc - first, argv + first);
	for (int i = first; !status && i < argc; i++) {
		_cleanup_policy_ struct bpftoken_policy *policy = NULL;
		_cleanup_free_ char *text = NULL;

		status = read_policy(argv[i], options.from, &text, &policy);
		if (status)
			break;
		if (!options.to)
			options.to = options.from ? options.from : host_dialect_of(text);
		if (all)
			bpftoken_policy_merge(all, policy);
		else
			all = TAKE_PTR(policy);
	}
	if (!status)
		status = policy_check_instance(command, &options);
	return status ? status : policy_write(all, options.to, options.instance);
}
