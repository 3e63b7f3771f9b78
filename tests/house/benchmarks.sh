#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the benches share is right: median and quartiles, bounds, how a cost grows; the page
# and the picture are made of a recorded result; and the page that is published names for
# each number a command that there is. UPDATE_GOLDEN=1 writes the golden page.
# shellcheck disable=SC2016 # expressions of awk
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

golden=tests/house/golden
page=docs/benchmarks.md

# In a shell of its own: it has names that this has, too.
bench() {
	(
		. bench/lib.sh
		"$@"
	)
}

equal() {
	[ "$1" = "$2" ] || echo "$1, and not $2"
}

quartiles() {
	printf '# a b\n4 1\n1 1\n3 2\n2 1\n' >"$work/raw"
	equal "$(bench spread "$work/raw" '$1')" "2.5 1.75 3.25"
	equal "$(bench spread "$work/raw" '$1 / $2')" "1.75 1.375 2.5"
	equal "$(bench spread "$work/raw" '$1' '$2 == 2')" "3 3 3"
	! bench spread "$work/raw" '$1' '$2 == 9' || echo "none has a median"
}

# judged FIGURE BOUND: ok, or not.
judged() {
	(
		. bench/lib.sh
		figure what "$1" ms "$2" command
		all_within
	) >"$work/said" 2>&1 && echo ok
}

bounds() {
	equal "$(judged '1 1 9' 'at most 1')" ok
	equal "$(judged '1.01 0 1' 'at most 1')" ""
	equal "$(judged '10 1 2' 'at least 10')" ok
	equal "$(judged '9 10 20' 'at least 10')" ""
	equal "$(judged '' 'at most 1')" ""
	equal "$(judged '5' -)" ok
}

# recorded lines have the fields that bench/report reads.
recording() {
	BENCH_RESULTS=$work/recorded bench record "a b" "2 1 3" ms "at most 3" "x y" 10 KiB z
	equal "$(tr '\t' '|' <"$work/recorded")" "benchmarks.sh|a b|2|1|3|ms|at most 3|x y|10|KiB|z"
}

# A cost of 3 us + 2 us each, and one that grows with the square.
growth() {
	{
		echo "# 10:even 100:even 1000:even 10:square 100:square 1000:square"
		echo "0.023 0.203 2.003 1 100 10000 0 0 0 0 0 0"
	} >"$work/raw"
	awk -f bench/growth.awk "$work/raw" >"$work/grown"
	equal "$(bench spread "$work/grown" '$3' '$1 == "square" && $2 == "growth"')" "2 2 2"
	equal "$(bench spread "$work/grown" '$3' '$1 == "even" && $2 == "each"')" "2 2 2"
	equal "$(bench spread "$work/grown" '$3 > 0.9 && $3 < 1' '$1 == "even" && $2 == "growth"')" \
		"1 1 1"
	equal "$(bench spread "$work/grown" '$3' '$1 == "even" && $2 == 100')" "0.203 0.203 0.203"
}

made() {
	sh bench/report "$golden/benchmarks.results" "$work" || return
	[ -z "${UPDATE_GOLDEN:-}" ] || cp "$work/benchmarks.md" "$golden/benchmarks.md"
	diff "$golden/benchmarks.md" "$work/benchmarks.md"
}

# XML, with every line of every curve, and a colour on a dark ground for each on a light one.
drawn() {
	python3 - "$work/benchmarks.svg" <<-'END'
		import re, sys, xml.etree.ElementTree as tree
		text = open(sys.argv[1]).read()
		said = [e.text for e in tree.fromstring(text.encode()).iter() if e.text]
		for wanted in "exec-copied, slope 0.45", "list, slope 0.82", "lsns, slope 1.28", "list, by processes", "processes":
		    if wanted not in said:
		        print("it does not say:", wanted)
		style = text[text.index("<style>"):text.index("</style>")]
		for what, colour in set(re.findall(r"""(stroke|fill|color)=['"](rgb\([^)]*\)|#[0-9a-f]{6})['"]""",
		                                   text[text.index('id="gnuplot_canvas"'):])):
		    if '%s="%s"' % (what, colour) not in style:
		        print("no dark colour for", what, colour)
	END
}

refused() {
	printf 'run\ttoo few\t1\n' >"$work/bad"
	! sh bench/report "$work/bad" "$work/none" 2>"$work/said" || echo "a short line is taken"
	grep -q 'bad:1: 3 fields' "$work/said" || cat "$work/said"
	: >"$work/bad"
	! sh bench/report "$work/bad" "$work/none" 2>"$work/said" || echo "no results are taken"
}

# is_there COMMAND: of ours, of the benches, or a peer that a bench insists on.
is_there() {
	# shellcheck disable=SC2086 # its words
	set -- $1
	case ${1:-} in
	bpftoken) "$build/bpftoken" --help | grep -q "^  ${2:-none} " ;;
	build/bench/*)
		[ -f "bench/${1#build/bench/}.c" ] ||
			grep -q "^compile ${1#build/bench/} " bench/[a-z]*
		;;
	?*) grep -qE "^peer( .*)? $1( |\$)" bench/[a-z]* ;;
	*) false ;;
	esac
}

# commands FILE: what stands in the last column of the tables of figures.
commands() {
	awk -F ' *[|] *' '
	/^[|] (what|cost) / { here = 1; getline; next }
	!/^[|]/ { here = 0 }
	here {
		command = $(NF - 1)
		print command ~ /^`.*`$/ ? substr(command, 2, length(command) - 2) : "none: " $0
	}' "$1"
}

named() {
	sed -n 's/^## `bench\/\([^`]*\)`.*/\1/p' "$1" | sort >"$work/titles"
	[ -s "$work/titles" ] || echo "there are no benches"
	while read -r title; do
		[ -f "bench/$title" ] || echo "bench/$title is not there"
	done <"$work/titles"
	commands "$1" | sort -u >"$work/commands"
	[ "$(wc -l <"$work/commands")" -gt 2 ] || echo "there are no commands"
	while read -r command; do
		is_there "$command" || echo "there is no such command: $command"
	done <"$work/commands"
}

# The benches are the scripts that measure; make bench runs each, and the page has each.
all_run() {
	grep -lE '^#!/bin/sh' bench/* | grep -Ev '/(all|report)$' | sed 's|bench/||' |
		sort >"$work/scripts"
	sed -n "/^benches='/,/^'/s/^\([a-z-]*\)\t.*/\1/p" bench/all | sort >"$work/rows"
	same "the scripts" "$work/scripts" "the table of bench/all" "$work/rows"
}

# every: after the two above.
every() {
	sed -n 's/^[*][*]Over a bound, or not done:\(.*\)[.][*][*]$/\1/p' "$page" | tr ' ' '\n' |
		sed -n 's/^`bench\/\(.*\)`$/\1/p' | sort -u - "$work/titles" >"$work/told"
	same "the table of bench/all" "$work/rows" "$page" "$work/told"
}

rule "median and quartiles are right" quartiles
rule "a figure over its bound fails a bench" bounds
rule "what is recorded has its fields" recording
rule "how a cost grows is found" growth
rule "the page of a recorded result is the golden one" made
rule "the picture has each line, for a light and a dark ground" drawn
rule "results that cannot be read are refused" refused
rule "each number of the golden page names a command that is there" named "$golden/benchmarks.md"
rule "make bench runs every bench" all_run
rule "each number of $page names a command that is there" named "$page"
rule "$page has every bench, or says that it is missing" every
finish
