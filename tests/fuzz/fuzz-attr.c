/* SPDX-License-Identifier: MIT */
/*
 * What `learn` sees of a call: its arguments, and the memory of the program that made it.
 * It is recorded, written, and read again as the same; and no number in it makes learn
 * read for longer than the kernel would.
 */
#include "fuzz.h"

#include "decode.h"
#include "sys-trace.h"

#include <sys/param.h>

#define BASE 0x10000U
/* A million instructions, some descriptors' places and the attr. */
#define MOST_READ ((size_t)24 << 20)

struct header {
	uint32_t cmd, size;
	uint64_t address; /* from BASE on */
	uint8_t is_perf;
	uint8_t zeros; /* that is: all other memory is there, and empty */
	uint8_t unused[6];
};

static const uint8_t *memory;
static size_t memory_size, bytes_read;
static bool zeros;

int sys_read_memory(pid_t tid, uint64_t address, void *buf, size_t size)
{
	uint64_t at = address - BASE;
	size_t here = at < memory_size ? MIN(size, memory_size - (size_t)at) : 0;

	(void)tid;
	bytes_read += size;
	fuzz_check(bytes_read <= MOST_READ);
	if (here < size && !zeros)
		return -EFAULT;
	memset(buf, 0, size);
	memcpy(buf, memory + (here ? at : 0), here);
	return 0;
}

int sys_read_string(pid_t tid, uint64_t address, char *buf, size_t size)
{
	memset(buf, 0, size);
	for (size_t i = 0; i + 1 < size; i++)
		if (sys_read_memory(tid, address + i, buf + i, 1))
			return i ? 0 : -EFAULT;
	return 0;
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	(void)pidfd, (void)fd;
	return -EBADF;
}

int sys_read_link(const char *path, char *buf, size_t size)
{
	(void)path, (void)buf, (void)size;
	return -ENOENT;
}

static char *format(const struct learn_recording *recording)
{
	struct text out = { 0 };
	char *text;

	fuzz_check(learn_recording_format(recording, &out) == 0);
	fuzz_check(text_take(&out, &text) == 0);
	return text;
}

/* Written, read, and written. */
static void check_recorded(struct learn_run *run)
{
	char directory[FUZZ_PATH], path[FUZZ_PATH + 16], *command[] = { NULL };
	struct learn_recording recording = { 0 }, back = { 0 };
	_cleanup_free_ char *text = NULL, *again = NULL;

	strcpy(run->id, "fuzz");
	fuzz_check(learn_run_set_command(run, command) == 0);
	fuzz_check(learn_recording_add(&recording, run) == 0);
	text = format(&recording);
	fuzz_directory(directory);
	snprintf(path, sizeof(path), "%s/run", directory);
	fuzz_write(path, text, strlen(text));
	fuzz_check(learn_recording_read(&back, path, NULL) == 0);
	again = format(&back);
	fuzz_check(!strcmp(text, again));
	fuzz_check(back.runs[0].calls[0].cmd == recording.runs[0].calls[0].cmd);
	fuzz_check(!strcmp(back.runs[0].calls[0].name, recording.runs[0].calls[0].name));
	learn_recording_done(&recording);
	learn_recording_done(&back);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct learn_run run = { .count = 0 };
	struct learn_call *call;
	struct header header;
	uint64_t args[6];

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	memory = data + sizeof(header);
	memory_size = size - sizeof(header);
	zeros = header.zeros & 1;
	bytes_read = 0;
	call = learn_run_add(&run);
	fuzz_check(call);
	args[0] = header.is_perf & 1 ? BASE + header.address : header.cmd;
	args[1] = BASE + header.address;
	args[2] = header.size;
	if (header.is_perf & 1)
		learn_decode_perf(1, args, call);
	else
		learn_decode_bpf(1, 1, args, call);
	fuzz_check(memchr(call->name, '\0', sizeof(call->name)));
	check_recorded(&run);
	return true;
}
