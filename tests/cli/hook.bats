#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The hooks as far as they need no container: what they are called with, and the file
# that makes engines call them. tests/engines has the rest.
#
# shellcheck disable=SC2154 # stdout and stderr are helper.bash's

load helper

setup() {
	unset LXC_HOOK_TYPE LXC_PID LXC_CONFIG_FILE
	config=$BATS_TEST_TMPDIR/config
}

# lxc_hook: as liblxc calls it, with the configuration in $config.
lxc_hook() {
	LXC_CONFIG_FILE=$config bpftoken hook lxc web lxc start-host
}

@test "hook oci: a container that asks for nothing is none of its business" {
	bpftoken hook oci <<<'{"id": "a", "annotations": {"other": "bpftoken.policy"}}'
	expect 0
	[ ! -s "$stdout" ]
	[ ! -s "$stderr" ]
}

@test "hook oci: a state that is none is an error of one line" {
	bpftoken hook oci <<<'{"id": "a",'
	expect_error 1 "the container's state is not valid JSON"
}

@test "hook oci: an operand is an error" {
	bpftoken hook oci state.json </dev/null
	expect_error 2 '"state.json" is no option'
}

@test "hook oci: --print-config passes the options on" {
	bpftoken hook oci --cmds map_create --print-config --maps array
	expect 0
	python3 - "$stdout" <<-'EOT'
		import json, sys
		config = json.load(open(sys.argv[1]))
		assert config["version"] == "1.0.0"
		assert config["stages"] == ["createRuntime"]
		assert config["when"] == {"always": True}
		assert config["hook"]["path"].startswith("/")
		assert config["hook"]["args"] == [
		    "bpftoken", "hook", "oci", "--cmds", "map_create", "--maps", "array"]
	EOT
}

@test "hook oci: exec without a policy is an error" {
	bpftoken hook oci <<<'{"id": "a", "annotations": {"bpftoken.exec": "true"}}'
	expect_error 3 'without a policy there is no token that exec could give: write bpftoken.policy'
}

@test "hook oci: exec takes its four words alone" {
	bpftoken hook oci <<<'{"id": "a", "annotations": {"bpftoken.exec": "TRUE"}}'
	expect_error 3 '"TRUE" is no way to run a program: write true, auto, notify or preload'
	bpftoken hook oci --exec maybe <<<'{"id": "a"}'
	expect_error 3 '"maybe" is no way to run a program'
}

@test "hook lxc: exec without a policy is an error" {
	printf '%s\n' '# bpftoken.exec = notify' >"$config"
	lxc_hook
	expect 3
	grep -q 'without a policy there is no token' "$stderr"
}

@test "hook lxc: a configuration that asks for nothing is none of its business" {
	printf '%s\n' '# bpftoken' '# a comment = text' 'lxc.uts.name = web' >"$config"
	lxc_hook
	expect 0
	[ ! -s "$stderr" ]
}

@test "hook lxc: another hook than start-host is refused" {
	LXC_HOOK_TYPE=pre-start bpftoken hook lxc
	expect 1
	grep -q 'called as hook "pre-start": let liblxc call it' "$stderr"
}

@test "hook lxc: an unknown key is an error, on both outputs" {
	printf '%s\n' 'lxc.uts.name = web' '#bpftoken.cmd = map_create' >"$config"
	lxc_hook
	expect 3
	grep -q 'line 2, column .*there is no such key: write bpftoken.cmds' "$stderr"
	grep -q 'write bpftoken.cmds' "$stdout"
}

@test "hook lxc: other arguments than liblxc's are an error" {
	bpftoken hook lxc web lxc
	expect_error 2 'liblxc gives the arguments NAME lxc start-host'
}
