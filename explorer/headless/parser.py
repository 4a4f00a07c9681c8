"""The whole command line as argparse reads it, made from the rows of `verbs`; its help is an overview."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from .. import __version__
from .exits import MEANINGS
from .output import write_text
from .shared_arguments import MACHINE_WORDS
from .verb_parser import Parser, columns, explained
from .verbs import GROUPS, VERBS, Verb

ABOUT: Final = "Linux memory hotplug, rehearsed: add, online, offline and remove memory of a saved machine."
WITHOUT_COMMAND: Final = "Without a command, MACHINE is opened in the explorer; without a machine, one is chosen there."
MEMMAP: Final = (
    "Of each page of memory, 4 KiB on most machines, the kernel keeps a struct page of 64 bytes. All of them are the memmap: "
    "1.6 % of memory, and added memory needs its own."
)
USAGE: Final = ("altmap [MACHINE]", "altmap COMMAND ...", "altmap COMMAND --help")
_NAMES: Final = max(map(len, VERBS)) + 4
"""Columns before what is said of a command."""


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> NoReturn:
        write_text(f"altmap {__version__}\n")
        parser.exit()


class _Top(Parser):
    """altmap itself: its help is an overview."""

    def format_help(self) -> str:
        """The verbs by what people come for."""
        return "\n".join(_overview(columns())) + "\n"


def parser(declared: bool = True) -> Parser:
    """The whole parser; where the verbs' arguments are not `declared`, nothing that they list is looked up."""
    top = _Top(prog="altmap", description=ABOUT)
    top.add_argument("--version", action=_Version, nargs=0, help="print it")
    commands = top.add_subparsers(metavar="COMMAND", prog="altmap", parser_class=Parser)
    for verb in VERBS.values():
        one = commands.add_parser(verb.name, help=verb.about, **_texts(verb))
        if declared:
            verb.declare(one)
    return top


def verb_parser(verb: Verb) -> Parser:
    """The parser of one verb's words."""
    one = Parser(prog=f"altmap {verb.name}", **_texts(verb))
    verb.declare(one)
    return one


def _texts(verb: Verb) -> dict[str, Any]:
    return {"description": f"{_sentence(verb.about)}.", "examples": verb.examples}


def _sentence(about: str) -> str:
    return about[:1].upper() + about[1:]


def _overview(width: int) -> Iterator[str]:
    yield from (f"{'usage: ' if at == 0 else '       '}{line}" for at, line in enumerate(USAGE))
    yield from ["", *textwrap.wrap(f"{ABOUT} {WITHOUT_COMMAND}", width)]
    for title, verbs in GROUPS:
        yield from ["", f"{title}:", *explained(((verb.name, verb.about) for verb in verbs), _NAMES)]
    yield from ["", *textwrap.wrap(f"MACHINE is {MACHINE_WORDS}.", width)]
    yield from ["", *textwrap.wrap(MEMMAP, width)]
    yield from ["", "Exit codes:", *explained(((str(code), meaning) for code, meaning in MEANINGS.items()), 5)]
