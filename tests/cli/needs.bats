#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bpftoken needs: what it prints, and how it refuses. What it says is held against the
# kernel by tests/live/live-needs.c, and word by word by tests/unit/test-needs.c.
#
# shellcheck disable=SC2154 # stdout, stderr and golden are helper.bash's

load helper

# fails COMMAND...: its status is not 0. (A "!" alone fails no test of bats.)
fails() {
	! "$@"
}

setup() {
	objects=$(dirname "$BPFTOKEN")/tests/objects
	[ -e "$objects/tc.bpf.o" ] || skip "objects not built (clang, libbpf >= 1.4)"
}

@test "a report, and the policy below it" {
	bpftoken needs --libbpf 1.7 "$objects/many.bpf.o"
	expect 0
	[ ! -s "$stderr" ]
	check_golden needs-many.txt
}

@test "several objects: each reason names its object" {
	bpftoken needs --libbpf 1.7 "$objects/ringbuf.bpf.o" "$objects/freplace.bpf.o"
	expect 0
	check_golden needs-two.txt
}

@test "JSON has the same" {
	bpftoken needs --libbpf 1.7 --json "$objects/ringbuf.bpf.o"
	expect 0
	check_golden needs.json
	python3 -m json.tool "$stdout" >/dev/null
}

@test "with --to, standard output is the policy alone, in each dialect" {
	for dialect in mount lxd incus systemd oci json ini; do
		bpftoken needs --libbpf none --to $dialect "$objects/sk-lookup.bpf.o"
		expect 0
		grep -q '^attach type *sk_lookup  *object  choose$' "$stderr"
		cp "$stdout" "$BATS_TEST_TMPDIR/policy"
		bpftoken policy convert --to mount "$BATS_TEST_TMPDIR/policy"
		expect 0
		expect_stdout 'delegate_cmds=map_create:prog_load:btf_load,delegate_maps=sockmap,delegate_progs=sk_lookup,delegate_attachs=sk_lookup'
	done
}

@test "a policy in JSON says where it comes from" {
	bpftoken needs --libbpf 1.7 --to json "$objects/tc.bpf.o" "$objects/iter.bpf.o"
	expect 0
	python3 - "$stdout" "$objects" <<-'END'
		import json, os, sys
		of = json.load(open(sys.argv[1]))["provenance"]
		assert of["objects"] == [sys.argv[2] + name for name in ("/tc.bpf.o", "/iter.bpf.o")]
		assert of["by"].startswith("bpftoken needs "), of
		assert of["libbpf"] == "1.7" and of["kernel"] == os.uname().release, of
	END
	bpftoken needs --libbpf none --to json "$objects/tc.bpf.o"
	expect 0
	fails grep -q '"libbpf"' "$stdout"
}

@test "the policy that it writes covers what it needs, and one bit less does not" {
	bpftoken needs --to mount "$objects/xdp-globals.bpf.o"
	expect 0
	policy=$(cat "$stdout")
	bpftoken needs --covers "$policy" "$objects/xdp-globals.bpf.o"
	expect 0
	expect_stdout 'the policy suffices'
	bpftoken needs --covers "${policy/hash:/}" \
		"$objects/xdp-globals.bpf.o"
	expect 3
	[ "$(cat "$stderr")" = 'bpftoken: the policy does not suffice: something that is needed is not delegated: add delegate_maps=hash' ]
	[ "$(wc -l <"$stdout")" -eq 1 ]
	grep -q '^map type  *hash  *object  queues$' "$stdout"
}

@test "--covers as JSON says what is missing, and takes several policies" {
	bpftoken needs --json --libbpf 1.7 --covers @tc "$objects/tc.bpf.o"
	expect 3
	python3 - "$stdout" <<-'END'
		import json, sys
		missing = json.load(open(sys.argv[1]))["missing"]
		assert missing == {"cmds": [], "maps": [], "progs": ["socket_filter"],
		                   "attachs": []}, missing
	END
	bpftoken needs --libbpf 1.7 --covers @tc --covers @libbpf "$objects/tc.bpf.o"
	expect 0
}

@test "a program with a skeleton says the same as its object" {
	examples=$(dirname "$BPFTOKEN")/examples
	bpftoken needs "$examples/sockfilter"
	expect 0
	cp "$stdout" "$BATS_TEST_TMPDIR/program"
	bpftoken needs "$examples/sockfilter.bpf.o"
	expect 0
	diff -u "$BATS_TEST_TMPDIR/program" "$stdout"
	grep -q '^map type  *ringbuf ' "$stdout"
}

@test "no privilege is asked for" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	directory=$(mktemp -d)
	chmod 755 "$directory"
	cp "$BPFTOKEN" "$objects/tc.bpf.o" "$directory"
	chmod 644 "$directory/tc.bpf.o"
	run setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		"$directory/bpftoken" needs --to mount "$directory/tc.bpf.o"
	rm -rf "$directory"
	[ "$status" -eq 0 ]
	[[ "$output" == *delegate_cmds=prog_load:btf_load* ]]
}

@test "what is no object is refused in one line" {
	file=$BATS_TEST_TMPDIR/file
	: >"$file"
	bpftoken needs "$file"
	expect_error 1 "cannot read the BPF object $file: it is empty: "
	echo text >"$file"
	bpftoken needs "$file"
	expect_error 1 'it is no ELF file'
	bpftoken needs "$BPFTOKEN"
	expect_error 1 'there is no BPF object in it: '
	head -c 300 "$objects/tc.bpf.o" >"$file"
	bpftoken needs "$file"
	expect_error 1 'libbpf refuses it: '
	bpftoken needs "$BATS_TEST_TMPDIR/none"
	expect_error 1 'No such file'
	bpftoken needs "$objects/tc.bpf.o" "$file"
	expect_error 1 'libbpf refuses it: '
}

@test "libbpf that is not there, and one that dies, are told from a bad object" {
	mkdir "$BATS_TEST_TMPDIR/lib"
	: >"$BATS_TEST_TMPDIR/lib/libbpf.so.1"
	export LD_LIBRARY_PATH=$BATS_TEST_TMPDIR/lib
	bpftoken needs "$objects/tc.bpf.o"
	expect_error 1 'it takes libbpf to read BPF objects: '
	cc -shared -fPIC -x c -o "$BATS_TEST_TMPDIR/lib/libbpf.so.1" - <<-'END'
		#include <signal.h>
		#include <unistd.h>
		__attribute__((constructor)) static void die(void)
		{
			kill(getpid(), SIGKILL);
		}
	END
	bpftoken needs "$objects/tc.bpf.o"
	expect_error 1 'libbpf crashed over it, or did not come to an end: '
}

@test "an object with damage anywhere is read, or refused in one line, and soon" {
	damaged=$BATS_TEST_TMPDIR/damaged.o
	read=0 refused=0
	for object in "$objects/struct-ops.bpf.o" "$objects/map-in-map.bpf.o"; do
		size=$(stat -c %s "$object")
		for part in $(seq 0 39); do
			cp "$object" "$damaged"
			at=$((part * size / 40))
			printf '\377\377\377\177' |
				dd of="$damaged" bs=1 seek=$at conv=notrunc status=none
			[ $((part % 4)) -ne 3 ] || truncate -s $at "$damaged"
			begin=$SECONDS
			bpftoken needs "$damaged"
			[ $((SECONDS - begin)) -lt 25 ]
			if [ "$status" -eq 0 ]; then
				read=$((read + 1))
			else
				expect_error 1 'cannot read the BPF object'
				# libbpf's name for it is no address of ours
				[ "$(grep -c '[0-9a-f]\{12\}-' "$stderr")" -eq 0 ]
				refused=$((refused + 1))
			fi
		done
	done
	echo "$read read, $refused refused"
	[ $read -gt 0 ] && [ $refused -gt 0 ]
}

@test "wrong usage" {
	bpftoken needs
	expect_error 2 'no object given'
	bpftoken needs --to nonsense "$objects/tc.bpf.o"
	expect_error 2 'unknown dialect'
	bpftoken needs --libbpf new "$objects/tc.bpf.o"
	expect_error 2 'no version of libbpf'
	bpftoken needs --to mount --json "$objects/tc.bpf.o"
	expect_error 2 '--to'
	bpftoken needs --covers nonsense=1 "$objects/tc.bpf.o"
	expect_error 3 ''
}
