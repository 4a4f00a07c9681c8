"""What programs say when memory does not come or go, in the words of their users: a shell that wrote to a file of /sys, chmem and
daxctl; what each means, and where it is decided."""

from __future__ import annotations

import re
from typing import Final

from .lines import log_line
from .sieve import literal

_WRITTEN: Final = {
    "Device or resource busy": (
        "EBUSY: a page of the block cannot be moved, or does not go; the kernel log shows which (page dumped because), and "
        "altmap why MACHINE offline BLOCK"
    ),
    "Invalid argument": (
        "EINVAL: the file does not take that word: an online block does not go online, nor an offline one offline; and some "
        "blocks never do (valid_zones: none, holes)"
    ),
    "Operation not permitted": "EPERM: a part of the kernel forbade it, as arm64 does for all memory of the boot",
    "Cannot allocate memory": "ENOMEM: no memory was left for it",
    "File exists": "EEXIST: something in /proc/iomem lies in the range already",
    "Interrupted system call": "EINTR: pages did not go, the kernel tried on, and a signal ended it",
    "Memory page has hardware error": "EHWPOISON: a page of the block has a hardware error, and it does not go online again",
    "Argument list too long": "E2BIG: the range lies beyond the addresses that the kernel can map",
    "Permission denied": "EACCES: it takes root, or the file cannot be written",
    "No such file or directory": "ENOENT: there is no such memory block, or no such file in this kernel",
    "I/O error": "some errno, which this shell does not keep: /bin/echo, or the kernel log, says it",
}


def _what(match: re.Match[str]) -> str:
    return _WRITTEN.get(match["text"].strip().rstrip("."), match["text"].strip())


_PLACE: Final = r"(?:\D*(?P<block>\d+) \((?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\))?"

PROGRAM_LINES: Final = (
    log_line(
        literal("write error: ") + r"(?P<text>[A-Z][\w /]+)",
        lambda match: f"the kernel refused what was written: {_what(match)}",
        "write(2) to a file of /sys or /proc; drivers/base/memory.c, state_store",
    ),
    log_line(
        r"\becho" + literal(": I/O error"),
        lambda match: f"the kernel refused what was written: {_WRITTEN['I/O error']}",
        "write(2) to a file of /sys or /proc",
    ),
    log_line(
        r"[Mm]emory [Bb]lock" + _PLACE + r"[ :]+(?P<how>enable|disable)" + literal(" failed"),
        lambda match: (
            "the block did not go "
            + ("online" if match["how"] == "enable" else "offline, and chmem goes on with others")
            + "; the kernel log says why"
        ),
        "chmem of util-linux, which writes to the block's file state",
    ),
    log_line(
        literal("Could only ") + r"(?P<how>enable|disable) (?P<size>[\d.,]+ ?[KMGTP]?i?B?) of memory",
        lambda match: (
            f"{match['size']} went {'online' if match['how'] == 'enable' else 'offline'}, and no more blocks "
            + ("are offline" if match["how"] == "enable" else "would go; altmap why MACHINE offline SIZE tells what holds them")
        ),
        "chmem of util-linux",
    ),
    log_line(
        r"[Ff]ailed to " + literal("offline ") + r"(?:memory|\S*memory(?P<block>\d+)/state): (?P<text>[A-Z][\w /]+)",
        lambda match: f"a block of a DAX device did not go offline, so that the device stays: {_what(match)}",
        "daxctl, which writes to the block's file state",
    ),
    log_line(
        literal("devices/system/memory/memory") + r"(?P<block>\d+)/\w+: (?P<text>[A-Z][\w /]+)",
        lambda match: f"the kernel, or who may write there, refused what was written: {_what(match)}",
        "write(2) to a block's file of /sys; drivers/base/memory.c, state_store",
    ),
)  # fmt: skip
