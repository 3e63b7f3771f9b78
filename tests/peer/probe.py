#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The probes against truth: as root and without a token, each answer has to be that
of `bpftool feature probe` and of libbpf_probe_*(), but for the differences
listed here, each with the reason in the kernel. A difference that is not listed
fails; so does a listed one that does not occur, where it has to.

Prints TAP.
"""
import ctypes
import json
import os
import subprocess
import sys

WORKS, LACKS, NOT_DELEGATED, NO_CAPABILITY, BLOCKED = range(5)
NO_TOKEN = -1
DEFAULT = ctypes.c_uint32(0xFFFFFFFF)

TRACING, STRUCT_OPS, EXT, LSM = 26, 27, 28, 29

# What is compared with, what, of which type ("*" = any) or for which helper, where it occurs, and why.
# "blocked": where the kernel refuses fentry programs with EPERM; "old libbpf": before
# 1.5, "new libbpf": since; "maybe": it depends on the kernel.
DIFFERENCES = [
    # peer, kind, key, occurs, reason
    ("bpftool", "prog", "tracing", "blocked",
     "it asks for a program of attach type 0 and looks for the verifier's text; the kernel "
     "answers EPERM before the verifier, and loads iterators and tp_btf all the same"),
    ("libbpf", "prog", "tracing", "blocked",
     "as bpftool, which asks libbpf"),
    ("libbpf", "helper", "tracing", "always",
     "it does not ask for helpers of tracing programs; an iterator is loaded with them"),
    ("bpftool", "helper", "tracing", "always",
     "as libbpf"),
    ("libbpf", "helper", "*", "old libbpf",
     "newer kernels say 'program of this type cannot use helper', which libbpf before "
     "1.5 does not know and takes for a yes; bpftool, with a newer libbpf, says no as we do"),
    ("libbpf", "helper", "lsm", "maybe", "it does not ask for helpers of LSM programs"),
    *((peer, "helper", f"{prog} {helper}", occurs,
       "cgroup_current_func_proto() refuses it for attach type 0, cgroup_inet_ingress, with "
       "which both load; these programs are attached with their own attach type")
      for peer, occurs in (("bpftool", "always"), ("libbpf", "new libbpf"))
      for prog in ("cgroup_device", "cgroup_sysctl") for helper in ("get_retval", "set_retval")),
    ("bpftool", "helper", "lsm", "maybe", "as libbpf"),
]


class Library:
    """Answers of libbpftoken, and of libbpf."""

    def __init__(self, build):
        self.own = ctypes.CDLL(f"{build}/lib/libbpftoken.so")
        self.own.bpftoken_name.restype = ctypes.c_char_p
        self.own.bpftoken_helper_name.restype = ctypes.c_char_p
        self.libbpf = ctypes.CDLL("libbpf.so.1")
        self.libbpf.libbpf_set_print(None)

    def names(self, enum_set):
        """Value -> name of everything that the kernel has."""
        found = {}
        for value in range(1, 64):
            name = self.own.bpftoken_name(enum_set, value)
            if name:
                found[value] = name.decode()
        return found

    def helpers(self):
        count = self.own.bpftoken_helper_count()
        return {n: self.own.bpftoken_helper_name(n).decode() for n in range(1, count)}


def answer_map(lib, value):
    return lib.own.bpftoken_probe_map_type(value, NO_TOKEN, None)


def answer_prog(lib, value):
    return lib.own.bpftoken_probe_prog_type(value, DEFAULT, NO_TOKEN, None)


def answer_helper(lib, prog, helper):
    return lib.own.bpftoken_probe_helper(prog, helper, NO_TOKEN, None)


class Comparison:
    def __init__(self):
        self.unlisted = []
        self.occurred = set()
        self.compared = {}
        self.denied = set()  # helpers that bpftool says a type does not have

    def compare(self, peer, kind, key, what, ours, theirs):
        self.compared[peer, kind] = self.compared.get((peer, kind), 0) + 1
        if (ours == WORKS) == bool(theirs):
            return
        for row, (row_peer, row_kind, row_key, _, _) in enumerate(DIFFERENCES):
            if (peer, kind) == (row_peer, row_kind) and row_key in (key, what) or (
                    row_key == "*" and (peer, kind) == (row_peer, row_kind) and theirs
                    and (key, what) in self.denied):
                self.occurred.add(row)
                return
        self.unlisted.append(f"{peer}: {kind} {what}: ours {ours}, theirs {theirs}")


def compare_libbpf(lib, names, comparison):
    progs, maps, helpers = names
    for value, name in maps.items():
        theirs = lib.libbpf.libbpf_probe_bpf_map_type(value, None)
        if theirs >= 0:
            comparison.compare("libbpf", "map", name, name, answer_map(lib, value), theirs)
    for value, name in progs.items():
        theirs = lib.libbpf.libbpf_probe_bpf_prog_type(value, None)
        if theirs >= 0:
            comparison.compare("libbpf", "prog", name, name, answer_prog(lib, value), theirs)
        if answer_prog(lib, value) != WORKS or value in (STRUCT_OPS, EXT):
            # libbpf takes a refused program for a yes, see loader probes and EPERM
            continue
        for helper, helper_name in helpers.items():
            theirs = lib.libbpf.libbpf_probe_bpf_helper(value, helper, None)
            comparison.compare("libbpf", "helper", name, f"{name} {helper_name}",
                               answer_helper(lib, value, helper), max(theirs, 0))


def compare_bpftool(lib, names, comparison):
    progs, maps, helpers = names
    report = json.loads(subprocess.run(["bpftool", "-j", "feature", "probe", "full"],
                                       check=True, capture_output=True).stdout)
    by_name = {name: value for value, name in maps.items()}
    for old in ("cgroup_storage", "percpu_cgroup_storage"):
        by_name[old] = by_name[f"{old}_deprecated"]
    for key, theirs in report["map_types"].items():
        name = key.removeprefix("have_").removesuffix("_map_type")
        comparison.compare("bpftool", "map", name, name, answer_map(lib, by_name[name]),
                           theirs)
    for value, name in progs.items():
        theirs = report["program_types"].get(f"have_{name}_prog_type")
        if theirs is not None:
            comparison.compare("bpftool", "prog", name, name, answer_prog(lib, value), theirs)
        listed = report["helpers"].get(f"{name}_available_helpers")
        if listed is None or value in (STRUCT_OPS, EXT):
            continue
        for helper, helper_name in helpers.items():
            if f"bpf_{helper_name}" not in listed:
                comparison.denied.add((name, f"{name} {helper_name}"))
            comparison.compare("bpftool", "helper", name, f"{name} {helper_name}",
                               answer_helper(lib, value, helper),
                               f"bpf_{helper_name}" in listed)
    features = {"have_large_insn_limit": 0, "have_bounded_loops": 1,
                "have_v2_isa_extension": 2, "have_v3_isa_extension": 3,
                "have_v4_isa_extension": 4}
    for key, theirs in report["misc"].items():
        if key in features:
            comparison.compare("bpftool", "feature", key, key,
                               lib.own.bpftoken_probe_feature(features[key], NO_TOKEN, None),
                               theirs)


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP not root")
        return 0
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lib = Library(os.environ.get("build", "build"))
    names = lib.names(2), lib.names(1), lib.helpers()
    comparison = Comparison()
    compare_bpftool(lib, names, comparison)
    compare_libbpf(lib, names, comparison)

    # 24: fentry
    blocked = lib.own.bpftoken_probe_prog_type(TRACING, 24, NO_TOKEN, None) == BLOCKED
    old = (lib.libbpf.libbpf_major_version(), lib.libbpf.libbpf_minor_version()) < (1, 5)
    stale = []
    for row, (peer, kind, key, occurs, _) in enumerate(DIFFERENCES):
        has_to = {"always": True, "blocked": blocked, "old libbpf": old,
                  "new libbpf": not old, "maybe": False}
        if has_to[occurs] and row not in comparison.occurred:
            stale.append(f"{peer}: {kind} {key}: listed, and no difference any more")
    least = {("libbpf", "prog"): 30, ("libbpf", "map"): 30, ("libbpf", "helper"): 5000,
             ("bpftool", "prog"): 30, ("bpftool", "map"): 30, ("bpftool", "helper"): 5000,
             ("bpftool", "feature"): 4}
    thin = [f"{peer} {kind}: only {comparison.compared.get((peer, kind), 0)} compared"
            for (peer, kind), least_n in least.items()
            if comparison.compared.get((peer, kind), 0) < least_n]
    results = [("no difference to libbpf and bpftool but those listed", comparison.unlisted),
               ("every listed difference occurs", stale),
               ("all of it was compared", thin)]
    print(f"1..{len(results)}")
    for number, (name, problems) in enumerate(results, 1):
        print(f"{'not ' if problems else ''}ok {number} - {name}")
        for line in problems[:20]:
            print(f"# {line}")
    for (peer, kind), count in sorted(comparison.compared.items()):
        print(f"# compared with {peer}: {count} {kind}")
    for row in sorted(comparison.occurred):
        peer, kind, key, _, reason = DIFFERENCES[row]
        print(f"# difference to {peer}, {kind} {key}: {reason}")
    return any(problems for _, problems in results)


sys.exit(main())
