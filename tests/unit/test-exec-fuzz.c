/* SPDX-License-Identifier: MIT */
/*
 * Notifications and memory that mean nothing, for a bounded time ($FUZZ_SECONDS), fed to
 * what decides about a call. Below it is a container that lies: memory changes between two
 * reads, descriptors come and go, anything may fail. What has to hold all the same:
 * every caller that waits gets exactly one answer; nothing is left open or mapped; what is
 * performed carries our token, the caller's rights and no more, no number of the
 * caller's that was not looked up, and no address but of our own copies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "attr.h"
#include "copy.h"
#include "handle.h"

#include <linux/capability.h>

#define BASE 0x10000U
#define SIZE 0x8000U
#define TOKEN 7777
#define FIRST_FD 5000 /* ours; the caller's are small */
#define CALLERS_FDS 64
#define OUR_RIGHTS UINT64_MAX
#define BITS(x) (1ULL << (x))

static struct {
	uint64_t random;
	unsigned char memory[SIZE];
	uint64_t rights, effective;
	bool gone, other_userns;
	unsigned int answers, open, reserved, performed, patched;
	bool is_open[2048];
} fake;

/* xorshift64*: the same run for the same seed. */
static uint64_t draw(uint64_t below)
{
	fake.random ^= fake.random >> 12;
	fake.random ^= fake.random << 25;
	fake.random ^= fake.random >> 27;
	return (fake.random * 0x2545F4914F6CDD1DULL >> 16) % below;
}

static bool now_and_then(unsigned int one_in)
{
	return draw(one_in) == 0;
}

/* ---------------------------------------------------------------- what is below */

static int new_fd(void)
{
	for (int i = 0; i < 2048; i++)
		if (!fake.is_open[i]) {
			fake.is_open[i] = true;
			fake.open++;
			return FIRST_FD + i;
		}
	return -EMFILE;
}

int sys_close(int fd)
{
	assert_in_range(fd, FIRST_FD, FIRST_FD + 2047);
	assert_true(fake.is_open[fd - FIRST_FD]);
	fake.is_open[fd - FIRST_FD] = false;
	fake.open--;
	return 0;
}

static bool is_mapped(uint64_t address)
{
	/* every eighth page is not there */
	return address >= BASE && address < BASE + SIZE && (address >> 12) % 8 != 7;
}

static ssize_t move(uint64_t address, unsigned char *to, const unsigned char *from,
		    size_t size)
{
	size_t done = 0;

	if (now_and_then(200))
		return now_and_then(2) ? -EPERM : -ESRCH;
	for (; done < size && is_mapped(address + done); done++) {
		if (to)
			to[done] = fake.memory[address + done - BASE];
		else
			fake.memory[address + done - BASE] = from[done];
	}
	/* another thread */
	if (now_and_then(8))
		fake.memory[draw(SIZE)] = (unsigned char)draw(256);
	return done || !size ? (ssize_t)done : -EFAULT;
}

ssize_t sys_task_read(pid_t tid, uint64_t address, void *buf, size_t size)
{
	(void)tid;
	return move(address, buf, NULL, size);
}

ssize_t sys_task_write(pid_t tid, uint64_t address, const void *buf, size_t size)
{
	(void)tid;
	return move(address, NULL, buf, size);
}

int sys_task_open(pid_t tid)
{
	(void)tid;
	return now_and_then(100) ? -ESRCH : new_fd();
}

int sys_task_fd(int pidfd, int fd)
{
	assert_true(pidfd >= FIRST_FD);
	if (now_and_then(100))
		return -EPERM;
	return fd >= 0 && fd < CALLERS_FDS ? new_fd() : -EBADF;
}

int sys_task_capabilities(pid_t tid, uint64_t *ret_effective)
{
	(void)tid;
	*ret_effective = fake.rights;
	return 0;
}

int sys_task_fd_count(pid_t tid, uint64_t *ret_open, uint64_t *ret_limit)
{
	(void)tid;
	*ret_open = draw(64);
	*ret_limit = 64;
	return 0;
}

int sys_identity(const char *path, struct sys_identity *ret_identity)
{
	if (now_and_then(50))
		return -ENOENT;
	if (strstr(path, "/ns/user"))
		*ret_identity = (struct sys_identity){ 4, fake.other_userns ? 2 : 1 };
	else
		*ret_identity = (struct sys_identity){ 9, draw(3) };
	return 0;
}

int sys_link_exists(const char *path)
{
	(void)path;
	return now_and_then(3) ? -ENOENT : 0;
}

int sys_capabilities(uint64_t *ret_effective)
{
	*ret_effective = OUR_RIGHTS;
	return 0;
}

int sys_set_effective(uint64_t effective)
{
	if (effective != OUR_RIGHTS && now_and_then(50))
		return -EPERM;
	fake.effective = effective;
	return 0;
}

void *sys_reserve(size_t size)
{
	/* what the kernel writes is less than what it may */
	void *memory = now_and_then(20) ? NULL : malloc(size < 1 << 20 ? size : 1 << 20);

	fake.reserved += memory != NULL;
	return memory;
}

void sys_unreserve(void *memory, size_t size)
{
	(void)size;
	fake.reserved -= memory != NULL;
	free(memory);
}

int sys_notif_valid(int listener, uint64_t id)
{
	(void)listener, (void)id;
	if (now_and_then(300))
		fake.gone = true;
	return fake.gone ? -ENOENT : 0;
}

int sys_notif_send(int listener, const struct seccomp_notif_resp *answer)
{
	(void)listener;
	assert_int_equal(answer->id, 42);
	assert_true(answer->error <= 0);
	if (answer->flags)
		assert_int_equal(answer->error, 0);
	else
		assert_true(answer->error < 0);
	fake.answers++;
	return fake.gone ? -ENOENT : 0;
}

int sys_notif_addfd(int listener, const struct seccomp_notif_addfd *add)
{
	(void)listener;
	assert_int_equal(add->id, 42);
	if (fake.gone)
		return -ENOENT;
	if (now_and_then(10))
		return -EMFILE;
	if (add->flags & SECCOMP_ADDFD_FLAG_SEND) {
		fake.answers++;
		assert_true(fake.is_open[add->srcfd - FIRST_FD]);
	} else {
		/* a token only for who may use it, and never in place of 0, 1, 2 */
		assert_int_equal(add->srcfd, TOKEN);
		assert_true(!fake.other_userns);
		assert_true(fake.rights & (BITS(CAP_BPF) | BITS(CAP_SYS_ADMIN)));
		fake.patched++;
		if (add->flags & SECCOMP_ADDFD_FLAG_SETFD)
			assert_true(add->newfd > 2);
	}
	return (int)draw(CALLERS_FDS);
}

static void expect_ours(uint32_t fd)
{
	int number = (int)fd;

	assert_true(number < 0 ||
		    (number >= FIRST_FD && fake.is_open[number - FIRST_FD]));
}

/* Reads what the kernel would; the sanitizer knows whether it is there. */
static unsigned int touch(uint64_t address, size_t size)
{
	const volatile unsigned char *bytes = (void *)(uintptr_t)address;
	unsigned int sum = 0;

	if (address == COPY_BAD_ADDRESS)
		return 0;
	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	return sum;
}

static void look_at_insns(const struct attr_prog_load *attr)
{
	const struct attr_insn *insns = (void *)(uintptr_t)attr->insns;

	if (attr->insns == COPY_BAD_ADDRESS || attr->insn_cnt > 1000000)
		return;
	for (uint32_t i = 0; i < attr->insn_cnt; i++) {
		unsigned int source = insns[i].regs >> 4;

		if (insns[i].code != 0x18 || i + 1 >= attr->insn_cnt)
			continue;
		if (source == 1 || source == 2)
			expect_ours((uint32_t)insns[i].imm);
		if (source == 3 && insns[i + 1].imm)
			expect_ours((uint32_t)insns[i + 1].imm);
		if (attr->fd_array != COPY_BAD_ADDRESS && (source == 5 || source == 6) &&
		    insns[i].imm >= 0)
			expect_ours(
				((uint32_t *)(uintptr_t)attr->fd_array)[insns[i].imm]);
		i++;
	}
}

static void write_log(uint64_t address, uint32_t size, uint32_t *true_size)
{
	*true_size = (uint32_t)draw(3000);
	if (address && address != COPY_BAD_ADDRESS)
		memset((void *)(uintptr_t)address, 'x',
		       *true_size < size ? *true_size : size);
}

static void look_at_prog(struct attr_prog_load *attr)
{
	assert_int_equal(attr->prog_token_fd, TOKEN);
	assert_true(attr->prog_flags & ATTR_F_TOKEN_FD);
	assert_int_equal(attr->prog_ifindex, 0);
	look_at_insns(attr);
	(void)touch(attr->license, attr->license == COPY_BAD_ADDRESS
					   ? 0
					   : strlen((char *)(uintptr_t)attr->license));
	if (attr->func_info_cnt && attr->func_info_rec_size <= 252)
		(void)touch(attr->func_info,
			    (size_t)attr->func_info_cnt * attr->func_info_rec_size);
	if (attr->line_info_cnt && attr->line_info_rec_size <= 252)
		(void)touch(attr->line_info,
			    (size_t)attr->line_info_cnt * attr->line_info_rec_size);
	if (attr->prog_btf_fd)
		expect_ours(attr->prog_btf_fd);
	if (attr->attach_btf_obj_fd)
		expect_ours(attr->attach_btf_obj_fd);
	write_log(attr->log_buf, attr->log_size, &attr->log_true_size);
}

int sys_bpf(unsigned int cmd, void *attr, uint32_t size)
{
	struct attr_map_create *map = attr;
	struct attr_btf_load *btf = attr;

	(void)size;
	fake.performed++;
	assert_int_equal(fake.effective, fake.rights);
	assert_true(!fake.other_userns);
	if (cmd == ATTR_PROG_LOAD)
		look_at_prog(attr);
	if (cmd == ATTR_MAP_CREATE) {
		assert_int_equal(map->map_token_fd, TOKEN);
		assert_int_equal(map->map_ifindex, 0);
		if (map->inner_map_fd)
			expect_ours(map->inner_map_fd);
		if (map->btf_fd)
			expect_ours(map->btf_fd);
		if (map->map_flags & 1U << 15)
			expect_ours(map->value_type_btf_obj_fd);
	}
	if (cmd == ATTR_BTF_LOAD) {
		assert_int_equal(btf->btf_token_fd, TOKEN);
		if (btf->btf_size <= 16 << 20)
			(void)touch(btf->btf, btf->btf_size);
		write_log(btf->btf_log_buf, btf->btf_log_size, &btf->btf_log_true_size);
	}
	return now_and_then(3) ? -(int)draw(130) - 1 : new_fd();
}

/* ---------------------------------------------------------------- what is fed */

static uint64_t some_address(void)
{
	return now_and_then(20) ? draw(UINT64_MAX) : BASE - 64 + draw(SIZE + 128);
}

static void put(uint64_t address, uint32_t offset, const void *value, size_t size)
{
	if (is_mapped(address) && address + offset + size <= BASE + SIZE)
		memcpy(fake.memory + (address - BASE) + offset, value, size);
}

/* Mostly what a program could mean, so that it gets further than the first check. */
static void make_plausible(uint64_t address, uint32_t cmd)
{
	static const uint8_t pointers[2][6] = { { 8, 16, 32, 80, 96, 120 }, { 0, 8 } };
	static const uint8_t small[] = { 0,  4,	 12, 16, 20, 24, 28,  40,  44,	48,
					 64, 68, 72, 76, 88, 92, 104, 108, 112, 116 };

	for (size_t i = 0; i < sizeof(small); i++) {
		uint32_t value = now_and_then(2) ? 0 : (uint32_t)draw(40);

		put(address, small[i], &value, sizeof(value));
	}
	for (size_t i = 0; i < (cmd == ATTR_PROG_LOAD ? 6 : 2); i++) {
		uint64_t value = some_address();

		if (cmd == ATTR_PROG_LOAD || cmd == ATTR_BTF_LOAD)
			put(address, pointers[cmd != ATTR_PROG_LOAD][i], &value,
			    sizeof(value));
	}
}

static void feed(struct supply *supply, unsigned long fed)
{
	static const uint32_t cmds[] = { 0, 5, 18, 19 };
	struct seccomp_notif notif = { .id = 42, .pid = now_and_then(50) ? 0 : 99 };
	uint32_t cmd = now_and_then(50) ? (uint32_t)draw(UINT32_MAX) : cmds[draw(4)];
	uint64_t address = some_address();

	fake.rights = now_and_then(4) ? draw(UINT64_MAX) : OUR_RIGHTS >> 1;
	fake.other_userns = now_and_then(10);
	fake.gone = false;
	fake.answers = 0;
	for (int i = 0; i < 64; i++)
		fake.memory[draw(SIZE)] = (unsigned char)draw(256);
	if (!now_and_then(4))
		make_plausible(address, cmd);
	notif.data.args[0] = cmd | (now_and_then(20) ? 0x10000 : 0) |
			     (now_and_then(3) ? draw(UINT32_MAX) << 32 : 0);
	notif.data.args[1] = address;
	notif.data.args[2] = now_and_then(30) ? draw(UINT64_MAX) : draw(170);
	(void)handle_may_last(&notif);
	handle_notification(supply, &notif);
	if (fake.gone ? fake.answers > 1 : fake.answers != 1)
		fail_msg("notification %lu: %u answers", fed, fake.answers);
	assert_int_equal(fake.open, 0);
	assert_int_equal(fake.reserved, 0);
	assert_int_equal(fake.effective, OUR_RIGHTS);
}

/* It has been where it matters. */
static bool enough(unsigned long count)
{
	return count > 10000 && fake.performed > 1000 && fake.patched > 100;
}

static void anything(void **state)
{
	const char *seconds = getenv("FUZZ_SECONDS"), *seed = getenv("FUZZ_SEED");
	time_t end = time(NULL) + (seconds ? atoi(seconds) : 3);
	struct supply supply;
	unsigned long count = 0;

	(void)state;
	fake.random = seed ? strtoull(seed, NULL, 10) : 0x9E3779B97F4A7C15ULL;
	fake.effective = OUR_RIGHTS;
	while (supply_init(&supply, 3, TOKEN) < 0)
		;
	supply.token = (struct sys_identity){ 9, 1 };
	supply.userns = (struct sys_identity){ 4, 1 };
	/* longer on a slow machine */
	for (; time(NULL) < end || (!enough(count) && time(NULL) < end + 60); count++)
		feed(&supply, count);
	print_message("# %lu notifications, %u calls performed, %u tokens given\n", count,
		      fake.performed, fake.patched);
	assert_true(enough(count));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(anything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
