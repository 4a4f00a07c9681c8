"""Lines for the real machine: a shell's, QEMU's monitor's, and comments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final, NamedTuple

from ..numbers.units import GIB, KIB, MIB, TIB


class Place(NamedTuple):
    """What the lines of a step depend on: bytes of a memory block, the numbers of the DIMMs that are plugged in (by first
    address and bytes), the number that the next one gets, and whether the step was refused."""

    block_size: int
    dimms: Mapping[tuple[int, int], int]
    next_dimm: int
    refused: bool


class Comment(str):
    """A line that does nothing."""


class Monitor(str):
    """A line for QEMU's monitor; the script asks for it to be typed there."""


def comment(text: str) -> Comment:
    """A comment of one line, whatever the text holds."""
    return Comment("# " + "".join(letter if letter.isprintable() else " " for letter in text))


def echo(path: str, data: str) -> str:
    """What writes `data` to a file. The line end that echo adds is one that sysfs takes off."""
    word = data.removesuffix("\n")
    target = shlex.quote(path)
    if data and re.fullmatch(r"[ -\[\]-~]*", word) and not word.startswith("-"):
        return f"echo {shlex.quote(word)} > {target}" if word else f"echo > {target}"
    plain = [
        chr(byte) if 32 <= byte < 127 and byte not in b"%-\\" else f"\\{byte:03o}"
        for byte in data.encode("utf-8", "replace")
    ]
    return f"printf {shlex.quote(''.join(plain))} > {target}"


_QEMU_UNITS: Final = (("T", TIB), ("G", GIB), ("M", MIB), ("K", KIB))


def qemu_size(size: int) -> str:
    """Bytes as QEMU reads them, exactly."""
    for letter, unit in _QEMU_UNITS:
        if size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


def no_line(said: str) -> str:
    """A comment in the place of a command that nothing on a real machine does; `said`: its line in a script."""
    return comment(f"no line does this: {said}")
