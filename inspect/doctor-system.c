/* SPDX-License-Identifier: MIT */
/*
 * The gates of the machine: the system call itself, the kernel, its BTF, its settings and
 * security modules. Whether a call reaches the kernel is found by calling it so that the
 * kernel refuses it before it asks anybody: an attr larger than a page is E2BIG, a NULL
 * one of perf_event_open() EFAULT. Any other answer is a filter's.
 */
#include "doctor-gate.h"

#include "bpffs.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define NO_SUCH_SIZE (1U << 20)

static bool under_filter(void)
{
	char status[4096];

	(void)text_read_file("/proc/thread-self/status", status, sizeof(status));
	return strstr(status, "\nSeccomp:\t2");
}

/* In a child: a filter may end the process. 0, or what the call got instead. */
static int try_filtered(int (*call)(uint32_t which), uint32_t which, int expected)
{
	siginfo_t info = { 0 };
	int pidfd, r;
	pid_t pid = sys_clone(0, &pidfd);

	if (pid < 0)
		return 0;
	if (pid == 0)
		_Exit(-call(which) & 0xff);
	r = sys_reap(pidfd, BPFFS_DEFAULT_TIMEOUT_MS, &info);
	if (r < 0) {
		(void)sys_pidfd_signal(pidfd, SIGKILL);
		(void)sys_reap(pidfd, BPFFS_DEFAULT_TIMEOUT_MS, &info);
	}
	sys_close(pidfd);
	if (r < 0)
		return -ETIMEDOUT;
	if (info.si_code != CLD_EXITED)
		return -EINTR;
	return info.si_status == expected ? 0 : -info.si_status;
}

static int call_bpf(uint32_t cmd)
{
	return sys_bpf(cmd, NULL, NO_SUCH_SIZE);
}

static int call_perf(uint32_t which)
{
	(void)which;
	return sys_perf_event_open(NULL, 0, -1);
}

static void try_filter(struct doctor *d)
{
	static const uint32_t cmds[] = { ATTR_TOKEN_CREATE, ATTR_MAP_CREATE,
					 ATTR_PROG_LOAD, ATTR_BTF_LOAD,
					 ATTR_OBJ_GET_INFO_BY_FD };

	d->filtered = under_filter();
	if (!d->filtered)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cmds) && !d->filter; i++) {
		d->filter = try_filtered(call_bpf, cmds[i], E2BIG);
		d->cmd_refused = cmds[i];
	}
	d->perf_filter = try_filtered(call_perf, 0, EFAULT);
}

void doctor_look_system(struct doctor *d)
{
	(void)sys_capabilities(&d->capabilities);
	d->initial = bpffs_in_initial_userns(0) != 0;
	try_filter(d);
	if (!d->filter)
		d->supported = bpftoken_supported(NULL);
}

void gate_seccomp(struct doctor *d, struct doctor_finding *f)
{
	const char *name = bpftoken_name(BPFTOKEN_CMDS, d->cmd_refused);

	if (d->filter) {
		gate_shut(f, BPFTOKEN_KIND_DENIED,
			  "the seccomp filter of this process answers bpf(%s) itself: %s",
			  name ? name : "",
			  d->filter == -EINTR ? "it ends the process"
					      : strerror(-d->filter));
		gate_fix(f,
			 "allow bpf() in the container's seccomp profile; most engines "
			 "do for a container with CAP_BPF");
	} else if (d->opts->filter_unseen) {
		gate_unseen(f, "the process has a seccomp filter, which nobody else can "
			       "try");
		gate_fix(f, "run bpftoken doctor inside the container");
	} else {
		gate_open(f, d->filtered ? "the seccomp filter lets bpf() pass"
					 : "no seccomp filter");
	}
}

void gate_kernel(struct doctor *d, struct doctor_finding *f)
{
	struct utsname name = { 0 };

	(void)uname(&name);
	if (d->supported == -EOPNOTSUPP) {
		gate_shut(f, BPFTOKEN_KIND_KERNEL, "Linux %s has no BPF tokens",
			  name.release);
		gate_fix(f, "boot Linux 6.9 or newer");
	} else if (d->supported == -ENOSYS) {
		gate_shut(f, BPFTOKEN_KIND_KERNEL, "Linux %s is built without bpf()",
			  name.release);
		gate_fix(f, "boot a kernel with CONFIG_BPF_SYSCALL=y");
	} else if (d->supported < 0) {
		gate_unseen(f, "Linux %s, whose bpf() is refused before it says",
			    name.release);
		d->chain_shut = true;
	} else {
		gate_open(f, "Linux %s has BPF tokens", name.release);
	}
}

/* ------------------------------------------------------------------------- BTF */

/* Types whose programs name something in the kernel's BTF. */
#define NEED_BTF \
	(BIT(TYPE_TRACING) | BIT(TYPE_LSM) | BIT(TYPE_EXT) | BIT(TYPE_STRUCT_OPS))

void gate_btf(struct doctor *d, struct doctor_finding *f)
{
	uint64_t need = d->wanted.mask[BPFTOKEN_PROGS] & NEED_BTF;
	struct text names = { 0 };

	if (names_kernel_index()) {
		gate_open(f, "/sys/kernel/btf/vmlinux is there");
		return;
	}
	gate_fix(f, "show /sys/kernel/btf in the container, or boot a kernel with "
		    "CONFIG_DEBUG_INFO_BTF=y");
	for (uint32_t type = 0; type <= NAMES_MAX_VALUE; type++)
		if (!doctor_names(d, BPFTOKEN_PROGS, type))
			need &= ~BIT(type);
	if (need) {
		list_format(&names, BPFTOKEN_PROGS, need, ", ");
		gate_shut(f, BPFTOKEN_KIND_KERNEL,
			  "the kernel shows no BTF here, which programs of these types "
			  "name their target in: %s",
			  names.data ? names.data : "");
	} else {
		gate_limited(f, "the kernel shows no BTF here: programs that are built "
				"for any kernel (CO-RE) do not load");
	}
	text_done(&names);
}

/* ------------------------------------------------- settings and security modules */

void gate_unprivileged(struct doctor *d, struct doctor_finding *f)
{
	char value[16];

	(void)d;
	doctor_line("/proc/sys/kernel/unprivileged_bpf_disabled", value, sizeof(value));
	if (!value[0])
		gate_open(f, "kernel.unprivileged_bpf_disabled is not shown here");
	else if (!strcmp(value, "0"))
		gate_open(f,
			  "kernel.unprivileged_bpf_disabled is 0: some maps and socket "
			  "filters load without a token, too");
	else
		gate_open(f,
			  "kernel.unprivileged_bpf_disabled is %s: without the token "
			  "nothing loads",
			  value);
}

void gate_apparmor(struct doctor *d, struct doctor_finding *f)
{
	char on[8], label[128];

	(void)d;
	doctor_line("/sys/module/apparmor/parameters/enabled", on, sizeof(on));
	if (on[0] != 'Y') {
		gate_open(f, "not in use");
		return;
	}
	(void)text_read_file("/proc/thread-self/attr/apparmor/current", label,
			     sizeof(label));
	if (!label[0])
		(void)text_read_file("/proc/thread-self/attr/current", label,
				     sizeof(label));
	label[strcspn(label, "\n")] = '\0';
	gate_open(f, "this process is %s", text_quote(label, strlen(label)).text);
}

void gate_selinux(struct doctor *d, struct doctor_finding *f)
{
	char enforce[8], label[128];

	(void)d;
	doctor_line("/sys/fs/selinux/enforce", enforce, sizeof(enforce));
	if (!enforce[0]) {
		gate_open(f, "not in use, or not shown here");
		return;
	}
	doctor_line("/proc/thread-self/attr/current", label, sizeof(label));
	gate_open(f, "%s; this process is %s",
		  enforce[0] == '1' ? "enforcing" : "permissive",
		  text_quote(label, strlen(label)).text);
}
