/* SPDX-License-Identifier: MIT */
/*
 * The table of presets. A row has the command prog_load, its program type, the attach
 * types that the kernel asks for when such a program is loaded, and btf_load, without
 * which a program loses its names and lines. Maps are a preset of their own, as are the
 * probes of libbpf, for many programs need neither.
 */
#include "presets.h"

#include "error.h"
#include "names.h"

#include <string.h>

#define LOAD "prog_load btf_load"
#define NET "CAP_BPF CAP_NET_ADMIN"
#define TRACE "CAP_BPF CAP_PERFMON"

const struct preset presets[] = {
	{ "maps",
	  "ordinary maps: hash, array, their per-CPU and LRU kin, lpm_trie, ringbuf",
	  "CAP_BPF",
	  { "map_create btf_load",
	    "hash array percpu_hash percpu_array lru_hash lru_percpu_hash lpm_trie "
	    "ringbuf" } },
	{ "libbpf",
	  "what libbpf itself loads and creates before and beside a program",
	  "CAP_BPF",
	  { "map_create prog_load btf_load", "array", "socket_filter",
	    "cgroup_inet_ingress" } },
	{ "socket-filter",
	  "filters packets of a socket",
	  "CAP_BPF",
	  { LOAD, NULL, "socket_filter", "cgroup_inet_ingress" } },
	{ "xdp",
	  "packets at a network device, before the stack",
	  NET,
	  { LOAD, NULL, "xdp", "xdp" } },
	{ "tc",
	  "packets at a network device: tc filters and tcx links",
	  NET,
	  { LOAD, NULL, "sched_cls", "cgroup_inet_ingress tcx_ingress tcx_egress" } },
	{ "netfilter",
	  "packets at netfilter's hooks",
	  NET,
	  { LOAD, NULL, "netfilter", "netfilter" } },
	{ "sk-lookup",
	  "chooses the socket of a new connection",
	  NET,
	  { LOAD, NULL, "sk_lookup", "sk_lookup" } },
	{ "sk-msg",
	  "messages of sockets in a sockmap",
	  NET,
	  { LOAD, NULL, "sk_msg", "sk_msg_verdict" } },
	{ "sk-skb",
	  "packets of sockets in a sockmap",
	  NET,
	  { LOAD, NULL, "sk_skb",
	    "sk_skb_stream_parser sk_skb_stream_verdict sk_skb_verdict" } },
	{ "sk-reuseport",
	  "chooses among the sockets of one port",
	  NET,
	  { LOAD, NULL, "sk_reuseport",
	    "sk_reuseport_select sk_reuseport_select_or_migrate" } },
	{ "cgroup-skb",
	  "packets of a cgroup, in and out",
	  NET,
	  { LOAD, NULL, "cgroup_skb", "cgroup_inet_ingress cgroup_inet_egress" } },
	{ "sockops",
	  "events and options of a cgroup's TCP connections",
	  NET,
	  { LOAD, NULL, "sock_ops", "cgroup_sock_ops" } },
	{ "cgroup-device",
	  "which devices a cgroup may use",
	  NET,
	  { LOAD, NULL, "cgroup_device", "cgroup_device" } },
	{ "cgroup-sock",
	  "sockets that a cgroup makes, binds and closes",
	  NET,
	  { LOAD, NULL, "cgroup_sock",
	    "cgroup_inet_sock_create cgroup_inet_sock_release cgroup_inet4_post_bind "
	    "cgroup_inet6_post_bind" } },
	{ "cgroup-addr",
	  "addresses that a cgroup binds, connects and sends to",
	  NET,
	  { LOAD, NULL, "cgroup_sock_addr",
	    "cgroup_inet4_bind cgroup_inet6_bind cgroup_inet4_connect "
	    "cgroup_inet6_connect cgroup_udp4_sendmsg cgroup_udp6_sendmsg "
	    "cgroup_udp4_recvmsg cgroup_udp6_recvmsg cgroup_inet4_getpeername "
	    "cgroup_inet6_getpeername cgroup_inet4_getsockname "
	    "cgroup_inet6_getsockname" } },
	{ "cgroup-sockopt",
	  "socket options that a cgroup reads and sets",
	  NET,
	  { LOAD, NULL, "cgroup_sockopt", "cgroup_getsockopt cgroup_setsockopt" } },
	{ "cgroup-sysctl",
	  "sysctls that a cgroup reads and writes",
	  NET,
	  { LOAD, NULL, "cgroup_sysctl", "cgroup_sysctl" } },
	{ "uprobe",
	  "probes in programs and libraries, USDT too; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "kprobe", "trace_uprobe_multi" } },
	{ "kprobe",
	  "probes in kernel functions; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "kprobe", "cgroup_inet_ingress trace_kprobe_multi" } },
	{ "tracepoint",
	  "the kernel's tracepoints; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "tracepoint", "cgroup_inet_ingress" } },
	{ "raw-tracepoint",
	  "the kernel's tracepoints, unformatted; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "raw_tracepoint", "cgroup_inet_ingress" } },
	{ "perf-event",
	  "samples of hardware and software counters; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "perf_event", "cgroup_inet_ingress" } },
	{ "tracing",
	  "fentry, fexit and typed tracepoints; sees the whole host",
	  TRACE,
	  { LOAD, NULL, "tracing", "trace_raw_tp trace_fentry trace_fexit" } },
	{ "lsm",
	  "security decisions; changes the whole host",
	  TRACE,
	  { LOAD, NULL, "lsm", "lsm_mac" } },
	{ 0 },
};

static const struct list_syntax preset_syntax = {
	.separators = " ",
	.blanks = true,
	.numbers = LIST_NUMBERS_HEX,
	.dialect = "preset",
};

int preset_add(const struct preset *preset, struct bpftoken_policy *policy,
	       struct bpftoken_error *err)
{
	for (uint32_t set = 0; set < BPFTOKEN_SETS; set++) {
		const char *names = preset->sets[set];
		int r = !names ? 0
			       : list_parse(names, strlen(names), set, &preset_syntax,
					    (struct text_position){ 1, 1 },
					    &policy->mask[set], NULL, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static const struct preset *find(struct span name)
{
	for (const struct preset *p = presets; p->name; p++)
		if (span_is(name, p->name))
			return p;
	return NULL;
}

static int refuse(struct span word, struct bpftoken_error *err)
{
	struct span name = span_skip(word, span_starts(word, "@"));
	struct nearest nearest;

	nearest_init(&nearest, name.data, name.len);
	for (const struct preset *p = presets; p->name; p++)
		nearest_offer(&nearest, p->name);
	text_error(err, word.at, -ENOENT, "unknown preset \"%s\"", SPAN_QUOTE(word));
	if (find(name))
		err_fix(err, "write @ before each: @%s", find(name)->name);
	else if (nearest.best)
		err_fix(err, "the nearest is @%s", nearest.best);
	else
		err_fix(err, "see bpftoken policy show --presets");
	return -ENOENT;
}

int presets_parse(const char *text, struct bpftoken_policy **ret_policy,
		  struct bpftoken_error *err)
{
	_cleanup_policy_ struct bpftoken_policy *policy = NULL;
	struct span rest = span_of(text);
	bool more;

	if (bpftoken_policy_new(&policy) < 0)
		return err_oom(err);
	do {
		const struct preset *preset;
		struct span word;
		int r;

		more = span_until(rest, "+") < rest.len;
		word = span_cut(&rest, "+");
		preset = span_starts(word, "@") ? find(span_skip(word, 1)) : NULL;
		if (!preset)
			return refuse(word, err);
		r = preset_add(preset, policy, err);
		if (r < 0)
			return r;
	} while (more);
	*ret_policy = TAKE_PTR(policy);
	return 0;
}
