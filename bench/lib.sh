# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What the benches share. Sourced, from the checkout's root. A bench measures in rounds, in
# turns, and leaves a line of numbers for each round in a file; a ratio is taken within the
# rounds, and what is printed is the median with the quartiles.
#
# When BENCH_RESULTS names a file, every figure is appended to it: bench, what, figure, low
# quartile, high quartile, unit, bound and command, with tabs between them. With a size, its
# unit and a line's name behind them it is a point of the curve `what`. bench/report reads
# it.

bench=$(basename "$0")
out=build/bench
over=
mkdir -p "$out"

fail() {
	echo "bench/$bench: $1" >&2
	exit 1
}

# built FILE...: is there, and so is root.
built() {
	[ "$(id -u)" = 0 ] || fail "delegating: not root: run as root"
	for built_file in "$@"; do
		[ -f "$built_file" ] ||
			fail "$built_file is missing: nothing to measure: run make"
	done
}

# peer COMMAND...: what the distribution has.
peer() {
	for peer_command in "$@"; do
		command -v "$peer_command" >/dev/null ||
			fail "$peer_command is missing: run tools/deps bench"
	done
}

# enough ROUNDS
enough() {
	[ "$1" -ge 10 ] || fail "$1 rounds are too few for a median: use 10 or more"
}

# compile NAME SOURCE [ARG...]: build/bench/NAME from bench/SOURCE.c.
compile() {
	compile_to=$out/$1
	compile_from=bench/$2.c
	shift 2
	"${CC:-gcc}" -D_GNU_SOURCE -O2 -Wall -Wextra -Iinclude -o "$compile_to" \
		"$compile_from" -Wl,--no-as-needed "$@"
}

# spread FILE EXPRESSION [ONLY]: the median and the quartiles of an awk expression over the
# lines of FILE for which ONLY is true. A line with # is none.
spread() {
	awk "/^#/ { next } ${3:-1} { printf \"%.9g\\n\", ($2) }" "$1" | sort -g | awk '
	{ v[NR] = $1 }
	function quantile(q, at, below) {
		at = 1 + q * (NR - 1)
		below = int(at)
		return below < NR ? v[below] + (at - below) * (v[below + 1] - v[below]) : v[NR]
	}
	END {
		if (NR == 0)
			exit 1
		printf "%.6g %.6g %.6g\n", quantile(0.5), quantile(0.25), quantile(0.75)
	}'
}

# record WHAT "FIGURE LOW HIGH" UNIT BOUND COMMAND [SIZE SIZE_UNIT LINE]
record() {
	[ -n "${BENCH_RESULTS:-}" ] || return 0
	record_to=$BENCH_RESULTS
	# shellcheck disable=SC2086 # a figure is one number, or three
	set -- "$bench" "$1" "$(echo $2 | awk '{ printf "%s\t%s\t%s", $1, $2, $3 }')" \
		"$3" "$4" "$5" ${6:+"$6" "$7" "$8"}
	(
		IFS='	'
		echo "$*"
	) >>"$record_to"
}

# figure WHAT "FIGURE [LOW HIGH]" UNIT BOUND COMMAND: shows, judges and records one. BOUND
# is `at most N`, `at least N`, or - for none.
figure() {
	echo "$2" | awk -v what="$1" -v unit="$3" -v bound="$4" '
	function short(x) {
		return sprintf(x == int(x) ? "%d" : x < 10 && x > -10 ? "%.3f" : "%.1f", x)
	}
	{
		split(bound, word)
		bad = $1 !~ /^-?[0-9]/ || (word[2] == "most" && $1 + 0 > word[3] + 0) ||
			(word[2] == "least" && $1 + 0 < word[3] + 0)
		printf("%s: %s%s%s%s%s\n", what, short($1), unit == "" ? "" : " " unit,
			NF > 2 ? " (" short($2) " to " short($3) ")" : "",
			bound == "-" ? "" : ", " bound,
			bad ? ": OVER" : bound == "-" ? "" : ": ok")
		exit bad
	}' || over=yes
	record "$@"
}

# peak TABLE NAME: the most KiB of a row of what turns prints.
peak() {
	awk -v name="$2" '$1 == name { print $6 }' "$1"
}

# all_within: fails when a figure was over its bound.
all_within() {
	[ -z "$over" ] || fail "a figure is over its bound: see above"
}
