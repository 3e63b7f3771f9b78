/* SPDX-License-Identifier: MIT */
/*
 * Notifications and memory that mean nothing, LEAST of them or for $FUZZ_SECONDS, fed to
 * what decides about a call, above a container that lies (fake-caller.h). The target
 * `notification` of tests/fuzz does the same with inputs that an engine makes.
 */
#include "fake-caller.h"

#include "attr.h"

#include <time.h>

static uint64_t random_state;

/* xorshift64*: the same run for the same seed. */
static uint64_t draw(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545F4914F6CDD1DULL >> 16) % below;
}

/* ---------------------------------------------------------------- what is fed */

static uint64_t some_address(void)
{
	return fake_now_and_then(20) ? draw(UINT64_MAX)
				     : FAKE_BASE - 64 + draw(FAKE_SIZE + 128);
}

static void put(uint64_t address, uint32_t offset, const void *value, size_t size)
{
	if (fake_is_mapped(address) && address + offset + size <= FAKE_BASE + FAKE_SIZE)
		memcpy(fake_caller.memory + (address - FAKE_BASE) + offset, value, size);
}

/* Mostly what a program could mean, so that it gets further than the first check. */
static void make_plausible(uint64_t address, uint32_t cmd)
{
	static const uint8_t pointers[2][6] = { { 8, 16, 32, 80, 96, 120 }, { 0, 8 } };
	static const uint8_t small[] = { 0,  4,	 12, 16, 20, 24, 28,  40,  44,	48,
					 64, 68, 72, 76, 88, 92, 104, 108, 112, 116 };

	for (size_t i = 0; i < sizeof(small); i++) {
		uint32_t value = fake_now_and_then(2) ? 0 : (uint32_t)draw(40);

		put(address, small[i], &value, sizeof(value));
	}
	for (size_t i = 0; i < (cmd == ATTR_PROG_LOAD ? 6 : 2); i++) {
		uint64_t value = some_address();

		if (cmd == ATTR_PROG_LOAD || cmd == ATTR_BTF_LOAD)
			put(address, pointers[cmd != ATTR_PROG_LOAD][i], &value,
			    sizeof(value));
	}
}

static void feed(struct supply *supply)
{
	static const uint32_t cmds[] = { 0, 5, 18, 19 };
	struct seccomp_notif notif = { .id = FAKE_ID,
				       .pid = fake_now_and_then(50) ? 0 : 99 };
	uint32_t cmd = fake_now_and_then(50) ? (uint32_t)draw(UINT32_MAX) : cmds[draw(4)];
	uint64_t address = some_address();

	fake_caller.rights = fake_now_and_then(4) ? draw(UINT64_MAX) : FAKE_RIGHTS >> 1;
	fake_caller.other_userns = fake_now_and_then(10);
	for (int i = 0; i < 64; i++)
		fake_caller.memory[draw(FAKE_SIZE)] = (unsigned char)draw(256);
	if (!fake_now_and_then(4))
		make_plausible(address, cmd);
	notif.data.args[0] = cmd | (fake_now_and_then(20) ? 0x10000 : 0) |
			     (fake_now_and_then(3) ? draw(UINT32_MAX) << 32 : 0);
	notif.data.args[1] = address;
	notif.data.args[2] = fake_now_and_then(30) ? draw(UINT64_MAX) : draw(170);
	fake_caller_notify(supply, &notif);
}

#define LEAST 400000 /* notifications, however slow the machine is */

static void anything(void **state)
{
	const char *seconds = getenv("FUZZ_SECONDS"), *seed = getenv("FUZZ_SEED");
	time_t end = time(NULL) + (seconds ? atoi(seconds) : 0);
	struct supply supply;
	unsigned long count = 0;

	(void)state;
	random_state = seed ? strtoull(seed, NULL, 10) : 0x9E3779B97F4A7C15ULL;
	fake_caller.draw = draw;
	fake_caller_supply(&supply);
	for (; count < LEAST || time(NULL) < end; count++)
		feed(&supply);
	print_message("# %lu notifications, %u calls performed, %u tokens given\n", count,
		      fake_caller.performed, fake_caller.patched);
	/* it has been where it matters */
	assert_true(fake_caller.performed > 1000 && fake_caller.patched > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(anything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
