/* SPDX-License-Identifier: MIT */
/* The raw calls of sys.h that are about memory and limits. */
#include "sys-result.h"
#include "sys.h"

#include <sys/mman.h>
#include <sys/resource.h>

void *sys_share_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void sys_unshare_memory(void *memory, size_t size)
{
	munmap(memory, size);
}

int sys_limit_effort(unsigned int seconds)
{
	const struct rlimit time = { seconds, seconds }, core = { 0, 0 };
	int r = result(setrlimit(RLIMIT_CPU, &time));

	return r < 0 ? r : result(setrlimit(RLIMIT_CORE, &core));
}

int sys_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int)limit.rlim_cur;
}

int sys_set_memlock(uint64_t bytes, uint64_t *ret_got)
{
	rlim_t want = bytes == UINT64_MAX ? RLIM_INFINITY : (rlim_t)bytes;
	struct rlimit limit = { want, want };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0) {
		if (errno != EPERM || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
			return -errno;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
			return -errno;
	}
	*ret_got = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
	return 0;
}
