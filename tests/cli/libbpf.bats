#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# libbpf with libbpftoken-libbpf, in containers: each way to bring a token into an object,
# linked with shared libraries and statically, and that without it the names are lost.
# BPFTOKEN is the command under test.
#
# shellcheck disable=SC2154 # status, output and lines are bats's

FULL="--cmds prog_load:map_create:btf_load --maps hash:array --progs socket_filter"
FULL="$FULL --attachs cgroup_inet_ingress"
NAMES='map by_protocol: by_protocol
map names_bp.rodata: names_bp.rodata
map names_bp.bss: names_bp.bss
program count_packets: count_packets'
NO_NAMES='map by_protocol: (no name)
map names_bp.rodata: (no name)
map names_bp.bss: (no name)
program count_packets: (no name)'

# The container's root is an ordinary user on the host: it gets binaries it can reach.
setup_file() {
	BIN=$(mktemp -d)
	export BIN LD_LIBRARY_PATH=$BIN
	chmod 755 "$BIN"
	build=$(dirname "$BPFTOKEN")
	for file in "$build"/examples/names-* "$build"/examples/lowlevel \
		"$build"/lib/libbpftoken.so.0 "$build"/libbpf/libbpftoken-libbpf.so.0; do
		[ ! -f "$file" ] || install -m 755 "$file" "$BIN"
	done
}

teardown_file() {
	rm -rf "$BIN"
}

setup() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	[ -x "$BIN/names-shared" ] || skip "examples not built (clang, bpftool, libbpf >= 1.4)"
}

# container PROGRAM...: its output, libbpf's words on standard error aside.
container() {
	# shellcheck disable=SC2016,SC2086 # a list of options; the shell inside expands
	run timeout -k 1 20 "$BPFTOKEN" run $FULL -- sh -c 'exec "$@" 2>/dev/null' sh "$@"
}

# prints TEXT
prints() {
	[ "$status" -eq 0 ] || echo "exit status $status"
	diff <(echo "$1") <(echo "$output")
}

# every_way PROGRAM TEXT: the four ways that bring a token print TEXT, the fifth fails.
every_way() {
	container "$BIN/$1" implicit
	prints "$2"
	container "$BIN/$1" path /sys/fs/bpf
	prints "$2"
	container "$BIN/$1" fd /sys/fs/bpf
	prints "$2"
	container env LIBBPF_BPF_TOKEN_PATH=/sys/fs/bpf "$BIN/$1" environment
	prints "$2"
	container "$BIN/$1" prevented
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}

# linked PROGRAM LIBRARY: is libbpf in it, or beside it?
linked() {
	readelf -d "$BIN/$1" | grep -q "NEEDED.*$2"
}

@test "libbpf: names arrive in each way, with shared libraries" {
	linked names-shared libbpf.so
	linked names-shared libbpftoken-libbpf.so
	every_way names-shared "$NAMES"
}

@test "libbpf: names arrive in each way, statically linked" {
	[ -x "$BIN/names-static" ] || skip "no static libbpf that links, or a sanitizer's build"
	run linked names-static libbpf.so
	[ "$status" -eq 1 ]
	every_way names-static "$NAMES"
}

@test "libbpf: without libbpftoken-libbpf the names are lost" {
	run linked names-without libbpftoken
	[ "$status" -eq 1 ]
	every_way names-without "$NO_NAMES"
}

@test "libbpf: a way to nowhere is refused" {
	container "$BIN/names-shared" path /proc
	[ "$status" -eq 1 ]
	container "$BIN/names-shared" fd /proc
	[ "$status" -eq 1 ]
	container env LIBBPF_BPF_TOKEN_PATH= "$BIN/names-shared" environment
	[ "$status" -eq 1 ]
	container "$BIN/names-shared" elsewhere
	[ "$status" -eq 2 ]
	# a file is no bpffs, and a token less so
	# shellcheck disable=SC2086
	run "$BPFTOKEN" run $FULL -- "$BIN/names-shared" fd /proc/self/status
	[ "$status" -eq 1 ]
	[[ "$output" == *"is not a directory; a token is for bpftoken_global_set()"* ]]
}

@test "libbpf: without a token nothing is made up: the host's errors stay" {
	run timeout 20 "$BPFTOKEN" run --no-delegation -- "$BIN/names-shared" implicit
	[ "$status" -eq 1 ]
	[[ "$output" == *"Operation not permitted"* ]]
}

@test "libbpf: one call lets low-level calls and probes use the token" {
	container "$BIN/lowlevel"
	prints 'map: by_hand
hash maps: 1, array maps: 1
socket filters: 1, XDP programs: 0'
	run timeout 20 "$BPFTOKEN" run --no-delegation -- "$BIN/lowlevel"
	[ "$status" -eq 1 ]
	[[ "$output" == "lowlevel: found no bpffs that gives such a token: "* ]]
}

@test "libbpf: names arrive also where the token permits no program" {
	# The name probe is a socket filter; here it is refused, with and without a token.
	run timeout 20 "$BPFTOKEN" run --cmds map_create --maps hash -- "$BIN/lowlevel"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "map: by_hand" ]
	[ "${lines[1]}" = "hash maps: 1, array maps: 0" ]
	[ "${lines[2]}" = "socket filters: 0, XDP programs: 0" ]
}

@test "libbpf: linked behind the C library it says so" {
	run linked lowlevel libasan
	[ "$status" -ne 0 ] || skip "a sanitizer's build, which is preloaded itself"
	preload=$(ldd "$BIN/lowlevel" | sed -n 's/.*libc[.]so.* => \([^ ]*\) .*/\1/p')
	[ -n "$preload" ]
	run env LD_PRELOAD="$preload" "$BIN/lowlevel"
	[ "$status" -eq 1 ]
	[[ "$output" == *"libbpftoken-libbpf is linked behind the C library"* ]]
}
