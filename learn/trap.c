/* SPDX-License-Identifier: MIT */
/*
 * The seccomp filter of learn, as a classic BPF program: see trap.h. Every other system
 * call is allowed without a look at its arguments, so that the kernel's own cache of such
 * answers takes it; a data plane call leaves by a bit test. A list of comparisons, one
 * for each of the trapped commands, would cost a map look-up a tenth of its time.
 */
#include "trap.h"

#include "util.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define X32 0x40000000U

static const struct abi {
	uint32_t arch, bpf, perf_event_open;
	bool compat;
} abis[] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, 321, 298, false },
	{ AUDIT_ARCH_X86_64, X32 | 321, X32 | 298, true },
	{ AUDIT_ARCH_I386, 357, 336, true },
#elif defined(__aarch64__)
	{ AUDIT_ARCH_AARCH64, 280, 241, false },
	{ AUDIT_ARCH_ARM, 386, 364, true },
#elif defined(__riscv)
	{ AUDIT_ARCH_RISCV64, 280, 241, false },
#elif defined(__loongarch__)
	{ AUDIT_ARCH_LOONGARCH64, 280, 241, false },
#elif defined(__s390x__)
	{ AUDIT_ARCH_S390X, 351, 331, false },
#elif defined(__powerpc64__)
	{ AUDIT_ARCH_PPC64LE, 361, 319, false },
#else
#error "the numbers of bpf() and perf_event_open() of this machine are missing"
#endif
};

enum trap_call trap_call(uint32_t arch, uint64_t nr, bool *ret_compat)
{
	for (size_t i = 0; i < ARRAY_SIZE(abis); i++) {
		if (abis[i].arch != arch)
			continue;
		*ret_compat = abis[i].compat;
		if (abis[i].bpf == nr)
			return TRAP_BPF;
		if (abis[i].perf_event_open == nr)
			return TRAP_PERF_EVENT_OPEN;
	}
	return TRAP_OTHER;
}

#define BIT(n) (UINT32_C(1) << (n))

/*
 * map_lookup_elem, _update, _delete, get_next_key, prog_test_run, obj_get_info_by_fd,
 * map_lookup_and_delete_elem, map_freeze, and the four map_*_batch.
 */
#define DATA_PLANE                                                                   \
	(BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(10) | BIT(15) | BIT(21) | BIT(22) | \
	 BIT(24) | BIT(25) | BIT(26) | BIT(27))
#define DATA_PLANE_HIGH 37 /* prog_stream_read_by_fd */

bool trap_is_data_plane(uint32_t cmd)
{
	return cmd < 32 ? DATA_PLANE & BIT(cmd) : cmd == DATA_PLANE_HIGH;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

/* The test of one ABI, of which bpf() goes to the block at the end. */
#define ABI_INSNS 5

static const struct sock_filter bpf_block[] = {
	LOAD(offsetof(struct seccomp_data, args) + LOW_HALF),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~TRAP_COMMON_ATTRS),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 32, 4, 0),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_IMM, 1),
	BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, DATA_PLANE, 1, 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DATA_PLANE_HIGH, 0, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_TRACE),
};

#define ABI_COUNT ARRAY_SIZE(abis)
#define ALLOW_AT (ABI_COUNT * ABI_INSNS)
#define BLOCK_AT (ALLOW_AT + 1)
#define FILTER_LEN (BLOCK_AT + ARRAY_SIZE(bpf_block))
#define TRACE_AT (FILTER_LEN - 1)

int trap_install(bool no_new_privs)
{
	struct sock_filter filter[FILTER_LEN];
	struct sock_fprog program = { FILTER_LEN, filter };
	size_t at = 0;

	for (size_t i = 0; i < ABI_COUNT; i++) {
		const struct abi *abi = &abis[i];
		const struct sock_filter test[ABI_INSNS] = {
			LOAD(offsetof(struct seccomp_data, arch)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->arch, 0, 3),
			LOAD(offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->bpf,
				 (uint8_t)(BLOCK_AT - (at + 4)), 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->perf_event_open,
				 (uint8_t)(TRACE_AT - (at + 5)), 0),
		};

		for (size_t n = 0; n < ABI_INSNS; n++)
			filter[at++] = test[n];
	}
	filter[at++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	for (size_t n = 0; n < ARRAY_SIZE(bpf_block); n++)
		filter[at++] = bpf_block[n];
	return sys_seccomp_filter(&program, no_new_privs);
}
