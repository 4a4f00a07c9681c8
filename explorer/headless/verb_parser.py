"""How one verb's words are read with argparse, and how its help looks."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from .exits import Misused
from .output import write_text

_WIDEST: Final = 100
"""Columns of a line of help in the widest terminal."""


class _Formatter(argparse.HelpFormatter):
    """Names with hyphens stay whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """One verb's parser. What it does not understand is raised as `Misused`; its help ends in examples."""

    def __init__(self, *, examples: Iterable[str] = (), **given: Any) -> None:
        self.names: dict[str, None] = {}
        """All options, in the order in which they were added."""
        super().__init__(
            allow_abbrev=False,
            formatter_class=lambda prog: _Formatter(prog, max_help_position=28, width=columns()),
            **given,
        )
        self._after = _block("Example" if len(examples := [*examples]) == 1 else "Examples", examples)

    def add_argument(self, *names: Any, **given: Any) -> argparse.Action:
        """As argparse's; what may be asked is known by its names."""
        self.names |= dict.fromkeys(names)
        return super().add_argument(*names, **given)

    def parse_known_intermixed_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse's, which lays out the usage first for messages that are none of ours (before 3.12)."""
        usage = self.usage
        if not any(word == "--help" or (word[:1] == "-" != word[1:2] and "h" in word) for word in args):
            self.usage = usage or ""
        try:
            return super().parse_known_intermixed_args(args, namespace)
        finally:
            self.usage = usage

    def error(self, message: str) -> NoReturn:
        """Raise `Misused` with what argparse found wrong."""
        if match := re.fullmatch(r"argument (\S+): expected one argument", message):
            option = match[1].rpartition("/")[2]
            message = f"{option} needs a value, and one that begins with a hyphen is written {option}=VALUE"
        raise Misused(f"{message}; {self.prog} --help tells what may be asked")

    def print_help(self, file: object = None) -> None:
        """To standard output; unlike argparse's own, an output that fails is an error."""
        write_text(self.format_help())

    def explain(self, title: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Behind the examples: things, and what each is."""
        self._after += ["", f"{title}:", *explained(pairs, 40)]

    def format_help(self) -> str:
        """What --help prints."""
        return super().format_help() + "".join(f"{line}\n" for line in ["", *self._after])


def columns() -> int:
    """How wide a line of help is."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _block(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"  {line}" for line in lines]
    return [f"{title}:", *body] if body else []


def explained(pairs: Iterable[tuple[str, str]], column: int) -> Iterator[str]:
    """Things, and from a column on what each is; behind a thing that is too long, on the next line."""
    for thing, words in pairs:
        beside = len(thing) + 4 <= column
        if not beside:
            yield f"  {thing}"
        yield from textwrap.wrap(
            words,
            columns(),
            initial_indent=f"  {thing if beside else '':<{column - 2}}",
            subsequent_indent=" " * column,
            break_on_hyphens=False,
        )
