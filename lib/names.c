/* SPDX-License-Identifier: MIT */
/*
 * Names of the kernel's enum values. names/<set>.def hold them through Linux 7.3; when
 * they have no answer, the BTF of the running kernel is read, once, for what it has and
 * they have not.
 */
#include "names.h"

#include "btf.h"
#include "util.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define NAME(value, name, since) { value, name, since, false },
#define ALIAS(value, name, since) { value, name, since, true },

static const struct name_row cmd_rows[] = {
#include "names/cmd.def"
};

static const struct name_row map_type_rows[] = {
#include "names/map_type.def"
};

static const struct name_row prog_type_rows[] = {
#include "names/prog_type.def"
};

static const struct name_row attach_type_rows[] = {
#include "names/attach_type.def"
};

static const struct name_row helper_rows[] = {
#include "names/helper.def"
};

#undef NAME
#undef ALIAS

struct name_set {
	const char *noun;
	const char *prefix;
	const char *max; /* the enumerator that counts the others */
	const struct name_row *rows;
	size_t count;
	uint32_t largest; /* value that counts */
};

/* The helpers' set, which nothing delegates. */
#define HELPERS BPFTOKEN_SETS
#define ALL_SETS (HELPERS + 1)
#define LARGEST_HELPER 65535U

#define ROWS(rows) rows, ARRAY_SIZE(rows)

static const struct name_set sets[] = {
	[BPFTOKEN_CMDS] = { "command", "BPF_", "__MAX_BPF_CMD", ROWS(cmd_rows),
			    NAMES_MAX_VALUE },
	[BPFTOKEN_MAPS] = { "map type", "BPF_MAP_TYPE_", "__MAX_BPF_MAP_TYPE",
			    ROWS(map_type_rows), NAMES_MAX_VALUE },
	[BPFTOKEN_PROGS] = { "program type", "BPF_PROG_TYPE_", "__MAX_BPF_PROG_TYPE",
			     ROWS(prog_type_rows), NAMES_MAX_VALUE },
	[BPFTOKEN_ATTACHS] = { "attach type", "BPF_", "__MAX_BPF_ATTACH_TYPE",
			       ROWS(attach_type_rows), NAMES_MAX_VALUE },
	[HELPERS] = { "helper", "BPF_FUNC_", "__BPF_FUNC_MAX_ID", ROWS(helper_rows),
		      LARGEST_HELPER },
};

static const char *const enum_names[] = {
	[BPFTOKEN_CMDS] = "bpf_cmd",	    [BPFTOKEN_MAPS] = "bpf_map_type",
	[BPFTOKEN_PROGS] = "bpf_prog_type", [BPFTOKEN_ATTACHS] = "bpf_attach_type",
	[HELPERS] = "bpf_func_id",
};

/* What the running kernel has beyond a set's table. Written once, then only read. */
struct learned {
	struct name_row *rows;
	size_t count;
	int max; /* -ENOENT while unknown */
};

static struct btf_index kernel_index;
static bool kernel_has_btf;

static struct learned learned[] = { [0 ... ALL_SETS - 1] = { .max = -ENOENT } };

static const char *row_name(const struct name_row *rows, size_t count, uint32_t value)
{
	/* a table is in the order of values, and has no fewer rows than values */
	size_t first = value < count && rows[value].value <= value ? value : 0;

	for (size_t i = first; i < count; i++) {
		if (rows[i].value == value && !rows[i].alias)
			return rows[i].name;
	}
	return NULL;
}

static const struct name_row *row_find(const struct name_row *rows, size_t count,
				       const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(rows[i].name) == len && !strncasecmp(rows[i].name, name, len))
			return &rows[i];
	}
	return NULL;
}

static int learn_row(struct learned *known, const char *name, uint32_t value, bool alias)
{
	_cleanup_free_ char *copy = strdup(name);
	struct name_row *rows;

	if (!copy)
		return -ENOMEM;
	rows = reallocarray(known->rows, known->count + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	known->rows = rows;
	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	rows[known->count++] = (struct name_row){
		.value = value,
		.name = TAKE_PTR(copy),
		.alias = alias,
	};
	return 0;
}

static int learn_enumerator(size_t which, const char *name, uint32_t value,
			    _unused_ void *arg)
{
	const struct name_set *set = &sets[which];
	struct learned *known = &learned[which];
	size_t prefix = strlen(set->prefix);
	bool alias;

	if (!strcmp(name, set->max)) {
		known->max = value <= set->largest + 1 ? (int)value : -ENOENT;
		return 0;
	}
	/* above the mask: BPF_COMMON_ATTRS, a flag among the commands of Linux 7.2 */
	if (strncmp(name, set->prefix, prefix) || !name[prefix] || value > set->largest)
		return 0;
	name += prefix;
	if (row_find(set->rows, set->count, name, strlen(name)))
		return 0;
	alias = row_name(set->rows, set->count, value) ||
		row_name(known->rows, known->count, value);
	return learn_row(known, name, value, alias);
}

static void learn(void)
{
	struct btf_bytes btf = { 0 };

	/* without BTF, or with half of it, there is less to say and nothing is wrong */
	if (btf_load_kernel(&btf) < 0)
		return;
	kernel_has_btf = true;
	(void)btf_read_all(btf.data, btf.size, enum_names, ARRAY_SIZE(enum_names),
			   learn_enumerator, NULL, &kernel_index);
	btf_unload(&btf);
}

static pthread_once_t learn_once = PTHREAD_ONCE_INIT;

static const struct learned *kernel_names(uint32_t set)
{
	pthread_once(&learn_once, learn);
	return &learned[set];
}

const char *names_set_noun(uint32_t set)
{
	return set < BPFTOKEN_SETS ? sets[set].noun : "set";
}

const char *names_prefix(uint32_t set)
{
	return set < BPFTOKEN_SETS ? sets[set].prefix : "";
}

const struct name_row *names_table(uint32_t set, size_t *ret_count)
{
	*ret_count = set < BPFTOKEN_SETS ? sets[set].count : 0;
	return set < BPFTOKEN_SETS ? sets[set].rows : NULL;
}

static const char *name_of(uint32_t set, uint32_t value)
{
	const struct learned *known;
	const char *name;

	if (value > sets[set].largest)
		return NULL;
	name = row_name(sets[set].rows, sets[set].count, value);
	if (name)
		return name;
	known = kernel_names(set);
	return row_name(known->rows, known->count, value);
}

const char *bpftoken_name(uint32_t set, uint32_t value)
{
	return set < BPFTOKEN_SETS ? name_of(set, value) : NULL;
}

const char *bpftoken_helper_name(uint32_t helper)
{
	return name_of(HELPERS, helper);
}

uint32_t bpftoken_helper_count(void)
{
	int max = kernel_names(HELPERS)->max;

	return max > 0 ? (uint32_t)max
		       : helper_rows[ARRAY_SIZE(helper_rows) - 1].value + 1;
}

const struct btf_index *names_kernel_index(void)
{
	(void)kernel_names(HELPERS);
	return kernel_has_btf ? &kernel_index : NULL;
}

int names_value(uint32_t set, const char *name, size_t len, uint32_t *ret_value)
{
	const struct name_row *row;
	const struct learned *known;

	if (set >= BPFTOKEN_SETS)
		return -EINVAL;
	row = row_find(sets[set].rows, sets[set].count, name, len);
	if (!row) {
		known = kernel_names(set);
		row = row_find(known->rows, known->count, name, len);
	}
	if (!row)
		return -ENOENT;
	*ret_value = row->value;
	return 0;
}

int bpftoken_value(uint32_t set, const char *name, uint32_t *ret_value)
{
	return names_value(set, name, strlen(name), ret_value);
}

int names_kernel_count(uint32_t set)
{
	return set < BPFTOKEN_SETS ? kernel_names(set)->max : -EINVAL;
}

/* ---------------------------------------------------------------- nearest */

/* No kernel name and no key is as long; words above it are near to nothing. */
#define NEAREST_LONGEST 48U

static char fold(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Edit distance: inserted, missing and different letters, and two neighbours swapped,
 * count 1 each. Three rows of the usual matrix are alive at a time.
 */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][NEAREST_LONGEST + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (unsigned int j = 0; j <= b_len; j++)
		last[j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		row[0] = i;
		for (unsigned int j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			bool swapped = i > 1 && j > 1 &&
				       fold(a[i - 1]) == fold(b[j - 2]) &&
				       fold(a[i - 2]) == fold(b[j - 1]);

			row[j] = min2(last[j - 1] + !same, min2(last[j], row[j - 1]) + 1);
			if (swapped)
				row[j] = min2(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

void nearest_init(struct nearest *nearest, const char *word, size_t len)
{
	*nearest = (struct nearest){ .word = word, .len = len };
	/* one mistake in four letters, but never so many that any word would do */
	nearest->distance = (unsigned int)(len < 16 ? (len + 3) / 4 : 4);
	if (len < 3 || len > NEAREST_LONGEST)
		nearest->len = 0;
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned int far;

	if (!nearest->len || len > NEAREST_LONGEST)
		return;
	far = distance(nearest->word, nearest->len, candidate, len);
	if (far < nearest->distance || (far == nearest->distance && !nearest->best)) {
		nearest->distance = far;
		nearest->best = candidate;
	}
}

const char *names_nearest(uint32_t set, const char *name, size_t len)
{
	struct nearest nearest;
	size_t prefix, count;
	const struct name_row *rows = names_table(set, &count);

	prefix = strlen(names_prefix(set));
	if (len > prefix && !strncasecmp(name, names_prefix(set), prefix)) {
		name += prefix;
		len -= prefix;
	}
	nearest_init(&nearest, name, len);
	for (size_t i = 0; i < count; i++)
		nearest_offer(&nearest, rows[i].name);
	return nearest.best;
}
