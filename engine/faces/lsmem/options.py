"""The command line of lsmem, read as getopt_long reads it.

argparse cannot: here the last of two options wins, `--summary` takes a value only with "=", words that are no options may
stand anywhere, and messages have the wording that lsmem's users know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ...numbers.errors import BadInput


class UsageError(BadInput):
    """A command line that cannot be understood; `--help` would have told."""


class Option(NamedTuple):
    """One option: its letter ("" if it has none), its long name, the name of its value, and what it is for."""

    letter: str
    name: str
    value: str
    kind: Literal["flag", "required", "optional"]
    meaning: str


def _flag(letter: str, name: str, meaning: str) -> Option:
    return Option(letter, name, "", "flag", meaning)


OPTIONS: Final = (
    _flag("a", "all", "one line for each memory block"),
    _flag("b", "bytes", "sizes in bytes"),
    _flag("J", "json", "print JSON"),
    _flag("n", "noheadings", "leave the headings out"),
    Option("o", "output", "LIST", "required", "the columns; +LIST adds to the usual ones"),
    _flag("", "output-all", "every column"),
    _flag("P", "pairs", 'print NAME="value" pairs'),
    _flag("r", "raw", "one blank between values, no padding"),
    Option("S", "split", "LIST", "required", 'begin a new range where one of these columns changes; "none": nowhere'),
    Option("s", "sysroot", "ROOT", "required", "the machine whose /sys is below this folder or in this tar"),
    Option("", "summary", "WHEN", "optional", 'the sums: never, always or only ("only" if WHEN is left out)'),
    _flag("h", "help", "print this help"),
)
"""lsmem's options, in the order of its help."""

_BY_NAME: Final = {option.name: option for option in OPTIONS}
_BY_LETTER: Final = {option.letter: option for option in OPTIONS if option.letter}
_EXCLUSIVE: Final = (("json", "pairs", "raw"), ("split", "all"))
_SUMMARY: Final[Mapping[str | None, dict[str, bool]]] = {
    None: {"table": False},
    "only": {"table": False},
    "always": {"summary": True},
    "never": {"summary": False},
}


def split_lsmem(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options with their values, and the other words (a machine's name), which may stand anywhere between them.

    Raises `BadInput` where an option is wrong.
    """
    options: list[str] = []
    words: list[str] = []
    for option, value in _walk(arguments):
        if option is None:
            words.append(value or "")
        else:
            options.append(f"--{option.name}" if value is None else f"--{option.name}={value}")
    return options, words


class Given(msgspec.Struct, frozen=True):
    """A command line: `output` and `split` are lists as they were written, `table` and `summary` what is to be printed."""

    all: bool = False
    bytes: bool = False
    noheadings: bool = False
    output_all: bool = False
    output: str | None = None
    split: str | None = None
    sysroot: str | None = None
    format: Literal["table", "json", "pairs", "raw"] = "table"
    table: bool = True
    summary: bool = True
    help: bool = False


def parse(arguments: Sequence[str]) -> Given:
    """The command line up to `--help`. Raises `UsageError`, and `BadInput` for options that exclude each other."""
    given: dict[str, Any] = {}
    groups: dict[tuple[str, ...], str] = {}
    words = False
    for option, value in _walk(arguments):
        if option is None:
            words = True
            continue
        for group in _EXCLUSIVE:
            if option.name in group and groups.setdefault(group, option.name) != option.name:
                raise BadInput(f"mutually exclusive arguments: {' '.join(f'--{name}' for name in group)}")
        if option.name == "help":
            return Given(help=True)
        given |= _effect(option, value)
    if words:
        raise UsageError("bad usage")
    wanted = Given(**given)
    if not wanted.table and not wanted.summary:
        raise BadInput("options --{raw,json,pairs} and --summary=only are mutually exclusive")
    return wanted


def _effect(option: Option, value: str | None) -> dict[str, Any]:
    """The fields of `Given` that an option sets."""
    if option.name in _EXCLUSIVE[0]:
        return {"format": option.name, "summary": False}
    if option.name == "summary":
        if value not in _SUMMARY:
            raise BadInput("unsupported --summary argument")
        return _SUMMARY[value]
    return {option.name.replace("-", "_"): True if option.kind == "flag" else value}


def usage(columns: Sequence[tuple[str, str]]) -> str:
    """The text of `--help`; `columns` are names and meanings."""
    lines = ["List the ranges of memory and their states, as lsmem of util-linux 2.42 does.", "", "Options:"]
    for option in OPTIONS:
        value = {"flag": "", "required": f" {option.value}", "optional": f"[={option.value}]"}[option.kind]
        letter = f"-{option.letter}," if option.letter else "   "
        lines.append(f" {letter} --{option.name + value:<16} {option.meaning}")
    lines += ["", "Columns:", *(f" {name:>16}  {meaning}" for name, meaning in columns)]
    return "\n".join(lines) + "\n"


def _walk(arguments: Sequence[str]) -> Iterator[tuple[Option | None, str | None]]:
    """Options with their values and, as (None, word), the words between them."""
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            yield from ((None, other) for other in rest)
        elif word.startswith("--"):
            yield _long(word[2:], rest)
        elif word.startswith("-") and word != "-":
            yield from _letters(word[1:], rest)
        else:
            yield None, word


def _long(word: str, rest: Iterator[str]) -> tuple[Option, str | None]:
    """A long name, which may be cut short where only one option begins so."""
    name, equals, value = word.partition("=")
    fitting = [_BY_NAME[name]] if name in _BY_NAME else [o for o in OPTIONS if o.name.startswith(name)]
    if len(fitting) > 1:
        possible = " ".join(f"'--{option.name}'" for option in fitting)
        raise UsageError(f"option '--{word}' is ambiguous; possibilities: {possible}")
    if not fitting:
        raise UsageError(f"unrecognized option '--{name}'")
    option = fitting[0]
    if equals and option.kind == "flag":
        raise UsageError(f"option '--{option.name}' doesn't allow an argument")
    if equals or option.kind != "required":
        return option, value if equals else None
    following = next(rest, None)
    if following is None:
        raise UsageError(f"option '--{option.name}' requires an argument")
    return option, following


def _letters(word: str, rest: Iterator[str]) -> Iterator[tuple[Option, str | None]]:
    """Letters behind one hyphen; the first that takes a value takes what is left of the word, or the next word."""
    for at, letter in enumerate(word, 1):
        option = _BY_LETTER.get(letter)
        if option is None:
            raise UsageError(f"invalid option -- '{letter}'")
        if option.kind == "required":
            value = word[at:] or next(rest, None)
            if value is None:
                raise UsageError(f"option requires an argument -- '{letter}'")
            yield option, value
            return
        yield option, None
