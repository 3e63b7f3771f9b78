/* SPDX-License-Identifier: MIT */
/*
 * token-load: what a BPF program without a loader library does with a token. It makes one
 * of the container's bpffs, says what it permits, and creates a map and loads a program
 * with it.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpftoken.h>

static int fail(struct bpftoken_error *err)
{
	bpftoken_explain(err);
	fprintf(stderr, "token-load: %s: %s%s%s\n", err->what, err->why,
		err->fix[0] ? ": " : "", err->fix);
	return 1;
}

static int show(int token, struct bpftoken_error *err)
{
	struct bpftoken_policy *policy;
	char *text = NULL;
	int r = bpftoken_info(token, &policy, err);

	if (r < 0)
		return r;
	r = bpftoken_policy_format(policy, "mount", &text, err);
	if (r == 0)
		printf("the token permits %s", text); /* ends with a newline */
	free(text);
	bpftoken_policy_free(policy);
	return r;
}

static int create_ringbuf(int token, struct bpftoken_error *err)
{
	BPFTOKEN_OPTS(bpftoken_map_create_opts, opts);

	opts.token_fd = token;
	opts.type = BPF_MAP_TYPE_RINGBUF;
	opts.max_entries = (uint32_t)getpagesize(); /* bytes, for this type */
	opts.name = "packets";
	return bpftoken_map_create(&opts, err);
}

static int load_filter(int token, struct bpftoken_error *err)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	BPFTOKEN_OPTS(bpftoken_prog_load_opts, opts);

	opts.token_fd = token;
	opts.type = BPF_PROG_TYPE_SOCKET_FILTER;
	opts.expected_attach_type =
		BPF_CGROUP_INET_INGRESS; /* 0: a socket filter has none */
	opts.insns = insns;
	opts.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	opts.license = "GPL";
	opts.name = "drop_all";
	return bpftoken_prog_load(&opts, err);
}

int main(void)
{
	struct bpftoken_error err;
	int token, map, program;

	/* Whatever is open at the end, the kernel closes at exit. */
	token = bpftoken_open(NULL, &err);
	if (token < 0 || show(token, &err) < 0)
		return fail(&err);
	map = create_ringbuf(token, &err);
	if (map < 0)
		return fail(&err);
	printf("created a ringbuf map: fd %d\n", map);
	program = load_filter(token, &err);
	if (program < 0)
		return fail(&err);
	printf("loaded a socket filter: fd %d\n", program);
	return 0;
}
