/* SPDX-License-Identifier: MIT */
/*
 * libbpftoken-preload.so: gives the token to a program that calls bpf(2) through
 * syscall(3), where `bpftoken exec` can have no listener. It is put before the C library,
 * whichever that is, and so uses none: all it takes from it are errno's place and the
 * environment. Every other system call goes straight to the kernel (libbpf/syscall.S).
 *
 * The token is an inherited descriptor, whose number the environment tells. It is looked
 * at before each use: the program may have closed it, and opened something else there.
 */
#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#define FD_VARIABLE "BPFTOKEN_PRELOAD_FD="
#define TOKEN_NAME "/bpf-token"

#define E_PERM 1
#define E_BADF 9
#define E_FAULT 14
#define E_NOSYS 38
#define AT_FDCWD_ (-100)
#define F_TOKEN_FD (1U << 16)
#define COMMON_ATTRS (1UL << 16)

/* What is longer has fields that we have never heard of, and is left alone. */
#define MAX_ATTR 512

extern char **environ __attribute__((weak));
extern int *__errno_location(void) __attribute__((weak));

/* libbpf/syscall.S: syscall(3) without the exception for bpf(2). */
long preload_raw(long number, ...);
/* The two that it jumps to. */
long preload_failed(long negative);
long preload_bpf(long number, long cmd, unsigned char *attr, unsigned long size,
		 long common, long common_size);

struct row {
	uint32_t cmd;
	uint16_t flags_offset, fd_offset;
	uint16_t true_size_offset; /* of what the kernel writes, 0 = nothing */
};

static const struct row rows[] = {
	{ 0, 16, 76, 0 }, /* BPF_MAP_CREATE */
	{ 5, 44, 144, 140 }, /* BPF_PROG_LOAD */
	{ 18, 32, 36, 28 }, /* BPF_BTF_LOAD */
	{ 19, 8, 12, 0 }, /* BPF_BTF_GET_FD_BY_ID */
};

struct vector {
	void *base;
	size_t size;
};

/* -errno where there is no errno. */
static int unseen_errno;

static int *errno_place(void)
{
	return __errno_location ? __errno_location() : &unseen_errno;
}

long preload_failed(long negative)
{
	*errno_place() = (int)-negative;
	return -1;
}

/* Of a call through preload_raw(). */
static long negative(long result)
{
	return result == -1 ? -*errno_place() : result;
}

static void copy(void *to, const void *from, size_t size)
{
	volatile unsigned char *t = to;
	const unsigned char *f = from;

	while (size--)
		*t++ = *f++;
}

static int starts(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

/* An attr that cannot be read is the kernel's to refuse, not ours to crash on. */
static int read_attr(void *buf, void *attr, size_t size)
{
	struct vector local = { buf, size }, remote = { attr, size };
	long len = negative(preload_raw(__NR_process_vm_readv, preload_raw(__NR_getpid),
					&local, 1L, &remote, 1L, 0L));

	if (len == -E_NOSYS || len == -E_PERM) {
		copy(buf, attr, size);
		return 1;
	}
	return len == (long)size;
}

static int write_attr(void *attr, void *value, size_t size)
{
	struct vector local = { value, size }, remote = { attr, size };
	long len = negative(preload_raw(__NR_process_vm_writev, preload_raw(__NR_getpid),
					&local, 1L, &remote, 1L, 0L));

	if (len == -E_NOSYS || len == -E_PERM) {
		copy(attr, value, size);
		return 1;
	}
	return len == (long)size;
}

/* ------------------------------------------------------------------ the token */

static const char *number_text(void)
{
	for (char **entry = &environ ? environ : NULL; entry && *entry; entry++)
		if (starts(*entry, FD_VARIABLE))
			return *entry + sizeof(FD_VARIABLE) - 1;
	return NULL;
}

static int token_number(void)
{
	static int known; /* the number + 1; -1: there is none */
	int seen = __atomic_load_n(&known, __ATOMIC_RELAXED);
	const char *text;
	int number = 0;

	if (seen)
		return seen > 0 ? seen - 1 : -1;
	text = number_text();
	while (text && *text >= '0' && *text <= '9' && number < 100000)
		number = number * 10 + (*text++ - '0');
	seen = text && !*text ? number + 1 : -1;
	__atomic_store_n(&known, seen, __ATOMIC_RELAXED);
	return seen > 0 ? seen - 1 : -1;
}

static int is_token(int number)
{
	char path[64] = "/proc/thread-self/fd/", name[32] = { 0 };
	char *end = path + sizeof("/proc/thread-self/fd/") - 1;
	int divisor = 1;
	long len;

	while (number / divisor >= 10)
		divisor *= 10;
	for (; divisor; divisor /= 10)
		*end++ = (char)('0' + number / divisor % 10);
	*end = '\0';
	len = negative(preload_raw(__NR_readlinkat, (long)AT_FDCWD_, path, name,
				   (long)sizeof(name) - 1));
	return len >= (long)sizeof(TOKEN_NAME) - 1 && starts(name, TOKEN_NAME);
}

/* Since Linux 6.15; before, a token there is an invalid argument. */
static int takes_token_by_id(void)
{
	static int known; /* 1 yes, -1 no */
	int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!answer) {
		uint32_t attr[] = { 1, 0, F_TOKEN_FD, UINT32_MAX };
		long r = negative(preload_raw(__NR_bpf, 19L, attr, (long)sizeof(attr)));

		answer = r == -E_BADF ? 1 : -1;
		__atomic_store_n(&known, answer, __ATOMIC_RELAXED);
	}
	return answer > 0;
}

static const struct row *find_row(long cmd)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].cmd == ((uint32_t)cmd & ~(uint32_t)COMMON_ATTRS))
			return rows[i].cmd != 19 || takes_token_by_id() ? &rows[i] : NULL;
	return NULL;
}

/* ------------------------------------------------------------------- the call */

struct request {
	const struct row *row;
	uint32_t size;
	unsigned char attr[MAX_ATTR];
};

/* 1: with the token. 0: as it is. */
static int prepare(struct request *request, long cmd, void *attr, uint32_t size)
{
	uint32_t flags;
	int token;

	request->row = find_row(cmd);
	if (!request->row || size > MAX_ATTR)
		return 0;
	token = token_number();
	if (token < 0 || !is_token(token))
		return 0;
	for (size_t i = 0; i < MAX_ATTR; i++)
		((volatile unsigned char *)request->attr)[i] = 0;
	if (!read_attr(request->attr, attr, size))
		return 0;
	copy(&flags, request->attr + request->row->flags_offset, sizeof(flags));
	/* The flag alone, without room for the number, is libbpf 1.4's name probe. */
	if (flags & F_TOKEN_FD && size >= request->row->fd_offset + sizeof(token))
		return 0;
	flags |= F_TOKEN_FD;
	copy(request->attr + request->row->flags_offset, &flags, sizeof(flags));
	copy(request->attr + request->row->fd_offset, &token, sizeof(token));
	request->size = request->row->fd_offset + (uint32_t)sizeof(token);
	if (request->size < size)
		request->size = size;
	return 1;
}

/* What the kernel has written to our copy is the caller's, if it has room for it. */
static long finish(struct request *request, unsigned char *attr, uint32_t size, long r)
{
	uint32_t field = request->row->true_size_offset, value;

	if (!field || size < field + sizeof(value))
		return r;
	copy(&value, request->attr + field, sizeof(value));
	if (!value || write_attr(attr + field, &value, sizeof(value)))
		return r;
	if (r >= 0)
		(void)preload_raw(__NR_close, r);
	return -E_FAULT;
}

static __attribute__((noinline)) long with_token(long number, long cmd,
						 unsigned char *attr, unsigned long size,
						 long common, long common_size)
{
	int kept = *errno_place();
	struct request request;
	long r;

	if (!prepare(&request, cmd, attr, (uint32_t)size)) {
		*errno_place() = kept;
		return preload_raw(number, cmd, attr, size, common, common_size);
	}
	r = negative(preload_raw(number, cmd, request.attr, (long)request.size, common,
				 common_size));
	r = finish(&request, attr, (uint32_t)size, r);
	if (r < 0)
		return preload_failed(r);
	*errno_place() = kept;
	return r;
}

/* Reading and writing maps is what has to be quick. */
long preload_bpf(long number, long cmd, unsigned char *attr, unsigned long size,
		 long common, long common_size)
{
	uint32_t command = (uint32_t)cmd & ~(uint32_t)COMMON_ATTRS;

	if (command == 0 || command == 5 || command == 18 || command == 19)
		return with_token(number, cmd, attr, size, common, common_size);
	return preload_raw(number, cmd, attr, size, common, common_size);
}
