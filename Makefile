# SPDX-License-Identifier: MIT
#
# The names people try first; the build itself is meson.build.
#
#	make		build into build/; the command is build/bpftoken
#	make check	every test; tests/run SUITE... runs some
#	make demo	a short scene with a container and its token
#	make bench	measures all, and writes docs/benchmarks.md
#	make install	to PREFIX, below DESTDIR
#	make deb	Debian packages, into build/deb
#	make format	every C file in the house's form

PREFIX ?= /usr/local
# Where the linker looks; meson knows it only where dpkg-dev is installed.
LIBDIR ?= lib/$(shell cc -print-multiarch)

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	meson setup --prefix=$(PREFIX) --libdir=$(LIBDIR) build

check:
	@tests/run

demo: all
	@sh tools/demo-scene

# What is measured, and no more: the tests' programs want more of a machine.
measured = bpftoken lib/libbpftoken.a lib/libbpftoken-internal.a \
	preload/libbpftoken-preload.so examples/sockfilter tests/engines/maps

bench: build/build.ninja
	@ninja -C build $(measured)
	@bench/all

deb:
	@tools/deb

install: all
	meson install -C build --no-rebuild

format:
	@tests/lint reformat

clean:
	rm -rf build

.PHONY: all check demo bench deb install format clean
