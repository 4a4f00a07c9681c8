"""Pictures of machines that are no captured tree: which they are by their first bytes, and what to collect where they tell too
little of memory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from .memory_devices import listed_by
from .zstd_file import ZSTD, zstd_opener

_HEAD: Final = 1 << 16
_COLLECT: Final = "collect a tree on the machine itself: altmap collect prints the script for that"


class _Named(NamedTuple):
    """A kind of picture: what it is, what it lacks, by what it is known, and the name of the file, if a machine can be told by
    that."""

    what: str
    lacks: str
    fits: Callable[[bytes], bool]
    file: str = ""


def _has(*patterns: bytes) -> Callable[[bytes], bool]:
    return lambda head: all(re.search(pattern, head) for pattern in patterns)


_KINDS: Final = (
    _Named(
        "compressed with zstd, which Python unpacks from 3.14 on, and before that the program zstd, which is not here",
        "install that, or unpack it elsewhere and give what comes out: zstd -d FILE",
        lambda head: head.startswith(ZSTD) and zstd_opener() is None,
    ),
    _Named("compressed with lz4", "unpack it first: lz4 -d FILE", lambda head: head[:4] == b"\x04\x22\x4d\x18"),
    _Named("a 7z archive", "unpack it first: 7z x", lambda head: head[:6] == b"7z\xbc\xaf\x27\x1c"),
    _Named(
        "what numactl --hardware prints",
        f"it tells of nodes, and nothing of memory blocks; {_COLLECT}",
        _has(rb"(?m)^available: \d+ nodes? \("),
    ),
    _Named(
        "what free prints",
        f"it holds sums; {_COLLECT}",
        _has(rb"(?m)^\s*total\s+used\s+free\b", rb"(?m)^Mem:\s+\d"),
    ),
    _Named(
        "a kernel log",
        f"altmap explain FILE says what its lines about memory hotplug mean; of the machine itself, {_COLLECT}",
        _has(rb"(?m)^(?:<\d+>)?\[ *\d+\.\d{6}\] "),
    ),
    _Named("what dmidecode prints", f"it tells of the modules that are plugged; {_COLLECT}", _has(rb"\bDMI type \d+,")),
    _Named("/proc/pagetypeinfo alone", f"it counts pageblocks; {_COLLECT}", _has(rb"^Page block order: +\d+\s")),
    _Named("/proc/vmstat alone", f"it holds counters; {_COLLECT}", _has(rb"^nr_free_pages \d+\s")),
    _Named("/proc/meminfo alone", f"it holds sums; {_COLLECT}", _has(rb"^MemTotal:\s+\d+ kB\s")),
    _Named(
        "/proc/buddyinfo alone",
        f"it counts free areas; {_COLLECT}",
        _has(rb"^Node +\d+, zone +\w+(?: +\d+){4,}\s"),
    ),
    _Named(
        "/proc/zoneinfo alone",
        f"it says nothing of memory blocks; {_COLLECT}",
        _has(rb"^Node \d+, zone\s+\w+"),
        "proc/zoneinfo",
    ),
    _Named(
        "/proc/iomem alone",
        f"it says nothing of memory blocks; {_COLLECT}",
        _has(rb"^[0-9a-f]{8,16}-[0-9a-f]{8,16} : "),
        "proc/iomem",
    ),
)


def as_text(data: bytes) -> str:
    """Bytes as text: UTF-8, or what a shell of Windows writes to a file, which begins with a mark."""
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def head_of(path: str) -> bytes:
    """The first bytes of a file; none where it is no file that can be read."""
    if not os.path.isfile(path):
        return b""
    with open(path, "rb") as file:
        return file.read(_HEAD)


def file_of(head: bytes) -> str:
    """As which file of a tree a picture can be taken; empty for none."""
    return next((kind.file for kind in _KINDS if kind.fits(head)), "")


def named(head: bytes) -> str:
    """What a file is that is no picture of all of a machine, and what would be; empty where nobody knows."""
    if listed := listed_by(head):
        return (
            f"it is {listed}, which names devices and nothing of the kernel's memory; give the machine, and this beside: altmap "
            f"show MACHINE --devices FILE"
        )
    return next((f"it is {kind.what}; {kind.lacks}" for kind in _KINDS if kind.fits(head)), "")
