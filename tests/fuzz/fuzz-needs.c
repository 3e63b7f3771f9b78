/* SPDX-License-Identifier: MIT */
/*
 * `needs` on this side of its child. A letter, then: 'i', a file in which BPF objects are
 * looked for; 'f', what a child left that a broken object has spoilt. From that come only
 * texts that can be printed, and a policy of nothing but what the facts name.
 */
#include "fake-sys.h"
#include "fuzz.h"

#include "facts.h"
#include "image.h"
#include "needs-report.h"
#include "sections.h"

#include <elf.h>
#include <json-c/json.h>

#define OBJECT "dir/object"

/* ------------------------------------------------------------------- images */

static void check_image(const struct image *image, size_t size)
{
	fuzz_check(image->size >= sizeof(Elf64_Ehdr) &&
		   image->offset + image->size == size);
	fuzz_check((uintptr_t)image->data % sizeof(void *) == 0);
	fuzz_check(!memcmp(image->data, ELFMAG, SELFMAG));
	fuzz_check(image->name[0] && image->label[0]);
}

static void read_images(const uint8_t *data, size_t size)
{
	struct bpftoken_error err = { .code = 0 };
	struct image_file file = { 0 };
	struct image image = { 0 };
	unsigned int count = 0;
	size_t last = 0;
	int r;

	fake_reset();
	fake_file_bytes(OBJECT, data, size);
	r = image_file_read(OBJECT, &file, &err);
	fake_assert_closed(-1);
	if (r < 0) {
		fuzz_check(err.code == r && err.why[0] && err.fix[0] && !file.data);
		return;
	}
	while (image_next(&file, &image)) {
		check_image(&image, size);
		fuzz_check(!memcmp(image.data, data + image.offset, image.size));
		fuzz_check(!count++ || image.offset > last);
		last = image.offset;
	}
	fuzz_check(count && count == file.count);
	image_file_done(&file);
}

/* -------------------------------------------------------------------- facts */

/* What the child leaves. */
static struct facts left;

void *sys_share_memory(size_t size)
{
	struct facts *facts = malloc(size);

	fuzz_check(facts && size == sizeof(left));
	memcpy(facts, &left, size);
	return facts;
}

void sys_unshare_memory(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

int sys_limit_effort(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

/* A letter, a number, and as much of what it names as there is. */
static size_t take_piece(const uint8_t *data, size_t size)
{
	size_t index = data[1], room;
	void *piece;

	switch (data[0]) {
	case 'p':
		piece = &left.progs[index];
		room = sizeof(left.progs[0]);
		break;
	case 'm':
		piece = &left.maps[index];
		room = sizeof(left.maps[0]);
		break;
	case 'k':
		piece = &left.kfuncs[index % FACTS_KFUNCS];
		room = sizeof(left.kfuncs[0]);
		break;
	default:
		piece = &left;
		room = offsetof(struct facts, progs);
	}
	size -= 2;
	memcpy(piece, data + 2, size < room ? size : room);
	return 2 + (size < room ? size : room);
}

static bool names_prog(uint32_t type)
{
	for (uint32_t i = 0; i < left.prog_count; i++) {
		const struct section *section = section_find(left.progs[i].section);

		if (left.progs[i].type ? left.progs[i].type == type
				       : section && section->type == type)
			return true;
	}
	return false;
}

static bool names_map(uint32_t type)
{
	for (uint32_t i = 0; i < left.map_count; i++)
		if (left.maps[i].type == type || left.maps[i].inner == type)
			return true;
	return false;
}

static void check_policy(const struct needs *needs)
{
	for (uint32_t type = 0; type < 64; type++) {
		fuzz_check(!(needs->object.mask[BPFTOKEN_PROGS] >> type & 1) ||
			   names_prog(type));
		fuzz_check(!(needs->object.mask[BPFTOKEN_MAPS] >> type & 1) ||
			   names_map(type));
	}
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++)
		fuzz_check(!(needs->object.mask[set] & needs->libbpf.mask[set]));
}

static void check_report(const struct needs *needs)
{
	struct json_object *root = needs_report_json(needs, NULL);
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	fuzz_check(stream && needs_report_text(stream, needs) == 0);
	fclose(stream);
	for (const char *c = text; *c; c++)
		fuzz_check((*c >= ' ' && *c <= '~') || *c == '\n');
	fuzz_check(root && json_object_put(root));
	free(text);
}

static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

static void read_facts(const uint8_t *data, size_t size)
{
	static const struct {
		Elf64_Ehdr header;
	} object = { { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
				    ELFDATA2LSB,
#else
				    ELFDATA2MSB,
#endif
				    EV_CURRENT },
		       .e_machine = 247 } };
	struct needs needs = { .opts = { .no_libbpf = data[0] & 1,
					 .several = data[0] & 2,
					 .optional = data[0] & 4,
					 .libbpf = data[0] & 8 ? 0x0104 : 0 } };
	struct bpftoken_error err = { .code = 0 };
	int r;

	memset(&left, 0, sizeof(left));
	for (data++, size--; size > 2;) {
		size_t taken = take_piece(data, size);

		data += taken;
		size -= taken;
	}
	fake_reset();
	fake_file_bytes(OBJECT, &object, sizeof(object));
	r = needs_add_file(&needs, OBJECT, &err);
	fake_assert_closed(-1);
	fuzz_check(fake.reaped);
	if (r < 0) {
		fuzz_check(err.code == r && is_printable(err.why) && err.fix[0]);
	} else {
		fuzz_check(needs_finish(&needs, &err) == 0);
		check_policy(&needs);
		check_report(&needs);
	}
	needs_done(&needs);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	if (size < 2 || (data[0] != 'i' && data[0] != 'f'))
		return false;
	if (data[0] == 'i')
		read_images(data + 1, size - 1);
	else
		read_facts(data + 1, size - 1);
	return true;
}
