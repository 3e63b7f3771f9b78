/* SPDX-License-Identifier: MIT */
/*
 * A small reader of raw BTF (struct btf_header and what follows it): it yields the
 * enumerators of named enums and skips everything else. The bytes are not trusted.
 */
#ifndef BPFTOKEN_BTF_H
#define BPFTOKEN_BTF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Called for every enumerator of a wanted enum, in the order of declaration. which is
 * the enum's index in names[]; name is valid during the call only. A negative answer ends
 * the reading and is its result.
 */
typedef int (*btf_enumerator_fn)(size_t which, const char *name, uint32_t value,
				 void *arg);

/* As many enums as one call of btf_read_enums() can look for. */
#define BTF_MAX_WANTED 64

/*
 * Finds the enums called names[0..count) in BTF of this machine's byte order. Of several
 * enums with one name the first counts, as in the kernel. Returns how many of the names
 * were found; -EINVAL when the bytes are no valid BTF, -EOPNOTSUPP when they hold a kind
 * of type whose size is unknown before all names were found (enumerators that came
 * before it were reported).
 */
int btf_read_enums(const void *data, size_t size, const char *const names[], size_t count,
		   btf_enumerator_fn enumerator, void *arg);

/* The running kernel's BTF, to be freed by the caller. -ENOENT when it has none. */
int btf_load_kernel(void **ret_data, size_t *ret_size);

#endif
