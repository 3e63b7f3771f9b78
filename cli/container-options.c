/* SPDX-License-Identifier: MIT */
/* What the rows of container-options.h take. */
#include "container-options.h"

#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

/* One decimal number at *text, which it moves on. */
static bool take_number(const char **text, uint32_t *ret_number)
{
	char *end;
	unsigned long long number;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoull(*text, &end, 10);
	*text = end;
	*ret_number = (uint32_t)number;
	return !errno && number < UINT32_MAX;
}

static int bad_value(const struct cli_option *option, const char *value, const char *form,
		     struct bpftoken_error *err)
{
	err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL, "it has to be %s", form);
	err_what(err, "cannot use --%s \"%.64s\"", option->name, value);
	err_fix(err, "see bpftoken run --help");
	return -EINVAL;
}

int container_options_take_map(void *member, const struct cli_option *option,
			       const char *value, struct bpftoken_error *err)
{
	struct container *container = member;
	const char *text = value;

	if (!take_number(&text, &container->map_inside) || *text++ != ':' ||
	    !take_number(&text, &container->map_outside) || *text++ != ':' ||
	    !take_number(&text, &container->map_count) || *text || !container->map_count)
		return bad_value(option, value, "INSIDE:OUTSIDE:COUNT, three numbers",
				 err);
	/* Nobody could become root inside, and the handshake needs that. */
	if (container->map_inside != 0)
		return bad_value(option, value,
				 "a map that has uid 0 inside (0:OUTSIDE:COUNT)", err);
	return 0;
}

int container_options_take_user(void *member, const struct cli_option *option,
				const char *value, struct bpftoken_error *err)
{
	struct container *container = member;
	const char *text = value;
	bool good = take_number(&text, &container->uid);

	container->gid = container->uid;
	if (good && *text == ':')
		good = text++ && take_number(&text, &container->gid);
	if (!good || *text)
		return bad_value(option, value, "UID or UID:GID, numbers", err);
	return 0;
}

int container_options_take_net(void *member, const struct cli_option *option,
			       const char *value, struct bpftoken_error *err)
{
	bool host = !strcmp(value, "host");

	if (!host && strcmp(value, "private") != 0)
		return bad_value(option, value, "private or host", err);
	*(bool *)member = host;
	return 0;
}

int container_options_take_absolute(void *member, const struct cli_option *option,
				    const char *value, struct bpftoken_error *err)
{
	if (value[0] != '/')
		return bad_value(option, value, "an absolute path", err);
	*(const char **)member = value;
	return 0;
}

/* "cap_bpf,net_admin": as in capabilities(7), the prefix may be left out. */
int container_options_take_caps(void *member, const struct cli_option *option,
				const char *value, struct bpftoken_error *err)
{
	struct container *container = member;
	const char *word = value;

	container->caps_given = true;
	for (size_t len; *word; word += len + (word[len] != '\0')) {
		char name[64];
		cap_value_t cap;

		len = strcspn(word, ", ");
		if (!len)
			continue;
		snprintf(name, sizeof(name), "%s%.*s",
			 strncasecmp(word, "cap_", 4) ? "cap_" : "", (int)len, word);
		if (cap_from_name(name, &cap) < 0)
			return bad_value(
				option, value,
				"capability names, such as cap_bpf,cap_net_admin", err);
		container->caps |= 1ULL << cap;
	}
	return 0;
}
