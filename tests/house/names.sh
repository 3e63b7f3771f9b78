#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Holds lib/names/*.def to the enums of the build header and of the running
# kernel: what these name, the tables name too, with the same value, and of
# several names for one value the tables show the one declared first. Header and
# kernel may be older than the tables, never newer.
set -u

cd "$(dirname "$0")/../.." || exit
PATH=$PATH:/usr/sbin:/sbin

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# result STATUS NAME [REASON]: one line of TAP; 77 is a skip.
result() {
	number=$((number + 1))
	case $1 in
	0) echo "ok $number - $2" ;;
	77) echo "ok $number - $2 # SKIP $3" ;;
	*) echo "not ok $number - $2" ;;
	esac
}

# tables: "enum kind value name" of every row; kind is NAME or ALIAS.
tables() {
	row='^(NAME|ALIAS)\(([0-9]+), "([a-z0-9_]+)", (0|0x[0-9a-f]{4})\)$'
	sed -nE "s/$row/bpf_$1 \1 \2 \3/p" "lib/names/$1.def"
}

# enums FILE: "enum value name" of every enumerator in the BTF of FILE that a
# mask can hold, in the order of declaration.
enums() {
	bpftool btf dump file "$1" format raw | awk '
	/^\[/ {
		enum = $3
		gsub(/\047/, "", enum)
		wanted = $2 == "ENUM" &&
			enum ~ /^bpf_(cmd|map_type|prog_type|attach_type)$/
		prefix = "BPF_"
		if (enum == "bpf_map_type" || enum == "bpf_prog_type")
			prefix = toupper(enum) "_"
		next
	}
	wanted {
		name = $1
		gsub(/\047/, "", name)
		value = substr($2, 5)
		if (index(name, prefix) == 1 && value + 0 <= 63)
			print enum, value, tolower(substr(name, length(prefix) + 1))
	}'
}

# compare FILE: what the enums of FILE have and the tables have not, or have
# otherwise; silent and true when there is nothing.
compare() {
	enums "$1" >"$work/enums"
	[ -s "$work/enums" ] || echo "no enums in $1"
	awk '
	NR == FNR { value[$1 " " $4] = $3; kind[$1 " " $4] = $2; next }
	{ key = $1 " " $3 }
	!(key in value) { print $1 ": " $3 " = " $2 " is not in the tables"; next }
	value[key] != $2 { print $1 ": " $3 " is " $2 ", not " value[key] }
	kind[key] == "NAME" && $1 " " $2 in seen {
		print $1 ": " $3 " is not the first name of " $2
	}
	{ seen[$1 " " $2] }' "$work/tables" "$work/enums"
}

check() {
	compare "$1" >"$work/differences"
	sed 's/^/# /' "$work/differences"
	[ ! -s "$work/differences" ]
	result $? "$2"
}

for set in cmd map_type prog_type attach_type; do
	tables $set >>"$work/tables"
	# every line that is not in the head comment is a row, and is understood
	rows=$(grep -c '^[A-Z]*(' lib/names/$set.def)
	[ "$rows" -gt 0 ] && [ "$rows" -eq "$(tables $set | wc -l)" ]
	result $? "form of $set.def"
done

for tool in bpftool clang; do
	if ! command -v $tool >/dev/null; then
		result 77 "against linux/bpf.h" "$tool is missing"
		result 77 "against the running kernel" "$tool is missing"
		echo "1..$number"
		exit
	fi
done

cat >"$work/header.c" <<'EOF'
#include <linux/bpf.h>
enum bpf_cmd cmd;
enum bpf_map_type map_type;
enum bpf_prog_type prog_type;
enum bpf_attach_type attach_type;
EOF
multiarch=/usr/include/$(${CC:-cc} -print-multiarch 2>/dev/null)
if clang -target bpf -g -I "$multiarch" -c "$work/header.c" -o "$work/header.o"; then
	check "$work/header.o" "against linux/bpf.h"
else
	result 1 "against linux/bpf.h"
fi

if [ -r /sys/kernel/btf/vmlinux ]; then
	check /sys/kernel/btf/vmlinux "against the running kernel"
else
	result 77 "against the running kernel" "the kernel has no BTF"
fi
echo "1..$number"
