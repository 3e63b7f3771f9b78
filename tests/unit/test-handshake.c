/* SPDX-License-Identifier: MIT */
/* The delegation protocol when the other side does not keep to it. */
#include "fake-sys.h"

#include "handshake.h"
#include "policy.h"

static int sock, root;
static const struct bpftoken_policy policy = { .mask = { 0x21, 0, 0, 0 } };

static int set_up(void **state)
{
	fake_reset();
	sock = fake_given("socket");
	root = fake_given("root");
	return 0;
}

/* What comes in: made by the functions that the other side uses. */
static void says(uint32_t tag, const char *kind)
{
	fake.echo = true;
	handshake_send(sock, tag, kind ? fake_given(kind) : -EBADF, NULL);
	fake.echo = false;
}

static void fails(uint32_t stage, int code, const char *why)
{
	struct bpftoken_error theirs;

	err_raise(&theirs, stage, code, "%s", why);
	fake.echo = true;
	handshake_fail(sock, &theirs);
	fake.echo = false;
}

static void mounts(const char *options)
{
	static char text[256];

	snprintf(text, sizeof(text), "77 1 0:6 / /sys/fs/bpf rw - bpf none rw%s\n",
		 options);
	fake_file("/proc/42/mountinfo", text);
}

static int host_side(struct bpftoken_error *err)
{
	return handshake_host_side(sock, 1000, FAKE_PID, &policy, NULL, err);
}

static int container_side(struct bpftoken_error *err)
{
	return handshake_container_side(sock, 1000, root, "/sys/fs/bpf", err);
}

static void check_sent(unsigned int count, const uint32_t tags[])
{
	assert_int_equal(fake.sent_count, count);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(fake.sent[i], tags[i]);
}

static void test_host(void **state)
{
	static const uint32_t tags[] = { HANDSHAKE_MOUNT, HANDSHAKE_GO };

	mounts(",delegate_cmds=map_create:prog_load");
	says(HANDSHAKE_CONTEXT, "fscontext");
	says(HANDSHAKE_PLACED, NULL);
	assert_int_equal(host_side(NULL), 0);
	check_sent(2, tags);
	assert_string_equal(fake.config, " delegate_cmds=0 delegate_cmds=0x21 create");
	fake_assert_closed(-1);
}

/* The kernel delegated something else: the mount has to go again. */
static void test_host_undoes(void **state)
{
	static const uint32_t tags[] = { HANDSHAKE_MOUNT, HANDSHAKE_UNDO };
	static const struct {
		const char *options;
		int code;
	} rows[] = {
		{ ",delegate_cmds=map_create", -EOPNOTSUPP },
		{ ",delegate_cmds=map_create:prog_load:btf_load", -EPROTO },
		{ ",delegate_cmds=map_create:prog_load,delegate_maps=hash", -EPROTO },
		{ "", -EOPNOTSUPP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpftoken_error err;
		int r;

		set_up(state);
		mounts(rows[i].options);
		says(HANDSHAKE_CONTEXT, "fscontext");
		says(HANDSHAKE_PLACED, NULL);
		says(HANDSHAKE_GONE, NULL);
		r = host_side(&err);
		if (r != rows[i].code)
			fail_msg("row %zu: %d", i, r);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_VERIFY);
		check_sent(2, tags);
		fake_assert_closed(-1);
	}
}

static void test_container(void **state)
{
	static const uint32_t tags[] = { HANDSHAKE_CONTEXT, HANDSHAKE_PLACED };

	says(HANDSHAKE_MOUNT, "mount");
	says(HANDSHAKE_GO, NULL);
	assert_int_equal(container_side(NULL), 0);
	check_sent(2, tags);
	assert_true(fake.placed && !fake.detached);
	fake_assert_closed(-1);
}

/* Anything but GO and SWAP, the end included, takes the mount away. */
static void test_container_undoes(void **state)
{
	static const uint32_t tags[] = { HANDSHAKE_CONTEXT, HANDSHAKE_PLACED,
					 HANDSHAKE_GONE };

	for (uint32_t tag = 0; tag <= HANDSHAKE_FAILED + 1; tag++) {
		set_up(state);
		says(HANDSHAKE_MOUNT, "mount");
		if (tag == HANDSHAKE_FAILED)
			fails(BPFTOKEN_STAGE_VERIFY, -EPROTO, "wrong");
		else if (tag <= HANDSHAKE_FAILED)
			says(tag, NULL);
		if (tag == HANDSHAKE_GO || tag == HANDSHAKE_SWAP)
			continue;
		assert_true(container_side(NULL) < 0);
		check_sent(3, tags);
		assert_true(fake.placed && fake.detached);
		fake_assert_closed(-1);
	}
}

/* ---------------------------------------------------------------- messages */

/* Every tag where another is due, with a descriptor that nobody wanted and without. */
static void test_out_of_turn(void **state)
{
	static const char *const kinds[] = { NULL, "stray" };
	struct bpftoken_error err;

	for (uint32_t wanted = 0; wanted < HANDSHAKE_FAILED; wanted++) {
		for (uint32_t tag = 0; tag < HANDSHAKE_FAILED; tag++) {
			for (size_t i = 0; i < ARRAY_SIZE(kinds) * 2; i++) {
				const char *kind = kinds[i / 2];
				int taken = -7, *ret = i % 2 ? &taken : NULL;

				if (wanted == tag && (kind != NULL) == (ret != NULL))
					continue;
				set_up(state);
				says(tag, kind);
				assert_int_equal(
					handshake_expect(sock, 9, wanted, ret, &err),
					-EPROTO);
				assert_int_equal(err.stage, BPFTOKEN_STAGE_HANDSHAKE);
				assert_int_equal(taken, -7);
				fake_assert_closed(-1);
			}
		}
	}
}

static void test_end_and_silence(void **state)
{
	struct bpftoken_error err;
	int taken = -7;

	assert_int_equal(handshake_expect(sock, 9, HANDSHAKE_GO, &taken, &err),
			 -ECONNRESET);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_HANDSHAKE);
	fake.silence = -ETIMEDOUT;
	assert_int_equal(handshake_expect(sock, 9, HANDSHAKE_GO, &taken, &err),
			 -ETIMEDOUT);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_HANDSHAKE);
	assert_int_equal(taken, -7);
}

static void test_expect_end(void **state)
{
	struct bpftoken_error err;

	fake_poison(&err);
	assert_int_equal(handshake_expect_end(sock, 9, &err), 0);
	fake_assert_poisoned(&err);
	says(HANDSHAKE_GO, "stray");
	assert_int_equal(handshake_expect_end(sock, 9, &err), -EPROTO);
	fails(BPFTOKEN_STAGE_EXEC, -ENOENT, "no such program");
	assert_int_equal(handshake_expect_end(sock, 9, &err), -ENOENT);
	assert_int_equal(err.stage, BPFTOKEN_STAGE_EXEC);
	assert_string_equal(err.why, "no such program");
	fake.silence = -ETIMEDOUT;
	assert_int_equal(handshake_expect_end(sock, 9, &err), -ETIMEDOUT);
	fake_assert_closed(-1);
}

/* The other side's error becomes ours, and cannot be a success. */
static void test_failed(void **state)
{
	static const int codes[][2] = {
		{ -EPERM, -EPERM }, { -4095, -4095 },	{ 0, -EPROTO },
		{ 7, -EPROTO },	    { -4096, -EPROTO }, { INT32_MIN, -EPROTO },
	};
	char text[400];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct bpftoken_error err;

		set_up(state);
		fails(BPFTOKEN_STAGE_RESOLVE, codes[i][0], i % 2 ? text : "short");
		assert_int_equal(handshake_expect(sock, 9, HANDSHAKE_GO, NULL, &err),
				 codes[i][1]);
		assert_int_equal(err.code, codes[i][1]);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_RESOLVE);
		if (i % 2)
			assert_int_equal(strspn(err.why, "x"), strlen(err.why));
		else
			assert_string_equal(err.why, "short");
	}
}

/* A message of another size, with a descriptor or not, is none. */
static void test_odd_sizes(void **state)
{
	static const uint32_t words[100];

	for (size_t size = 1; size < sizeof(words); size += 7) {
		struct bpftoken_error err;

		set_up(state);
		fake_message(words, size, NULL);
		assert_int_equal(handshake_expect(sock, 9, HANDSHAKE_READY, NULL, &err),
				 -EPROTO);
		assert_int_equal(err.stage, BPFTOKEN_STAGE_HANDSHAKE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_host, set_up),
		cmocka_unit_test_setup(test_host_undoes, set_up),
		cmocka_unit_test_setup(test_container, set_up),
		cmocka_unit_test_setup(test_container_undoes, set_up),
		cmocka_unit_test_setup(test_out_of_turn, set_up),
		cmocka_unit_test_setup(test_end_and_silence, set_up),
		cmocka_unit_test_setup(test_expect_end, set_up),
		cmocka_unit_test_setup(test_failed, set_up),
		cmocka_unit_test_setup(test_odd_sizes, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
