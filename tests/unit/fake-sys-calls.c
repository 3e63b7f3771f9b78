/* SPDX-License-Identifier: MIT */
/* The scripted calls that are about bpf(), mounts and sockets. */
#include "fake-sys.h"

#define MAX_MESSAGES 16
#define FSCONFIG_CMD_CREATE_ 6U

static struct {
	unsigned char data[512];
	size_t size;
	const char *kind;
} messages[MAX_MESSAGES];
static size_t message_count, message_next;
static int cwd;

void fake_calls_reset(void)
{
	message_count = message_next = 0;
	cwd = -EBADF;
}

/* ------------------------------------------------------------- bpf, mounts */
static int token_create(const struct attr_token_create *attr)
{
	if (fake.no_tokens)
		return -EINVAL;
	if (!fake_is_known((int)attr->bpffs_fd, "BPF_TOKEN_CREATE"))
		return -EBADF;
	return fake.bpf_result[ATTR_TOKEN_CREATE] == FAKE_NEW_FD
		       ? fake_new_fd("token", false)
		       : fake.bpf_result[ATTR_TOKEN_CREATE];
}

static int obj_get_info(const struct attr_obj_info *attr)
{
	if (!fake_is_known((int)attr->bpf_fd, "BPF_OBJ_GET_INFO_BY_FD"))
		return -EBADF;
	assert_int_equal(attr->info_len, sizeof(fake.masks[0]));
	if (fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD] == 0)
		memcpy((void *)(uintptr_t)attr->info,
		       fake.masks[fake_token((int)attr->bpf_fd)], sizeof(fake.masks[0]));
	return fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD];
}

int sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	return fake_step_new(__func__, "perf event");
}

/*
 * Does it carry the descriptor -1, and so only asks whether the command takes a token?
 * Then the answer: not counted and not remembered, for it comes once in a process.
 */
static bool token_question(unsigned int cmd, const void *attr, uint32_t size, int *ret)
{
	const struct attr_token_row *row = attr_token_row(cmd);
	int32_t fd = 0;

	if (row && size >= row->min_size)
		memcpy(&fd, (const char *)attr + row->fd_offset, sizeof(fd));
	if (fd != -1)
		return false;
	fake.questions++;
	*ret = fake.no_tokens || fake.takes_no_token[row->index] ? -EINVAL : -EBADF;
	return true;
}

int sys_bpf_common(unsigned int cmd, void *attr, uint32_t size, void *common,
		   uint32_t common_size)
{
	int r;

	fake.common = common;
	fake.common_size = common_size;
	if (cmd & ATTR_COMMON_ATTRS) {
		r = sys_bpf(cmd & ~ATTR_COMMON_ATTRS, attr, size);
		fake.bpf.cmd = cmd;
		return r;
	}
	return sys_bpf(cmd, attr, size);
}

int sys_bpf(unsigned int cmd, void *attr, uint32_t size)
{
	int r;

	if (token_question(cmd, attr, size, &r))
		return r;
	r = fake_step(__func__);
	assert_true(size <= sizeof(fake.bpf.attr) && cmd < ARRAY_SIZE(fake.bpf_result));
	fake.bpf.cmd = cmd;
	fake.bpf.size = size;
	memset(fake.bpf.attr, 0, sizeof(fake.bpf.attr));
	if (size)
		memcpy(fake.bpf.attr, attr, size);
	if (r < 0)
		return r;
	if (cmd == ATTR_TOKEN_CREATE)
		return token_create(attr);
	if (cmd == ATTR_OBJ_GET_INFO_BY_FD)
		return obj_get_info(attr);
	if (cmd == ATTR_PROG_LOAD &&
	    size > offsetof(struct attr_prog_load, log_true_size))
		((struct attr_prog_load *)attr)->log_true_size = fake.log_true_size;
	return fake.bpf_result[cmd] == FAKE_NEW_FD ? fake_new_fd("bpf", false)
						   : fake.bpf_result[cmd];
}

int sys_fsopen(const char *fstype)
{
	/* of a front's files only the host's own */
	assert_true(!strcmp(fstype, "bpf") ||
		    (!strcmp(fstype, "tmpfs") && (!fake.leave || fake.become)));
	return fake_step_new(__func__, "fscontext");
}

/* Only a bpffs that can delegate refuses ":" with EINVAL. */
int sys_fsconfig(int fs_fd, unsigned int cmd, const char *key, const char *value)
{
	size_t len = strlen(fake.config);
	int r = fake_step_fd(__func__, fs_fd);

	fake.expected |= value && !strcmp(value, ":") && r == -EINVAL;
	if (r < 0)
		return r;
	if (value && !strcmp(value, ":"))
		return -EINVAL;
	if (cmd == FSCONFIG_CMD_CREATE_)
		snprintf(fake.config + len, sizeof(fake.config) - len, " create");
	else
		snprintf(fake.config + len, sizeof(fake.config) - len, " %s=%s", key,
			 value);
	return 0;
}

int sys_fsmount(int fs_fd, unsigned int mount_attrs)
{
	int r = fake_step_fd(__func__, fs_fd);

	return r < 0 ? r : fake_new_fd("mount", false);
}

int sys_move_mount(int from_fd, int to_fd)
{
	int r = fake_step_fd(__func__, from_fd);

	if (r < 0)
		return r;
	if (!fake_is_known(to_fd, __func__))
		return -EBADF;
	/* A file of the new mount's is no place of its own. */
	*(fake_is_kind(to_fd, "root") ? &fake.covered : &fake.placed) = true;
	return 0;
}

int sys_move_mount_beneath(int from_fd, int to_fd)
{
	int r = fake_step_fd(__func__, from_fd);

	if (r == 0 && !fake_is_known(to_fd, __func__))
		return -EBADF;
	fake.beneath |= r == 0;
	return r;
}

int sys_fspick(int dir_fd)
{
	int r = fake_step_fd(__func__, dir_fd);

	return r < 0 ? r : fake_new_fd("fscontext", false);
}

int sys_mount_readonly(int mount_fd)
{
	return fake_step_fd(__func__, mount_fd);
}

int sys_mount_private(int mount_fd)
{
	return fake_step_fd(__func__, mount_fd);
}

int sys_clone_mount(int dir_fd)
{
	int r = fake_step_fd(__func__, dir_fd);

	return r < 0 ? r : fake_new_fd("mount", false);
}

/* One in a tmpfs goes with it. */
int sys_mkdirat(int dir_fd, const char *name, mode_t mode)
{
	int r = fake_step_fd(__func__, dir_fd);

	fake.made += r == 0 && !fake_is_kind(dir_fd, "mount");
	return r;
}

int sys_rmdirat(int dir_fd, const char *name)
{
	int r = fake_step_fd(__func__, dir_fd);

	if (r == 0 && fake.placed && !fake.detached)
		return -EBUSY;
	fake.made -= r == 0;
	return r;
}

int sys_follow_in_root(int root_fd, const char *path, int flags)
{
	int r = fake_step_fd(__func__, root_fd), file;

	if (!strncmp(path, "/none/", 6)) {
		fake.expected |=
			r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -ELOOP;
		return r < 0 ? r : -ENOENT;
	}
	file = r < 0 ? r : fake_new_file("root", path);
	return file ? file : fake_new_fd("root", false);
}

int sys_open_in_root(int root_fd, const char *path, int flags)
{
	int r = fake_step_fd(__func__, root_fd);

	/* what is to be made is not there yet */
	if (r == 0 && !fake.made && !fake.covered_before &&
	    (!strcmp(path, "/sys/fs/new") || strstr(path, "/.bpftoken")))
		return -ENOENT;
	return r < 0 ? r : fake_new_fd("target", false);
}

int sys_fchdir(int fd)
{
	int r = fake_step_fd(__func__, fd);

	if (r == 0)
		cwd = fd;
	return r;
}

/*
 * Only the mount itself, by ".", whatever is on the path by now; but a program has nothing
 * else than its path, inside.
 */
int sys_umount(const char *target, int flags)
{
	int r = fake_step(__func__);

	if (r == 0 && fake.covered && strcmp(target, ".") != 0) {
		assert_true(fake.in_root);
		fake.covered = false;
	}
	/* as of a mount that is in no mount namespace */
	if (r == 0 && !strcmp(target, ".") && fake_is_kind(cwd, "mount") && !fake.placed)
		return -EINVAL;
	if (r == 0 && !strcmp(target, "."))
		*(fake_is_kind(cwd, "mount") ? &fake.detached : &fake.old_detached) =
			true;
	return r;
}

/* ----------------------------------------------------------------- sockets */

void fake_message(const void *data, size_t size, const char *kind)
{
	assert_true(message_count < MAX_MESSAGES && size <= sizeof(messages[0].data));
	memcpy(messages[message_count].data, data, size);
	messages[message_count].size = size;
	messages[message_count++].kind = kind;
}

bool fake_last_message(void)
{
	if (message_next == message_count)
		return false;
	message_next = message_count - 1;
	return true;
}

int sys_socketpair(int ret_fds[2])
{
	int r = fake_step(__func__);

	for (int i = 0; r == 0 && i < 2; i++)
		ret_fds[i] = fake_new_fd("socket", false);
	return r;
}

int sys_socket_inet(void)
{
	return fake_step_new(__func__, "inet");
}

int sys_send_fd(int sock, const void *data, size_t size, int fd)
{
	int r = fake_step_fd(__func__, sock);

	if (r < 0)
		return r;
	if (fd >= 0)
		assert_true(fake_is_known(fd, __func__));
	if (fake.echo) {
		fake_message(data, size, fd >= 0 ? fake_kind(fd) : NULL);
		return 0;
	}
	assert_true(fake.sent_count < ARRAY_SIZE(fake.sent) && size >= sizeof(uint32_t));
	memcpy(&fake.sent[fake.sent_count++], data, sizeof(uint32_t));
	return 0;
}

int sys_recv_fd(int sock, int timeout_ms, void *data, size_t size, int *ret_fd)
{
	int r = fake_step_fd(__func__, sock);

	assert_true(timeout_ms > 0);
	if (r < 0)
		return r;
	if (message_next == message_count)
		return fake.silence;
	if (!messages[message_next].size)
		return message_next++, 0;
	if (messages[message_next].size != size)
		return -EPROTO;
	memcpy(data, messages[message_next].data, size);
	*ret_fd = messages[message_next].kind
			  ? fake_new_fd(messages[message_next].kind, false)
			  : -EBADF;
	message_next++;
	return 1;
}
