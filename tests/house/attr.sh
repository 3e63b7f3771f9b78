#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Holds the structs and values of lib/attr.h to the kernel's: to the BTF of the
# running one and to <linux/bpf.h>. Either may be older and lack a member; what
# both lack is a name that we invented.
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

# struct of ours, type of the kernel's, where in it (a prefix of the members)
structs='
attr_map_create		union bpf_attr
attr_prog_load		union bpf_attr
attr_btf_load		union bpf_attr
attr_btf_get_fd_by_id	union bpf_attr
attr_token_create	union bpf_attr	token_create.
attr_obj_info		union bpf_attr	info.
attr_token_info		struct bpf_token_info
'
# What has no counterpart, and the instruction, whose register fields are bits.
ours='attr_token_row|attr_insn'

# members: "struct member" of lib/attr.h.
members() {
	gcc -fpreprocessed -E -P -w lib/attr.h | awk '
	/^struct attr_[a-z_]+ \{/ { name = $2; next }
	/^\};/ { name = "" }
	name {
		gsub(/\[[^]]*\]|;/, "")
		sub(/^[ \t]*[a-z0-9_]+ /, "")
		n = split($0, member, /, */)
		for (i = 1; i <= n; i++)
			print name, member[i]
	}'
}

unknown_structs() {
	printf '%s' "$structs" | cut -f1 | sort >"$work/table"
	members | cut -d' ' -f1 | grep -Evx "$ours" | sort -u >"$work/structs"
	same lib/attr.h "$work/structs" tests/house/attr.sh "$work/table" | grep -v '^:'
	return 0
}

# asserts: one line of C for each thing that has to be the same.
asserts() {
	members | while read -r name member; do
		row=$(printf '%s' "$structs" | awk -v name="$name" '$1 == name { print $2, $3, $4 }')
		[ -n "$row" ] || continue
		where=${row#* * }
		type=${row%" $where"}
		printf 'SAME(%s, %s, %s, %s, %s);\n' "$name.$member" "$name" "$member" \
			"${type% }" "${where% }$member"
	done
	sed -n 's/^\tATTR_\([A-Z_]*\) = .*/VALUE(BPF_\1, ATTR_\1);/p' lib/attr.h
	sed -n 's/^#define ATTR_F_\([A-Z_]*\) .*/VALUE(BPF_F_\1, ATTR_F_\1);/p' lib/attr.h
	echo 'VALUE(BPF_OBJ_NAME_LEN, ATTR_NAME_LEN);'
	for member in code off imm; do
		echo "SAME(attr_insn.$member, attr_insn, $member, struct bpf_insn, $member);"
	done
	echo 'VALUE(sizeof(struct bpf_insn), sizeof(struct attr_insn));'
}

# program INCLUDE: the C file that compares with one side.
program() {
	# The kernel has its own idea of these; stdint.h comes after it.
	kernels='int64_t uint64_t intptr_t uintptr_t wchar_t'
	[ "$1" = vmlinux.h ] || kernels=
	for name in $kernels; do
		echo "#define $name kernel_$name"
	done
	echo "#include <$1>"
	for name in $kernels; do
		echo "#undef $name"
	done
	cat <<-'EOT'
		#include "attr.h"
		#define SAME(text, our, member, type, path) \
			_Static_assert(offsetof(struct our, member) == \
					       __builtin_offsetof(type, path) && \
				       sizeof(((struct our *)0)->member) == \
					       sizeof(((type *)0)->path), #text)
		#define VALUE(theirs, ours) \
			_Static_assert((unsigned long)(theirs) == (ours), #theirs)
	EOT
	cat "$work/asserts"
}

# compare SIDE INCLUDE: leaves the names that this side lacks in lacks.SIDE.
compare() {
	program "$2" >"$work/$1.c"
	: >"$work/lacks.$1"
	gcc -std=gnu11 -w -fmax-errors=0 -fsyntax-only -fno-diagnostics-show-caret \
		-I"$work" -Ilib "$work/$1.c" >"$work/$1.log" 2>&1 && return
	# Two complaints are about absence; all others are what we look for.
	sed -nE -f "$work/absence" "$work/$1.log" | sort -u >"$work/lacks.$1"
	grep 'error:' "$work/$1.log" | grep -Ev \
		"has no member named|' undeclared|undefined type|incomplete type|expression in static assertion is not"
	return 0
}

# invented: what is checked against nothing.
invented() {
	comm -12 "$work/lacks.kernel" "$work/lacks.header" |
		sed 's/$/: known neither to the running kernel nor to the build header/'
}

asserts >"$work/asserts"
# How the compiler says that a name is not there.
cat >"$work/absence" <<'EOT'
s/.*error: .*has no member named '([^']*)'.*/\1/p
s/.*error: '([A-Z_]*)' undeclared.*/\1/p
s/.*error: invalid use of undefined type '([^']*)'.*/\1/p
s/.*error: invalid application of 'sizeof' to incomplete type '([^']*)'.*/\1/p
EOT
rule "every struct of lib/attr.h is compared" unknown_structs
rule "there is something to compare" test "$(wc -l <"$work/asserts")" -gt 60
rule "lib/attr.h is like <linux/bpf.h>" compare header linux/bpf.h
sed 's/^/# <linux\/bpf.h> lacks /' "$work/lacks.header"
if [ ! -r /sys/kernel/btf/vmlinux ]; then
	skip "lib/attr.h is like the running kernel" "no /sys/kernel/btf/vmlinux"
elif ! bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$work/vmlinux.h" 2>&1; then
	skip "lib/attr.h is like the running kernel" "bpftool reads no BTF"
else
	rule "lib/attr.h is like the running kernel" compare kernel vmlinux.h
	sed 's/^/# the running kernel lacks /' "$work/lacks.kernel"
	rule "no name is invented" invented
fi
finish
