#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No function of C over 100 lines, no file over 800. What is over 60 and 400,
# where one thinks again, is named as a diagnostic. The blocks of the public
# header are its manual pages, and do not count.
# shellcheck disable=SC2016 # awk's fields are not ours to expand
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

files() {
	find . -path './build*' -prune -o -name .git -prune -o -type f \
		\( -name "$1" -o -path './tools/*' -o -path './tests/*.sh' -o -path './tests/*.bats' \) \
		-print | sed 's|^\./||' | grep -E "$2" | sort
}

# functions: "lines file:line name". A table begins behind its name, on one
# line with it, and so is none.
functions() {
	files '*.[ch]' '[.][ch]$' | xargs awk '
	FNR == 1 { start = 0; inside = 0 }
	/^\{/ { inside = 1 }
	/^[A-Za-z_]/ && !inside && !/[;:]$/ && !open { start = FNR; head = $0 }
	{ open = !inside && /^[A-Za-z_\t ].*[(,]/ && !/[;){}]$/ }
	inside && /^\}/ {
		name = head
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		print FNR - start + 1, FILENAME ":" start, name "()"
		inside = 0
	}'
}

# lengths: "lines file".
lengths() {
	files '*.[ch]' . | xargs awk '
	FILENAME == "include/bpftoken.h" && /^\/\*\*$/ { block = 1 }
	!block { lines[FILENAME]++ }
	/^ \*\/$/ { block = 0 }
	END {
		for (file in lines)
			print lines[file], file
	}' | sort -k2
}

# over LIMIT LIST [UPTO]
over() {
	awk -v limit="$1" -v upto="${3:-1000000}" '
	$1 > limit && $1 <= upto { print $2 " " $3 (NF > 2 ? " " : "") "has " $1 " lines" }' "$2"
}

functions >"$work/functions"
lengths >"$work/lengths"
rule "there are functions" test "$(wc -l <"$work/functions")" -gt 300
rule "no function is over 100 lines" over 100 "$work/functions"
over 60 "$work/functions" 100 | sed 's/^/# think again: /'
rule "no file is over 800 lines" over 800 "$work/lengths"
over 400 "$work/lengths" 800 | sed 's/^/# think again: /'
finish
