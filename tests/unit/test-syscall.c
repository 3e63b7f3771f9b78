/* SPDX-License-Identifier: MIT */
/* The syscall() of libbpftoken-libbpf is the C library's, but for bpf(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpftoken-libbpf.h"

static void test_is_ours(void **state)
{
	BPFTOKEN_OPTS(bpftoken_open_opts, opts);
	struct bpftoken_error err;

	opts.path = "";
	/* were it the C library's, this would be ENOEXEC */
	assert_int_equal(bpftoken_libbpf_use(&opts, &err), -ECANCELED);
	assert_ptr_not_equal((void *)syscall, dlsym(RTLD_NEXT, "syscall"));
}

static void test_errno(void **state)
{
	errno = 77;
	assert_int_equal(syscall(SYS_getpid), getpid());
	assert_int_equal(errno, 77);
	assert_int_equal(syscall(SYS_close, -1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(syscall(-1), -1);
	assert_int_equal(errno, ENOSYS);
}

/* All six arguments, the last too; and a result of more than 32 bits. */
static void test_arguments(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("six", MFD_CLOEXEC);
	long address;

	assert_int_equal(ftruncate(fd, 3 * page), 0);
	assert_int_equal(pwrite(fd, "second", 6, page), 6);
	assert_int_equal(pwrite(fd, "third", 5, 2 * page), 5);
	address = syscall(SYS_mmap, NULL, page, PROT_READ, MAP_SHARED, fd, 2 * page);
	assert_true(address != -1);
	assert_string_equal((const char *)address, "third");
	assert_int_equal(munmap((void *)address, (size_t)page), 0);
	close(fd);
	if (sizeof(long) == 8)
		assert_true(syscall(SYS_mmap, NULL, page, PROT_READ,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L) > INT32_MAX);
}

/* A call that returns in two processes. */
static void test_returns_twice(void **state)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);
	int status;

	if (pid == 0)
		_exit(7);
	assert_true(pid > 0);
	assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void test_bpf(void **state)
{
	uint32_t attr[2] = { 0, UINT32_MAX };

	errno = 0;
	assert_int_equal(syscall(SYS_bpf, 999, attr, sizeof(attr)), -1);
	assert_true(errno == EINVAL || errno == EPERM || errno == ENOSYS);
	errno = 0;
	assert_int_equal(syscall(SYS_bpf, 36, attr, 1L << 20), -1);
	assert_true(errno == E2BIG || errno == EPERM || errno == ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_ours),	      cmocka_unit_test(test_errno),
		cmocka_unit_test(test_arguments),     cmocka_unit_test(test_bpf),
		cmocka_unit_test(test_returns_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
