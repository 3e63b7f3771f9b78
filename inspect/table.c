/* SPDX-License-Identifier: MIT */
/* Arrays that grow and the table of numbers: open addressing, at most half full. */
#include "table.h"

#include <string.h>

/* The finalizer of splitmix64: every bit of the key changes half of the result's. */
static uint64_t scatter(uint64_t key)
{
	key ^= key >> 30;
	key *= 0xbf58476d1ce4e5b9ULL;
	key ^= key >> 27;
	key *= 0x94d049bb133111ebULL;
	return key ^ key >> 31;
}

uint64_t table_mix(uint64_t a, uint64_t b, uint64_t c)
{
	return scatter(scatter(scatter(a + 1) + b + 1) + c + 1);
}

/* The row of the key, or the empty one where it would be. */
static struct table_row *find(const struct table *table, uint64_t key)
{
	size_t i = scatter(key) & (table->size - 1);

	while (table->rows[i].taken && table->rows[i].key != key)
		i = (i + 1) & (table->size - 1);
	return &table->rows[i];
}

uint32_t *table_get(const struct table *table, uint64_t key)
{
	struct table_row *row = table->size ? find(table, key) : NULL;

	return row && row->taken ? &row->value : NULL;
}

static int enlarge(struct table *table)
{
	struct table larger = { .size = table->size ? table->size * 2 : 256 };

	larger.rows = calloc(larger.size, sizeof(*larger.rows));
	if (!larger.rows)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->rows[i].taken)
			*find(&larger, table->rows[i].key) = table->rows[i];
	free(table->rows);
	table->rows = larger.rows;
	table->size = larger.size;
	return 0;
}

int table_put(struct table *table, uint64_t key, uint32_t value)
{
	struct table_row *row;

	if (table->count * 2 >= table->size && enlarge(table) < 0)
		return -ENOMEM;
	row = find(table, key);
	table->count += !row->taken;
	*row = (struct table_row){ key, value, true };
	return 0;
}

void table_done(struct table *table)
{
	free(table->rows);
	*table = (struct table){ 0 };
}

void *array_grow(void *items, size_t count, size_t *size, size_t item)
{
	void *grown = items;

	if (count < *size)
		return items;
	grown = reallocarray(items, *size ? *size * 2 : 16, item);
	if (grown)
		*size = *size ? *size * 2 : 16;
	return grown;
}
