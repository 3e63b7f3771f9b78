/* SPDX-License-Identifier: MIT */
/* Behind fake-sys.h: faults, descriptors, and the calls that are about files. */
#include "fake-sys.h"

#include "carry.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#define MAX_FDS 1024
#define MAX_FILES 32
#define MAX_NAMES 64

struct file {
	const char *path;
	const void *content;
	size_t size;
};

struct descriptor {
	const char *kind;
	bool open, given;
	const struct file *file; /* what it reads, with at */
	size_t at;
	unsigned int token; /* row of fake.masks */
	int number;
};

struct fake fake;

static struct descriptor fds[MAX_FDS];
static struct file files[MAX_FILES];
static struct {
	const char *name;
	unsigned int calls;
} names[MAX_NAMES];
static size_t fd_count, file_count;
static unsigned int token_count;

/* The one fault: name NULL counts every call. */
static struct {
	const char *name, *hit;
	unsigned int left;
	int error;
} fault;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&fault, 0, sizeof(fault));
	memset(names, 0, sizeof(names));
	fd_count = file_count = token_count = 0;
	fake_calls_reset();
	carry_forget();
	fake.low_fd = -1;
	fake.read_most = SIZE_MAX;
	fake.capabilities = fake.effective = UINT64_MAX;
	fake.own_userns = FAKE_INIT_USERNS;
	fake.fs_type = FAKE_BPF_FS;
	fake.file_mode = S_IFREG | 0600;
	for (size_t i = 0; i < ARRAY_SIZE(fake.bpf_result); i++)
		fake.bpf_result[i] = FAKE_NEW_FD;
	fake.bpf_result[ATTR_OBJ_GET_INFO_BY_FD] = 0;
	memset(fake.masks, 0xff, sizeof(fake.masks));
}

/* ------------------------------------------------------------------ faults */

void fake_fail(const char *name, unsigned int nth, int error)
{
	memset(&fault, 0, sizeof(fault));
	fault.name = name;
	fault.left = nth;
	fault.error = error;
}

void fake_fail_any(unsigned int nth, int error)
{
	fake_fail(NULL, nth, error);
}

/* Nothing fails any more; what did is remembered. */
void fake_fail_done(void)
{
	fault.left = 0;
}

const char *fake_failed(void)
{
	return fault.hit;
}

static unsigned int *counter(const char *name)
{
	size_t i = 0;

	while (i < MAX_NAMES && names[i].name && strcmp(names[i].name, name) != 0)
		i++;
	if (i == MAX_NAMES)
		fail_msg("fake-sys.c: MAX_NAMES is too small");
	names[i].name = name;
	return &names[i].calls;
}

unsigned int fake_count(const char *name)
{
	return *counter(name);
}

/* Every call that can fail starts here: counts it, and fails it when it is its turn. */
int fake_step(const char *name)
{
	(*counter(name))++;
	if (fake.become || !fault.left || (fault.name && strcmp(fault.name, name) != 0) ||
	    --fault.left)
		return 0;
	fault.hit = name;
	return -fault.error;
}

/* ------------------------------------------------------------- descriptors */

int fake_new_fd(const char *kind, bool given)
{
	if (fd_count == MAX_FDS)
		fail_msg("fake-sys.c: MAX_FDS is too small");
	fds[fd_count] = (struct descriptor){
		.kind = kind,
		.open = true,
		.given = given,
		.number = fake.low_fd < 0 ? FAKE_FIRST_FD + (int)fd_count : fake.low_fd,
	};
	fake.low_fd = -1;
	if (!strcmp(kind, "token"))
		fds[fd_count].token = token_count++ % FAKE_TOKENS;
	return fds[fd_count++].number;
}

int fake_given(const char *kind)
{
	return fake_new_fd(kind, true);
}

/* NULL for a number that never was a descriptor. */
static struct descriptor *find(int fd)
{
	for (size_t i = fd_count; i--;)
		if (fds[i].number == fd)
			return &fds[i];
	return NULL;
}

static struct descriptor *descriptor(int fd, const char *user)
{
	struct descriptor *found = find(fd);

	if (found && !found->open)
		fail_msg("%s: descriptor %d (%s) is closed already", user, fd,
			 found->kind);
	return found;
}

/* As fake_step(), for a call on a descriptor. */
int fake_step_fd(const char *name, int fd)
{
	bool known = descriptor(fd, name);
	int r = fake_step(name);

	return r == 0 && !known ? -EBADF : r;
}

/* As fake_step(), for a call that makes a descriptor. */
int fake_step_new(const char *name, const char *kind)
{
	int r = fake_step(name);

	return r < 0 ? r : fake_new_fd(kind, false);
}

bool fake_is_kind(int fd, const char *kind)
{
	const struct descriptor *found = descriptor(fd, kind);

	return found && !strcmp(found->kind, kind);
}

bool fake_is_known(int fd, const char *user)
{
	return descriptor(fd, user);
}

const char *fake_kind(int fd)
{
	return descriptor(fd, "test")->kind;
}

unsigned int fake_token(int fd)
{
	return descriptor(fd, "token")->token;
}

bool fake_is_open(int fd)
{
	const struct descriptor *found = find(fd);

	return found && found->open;
}

void fake_close_kind(const char *kind)
{
	for (size_t i = 0; i < fd_count; i++)
		if (fds[i].open && !strcmp(fds[i].kind, kind))
			fds[i].open = false;
}

void fake_assert_closed(int except)
{
	for (size_t i = 0; i < fd_count; i++)
		if (fds[i].open && !fds[i].given && fds[i].number != except)
			fail_msg("descriptor %d (%s) is left open after %s failed",
				 fds[i].number, fds[i].kind,
				 fault.hit ? fault.hit : "nothing");
}

int sys_close(int fd)
{
	struct descriptor *found = descriptor(fd, __func__);

	if (!found)
		fail_msg("sys_close: %d never was a descriptor", fd);
	if (found->given)
		fail_msg("sys_close: descriptor %d (%s) is the caller's", fd,
			 found->kind);
	found->open = false;
	return 0;
}

int sys_dup_high(int fd)
{
	int r = fake_step_fd(__func__, fd);

	return r < 0 ? r : fake_new_fd(descriptor(fd, __func__)->kind, false);
}

/* Nothing else of the host is kept by a child: it says what it goes on with. */
int sys_close_all_but(const int keep[], size_t count)
{
	if (!fake.leave)
		fail_msg("sys_close_all_but: only a child calls this");
	for (size_t i = 0; i < count; i++)
		if (keep[i] > 2)
			(void)descriptor(keep[i], __func__);
	return fake_step(__func__);
}

/* ------------------------------------------------------------------- files */

void fake_file_bytes(const char *path, const void *content, size_t size)
{
	if (file_count == MAX_FILES)
		fail_msg("fake-sys.c: MAX_FILES is too small");
	files[file_count++] = (struct file){ path, content, size };
}

void fake_file(const char *path, const char *content)
{
	fake_file_bytes(path, content, content ? strlen(content) : 0);
}

int fake_new_file(const char *kind, const char *path)
{
	int fd;

	for (size_t i = file_count; i--;) {
		if (fnmatch(files[i].path, path, FNM_PATHNAME))
			continue;
		fd = fake_new_fd(kind, false);
		find(fd)->file = &files[i];
		return fd;
	}
	return 0;
}

int sys_openat(int dir_fd, const char *path, int flags)
{
	int r = fake_step(__func__);

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(fake.may_lack); i++)
		fake.expected |= fake.may_lack[i] && !strcmp(path, fake.may_lack[i]);
	if (r == 0)
		r = fake_new_file("file", path);
	return r == 0 ? -ENOENT : r;
}

static ssize_t read_signal(void *buf, size_t size)
{
	struct signalfd_siginfo info = { .ssi_signo = SIGTERM, .ssi_code = SI_USER };

	assert_true(size >= sizeof(info));
	if (!fake.signals)
		return -EAGAIN;
	fake.signals--;
	memcpy(buf, &info, sizeof(info));
	return sizeof(info);
}

/* As on kernels that do not map their BTF, so that that is read. */
int sys_map_file(int fd, size_t largest, void **ret_data, size_t *ret_size)
{
	int r = fake_step_fd(__func__, fd);
	const struct file *file = descriptor(fd, __func__)->file;

	if (r < 0)
		return r;
	if (!file || !strncmp(file->path, "/sys/", 5))
		return -ENODEV;
	assert_true(file->size > 0 && file->size <= largest);
	*ret_size = file->size;
	*ret_data = malloc(file->size);
	assert_non_null(*ret_data);
	memcpy(*ret_data, file->content, file->size);
	fake.mapped++;
	return 0;
}

void sys_unmap(void *data, size_t size)
{
	if (!fake.mapped)
		fail_msg("%zu bytes at %p were never mapped", size, data);
	fake.mapped--;
	free(data);
}

/* What no path was opened for gives what is in the file of its kind's name. */
ssize_t sys_read(int fd, void *buf, size_t size)
{
	struct descriptor *from = descriptor(fd, __func__);
	int r = fake_step_fd(__func__, fd);
	size_t n;

	if (r < 0)
		return r;
	if (fake_is_kind(fd, "signalfd"))
		return read_signal(buf, size);
	for (size_t i = 0; i < file_count && !from->file; i++)
		if (!strcmp(files[i].path, from->kind))
			from->file = &files[i];
	if (!from->file)
		return -ENODATA;
	n = from->file->size - from->at;
	n = n < size ? n : size;
	n = n < fake.read_most ? n : fake.read_most;
	memcpy(buf, (const char *)from->file->content + from->at, n);
	from->at += n;
	return (ssize_t)n;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	int r = fake_step_fd(__func__, fd);

	return r < 0 ? r : (ssize_t)size;
}

int sys_fs_type(int fd, uint32_t *ret_type)
{
	int r = fake_step_fd(__func__, fd);

	if (r == 0)
		*ret_type = fake_is_kind(fd, "bpf") ? 0x09041934 : fake.fs_type;
	return r;
}

int sys_file_mode(int fd, mode_t *ret_mode, uint64_t *ret_links)
{
	int r = fake_step_fd(__func__, fd);

	if (r == 0) {
		*ret_mode = fake.file_mode;
		*ret_links = fake.file_links;
	}
	return r;
}

/* Root's; a file without content is a directory. */
int sys_owner(int fd, struct sys_owner *ret_owner)
{
	const struct descriptor *of = descriptor(fd, __func__);
	int r = fake_step_fd(__func__, fd);

	if (r < 0)
		return r;
	*ret_owner = (struct sys_owner){
		.mode = of->file && of->file->content ? S_IFREG | 0644 : S_IFDIR | 0755,
	};
	return 0;
}

int sys_set_cloexec(int fd)
{
	return fake_step_fd(__func__, fd);
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	int r = fake_step_fd(__func__, fd);

	if (r == 0)
		*ret_id = FAKE_MOUNT_ID;
	return r;
}

int sys_lock(int fd)
{
	return fake_step_fd(__func__, fd);
}

int sys_unlock(int fd)
{
	(void)fake_is_known(fd, __func__);
	return 0;
}

int sys_path_fs_type(const char *path, uint32_t *ret_type)
{
	int r = fake_step(__func__);

	*ret_type = fake.fs_type;
	return r;
}

/*
 * Every file is a token of the bpffs that the test asks for. But in a container's root
 * there are other devices, and a third one where another hook was before.
 */
int sys_look_at(int dir_fd, const char *path, struct sys_file *ret_file)
{
	int r = fake_step_fd(__func__, dir_fd);
	bool root = r == 0 && fake_is_kind(dir_fd, "root");
	bool place = r == 0 && fake_is_kind(dir_fd, "target");

	*ret_file = (struct sys_file){ .dev = FAKE_DEVICE, .mode = S_IFREG | 0600 };
	if ((root || place) && fake.covered_before)
		ret_file->dev = FAKE_DEVICE + 2;
	else if ((root && !fake.covered) || place)
		ret_file->dev = FAKE_DEVICE + 1 + (uint64_t)place;
	return r;
}

int sys_look(const char *path, struct sys_file *ret_file)
{
	int r = fake_step(__func__);

	*ret_file = (struct sys_file){ .dev = FAKE_DEVICE, .mode = S_IFREG | 0600 };
	return r;
}

/* A directory is a file that holds the names. */
ssize_t sys_read_names(int dir_fd, char *entries, size_t size)
{
	return sys_read(dir_fd, entries, size);
}

int sys_mount_root(int fd, uint64_t *ret_id)
{
	int r = fake_step_fd(__func__, fd);

	*ret_id = FAKE_MOUNT_ID;
	return r < 0 ? r : 1;
}

int sys_inode(int dir_fd, const char *path, uint64_t *ret_inode)
{
	bool of_host = strstr(path, "/self/") || strstr(path, "/proc/1/");
	int r = fake_step(__func__);

	/* a root that lacks a capability of pid 1 may not look at it; fstat() never says so */
	fake.expected |= (!path[0] || strstr(path, "/proc/1/")) && r == -EACCES;
	if (r < 0)
		return r;
	*ret_inode = of_host ? fake.own_userns : 4026532200U;
	if (!path[0] && fake_is_kind(dir_fd, "owner") && fake.foreign)
		*ret_inode = FAKE_INIT_USERNS;
	return 0;
}

/* ------------------------------------------------------------------ errors */

void fake_poison(struct bpftoken_error *err)
{
	memset(err, 0x5a, sizeof(*err));
}

void fake_assert_poisoned(const struct bpftoken_error *err)
{
	struct bpftoken_error untouched;

	fake_poison(&untouched);
	assert_memory_equal(err, &untouched, sizeof(untouched));
}
