/* SPDX-License-Identifier: MIT */
/* Parsing, help and errors of every command, from the rows that commands declare. */
#include "cli.h"

#include "names.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#define MAX_OPTIONS 32
#define HELP_VALUE 0x100

int cli_take_flag(void *member, const struct cli_option *option, const char *value,
		  struct bpftoken_error *err)
{
	(void)option, (void)value, (void)err;
	*(bool *)member = true;
	return 0;
}

int cli_take_string(void *member, const struct cli_option *option, const char *value,
		    struct bpftoken_error *err)
{
	(void)option, (void)err;
	*(const char **)member = value;
	return 0;
}

/* The name the user typed to get here: "bpftoken policy convert". */
static const char *full_name(const struct cli_command *command)
{
	static char name[128];

	snprintf(name, sizeof(name), "bpftoken %s", command->name);
	return name;
}

const char *cli_nearest(const char *word, const char *const words[])
{
	struct nearest nearest;

	nearest_init(&nearest, word, strlen(word));
	for (size_t i = 0; words[i]; i++)
		nearest_offer(&nearest, words[i]);
	return nearest.best;
}

int cli_fail(struct bpftoken_error *err)
{
	uint32_t kind = bpftoken_explain(err);

	fprintf(stderr, "bpftoken: %s: ", err->what);
	if (err->line)
		fprintf(stderr, "line %u, column %u: ", err->line, err->column);
	fprintf(stderr, err->fix[0] ? "%s: %s\n" : "%s\n", err->why, err->fix);
	return (int)kind;
}

int cli_fail_program(struct bpftoken_error *err)
{
	int kind = cli_fail(err);

	if (err->stage == BPFTOKEN_STAGE_EXEC)
		return err->code == -ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_EXECUTE;
	return kind == CLI_FAILED ? CLI_OWN_FAILURE : kind;
}

int cli_usage(const struct cli_command *command, const char *why, ...)
{
	va_list args;

	fprintf(stderr, "bpftoken: %s: ", command->name);
	va_start(args, why);
	vfprintf(stderr, why, args);
	va_end(args);
	fprintf(stderr, ": see %s --help\n", full_name(command));
	return CLI_USAGE;
}

void cli_note(const char *text, ...)
{
	va_list args;

	fputs("bpftoken: note: ", stderr);
	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fputc('\n', stderr);
}

static void print_option(const struct cli_option *option)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", option->letter ? "-" : " ",
		 option->letter ? option->letter : ' ', option->letter ? ", " : "  ",
		 option->name, option->arg ? " " : "", option->arg ? option->arg : "");
	printf("  %-26s  %s\n", left, option->help);
}

static void print_help(const struct cli_command *command)
{
	printf("Usage: %s %s\n\n%s.\n", full_name(command), command->synopsis,
	       command->summary);
	if (command->subcommands)
		puts("\nCommands:");
	for (const struct cli_command *c = command->subcommands; c && c->name; c++)
		printf("  %-26s  %s\n",
		       strrchr(c->name, ' ') ? strrchr(c->name, ' ') + 1 : c->name,
		       c->summary);
	puts("\nOptions:");
	for (const struct cli_option *o = command->options; o && o->name; o++)
		print_option(o);
	printf("  %-26s  %s\n", "-h, --help", "Show this text.");
}

/* getopt's two tables from our rows: the value of a long option is its index. */
static void make_tables(const struct cli_command *command,
			struct option longs[MAX_OPTIONS + 2], char *shorts)
{
	size_t n = 0;

	/* '+': stop at the first operand; ':': tell a missing argument apart. */
	shorts += sprintf(shorts, command->program ? "+:h" : ":h");
	for (const struct cli_option *o = command->options; o && o->name; o++, n++) {
		longs[n] = (struct option){ o->name,
					    o->arg ? required_argument : no_argument,
					    NULL, HELP_VALUE + 1 + (int)n };
		if (o->letter)
			shorts += sprintf(shorts, "%c%s", o->letter, o->arg ? ":" : "");
	}
	longs[n++] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[n] = (struct option){ 0 };
}

static const struct cli_option *find_option(const struct cli_command *command, int value)
{
	const struct cli_option *o = command->options;

	if (value > HELP_VALUE)
		return &o[value - HELP_VALUE - 1];
	while (o->name && o->letter != value)
		o++;
	return o;
}

/* getopt_long() accepts unambiguous prefixes; our contract is exact names. */
static bool is_prefix_only(const char *word, const char *name)
{
	size_t len = strcspn(word + 2, "=");

	return !strncmp(word, "--", 2) && strlen(name) != len;
}

static int bad_option(const struct cli_command *command, const char *word)
{
	const char *names[MAX_OPTIONS + 2] = { NULL };
	const char *near = NULL;
	size_t n = 0;

	for (const struct cli_option *o = command->options; o && o->name; o++)
		names[n++] = o->name;
	names[n] = "help";
	if (!strncmp(word, "--", 2))
		near = cli_nearest(word + 2, names);
	if (near)
		return cli_usage(command, "unknown option %s, nearest is --%s", word,
				 near);
	return cli_usage(command, "unknown option %s", word);
}

int cli_parse(const struct cli_command *command, int argc, char **argv, void *options,
	      int *ret_exit)
{
	struct option longs[MAX_OPTIONS + 2];
	char shorts[MAX_OPTIONS * 2 + 4];
	struct bpftoken_error err;
	int value;

	make_tables(command, longs, shorts);
	optind = 0;
	opterr = 0;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct cli_option *option;
		const char *word = argv[optind - 1];

		if (value == 'h') {
			print_help(command);
			*ret_exit = CLI_DONE;
			return -1;
		}
		if (value == ':') {
			*ret_exit = cli_usage(command, "%s needs an argument", word);
			return -1;
		}
		if (value == '?') {
			*ret_exit = bad_option(command, word);
			return -1;
		}
		option = find_option(command, value);
		if (value > HELP_VALUE) {
			if (optarg == word)
				word = argv[optind - 2];
			if (is_prefix_only(word, option->name)) {
				*ret_exit = bad_option(command, word);
				return -1;
			}
		}
		if (option->take((char *)options + option->offset, option, optarg, &err) <
		    0) {
			*ret_exit = cli_fail(&err);
			return -1;
		}
	}
	return optind;
}

int cli_dispatch(const struct cli_command *command, int argc, char **argv)
{
	const char *names[MAX_OPTIONS] = { NULL };
	const char *near;
	size_t n = 0;

	if (argc < 2)
		return cli_usage(command, "no sub-command given");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(command);
		return CLI_DONE;
	}
	for (const struct cli_command *c = command->subcommands; c->name; c++) {
		const char *last = strrchr(c->name, ' ');

		names[n] = last ? last + 1 : c->name;
		if (!strcmp(argv[1], names[n++]))
			return c->run(c, argc - 1, argv + 1);
	}
	near = cli_nearest(argv[1], names);
	if (near)
		return cli_usage(command, "unknown sub-command \"%.64s\", nearest is %s",
				 argv[1], near);
	return cli_usage(command, "unknown sub-command \"%.64s\"", argv[1]);
}
