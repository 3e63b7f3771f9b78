#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A real libbpf program in the container of bpftoken run, with a token that is enough for
# it, with none, and with one that is not. BPFTOKEN is the command under test.

FOUR="--cmds prog_load:map_create --maps ringbuf --progs socket_filter"
FOUR="$FOUR --attachs cgroup_inet_ingress"
XDP="--cmds prog_load:map_create --maps ringbuf --progs xdp"
XDP="$XDP --attachs cgroup_inet_ingress"
PACKET='^interface: lo        protocol: ICMP        127\.0\.0\.1:'

# The container's root is an ordinary user on the host: it gets binaries it can reach.
setup_file() {
	BIN=$(mktemp -d)
	export BIN
	chmod 755 "$BIN"
	for example in sockfilter token-load; do
		file=$(dirname "$BPFTOKEN")/examples/$example
		[ ! -x "$file" ] || install -m 755 "$file" "$BIN"
	done
}

teardown_file() {
	rm -rf "$BIN"
}

setup() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	[ -x "$BIN/sockfilter" ] || skip "examples not built (clang, bpftool, libbpf >= 1.4)"
}

# container OPTIONS... -- PROGRAM...: with its own time limit.
container() {
	PATH="$BIN:$PATH" run timeout -k 1 15 "$BPFTOKEN" run "$@"
}

# has TEXT: the last output has it, as it stands.
has() {
	[[ "$output" == *"$1"* ]] || {
		printf 'missing: %s\nin: %s\n' "$1" "$output"
		return 1
	}
}

# lines_of REGEX: how many lines of the last output fit.
lines_of() {
	printf '%s\n' "$output" | grep -cE "$1" || true
}

@test "sockfilter: the preset @libbpf and a ring buffer are enough, @xdp is not" {
	# shellcheck disable=SC2016 # the shell inside expands
	container -p @libbpf --maps ringbuf -- sh -c 'sockfilter -n 2 -t 5 2>&1 | {
		read -r line; ping -c 1 127.0.0.1 >/dev/null; cat; }'
	[ "$status" -eq 0 ]
	[ "$(lines_of "$PACKET")" -eq 2 ]
	container -p @xdp+@maps -- sockfilter -t 5
	[ "$status" -eq 1 ]
	has "does not delegate program type socket_filter"
}

@test "sockfilter: sees pings and their replies with exactly what it needs delegated" {
	# shellcheck disable=SC2016,SC2086 # the shell inside expands; a list of options
	container $FOUR -- sh -c 'sockfilter -n 4 -t 5 2>&1 | {
		read -r line; echo "$line"; ping -c 2 -i 0.2 127.0.0.1 >/dev/null; cat; }'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "listening on lo" ]
	[ "${#lines[@]}" -eq 5 ]
	[ "$(lines_of "${PACKET}2048\(src\) -> 127\.0\.0\.1:[0-9]+\(dst\)\$")" -eq 2 ]
	[ "$(lines_of "${PACKET}0\(src\) -> 127\.0\.0\.1:[0-9]+\(dst\)\$")" -eq 2 ]
}

@test "sockfilter: reads TCP, UDP, IPv6 and fragments" {
	# shellcheck disable=SC2086
	container $FOUR -- bash -c 'ip link set lo mtu 1500; sockfilter -t 2 2>&1 | {
		read -r line
		: 2>/dev/null <>/dev/tcp/127.0.0.1/81
		echo x 2>/dev/null >/dev/udp/::1/82
		ping -c 1 -W 1 ::1 >/dev/null
		ping -c 1 -W 1 -s 4000 127.0.0.1 >/dev/null
		cat; }'
	[ "$status" -eq 0 ]
	[ "$(lines_of 'protocol: TCP        127\.0\.0\.1:[0-9]+\(src\) -> 127\.0\.0\.1:81\(dst\)$')" -eq 1 ]
	[ "$(lines_of 'protocol: TCP        127\.0\.0\.1:81\(src\) -> 127\.0\.0\.1:[0-9]+\(dst\)$')" -eq 1 ]
	[ "$(lines_of 'protocol: UDP        \[::1\]:[0-9]+\(src\) -> \[::1\]:82\(dst\)$')" -eq 1 ]
	# 32768 = 128 << 8, an echo request's type and code
	[ "$(lines_of 'protocol: ICMPV6        \[::1\]:32768\(src\)')" -eq 1 ]
	# Of the request's three fragments two have no header to read ports from.
	[ "$(lines_of "${PACKET}2048\(src\)")" -eq 1 ]
	[ "$(lines_of "${PACKET}0\(src\) -> 127\.0\.0\.1:0\(dst\)")" -ge 4 ]
}

@test "sockfilter: without delegation it fails and says why" {
	container --no-delegation -- sockfilter -t 5
	[ "$status" -eq 1 ]
	[[ "${lines[0]}" == "sockfilter: cannot load the BPF program: libbpf: "* ]]
	has "reason: found no bpffs that gives such a token"
	has "reason: the call carried no token"
	has "to change it: delegate on the host: nothing is delegated to this mount namespace"
}

@test "sockfilter: with another program type delegated it names the missing bit" {
	# shellcheck disable=SC2086
	container $XDP -- sockfilter -t 5
	[ "$status" -eq 1 ]
	has "reason: the token does not delegate program type socket_filter"
	has "delegate_progs=socket_filter"
}

@test "sockfilter: without CAP_BPF it names what a token needs" {
	# shellcheck disable=SC2086
	container $FOUR --caps cap_net_raw -- sockfilter -t 5
	[ "$status" -eq 1 ]
	has "CAP_BPF"
}

@test "sockfilter: a timeout before the count is a failure, without a count it is not" {
	# shellcheck disable=SC2086
	container $FOUR -- sockfilter -n 1 -t 1
	[ "$status" -eq 1 ]
	has "sockfilter: the time is over: 0 of 1 packets"
	# shellcheck disable=SC2086
	container $FOUR -- sockfilter -t 1
	[ "$status" -eq 0 ]
	[ "$output" = "listening on lo" ]
}

@test "sockfilter: ends cleanly on SIGTERM" {
	# shellcheck disable=SC2086
	container $FOUR -- timeout --preserve-status 1 sockfilter
	[ "$status" -eq 0 ]
	[ "$output" = "listening on lo" ]
}

@test "sockfilter: wrong options are refused" {
	for wrong in "-n 0" "-n 1x" "-t -1" "-i nosuchdevice" "--unknown" "operand"; do
		# shellcheck disable=SC2086
		run timeout 5 "$BIN/sockfilter" $wrong
		[ "$status" -ne 0 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "token-load: creates a map and loads a program, or explains" {
	# shellcheck disable=SC2086
	container $FOUR -- token-load
	[ "$status" -eq 0 ]
	has "the token permits delegate_cmds=map_create:prog_load,delegate_maps=ringbuf,"
	has "created a ringbuf map: fd "
	has "loaded a socket filter: fd "
	# shellcheck disable=SC2086
	container $XDP -- token-load
	[ "$status" -eq 1 ]
	has "token-load: cannot load the program: the token does not delegate program type socket_filter: "
}
