/* SPDX-License-Identifier: MIT */
/* Raw BTF made by hand, for the tests of what reads it. */
#ifndef TEST_BTF_BLOB_H
#define TEST_BTF_BLOB_H

#include <stdint.h>
#include <string.h>

#define BLOB_HEADER 24U
#define BLOB_HEADER_LAYOUT 32U

struct blob {
	unsigned char types[4096], strings[4096], layouts[256], bytes[16384];
	uint32_t types_len, strings_len, layouts_len;
	size_t size; /* of bytes, after blob_finish() */
};

static inline void blob_init(struct blob *blob)
{
	memset(blob, 0, sizeof(*blob));
	blob->strings_len = 1;
}

static inline uint32_t blob_string(struct blob *blob, const char *string)
{
	uint32_t off = blob->strings_len;

	memcpy(blob->strings + off, string, strlen(string) + 1);
	blob->strings_len += (uint32_t)strlen(string) + 1;
	return off;
}

static inline void blob_word(struct blob *blob, uint32_t word)
{
	memcpy(blob->types + blob->types_len, &word, sizeof(word));
	blob->types_len += sizeof(word);
}

/* A type and as many words of zero after it. */
static inline void blob_type(struct blob *blob, uint32_t kind, uint32_t vlen,
			     const char *name, unsigned int words)
{
	blob_word(blob, *name ? blob_string(blob, name) : 0);
	blob_word(blob, kind << 24 | vlen);
	blob_word(blob, 4);
	while (words--)
		blob_word(blob, 0);
}

struct blob_enumerator {
	const char *name;
	uint32_t value;
};

static inline void blob_enum(struct blob *blob, const char *name,
			     const struct blob_enumerator *enumerators, uint32_t count)
{
	blob_type(blob, 6, count, name, 0);
	for (uint32_t i = 0; i < count; i++) {
		blob_word(blob, blob_string(blob, enumerators[i].name));
		blob_word(blob, enumerators[i].value);
	}
}

/* One kind's row of the layout section, in the order of kinds. */
static inline void blob_layout(struct blob *blob, uint8_t info, uint8_t elem)
{
	unsigned char *row = blob->layouts + blob->layouts_len;

	row[0] = info;
	row[1] = elem;
	blob->layouts_len += 4;
}

/* Puts header and sections together; the layouts only when there are any. */
static inline void blob_finish(struct blob *blob)
{
	uint32_t header[8] = {
		1U << 16 | 0xeb9f,
		blob->layouts_len ? BLOB_HEADER_LAYOUT : BLOB_HEADER,
		0,
		blob->types_len,
		blob->types_len,
		blob->strings_len,
		blob->types_len + blob->strings_len,
		blob->layouts_len,
	};
	uint16_t magic = 0xeb9f;
	unsigned char *to = blob->bytes;

	memcpy(to, header, header[1]);
	memcpy(to, &magic, sizeof(magic));
	to[2] = 1;
	to[3] = 0;
	to += header[1];
	memcpy(to, blob->types, blob->types_len);
	to += blob->types_len;
	memcpy(to, blob->strings, blob->strings_len);
	to += blob->strings_len;
	memcpy(to, blob->layouts, blob->layouts_len);
	blob->size = header[1] + blob->types_len + blob->strings_len + blob->layouts_len;
}

#endif
