#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every source file says under which licence it is, in its first line or in the
# one after #! or #compdef. The kernel runs BPF objects, so theirs is one it takes.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

dual='GPL-2.0-only OR BSD-2-Clause'

# What is in the repository or about to be. Of what is no source: texts for
# people, data, and what a tool alone reads.
sources() {
	{
		git ls-files --cached --others --exclude-standard 2>/dev/null ||
			find . -name 'build*' -prune -o -type f -print | sed 's|^./||'
	} |
		grep -Ev '(^|/)([.][^/]*|LICENSE|[^/]*[.](md|svg|json|txt|y?ml|bin|service|ini))$|^debian/([^/]*[.](docs|examples|install|lintian-overrides|symbols)|changelog|control|copyright|not-installed|source/.*)$|^tests/.*/(golden|corpus|seeds)/' |
		while read -r file; do
			[ ! -f "$file" ] || echo "$file"
		done
	[ ! -f meson_options.txt ] || echo meson_options.txt
}

# is_in_object FILE: a header that a BPF object beside it includes.
is_in_object() {
	grep -qs "#include \"${1##*/}\"" "$(dirname "$1")"/*.bpf.c
}

licences() {
	sources | while read -r file; do
		case $(head -n 1 "$file") in
		'#!'* | '#compdef '*) line=2 ;;
		*) line=1 ;;
		esac
		said=$(sed -n "${line}s/.*SPDX-License-Identifier: \([^*]*[^* ]\)[ */]*\$/\1/p" "$file")
		case $file in
		*.bpf.c) wanted=$dual ;;
		*) wanted=MIT ;;
		esac
		[ "$said" = "$dual" ] && is_in_object "$file" && continue
		[ "$said" = "$wanted" ] ||
			echo "$file:$line: says \"$said\", has to say \"$wanted\""
	done
}

# copyright: debian/copyright lists just the files of the other licence.
copyright() {
	sources | while read -r file; do
		! head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $dual" || echo "$file"
	done | grep -v '^tests/house/' >"$work/dual"
	awk '/^Files:/ { files = "" }
	/^Files:/, /^Copyright:/ { if (!/^Copyright:/) { sub(/^Files:/, ""); files = files $0 } }
	/^License: GPL/ { print files; exit }' debian/copyright | xargs -n 1 |
		sed 's/[.]/[.]/g; s/[*]/.*/g' >"$work/listed"
	grep -vxf "$work/listed" "$work/dual" | sed 's/$/: not in debian\/copyright/'
	while read -r pattern; do
		grep -qx "$pattern" "$work/dual" || echo "debian/copyright: no $pattern"
	done <"$work/listed"
}

if ! git rev-parse --git-dir >"$work/git" 2>&1; then
	skip "every source file names its licence" "not a git checkout"
else
	rule "there are sources" test "$(sources | wc -l)" -gt 50
	rule "every source file names its licence" licences
	rule "debian/copyright lists what has another licence" copyright
fi
rule "the MIT licence is there" grep -q 'Permission is hereby granted' LICENSE
finish
