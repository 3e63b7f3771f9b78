#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `meson install` leaves is enough: a program of two files is built against
# it through pkg-config, with the shared and with the static library, and runs.
# So does the example of libbpftoken(3).
set -u

# shellcheck source=tap
. "$(dirname "$0")/tap"

root=$work/root

# quiet COMMAND...: what it says only when it fails.
quiet() {
	"$@" >"$work/said" 2>&1 || {
		cat "$work/said"
		return 1
	}
}

is_there() {
	find "$root" -type f -o -type l | grep -q "$1\$" || echo "no $1 installed"
}

# files: everything that has to be there, and nothing of the build.
files() {
	for file in bin/bpftoken libexec/bpftoken/bpftoken-front include/bpftoken.h include/bpftoken-libbpf.h \
		libbpftoken.so libbpftoken.so.0 libbpftoken.a pkgconfig/libbpftoken.pc \
		bash-completion/completions/bpftoken zsh/site-functions/_bpftoken \
		fish/vendor_completions.d/bpftoken.fish \
		libbpftoken-libbpf.so libbpftoken-libbpf.so.0 libbpftoken-libbpf.a \
		pkgconfig/libbpftoken-libbpf.pc; do
		is_there "/$file"
	done
	for page in man/*.[1-8] $(tools/mkman3 --list include/bpftoken.h) \
		$(tools/mkman3 --list include/bpftoken-libbpf.h); do
		page=${page##*/}
		case $page in
		*.[1-8]) ;;
		*) page=$page.3 ;;
		esac
		is_there "/man${page##*.}/$page"
	done
	find "$root" \( -name '*internal*' -o -name '*-host*' \) |
		sed 's/$/: internal, and installed/'
}

config() {
	# shellcheck disable=SC2086 # words
	PKG_CONFIG_PATH=$pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" $package
}

pc_version() {
	[ "$(config --modversion)" = "$version" ] ||
		echo "pkg-config says $(config --modversion), the project is $version"
}

program() {
	cat >"$work/main.c" <<-'EOT'
		#include <bpftoken.h>
		#include <stdio.h>
		int convert(const char *text);
		int main(void)
		{
			puts(bpftoken_version());
			return convert("delegate_cmds=prog_load:map_create,delegate_maps=0x8000000");
		}
	EOT
	cat >"$work/convert.c" <<-'EOT'
		#include <bpftoken.h>
		#include <stdio.h>
		#include <stdlib.h>
		int convert(const char *text);
		int convert(const char *text)
		{
			struct bpftoken_policy *policy;
			struct bpftoken_error err;
			char *written;
			if (bpftoken_policy_parse(text, NULL, &policy, &err) < 0 ||
			    bpftoken_policy_format(policy, "mount", &written, &err) < 0) {
				bpftoken_explain(&err);
				puts(err.why);
				return 1;
			}
			puts(written);
			free(written);
			bpftoken_policy_free(policy);
			return 0;
		}
	EOT
}

# libelf_links: with a static program? Debian 13's libelf.a lacks a part of itself.
libelf_links() {
	echo 'void *elf_begin(int, int, void *);
	int main(void) { return elf_begin(0, 0, 0) != 0; }' >"$work/elf.c"
	cc -static -o "$work/elf" "$work/elf.c" -lelf -lz -lzstd 2>"$work/elf.log" ||
		! grep -q 'undefined reference to .eu_search' "$work/elf.log"
}

# linked KIND: what the program is linked with. Where libelf does not, it and the C library
# are shared, and only libbpf and what is ours are not.
linked() {
	if [ "$1" = shared ]; then
		config --libs
	elif [ "$package" = libbpftoken ] || libelf_links; then
		echo "-static $(config --libs --static)"
	else
		config --libs --static | sed -E 's/-l(bpf[a-z-]*)/-l:lib\1.a/g'
	fi
}

# builds KIND: the program with KIND=static or shared.
builds() {
	for part in main convert; do
		# shellcheck disable=SC2046 # words
		quiet cc -std=c99 -Wall -Wextra -Werror $(config --cflags) -c \
			-o "$work/$part.o" "$work/$part.c" || return
	done
	# shellcheck disable=SC2046 # words
	quiet cc -o "$work/$1" "$work/main.o" "$work/convert.o" $(linked "$1")
}

runs() {
	LD_LIBRARY_PATH=$libdir "$work/$1" >"$work/out" || echo "exit status $?"
	printf '%s\n%s\n' "$version" 'delegate_cmds=map_create:prog_load,delegate_maps=ringbuf' \
		>"$work/expected"
	grep . "$work/out" | diff "$work/expected" -
}

# example: the program in the manual page, without the page's escapes.
example() {
	awk '
	/^\.Sh/ { here = /EXAMPLES/ }
	here && /^\.Ed/ { exit }
	code { print }
	here && /^\.Bd -literal/ { code = 1 }
	' man/libbpftoken.3 | sed 's/\\-/-/g; s/\\e/\\/g; s/^\\&//' >"$work/example.c"
	# shellcheck disable=SC2046 # words
	quiet cc -std=gnu99 -Wall -Wextra -Werror -static $(config --cflags) \
		-o "$work/example" "$work/example.c" $(config --libs --static)
}

# example_in POLICY-OPTION...: what the example says in such a container; so does the page.
example_in() {
	chmod 755 "$work" "$work/example"
	"$build/bpftoken" run --cmds map_create "$@" -- "$work/example" 2>&1
}

example_says() {
	[ "$(example_in --maps ringbuf)" = "a ring buffer, by token" ] ||
		example_in --maps ringbuf
	example_in --maps hash | tr -d ' \n' >"$work/said"
	sed 's/\\-/-/g' man/libbpftoken.3 | tr -d ' \n' | grep -qFf "$work/said" ||
		example_in --maps hash
	return 0
}

# libbpf_program: two files that ask libbpf; the first has the one call.
libbpf_program() {
	cat >"$work/main.c" <<-'EOT'
		#include <bpftoken-libbpf.h>
		#include <stdio.h>
		int ask(void);
		int main(void)
		{
			struct bpftoken_error err;
			if (bpftoken_libbpf_use(NULL, &err) < 0) {
				bpftoken_explain(&err);
				puts(err.why);
				return 1;
			}
			return ask();
		}
	EOT
	cat >"$work/convert.c" <<-'EOT'
		#include <bpf/bpf.h>
		#include <bpf/libbpf.h>
		#include <stdio.h>
		int ask(void);
		int ask(void)
		{
			struct bpf_map_info info = { 0 };
			unsigned int size = sizeof(info);
			int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "by_hand", 4, 4, 1, NULL);
			if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &size) < 0)
				return 1;
			printf("%s %d\n", info.name, libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY, NULL));
			return 0;
		}
	EOT
}

# libbpf_runs KIND: in a container that has a hash map delegated, and no array map.
libbpf_runs() {
	cp "$libdir"/libbpftoken*.so.0 "$work" && chmod 755 "$work" "$work/$1" || return
	LD_LIBRARY_PATH=$work "$build/bpftoken" run --cmds map_create --maps hash -- \
		"$work/$1" >"$work/out" 2>&1 || echo "exit status $?"
	echo 'by_hand 0' | diff - "$work/out"
}

package=libbpftoken
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
rule "meson install" quiet meson install -C "$build" --no-rebuild --destdir "$root"
pkgconfig=$(dirname "$(find "$root" -name libbpftoken.pc)")
libdir=$(dirname "$pkgconfig")
rule "all is installed, and nothing internal" files
rule "pkg-config knows the version" pc_version
program
for kind in shared static; do
	rule "a program is built with the $kind library" builds "$kind"
	rule "the program of the $kind library runs" runs "$kind"
done
package="libbpftoken-libbpf libbpf"
libbpf_program
for kind in shared static; do
	rule "a libbpf program is built with the $kind libbpftoken-libbpf" builds "$kind"
	what="the libbpf program of the $kind library runs"
	if [ "$(id -u)" -ne 0 ]; then
		skip "$what" "needs root"
	elif [ -n "${BPFTOKEN_STUCK:-}" ]; then
		skip "$what" "$BPFTOKEN_STUCK"
	else
		rule "$what" libbpf_runs "$kind"
	fi
done
package=libbpftoken
rule "the example of libbpftoken(3) compiles" example
if [ "$(id -u)" -ne 0 ]; then
	skip "the example of libbpftoken(3) works" "needs root"
elif [ -n "${BPFTOKEN_STUCK:-}" ]; then
	skip "the example of libbpftoken(3) works" "$BPFTOKEN_STUCK"
elif ! "$build/bpftoken" run --cmds map_create -- true 2>"$work/why"; then
	skip "the example of libbpftoken(3) works" "$(cat "$work/why")"
else
	rule "the example of libbpftoken(3) works" example_says
fi
finish
