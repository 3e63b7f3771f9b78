/* SPDX-License-Identifier: MIT */
/*
 * The four commands that take a token. Each fills its attr from the options, lets
 * carry_token() put the token where the command wants it, and calls.
 */
#include "attr.h"
#include "error.h"

#include <string.h>

/* 0 is the process-wide token, negative none. The result is an fd, or -1. */
static int resolve_token(int token_fd)
{
	if (token_fd == 0)
		return bpftoken_global_get();
	return token_fd < 0 ? -1 : token_fd;
}

/* The field is only ever set together with its flag: older kernels do not have it. */
static void carry_token(uint32_t cmd, void *attr, int token_fd)
{
	const struct attr_token_row *row = attr_token_row(cmd);
	uint32_t flags, fd = (uint32_t)token_fd;

	if (token_fd < 0)
		return;
	memcpy(&flags, (char *)attr + row->flags_offset, sizeof(flags));
	flags |= ATTR_F_TOKEN_FD;
	memcpy((char *)attr + row->flags_offset, &flags, sizeof(flags));
	memcpy((char *)attr + row->fd_offset, &fd, sizeof(fd));
}

/* What a refused call was about, for bpftoken_explain(). */
static int raise_refused(struct bpftoken_error *err, uint32_t stage, int code,
			 uint32_t type, uint32_t attach_type, int token_fd)
{
	err_raise(err, stage, code, NULL);
	if (err) {
		err->type = type;
		err->attach_type = attach_type;
		err->token_fd = token_fd;
	}
	return code;
}

static int take_name(char field[ATTR_NAME_LEN], const char *name,
		     struct bpftoken_error *err)
{
	size_t len = name ? strlen(name) : 0;

	if (len >= ATTR_NAME_LEN)
		return err_raise(err, BPFTOKEN_STAGE_OPTIONS, -EINVAL,
				 "the name \"%.32s\" is longer than 15 characters", name);
	memcpy(field, name ? name : "", len);
	return 0;
}

int bpftoken_map_create(const struct bpftoken_map_create_opts *opts,
			struct bpftoken_error *err)
{
	struct bpftoken_map_create_opts o;
	struct attr_map_create attr;
	int r, token_fd;

	r = opts_take(&o, sizeof(o), opts, err);
	if (r < 0)
		return r;
	attr = (struct attr_map_create){
		.map_type = o.type,
		.key_size = o.key_size,
		.value_size = o.value_size,
		.max_entries = o.max_entries,
		.map_flags = o.flags,
		.inner_map_fd = o.inner_map_fd,
		.numa_node = o.numa_node,
		.map_ifindex = o.ifindex,
		.btf_fd = o.btf_fd,
		.btf_key_type_id = o.btf_key_type_id,
		.btf_value_type_id = o.btf_value_type_id,
		.btf_vmlinux_value_type_id = o.btf_vmlinux_value_type_id,
		.map_extra = o.map_extra,
		.value_type_btf_obj_fd = o.value_type_btf_obj_fd,
	};
	r = take_name(attr.map_name, o.name, err);
	if (r < 0)
		return r;
	token_fd = resolve_token(o.token_fd);
	carry_token(ATTR_MAP_CREATE, &attr, token_fd);
	r = sys_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr));
	if (r < 0)
		return raise_refused(err, BPFTOKEN_STAGE_MAP_CREATE, r, o.type, 0,
				     token_fd);
	return r;
}

static void fill_prog(struct attr_prog_load *attr,
		      const struct bpftoken_prog_load_opts *o)
{
	*attr = (struct attr_prog_load){
		.prog_type = o->type,
		.insn_cnt = o->insn_cnt,
		.insns = (uintptr_t)o->insns,
		.license = (uintptr_t)(o->license ? o->license : ""),
		.log_level = o->log_level,
		.log_size = o->log_size,
		.log_buf = (uintptr_t)o->log_buf,
		.kern_version = o->kern_version,
		.prog_flags = o->flags,
		.prog_ifindex = o->ifindex,
		.expected_attach_type = o->expected_attach_type,
		.prog_btf_fd = o->btf_fd,
		.func_info_rec_size = o->func_info_rec_size,
		.func_info = (uintptr_t)o->func_info,
		.func_info_cnt = o->func_info_cnt,
		.line_info_rec_size = o->line_info_rec_size,
		.line_info = (uintptr_t)o->line_info,
		.line_info_cnt = o->line_info_cnt,
		.attach_btf_id = o->attach_btf_id,
		.attach_btf_obj_fd = o->attach_btf_obj_fd,
		.fd_array = (uintptr_t)o->fd_array,
		.fd_array_cnt = o->fd_array_cnt,
	};
}

int bpftoken_prog_load(const struct bpftoken_prog_load_opts *opts,
		       struct bpftoken_error *err)
{
	struct bpftoken_prog_load_opts o;
	struct attr_prog_load attr;
	int r, token_fd;

	r = opts_take(&o, sizeof(o), opts, err);
	if (r < 0)
		return r;
	fill_prog(&attr, &o);
	r = take_name(attr.prog_name, o.name, err);
	if (r < 0)
		return r;
	token_fd = resolve_token(o.token_fd);
	carry_token(ATTR_PROG_LOAD, &attr, token_fd);
	r = sys_bpf(ATTR_PROG_LOAD, &attr, sizeof(attr));
	if (o.ret_log_true_size)
		*o.ret_log_true_size = attr.log_true_size;
	if (r < 0)
		return raise_refused(err, BPFTOKEN_STAGE_PROG_LOAD, r, o.type,
				     o.expected_attach_type, token_fd);
	return r;
}

int bpftoken_btf_load(const struct bpftoken_btf_load_opts *opts,
		      struct bpftoken_error *err)
{
	struct bpftoken_btf_load_opts o;
	struct attr_btf_load attr;
	int r, token_fd;

	r = opts_take(&o, sizeof(o), opts, err);
	if (r < 0)
		return r;
	attr = (struct attr_btf_load){
		.btf = (uintptr_t)o.data,
		.btf_size = o.size,
		.btf_log_buf = (uintptr_t)o.log_buf,
		.btf_log_size = o.log_size,
		.btf_log_level = o.log_level,
	};
	token_fd = resolve_token(o.token_fd);
	carry_token(ATTR_BTF_LOAD, &attr, token_fd);
	r = sys_bpf(ATTR_BTF_LOAD, &attr, sizeof(attr));
	if (r < 0)
		return raise_refused(err, BPFTOKEN_STAGE_BTF_LOAD, r, 0, 0, token_fd);
	return r;
}

int bpftoken_btf_get_fd_by_id(const struct bpftoken_btf_by_id_opts *opts,
			      struct bpftoken_error *err)
{
	struct bpftoken_btf_by_id_opts o;
	struct attr_btf_get_fd_by_id attr;
	int r, token_fd;

	r = opts_take(&o, sizeof(o), opts, err);
	if (r < 0)
		return r;
	attr = (struct attr_btf_get_fd_by_id){ .btf_id = o.id };
	token_fd = resolve_token(o.token_fd);
	carry_token(ATTR_BTF_GET_FD_BY_ID, &attr, token_fd);
	r = sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr));
	if (r < 0)
		return raise_refused(err, BPFTOKEN_STAGE_BTF_GET_FD_BY_ID, r, o.id, 0,
				     token_fd);
	return r;
}
