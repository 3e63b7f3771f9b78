/* SPDX-License-Identifier: MIT */
/*
 * Lists of delegated things: names, "any" and numbers between separators. The grammar is
 * that of the kernel's delegate_* mount options; the dialects differ in separators and in
 * what a number may be. Where the kernel is silent about a mistake, this is strict.
 *
 * Source: Linux kernel/bpf/inode.c, bpf_parse_param() and find_btf_enum_const();
 * lib/kstrtox.c, kstrtou64().
 */
#include "error.h"
#include "names.h"
#include "policy.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct list {
	uint32_t set;
	const struct list_syntax *syntax;
	struct list_notes *notes;
	struct bpftoken_error *err;
	uint64_t mask;
	bool begun; /* an item was read */
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* As the kernel's kstrtou64() with base 0. -EINVAL: no number; -ERANGE: too large. */
static int parse_number(struct span item, uint64_t *ret_number, bool *ret_decimal)
{
	unsigned int base = 10;
	uint64_t number = 0;
	bool fits = true;
	size_t i = 0;

	if (item.len && item.data[0] == '+')
		item = span_skip(item, 1);
	if (item.len && item.data[item.len - 1] == '\n')
		item.len--;
	*ret_decimal = true;
	if (item.len > 2 && (span_starts(item, "0x") || span_starts(item, "0X"))) {
		*ret_decimal = false;
		base = 16;
		i = 2;
	} else if (span_starts(item, "0")) {
		base = 8;
	}
	if (!item.len)
		return -EINVAL;
	for (; i < item.len; i++) {
		unsigned int value = (unsigned int)digit(item.data[i]);

		if (value >= base)
			return -EINVAL;
		if (number > (UINT64_MAX - value) / base)
			fits = false;
		number = number * base + value;
	}
	*ret_number = number;
	return fits ? 0 : -ERANGE;
}

void list_note_add(struct list_notes *notes, const struct list_note *note)
{
	if (notes->count < ARRAY_SIZE(notes->items))
		notes->items[notes->count] = *note;
	notes->count++;
}

static void note_number(struct list *list, struct span item, uint64_t number,
			bool decimal, bool replaces)
{
	struct list_note note = {
		.set = list->set,
		.at = item.at,
		.number = number,
		.decimal = decimal,
		.after_names = replaces,
	};

	if (list->notes)
		list_note_add(list->notes, &note);
}

static int refuse_decimal(struct list *list, struct span item, uint64_t number)
{
	const char *name = number <= NAMES_MAX_VALUE
				   ? bpftoken_name(list->set, (uint32_t)number)
				   : NULL;
	int r = text_error(list->err, item.at, -EINVAL,
			   "the number \"%s\" could be a mask or the value of a %s",
			   SPAN_QUOTE(item), names_set_noun(list->set));

	if (name)
		err_fix(list->err, "write %s, or 0x%llx for the mask", name,
			(unsigned long long)number);
	else
		err_fix(list->err, "write 0x%llx for the mask",
			(unsigned long long)number);
	return r;
}

static int take_number(struct list *list, struct span item, uint64_t number, bool decimal)
{
	bool kernel = list->syntax->numbers == LIST_NUMBERS_KERNEL;
	bool replaces = kernel && list->begun;
	int r;

	if (decimal && list->syntax->numbers == LIST_NUMBERS_HEX)
		return refuse_decimal(list, item, number);
	if (replaces && !list->notes) {
		r = text_error(list->err, item.at, -EINVAL,
			       "to the kernel the number \"%s\" replaces what stands "
			       "before it",
			       SPAN_QUOTE(item));
		err_fix(list->err, "write one number, and names after it");
		return r;
	}
	note_number(list, item, number, decimal, replaces);
	if (replaces)
		list->mask = 0;
	list->mask |= number;
	return 0;
}

/* A character that separates items elsewhere: in other dialects, or in prose. */
static int check_separators(struct list *list, struct span item)
{
	struct span wrong = span_skip(item, span_until(item, ",:;|" SPAN_BLANKS));
	int r;

	if (!wrong.len)
		return 0;
	wrong.len = 1;
	r = text_error(list->err, wrong.at, -EINVAL,
		       "\"%s\" does not separate %ss in the %s dialect",
		       SPAN_QUOTE(wrong), names_set_noun(list->set),
		       list->syntax->dialect);
	err_fix(list->err, "write \"%c\" between them, and nothing else",
		list->syntax->separators[0]);
	return r;
}

/* Texts that are no name of any kernel, and what was probably meant by them. */
static int check_shape(struct list *list, struct span item)
{
	const char *noun = names_set_noun(list->set);
	int r = check_separators(list, item);

	if (r < 0)
		return r;
	if (item.len == 3 && !strncasecmp(item.data, "any", 3)) {
		r = text_error(list->err, item.at, -EINVAL,
			       "\"%s\" must be in lower case to mean all %ss",
			       SPAN_QUOTE(item), noun);
		err_fix(list->err, "write any");
	} else if (isdigit((unsigned char)item.data[0]) || item.data[0] == '+' ||
		   item.data[0] == '-') {
		r = text_error(list->err, item.at, -EINVAL,
			       "\"%s\" is neither a %s nor a number", SPAN_QUOTE(item),
			       noun);
		err_fix(list->err, "write a name, or a mask such as 0x20");
	}
	return r;
}

/* The set that has such a name when this one has not, or -1. */
static int other_set(const struct list *list, struct span item)
{
	uint32_t value;

	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		if (set != list->set && !names_value(set, item.data, item.len, &value))
			return (int)set;
	}
	return -1;
}

static int refuse_name(struct list *list, struct span item)
{
	const char *noun = names_set_noun(list->set);
	const char *prefix = names_prefix(list->set);
	const char *nearest = names_nearest(list->set, item.data, item.len);
	struct span bare = span_skip(item, strlen(prefix));
	int r, other = other_set(list, item);
	uint32_t value;

	if (item.len > bare.len && !strncasecmp(item.data, prefix, strlen(prefix)) &&
	    !names_value(list->set, bare.data, bare.len, &value)) {
		r = text_error(list->err, item.at, -ENOENT,
			       "unknown %s \"%s\"; the kernel wants it without the "
			       "prefix %s",
			       noun, SPAN_QUOTE(item), prefix);
		err_fix(list->err, "write %s", bpftoken_name(list->set, value));
	} else if (other >= 0) {
		r = text_error(list->err, item.at, -ENOENT,
			       "unknown %s \"%s\"; it is a %s", noun, SPAN_QUOTE(item),
			       names_set_noun((uint32_t)other));
		err_fix(list->err, "move it to the %ss", names_set_noun((uint32_t)other));
	} else if (nearest) {
		r = text_error(list->err, item.at, -ENOENT,
			       "unknown %s \"%s\"; nearest is \"%s\"", noun,
			       SPAN_QUOTE(item), nearest);
		err_fix(list->err, "write %s", nearest);
	} else {
		r = text_error(list->err, item.at, -ENOENT, "unknown %s \"%s\"", noun,
			       SPAN_QUOTE(item));
		err_fix(list->err, "write a %s as in linux/bpf.h without %s", noun,
			prefix);
	}
	return r;
}

static int parse_item(struct list *list, struct span item)
{
	uint64_t number;
	uint32_t value;
	bool decimal;
	int r;

	if (span_is(item, "any")) {
		list->mask = POLICY_ANY;
		return 0;
	}
	/* No name is a number, and a name that is not ours costs a look at the BTF. */
	r = parse_number(item, &number, &decimal);
	if (!r)
		return take_number(list, item, number, decimal);
	if (!names_value(list->set, item.data, item.len, &value)) {
		list->mask |= 1ULL << value;
		return 0;
	}
	if (r == -ERANGE) {
		text_error(list->err, item.at, r,
			   "the number \"%s\" has more than 64 bits", SPAN_QUOTE(item));
		err_fix(list->err, "write a mask of at most 16 hexadecimal digits");
		return r;
	}
	r = check_shape(list, item);
	return r < 0 ? r : refuse_name(list, item);
}

static int refuse_empty(struct list *list, struct span item, bool whole)
{
	const char *noun = names_set_noun(list->set);
	int r;

	if (whole) {
		r = text_error(list->err, item.at, -EINVAL, "the list of %ss is empty",
			       noun);
		err_fix(list->err, "write what to delegate, or leave the list out");
	} else {
		r = text_error(list->err, item.at, -EINVAL,
			       "a %s is missing beside a \"%c\"", noun,
			       list->syntax->separators[0]);
		err_fix(list->err, "remove the \"%c\"", list->syntax->separators[0]);
	}
	return r;
}

int list_parse(const char *text, size_t len, uint32_t set,
	       const struct list_syntax *syntax, struct text_position at, uint64_t *mask,
	       struct list_notes *notes, struct bpftoken_error *err)
{
	struct list list = { .set = set, .syntax = syntax, .notes = notes, .err = err };
	struct span rest = { text, len, at };
	bool more;
	int r;

	do {
		struct span item;

		more = span_until(rest, syntax->separators) < rest.len;
		item = span_cut(&rest, syntax->separators);
		if (syntax->blanks)
			item = span_trim(item);
		if (!item.len && syntax->blanks)
			continue;
		if (!item.len)
			return refuse_empty(&list, item, !len);
		r = parse_item(&list, item);
		if (r < 0)
			return r;
		list.begun = true;
	} while (more);
	*mask |= list.mask;
	return 0;
}

int list_parse_option(const char *value, uint32_t set, uint64_t *mask,
		      struct bpftoken_error *err)
{
	static const struct list_syntax syntax = {
		.separators = ":, ",
		.blanks = true,
		.numbers = LIST_NUMBERS_HEX,
		.dialect = "list",
	};

	return list_parse(value, strlen(value), set, &syntax,
			  (struct text_position){ 1, 1 }, mask, NULL, err);
}

void list_format(struct text *out, uint32_t set, uint64_t mask, const char *separator)
{
	const char *before = "";
	uint64_t unnamed = 0;

	if (mask == POLICY_ANY) {
		text_add(out, "any");
		return;
	}
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		if (mask >> value & 1 && !bpftoken_name(set, value))
			unnamed |= 1ULL << value;
	}
	/* first, because to the kernel a number replaces the names before it */
	if (unnamed) {
		text_add(out, "0x%llx", (unsigned long long)unnamed);
		before = separator;
	}
	for (uint32_t value = 0; value <= NAMES_MAX_VALUE; value++) {
		if (!(mask & ~unnamed & 1ULL << value))
			continue;
		text_add(out, "%s%s", before, bpftoken_name(set, value));
		before = separator;
	}
}
