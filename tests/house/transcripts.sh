#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The transcripts in the README and the manual are what the commands print. Breaks of lines
# and runs of blanks are the page's own; [...] stands for lines left out.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

# readme_block: the README's transcript, in the form of a page's.
readme_block() {
	rm -f "$work"/block.*
	sed -n '/^    # bpftoken/,/^[^ ]/s/^    //p' README.md >"$work/block.1"
}

# blocks PAGE: leaves every literal display of the page's examples in a file.
blocks() {
	rm -f "$work"/block.*
	awk -v work="$work" '
	/^\.Ed/ { file = "" }
	file { print >file }
	/^\.Bd -literal$/ { file = work "/block." ++n }
	' "$1"
	for block in "$work"/block.*; do
		sed -i 's/\\-/-/g; s/\\e/\\/g; s/^\\&//' "$block"
	done
}

# steps BLOCK: leaves command N in run.N, and what it printed in said.N.
steps() {
	rm -f "$work"/run.* "$work"/said.*
	awk -v work="$work" -f tests/steps.awk "$1"
}

# bare FILE: without blanks, on one line.
bare() {
	tr -d ' \t\n' <"$1"
}

# holds N: every part of said.N is in what run.N prints now.
holds() {
	: >>"$work/said.$1"
	(cd "$dir" && PATH=$work/bin:$PATH sh "$work/run.$1") >"$work/now" 2>&1 </dev/null
	bare "$work/now" >"$work/now.bare"
	bare "$work/said.$1" | sed 's/\[[.][.][.]\]/\n/g' >"$work/parts"
	echo >>"$work/parts"
	while read -r part; do
		grep -qF -- "$part" "$work/now.bare" && continue
		cat "$work/run.$1"
		echo "prints now:"
		cat "$work/now"
		return
	done <"$work/parts"
}

# runs_here FILE: what needs a container manager does not, nor what needs jq
# where there is none.
runs_here() {
	grep -q 'lxc\|c1[.]yaml' "$1" && return 1
	! grep -q '^ *jq ' "$1" || command -v jq >"$work/where"
}

page_holds() {
	"$@"
	for block in "$work"/block.*; do
		steps "$block"
		for run in "$work"/run.*; do
			! runs_here "$run" || holds "${run##*.}"
		done
	done
}

# Where the commands are run.
dir=.

# Where the container's root can read it.
chmod 755 "$work"
mkdir "$work/bin"
cp "$build/bpftoken" "$work/bin"

for page in README bpftoken bpftoken-doctor bpftoken-exec bpftoken-probe \
	bpftoken-run bpftoken-test; do
	what="the transcripts of $page are true"
	if [ "$(id -u)" -ne 0 ]; then
		skip "$what" "needs root"
	elif [ -n "${BPFTOKEN_STUCK:-}" ]; then
		skip "$what" "$BPFTOKEN_STUCK"
	elif ! "$build/bpftoken" run --cmds map_create -- true 2>"$work/why"; then
		skip "$what" "$(cat "$work/why")"
	elif [ "$page" = README ]; then
		rule "$what" page_holds readme_block
	else
		rule "$what" page_holds blocks "man/$page.1"
	fi
done
what="the transcripts of bpftoken-needs are true"
if [ -d "$build/tests/objects" ] && [ -e "$build/tests/objects/tc.bpf.o" ]; then
	dir=$build/tests/objects
	rule "$what" page_holds blocks man/bpftoken-needs.1
else
	skip "$what" "no objects without clang"
fi
finish
