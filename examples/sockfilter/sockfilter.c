/* SPDX-License-Identifier: MIT */
/*
 * sockfilter: one line for each IP packet on an interface, seen by a BPF socket filter.
 *
 * An ordinary libbpf program: libbpf finds the delegated bpffs on /sys/fs/bpf, makes a
 * token of it and loads with it, without a word about tokens here. That it is linked with
 * libbpftoken-libbpf keeps the names of its map and program, which libbpf would lose. What
 * libbpf cannot say is why a load was refused; for that, and only then, libbpftoken is
 * asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <bpftoken.h>

#include "sockfilter.h"
#include "sockfilter.skel.h"

#define _cleanup_(f) __attribute__((cleanup(f)))

#define POLL_MS 100 /* how late a signal or the timeout may be noticed */

struct options {
	const char *interface;
	unsigned long count; /* packets, 0 = no limit */
	unsigned long timeout; /* seconds, 0 = no limit */
	bool verbose;
};

struct listener {
	const struct options *options;
	unsigned long seen;
};

static volatile sig_atomic_t stopped;
static bool verbose; /* libbpf's print callback gets no argument of ours */
static char libbpf_said[512]; /* the first of libbpf's warnings */

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "sockfilter: %s: %s\n", what, why);
	return -1;
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void destroy_skeleton(struct sockfilter_bpf **skeleton)
{
	sockfilter_bpf__destroy(*skeleton);
}

static void free_ring(struct ring_buffer **ring)
{
	ring_buffer__free(*ring);
}

/* ----------------------------------------------------------------- options */

static void print_help(void)
{
	printf("Usage: sockfilter [OPTIONS]\n"
	       "Print a line for each IP packet on an interface.\n"
	       "\n"
	       "  -i, --interface DEV    Where to listen (lo)\n"
	       "  -n, --count N          Stop after N packets\n"
	       "  -t, --timeout SECONDS  Stop after SECONDS; a failure if -n was not "
	       "reached\n"
	       "  -v, --verbose          Show what libbpf does, on stderr\n"
	       "  -h, --help             Show this\n");
}

static int take_number(const char *text, unsigned long *ret_number)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number == 0 ||
	    number > 1000000000)
		return fail(text, "has to be a number, at least 1");
	*ret_number = number;
	return 0;
}

/* Returns 1 to go on, 0 when all is said, -1 for a mistake. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option rows[] = {
		{ "interface", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int letter, r = 0;

	while (r == 0 &&
	       (letter = getopt_long(argc, argv, "i:n:t:vh", rows, NULL)) >= 0) {
		if (letter == 'i')
			options->interface = optarg;
		else if (letter == 'n')
			r = take_number(optarg, &options->count);
		else if (letter == 't')
			r = take_number(optarg, &options->timeout);
		else if (letter == 'v')
			options->verbose = true;
		else if (letter == 'h')
			return print_help(), 0;
		else
			return -1;
	}
	if (r == 0 && optind < argc)
		return fail(argv[optind], "there are no operands, see --help");
	return r < 0 ? r : 1;
}

/* ----------------------------------------------------- why a load was refused */

/* One reason, unless the one before said the same. */
static void print_reason(struct bpftoken_error *reason, const char *last)
{
	bpftoken_explain(reason);
	if (last && !strcmp(last, reason->why))
		return;
	fprintf(stderr, "reason: %s\n", reason->why);
	if (reason->fix[0])
		fprintf(stderr, "to change it: %s\n", reason->fix);
}

/* The program's two needs, asked of the kernel with this token (-1: without one). */
static void explain_load(int token)
{
	struct bpftoken_error prog, map;
	int prog_answer = bpftoken_probe_prog_type(BPF_PROG_TYPE_SOCKET_FILTER,
						   BPF_CGROUP_INET_INGRESS, token, &prog);
	int map_answer = bpftoken_probe_map_type(BPF_MAP_TYPE_RINGBUF, token, &map);

	if (prog_answer > BPFTOKEN_WORKS)
		print_reason(&prog, NULL);
	if (map_answer > BPFTOKEN_WORKS)
		print_reason(&map, prog_answer > BPFTOKEN_WORKS ? prog.why : NULL);
	if (prog_answer == BPFTOKEN_WORKS && map_answer == BPFTOKEN_WORKS && token >= 0)
		fprintf(stderr,
			"reason: not the delegation: with a token the kernel takes both "
			"program and map; libbpf looks for one in /sys/fs/bpf only\n"
			"to change it: set LIBBPF_BPF_TOKEN_PATH to the bpffs, or see "
			"-v\n");
}

static void explain_failure(void)
{
	struct bpftoken_error err;
	_cleanup_(close_fd) int token = bpftoken_open(NULL, &err);

	if (token < 0) {
		bpftoken_explain(&err);
		fprintf(stderr, "reason: %s: %s\n", err.what, err.why);
		if (err.fix[0])
			fprintf(stderr, "to change it: %s\n", err.fix);
	}
	explain_load(token < 0 ? -1 : token);
}

/* -------------------------------------------------------------------- load */

/* Silent but for -v; keeps the first warning, which is nearest to the cause. */
__attribute__((format(printf, 2, 0))) static int
take_libbpf_words(enum libbpf_print_level level, const char *format, va_list args)
{
	if (verbose)
		return vfprintf(stderr, format, args);
	if (level == LIBBPF_WARN && !libbpf_said[0]) {
		vsnprintf(libbpf_said, sizeof(libbpf_said), format, args);
		libbpf_said[strcspn(libbpf_said, "\n")] = '\0';
	}
	return 0;
}

static struct sockfilter_bpf *load(void)
{
	_cleanup_(destroy_skeleton) struct sockfilter_bpf *skeleton = NULL;
	struct sockfilter_bpf *loaded;
	char why[128];
	int r;

	libbpf_set_print(take_libbpf_words);
	/* Its check for memcg accounting carries no token, and so always finds none. */
	libbpf_set_memlock_rlim(0);
	skeleton = sockfilter_bpf__open();
	r = skeleton ? sockfilter_bpf__load(skeleton) : -errno;
	if (r < 0) {
		libbpf_strerror(r, why, sizeof(why));
		fail("cannot load the BPF program", libbpf_said[0] ? libbpf_said : why);
		explain_failure();
		return NULL;
	}
	loaded = skeleton;
	skeleton = NULL;
	return loaded;
}

/* ------------------------------------------------------------------ socket */

/* Index of an interface with Ethernet frames, and whether it is a loopback. */
static int find_interface(int fd, const char *name, int *ret_index, int *ret_loopback)
{
	struct ifreq request = { 0 };
	unsigned int index = if_nametoindex(name);

	if (!index)
		return fail(name, "there is no such interface");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return fail(name, strerror(errno));
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
	    request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)
		return fail(name, "its packets have no Ethernet header");
	*ret_index = (int)index;
	*ret_loopback = request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	return 0;
}

/* Deaf until bind(): by then it has the filter and its one interface. */
static int open_socket(const char *interface, int prog_fd)
{
	_cleanup_(close_fd) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL) };
	int loopback, opened;

	if (fd < 0)
		return fail("cannot open a packet socket", strerror(errno));
	if (find_interface(fd, interface, &address.sll_ifindex, &loopback) < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)) < 0)
		return fail("cannot attach the filter", strerror(errno));
	/*
	 * A loopback packet goes out and comes in: without this it would be seen twice.
	 */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &loopback,
		       sizeof(loopback)) < 0)
		return fail("cannot set up the packet socket", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(interface, strerror(errno));
	opened = fd;
	fd = -1;
	return opened;
}

/* ------------------------------------------------------------------ output */

static const char *protocol_name(unsigned int protocol, char *number, size_t size)
{
	static const struct {
		unsigned int protocol;
		const char *name;
	} names[] = {
		{ IPPROTO_ICMP, "ICMP" }, { IPPROTO_IGMP, "IGMP" },
		{ IPPROTO_IPIP, "IPIP" }, { IPPROTO_TCP, "TCP" },
		{ IPPROTO_UDP, "UDP" },	  { IPPROTO_IPV6, "IPV6" },
		{ IPPROTO_GRE, "GRE" },	  { IPPROTO_ESP, "ESP" },
		{ IPPROTO_AH, "AH" },	  { IPPROTO_ICMPV6, "ICMPV6" },
		{ IPPROTO_SCTP, "SCTP" }, { IPPROTO_UDPLITE, "UDPLITE" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].protocol == protocol)
			return names[i].name;
	snprintf(number, size, "%u", protocol);
	return number;
}

/* A packet to this host is the usual one and gets no word. */
static const char *direction(unsigned int pkt_type)
{
	static const char *const words[] = {
		[PACKET_HOST] = "",
		[PACKET_BROADCAST] = "        broadcast",
		[PACKET_MULTICAST] = "        multicast",
		[PACKET_OTHERHOST] = "        other host",
		[PACKET_OUTGOING] = "        outgoing",
	};

	return pkt_type < sizeof(words) / sizeof(words[0]) ? words[pkt_type] : "";
}

/* "127.0.0.1:80", "[::1]:80" */
static void format_end(const struct sockfilter_event *event, const __u8 *address,
		       __u16 port, char *text, size_t size)
{
	char plain[INET6_ADDRSTRLEN] = "?";

	if (event->ether_type == ETH_P_IP) {
		inet_ntop(AF_INET, address, plain, sizeof(plain));
		snprintf(text, size, "%s:%u", plain, port);
	} else {
		inet_ntop(AF_INET6, address, plain, sizeof(plain));
		snprintf(text, size, "[%s]:%u", plain, port);
	}
}

static int take_event(void *data, void *bytes, size_t size)
{
	const struct sockfilter_event *event = bytes;
	struct listener *listener = data;
	char src[INET6_ADDRSTRLEN + 16], dst[INET6_ADDRSTRLEN + 16], number[16];
	char interface[IF_NAMESIZE];

	if (size < sizeof(*event) ||
	    (listener->options->count && listener->seen == listener->options->count))
		return 0;
	listener->seen++;
	if (!if_indextoname(event->ifindex, interface))
		snprintf(interface, sizeof(interface), "%s",
			 listener->options->interface);
	format_end(event, event->src, event->src_port, src, sizeof(src));
	format_end(event, event->dst, event->dst_port, dst, sizeof(dst));
	printf("interface: %s        protocol: %s        %s(src) -> %s(dst)%s\n",
	       interface, protocol_name(event->protocol, number, sizeof(number)), src,
	       dst, direction(event->pkt_type));
	return 0;
}

/* -------------------------------------------------------------------- main */

static void take_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = take_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/*
 * Until a signal, the count, or the timeout; -1 when the timeout came before the count.
 */
static int listen_for_packets(struct ring_buffer *ring, struct listener *listener)
{
	const struct options *options = listener->options;
	time_t begin = now();
	char why[64];

	while (!stopped && (!options->count || listener->seen < options->count)) {
		int r = ring_buffer__poll(ring, POLL_MS);

		if (r < 0 && r != -EINTR)
			return fail("cannot read the ring buffer", strerror(-r));
		if (!options->timeout || now() - begin < (time_t)options->timeout)
			continue;
		if (!options->count || listener->seen == options->count)
			break;
		snprintf(why, sizeof(why), "%lu of %lu packets", listener->seen,
			 options->count);
		return fail("the time is over", why);
	}
	return 0;
}

static int run(const struct options *options)
{
	struct listener listener = { .options = options };
	_cleanup_(destroy_skeleton) struct sockfilter_bpf *skeleton = load();
	_cleanup_(free_ring) struct ring_buffer *ring = NULL;
	_cleanup_(close_fd) int fd = -1;

	if (!skeleton)
		return -1;
	ring = ring_buffer__new(bpf_map__fd(skeleton->maps.rb), take_event, &listener,
				NULL);
	if (!ring)
		return fail("cannot map the ring buffer", strerror(errno));
	fd = open_socket(options->interface,
			 bpf_program__fd(skeleton->progs.report_packet));
	if (fd < 0)
		return -1;
	fprintf(stderr, "listening on %s\n", options->interface);
	return listen_for_packets(ring, &listener);
}

int main(int argc, char **argv)
{
	struct options options = { .interface = "lo" };
	int r = parse(argc, argv, &options);

	if (r <= 0)
		return r < 0 ? 2 : 0;
	verbose = options.verbose;
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals();
	return run(&options) < 0 ? 1 : 0;
}
