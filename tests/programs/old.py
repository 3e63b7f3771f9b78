# SPDX-License-Identifier: MIT
"""A script of before BPF tokens: bpf(2) through the C library's syscall()."""
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
attr = ctypes.create_string_buffer(72)
for offset, value in ((0, 1), (4, 4), (8, 8), (12, 16)):
    attr[offset:offset + 4] = value.to_bytes(4, sys.byteorder)
attr[28:34] = b"py_map"
number = {"x86_64": 321}.get(os.uname().machine, 280)
fd = libc.syscall(number, 0, attr, 72)
if fd < 0:
    sys.exit(f"old.py: {os.strerror(ctypes.get_errno())}")
os.close(fd)
