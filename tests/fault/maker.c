/* SPDX-License-Identifier: MIT */
/*
 * Asks for two maps, with an attr that has room for a token and with one of before tokens,
 * and says what came of it: `map` or the errno. Status 0 when both are there, else 1.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int make(unsigned int size)
{
	unsigned char attr[128] = { 0 };
	const uint32_t shape[] = { 2, 4, 4, 1 }; /* an array: key, value, entries */
	long fd;

	memcpy(attr, shape, sizeof(shape));
	fd = syscall(SYS_bpf, 0, attr, size);
	printf("%s\n", fd < 0 ? strerrorname_np(errno) : "map");
	fflush(stdout);
	return fd < 0;
}

int main(void)
{
	int failed = make(80);

	return failed + make(72) ? 1 : 0;
}
