/* SPDX-License-Identifier: MIT */
/*
 * What `exec` is told of a call that waits: the arguments, the caller's memory, and what
 * that container does meanwhile. Other bytes may stand there at the second read, any step
 * may fail; once the choices are used up, nothing does. What has to hold stands in
 * tests/unit/fake-caller.c; besides, nothing is written to but the attr's fields of the
 * token, and the log that the attr named when it was read.
 */
#include "fake-caller.h"
#include "fuzz.h"

#include "attr.h"

struct header {
	uint32_t cmd, size;
	uint16_t address; /* in the memory; all ones: nowhere */
	uint16_t memory; /* bytes of it that follow */
	uint8_t flags; /* of the caller, enum below */
	uint8_t rights; /* from bit 32 on: CAP_PERFMON, CAP_BPF */
	uint8_t unused[2];
};

enum { NO_PID = 1, OTHER_USERNS = 2, ADMIN = 4, HIGH_BITS = 8 };

static const uint8_t *choices;
static size_t choices_left;

/* Without choices the unlikely does not come. */
static uint64_t draw(uint64_t below)
{
	uint64_t value = 0;
	size_t used = below > 0x10000 ? 8 : below > 0x100 ? 2 : 1;

	if (choices_left < used)
		return below - 1;
	memcpy(&value, choices, used);
	choices += used;
	choices_left -= used;
	return value % below;
}

struct log {
	uint64_t address;
	uint32_t size;
};

static struct log log_of(uint32_t cmd, const unsigned char *bytes)
{
	struct attr_prog_load prog;
	struct attr_btf_load btf;

	memcpy(&prog, bytes, sizeof(prog));
	memcpy(&btf, bytes, sizeof(btf));
	switch (cmd) {
	case ATTR_PROG_LOAD:
		return (struct log){ prog.log_buf, prog.log_size };
	case ATTR_BTF_LOAD:
		return (struct log){ btf.btf_log_buf, btf.btf_log_size };
	}
	return (struct log){ 0 };
}

static bool is_within(const struct fake_write *write, uint64_t address, uint64_t size)
{
	return write->address >= address && write->address - address <= size &&
	       write->size <= size - (write->address - address);
}

/* first: the attr's bytes before anything happened, zeros behind its end. */
static void check_writes(const struct seccomp_notif *notif, uint32_t cmd,
			 const unsigned char *first)
{
	struct log log = log_of(cmd, first);

	for (size_t i = 0; i < fake_caller.write_count; i++) {
		const struct fake_write *write = &fake_caller.writes[i];

		fuzz_check((write->size == sizeof(uint32_t) &&
			    is_within(write, notif->data.args[1],
				      (uint32_t)notif->data.args[2])) ||
			   (write->address == log.address && write->size <= log.size));
	}
}

static void notify(const struct header *header)
{
	static struct supply supply;
	unsigned char first[256] = { 0 };
	struct seccomp_notif notif = { .id = FAKE_ID,
				       .pid = header->flags & NO_PID ? 0 : 99 };
	uint64_t address = FAKE_BASE + (uint64_t)header->address;
	uint32_t size = header->size < sizeof(first) ? header->size : sizeof(first);

	if (header->address == UINT16_MAX)
		address = UINT64_MAX - 8;
	else if (header->address < FAKE_SIZE)
		memcpy(first, fake_caller.memory + header->address,
		       size < FAKE_SIZE - header->address
			       ? size
			       : FAKE_SIZE - (size_t)header->address);
	fake_caller_supply(&supply);
	notif.data.args[0] = header->cmd;
	notif.data.args[1] = address;
	notif.data.args[2] = header->size;
	if (header->flags & HIGH_BITS) {
		notif.data.args[0] |= 1ULL << 63;
		notif.data.args[2] |= 1ULL << 63;
	}
	fake_caller_notify(&supply, &notif);
	check_writes(&notif, header->cmd & 0xffff, first);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct header header;
	size_t memory;

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	size -= sizeof(header);
	memory = header.memory < size ? header.memory : size;
	memory = memory < FAKE_SIZE ? memory : FAKE_SIZE;
	memset(&fake_caller, 0, sizeof(fake_caller));
	memcpy(fake_caller.memory, data, memory);
	fake_caller.draw = draw;
	fake_caller.rights =
		(uint64_t)header.rights << 32 | (header.flags & ADMIN ? 1ULL << 21 : 0);
	fake_caller.other_userns = header.flags & OTHER_USERNS;
	choices = data + memory;
	choices_left = size - memory;
	notify(&header);
	return true;
}
