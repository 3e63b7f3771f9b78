#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public interface is one set of functions: in the header, in the symbol map,
# in what the shared library exports and in the manual pages of section 3. Each
# has its documentation, and the header stands alone in C99 and C++.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

headers="include/bpftoken.h include/bpftoken-libbpf.h"
maps="lib/libbpftoken.map libbpf/libbpftoken-libbpf.map"

# blocks: "name|release|int or other|has err|parts" of every function, where
# parts are the words of its block that end in a colon.
blocks() {
	# shellcheck disable=SC2086 # files
	awk '
	/^\/\*\*$/ { parts = release = ""; inside = 1 }
	inside && /^ \* [A-Z][a-z]+:/ { parts = parts " " substr($2, 1, length($2) - 1) }
	inside && /^ \* Since: / { release = $3 }
	/^ \*\/$/ { inside = 0 }
	/^BPFTOKEN_API / { prototype = ""; open = 1 }
	open { prototype = prototype " " $0 }
	open && /;/ {
		open = 0
		err = prototype ~ /struct bpftoken_error \*/
		type = prototype ~ /^ BPFTOKEN_API int / ? "int" : "other"
		sub(/\(.*/, "", prototype)
		sub(/.*[ *\t]/, "", prototype)
		print prototype "|" release "|" type "|" err "|" parts " "
		parts = release = ""
	}' $headers
}

# of_map: "name|release" of every symbol.
of_map() {
	# shellcheck disable=SC2086 # files
	awk '
	/^BPFTOKEN_[A-Z_]*[0-9.]+ \{/ { release = $1; sub(/.*_/, "", release) }
	/^\t[A-Za-z0-9_]+;$/ { print substr($1, 1, length($1) - 1) "|" release }
	' $maps
}

# without PARTS CONDITION: functions whose block lacks one of the parts.
without() {
	blocks | awk -F'|' -v parts="$1" -v all="$2" '
	all || ($3 == "int" && $4) {
		n = split(parts, part, " ")
		for (i = 1; i <= n; i++)
			if (!index($5, " " part[i] " "))
				print $1 ": no " part[i] ": in its block"
	}'
}

# uses HEADER: a program that touches what the header does with macros.
uses() {
	cat <<-EOT
		#include <$1.h>
		int main(void)
		{
			BPFTOKEN_OPTS(bpftoken_open_opts, o);
			o.path = "/";
			return BPFTOKEN_VERSION_MAJOR + (int)(o.sz - sizeof(o));
		}
	EOT
}

# compiles COMPILER LANGUAGE STANDARD: each header, alone.
compiles() {
	for name in bpftoken bpftoken-libbpf; do
		uses "$name" | compile "$@" || echo "<$name.h> does not compile"
	done
}

compile() {
	"$1" -x "$2" -std="$3" -pedantic -Wall -Wextra -Werror -Iinclude \
		-fsyntax-only -
}

blocks | cut -d'|' -f1 | sort >"$work/header"
of_map | cut -d'|' -f1 | sort >"$work/map"
# What syscall(3) is to libbpf is not ours to declare, nor what lib/sys.c alone calls.
nm -D --defined-only "$build/lib/libbpftoken.so" "$build/libbpf/libbpftoken-libbpf.so" |
	awk 'NF == 3 && $2 != "A" { print $3 }' | sed 's/@.*//' |
	grep -Ev '^(syscall|bpftoken_raw_syscall)$' | sort >"$work/exports"
find "$build/man" man -name '*.3' 2>/dev/null | sed 's|.*/||; s|\.3$||' |
	grep -Ev '^(libbpftoken|bpftoken-libbpf)$' | sort >"$work/pages"

rule "the header declares functions" test -s "$work/header"
rule "the symbol maps are what the headers declare" \
	same headers "$work/header" maps "$work/map"
rule "the libraries export what the headers declare" \
	same headers "$work/header" libraries "$work/exports"
rule "every function has a page, and every page a function" \
	same headers "$work/header" "section 3" "$work/pages"
blocks | cut -d'|' -f1,2 | sort >"$work/since"
of_map | sort >"$work/nodes"
rule "a function's Since is its node of the symbol map" \
	same headers "$work/since" maps "$work/nodes"
rule "every block has Returns and Since" without "Returns Since" 1
rule "every fallible function's block has Errors and Privilege" \
	without "Errors Privilege" 0
for compiler in gcc clang; do
	if ! command -v "$compiler" >"$work/where"; then
		skip "the header compiles with $compiler" "no $compiler"
		continue
	fi
	rule "the header is C99 for $compiler" compiles "$compiler" c c99
	rule "the header is C++11 for $compiler" compiles "$compiler" c++ c++11
	rule "the header is C++20 for $compiler" compiles "$compiler" c++ c++20
done
finish
