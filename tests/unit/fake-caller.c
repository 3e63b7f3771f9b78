/* SPDX-License-Identifier: MIT */
/* A thread that waits, and the container around it: see fake-caller.h. */
#include "fake-caller.h"

#include "attr.h"
#include "copy.h"

#include <linux/capability.h>

#define FIRST_FD 5000 /* ours; the caller's are small */
#define CALLERS_FDS 64
#define BITS(x) (1ULL << (x))

struct fake_caller fake_caller;

bool fake_now_and_then(unsigned int one_in)
{
	return fake_caller.draw(one_in) == 0;
}

static int new_fd(void)
{
	for (int i = 0; i < 2048; i++)
		if (!fake_caller.is_open[i]) {
			fake_caller.is_open[i] = true;
			fake_caller.open++;
			return FIRST_FD + i;
		}
	return -EMFILE;
}

int sys_close(int fd)
{
	assert_in_range(fd, FIRST_FD, FIRST_FD + 2047);
	assert_true(fake_caller.is_open[fd - FIRST_FD]);
	fake_caller.is_open[fd - FIRST_FD] = false;
	fake_caller.open--;
	return 0;
}

bool fake_is_mapped(uint64_t address)
{
	return address >= FAKE_BASE && address < FAKE_BASE + FAKE_SIZE &&
	       (address >> 12) % 8 != 7;
}

static void note_write(uint64_t address, size_t size)
{
	if (fake_caller.write_count < FAKE_WRITES)
		fake_caller.writes[fake_caller.write_count++] =
			(struct fake_write){ address, size };
}

static ssize_t move(uint64_t address, unsigned char *to, const unsigned char *from,
		    size_t size)
{
	size_t done = 0;

	if (fake_now_and_then(200))
		return fake_now_and_then(2) ? -EPERM : -ESRCH;
	for (; done < size && fake_is_mapped(address + done); done++) {
		if (to)
			to[done] = fake_caller.memory[address + done - FAKE_BASE];
		else
			fake_caller.memory[address + done - FAKE_BASE] = from[done];
	}
	/* another thread */
	if (fake_now_and_then(8))
		fake_caller.memory[fake_caller.draw(FAKE_SIZE)] =
			(unsigned char)fake_caller.draw(256);
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
	note_write(address, size);
	return move(address, NULL, buf, size);
}

int sys_task_open(pid_t tid)
{
	(void)tid;
	return fake_now_and_then(100) ? -ESRCH : new_fd();
}

int sys_task_fd(int pidfd, int fd)
{
	assert_true(pidfd >= FIRST_FD);
	if (fake_now_and_then(100))
		return -EPERM;
	return fd >= 0 && fd < CALLERS_FDS ? new_fd() : -EBADF;
}

int sys_task_capabilities(pid_t tid, uint64_t *ret_effective)
{
	(void)tid;
	*ret_effective = fake_caller.rights;
	return 0;
}

int sys_task_fd_count(pid_t tid, uint64_t *ret_open, uint64_t *ret_limit)
{
	(void)tid;
	*ret_limit = CALLERS_FDS;
	*ret_open = fake_now_and_then(8) ? *ret_limit - fake_caller.draw(3) : 3;
	return 0;
}

int sys_identity(const char *path, struct sys_identity *ret_identity)
{
	if (fake_now_and_then(50))
		return -ENOENT;
	if (strstr(path, "/ns/user"))
		*ret_identity =
			(struct sys_identity){ 4, fake_caller.other_userns ? 2 : 1 };
	else
		*ret_identity = (struct sys_identity){ 9, fake_caller.draw(3) };
	return 0;
}

int sys_link_exists(const char *path)
{
	(void)path;
	return fake_now_and_then(3) ? -ENOENT : 0;
}

int sys_capabilities(uint64_t *ret_effective)
{
	*ret_effective = FAKE_RIGHTS;
	return 0;
}

int sys_set_effective(uint64_t effective)
{
	if (effective != FAKE_RIGHTS && fake_now_and_then(50))
		return -EPERM;
	fake_caller.effective = effective;
	return 0;
}

void *sys_reserve(size_t size)
{
	/* what the kernel writes is less than what it may */
	void *memory =
		fake_now_and_then(20) ? NULL : malloc(size < 1 << 20 ? size : 1 << 20);

	fake_caller.reserved += memory != NULL;
	return memory;
}

void sys_unreserve(void *memory, size_t size)
{
	(void)size;
	fake_caller.reserved -= memory != NULL;
	free(memory);
}

int sys_notif_valid(int listener, uint64_t id)
{
	(void)listener, (void)id;
	if (fake_now_and_then(300))
		fake_caller.gone = true;
	return fake_caller.gone ? -ENOENT : 0;
}

int sys_notif_send(int listener, const struct seccomp_notif_resp *answer)
{
	(void)listener;
	assert_int_equal(answer->id, FAKE_ID);
	assert_true(answer->error <= 0);
	if (answer->flags)
		assert_int_equal(answer->error, 0);
	else
		assert_true(answer->error < 0);
	fake_caller.answers++;
	return fake_caller.gone ? -ENOENT : 0;
}

int sys_notif_addfd(int listener, const struct seccomp_notif_addfd *add)
{
	(void)listener;
	assert_int_equal(add->id, FAKE_ID);
	if (fake_caller.gone)
		return -ENOENT;
	if (fake_now_and_then(10))
		return -EMFILE;
	if (add->flags & SECCOMP_ADDFD_FLAG_SEND) {
		fake_caller.answers++;
		assert_true(fake_caller.is_open[add->srcfd - FIRST_FD]);
	} else {
		/* a token only for who may use it, and never in place of 0, 1, 2 */
		assert_int_equal(add->srcfd, FAKE_TOKEN);
		assert_true(!fake_caller.other_userns);
		assert_true(fake_caller.rights & (BITS(CAP_BPF) | BITS(CAP_SYS_ADMIN)));
		fake_caller.patched++;
		if (add->flags & SECCOMP_ADDFD_FLAG_SETFD)
			assert_true(add->newfd > 2);
	}
	return (int)fake_caller.draw(CALLERS_FDS);
}

static void expect_ours(uint32_t fd)
{
	int number = (int)fd;

	assert_true(number < 0 ||
		    (number >= FIRST_FD && fake_caller.is_open[number - FIRST_FD]));
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
	*true_size = (uint32_t)fake_caller.draw(3000);
	if (address && address != COPY_BAD_ADDRESS)
		memset((void *)(uintptr_t)address, 'x',
		       *true_size < size ? *true_size : size);
}

static void look_at_prog(struct attr_prog_load *attr)
{
	assert_int_equal(attr->prog_token_fd, FAKE_TOKEN);
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
	fake_caller.performed++;
	assert_int_equal(fake_caller.effective, fake_caller.rights);
	assert_true(!fake_caller.other_userns);
	if (cmd == ATTR_PROG_LOAD)
		look_at_prog(attr);
	if (cmd == ATTR_MAP_CREATE) {
		assert_int_equal(map->map_token_fd, FAKE_TOKEN);
		assert_int_equal(map->map_ifindex, 0);
		if (map->inner_map_fd)
			expect_ours(map->inner_map_fd);
		if (map->btf_fd)
			expect_ours(map->btf_fd);
		if (map->map_flags & 1U << 15)
			expect_ours(map->value_type_btf_obj_fd);
	}
	if (cmd == ATTR_BTF_LOAD) {
		assert_int_equal(btf->btf_token_fd, FAKE_TOKEN);
		if (btf->btf_size <= 16 << 20)
			(void)touch(btf->btf, btf->btf_size);
		write_log(btf->btf_log_buf, btf->btf_log_size, &btf->btf_log_true_size);
	}
	return fake_now_and_then(3) ? -(int)fake_caller.draw(130) - 1 : new_fd();
}

/* ------------------------------------------------------------ notifications */

void fake_caller_supply(struct supply *supply)
{
	fake_caller.effective = FAKE_RIGHTS;
	while (supply_init(supply, 3, FAKE_TOKEN) < 0)
		;
	supply->token = (struct sys_identity){ 9, 1 };
	supply->userns = (struct sys_identity){ 4, 1 };
}

void fake_caller_notify(struct supply *supply, const struct seccomp_notif *notif)
{
	fake_caller.gone = false;
	fake_caller.answers = fake_caller.write_count = 0;
	(void)handle_may_last(notif);
	handle_notification(supply, notif);
	if (fake_caller.gone ? fake_caller.answers > 1 : fake_caller.answers != 1)
		fail_msg("%u answers", fake_caller.answers);
	assert_int_equal(fake_caller.open, 0);
	assert_int_equal(fake_caller.reserved, 0);
	assert_int_equal(fake_caller.effective, FAKE_RIGHTS);
}
