#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What is loaded: the library needs libc alone; the command a few small libraries,
# and none that reads ELF files on a privileged path.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

# needed FILE ALLOWED: what the file asks the loader for and may not.
needed() {
	readelf -dW "$1" >"$work/dynamic" || return
	sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/dynamic" >"$work/needed"
	grep -q '^libc[.]so' "$work/needed" || echo "$1: readelf shows no libc"
	grep -Ev "^($2)[.]so[.0-9]*\$" "$work/needed" | sed "s|^|$1: needs |"
	# What points into the build is taken out when it is installed.
	# shellcheck disable=SC2016 # the loader's variable
	grep -E '\((RPATH|RUNPATH)\)' "$work/dynamic" | grep -vF '[$ORIGIN/../lib]' | sed "s|^|$1: |"
}

# loaded: all that the loader maps for the command, without running it.
loaded() {
	LD_TRACE_LOADED_OBJECTS=1 "$build/bpftoken" >"$work/trace" || return
	grep -q 'libc[.]so' "$work/trace" || echo "the loader's trace shows no libc"
	grep -E 'libbpf[.]so|libelf|libz[.]so|libdw' "$work/trace"
	return 0
}

# loaded_by ARG...: the same of a run, with all that it opens on its way.
loaded_by() {
	rm -f "$work"/debug.*
	LD_DEBUG=libs LD_DEBUG_OUTPUT=$work/debug "$build/bpftoken" "$@" >"$work/out" ||
		echo "bpftoken $*: exit status $?"
	cat "$work"/debug.* >"$work/debug"
	grep -q 'libc[.]so' "$work/debug" || echo "the loader's log shows no libc"
	grep -oE 'lib(bpf[.]so|elf|dw)[^ ]*' "$work/debug" | sort -u
	return 0
}

rule "the library needs libc alone" needed "$build/lib/libbpftoken.so" 'libc|ld-linux.*'
rule "libbpftoken-libbpf needs libbpftoken and libc alone" \
	needed "$build/libbpf/libbpftoken-libbpf.so" 'libc|ld-linux.*|libbpftoken'
rule "the command needs libc, json-c, libcap, libseccomp and inih at most" \
	needed "$build/bpftoken" 'libc|ld-linux.*|libjson-c|libcap|libseccomp|libinih'
# nothing_needed: the preload library works under any C library.
nothing_needed() {
	library=$build/preload/libbpftoken-preload.so
	readelf -dW "$library" | grep -E '\((NEEDED|TEXTREL|RPATH|RUNPATH)\)'
	nm -D "$library" | awk '$NF == "syscall" { found = 1; next }
		$1 != "w" { print $NF ": neither syscall nor weak" }
		END { if (!found) print "no syscall" }'
}

# assembles TARGET: the syscall() of an architecture that this is not.
assembles() {
	clang --target="$1" -c -x assembler-with-cpp -o "$work/syscall.o" libbpf/syscall.S
}

rule "the preload library needs no library" nothing_needed
for target in x86_64-linux-gnu i386-linux-gnu aarch64-linux-gnu \
	armv7-linux-gnueabihf riscv64-linux-gnu; do
	if command -v clang >"$work/where"; then
		rule "syscall() assembles for ${target%%-*}" assembles "$target"
	else
		skip "syscall() assembles for ${target%%-*}" "no clang"
	fi
done
rule "nothing that the command needs brings libbpf or libelf" loaded
printf 'delegate_cmds=map_create\n' >"$work/policy"
rule "bpftoken policy loads no libbpf and no libelf" loaded_by policy show "$work/policy"
if [ "$(id -u)" -eq 0 ]; then
	rule "bpftoken run loads no libbpf and no libelf" \
		loaded_by run --no-delegation -- /bin/true
else
	skip "bpftoken run loads no libbpf and no libelf" "needs root"
fi
finish
