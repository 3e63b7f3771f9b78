/* SPDX-License-Identifier: MIT */
/*
 * The attrs of bpf(2) that this library sends: own structs with the kernel's offsets
 * (the header that we are built with may be older than the kernel we run on), and what
 * the four token-taking commands have in common: where the token goes and which flag
 * says that it is there. tests/house/attr.sh compares them with the kernel's BTF.
 */
#ifndef BPFTOKEN_ATTR_H
#define BPFTOKEN_ATTR_H

#include <stddef.h>
#include <stdint.h>

/* enum bpf_cmd: only what we call. */
enum attr_cmd {
	ATTR_MAP_CREATE = 0,
	ATTR_PROG_LOAD = 5,
	ATTR_OBJ_GET_INFO_BY_FD = 15,
	ATTR_RAW_TRACEPOINT_OPEN = 17,
	ATTR_BTF_LOAD = 18,
	ATTR_BTF_GET_FD_BY_ID = 19,
	ATTR_LINK_CREATE = 28,
	ATTR_TOKEN_CREATE = 36,
};

/* BPF_F_TOKEN_FD: the same bit in map_flags, prog_flags, btf_flags and open_flags. */
#define ATTR_F_TOKEN_FD (1U << 16)
/* BPF_F_SLEEPABLE, a program flag. */
#define ATTR_F_SLEEPABLE (1U << 4)

/* BPF_COMMON_ATTRS (Linux 7.2): set in a command when bpf(2) has its fifth argument. */
#define ATTR_COMMON_ATTRS (1U << 16)
#define ATTR_MAP_TYPE_ARRAY 2

#define ATTR_NAME_LEN 16

struct attr_map_create {
	uint32_t map_type, key_size, value_size, max_entries;
	uint32_t map_flags, inner_map_fd, numa_node;
	char map_name[ATTR_NAME_LEN];
	uint32_t map_ifindex, btf_fd, btf_key_type_id, btf_value_type_id;
	uint32_t btf_vmlinux_value_type_id;
	uint64_t map_extra;
	uint32_t value_type_btf_obj_fd;
	uint32_t map_token_fd;
};

struct attr_prog_load {
	uint32_t prog_type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, prog_flags;
	char prog_name[ATTR_NAME_LEN];
	uint32_t prog_ifindex, expected_attach_type, prog_btf_fd;
	uint32_t func_info_rec_size;
	uint64_t func_info;
	uint32_t func_info_cnt, line_info_rec_size;
	uint64_t line_info;
	uint32_t line_info_cnt, attach_btf_id, attach_btf_obj_fd, core_relo_cnt;
	uint64_t fd_array, core_relos;
	uint32_t core_relo_rec_size, log_true_size;
	uint32_t prog_token_fd, fd_array_cnt;
};

struct attr_btf_load {
	uint64_t btf, btf_log_buf;
	uint32_t btf_size, btf_log_size, btf_log_level, btf_log_true_size;
	uint32_t btf_flags, btf_token_fd;
};

struct attr_btf_get_fd_by_id {
	uint32_t btf_id, next_id, open_flags, fd_by_id_token_fd;
};

struct attr_token_create {
	uint32_t flags, bpffs_fd;
};

struct attr_obj_info {
	uint32_t bpf_fd, info_len;
	uint64_t info;
};

/* struct bpf_token_info (Linux 6.17): four raw masks. */
struct attr_token_info {
	uint64_t allowed_cmds, allowed_maps, allowed_progs, allowed_attachs;
};

/* One instruction, and the few that probes are made of. */
struct attr_insn {
	uint8_t code;
	uint8_t regs; /* destination in the low four bits, source in the high */
	int16_t off;
	int32_t imm;
};

#define ATTR_INSN_MOV_IMM(reg, value) \
	((struct attr_insn){ .code = 0xb7, .regs = (reg), .imm = (value) })
#define ATTR_INSN_EXIT() ((struct attr_insn){ .code = 0x95 })

/* A command that takes a token. */
struct attr_token_row {
	uint32_t cmd;
	uint32_t stage; /* of an error: enum bpftoken_stage */
	uint16_t index; /* in the table */
	uint16_t flags_offset; /* of the field that ATTR_F_TOKEN_FD is set in */
	uint16_t fd_offset; /* of the token's fd */
	uint16_t min_size; /* an attr that holds the fd */
};

#define ATTR_TOKEN_ROWS 4

/* The row of a command, or NULL: it takes no token. */
const struct attr_token_row *attr_token_row(uint32_t cmd);

/*
 * The attach type that the kernel checks against the token: some program types replace
 * 0 before the check (bpf_prog_load_fixup_attach_type() in kernel/bpf/syscall.c).
 */
uint32_t attr_fixup_attach_type(uint32_t prog_type, uint32_t attach_type);

/* Attach type that a program type is usually loaded with, 0 where it does not matter. */
uint32_t attr_default_attach_type(uint32_t prog_type);

/* Attach types that programs of a type are meant for, one bit each. */
uint64_t attr_prog_attach_types(uint32_t prog_type);

/*
 * Capabilities that the kernel asks for in the token's user namespace, one bit each
 * (kernel.org: capabilities(7)); CAP_SYS_ADMIN there stands for each of them.
 */
uint64_t attr_map_capabilities(uint32_t map_type);
uint64_t attr_prog_capabilities(uint32_t prog_type);

#endif
