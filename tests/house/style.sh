#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A command and its manual page say the same: every command has a page and a
# place in bpftoken(1), every row of options is in --help and in the page, and the
# page names no option that the command does not have.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

commands() {
	"$build/bpftoken" --help | awk '
	/^Commands:/ { here = 1; next }
	/^$/ { here = 0 }
	here { print $1 }'
}

# help COMMAND: its --help and that of its sub-commands.
help() {
	"$build/bpftoken" "$1" --help
	"$build/bpftoken" "$1" --help | awk '
	/^Commands:/ { here = 1; next }
	/^$/ { here = 0 }
	here { print $1 }' | while read -r sub; do
		"$build/bpftoken" "$1" "$sub" --help
	done
}

# rows FILE: the names of the rows of options in a source file.
rows() {
	sed -nE "
	s/^.*[{] *\"([a-z][a-z-]*)\", *(0|'.'),.*/\1/p
	s/^[ \t]+\"([a-z][a-z-]*)\", *(0|'.'),.*/\1/p
	s/^[ \t]*[{] *\.name = \"([a-z][a-z-]*)\", *\\\\?\$/\1/p
	s/^.*_ROW\(\"([a-z][a-z-]*)\",.*/\1/p" "$1"
}

# options_of COMMAND: from the sources, --name or -l, one a line.
rows_of() {
	rows "cli/$1.c"
	! grep -q POLICY_OPTION_ROWS "cli/$1.c" || rows cli/policy-options.h
}

in_help() {
	help "$1" | sed -nE 's/^ +(-([a-zA-Z]), )?--([a-z-]+).*/--\3 -\2/p' |
		tr ' ' '\n' | grep -v '^-$' | sort -u
}

in_page() {
	{
		grep -oE 'Fl -[a-z][a-z-]*' "man/bpftoken-$1.1" | sed 's/Fl /-/'
		grep -oE 'Fl [a-zA-Z]( |$)' "man/bpftoken-$1.1" | sed 's/Fl \(.\).*/-\1/'
	} | sort -u
}

has_page() {
	[ -f "man/bpftoken-$1.1" ] || echo "no man/bpftoken-$1.1"
	grep -q "^\.It Cm $1\$" man/bpftoken.1 || echo "man/bpftoken.1 does not list $1"
	grep -q "bpftoken-$1\.1'" man/meson.build || echo "man/meson.build does not install it"
}

rows_are_shown() {
	rows_of "$1" | while read -r name; do
		help "$1" | grep -q -- "--$name" || echo "--$name is not in --help"
	done
}

same_options() {
	in_help "$1" >"$work/help"
	[ -f "man/bpftoken-$1.1" ] || return 0
	in_page "$1" >"$work/page"
	same --help "$work/help" "the page" "$work/page"
}

# table: cli/main.c and the files of cli/ have the commands that --help shows.
table() {
	commands | sort >"$work/commands"
	grep -o '&cmd_[a-z_]*' cli/main.c | sed 's/&cmd_//' | tr _ - | sort >"$work/table"
	same "bpftoken --help" "$work/commands" "the table of cli/main.c" "$work/table"
	test -s "$work/table"
}

rule "--help shows the table of commands" table
for command in $(commands); do
	rule "$command has a page, listed and installed" has_page "$command"
	rule "$command: there are rows of options" test -n "$(rows_of "$command")"
	rule "$command: every row of options is in --help" rows_are_shown "$command"
	rule "$command: --help and the page have the same options" same_options "$command"
done
finish
