/* SPDX-License-Identifier: MIT */
/*
 * BPF objects in a file: the file itself, or those that a program carries among its data,
 * as skeletons of bpftool, Go's embed and Rust's include_bytes put them there.
 */
#ifndef BPFTOKEN_NEEDS_IMAGE_H
#define BPFTOKEN_NEEDS_IMAGE_H

#include "error.h"

#include <stdbool.h>

struct image_file {
	const char *path, *base; /* base: without directories */
	char *data;
	size_t size;
	unsigned int count; /* objects in it */
};

struct image {
	const void *data; /* aligned, valid until the next image */
	size_t size; /* to the end of the file, for what follows does no harm */
	size_t offset;
	char name[256]; /* for errors: the path, and the offset of an embedded one */
	char label[96]; /* for evidence */
};

/* Reads a file and counts its objects; one that has none is an error. */
int image_file_read(const char *path, struct image_file *ret_file,
		    struct bpftoken_error *err);
void image_file_done(struct image_file *file);

/* The next object after *image, which starts zeroed; false behind the last. */
bool image_next(struct image_file *file, struct image *image);

#endif
