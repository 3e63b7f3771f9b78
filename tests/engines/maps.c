/* SPDX-License-Identifier: MIT */
/*
 * What tests/engines runs in a container: makes a token of the bpffs and a map of each of
 * three types with it, and says what the kernel did. Without a token it asks all the same.
 */
#include <bpftoken.h>

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_token(int token)
{
	struct bpftoken_policy *policy = NULL;
	struct bpftoken_error err;
	char *text = NULL;

	if (bpftoken_info(token, &policy, &err) == 0 &&
	    bpftoken_policy_format(policy, "mount", &text, &err) == 0)
		printf("token: %s", text);
	free(text);
	bpftoken_policy_free(policy);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t type, key, value, entries;
	} maps[] = {
		{ "array", BPF_MAP_TYPE_ARRAY, 4, 8, 1 },
		{ "hash", BPF_MAP_TYPE_HASH, 4, 8, 1 },
		{ "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096 },
	};
	struct bpftoken_error err;
	BPFTOKEN_OPTS(bpftoken_open_opts, where);
	int token, refused = 0;

	where.path = argc > 1 ? argv[1] : NULL;
	token = bpftoken_open(&where, &err);
	if (token < 0) {
		bpftoken_explain(&err);
		printf("no token: %s: %s\n", err.what, err.why);
	} else {
		show_token(token);
	}
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);
		int fd;

		opts.token_fd = token < 0 ? -1 : token;
		opts.type = maps[i].type;
		opts.key_size = maps[i].key;
		opts.value_size = maps[i].value;
		opts.max_entries = maps[i].entries;
		fd = bpftoken_map_create(&opts, &err);
		refused += fd < 0;
		if (fd < 0)
			printf("map %s: refused: %s\n", maps[i].name, strerror(-fd));
		else
			printf("map %s: created\n", maps[i].name);
	}
	return refused != 0;
}
