#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The layers of HACKING.md: a file includes, and an object calls, only what is in
# its own layer or below. And what the library never does: raw system calls
# outside lib/sys*.c (and libbpf/, which is one), output, exit(), the environment.
# shellcheck disable=SC2016 # awk's fields are not ours to expand
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

# Every file of lib by its name without suffix; a directory is one layer.
layers='
0 bpftoken util sys sys-result sys-statx sys-limits sys-process sys-task sys-trace
1 names error attr text btf btf-walk mountinfo idmap numbers
2 policy dialect dialects dialect-lxd dialect-mount list dialect-incus dialect-systemd settings
3 bpffs target helper guest handshake join token current holders
4 bpf carry load
5 probe probe-btf probe-cache probe-calls probe-cmd probe-feature probe-helper probe-link probe-map probe-prog explain denial
6 host/ libbpf/
7 inspect/ learn/ exec/ needs/
8 cli/
'

# What a library does not call, as symbols of its objects.
forbidden='
printf fprintf vprintf vfprintf __printf_chk __fprintf_chk __vprintf_chk
__vfprintf_chk puts putchar putc fputs fputc fwrite perror stdout stderr err errx
warn warnx syslog exit abort __assert_fail getenv secure_getenv environ system
popen
'

code() {
	find lib host libbpf inspect learn needs exec cli -name '*.[ch]' 2>/dev/null | sort
}

# with_layers PROGRAM: awk with layer(PATH), "" for a path without one.
with_layers() {
	awk -v layers="$layers" '
	BEGIN {
		rows = split(layers, row, "\n")
		for (i = 1; i <= rows; i++) {
			n = split(row[i], word, " ")
			for (j = 2; j <= n; j++)
				number[word[j]] = word[1]
		}
	}
	function layer(path, name) {
		name = path
		sub(/\/.*/, "/", name)
		if (name != "lib/" && name != "include/")
			return number[name]
		name = path
		gsub(/.*\/|\.[ch](\.o)?$/, "", name)
		return number[name]
	}
	'"$1"
}

unknown() {
	code | with_layers 'layer($0) == "" { print $0 ": in no layer of tests/house/layers.sh" }'
}

# includes: every file and the file of ours that it includes.
includes() {
	code | while read -r file; do
		sed -n 's/^#include [<"]\([^">]*\)[">].*/\1/p' "$file" |
			while read -r name; do
				for dir in "$(dirname "$file")" lib host libbpf inspect learn needs exec cli include; do
					if [ -f "$dir/$name" ]; then
						echo "$file $dir/$name"
						break
					fi
				done
			done
	done
}

upward_includes() {
	includes | grep '[.]h$' |
		with_layers 'layer($2) > layer($1) { print $1 " includes " $2 ", a higher layer" }'
}

# symbols: "object U|T symbol" of the library's objects.
symbols() {
	find "$build/lib/libbpftoken-internal.a.p" -name '*.o' | while read -r object; do
		nm -g "$object" | awk -v object="lib/${object##*/}" '
		{ print object, ($(NF - 1) == "U" ? "U" : "T"), $NF }'
	done
}

# A function of the public header has no include line that tells its layer.
upward_calls() {
	symbols | sort -k2 | with_layers '
	$2 == "T" { home[$3] = $1; next }
	($3 in home) && layer(home[$3]) > layer($1) {
		print $1 " calls " $3 "() of " home[$3] ", a higher layer"
	}'
}

calls_out() {
	symbols | awk -v words="$forbidden" '
	BEGIN {
		n = split(words, word)
		for (i = 1; i <= n; i++)
			forbidden[word[i]]
	}
	$2 == "U" && ($3 in forbidden) { print $1 " uses " $3 }'
}

raw_calls() {
	code | grep -Ev '^lib/sys[^/]*[.]c$|^libbpf/' | while read -r file; do
		gcc -fpreprocessed -dD -E -P -w "$file" |
			grep -E '(^|[^a-z_])syscall *\(|<(sys|asm)/(syscall|unistd[a-z0-9_]*)[.]h>' |
			sed "s|^|$file: |"
	done
}

rule "there is code to look at" test -n "$(code)"
rule "every file has a layer" unknown
rule "no file includes a higher layer" upward_includes
rule "there are objects to look at" test -n "$(symbols)"
rule "no object of the library calls a higher layer" upward_calls
rule "the library writes nothing, never exits and reads no environment" calls_out
rule "raw system calls are in lib/sys*.c and libbpf/ alone" raw_calls
finish
