/* SPDX-License-Identifier: MIT */
/*
 * Finding BPF objects in a file by what every one of them begins with. What follows is
 * for libelf and libbpf to read.
 */
#include "image.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif

/* No program is near this size. */
#define FILE_MAX_SIZE ((size_t)1 << 30)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ORDER ELFDATA2LSB
#define FOREIGN "big-endian"
#define COMPILE_FOR "-target bpfel"
#else
#define OUR_ORDER ELFDATA2MSB
#define FOREIGN "little-endian"
#define COMPILE_FOR "-target bpfeb"
#endif

/* Says whether an object begins here: 1, 0, or -1 for one of the other byte order. */
static int begins(const char *data, size_t size)
{
	Elf64_Half machine;

	if (size < sizeof(Elf64_Ehdr) || memcmp(data, ELFMAG, SELFMAG) != 0 ||
	    data[EI_CLASS] != ELFCLASS64 || data[EI_VERSION] != EV_CURRENT)
		return 0;
	memcpy(&machine, data + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
	if (data[EI_DATA] == OUR_ORDER)
		return machine == EM_BPF;
	return machine == __builtin_bswap16(EM_BPF) ? -1 : 0;
}

/* Offset of the next object at or behind from; size when there is none. */
static size_t find(const struct image_file *file, size_t from)
{
	while (from < file->size) {
		const char *at =
			memmem(file->data + from, file->size - from, ELFMAG, SELFMAG);

		if (!at)
			break;
		from = (size_t)(at - file->data);
		if (begins(at, file->size - from) > 0)
			return from;
		from += SELFMAG;
	}
	return file->size;
}

/* ------------------------------------------------------------------- files */

static int refuse(const struct image_file *file, int code, const char *why,
		  const char *fix, struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_NONE, code, "%s", why);
	err_what(err, "cannot read the BPF object %s", file->path);
	err_fix(err, "%s", fix);
	return code;
}

static int read_all(int fd, struct image_file *file)
{
	size_t room = 0;
	ssize_t got = 1;

	while (got > 0) {
		if (file->size == room) {
			char *data;

			room = room ? room * 2 : (size_t)1 << 16;
			if (room > FILE_MAX_SIZE)
				return -EFBIG;
			data = realloc(file->data, room);
			if (!data)
				return -ENOMEM;
			file->data = data;
		}
		got = sys_read(fd, file->data + file->size, room - file->size);
		file->size += got > 0 ? (size_t)got : 0;
	}
	return (int)got;
}

static int check(struct image_file *file, struct bpftoken_error *err)
{
	if (begins(file->data, file->size) < 0)
		return refuse(file, -ENOEXEC,
			      "it is " FOREIGN ", and this machine is not",
			      "compile it with " COMPILE_FOR, err);
	if (begins(file->data, file->size)) {
		file->count = 1;
		return 0;
	}
	for (size_t at = find(file, 0); at < file->size; at = find(file, at + SELFMAG))
		file->count++;
	if (file->count)
		return 0;
	if (file->size < SELFMAG || memcmp(file->data, ELFMAG, SELFMAG) != 0)
		return refuse(file, -ENOEXEC,
			      file->size ? "it is no ELF file" : "it is empty",
			      "name an object that clang -target bpf made, or a program "
			      "that has one inside",
			      err);
	return refuse(file, -ENOEXEC, "there is no BPF object in it",
		      "name the object file that it loads, or watch a run of it: "
		      "bpftoken learn",
		      err);
}

int image_file_read(const char *path, struct image_file *ret_file,
		    struct bpftoken_error *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(image_file_done) struct image_file file = {
		.path = path,
		.base = slash && slash[1] ? slash + 1 : path,
	};
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? fd : read_all(fd, &file);

	if (r < 0) {
		err_raise(err, BPFTOKEN_STAGE_NONE, r, NULL);
		err_what(err, "cannot read the BPF object %s", path);
		err_fix(err, "name a file that can be read");
		return r;
	}
	r = check(&file, err);
	if (r < 0)
		return r;
	*ret_file = file;
	file.data = NULL;
	return 0;
}

void image_file_done(struct image_file *file)
{
	free(file->data);
	file->data = NULL;
}

/* ----------------------------------------------------------------- objects */

/*
 * The object at an offset to the front of the file's memory, which is aligned: what is
 * before it has been read by now.
 */
static void align(struct image_file *file, size_t offset)
{
	file->size -= offset;
	memmove(file->data, file->data + offset, file->size);
}

bool image_next(struct image_file *file, struct image *image)
{
	size_t step = image->data ? SELFMAG : 0;
	size_t at = image->data && file->count == 1 ? file->size : find(file, step);

	if (at == file->size)
		return false;
	image->offset += at;
	align(file, at);
	image->data = file->data;
	image->size = file->size;
	if (image->offset)
		snprintf(image->name, sizeof(image->name), "%.200s, at offset 0x%zx",
			 file->path, image->offset);
	else
		snprintf(image->name, sizeof(image->name), "%s", file->path);
	if (file->count > 1)
		snprintf(image->label, sizeof(image->label), "%.64s@0x%zx:", file->base,
			 image->offset);
	else
		snprintf(image->label, sizeof(image->label), "%.90s:", file->base);
	return true;
}
