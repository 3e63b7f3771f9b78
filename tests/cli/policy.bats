#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bpftoken policy: what it writes, and how it refuses.
#
# shellcheck disable=SC2154 # stdout, stderr and golden are helper.bash's

load helper

mount_line='delegate_cmds=map_create:prog_load,delegate_maps=ringbuf'
mount_line=$mount_line',delegate_progs=socket_filter'
mount_line=$mount_line',delegate_attachs=cgroup_inet_ingress'

# The options of LXD's example, as its documentation sets them.
lxd_lines() {
	cat <<-'END'
		lxc config set bpf-experiments limits.kernel.memlock=unlimited
		lxc config set bpf-experiments security.delegate_bpf=true
		lxc config set bpf-experiments security.delegate_bpf.prog_types=socket_filter
		lxc config set bpf-experiments security.delegate_bpf.attach_types=cgroup_inet_ingress
		lxc config set bpf-experiments security.delegate_bpf.cmd_types=prog_load:map_create
		lxc config set bpf-experiments security.delegate_bpf.map_types=ringbuf
	END
}

# The same delegation, as the container's mount(8) shows it there.
mount_block() {
	cat <<-'END'
		none on /sys/fs/bpf type bpf (rw,relatime,uid=1000000,gid=1000000,
		                            delegate_cmds=map_create:prog_load,
		                            delegate_maps=ringbuf,
		                            delegate_progs=socket_filter,
		                            delegate_attachs=cgroup_inet_ingress)
	END
}

# ------------------------------------------------------------------ convert

@test "LXD's lines give the mount options, in any order" {
	for order in cat tac sort 'sort -r' 'sort -t= -k2' 'sort -t. -k3'; do
		lxd_lines | $order >"$BATS_TEST_TMPDIR/lines"
		bpftoken policy convert --to mount "$BATS_TEST_TMPDIR/lines"
		expect 0
		expect_stdout "$mount_line"
		[ "$(wc -l <"$stderr")" -eq 1 ]
		grep '^bpftoken: note: .*memlock' "$stderr"
	done
}

@test "the wrapped mount(8) block gives LXD's lines" {
	bpftoken policy convert --to lxd --instance bpf-experiments < <(mount_block)
	expect 0
	[ ! -s "$stderr" ]
	lxd_lines | grep -v memlock |
		sed 's/prog_load:map_create/map_create:prog_load/' | diff -u - "$stdout"
}

@test "all six of LXD's lines survive JSON and INI" {
	for dialect in json ini; do
		bpftoken policy convert --to "$dialect" < <(lxd_lines)
		expect 0
		[ ! -s "$stderr" ]
		check_golden "seed.$dialect"
		bpftoken policy convert --to lxd --instance bpf-experiments <"$golden/seed.$dialect"
		expect 0
		lxd_lines | sed 's/prog_load:map_create/map_create:prog_load/' |
			diff -u - "$stdout"
	done
}

@test "every pair of dialects converts" {
	for from in json ini lxd mount; do
		bpftoken policy convert --from mount --to "$from" <<<"$mount_line"
		expect 0
		cp "$stdout" "$BATS_TEST_TMPDIR/$from"
		for to in json ini lxd mount; do
			bpftoken policy convert --from "$from" --to "$to" "$BATS_TEST_TMPDIR/$from"
			expect 0
			cp "$stdout" "$BATS_TEST_TMPDIR/$from-$to"
			bpftoken policy convert --to mount "$BATS_TEST_TMPDIR/$from-$to"
			expect_stdout "$mount_line"
		done
	done
}

@test "without an instance the lxd lines have a placeholder" {
	bpftoken policy convert --to lxd <<<"$mount_line"
	expect 0
	check_golden seed.lxd
}

@test "everything converts, unknown bits too" {
	bpftoken policy convert --to ini <<<'delegate_attachs=0x8000000000000fff,delegate_cmds=any'
	expect 0
	check_golden wide.ini
	bpftoken policy convert --to json <"$golden/wide.ini"
	expect 0
	check_golden wide.json
}

# --------------------------------------------------------------------- show

@test "show, of standard input, a file and a text" {
	bpftoken policy show < <(lxd_lines)
	expect 0
	check_golden show.txt
	lxd_lines >"$BATS_TEST_TMPDIR/policy"
	bpftoken policy show "$BATS_TEST_TMPDIR/policy"
	expect 0
	check_golden show.txt
	bpftoken policy show '[delegate]
attachs = 0xfffffff'
	expect 0
	check_golden show-wrapped.txt
	[ "$(wc -L <"$stdout")" -le 80 ]
}

@test "show --json" {
	bpftoken policy show --json 'delegate_cmds=any,delegate_maps=0x8000000000000002'
	expect 0
	# how json-c writes an empty array depends on its version
	tr -d ' \n' <"$stdout" >"$BATS_TEST_TMPDIR/compact"
	diff - "$BATS_TEST_TMPDIR/compact" < <(
		printf '{"cmds":{"any":true,"mask":"0xffffffffffffffff",'
		printf '"names":[],"unnamed":[]},'
		printf '"maps":{"any":false,"mask":"0x8000000000000002",'
		printf '"names":["hash"],"unnamed":[63]},'
		printf '"progs":{"any":false,"mask":"0x0","names":[],"unnamed":[]},'
		printf '"attachs":{"any":false,"mask":"0x0","names":[],"unnamed":[]}}'
	)
}

# --------------------------------------------------------------------- lint

@test "lint of a good policy" {
	bpftoken policy lint <<-'END'
		[delegate]
		cmds = map_create prog_load btf_load
		maps = array
		progs = socket_filter
		attachs = cgroup_inet_ingress
	END
	expect 0
	expect_stdout 'no findings'
}

@test "lint of LXD's example has notes only" {
	bpftoken policy lint < <(lxd_lines)
	expect 0
	check_golden lint-seed.txt
}

@test "lint of a bad policy" {
	bpftoken policy lint <<<'delegate_cmds=map_create:0x20,delegate_progs=xdp:tracing,delegate_attachs=xdp:netfilter'
	expect 3
	check_golden lint-bad.txt
}

@test "lint --json" {
	bpftoken policy lint --json <<<'delegate_cmds=prog_load:link_create,delegate_progs=6'
	expect 3
	check_golden lint.json
}

# ------------------------------------------------------------------- errors

# refuse STATUS TEXT POLICY [OPTION...]
refuse() {
	wanted=$1 text=$2 policy=$3
	shift 3
	bpftoken policy convert --to mount "$@" <<<"$policy"
	expect_error "$wanted" "$text"
}

@test "an unknown name: the nearest is offered" {
	refuse 3 'line 1, column 15: unknown command "map_craete"; nearest is "map_create"' \
		delegate_cmds=map_craete
	refuse 3 'nearest is "ringbuf"' 'security.delegate_bpf=true
security.delegate_bpf.map_types=ringbuff'
	refuse 3 'line 2, column 9: unknown program type "xpd"; nearest is "xdp"' '[delegate]
progs = xpd'
	refuse 3 'line 1, column 13: unknown attach type' '{"attachs":["xdpp"]}'
}

@test "a number beyond 64 bits" {
	refuse 3 '64 bits' delegate_cmds=0x10000000000000000
	refuse 3 '64 bits' '{"cmds":["0x10000000000000000"]}'
	refuse 3 '64 bits' '[delegate]
cmds = 0x10000000000000000'
}

@test "a policy of nothing" {
	refuse 3 'nothing' delegate_cmds=0x0
	refuse 3 'nothing' '{}'
	refuse 3 'nothing' '[delegate]'
	refuse 3 'dialect' ''
}

@test "a prefix kept" {
	refuse 3 'write map_create' delegate_cmds=BPF_MAP_CREATE
	refuse 3 'write xdp' '{"progs":["BPF_PROG_TYPE_XDP"]}'
}

@test "a typo in a key" {
	refuse 3 'nearest is "delegate_cmds"' delegate_cmd=map_create
	refuse 3 'nearest is "security.delegate_bpf.cmd_types"' 'security.delegate_bpf=true
security.delegate_bpf.cmd_type=map_create'
	refuse 3 'nearest is "cmds"' '[delegate]
cmd = map_create'
	refuse 3 'nearest is "attachs"' '{"attach":["xdp"]}'
}

@test "a comma for a colon in the mount dialect" {
	refuse 3 'write ":"' delegate_cmds=map_create,prog_load
}

@test "a NUL byte and a text without end" {
	bpftoken policy convert --to mount < <(printf 'delegate_cmds=map_create\0:prog_load')
	expect_error 3 'NUL'
	bpftoken policy convert --to mount < <(yes '# more' | head -c 2000000)
	expect_error 3 '1 MiB'
}

@test "foreign text is escaped" {
	refuse 3 '"\x1b[31mred"' $'delegate_cmds=\e[31mred'
	refuse 2 '"\x1b[31mred"' '' --from $'\e[31mred'
}

@test "a missing file and a directory" {
	bpftoken policy convert --to mount "$BATS_TEST_TMPDIR/none"
	expect_error 1 'No such file'
	bpftoken policy show "$BATS_TEST_TMPDIR"
	expect_error 1 'Is a directory'
	bpftoken policy show nothing-here
	expect_error 1 'No such file'
}

@test "an unknown preset" {
	bpftoken policy show @nothing
	expect_error 3 'unknown preset'
}

@test "an unknown dialect: the nearest is offered" {
	refuse 2 'nearest is mount' '' --from moutn
	bpftoken policy convert --to jsn </dev/null
	expect_error 2 'nearest is json'
	bpftoken policy lint --from xml </dev/null
	expect_error 2 'oci, json, systemd, ini, lxd, incus, mount'
}

@test "wrong options" {
	bpftoken policy convert </dev/null
	expect_error 2 '--to'
	bpftoken policy convert --to </dev/null
	expect_error 2 '--to'
	bpftoken policy convert --frm mount </dev/null
	expect_error 2 'nearest is --from'
	bpftoken policy convert --inst x --to lxd </dev/null
	expect_error 2 'unknown option'
	bpftoken policy convert --to mount a b
	expect_error 2 'more than one'
	bpftoken policy convert --to mount --instance web </dev/null
	expect_error 2 '--instance'
	for name in '' 'a b' 'web;id' '-x' 'web-' '0web' "$(printf '%064d' 0 | tr 0 a)"; do
		bpftoken policy convert --to lxd --instance="$name" </dev/null
		expect_error 2 'instance'
	done
}

@test "wrong sub-commands" {
	bpftoken policy
	expect_error 2 'bpftoken policy'
	bpftoken policy convrt
	expect_error 2 'convert'
	bpftoken policy conv
	expect_error 2 'unknown'
}
