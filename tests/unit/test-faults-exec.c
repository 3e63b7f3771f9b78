/* SPDX-License-Identifier: MIT */
/*
 * `exec` and the start of `learn`: the parent, the child, and the answer to each call.
 * Whatever fails, a caller that waits is answered once: with a descriptor, with an errno,
 * or by letting its call go on; the supervisor has all its rights again.
 */
#include "faults.h"

#include "bpffs.h"
#include "container.h"
#include "copy.h"
#include "error.h"
#include "exec.h"
#include "handle.h"
#include "handshake.h"
#include "supervisor.h"
#include "trace-start.h"

#include <seccomp.h>
#include <signal.h>

/* ----------------------------------------------------------------- what is below */

/* Threads have a test of their own: here one starts or does not. */
int supervisor_start(struct supervisor *supervisor, struct bpftoken_error *err)
{
	int r = fake_step("supervisor_start");

	(void)supervisor;
	return r < 0 ? err_raise(err, BPFTOKEN_STAGE_LISTENER, r, "a thread") : 0;
}

/* With --minimize alone. */
int container_run(const struct container *container, struct bpftoken_error *err)
{
	(void)container, (void)err;
	fail_msg("container_run: the program has no container");
	return -EIO;
}

/* Its file is not a real one. */
int __wrap_seccomp_export_bpf(scmp_filter_ctx ctx, int fd);
int __wrap_seccomp_export_bpf(scmp_filter_ctx ctx, int fd)
{
	return ctx ? fake_step_fd("seccomp_export_bpf", fd) : -EINVAL;
}

/* ------------------------------------------------------------------- the parent */

static char *const argv[] = { (char[]){ "/bin/program" }, NULL };

static void note(const char *sentence)
{
	assert_non_null(sentence);
}

static void usual(void)
{
	fake.own_userns = 4026532200U;
	fake.exit_status = 3;
	fake.bpf_result[ATTR_MAP_CREATE] = -ECANCELED;
	fake_file("/bin/program", "#!/bin/sh\n");
}

static void notify_set_up(void)
{
	usual();
	faults_says(HANDSHAKE_LISTENER, "listener");
}

static int run(enum exec_via via, struct bpftoken_error *err)
{
	const struct exec_options options = {
		.token_fd = given.token,
		.via = via,
		.pid_file = fake.become ? NULL : "/run/pid",
		.preload = "/lib/preload.so",
		.argv = argv,
		.note = note,
	};
	int r = exec_run(&options, err);

	assert_false(fake.signals_blocked && fake_failed() &&
		     strcmp(fake_failed(), "sys_block_signals") != 0);
	/* once threads serve the listener, it is theirs, until the process ends */
	if (fake_count("supervisor_start") &&
	    strcmp("supervisor_start", fake_failed() ? fake_failed() : ""))
		fake_close_kind("listener");
	return r;
}

static int run_notify(struct bpftoken_error *err)
{
	return run(EXEC_NOTIFY, err);
}

static int run_preload(struct bpftoken_error *err)
{
	return run(EXEC_PRELOAD, err);
}

static int run_auto(struct bpftoken_error *err)
{
	return run(EXEC_AUTO, err);
}

static void child_set_up(void)
{
	usual();
	fake.become = 1;
	fake_file_bytes("filter", "12345678", 8);
}

static int child_notify(struct bpftoken_error *err)
{
	return faults_inside(run_notify, err);
}

static int child_preload(struct bpftoken_error *err)
{
	return faults_inside(run_preload, err);
}

static void check_executed(int r)
{
	if (r == 0)
		assert_true(fake.executed);
}

/* ------------------------------------------------------------ one call's answer */

static union {
	struct attr_map_create map;
	struct attr_prog_load prog;
	struct attr_btf_load btf;
	unsigned char bytes[256];
} attr;
static const struct attr_insn insns[2] = { { .code = 0x18, .regs = 1 << 4, .imm = 5 } };
static char log_buf[64];

static int handle(uint32_t cmd, uint32_t size)
{
	static struct supply supply;
	struct seccomp_notif notif = { .id = 42, .pid = FAKE_CHILD };

	supply = (struct supply){ .listener = given.sock, .token_fd = given.token };
	pthread_mutex_init(&supply.places.lock, NULL);
	supply.token = (struct sys_identity){ .dev = 4, .ino = 2 };
	supply.userns = (struct sys_identity){ .dev = 4, .ino = 1 };
	supply.capabilities = UINT64_MAX;
	notif.data.args[0] = cmd;
	notif.data.args[1] = (uintptr_t)&attr;
	notif.data.args[2] = size;
	handle_notification(&supply, &notif);
	/* where the kernel says so, the caller has gone */
	if (fake_failed() && !strcmp(fake_failed(), "sys_notif_send"))
		return 0;
	if (fake.answers != 1)
		fail_msg("%u answers, %s failed", fake.answers, fake_failed());
	if (fake.effective != UINT64_MAX && fake_count("sys_set_effective") < 2)
		fail_msg("the caller's rights are left, %s failed", fake_failed());
	return 0;
}

static int patched(struct bpftoken_error *err)
{
	(void)err;
	memset(&attr, 0, sizeof(attr));
	return handle(ATTR_MAP_CREATE, 80);
}

static void closed_set_up(void)
{
	fake.standard_closed = true;
}

static int frozen_map(struct bpftoken_error *err)
{
	(void)err;
	memset(&attr, 0, sizeof(attr));
	attr.map.inner_map_fd = 5;
	attr.map.map_type = 12;
	attr.map.btf_key_type_id = 1;
	attr.map.btf_fd = 6;
	return handle(ATTR_MAP_CREATE, 72);
}

static int frozen_prog(struct bpftoken_error *err)
{
	(void)err;
	memset(&attr, 0, sizeof(attr));
	attr.prog.insns = (uintptr_t)insns;
	attr.prog.insn_cnt = 2;
	attr.prog.license = (uintptr_t)(char[128]){ "GPL" };
	attr.prog.log_buf = (uintptr_t)log_buf;
	attr.prog.log_size = sizeof(log_buf);
	attr.prog.prog_btf_fd = 7;
	attr.prog.func_info = (uintptr_t)insns;
	attr.prog.func_info_rec_size = 8;
	attr.prog.func_info_cnt = 1;
	return handle(ATTR_PROG_LOAD, 120);
}

static int frozen_btf(struct bpftoken_error *err)
{
	(void)err;
	memset(&attr, 0, sizeof(attr));
	attr.btf.btf = (uintptr_t)insns;
	attr.btf.btf_size = 8;
	attr.btf.btf_log_buf = (uintptr_t)log_buf;
	attr.btf.btf_log_size = sizeof(log_buf);
	attr.btf.btf_log_level = 1;
	return handle(ATTR_BTF_LOAD, 28);
}

/* Without a fault it is the token that was given, or the call that was made. */
static void check_patched(int r)
{
	(void)r;
	if (!fake_failed())
		assert_true(fake.continued == 1 && attr.map.map_flags & ATTR_F_TOKEN_FD);
}

static void check_performed(int r)
{
	(void)r;
	if (!fake_failed())
		assert_int_equal(fake.returned_fds, 1);
}

/* ------------------------------------------------------------------------ learn */

static int learn(struct bpftoken_error *err)
{
	const struct learn_trace trace = { .argv = argv, .out_fd = -EBADF };
	int sock = -EBADF;
	pid_t pid = start_program(&trace, &(sigset_t){ 0 }, &sock, err);

	if (pid >= 0) {
		sys_close(sock);
		fake.reaped = true; /* by the loop, which has a test of its own */
	}
	return pid;
}

static void learn_child_set_up(void)
{
	fake.become = 1;
	fake_file_bytes("socket", "", 1);
}

static int learn_child(struct bpftoken_error *err)
{
	return faults_inside(learn, err);
}

#define ANSWERED                                                                       \
	"sys_task_read sys_task_write sys_notif_valid sys_notif_send sys_notif_addfd " \
	"sys_identity sys_task_capabilities sys_task_fd_count sys_link_exists "        \
	"sys_set_effective sys_bpf sys_task_open sys_task_fd sys_reserve"

static const struct fault_path paths[] = {
	/* the program ran: how long its number is known, who is woken where */
	{ "exec, notify", run_notify, notify_set_up,
	  "sys_notif_sync sys_unlink sys_write sys_raise_nofile sys_wait_signal "
	  "sys_reap_any sys_set_dumpable sys_block_signals",
	  .success = 3 },
	{ "exec, preload", run_preload, usual,
	  "sys_unlink sys_write sys_raise_nofile sys_wait_signal sys_reap_any "
	  "sys_set_dumpable sys_block_signals",
	  .success = 3 },
	/* where no listener can be had, the preload library */
	{ "exec, auto", run_auto, notify_set_up,
	  "sys_notif_sync sys_unlink sys_write sys_raise_nofile sys_wait_signal "
	  "sys_reap_any sys_set_dumpable sys_block_signals sys_poll sys_notif_recv "
	  "sys_notif_send sys_identity sys_capabilities supervisor_start",
	  .success = 3 },
	{ "exec's child, notify", child_notify, child_set_up,
	  "sys_set_dumpable sys_block_signals sys_seccomp_listen sys_no_new_privs",
	  .inside = true, .check = check_executed },
	{ "exec's child, preload", child_preload, child_set_up, "sys_block_signals",
	  .inside = true, .check = check_executed },
	{ "call that is patched", patched, NULL, ANSWERED, .check = check_patched },
	{ "call of who has no stdin", patched, closed_set_up, ANSWERED,
	  .check = check_patched },
	{ "frozen map", frozen_map, NULL, ANSWERED, .check = check_performed },
	{ "frozen program", frozen_prog, NULL, ANSWERED, .check = check_performed },
	{ "frozen BTF", frozen_btf, NULL, ANSWERED, .check = check_performed },
	{ "learn", learn, NULL, "", .success = FAKE_CHILD },
	{ "learn's child", learn_child, learn_child_set_up,
	  "sys_block_signals sys_capabilities", .inside = true, .check = check_executed },
};

int main(void)
{
	return faults_main(paths, ARRAY_SIZE(paths));
}
