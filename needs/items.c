/* SPDX-License-Identifier: MIT */
/* The list of items: one for each thing that is needed, with its reasons. */
#include "items.h"

#include "names.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_same(const struct needs_item *item, uint32_t kind, uint32_t value,
		    enum needs_by by, const char *name)
{
	return item->kind == kind && item->value == value && item->by == by &&
	       (kind <= NEEDS_CAPABILITY || !strcmp(item->name, name));
}

static struct needs_item *append(struct needs *needs)
{
	size_t size = needs->size ? needs->size * 2 : 32;
	struct needs_item *items = needs->items;

	if (needs->count == needs->size) {
		items = reallocarray(items, size, sizeof(*items));
		if (!items) {
			needs->failed = true;
			return NULL;
		}
		needs->items = items;
		needs->size = size;
	}
	items += needs->count++;
	memset(items, 0, sizeof(*items));
	return items;
}

struct needs_item *items_get(struct needs *needs, uint32_t kind, uint32_t value,
			     enum needs_by by, const char *name)
{
	struct needs_item *item;

	for (size_t i = 0; i < needs->count; i++)
		if (is_same(&needs->items[i], kind, value, by, name))
			return &needs->items[i];
	item = append(needs);
	if (!item)
		return NULL;
	item->kind = kind;
	item->value = value;
	item->by = by;
	snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

/* Are these words one of those that are there, between commas? */
static bool has_words(const char *why, const char *words)
{
	size_t len = strlen(words);

	for (const char *at = why; *at && (at = strstr(at, words)); at++)
		if ((at == why || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* So many words of evidence; a line is to be read. */
#define WORDS 4
/* Room for " and N more". */
#define MORE_SIZE 24

void items_why(struct needs_item *item, const char *format, ...)
{
	char words[sizeof(item->why)];
	const char *comma;
	size_t len;
	va_list args;

	if (!item)
		return;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	len = strlen(item->why);
	if (has_words(item->why, words))
		return;
	comma = len ? ", " : "";
	if (item->named == WORDS ||
	    len + strlen(comma) + strlen(words) >= sizeof(item->why) - MORE_SIZE) {
		item->more++;
		return;
	}
	strcat(strcat(item->why, comma), words);
	item->named++;
}

void items_bit(struct needs_pass *pass, enum needs_by by, uint32_t set, uint32_t value,
	       const char *format, ...)
{
	struct needs *needs = pass->needs;
	const char *name = bpftoken_name(set, value);
	char number[16], words[sizeof(needs->items->why)];
	va_list args;

	snprintf(number, sizeof(number), "%u", value);
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	items_why(items_get(needs, set, value, by, name ? name : number), "%s", words);
	(by == NEEDS_OBJECT ? &pass->own : &needs->libbpf)->mask[set] |=
		value <= NAMES_MAX_VALUE ? UINT64_C(1) << value : 0;
}

const char *needs_capability_name(uint32_t capability)
{
	switch (capability) {
	case CAP_BPF:
		return "CAP_BPF";
	case CAP_NET_ADMIN:
		return "CAP_NET_ADMIN";
	case CAP_PERFMON:
		return "CAP_PERFMON";
	case CAP_SYS_ADMIN:
		return "CAP_SYS_ADMIN";
	default:
		return "?";
	}
}

/* ------------------------------------------------------------------ the end */

static int compare(const void *a, const void *b)
{
	const struct needs_item *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* What an object needs is no longer libbpf's part. */
static bool is_needed_anyway(const struct needs *needs, const struct needs_item *item)
{
	return item->kind < BPFTOKEN_SETS && item->by == NEEDS_LIBBPF &&
	       bpftoken_policy_has(&needs->object, item->kind, item->value);
}

/* Only the verifier knows, who follows every path. */
static void note_verifier(struct needs *needs)
{
	if (needs->programs && !(needs->capabilities >> CAP_PERFMON & 1))
		items_why(
			items_get(needs, NEEDS_NOTE, 0, NEEDS_OBJECT, "CAP_PERFMON"),
			"the verifier asks for it where a program subtracts or compares "
			"pointers, which only a load tells");
}

/* CAP_SYS_ADMIN stands for the others; but a token is made with CAP_BPF alone. */
static void note_admin(struct needs *needs)
{
	const uint64_t others = UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_PERFMON;

	if (needs->capabilities >> CAP_SYS_ADMIN & 1 && needs->capabilities & others)
		items_why(items_get(needs, NEEDS_NOTE, 0, NEEDS_OBJECT, "CAP_SYS_ADMIN"),
			  "in the user namespace it stands for CAP_NET_ADMIN and "
			  "CAP_PERFMON too");
}

int needs_finish(struct needs *needs, struct bpftoken_error *err)
{
	size_t kept = 0;

	note_verifier(needs);
	note_admin(needs);
	if (needs->failed)
		return err_oom(err);
	for (size_t i = 0; i < needs->count; i++)
		if (!is_needed_anyway(needs, &needs->items[i]))
			needs->items[kept++] = needs->items[i];
	needs->count = kept;
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		needs->libbpf.mask[set] &= ~needs->object.mask[set];
	for (size_t i = 0; i < kept; i++) {
		struct needs_item *item = &needs->items[i];
		size_t len = strlen(item->why);

		if (item->more)
			snprintf(item->why + len, sizeof(item->why) - len, " and %u more",
				 item->more);
	}
	if (kept)
		qsort(needs->items, kept, sizeof(*needs->items), compare);
	return 0;
}

void needs_done(struct needs *needs)
{
	free(needs->items);
	*needs = (struct needs){ 0 };
}

void needs_policy(const struct needs *needs, struct bpftoken_policy *ret_policy)
{
	*ret_policy = needs->object;
	bpftoken_policy_merge(ret_policy, &needs->libbpf);
}

int needs_parse_libbpf(const char *text, uint32_t *ret_version)
{
	unsigned int major, minor;
	int end = 0;

	if (sscanf(text, "%3u.%3u%n", &major, &minor, &end) != 2 || major > 255 ||
	    minor > 255 || (text[end] && text[end] != '.'))
		return -EINVAL;
	*ret_version = major << 8 | minor;
	return 0;
}
