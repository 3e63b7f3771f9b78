#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# bpftoken learn, as a user sees it: real programs of several languages, the least policy
# of real libbpf programs, the same calls in strace's eyes, recordings as files.

load helper

# of helper.bash's bpftoken()
stdout='' stderr=''

setup_file() {
	BIN=$(mktemp -d)
	export BIN
	chmod 755 "$BIN"
	build=$(dirname "$BPFTOKEN")
	for example in sockfilter names-without; do
		[ ! -x "$build/examples/$example" ] ||
			install -m 755 "$build/examples/$example" "$BIN"
	done
	# the container's root finds the command and its library beside each other
	[ ! -e "$build/preload/libbpftoken-preload.so" ] ||
		install -m 755 "$BPFTOKEN" "$build/preload/libbpftoken-preload.so" "$BIN"
	cat >"$BIN/maps.py" <<-'EOT'
		import ctypes, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		for name in sys.argv[1:]:
		    attr = ctypes.create_string_buffer(
		        struct.pack("IIIIIII16s", 1, 4, 4, 16, 0, 0, 0, name.encode()), 72)
		    if libc.syscall(321, 0, attr, 72) < 0:
		        sys.exit(1)
	EOT
	cat >"$BIN/xdp.c" <<-'EOT'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }
		char _license[] SEC("license") = "GPL";
	EOT
	cat >"$BIN/xdp-data.c" <<-'EOT'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		int seen;
		SEC("xdp") int pass(struct xdp_md *ctx) { seen++; return XDP_PASS; }
		char _license[] SEC("license") = "GPL";
	EOT
	for object in xdp xdp-data; do
		clang -g -O2 -target bpf -I "/usr/include/$(uname -m)-linux-gnu" \
			-c "$BIN/$object.c" -o "$BIN/$object.o" 2>"$BIN/clang.log" || true
	done
}

teardown_file() {
	rm -rf "$BIN"
}

setup() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	run_file=$BATS_TEST_TMPDIR/run.jsonl
}

need_sockfilter() {
	[ -x "$BIN/sockfilter" ] || skip "examples not built (clang, bpftool, libbpf >= 1.4)"
}

need_xdp() {
	[ -s "$BIN/xdp.o" ] || skip "no BPF object (clang, libbpf's headers)"
	bpftool version | grep -qE 'libbpf v(1[.][4-9]|[2-9])' ||
		skip "bpftool's libbpf knows no tokens (1.4)"
}

need_python() {
	[ "$(uname -m)" = x86_64 ] || skip "the number of bpf(2) is written for x86_64"
	command -v python3 >/dev/null || skip "no python3"
}

# fails COMMAND...: its status is not 0. (A "!" alone fails no test of bats.)
fails() {
	! "$@"
}

# row KIND VALUE: the report's line of a value, its columns separated by single blanks.
row() {
	grep -E "^$1 +$2 " "$stderr" | tr -s ' '
}

# names: of the maps that a recording has, in order.
names() {
	sed -n 's/.*"cmd":"map_create".*"name":"\([^"]*\)".*"result":[0-9].*/\1/p' "$run_file" |
		sort | xargs
}

@test "learn: the values of sockfilter, each with evidence" {
	need_sockfilter
	bpftoken learn -o "$run_file" -- "$BIN/sockfilter" -t 1
	expect 0
	[ ! -s "$stdout" ]
	[[ "$(row cmd map_create)" == *" yes "*"ringbuf \"rb\""* ]]
	[[ "$(row cmd prog_load)" == *" yes "*"socket_filter \"report_packet\""* ]]
	[[ "$(row cmd btf_load)" == *" yes "*" bytes for the map \"rb\""* ]]
	[[ "$(row map ringbuf)" == "map ringbuf 1 1 yes #"* ]]
	[[ "$(row prog socket_filter)" == *" yes "*"\"report_packet\""* ]]
	[[ "$(row attach cgroup_inet_ingress)" == *" yes "*"\"report_packet\""* ]]
	# and nothing else is needed
	[ "$(grep -cE '^(cmd|map|prog|attach) .* yes ' "$stderr")" -eq 6 ]
	grep -q "^needs, too .*cap_bpf" "$stderr"
	grep -q "libbpf[.]so[.]" "$stderr"
	grep -q '"cmd":"prog_load","prog_type":"socket_filter".*"name":"report_packet".*"uses":.*"kind":"map"' \
		"$run_file"
}

@test "learn --to: the policy alone on standard output, the program's with the report" {
	need_sockfilter
	bpftoken learn -- sh -c 'echo its own; echo and this >&2'
	expect 0
	expect_stdout "its own"
	bpftoken learn --to mount -- sh -c "echo its own; $BIN/sockfilter -t 1"
	expect 0
	[ "$(wc -l <"$stdout")" -eq 1 ]
	grep -q '^delegate_cmds=map_create:prog_load:btf_load,delegate_maps=ringbuf,' "$stdout"
	grep -q '^its own$' "$stderr"
	"$BPFTOKEN" policy show <"$stdout" >"$BATS_TEST_TMPDIR/shown"
	bpftoken learn --json -- "$BIN/sockfilter" -t 1
	expect 0
	python3 - "$stdout" <<-'EOT'
		import json, sys
		report = json.load(open(sys.argv[1]))
		values = {(i["set"], i["value"]) for i in report["items"] if i["needed"] == "yes"}
		assert values == {("cmds", "map_create"), ("cmds", "prog_load"), ("cmds", "btf_load"),
		                  ("maps", "ringbuf"), ("progs", "socket_filter"),
		                  ("attachs", "cgroup_inet_ingress")}, values
		assert report["runs"][0]["status"] == 0
		assert all(i["evidence"].startswith("#%d " % i["seq"]) for i in report["items"])
	EOT
}

@test "learn --follow: each value once, when it is first seen" {
	need_python
	bpftoken learn --follow -- python3 "$BIN/maps.py" one two three
	expect 0
	[ "$(grep -c '^+ map type hash .*"one"$' "$stderr")" -eq 1 ]
	[ "$(grep -c '^+ ' "$stderr")" -eq 2 ]
}

@test "learn: exit statuses are the program's, and what never ran is named" {
	bpftoken learn -- sh -c 'exit 7'
	expect 7
	bpftoken learn -- sh -c 'kill -TERM $$'
	expect 143
	bpftoken learn -- /nonexistent/program
	expect_error 127 "cannot run the program: /nonexistent/program"
	bpftoken learn
	expect_error 2 "no PROGRAM given"
	bpftoken learn --to nonsense -- true
	expect_error 2 "unknown dialect"
	bpftoken learn --goal exit -- true
	expect_error 2 "--minimize"
}

@test "learn: what no policy gives is named, with what to do instead" {
	bpftool prog list >/dev/null || skip "no bpftool"
	need_sockfilter
	bpftoken learn -- sh -c "$BIN/sockfilter -t 1 & sleep 0.3; bpftool prog list; wait"
	expect 0
	grep -q 'prog_get_next_id, .* no policy gives it to a container;$' "$stderr"
	grep -q 'instead: open what was pinned' "$stderr"
}

@test "learn: python, and pipelines of a shell" {
	need_python
	bpftoken learn -o "$run_file" -- python3 "$BIN/maps.py" snake
	expect 0
	[ "$(names)" = snake ]
	bpftoken learn -o "$run_file" -- sh -c \
		"python3 $BIN/maps.py a | { python3 $BIN/maps.py b; exit 3; } | cat; exit 5"
	expect 5
	[ "$(names)" = "a b" ]
	grep -q '"comm":"python3"' "$run_file"
}

# seen_by_learn, seen_by_strace FILE: "command result" of each call, in order; both without
# what learn never stops.
seen_by_learn() {
	sed -nE 's/.*"cmd":"?([a-z_0-9]+)"?,.*"result":(-?[0-9]+).*/\1 \2/p' "$1" |
		sed -E 's/ -[0-9]+$//' >"$1.short"
	sed -nE 's/.*"cmd":"?([a-z_0-9]+)"?,.*"result":-?[0-9]+,"error":"([A-Z0-9]+)".*/\2/p' \
		"$1" >"$1.errors"
	awk -v errors="$1.errors" '
	NF == 1 { getline error <errors; print $1, error; next }
	{ print }' "$1.short"
}

seen_by_strace() {
	sed -nE 's/^([0-9]+ +)?bpf\((BPF_|0x)([A-Za-z_0-9]+).* = (-1 )?([A-Z0-9]+).*/\3 \5/p' "$1" |
		sed -E 's/^24 /token_create /' | tr '[:upper:]' '[:lower:]' |
		awk '{ $2 = toupper($2); print }' |
		grep -vE '^(map_(lookup|update|delete|lookup_and_delete)(_elem|_batch|_and_delete_batch)|map_get_next_key|prog_(test_)?run|obj_get_info_by_fd|map_freeze|prog_stream_read_by_fd) '
}

# same_as_strace LEAST PROGRAM...: at least so many calls, or shows the difference. With
# ORDER=sort, of threads that race, in whatever order.
same_as_strace() {
	least=$1
	shift
	"$BPFTOKEN" learn -o "$run_file" -- "$@" >/dev/null 2>&1 || true
	# a file for each thread, so that no line is cut in two by another's
	rm -f "$BATS_TEST_TMPDIR"/strace.*
	strace -ff -e trace=bpf --seccomp-bpf -o "$BATS_TEST_TMPDIR/strace" "$@" >/dev/null 2>&1 || true
	seen_by_learn "$run_file" | ${ORDER:-cat} >"$BATS_TEST_TMPDIR/ours"
	find "$BATS_TEST_TMPDIR" -name 'strace.*' | sort -V | xargs cat >"$BATS_TEST_TMPDIR/all"
	seen_by_strace "$BATS_TEST_TMPDIR/all" | ${ORDER:-cat} >"$BATS_TEST_TMPDIR/theirs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ours")" -ge "$least" ]
	diff -u "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "learn: a static Go program with many threads" {
	command -v go >/dev/null || skip "no go"
	[ "$(uname -m)" = x86_64 ] || skip "the number of bpf(2) is written for x86_64"
	mkdir "$BATS_TEST_TMPDIR/go"
	cat >"$BATS_TEST_TMPDIR/go/main.go" <<-'EOT'
		package main

		import (
			"encoding/binary"
			"fmt"
			"os"
			"runtime"
			"sync"
			"syscall"
			"unsafe"
		)

		func main() {
			var all sync.WaitGroup
			for worker := 0; worker < 8; worker++ {
				all.Add(1)
				go func(worker int) {
					defer all.Done()
					runtime.LockOSThread()
					for n := 0; n < 20; n++ {
						var attr [72]byte
						for i, v := range []uint32{1, 4, 4, 16} {
							binary.LittleEndian.PutUint32(attr[i*4:], v)
						}
						copy(attr[28:], fmt.Sprintf("go%d_%d", worker, n))
						_, _, e := syscall.Syscall(321, 0, uintptr(unsafe.Pointer(&attr)), 72)
						if e != 0 {
							os.Exit(1)
						}
					}
				}(worker)
			}
			all.Wait()
			os.Exit(11)
		}
	EOT
	(cd "$BATS_TEST_TMPDIR/go" && HOME=$BATS_TEST_TMPDIR GOFLAGS=-modcacherw CGO_ENABLED=0 \
		GO111MODULE=off go build -o gomaps main.go)
	fails ldd "$BATS_TEST_TMPDIR/go/gomaps"
	bpftoken learn -o "$run_file" -- "$BATS_TEST_TMPDIR/go/gomaps"
	expect 11
	[ "$(names | tr ' ' '\n' | sort -u | wc -l)" -eq 160 ]
	[ "$(grep -o '"tid":[0-9]*' "$run_file" | sort -u | wc -l)" -ge 8 ]
	[ "$(grep -o '"pid":[0-9]*' "$run_file" | sort -u | wc -l)" -eq 1 ]
	command -v strace >/dev/null || skip "no strace"
	ORDER="sort" same_as_strace 160 "$BATS_TEST_TMPDIR/go/gomaps"
}

@test "learn: a statically linked C program" {
	cat >"$BATS_TEST_TMPDIR/map.c" <<-'EOT'
		#include <string.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			unsigned int attr[18] = { 2, 4, 4, 1 };
			strcpy((char *)&attr[7], "static_c");
			return syscall(SYS_bpf, 0, attr, sizeof(attr)) < 0;
		}
	EOT
	gcc -static -o "$BATS_TEST_TMPDIR/map" "$BATS_TEST_TMPDIR/map.c"
	bpftoken learn -o "$run_file" -- "$BATS_TEST_TMPDIR/map"
	expect 0
	[ "$(names)" = static_c ]
}

@test "learn: a 32-bit program" {
	program=$(dirname "$BPFTOKEN")/tests/programs/old-32
	[ -x "$program" ] || skip "no 32-bit program (gcc-multilib)"
	[ -e /proc/sys/abi/vsyscall32 ] || skip "the kernel runs no 32-bit programs"
	bpftoken learn -o "$run_file" -- "$program" 2
	expect 0
	[ "$(names)" = "old_map old_map" ]
	[ "$(grep -c '"cmd":"prog_load".*"prog_type":"socket_filter".*"name":"old_prog"' "$run_file")" -eq 2 ]
	[ "$(grep -c '"compat":true' "$run_file")" -eq 4 ]
	same_as_strace 4 "$program" 2
}

@test "learn: the same calls and results as strace sees" {
	command -v strace >/dev/null || skip "no strace"
	need_sockfilter
	need_xdp
	same_as_strace 18 "$BIN/sockfilter" -t 1
	# of its probes those for a device: all of them are thousands of loads
	same_as_strace 10 bpftool feature probe dev lo
	same_as_strace 3 bpftool prog load "$BIN/xdp.o" /nonexistent/pin
	# shellcheck disable=SC2046 # 300 names
	same_as_strace 300 python3 "$BIN/maps.py" $(seq -f map%g 300)
	same_as_strace 2 sh -c "python3 $BIN/maps.py x; python3 $BIN/maps.py y; exit 1"
}

# describe PID: type, name and BTF of the maps and programs that a process holds.
describe() {
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in
		anon_inode:bpf-map) kind=map ;;
		anon_inode:bpf-prog) kind=prog ;;
		*) continue ;;
		esac
		id=$(sed -n "s/^${kind}_id:[^0-9]*//p" "/proc/$1/fdinfo/${fd##*/}")
		bpftool -j "$kind" show id "$id" >"$BATS_TEST_TMPDIR/object"
		python3 - "$kind" "$BATS_TEST_TMPDIR/object" <<-'EOT'
			import json, sys
			of = json.load(open(sys.argv[2]))
			print(sys.argv[1], of["type"], of.get("name", "(no name)"),
			      "with BTF" if of.get("btf_id", 0) else "without BTF")
		EOT
	done | sort
}

# objects PROGRAM...: what sockfilter has made, once it listens. The program ends with it.
objects() {
	"$@" "$BIN/sockfilter" -t 20 >"$BATS_TEST_TMPDIR/said" 2>&1 &
	runner=$!
	for _ in $(seq 200); do
		! grep -q '^listening' "$BATS_TEST_TMPDIR/said" || break
		kill -0 "$runner" 2>/dev/null || break
		sleep 0.1
	done
	pid=$(pgrep -f "^$BIN/sockfilter" | tail -n 1)
	[ -z "$pid" ] || describe "$pid"
	kill -TERM "$runner" 2>/dev/null || true
	wait "$runner" || true
}

# each_less FILE: the number of values of a policy file; less.ini has one value less, and
# without is its name, for the function `lesser` each time.
each_less() {
	count=0
	less=$BATS_TEST_TMPDIR/less.ini
	for key in cmds maps progs attachs; do
		sed -n "s/^$key = //p" "$1" | tr ' ' '\n' >"$BATS_TEST_TMPDIR/values"
		while read -r without; do
			# the set without the value; an empty set loses its line
			sed -E "/^$key = /{s/(= | )$without( |\$)/\1\2/;s/ +/ /g;s/ \$//}" "$1" |
				grep -v '=$' >"$less"
			fails grep -qE "^$key = (.* )?$without( |\$)" "$less"
			echo "without $without"
			lesser
			count=$((count + 1))
		done <"$BATS_TEST_TMPDIR/values"
	done
}

@test "learn --minimize: sockfilter runs with BTF and names, and no single value can go" {
	need_sockfilter
	bpftool version >/dev/null || skip "no bpftool"
	# what root of the host has; the kernel keeps no BTF of a map without key and value
	host=$(objects env)
	[ "$host" = "map ringbuf rb without BTF
prog socket_filter report_packet with BTF" ] || {
		echo "on the host: $host"
		false
	}
	bpftoken learn --minimize --to ini -- "$BIN/sockfilter" -t 1
	expect 0
	grep -q 'the goal "objects" held [2-9] times' "$stderr"
	cp "$stdout" "$BATS_TEST_TMPDIR/least.ini"
	least=$(objects "$BPFTOKEN" run -p "$BATS_TEST_TMPDIR/least.ini" --)
	[ "$least" = "$host" ] || {
		echo "under $(cat "$BATS_TEST_TMPDIR/least.ini"): $least"
		cat "$BATS_TEST_TMPDIR/said"
		false
	}
	lesser() {
		[ "$(objects "$BPFTOKEN" run -p "$less" --)" != "$host" ]
	}
	each_less "$BATS_TEST_TMPDIR/least.ini"
	[ "$count" -eq 6 ]
}

@test "learn --minimize --exec: unmodified libbpf keeps its names, too" {
	[ -x "$BIN/names-without" ] || skip "examples not built (clang, bpftool, libbpf >= 1.4)"
	[ -x "$BIN/bpftoken" ] || skip "no libbpftoken-preload.so on this machine"
	names='map by_protocol: by_protocol
map names_bp.rodata: names_bp.rodata
map names_bp.bss: names_bp.bss
program count_packets: count_packets'
	# libbpf alone: no names, which is said, with what to do
	bpftoken learn --minimize -- "$BIN/names-without" implicit
	expect 0
	grep -qE 'have lost their names .[0-9]+ have none.' "$stderr"
	grep -q 'give --exec' "$stderr"
	BPFTOKEN=$BIN/bpftoken bpftoken learn --minimize --exec --to ini -- "$BIN/names-without" implicit
	expect 0
	fails grep -q 'lost their names' "$stderr"
	cp "$stdout" "$BATS_TEST_TMPDIR/least.ini"
	under() {
		timeout 20 "$BPFTOKEN" run -p "$1" -- \
			"$BIN/bpftoken" exec --via "$2" -- "$BIN/names-without" implicit 2>/dev/null
	}
	for via in preload notify; do
		[ "$(under "$BATS_TEST_TMPDIR/least.ini" "$via")" = "$names" ]
	done
	# BTF is nothing that this program shows: its command has a test above
	lesser() {
		[ "$without" = btf_load ] || [ "$(under "$less" preload)" != "$names" ]
	}
	each_less "$BATS_TEST_TMPDIR/least.ini"
	[ "$count" -eq 7 ]
}

@test "learn --minimize --exec: a program that knows no tokens" {
	need_python
	[ -x "$BIN/bpftoken" ] || skip "no libbpftoken-preload.so on this machine"
	install -m 644 "$BIN/maps.py" "$BATS_TEST_TMPDIR"
	BPFTOKEN=$BIN/bpftoken bpftoken learn --minimize --exec --to mount -- \
		/usr/bin/python3 "$BIN/maps.py" one
	expect 0
	expect_stdout "delegate_cmds=map_create,delegate_maps=hash"
	bpftoken learn --minimize --exec -- busybox true
	expect_error 2 "busybox is statically linked"
	bpftoken learn --exec -- true
	expect_error 2 "are of --minimize"
}

@test "learn --minimize: in the container that the program needs" {
	[ -x "$BIN/names-without" ] || skip "examples not built (clang, bpftool, libbpf >= 1.4)"
	bpftoken learn --caps cap_bpf -- true
	expect_error 2 "are of --minimize"
	here=$(readlink /proc/self/ns/net)
	in_net="[ \$(readlink /proc/self/ns/net) = '$here' ] && exec $BIN/names-without implicit"
	bpftoken learn --minimize -- sh -c "$in_net"
	expect_error 125 "ends with status 1"
	bpftoken learn --minimize --to mount --net host -- sh -c "$in_net"
	expect 0
	grep -q '^delegate_cmds=map_create:prog_load:btf_load,delegate_maps=hash:array,' "$stdout"
	# and the check joins the host's network with the program
	bpftoken learn --minimize --net host --goal exit \
		--check "[ \$(readlink /proc/self/ns/net) = '$here' ]" -- \
		sh -c "$BIN/names-without implicit && sleep 20"
	expect 0
	one="grep -q '^CapBnd:.*0000008000000000' /proc/self/status && exec $BIN/names-without implicit"
	bpftoken learn --minimize -- sh -c "$one"
	expect_error 125 "ends with status 1"
	bpftoken learn --minimize --to mount --caps cap_bpf -- sh -c "$one"
	expect 0
	grep -q '^delegate_cmds=map_create:prog_load:btf_load,delegate_maps=hash:array,' "$stdout"
	bpftoken learn --minimize --caps net_raw -- "$BIN/names-without" implicit
	expect_error 125 "ends with status 1"
	bpftoken learn --minimize --user 1000 --caps bpf -- \
		sh -c "[ \$(id -u) = 1000 ] && exec $BIN/names-without implicit"
	expect 0
}

@test "learn: a policy in JSON says where it comes from" {
	need_sockfilter
	bpftoken learn --minimize --to json -- "$BIN/sockfilter" -t 1
	expect 0
	python3 - "$stdout" "$BIN/sockfilter" <<-'EOT'
		import json, os, sys
		policy = json.load(open(sys.argv[1]))
		assert policy["maps"] == ["ringbuf"], policy
		of = policy["provenance"]
		assert of["by"].startswith("bpftoken learn "), of
		(run,) = of["runs"]
		assert run["command"] == [sys.argv[2], "-t", "1"], run
		assert run["kernel"] == os.uname().release, run
		assert run["libraries"].startswith("libbpf.so."), run
		assert of["minimum"]["goal"] == "objects" and of["minimum"]["verified"] >= 2
	EOT
	# it is a policy still
	"$BPFTOKEN" run -p "$stdout" -- "$BIN/sockfilter" -t 1
	"$BPFTOKEN" policy convert --to mount "$stdout" | grep -q '^delegate_cmds='
	"$BPFTOKEN" learn -o "$run_file" -- "$BIN/sockfilter" -t 1 >/dev/null 2>&1
	bpftoken learn report --to json "$run_file"
	expect 0
	python3 -c 'import json, sys; runs = json.load(open(sys.argv[1]))["provenance"]["runs"]
assert runs[0]["command"][0] == sys.argv[2] and runs[0]["status"] == 0' \
		"$stdout" "$BIN/sockfilter"
}

# loads OBJECT POLICY...: does libbpf load it under the policy?
loads() {
	object=$1
	shift
	"$BPFTOKEN" run --cmds map_create,prog_load,btf_load --maps array "$@" -- \
		bpftool prog load "$BIN/$object.o" /sys/fs/bpf/pass >/dev/null 2>&1
}

@test "learn: a policy that stops being enough when it is widened" {
	need_xdp
	loads xdp --progs xdp,socket_filter --attachs cgroup_inet_ingress
	fails loads xdp --progs xdp,socket_filter,cgroup_sock \
		--attachs cgroup_inet_ingress,cgroup_inet_sock_create
	least=$BATS_TEST_TMPDIR/least.ini
	lesser() {
		fails "$BPFTOKEN" run -p "$less" -- \
			bpftool prog load "$BIN/xdp.o" /sys/fs/bpf/pass >/dev/null 2>&1
	}
	# The smaller is enough for the exit status; only one with xdp has the same object.
	bpftoken learn --minimize --goal exit --to ini -- \
		bpftool prog load "$BIN/xdp.o" /sys/fs/bpf/pass
	expect 0
	grep -q 'the goal "exit" held [2-9] times' "$stderr"
	cp "$stdout" "$least"
	"$BPFTOKEN" run -p "$least" -- bpftool prog load "$BIN/xdp.o" /sys/fs/bpf/pass
	each_less "$least"
	# Newer libbpf leaves its first load out, and has two least policies.
	if fails loads xdp --progs xdp --attachs xdp,cgroup_inet_ingress; then
		[ "$("$BPFTOKEN" policy convert --to mount "$least")" = "delegate_cmds=prog_load,delegate_progs=socket_filter:xdp,delegate_attachs=cgroup_inet_ingress" ]
		[ "$count" -eq 4 ]
	fi
	bpftoken learn --minimize --to mount -- bpftool prog load "$BIN/xdp.o" /sys/fs/bpf/pass
	expect 0
	grep -q 'attachs=\(cgroup_inet_ingress:\)\?cgroup_inet_sock_create:xdp$' "$stdout"
	"$BPFTOKEN" run -p "$stdout" -- bpftool prog load "$BIN/xdp.o" /sys/fs/bpf/pass
}

@test "learn: a probe that is mandatory" {
	need_xdp
	bpftoken learn -- bpftool prog load "$BIN/xdp.o" /nonexistent/pin
	[[ "$(row prog socket_filter)" == *" probe only "* ]]
	# Newer libbpf leaves its first load out, and not that for global variables.
	object=xdp
	! loads xdp --progs xdp --attachs xdp,cgroup_inet_ingress || object=xdp-data
	loads "$object" --progs xdp,socket_filter --attachs xdp,cgroup_inet_ingress
	fails loads "$object" --progs xdp --attachs xdp,cgroup_inet_ingress
	bpftoken learn --minimize -- bpftool prog load "$BIN/$object.o" /sys/fs/bpf/pass
	expect 0
	[[ "$(row prog socket_filter)" == *" yes, proven "*"(fails without: run "* ]]
	[[ "$(row prog kprobe)" == *" no "* ]]
}

@test "learn --minimize: what fails with everything delegated is not minimised" {
	bpftoken learn --minimize -- sh -c 'exit 4'
	expect_error 125 "in a container with everything delegated it ends with status 4"
	need_python
	install -m 644 "$BIN/maps.py" "$BATS_TEST_TMPDIR"
	bpftoken learn --minimize -- python3 "$BIN/maps.py" untokened
	expect_error 125 "its calls carry no token"
	bpftoken learn --minimize -- /nonexistent/program
	expect_error 127 "/nonexistent/program"
}

@test "learn --minimize --check: a program that does not end" {
	need_sockfilter
	bpftoken learn --minimize --check 'ping -c 1 -W 1 127.0.0.1' --to mount -- "$BIN/sockfilter"
	expect 0
	expect_stdout "delegate_cmds=map_create:prog_load:btf_load,delegate_maps=ringbuf,delegate_progs=socket_filter,delegate_attachs=cgroup_inet_ingress"
	fails pgrep -f "^$BIN/sockfilter"
}

@test "learn --minimize: an interrupt shows the best so far" {
	need_sockfilter
	"$BPFTOKEN" learn --minimize -- "$BIN/sockfilter" -t 1 \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	sleep 3.5
	kill -TERM "$pid"
	wait "$pid"
	grep -q '^interrupted  *[0-9]* runs' "$BATS_TEST_TMPDIR/err"
	grep -q '^policy  *delegate_cmds=' "$BATS_TEST_TMPDIR/err"
	fails pgrep -f "^$BIN/sockfilter"
}

@test "learn merge: order and repetition make no difference" {
	need_python
	for name in one two three; do
		"$BPFTOKEN" learn -o "$BATS_TEST_TMPDIR/$name" -- python3 "$BIN/maps.py" "$name" 2>/dev/null
	done
	cd "$BATS_TEST_TMPDIR"
	"$BPFTOKEN" learn merge one two three >a
	"$BPFTOKEN" learn merge three one two one >b
	"$BPFTOKEN" learn merge two three >c
	"$BPFTOKEN" learn merge -o d c one
	cmp a b
	cmp a d
	"$BPFTOKEN" learn merge a a | cmp - a
	bpftoken learn report a
	grep -q '^learned .* 3 runs' "$stdout"
	grep -qE '^map +hash +3 +3 ' "$stdout"
	"$BPFTOKEN" learn merge one | cmp - one
}

@test "learn diff and check: what is more, what would be denied" {
	need_sockfilter
	need_python
	cd "$BATS_TEST_TMPDIR"
	"$BPFTOKEN" learn -o small -- python3 "$BIN/maps.py" small 2>/dev/null
	"$BPFTOKEN" learn -o big -- "$BIN/sockfilter" -t 1 >/dev/null 2>&1
	bpftoken learn diff small big
	expect 0
	grep -qE '^\+ program type socket_filter  \(yes\) #[0-9]+ sockfilter' "$stdout"
	grep -qE '^- map type hash  \(yes\) #1 python3' "$stdout"
	bpftoken learn diff --json small big
	expect 0
	python3 - "$stdout" <<-'EOT'
		import json, sys
		report = json.load(open(sys.argv[1]))
		value = lambda i: (i["set"], i["value"], i["needed"])
		assert [value(i) for i in report["less"]] == [("maps", "hash", "yes")], report
		more = [value(i) for i in report["more"]]
		assert ("progs", "socket_filter", "yes") in more, more
		assert ("cmds", "map_create", "yes") not in more, more
		assert report["more"][0]["evidence"].startswith("#%d " % report["more"][0]["seq"])
	EOT
	bpftoken learn diff big big
	[ ! -s "$stdout" ]
	bpftoken learn diff --json big big
	[ "$(tr -d ' \n' <"$stdout")" = '{"more":[],"less":[]}' ]
	bpftoken learn check --cmds map_create --maps hash small
	expect 0
	bpftoken learn check --cmds map_create,prog_load,btf_load --maps array \
		--progs socket_filter,kprobe --attachs cgroup_inet_ingress big
	expect 3
	grep -qE '^denied: lacks map type ringbuf: #[0-9]+ sockfilter\[[0-9]+\] ringbuf "rb"$' "$stdout"
	[ "$(grep -c '^denied' "$stdout")" -eq 1 ]
	bpftoken learn check --cmds map_create --maps array -- python3 "$BIN/maps.py" table
	expect 3
	grep -q '^denied: lacks map type hash: #1 python3' "$stdout"
	bpftoken learn check --cmds map_create --maps hash -- python3 "$BIN/maps.py" table
	expect 0
	bpftoken learn check --cmds map_create --maps hash -- sh -c 'exit 1'
	expect 1
	bpftoken learn check small
	expect_error 2 "no policy given"
}

@test "learn: what is no recording is refused, with the line" {
	cd "$BATS_TEST_TMPDIR"
	echo '{"cmd":"map_create"}' >first
	bpftoken learn report first
	expect_error 1 "line 1, column 1: a call stands before the first run"
	printf '{"run":"a","command":[]}\n{"cmd":"nonsense"}\n' >second
	bpftoken learn report second
	expect_error 1 "line 2, column 1: there is no such command"
	bpftoken learn report /dev/null
	expect_error 1 "it is empty"
	bpftoken learn report nonexistent
	expect_error 1 "No such file"
	bpftoken learn report
	expect_error 2 "no recording given"
}

# browser OPTION... FILE: the page as a browser has it, its scripts and styles done. Its
# helpers may outlive it, so they end with a pid namespace; whether it did what it was
# asked for is seen in what it leaves.
browser() {
	timeout -s KILL 30 unshare -pf --mount-proc --kill-child \
		chromium --headless --no-sandbox --disable-gpu \
		--disable-background-networking --disable-component-update --disable-sync \
		--no-first-run --user-data-dir="$BATS_TEST_TMPDIR/chromium" \
		--virtual-time-budget=1000 "$@" 2>/dev/null </dev/null 3>&- || true
}

@test "learn --html: one page, whose grid shows what is needed, probed and unused" {
	command -v chromium >/dev/null || skip "no chromium"
	need_sockfilter
	page=$BATS_TEST_TMPDIR/page.html
	"$BPFTOKEN" learn -o "$run_file" -- "$BIN/sockfilter" -t 1 >/dev/null 2>&1
	bpftoken learn report --progs socket_filter,xdp --attachs cgroup_inet_ingress,xdp \
		--maps hash --cmds prog_load --html "$page" "$run_file"
	expect 0
	fails grep -qE '(src|href)=|@import|url\(|<script|<link' "$page"
	browser --dump-dom "file://$page" >"$BATS_TEST_TMPDIR/dom"
	for cell in \
		'class="needed" title="socket_filter with cgroup_inet_ingress: needed"' \
		'class="probe" title="kprobe with cgroup_inet_ingress: probe only"' \
		'class="unused" title="xdp with xdp: delegated but unused"' \
		'class="none" title="kprobe with xdp: not used, not delegated"' \
		'class="needed" title="ringbuf: needed"' \
		'class="unused" title="hash: delegated but unused"'; do
		grep -qF "$cell" "$BATS_TEST_TMPDIR/dom" || {
			echo "missing: $cell"
			false
		}
	done
	browser --window-size=1200,900 --screenshot="$BATS_TEST_TMPDIR/page.png" "file://$page"
	# it is drawn: an empty page of this size is far smaller
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/page.png")" -gt 30000 ]
}

@test "learn --pid: a process that runs, and goes on" {
	need_python
	cat >"$BATS_TEST_TMPDIR/loop.py" <<-EOT
		import subprocess, sys, threading, time
		sys.argv = [""]
		code = compile(open("$BIN/maps.py").read(), "maps", "exec")
		def make(name):
		    sys.argv = ["", name]
		    exec(code, {"__name__": "maps"})
		def other():
		    make("thread")
		for i in range(40):
		    make("main")
		    if i == 20:
		        subprocess.run(["python3", "$BIN/maps.py", "child"])
		        thread = threading.Thread(target=other)
		        thread.start()
		        thread.join()
		        open("$BATS_TEST_TMPDIR/done", "w").close()
		    time.sleep(0.1)
	EOT
	python3 "$BATS_TEST_TMPDIR/loop.py" &
	looping=$!
	sleep 1
	"$BPFTOKEN" learn -o "$run_file" --pid "$looping" 2>"$BATS_TEST_TMPDIR/err" &
	learning=$!
	for _ in $(seq 300); do
		[ ! -e "$BATS_TEST_TMPDIR/done" ] || break
		sleep 0.1
	done
	kill -INT "$learning"
	wait "$learning"
	fails grep -qE '^(State:.*t.*tracing|TracerPid:[^0]*[1-9])' "/proc/$looping/status"
	names | grep -qw child
	names | grep -qw thread
	[ "$(names | tr ' ' '\n' | grep -c main)" -ge 10 ]
	# a second one, killed, leaves it running as well
	"$BPFTOKEN" learn --pid "$looping" 2>/dev/null &
	learning=$!
	sleep 0.3
	kill -KILL "$learning"
	wait "$looping"
	bpftoken learn --pid 4194304
	expect_error 125 "there is no process 4194304"
}
