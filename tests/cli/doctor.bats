#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# bpftoken doctor: its command line, and its report on a host. What the gates say in
# containers is tested in tests/live/live-doctor.c.

load helper

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
}

@test "doctor: the command line" {
	bpftoken doctor extra
	expect_error 2 'no operand is taken, not "extra"'
	bpftoken doctor --pid 1 --container c1
	expect_error 2 "exclude one another"
	bpftoken doctor --pid x
	expect_error 2 'cannot use --pid "x"'
	bpftoken doctor --jsn
	expect_error 2 "nearest is --json"
	bpftoken doctor --maps hsh
	expect_error 3 hash
	bpftoken doctor --help
	expect 0
	# shellcheck disable=SC2154 # set by the helper
	grep -q -- --container "$stdout"
}

@test "doctor: no such process or container is one line" {
	needs_root
	bpftoken doctor --pid 4194303
	expect_error 1 "the process has ended"
	bpftoken doctor --container no-such-container
	expect_error 1 no-such-container
}

@test "doctor: on the host the first line says that tokens are not made there" {
	needs_root
	bpftoken doctor
	expect 5
	head -n 1 "$stdout" | grep -q '^stopped at user_namespace: '
	[ "$(tail -n 2 "$stdout" | head -n 1 | cut -c 1-18)" = "Change this first:" ]
}

@test "doctor: 80 columns, and no colour in a pipe" {
	bpftoken doctor
	[ "$(awk 'length > 79' "$stdout" | wc -l)" -eq 0 ]
	[ "$(grep -c "$(printf '\033')" "$stdout")" -eq 0 ]
}

@test "doctor: colour on a terminal, unless NO_COLOR says no" {
	command -v script >/dev/null
	script -qec "$BPFTOKEN doctor" /dev/null >"$BATS_TEST_TMPDIR/tty" || true
	grep -q "$(printf '\033')" "$BATS_TEST_TMPDIR/tty"
	NO_COLOR=1 script -qec "$BPFTOKEN doctor" /dev/null >"$BATS_TEST_TMPDIR/tty" || true
	grep -q 'stopped at' "$BATS_TEST_TMPDIR/tty"
	[ "$(grep -c "$(printf '\033')" "$BATS_TEST_TMPDIR/tty")" -eq 0 ]
}

@test "doctor: JSON has every gate of the manual, in its order" {
	bpftoken doctor --json
	python3 - "$stdout" "$BATS_TEST_DIRNAME/../../man/bpftoken-doctor.1" <<'END'
import json, re, sys
report = json.load(open(sys.argv[1]))
text = open(sys.argv[2]).read().split(".Ss The gates")[1].split(".Ss JSON")[0]
manual = [w for line in re.findall(r"^\.It (.*)$", text, re.M)
          for w in line.split(" , ")]
gates = [g["gate"] for g in report["gates"]]
assert gates == manual, (gates, manual)
shut = [g["gate"] for g in report["gates"] if g["state"] == "shut"]
assert report["gate"] == shut[0] and report["verdict"] == "stopped"
assert report["summary"].startswith("stopped at " + shut[0] + ": ")
END
}
