#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Behind every denial that a command prints stands which check said no, and the line of
# policy, the capability or the setting that would turn it into a yes.

load helper

setup_file() {
	DIR=$(mktemp -d)
	chmod 755 "$DIR"
	BPFTOKEN_COPY=$DIR/bpftoken
	export DIR BPFTOKEN_COPY
	install -m 755 "${BPFTOKEN:-$BATS_TEST_DIRNAME/../../build/bpftoken}" "$BPFTOKEN_COPY"
}

teardown_file() {
	rm -rf "$DIR"
}

setup() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
}

# denied STATUS CHECK CURE ARG...: bpftoken ARG... is denied by CHECK, in one line of
# three parts, and CURE is what to do.
denied() {
	local wanted=$1 check=$2 cure=$3

	shift 3
	bpftoken "$@"
	[ "$status" -eq "$wanted" ] || {
		echo "exit status $status, not $wanted: $*"
		cat "${stdout:?}" "${stderr:?}"
		return 1
	}
	grep -q "^bpftoken: [^:]*: .*$check.*: .*$cure" "${stderr:?}" || {
		echo "no \"$check\" with \"$cure\": $*"
		cat "$stderr"
		return 1
	}
}

# refused CHECK CURE ARG...: bpftoken ARG... shows a reason with CHECK, and below it CURE.
refused() {
	local check=$1 cure=$2

	shift 2
	bpftoken "$@"
	grep -A 1 "^\[[0-9]*\] .*$check" "${stdout:?}" | grep -q "^    to change it: .*$cure" || {
		echo "no \"$check\" with \"$cure\": $*"
		cat "$stdout" "${stderr:?}"
		return 1
	}
}

@test "denials: of run and of what it runs" {
	denied 5 "lives in a user namespace" "CAP_SYS_ADMIN in the initial user namespace" \
		run --cmds map_create -- "$BPFTOKEN_COPY" run --cmds map_create -- true
	denied 5 "lacks CAP_BPF in this user namespace" "give the program CAP_BPF" \
		run --cmds map_create --caps cap_net_raw -- "$BPFTOKEN_COPY" test
	denied 4 "does not know command" "use a newer kernel" \
		run --cmds 0x4000000000000 -- true
	denied 1 "not the root directory of a bpffs" "name the mount point of a bpffs" \
		run --cmds map_create -- "$BPFTOKEN_COPY" test /proc
	denied 1 "not the root directory of a bpffs" "name the mount point of a bpffs" \
		run --cmds map_create -- "$BPFTOKEN_COPY" probe --token /proc
}

@test "denials: of test and probe name the bit of the policy" {
	for command in test "probe map_types/ringbuf"; do
		# shellcheck disable=SC2086 # words
		refused "does not delegate map type ringbuf" "delegate_maps=ringbuf" \
			run --cmds map_create --maps hash -- "$BPFTOKEN_COPY" $command
	done
	for command in test "probe program_types/xdp"; do
		# shellcheck disable=SC2086 # words
		refused "does not delegate command prog_load" "delegate_cmds=prog_load" \
			run --cmds map_create --progs xdp --attachs xdp -- \
			"$BPFTOKEN_COPY" $command
		# shellcheck disable=SC2086 # words
		refused "does not delegate program type xdp" "delegate_progs=xdp" \
			run --cmds prog_load --attachs xdp -- "$BPFTOKEN_COPY" $command
		# shellcheck disable=SC2086 # words
		refused "does not delegate attach type xdp" "delegate_attachs=xdp" \
			run --cmds prog_load --progs xdp -- "$BPFTOKEN_COPY" $command
	done
}

@test "denials: of test and probe name the capability" {
	for command in test "probe program_types/xdp"; do
		# shellcheck disable=SC2086 # words
		refused "lacks CAP_NET_ADMIN" "give the program CAP_NET_ADMIN" \
			run --cmds prog_load --progs xdp --attachs xdp --caps cap_bpf -- \
			"$BPFTOKEN_COPY" $command
	done
}

@test "denials: of a container without a delegation name the delegation" {
	denied 1 "not the root directory of a bpffs" "that the host delegates" \
		run --no-delegation -- "$BPFTOKEN_COPY" test
	refused "the call carried no token" "delegate on the host" \
		run --no-delegation -- "$BPFTOKEN_COPY" probe map_types
}
