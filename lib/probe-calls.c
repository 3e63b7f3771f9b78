/* SPDX-License-Identifier: MIT */
/* The program that calls the helpers, and what the verifier's log tells of them. */
#include "probe-calls.h"

#include "util.h"

#include <string.h>

#define INSN_CALL 0x85
#define INSN_LOAD_WORD 0x61
#define UNWRITTEN 9 /* a register */
#define LAST_KNOWN 211 /* how many arguments later ones have is not known */
#define NO_HELPER 0 /* BPF_FUNC_unspec, in no kernel */
#define REGISTERS 10

#define HEADING "Live regs before insn:\n"
#define CALL " (85) call "
#define ALL_ARGUMENTS "12345"

/* With five arguments; and those whose lookup alone leaves a warning in the kernel's log. */
static const uint8_t by_themselves[] = {
	6,   9,	  10,  11,  25,	 28,  36,  49,	57,  66,  68,  84,  85,	 99,
	100, 110, 111, 121, 126, 149, 163, 165, 177, 180, 191, 201, 202,
};

bool calls_can_tell(uint32_t helper)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_themselves); i++)
		if (by_themselves[i] == helper)
			return false;
	return helper > NO_HELPER && helper <= LAST_KNOWN;
}

uint32_t calls_program(uint32_t count, struct attr_insn *insns)
{
	uint32_t n = 0;

	/* where the verifier stops following it */
	insns[n++] = (struct attr_insn){ .code = INSN_LOAD_WORD, .regs = UNWRITTEN << 4 };
	insns[n++] = (struct attr_insn){ .code = INSN_CALL, .imm = NO_HELPER };
	for (uint32_t helper = 1; helper < count; helper++)
		if (calls_can_tell(helper))
			insns[n++] = (struct attr_insn){ .code = INSN_CALL,
							 .imm = (int32_t)helper };
	insns[n++] = ATTR_INSN_EXIT();
	return n;
}

/* From the registers that may be arguments: as many as there are, then dots. */
static enum calls_tell tell_of(const char *registers)
{
	size_t count = strspn(registers, ALL_ARGUMENTS);

	if (memcmp(registers, ALL_ARGUMENTS, count) ||
	    strspn(registers + count, ".") < strlen(ALL_ARGUMENTS) - count)
		return CALLS_UNTOLD;
	return count < strlen(ALL_ARGUMENTS) ? CALLS_THERE : CALLS_HIDDEN;
}

/* The helper that a line is about, and what it tells; false for any other line. */
static bool read_line(const char *line, size_t len, unsigned long *ret_helper,
		      enum calls_tell *ret_tell)
{
	const char *call = memmem(line, len, CALL, strlen(CALL));
	const char *number = memrchr(line, '#', len);
	char *end;

	if (!call || call - line < REGISTERS || !number || number < call)
		return false;
	*ret_helper = strtoul(number + 1, &end, 10);
	if (end == number + 1 || end != line + len)
		return false;
	*ret_tell = tell_of(call - REGISTERS + 1);
	return true;
}

bool calls_read(const char *log, uint32_t count, uint8_t *ret_tells)
{
	const char *line = strstr(log, HEADING), *end;
	bool hides = false;

	memset(ret_tells, CALLS_UNTOLD, count);
	if (!line)
		return false;
	line += strlen(HEADING);
	for (; (end = strchr(line, '\n')); line = end + 1) {
		enum calls_tell tell;
		unsigned long helper;

		if (!read_line(line, (size_t)(end - line), &helper, &tell))
			continue;
		if (helper == NO_HELPER)
			hides = tell == CALLS_HIDDEN;
		else if (helper < count)
			ret_tells[helper] = (uint8_t)tell;
	}
	/* a log in which what cannot be is there tells nothing */
	for (uint32_t helper = 1; helper < count; helper++)
		if (calls_can_tell(helper) && ret_tells[helper] == CALLS_UNTOLD)
			return false;
	return hides;
}
