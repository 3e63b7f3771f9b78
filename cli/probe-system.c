/* SPDX-License-Identifier: MIT */
/*
 * The section "system": what decides about BPF beside the token. /proc/sys, the kernel's
 * configuration (/proc/config.gz, /boot/config-RELEASE), securityfs, the process itself.
 */
#include "probe-system.h"

#include "bpffs.h"
#include "text.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int add(struct system_facts *facts, const char *group, const char *name,
	       const char *value, const char *means)
{
	_cleanup_free_ char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	if (facts->count == facts->size) {
		size_t size = facts->size ? facts->size * 2 : 64;
		struct system_fact *grown =
			reallocarray(facts->facts, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		facts->facts = grown;
		facts->size = size;
	}
	facts->facts[facts->count++] =
		(struct system_fact){ group, name, TAKE_PTR(copy), means };
	return 0;
}

/* The first line of a small file, or NULL. */
static const char *first_line(const char *path, char *text, size_t size)
{
	if (text_read_file(path, text, size) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* ----------------------------------------------------------------- sysctls */

static const struct sysctl_row {
	const char *name, *path;
	struct {
		const char *value, *means;
	} meanings[4];
} sysctl_rows[] = {
	{ "unprivileged_bpf_disabled",
	  "/proc/sys/kernel/unprivileged_bpf_disabled",
	  { { "0", "some program and map types are for everyone" },
	    { "1", "bpf() needs privilege, until the next boot" },
	    { "2", "bpf() needs privilege; the administrator can change it" } } },
	{ "bpf_jit_enable",
	  "/proc/sys/net/core/bpf_jit_enable",
	  { { "0", "programs are interpreted" },
	    { "1", "programs are compiled" },
	    { "2", "programs are compiled, and dumped into the kernel's log" } } },
	{ "bpf_jit_harden",
	  "/proc/sys/net/core/bpf_jit_harden",
	  { { "0", "constants are not blinded" },
	    { "1", "constants of unprivileged programs are blinded" },
	    { "2", "constants of all programs are blinded" } } },
	{ "bpf_jit_kallsyms",
	  "/proc/sys/net/core/bpf_jit_kallsyms",
	  { { "0", "programs have no kernel symbols" },
	    { "1", "programs have kernel symbols that root sees" } } },
	{ "bpf_jit_limit",
	  "/proc/sys/net/core/bpf_jit_limit",
	  { { NULL, "bytes of compiled programs, for the unprivileged" } } },
	{ "perf_event_paranoid",
	  "/proc/sys/kernel/perf_event_paranoid",
	  { { "-1", "no restriction" },
	    { "0", "tracepoints need privilege" },
	    { "1", "events of a CPU need privilege" },
	    { "2",
	      "events of the kernel need privilege: no perf buffer in a container" } } },
	{ "kptr_restrict",
	  "/proc/sys/kernel/kptr_restrict",
	  { { "0", "kernel addresses are hashed" },
	    { "1", "kernel addresses are shown to privileged readers" },
	    { "2", "kernel addresses are hidden" } } },
};

static int add_sysctls(struct system_facts *facts)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sysctl_rows) && r == 0; i++) {
		const struct sysctl_row *row = &sysctl_rows[i];
		const char *means = NULL;
		char text[64];
		const char *value = first_line(row->path, text, sizeof(text));

		for (size_t j = 0; value && j < ARRAY_SIZE(row->meanings); j++)
			if (row->meanings[j].means &&
			    (!row->meanings[j].value ||
			     !strcmp(row->meanings[j].value, value)))
				means = row->meanings[j].means;
		r = add(facts, "sysctls", row->name, value,
			value ? means : "not shown here");
	}
	return r;
}

/* ------------------------------------------------------------------ config */

static const char *const config_names[] = {
	"CONFIG_BPF",
	"CONFIG_BPF_SYSCALL",
	"CONFIG_HAVE_EBPF_JIT",
	"CONFIG_BPF_JIT",
	"CONFIG_BPF_JIT_ALWAYS_ON",
	"CONFIG_BPF_UNPRIV_DEFAULT_OFF",
	"CONFIG_BPF_LSM",
	"CONFIG_DEBUG_INFO_BTF",
	"CONFIG_DEBUG_INFO_BTF_MODULES",
	"CONFIG_CGROUPS",
	"CONFIG_CGROUP_BPF",
	"CONFIG_CGROUP_NET_CLASSID",
	"CONFIG_SOCK_CGROUP_DATA",
	"CONFIG_BPF_EVENTS",
	"CONFIG_KPROBE_EVENTS",
	"CONFIG_UPROBE_EVENTS",
	"CONFIG_FPROBE",
	"CONFIG_TRACING",
	"CONFIG_FTRACE_SYSCALLS",
	"CONFIG_FUNCTION_ERROR_INJECTION",
	"CONFIG_BPF_KPROBE_OVERRIDE",
	"CONFIG_NET",
	"CONFIG_XDP_SOCKETS",
	"CONFIG_LWTUNNEL_BPF",
	"CONFIG_NET_ACT_BPF",
	"CONFIG_NET_CLS_BPF",
	"CONFIG_NET_CLS_ACT",
	"CONFIG_NET_SCH_INGRESS",
	"CONFIG_NETKIT",
	"CONFIG_XFRM",
	"CONFIG_IP_ROUTE_CLASSID",
	"CONFIG_IPV6_SEG6_BPF",
	"CONFIG_BPF_LIRC_MODE2",
	"CONFIG_BPF_STREAM_PARSER",
	"CONFIG_NETFILTER_XT_MATCH_BPF",
	"CONFIG_NETFILTER_BPF_LINK",
	"CONFIG_TEST_BPF",
	"CONFIG_HZ",
	"CONFIG_USER_NS",
};

/* "CONFIG_NAME=value" into the place of the name. */
static int take_config_line(char *line, char *values[])
{
	char *value = strchr(line, '=');

	if (strncmp(line, "CONFIG_", 7) != 0 || !value)
		return 0;
	*value++ = '\0';
	value[strcspn(value, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(config_names); i++) {
		if (values[i] || strcmp(config_names[i], line) != 0)
			continue;
		values[i] = strdup(value);
		return values[i] ? 0 : -ENOMEM;
	}
	return 0;
}

/* What we use of zlib, opened here alone: no other path of the command loads it. */
struct zlib {
	void *handle;
	void *(*open)(const char *path, const char *mode);
	char *(*gets)(void *file, char *line, int size);
	int (*close)(void *file);
};

static bool zlib_load(struct zlib *zlib)
{
	zlib->handle = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!zlib->handle)
		return false;
	*(void **)&zlib->open = dlsym(zlib->handle, "gzopen");
	*(void **)&zlib->gets = dlsym(zlib->handle, "gzgets");
	*(void **)&zlib->close = dlsym(zlib->handle, "gzclose");
	return zlib->open && zlib->gets && zlib->close;
}

static void zlib_done(struct zlib *zlib)
{
	if (zlib->handle)
		dlclose(zlib->handle);
}

static void *open_config(const struct zlib *zlib, const char *release)
{
	char path[512];
	void *file = zlib->open("/proc/config.gz", "re");

	if (file)
		return file;
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	return zlib->open(path, "re"); /* reads what is not compressed, too */
}

static int add_config(struct system_facts *facts, const char *release)
{
	_cleanup_(zlib_done) struct zlib zlib = { 0 };
	char *values[ARRAY_SIZE(config_names)] = { NULL };
	char line[1024];
	void *file;
	int r = 0;

	if (!zlib_load(&zlib))
		return add(facts, "config", "CONFIG", NULL, "libz.so.1 is not here");
	file = open_config(&zlib, release);
	if (!file)
		return add(facts, "config", "CONFIG", NULL,
			   "neither /proc/config.gz nor /boot/config-RELEASE is here");
	while (r == 0 && zlib.gets(file, line, sizeof(line)))
		r = take_config_line(line, values);
	zlib.close(file);
	for (size_t i = 0; i < ARRAY_SIZE(config_names); i++) {
		if (r == 0)
			r = add(facts, "config", config_names[i], values[i], NULL);
		free(values[i]);
	}
	return r;
}

/* ----------------------------------------------------------------- process */

static const struct {
	int bit;
	const char *name;
} capability_rows[] = {
	{ 12, "CAP_NET_ADMIN" },    { 13, "CAP_NET_RAW" }, { 21, "CAP_SYS_ADMIN" },
	{ 24, "CAP_SYS_RESOURCE" }, { 34, "CAP_SYSLOG" },  { 38, "CAP_PERFMON" },
	{ 39, "CAP_BPF" },
};

static int add_capabilities(struct system_facts *facts)
{
	_cleanup_text_ struct text names = { 0 };
	uint64_t has = 0;

	if (sys_capabilities(&has) < 0)
		return add(facts, "process", "capabilities", NULL, "not shown here");
	for (size_t i = 0; i < ARRAY_SIZE(capability_rows); i++)
		if (has >> capability_rows[i].bit & 1)
			text_add(&names, "%s%s", names.len ? " " : "",
				 capability_rows[i].name);
	if (names.failed)
		return -ENOMEM;
	return add(facts, "process", "capabilities", names.data ? names.data : "",
		   "those of BPF, in this user namespace");
}

static int add_process(struct system_facts *facts)
{
	int initial = bpffs_in_initial_userns(0);
	int r = add(facts, "process", "user_namespace",
		    initial < 0 ? NULL
		    : initial	? "initial"
				: "not initial",
		    initial == 0 ? "a token is the way to BPF here"
				 : "capabilities count here, and tokens do not exist");

	return r < 0 ? r : add_capabilities(facts);
}

/* The list of /sys/kernel/security/lockdown has its choice in brackets. */
static int add_security(struct system_facts *facts)
{
	char text[256];
	const char *value = first_line("/sys/kernel/security/lsm", text, sizeof(text));
	int r = add(facts, "security", "lsm", value, value ? NULL : "not shown here");

	if (r < 0)
		return r;
	value = first_line("/sys/kernel/security/lockdown", text, sizeof(text));
	if (value && strchr(value, '[')) {
		value = strchr(value, '[') + 1;
		text[(size_t)(value - text) + strcspn(value, "]")] = '\0';
	}
	return add(facts, "security", "lockdown", value, value ? NULL : "not shown here");
}

int system_facts_read(struct system_facts *facts)
{
	struct utsname name = { .release = "" };
	bool btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	int r;

	(void)uname(&name);
	r = add(facts, "kernel", "release", name.release, NULL);
	if (r == 0)
		r = add(facts, "kernel", "machine", name.machine, NULL);
	if (r == 0)
		r = add(facts, "kernel", "btf", btf ? "/sys/kernel/btf/vmlinux" : NULL,
			btf ? NULL : "the kernel shows none: newer names are unknown");
	if (r == 0)
		r = add_sysctls(facts);
	if (r == 0)
		r = add_security(facts);
	if (r == 0)
		r = add_process(facts);
	return r < 0 ? r : add_config(facts, name.release);
}

void system_facts_done(struct system_facts *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		free(facts->facts[i].value);
	free(facts->facts);
}
