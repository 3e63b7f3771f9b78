/* SPDX-License-Identifier: MIT */
/* What several of the live tests ask of the kernel, beside live.h. */
#ifndef BPFTOKEN_LIVE_MORE_H
#define BPFTOKEN_LIVE_MORE_H

#include "live.h"

#include "attr.h"
#include "names.h"
#include "policy.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The values of the cilium/ebpf example: the smallest delegation of practical use. */
#define SMALL_OPTIONS                                                                 \
	"--cmds map_create:prog_load --maps ringbuf --progs socket_filter --attachs " \
	"cgroup_inet_ingress"
#define SMALL_POLICY                                                \
	"delegate_cmds=map_create:prog_load,delegate_maps=ringbuf," \
	"delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress"

enum {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_RINGBUF = 27,
	PROG_SOCKET_FILTER = 1,
	PROG_KPROBE = 2,
	PROG_XDP = 6,
	ATTACH_XDP = 37,
};

static inline int try_map(uint32_t type, int token_fd, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token_fd;
	opts.type = type;
	opts.key_size = type == MAP_RINGBUF ? 0 : 4;
	opts.value_size = opts.key_size;
	opts.max_entries = type == MAP_RINGBUF ? (uint32_t)getpagesize() : 1;
	return bpftoken_map_create(&opts, err);
}

static inline int try_prog(uint32_t type, uint32_t attach_type, int token_fd,
			   struct bpftoken_error *err)
{
	const struct attr_insn insns[] = { ATTR_INSN_MOV_IMM(0, 0), ATTR_INSN_EXIT() };
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token_fd;
	opts.type = type;
	opts.expected_attach_type = attach_type;
	opts.insns = insns;
	opts.insn_cnt = LIVE_COUNT(insns);
	opts.license = "GPL";
	return bpftoken_prog_load(&opts, err);
}

/* Closes what a call made: 0, or the call's errno. */
static inline int closed(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static inline int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		live_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	return fd;
}

/* These capabilities, one bit each, as far as the process has them. */
static inline void set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t has;

	EXPECT_EQ(sys_capabilities(&has), 0);
	keep &= has;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++, keep >>= 32)
		data[i].effective = data[i].permitted = (uint32_t)keep;
	EXPECT_EQ(syscall(SYS_capset, &header, data), 0);
}

#define CAP(name) (1ULL << CAP_##name)
#define ALL_CAPS UINT64_MAX

/*
 * A change of ids makes a process dumpable again where the kernel is told so, which only
 * a VM of ours may be: what has to undo that is tested there.
 */
static inline void let_new_ids_be_dumpable(void)
{
	int fd = open("/proc/sys/fs/suid_dumpable", O_WRONLY | O_CLOEXEC);

	if (getenv("BPFTOKEN_KERNEL"))
		EXPECT_EQ(write(fd, "1", 1), 1);
	close(fd);
}

/* A setting of the machine, which only a VM of ours may change. */
static inline void write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	EXPECT(getenv("BPFTOKEN_KERNEL"));
	EXPECT_EQ(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

#define PERF_PARANOID "/proc/sys/kernel/perf_event_paranoid"
#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"

/* Runs body in a child; the test fails with it. */
static inline void in_child(void (*body)(void *data), void *data)
{
	int status;
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		body(data);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* Children of this process, and with a subreaper also what was orphaned below it. */
static inline size_t count_children(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	EXPECT(dir);
	while ((entry = readdir(dir))) {
		char path[300];
		const char *end;
		int parent;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		end = strrchr(live_file(path), ')');
		n += end && sscanf(end, ") %*c %d", &parent) == 1 && parent == getpid();
	}
	closedir(dir);
	return n;
}

/* Mounts, processes and descriptors of the host's side: the same before and after. */
struct left {
	size_t mounts, children, fds;
};

static inline struct left count_left(void)
{
	return (struct left){ live_count_mounts(), count_children(), live_count_fds() };
}

static inline void expect_left(const char *what, const struct left *before)
{
	struct left now = count_left();

	if (now.mounts != before->mounts || now.children != before->children ||
	    now.fds != before->fds)
		live_fail(__FILE__, __LINE__,
			  "%s: left %zu mounts, %zu processes, %zu fds; before %zu, %zu, "
			  "%zu",
			  what, now.mounts, now.children, now.fds, before->mounts,
			  before->children, before->fds);
}

/* `bpftoken` itself, where a container may run it too. */
static inline const char *command_copy(void)
{
	static char path[256];
	struct live_result result;

	if (path[0])
		return path;
	live_bpftoken(&result, "--version", NULL);
	EXPECT_EQ(result.status, 0);
	snprintf(path, sizeof(path), "%s", live_self());
	strcpy(strrchr(path, '/'), "/bpftoken");
	return path;
}

#define MAX_WORDS 30

/*
 * text's words, then tail's (NULL: none): a NULL-terminated argv in words, which live on.
 */
static inline void split(char *buf, size_t size, const char *text, char *const tail[],
			 char *words[MAX_WORDS])
{
	size_t n = 0;

	snprintf(buf, size, "%s", text);
	for (char *word = strtok(buf, " "); word; word = strtok(NULL, " ")) {
		EXPECT(n < MAX_WORDS - 1);
		words[n++] = word;
	}
	for (; tail && *tail; tail++) {
		EXPECT(n < MAX_WORDS - 1);
		words[n++] = *tail;
	}
	words[n] = NULL;
}

/* `bpftoken` with the arguments of text, split at blanks, and of tail. */
static inline void run_command(struct live_result *result, const char *text,
			       char *const tail[])
{
	char *words[MAX_WORDS], *argv[MAX_WORDS + 1], buf[2048];

	split(buf, sizeof(buf), text, tail, words);
	argv[0] = (char *)(uintptr_t)command_copy();
	memcpy(argv + 1, words, sizeof(words));
	live_command(result, argv);
}

/*
 * `bpftoken run OPTIONS -- SELF --inside WORDS`: a function of this program, in a
 * container. It has to end with this status.
 */
static inline void run_inside(int status, const char *options, const char *inside)
{
	static struct live_result result;
	char text[2048];

	snprintf(text, sizeof(text), "run %s -- %s --inside %s", options, live_self(),
		 inside);
	run_command(&result, text, NULL);
	if (result.status != status)
		live_fail(__FILE__, __LINE__, "%s: status %d, not %d: %s%s", text,
			  result.status, status, result.out, result.err);
}

/* Exactly one line, of the form of all errors, behind the warnings of `run`, if any. */
static inline void expect_one_line(const char *what, const char *text)
{
	const char *newline;

	while (!strncmp(text, "bpftoken: warning: ", 19) && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	newline = strchr(text, '\n');
	if (strncmp(text, "bpftoken", 8) != 0 || !newline || newline[1])
		live_fail(__FILE__, __LINE__, "%s: not one line: \"%s\"", what, text);
}

#endif
