/* SPDX-License-Identifier: MIT */
/*
 * What the walks over /proc are made of: arrays that grow, and a table from a number (of
 * an inode, a device, a mount) to another one.
 */
#ifndef BPFTOKEN_INSPECT_TABLE_H
#define BPFTOKEN_INSPECT_TABLE_H

#include "util.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Numbers to numbers; zeroed is empty. */
struct table {
	struct table_row {
		uint64_t key;
		uint32_t value;
		bool taken;
	} * rows;
	size_t size, count;
};

/* The value of a key, or NULL. Valid until the next table_put(). */
uint32_t *table_get(const struct table *table, uint64_t key);
/* 0 or -ENOMEM. Replaces what the key had. */
int table_put(struct table *table, uint64_t key, uint32_t value);
void table_done(struct table *table);

/* One number of several that together are a key. */
uint64_t table_mix(uint64_t a, uint64_t b, uint64_t c);

/* Room for one more behind count items: the array, moved if need be, or NULL. */
void *array_grow(void *items, size_t count, size_t *size, size_t item);

/*
 * Zeroed place for one more in an array with its count and size beside it: a pointer to
 * it, or NULL.
 */
#define ARRAY_ADD(of, items)                                                           \
	__extension__({                                                                \
		void *_grown = array_grow((of)->items.at, (of)->items.count,           \
					  &(of)->items.size, sizeof(*(of)->items.at)); \
		if (_grown)                                                            \
			(of)->items.at = _grown;                                       \
		_grown ? memset(&(of)->items.at[(of)->items.count++], 0,               \
				sizeof(*(of)->items.at))                               \
		       : NULL;                                                         \
	})

#endif
