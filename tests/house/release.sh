#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A release can be made: the version is one, a wrong one is found, and the tarball
# of a commit is always the same and whole.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

# finds FILE: another version there, in a copy of what has one.
finds() {
	rm -rf "$work/copy"
	mkdir "$work/copy"
	cp -r meson.build lib libbpf include debian man tools NEWS.md "$work/copy"
	sed -i "s/$version/9.9.9/" "$work/copy/$1"
	"$work/copy/tools/release" versions >"$work/said" 2>&1 && echo "$1: not found"
	grep -q 'comparing versions' "$work/said" || cat "$work/said"
}

same_twice() {
	tools/release tarball "$work/one.tar.gz"
	sleep 1.1
	tools/release tarball "$work/two.tar.gz"
	cmp "$work/one.tar.gz" "$work/two.tar.gz"
}

# has what builds and what proves, under one directory
is_whole() {
	tar -tzf "$work/one.tar.gz" >"$work/list" || echo "no tarball"
	for file in meson.build include/bpftoken.h tests/run debian/rules; do
		grep -qx "bpftoken-$version/$file" "$work/list" || echo "no $file"
	done
	grep -v "^bpftoken-$version/" "$work/list"
	return 0
}

version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
rule "the version is the same everywhere" tools/release versions
for file in meson.build lib/meson.build debian/changelog NEWS.md man/bpftoken.1 \
	libbpf/meson.build; do
	rule "another version in $file is found" finds "$file"
done
if git rev-parse --git-dir >"$work/git" 2>&1; then
	rule "the tarball of a commit is always the same" same_twice
	rule "the tarball is whole" is_whole
else
	skip "the tarball of a commit is always the same" "not a git checkout"
fi
finish
