#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The documents point to what is there, and leave out nothing that has to be in them.
# shellcheck disable=SC2016 # backquotes of Markdown
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

texts=$({ git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build*'; } | grep -v '/golden/')

# paths: in backquotes, from the checkout's root or beside the text; NAME is any.
paths() {
	top=$(git ls-files 2>/dev/null | sed -n 's|/.*||p' | sort -u | paste -s -d '|')
	for text in $texts; do
		grep -v 'github\.com/' "$text" | grep -oE '`[^` ]+`' | tr -d '`' | sort -u |
			grep -E "^(${top:-docs|tests|tools|man})/|^[A-Z]+\.md$" | while read -r path; do
			path=$(echo "$path" | sed 's/NAME/*/g')
			# shellcheck disable=SC2086 # a pattern
			ls -d $path >"$work/there" 2>&1 ||
				(cd "$(dirname "$text")" && ls -d $path) >"$work/there" 2>&1 ||
				echo "$text: $path is not there"
		done
	done
}

# links: of Markdown, to files.
links() {
	for text in $texts; do
		grep -oE '\]\([^)]+\)' "$text" | sed 's/^](//; s/)$//; s/#.*//' |
			grep -vE '^(https?:|$)' | while read -r path; do
			[ -e "$(dirname "$text")/$path" ] || echo "$text: $path is not there"
		done
	done
}

# pages: of our manual, in Markdown as name(N), in the pages by .Xr.
pages() {
	{
		ls man
		for header in bpftoken bpftoken-libbpf; do
			tools/mkman3 --list "include/$header.h" | sed 's/$/.3/'
		done
	} | grep '\.[1-8]$' | sort -u >"$work/pages"
	{
		# shellcheck disable=SC2086 # a list
		grep -ohE '\b(lib)?bpftoken[a-z_-]*\([1-8]\)' $texts | tr '(' . | tr -d ')'
		sed -n 's/^\.Xr \(\(lib\)*bpftoken[a-z_-]*\) \([1-8]\).*/\1.\3/p' man/*.[1-8]
	} | sort -u | comm -23 - "$work/pages" | sed 's/$/: no such page/'
}

# commands: each has its line in the README's table and its place in bpftoken(1).
commands() {
	"$build/bpftoken" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$work/names"
	[ -s "$work/names" ] || echo "no commands"
	while read -r command; do
		grep -qE "^\| .*\`(bpftoken )?${command}[ \`]" README.md ||
			echo "README.md: nothing about $command"
		grep -qx "\.It Cm $command" man/bpftoken.1 || echo "bpftoken(1): no $command"
	done <"$work/names"
}

# worth: SECURITY.md and bpftoken(7) say of each program type what it is worth.
worth() {
	sed -n 's/^NAME([1-9][0-9]*, "\([a-z0-9_]*\)".*/\1/p' lib/names/prog*.def >"$work/types"
	[ -s "$work/types" ] || echo "no program types"
	sed -n '/^## What a token is worth/,/^## /p' SECURITY.md | grep '^|' |
		grep -oE '`[a-z0-9_*]+`' | tr -d '`' >"$work/SECURITY.md"
	sed -n '/^\.Sh SECURITY/,$s/^\.It Cm //p' man/bpftoken.7 | tr -d ' ' | tr , '\n' \
		>"$work/bpftoken.7"
	for text in SECURITY.md bpftoken.7; do
		while read -r type; do
			grep -qx "$type\|${type%%_*}_\*" "$work/$text" ||
				echo "$text: what is $type worth?"
		done <"$work/types"
	done
}

rule "every path in the documents is there" paths
rule "every link in the documents leads somewhere" links
rule "every page that is named exists" pages
rule "every command is in the README and in bpftoken(1)" commands
rule "every program type has its worth" worth
finish
