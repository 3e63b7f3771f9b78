#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The table of docs/messages.md is that of lib/explain.c, and the tutorial and the
# messages are written for the test that runs them: each block says how it runs.
# UPDATE_GOLDEN=1 writes the table.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

page=docs/messages.md
header='| message | errno | cause | cure |'

# table: the part of the page that is made.
table() {
	sed -n "/^$header\$/,\$p" "$page"
}

up_to_date() {
	[ -x "$build/tests/docs/messages" ] || {
		echo "$build/tests/docs/messages is not built"
		return
	}
	"$build/tests/docs/messages" >"$work/table" || echo "it fails"
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		sed "/^$header\$/,\$d" "$page" | cat - "$work/table" >"$work/page"
		cp "$work/page" "$page"
	fi
	table | diff - "$work/table"
}

annotated() {
	for text in docs/tutorial.md "$page"; do
		awk -v work="$work" -v place=here -f tests/docs/blocks.awk "$text"
		grep -l . "$work"/*.how >"$work/all" || echo "$text has no blocks"
		sed -n 's/^bad //p' "$work"/*.how
	done
}

rule "docs/messages.md has every message of lib/explain.c" up_to_date
rule "every block of the tutorial and of the messages says how it runs" annotated
finish
