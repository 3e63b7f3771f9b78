/* SPDX-License-Identifier: MIT */
/*
 * The files of an administrator that bound what is granted, and the texts that are held
 * to them. A letter, then: 'p', the name of a profile, a line end, and its file; 'c', a
 * ceiling, a NUL, and what a container asks for. A container is given nothing that is
 * above the ceiling, and nothing at all below one that cannot be read.
 */
#include "dialects.h"
#include "fake-sys.h"
#include "fuzz.h"
#include "grant.h"
#include "policy.h"

static bool same(const struct bpftoken_policy *a, const struct bpftoken_policy *b)
{
	return !memcmp(a->mask, b->mask, sizeof(a->mask)) && a->memlock == b->memlock;
}

static void begin(void)
{
	fake_reset();
	fake_file_bytes(BPFTOKEN_CONFDIR, NULL, 0);
	fake_file_bytes("bpftoken", NULL, 0);
	fake_file_bytes("profiles.d", NULL, 0);
}

static void check_error(int r, const struct bpftoken_error *err)
{
	fuzz_check(r == 0 || (r < 0 && err->code == r && err->why[0] && err->fix[0]));
	fake_assert_closed(-1);
}

/* A file is the policy that its text is. */
static void read_profile(char *text)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL, *direct = NULL;
	struct bpftoken_error err = { .code = 0 };
	char *rest = text, *name = strsep(&rest, "\n");
	int r, of_text;

	if (!rest)
		return;
	begin();
	fake_file("*.ini", rest);
	r = grant_profile(name, &policy, &err);
	check_error(r, &err);
	of_text = host_policy_parse("ini", rest, &direct, NULL, NULL);
	if (!grant_is_profile_name(name)) {
		fuzz_check(r == -EINVAL && !policy);
		return;
	}
	fuzz_check(!strpbrk(name, "/ \t@=,:{}"));
	fuzz_check((r < 0) == (of_text < 0) && !policy == !direct);
	fuzz_check(r < 0 || same(policy, direct));
}

static bool is_line(const char *text)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] <= '~')
		len++;
	return !text[len] && len <= GRANT_CONTAINER_MAX;
}

static void ask(const char *ceiling, const char *asked)
{
	_cleanup_policy_ struct bpftoken_policy *bound = NULL, *granted = NULL,
						*all = NULL;
	struct bpftoken_error err = { .code = 0 };
	int r, direct;

	begin();
	fake_file("*.ini", "[delegate]\nmaps = any\n");
	fake_file("ceiling.ini", ceiling);
	r = grant_from_container(asked, &granted, &err);
	check_error(r, &err);
	fuzz_check((r == 0) == !!granted);
	if (host_policy_parse("ini", ceiling, &bound, NULL, NULL) < 0) {
		fuzz_check(r < 0);
		return;
	}
	fuzz_check(!granted || bpftoken_policy_covers(bound, granted, NULL) > 0);
	/* an administrator's is the same, but for the line and the ceiling */
	direct = grant_from_text(asked, &all, &err);
	fuzz_check(r < 0 || (direct == 0 && same(granted, all)));
	fuzz_check(r == 0 || direct < 0 || !is_line(asked) ||
		   grant_check_ceiling(all, &err) < 0);
	fake_assert_closed(-1);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *first = NULL, *second = NULL;
	size_t len;

	if (!size || (data[0] != 'p' && data[0] != 'c'))
		return false;
	len = strnlen((const char *)data, size);
	first = fuzz_text(data + 1, len - 1);
	len += len < size;
	second = fuzz_text(data + len, size - len);
	if (data[0] == 'p')
		read_profile(first);
	else
		ask(first, second);
	return true;
}
