"""Lines for the real machine: writes to its files, what QEMU's monitor is told, comments, and where there is no way on."""

from __future__ import annotations

from typing import Final

import msgspec

from ..numbers.frozen import Frozen
from ..numbers.units import GIB, KIB, MIB, TIB


class Place(msgspec.Struct, frozen=True):
    """What the lines of a step depend on: bytes of a memory block, the numbers of the DIMMs that are plugged in (by first
    address and bytes), the number that the next one gets, whether the step was refused, and whether kmem made what it is about
    of a DAX device."""

    block_size: int
    dimms: Frozen[tuple[int, int], int]
    next_dimm: int
    refused: bool
    by_kmem: bool = False


class Comment(str):
    """A line that does nothing."""


class Step(Comment):
    """The line of altmap's script that the lines behind it stand for."""


class Backend(msgspec.Struct, frozen=True):
    """Memory of so many bytes is made for a DIMM."""

    size: int


class Dimm(msgspec.Struct, frozen=True):
    """A DIMM is plugged in: its number, its node, and its first address."""

    number: int
    node: int
    start: int


class Unplug(msgspec.Struct, frozen=True):
    """A DIMM goes, by its number."""

    number: int


class Resize(msgspec.Struct, frozen=True):
    """A virtio-mem device whose region begins at an address is asked for a size (bytes)."""

    start: int
    size: int


Asked = Backend | Dimm | Unplug | Resize


class Monitor(str):
    """A line for QEMU's monitor; in a script a person is asked to type it there. `asks`: what it does, for who does it by other
    means; None where that is done with another line."""

    asks: Asked | None


class Person(str):
    """What a person does, by other means than a line: in a script the person is asked to."""


class Reconfigure(Person):
    """A person changes what a DAX device is for, or daxctl does where its name is known: `options` of reconfigure-device."""

    options: str


def reconfigure(about: str, options: str) -> Reconfigure:
    """The line about it that has these options."""
    line = Reconfigure(f"{about}: daxctl reconfigure-device {options}")
    line.options = options
    return line


class Stop(str):
    """Why no real machine does this step, so that what follows would not be true."""


class Put(str):
    """A write to a file, as the line that a person would type: `data` as a shell word with printf's %b escapes, `path` as a
    shell word."""

    data: str
    path: str


def comment(text: str) -> Comment:
    """A comment of one line, whatever the text holds."""
    return Comment("# " + shown(text))


def step(line: str) -> Step:
    """The line of altmap's script that those behind it stand for, as a comment."""
    return Step(comment(line))


def monitor(line: str, asks: Asked | None = None) -> Monitor:
    """A line for QEMU's monitor, and what it does."""
    made = Monitor(line)
    made.asks = asks
    return made


def shown(text: str) -> str:
    """A text on one line, whatever it holds."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def echo(path: str, data: str) -> Put:
    """What writes `data` to a file. The line end that echo adds is one that sysfs takes off."""
    word = quoted("".join(map(_escaped, data.removesuffix("\n").encode("utf-8", "replace"))))
    target = quoted(path)
    plain = "\\" not in word and not word.startswith(("-", "'-"))
    put = Put(f"echo {word} > {target}" if plain else f"printf '%b\\n' {word} > {target}")
    put.data, put.path = word, target
    return put


def _escaped(byte: int) -> str:
    """A byte as it stands in printf's %b."""
    return chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\0{byte:03o}"


def quoted(text: str) -> str:
    """A shell word, in quotes where it needs some. A quote in it stands in double ones: with a backslash it looks like a slip."""
    if text and all(letter.isalnum() or letter in "@%+=:,./_-" for letter in text) and text.isascii():
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


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
