#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# bpftoken probe: what it is asked, the four forms of its report, and that they say what
# the kernel says, on the host and in containers of bpftoken run.

load helper

NARROW="--cmds prog_load:map_create --maps hash:ringbuf --progs socket_filter:xdp"
NARROW="$NARROW --attachs cgroup_inet_ingress:xdp"

# inside OPTIONS... -- ARG...: bpftoken ARG... in a container with these options.
inside() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	bpftoken run "${options[@]}" -- "$BPFTOKEN_COPY" "$@"
}

# json PROGRAM: python3, with the last report as r.
json() {
	python3 -c "
import json, sys
r = json.load(open('${stdout:?}'))
$1"
}

# absent PATTERN FILE...: in none of the files.
absent() {
	local pattern=$1

	shift
	[ "$(cat "$@" | grep -c -- "$pattern")" -eq 0 ]
}

setup_file() {
	# The container's root is an ordinary user on the host: a binary it can reach.
	DIR=$(mktemp -d)
	chmod 755 "$DIR"
	BPFTOKEN_COPY=$DIR/bpftoken
	export DIR BPFTOKEN_COPY
	install -m 755 "${BPFTOKEN:-$BATS_TEST_DIRNAME/../../build/bpftoken}" "$BPFTOKEN_COPY"
}

teardown_file() {
	rm -rf "$DIR"
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
}

@test "probe: a wrong section or item is a usage error with the nearest name" {
	bpftoken probe map_tyes
	expect_error 2 'unknown section "map_tyes", nearest is map_types'
	bpftoken probe sections
	expect_error 2 'unknown section "sections"'
	bpftoken probe map_types/ringbof
	expect_error 2 'map_types has no "ringbof", nearest is ringbuf'
	bpftoken probe attach_types/xdp/xdp_devmop
	expect_error 2 'attach_types has no "xdp_devmop", nearest is xdp_devmap'
	bpftoken probe system/kernel
	expect_error 2 'system is one whole'
	for wrong in map_types/ map_types//x a/b/c/d "$(printf 'map_types/%0300d' 1)"; do
		bpftoken probe "$wrong"
		expect_error 2 'is not SECTION, SECTION/NAME or SECTION/TYPE/NAME'
	done
}

@test "probe: forms exclude each other" {
	bpftoken probe --json --macros
	expect_error 2 "--macros is a form of its own"
	bpftoken probe --diff --macros a b
	expect_error 2 "--macros is a form of its own"
	bpftoken probe --diff --token none a b
	expect_error 2 "--diff asks nothing"
	bpftoken probe --diff a
	expect_error 2 "--diff takes two reports, not 1"
}

@test "probe: the text of two items, one of which no kernel has" {
	needs_root
	bpftoken probe map_types/hash kfuncs/no_such_kfunc
	grep -q '^  works  *hash$' "$stdout"
	absent '^  works .*no_such_kfunc' "$stdout"
	[ ! -s "${stderr:?}" ]
}

@test "probe: the exit status of a named item is its answer" {
	needs_root
	bpftoken probe map_types.ringbuf
	expect 0
	bpftoken probe map_types/ringbuf program_types/socket_filter
	expect 0
	# what no kernel of the names' table has yet on this machine, if there is any
	bpftoken probe --json map_types program_types
	expect 0
	lacking=$(json "print(next((s + '/' + n for s in ('map_types', 'program_types')
		for n, i in r[s].items() if i['answer'] == 'kernel lacks it'), ''))")
	[ -z "$lacking" ] || {
		bpftoken probe "$lacking"
		expect 4
	}
	inside --cmds map_create --maps hash -- probe map_types/hash
	expect 0
	inside --cmds map_create --maps hash -- probe map_types/hash map_types/ringbuf
	expect 3
	grep -q '^    to change it: .*delegate_maps=ringbuf$' "$stdout"
	# shellcheck disable=SC2086 # a list of options
	inside $NARROW --caps cap_bpf -- probe program_types/xdp
	expect 5
	grep -q 'the process lacks CAP_NET_ADMIN' "$stdout"
	inside --cmds map_create --maps hash -- probe map_types
	expect 0
}

@test "probe: names have aliases" {
	needs_root
	bpftoken probe map_types/cgroup_storage
	expect 0
	grep -q '^  works  *cgroup_storage_deprecated$' "$stdout"
}

@test "probe: in a container it shows what the token permits, and only that works" {
	needs_root
	# shellcheck disable=SC2086
	inside $NARROW -- probe --json
	expect 0
	json "
works = lambda s: sorted(n for n, i in r[s].items() if i['answer'] == 'works')
assert works('map_types') == ['hash', 'ringbuf'], works('map_types')
assert works('program_types') == ['socket_filter', 'xdp'], works('program_types')
assert r['token'].startswith('delegate_cmds=map_create:prog_load,'), r['token']
assert r['system']['process']['user_namespace'] == 'not initial'
assert 'no_token' not in r"
}

@test "probe: --token none asks without, an explicit path has to work" {
	needs_root
	# shellcheck disable=SC2086
	inside $NARROW -- probe --json --token none map_types
	expect 0
	json "
assert r['token'] is None
assert not [n for n, i in r['map_types'].items() if i['answer'] == 'works']"
	# shellcheck disable=SC2086
	inside $NARROW -- probe --token /sys/fs/bpf map_types/hash
	expect 0
	inside --no-delegation -- probe --token /proc map_types
	expect_error 1 "/proc"
}

@test "probe: without a delegation it says so, and asks all the same" {
	needs_root
	inside --no-delegation -- probe map_types
	expect 0
	grep -q '^Without a token$' "$stdout"
	grep -q '^  to change it: ' "$stdout"
	grep -q '^  not delegated \[1\]  *hash array ' "$stdout"
	inside --no-delegation -- probe --json map_types
	json "assert r['no_token']['why'] and r['no_token']['fix']"
}

@test "probe: JSON has every section, and a reason for every no" {
	needs_root
	bpftoken probe --json
	expect 0
	json "
sections = ['system', 'commands', 'program_types', 'attach_types', 'map_types',
	'map_flags', 'helpers', 'kfuncs', 'btf_kinds', 'links', 'features']
assert list(r)[2:] == sections, list(r)
answers = {'works', 'kernel lacks it', 'not delegated', 'capability missing', 'blocked',
	'not asked'}
def check(path, item):
	if 'answer' not in item:
		assert item, path
		for name, below in item.items():
			check(path + [name], below)
		return
	assert item['answer'] in answers, (path, item)
	if item['answer'] != 'works':
		assert item['why'] and item['fix'], (path, item)
for s in sections[1:]:
	check([s], r[s])
assert len(r['helpers']['xdp']) > 150
assert r['system']['kernel']['release'] == '$(uname -r)'
assert r['system']['sysctls']['unprivileged_bpf_disabled'] == $(cat /proc/sys/kernel/unprivileged_bpf_disabled)"
}

@test "probe: the configuration is that of the kernel" {
	needs_root
	zcat /proc/config.gz >"$BATS_TEST_TMPDIR/config" 2>/dev/null ||
		cat "/boot/config-$(uname -r)" >"$BATS_TEST_TMPDIR/config" ||
		skip "no configuration of the kernel here"
	bpftoken probe --json system
	json "
config = dict(l.rstrip('\n').split('=', 1)
	for l in open('$BATS_TEST_TMPDIR/config') if l.startswith('CONFIG_'))
ours = r['system']['config']
assert len(ours) > 33
for name, value in ours.items():
	assert value == config.get(name), (name, value, config.get(name))"
}

@test "probe: what leaves a warning in the kernel's log is asked when it is asked for" {
	needs_root
	bpftoken probe --json helpers/kprobe
	json "
assert r['helpers']['kprobe']['trace_printk']['answer'] == 'works'"
	bpftoken probe --json helpers
	json "
item = r['helpers']['kprobe']['trace_printk']
assert item['answer'] == 'not asked' and '--full' in item['fix'], item"
	bpftoken probe --json --full helpers
	json "
assert r['helpers']['kprobe']['trace_printk']['answer'] == 'works'"
}

@test "probe: the macros are C99, and say what JSON says" {
	needs_root
	bpftoken probe --macros
	expect 0
	cp "$stdout" "$BATS_TEST_TMPDIR/probe.h"
	bpftoken probe --json
	json "
out = open('$BATS_TEST_TMPDIR/check.c', 'w')
print(2 * ('#include \"probe.h\"' + chr(10)), file=out)
def define(name, item):
	if item['answer'] == 'works':
		print('ASSERT(' + name + ' == 1);', file=out)
	else:
		print('#ifdef ' + name + chr(10) + '#error ' + name + chr(10) + '#endif', file=out)
		print('ASSERT(NO_' + name + ' == 1);', file=out)
for name, item in r['map_types'].items():
	define('HAVE_' + name.replace('_deprecated', '').upper() + '_MAP_TYPE', item)
for name, item in r['program_types'].items():
	define('HAVE_' + name.upper() + '_PROG_TYPE', item)
for name, item in r['links'].items():
	define('HAVE_' + name.upper() + '_LINK', item)
for prog, items in r['helpers'].items():
	for name, item in items.items():
		print('ASSERT(HAVE_PROG_TYPE_HELPER(%s, bpf_%s) == %d);' %
			(prog, name, item['answer'] == 'works'), file=out)
out.close()"
	sed -i 's/^ASSERT(\(.*\));$/extern char check[(\1) ? 1 : -1];/' \
		"$BATS_TEST_TMPDIR/check.c"
	[ "$(grep -c '^extern' "$BATS_TEST_TMPDIR/check.c")" -gt 4000 ]
	cc -std=c99 -Wall -Wextra -Wundef -pedantic -Werror -fsyntax-only \
		"$BATS_TEST_TMPDIR/check.c"
}

@test "probe: a diff of a report with itself is empty" {
	needs_root
	bpftoken probe --json
	cp "$stdout" "$BATS_TEST_TMPDIR/a"
	bpftoken probe --diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/a"
	expect 0
	[ ! -s "$stdout" ] && [ ! -s "${stderr:?}" ]
	bpftoken probe --diff --json "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/a"
	expect 0
	json "assert r == {'differences': []}"
}

@test "probe: the diff of host and container is what the policy lacks" {
	needs_root
	all=any
	bpftoken probe --json map_types program_types
	cp "$stdout" "$BATS_TEST_TMPDIR/host"
	# every map type but two
	maps=$(json "print(':'.join(n for n, i in r['map_types'].items()
		if n not in ('array', 'ringbuf') and i['answer'] != 'kernel lacks it'))")
	inside --cmds $all --progs $all --attachs $all --maps "$maps" -- \
		probe --json map_types program_types
	expect 0
	cp "$stdout" "$BATS_TEST_TMPDIR/container"
	bpftoken probe --diff --json "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/container"
	expect 1
	json "
got = [(d['section'], d['name'], d['a'], d['b']) for d in r['differences']]
assert got == [('map_types', n, 'works', 'not delegated') for n in ('array', 'ringbuf')], got"
	bpftoken probe --diff "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/container" map_types
	expect 1
	grep -q '^  works -> not delegated  *array ringbuf$' "$stdout"
	bpftoken probe --diff "$BATS_TEST_TMPDIR/host" "$BATS_TEST_TMPDIR/container" program_types
	expect 0
}

@test "probe: the text of a diff" {
	printf '%s' '{"bpftoken":"0","token":null,"system":{"sysctls":{"x":1},"config":{"CONFIG_A":"y","CONFIG_B":null}},' \
		'"helpers":{"xdp":{"f":{"answer":"works"},"g":{"answer":"works"}}},"links":{"a":{"answer":"works"}}}' \
		>"$BATS_TEST_TMPDIR/a"
	printf '%s' '{"bpftoken":"0","token":"delegate_cmds=any","system":{"sysctls":{"x":2},"config":{"CONFIG_A":null}},' \
		'"helpers":{"xdp":{"f":{"answer":"works"},"g":{"answer":"blocked","why":"w"}},"tc":{"h":{"answer":"works"}}}}' \
		>"$BATS_TEST_TMPDIR/b"
	cd "$BATS_TEST_TMPDIR"
	bpftoken probe --diff a b
	expect 1
	check_golden probe-diff.txt
	grep -q '^bpftoken: note: not compared: links is in A alone$' "$stderr"
}

@test "probe: hostile reports are refused, or compared without harm" {
	cd "$BATS_TEST_TMPDIR"
	echo '{"bpftoken":"0","map_types":{"a":{"answer":"works"}}}' >good
	for bad in '' '{' '[]' '{}' 'null' '"x"' '{"bpftoken":1' '{"bpftoken":"0"} x' \
		'{"bpftoken":{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}}' \
		"$(printf '%0100d' 0 | tr 0 '[')"; do
		printf '%s' "$bad" >bad
		bpftoken probe --diff bad good
		expect_error 2 "cannot read the report bad"
		bpftoken probe --diff good bad
		expect_error 2 "cannot read the report bad"
	done
	bpftoken probe --diff missing good
	expect_error 2 "No such file"
	bpftoken probe --diff . good
	expect_error 2 "Is a directory"
	for odd in '{"map_types":[1,2]}' '{"map_types":null}' '{"map_types":{"a":null}}' \
		'{"map_types":{"a":{"answer":null}}}' '{"map_types":{"a":{"answer":[1]}}}' \
		'{"map_types":{"a":{"answer":{"answer":1}}}}' '{"map_types":{"a":{"a":{}}}}' \
		'{"map_types":"\u001b[31m"}' '{"map_types":{"\u001b[2J":{"answer":"\u001b[0m"}}}'; do
		printf '{"bpftoken":"0",%s' "${odd#\{}" >odd
		for pair in "odd good" "good odd" "odd odd"; do
			# shellcheck disable=SC2086 # two names
			bpftoken probe --diff $pair
			[ "$status" -le 1 ]
			[ "$(tr -d '\n' <"$stdout" | LC_ALL=C tr -d '[:print:]' | wc -c)" -eq 0 ]
		done
	done
	head -c 40000000 /dev/zero | tr '\0' ' ' >huge
	bpftoken probe --diff huge good
	expect_error 2 "File too large"
}

@test "probe: nothing but the report in a pipe, colours on a terminal, NO_COLOR honoured" {
	needs_root
	bpftoken probe map_types
	absent "$(printf '\033')" "$stdout" "$stderr"
	TERM=xterm script -qec "$BPFTOKEN probe map_types/hash" /dev/null \
		>"$BATS_TEST_TMPDIR/tty" </dev/null
	grep -q "$(printf '\033\[32m')" "$BATS_TEST_TMPDIR/tty"
	TERM=xterm NO_COLOR=1 script -qec "$BPFTOKEN probe map_types/hash" /dev/null \
		>"$BATS_TEST_TMPDIR/tty" </dev/null
	absent "$(printf '\033\[32m')" "$BATS_TEST_TMPDIR/tty"
}

@test "probe: progress on a terminal, none in a pipe or for what takes no time" {
	needs_root
	tty=$BATS_TEST_TMPDIR/tty
	script -qec "$BPFTOKEN probe >$BATS_TEST_TMPDIR/report" "$tty" </dev/null >/dev/null
	grep -qE 'probing: [0-9]+ of [0-9]{4}' "$tty"
	# the last thing written is what erases it
	tr -d '\r' <"$tty" | grep -aq "$(printf '\033\\[K')"
	absent "probing" "$BATS_TEST_TMPDIR/report"
	bpftoken probe
	[ "$status" -eq 0 ]
	absent "probing" "$stdout" "$stderr"
	[ ! -s "$stderr" ]
	script -qec "$BPFTOKEN probe map_types/hash" "$tty" </dev/null >/dev/null
	absent "probing" "$tty"
}

@test "probe: what works with every type is said once" {
	needs_root
	bpftoken probe helpers
	[ "$status" -eq 0 ]
	grep -q '^every program type' "$stdout"
	[ "$(grep -cw map_lookup_elem "$stdout")" -eq 1 ]
	# and what only one type has stands with that type, as before
	[ "$(sed -n '/^xdp$/,/lacks/p' "$stdout" | grep -cw xdp_adjust_head)" -eq 1 ]
	sed -n '/^xdp$/,/lacks/p' "$stdout" | grep -q '^  works as well'
	# a type alone names all that works with it
	bpftoken probe helpers/xdp
	grep -qw map_lookup_elem "$stdout"
	absent "every program type" "$stdout"
	# few that the kernel lacks have names
	bpftoken probe helpers/redirect
	grep -qE 'kernel lacks it +redirect$' "$stdout"
}
