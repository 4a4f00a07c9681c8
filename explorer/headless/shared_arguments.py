"""Arguments that several verbs of the command line take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import word_types

if TYPE_CHECKING:
    from .verb_parser import Parser

DEFAULT_MACHINE: Final = "firecracker-24g"
MACHINE_WORDS: Final = (
    "a bundled machine's name, a snapshot, a captured folder or tar, or - for a snapshot on standard input"
)
COLORS: Final = ("auto", "always", "never")


def machine(
    parser: Parser,
    name: str = "machine",
    metavar: str = "MACHINE",
    optional: bool = True,
    instead: str = DEFAULT_MACHINE,
    default: str | None = DEFAULT_MACHINE,
) -> None:
    """Which machine it is about; `instead`: what is meant without one."""
    from altmap.engine.faces.library import machine_names

    words = f"a bundled machine ({', '.join(machine_names())}), a snapshot file, a captured folder or tar, or -"
    if optional:
        parser.add_argument(name, metavar=metavar, nargs="?", default=default, help=f"{words} ({instead})")
    else:
        parser.add_argument(name, metavar=metavar, help=words)


def model(parser: Parser, instead: str, metavar: str = "MODEL", what: str = "the kernel whose rules hold") -> None:
    """The kernel, in place of what `instead` names."""
    from altmap.engine import KNOWN_MODELS

    parser.add_argument("--model", metavar=metavar, help=f"{what}, instead of {instead}: {KNOWN_MODELS}")


def replay(parser: Parser) -> None:
    """What the steps of a saved machine lead to now."""
    words = "do the commands of a snapshot again, and where they come to something else than was saved, take that"
    parser.add_argument("--replay", action="store_true", help=words)


def devices(parser: Parser) -> None:
    """Memory devices that no file of the machine tells."""
    words = (
        "its memory devices, as QEMU's info memory-devices, virsh dumpxml, daxctl list or cxl list print them; - for standard "
        "input"
    )
    parser.add_argument("--devices", metavar="FILE", help=words)


def snapshot(parser: Parser) -> None:
    """Where a machine that is made goes."""
    words = "save it there (.json, .msgpack, each also .gz), open nothing"
    parser.add_argument("-o", "--output", metavar="FILE", help=words)


def json(parser: Parser, words: str = "print one JSON object") -> None:
    """For programs."""
    parser.add_argument("--json", action="store_true", help=words)


def adder(parser: Parser) -> None:
    """Who adds memory, and to which node."""
    words = "who adds it: dimm, virtio-mem or others (dimm)"
    parser.add_argument("--caller", metavar="CALLER", default="dimm", help=words)
    parser.add_argument("--node", metavar="N", type=int, default=0, help="to which node (0)")


def size(parser: Parser, what: str) -> None:
    """How large a picture is."""
    parser.add_argument("--size", metavar="WxH", type=word_types.screen, default=(120, 40), help=f"{what} (120x40)")


def look(parser: Parser) -> None:
    """How text for people looks."""
    words = "auto (on a terminal without NO_COLOR), always, never"
    parser.add_argument("--color", choices=COLORS, default="auto", help=words)
    parser.add_argument("--width", metavar="N", type=word_types.columns, help="columns (those of the terminal)")
