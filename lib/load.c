/* SPDX-License-Identifier: MIT */
/*
 * The four commands that take a token. Each fills its attr from the options, lets
 * carry_token() put the token where the command wants it, and calls.
 */
#include "carry.h"

#include <string.h>

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
	struct bpftoken_map_create_opts own;
	const struct bpftoken_map_create_opts *o = opts;
	struct attr_map_create attr;
	int r = 0, token_fd;

	/* A call that costs half a microsecond: what can be left out is. */
	if (!opts || opts->sz != sizeof(own)) {
		r = opts_take(&own, sizeof(own), opts, err);
		o = &own;
	}
	if (r < 0)
		return r;
	attr = (struct attr_map_create){
		.map_type = o->type,
		.key_size = o->key_size,
		.value_size = o->value_size,
		.max_entries = o->max_entries,
		.map_flags = o->flags,
		.inner_map_fd = o->inner_map_fd,
		.numa_node = o->numa_node,
		.map_ifindex = o->ifindex,
		.btf_fd = o->btf_fd,
		.btf_key_type_id = o->btf_key_type_id,
		.btf_value_type_id = o->btf_value_type_id,
		.btf_vmlinux_value_type_id = o->btf_vmlinux_value_type_id,
		.map_extra = o->map_extra,
		.value_type_btf_obj_fd = o->value_type_btf_obj_fd,
	};
	r = take_name(attr.map_name, o->name, err);
	if (r < 0)
		return r;
	token_fd = carry_resolve(o->token_fd);
	carry_token(ATTR_MAP_CREATE, &attr, token_fd);
	r = sys_bpf(ATTR_MAP_CREATE, &attr, sizeof(attr));
	if (r < 0)
		return carry_raise(err, ATTR_MAP_CREATE, r, &attr, token_fd);
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
	token_fd = carry_resolve(o.token_fd);
	carry_token(ATTR_PROG_LOAD, &attr, token_fd);
	r = sys_bpf(ATTR_PROG_LOAD, &attr, sizeof(attr));
	if (o.ret_log_true_size)
		*o.ret_log_true_size = attr.log_true_size;
	if (r < 0)
		return carry_raise(err, ATTR_PROG_LOAD, r, &attr, token_fd);
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
	token_fd = carry_resolve(o.token_fd);
	carry_token(ATTR_BTF_LOAD, &attr, token_fd);
	r = sys_bpf(ATTR_BTF_LOAD, &attr, sizeof(attr));
	if (r < 0)
		return carry_raise(err, ATTR_BTF_LOAD, r, &attr, token_fd);
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
	token_fd = carry_resolve(o.token_fd);
	carry_token(ATTR_BTF_GET_FD_BY_ID, &attr, token_fd);
	r = sys_bpf(ATTR_BTF_GET_FD_BY_ID, &attr, sizeof(attr));
	if (r < 0)
		return carry_raise(err, ATTR_BTF_GET_FD_BY_ID, r, &attr, token_fd);
	return r;
}
