# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of the command share. $BPFTOKEN is the command under test;
# UPDATE_GOLDEN=1 writes the golden files instead of comparing with them.

BPFTOKEN=${BPFTOKEN:-$BATS_TEST_DIRNAME/../../build/bpftoken}
golden=$BATS_TEST_DIRNAME/golden

# bpftoken ARG...: leaves the exit status in $status and the outputs in the
# files $stdout and $stderr. Reads standard input.
bpftoken() {
	stdout=$BATS_TEST_TMPDIR/stdout
	stderr=$BATS_TEST_TMPDIR/stderr
	status=0
	"$BPFTOKEN" "$@" >"$stdout" 2>"$stderr" || status=$?
}

# expect STATUS: of the last bpftoken.
expect() {
	[ "$status" -eq "$1" ] || {
		echo "exit status $status, not $1"
		cat "$stdout" "$stderr"
		return 1
	}
}

# check_golden NAME: the last standard output is that of the file.
check_golden() {
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		cp "$stdout" "$golden/$1"
	fi
	# How an empty list is written is the JSON library's affair.
	case $1 in
	*.json) diff -u <(python3 -m json.tool "$golden/$1") <(python3 -m json.tool "$stdout") ;;
	*) diff -u "$golden/$1" "$stdout" ;;
	esac
}

# expect_stdout TEXT: and a newline, exactly.
expect_stdout() {
	printf '%s\n' "$1" | diff -u - "$stdout"
}

# expect_error STATUS TEXT: it failed with one line on standard error, which
# contains TEXT, and with nothing on standard output.
expect_error() {
	expect "$1" || return
	if [ -s "$stdout" ]; then
		echo "on standard output:"
		cat "$stdout"
		return 1
	fi
	cat "$stderr"
	[ "$(wc -l <"$stderr")" -eq 1 ] && grep -q '^bpftoken' "$stderr" &&
		grep -qF -- "$2" "$stderr"
}
