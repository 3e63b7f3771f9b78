/* SPDX-License-Identifier: MIT */
/*
 * Foreign text in reports. A byte that is no part of valid UTF-8 is written \xHH, and a
 * backslash \\, so that the bytes can be told; for a terminal also what is not printable.
 */
#ifndef BPFTOKEN_INSPECT_SHOW_H
#define BPFTOKEN_INSPECT_SHOW_H

#include "survey.h"

#include <json-c/json.h>

enum show_for { SHOW_JSON, SHOW_TERMINAL, SHOW_HTML };

void show_add(struct text *text, const char *bytes, enum show_for target);
/* The same as a JSON string, or NULL. */
struct json_object *show_json(const char *bytes);

/* "3 d", "17 min"...: how long ago. */
void show_age(char *text, size_t size, int64_t seconds);

/* "lxc web", "unit foo.service"; the process's name where no container is known. */
void show_container(struct text *text, const struct survey *survey,
		    const struct survey_bpffs *bpffs, enum show_for target);

/* The whole survey, or one bpffs of it; NULL: no memory. */
struct json_object *survey_json(const struct survey *survey,
				bool (*wanted)(const struct survey_bpffs *bpffs,
					       const void *data),
				const void *data);
struct json_object *survey_bpffs_json(const struct survey *survey,
				      const struct survey_bpffs *bpffs);

/* One page that needs no other file: the matrix of containers and types. */
void survey_html(const struct survey *survey, struct text *page,
		 bool (*wanted)(const struct survey_bpffs *bpffs, const void *data),
		 const void *data);

#endif
